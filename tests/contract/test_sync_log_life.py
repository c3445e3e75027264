"""The rules of a row's life, each through the log: what a store must get right."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.closings import leave_unknown, park_claimed, postpone
from chalicelib.domain.protocol import (
    CLAIM_EARLY_S,
    DUE_AFTER_S,
    await_row,
    claim,
    end_lease_early,
    park,
    request,
    sweep,
)
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome, Status
from tests.builders import ORDERS, make_name, make_request
from tests.contract import stores as under_contract
from tests.contract.stores import LEASE_S, SETTLE_S, World, row_of

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_request_makes_a_new_row_owed_and_says_send(world: World) -> None:
    written = world.request(columns={"name": "Shirt", "sku": "S-1"}, source_version=7)

    row = row_of(written)
    assert written.tag == "send"
    assert (row.requested, row.handled, row.status, row.reason) == (1, 0, Status.PENDING, "queued")
    assert row.due_at == world.clock() + seconds(DUE_AFTER_S)
    assert row.received_at == row.requested_at == row.listed_at == world.clock()
    assert (row.columns, row.source_version) == ({"name": "Shirt", "sku": "S-1"}, 7)
    assert world.read() == row


def test_request_of_an_owed_row_joins_it(world: World) -> None:
    first = row_of(world.request())

    again = world.request()

    assert again.tag == "joined"
    assert again.row == first


def test_request_that_joins_raises_the_version_only_upwards(world: World) -> None:
    world.request(source_version=7)

    assert row_of(world.request(source_version=9)).source_version == 9
    assert row_of(world.request(source_version=8)).source_version == 9


def test_request_of_a_leased_row_is_counted_over_the_attempt(world: World) -> None:
    world.request()
    world.claim()

    again = world.request()

    assert again.tag == "joined"
    assert row_of(again).requested == 2


def test_request_of_a_settled_row_begins_a_new_episode(world: World) -> None:
    world.fail(fingerprint="fp1")
    world.clock.pass_s(10)

    written = world.request()

    row = row_of(written)
    assert written.tag == "send"
    assert (row.requested, row.handled, row.tries, row.starts) == (2, 1, 0, 0)
    assert (row.fingerprint, row.failed_at, row.detail) == (None, None, None)


def test_request_lists_a_product_by_its_episode_and_an_order_by_its_arrival(world: World) -> None:
    order = make_name("SALE1", flow=ORDERS)
    world.sync("1007")
    world.sync(order)
    first = world.clock()
    later = world.clock.pass_s(60)

    assert row_of(world.request("1007")).listed_at == later
    assert row_of(world.request(order)).listed_at == first


def test_request_by_a_person_cuts_a_backoff_short(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    waits = world.clock() + seconds(600)
    changes = {"status": Status.PENDING, "reason": Reason.RETRYING}
    world.log.write_rows([postpone(row, changes, world.clock(), next_attempt_at=waits)])

    assert row_of(world.request(by="webhook")).next_attempt_at == waits
    forced = world.request(by="person")

    assert forced.tag == "send"
    assert row_of(forced).next_attempt_at == world.clock()
    assert (row_of(forced).tries, row_of(forced).forced) == (0, True)


def test_request_by_a_person_never_overrides_a_live_lease(world: World) -> None:
    world.request()
    leased = row_of(world.claim())

    asked = world.request(by="person")

    assert asked.tag == "joined"
    assert row_of(asked).lease_until == leased.lease_until


def test_request_goes_under_the_rate_cause_while_the_connection_is_backlogged(
    world: World,
) -> None:
    written = world.request(backlog_cause="rate:square:2:0")

    row = row_of(written)
    assert written.tag == "parked"
    assert (row.is_owed, row.due_at, row.reason) == (False, None, Reason.THROTTLED)
    assert world.log.list_held(row.name.consumer, "rate:square:2:0", limit=5).items == [row.name]


def test_release_frees_exactly_the_rows_of_its_cause(world: World) -> None:
    world.hold("1", cause="setting:f:channel")
    world.hold("2", cause="setting:f:location")

    freed = [
        world.request(record, by="release", only_under_cause="setting:f:channel").tag
        for record in ("1", "2", "3")
    ]

    assert freed == ["send", None, None]
    assert world.read("3") is None


def test_redrive_requests_only_the_failure_its_message_tells_of(world: World) -> None:
    handled = world.fail().handled

    assert world.request(by="redrive", only_failed_at=handled + 1).tag is None
    assert world.request(by="redrive", only_failed_at=handled).tag == "send"
    assert world.request(by="redrive", only_failed_at=handled).tag is None


def test_claim_leases_an_owed_row_past_the_deadline_and_the_settling(world: World) -> None:
    world.request()

    written = world.claim(lease="L")

    row = row_of(written)
    assert written.tag == "claimed"
    assert (row.status, row.reason, row.lease_id) == (Status.PROCESSING, Reason.SENDING, "L")
    assert row.lease_until == world.clock() + seconds(LEASE_S + SETTLE_S)
    assert (row.starts, row.attempts) == (1, 1)


def test_claim_is_refused_while_leased_and_granted_when_the_lease_is_over(world: World) -> None:
    world.request()
    world.claim(lease="L1")

    assert world.claim(lease="L2").tag is None
    world.clock.pass_s(LEASE_S + SETTLE_S)
    again = world.claim(lease="L2")

    assert again.tag == "claimed"
    assert (row_of(again).starts, row_of(again).attempts) == (2, 2)


def test_claim_is_refused_for_a_row_that_is_settled_or_unknown(world: World) -> None:
    world.sync("1")

    assert world.claim("1").tag is None
    assert world.claim("2").tag is None
    assert world.read("2") is None


def test_claim_waits_for_the_next_attempt_less_two_seconds(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    waits = world.clock() + seconds(30)
    changes = {"status": Status.PENDING, "reason": Reason.RETRYING}
    world.log.write_rows([postpone(row, changes, world.clock(), next_attempt_at=waits)])

    assert world.claim().tag is None
    world.clock.pass_s(30 - CLAIM_EARLY_S)
    assert world.claim().tag == "claimed"


def test_complete_closes_a_row_and_frees_its_lease(world: World) -> None:
    row = world.sync(target_id="SQ1", code=200, sent_hash="h", sent_version=7)

    assert (row.status, row.reason, row.outcome) == (Status.SYNCED, None, Outcome.UPDATED)
    assert (row.is_owed, row.lease_id, row.due_at, row.starts) == (False, None, None, 0)
    assert (row.target_id, row.code, row.sent_hash, row.sent_version) == ("SQ1", 200, "h", 7)
    assert world.read() == row


def test_complete_is_refused_once_the_lease_is_over_or_anothers(world: World) -> None:
    world.request()
    first = row_of(world.claim(lease="L1"))
    world.clock.pass_s(LEASE_S + SETTLE_S)

    late = world.finish(first, status=Status.SYNCED, reason=None)
    second = row_of(world.claim(lease="L2"))
    foreign = world.finish(first, status=Status.SYNCED, reason=None)

    assert (late.tag, foreign.tag) == (None, None)
    assert world.read() == second


def test_complete_keeps_a_row_owed_that_was_requested_meanwhile(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    world.request()

    written = world.finish(row, status=Status.SYNCED, reason=None, target_id="SQ1")

    again = row_of(written)
    assert written.tag == "requested_again"
    assert (again.is_owed, again.handled, again.status) == (True, 1, Status.PENDING)
    assert (again.target_id, again.lease_id) == ("SQ1", None)


def test_retry_keeps_the_row_owed_and_counts_a_try(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    waits = world.clock() + seconds(45)
    changes = {"status": Status.PENDING, "reason": Reason.RETRYING, "code": 503}

    write = postpone(row, changes, world.clock(), next_attempt_at=waits)
    again = row_of(world.log.write_rows([write])[0])

    assert (again.is_owed, again.tries, again.starts, again.lease_id) == (True, 1, 0, None)
    assert (again.next_attempt_at, again.due_at) == (waits, waits + seconds(DUE_AFTER_S))


def test_unknown_leaves_the_lease_standing(world: World) -> None:
    world.request()
    row = row_of(world.claim())

    unknown = row_of(world.log.write_rows([leave_unknown(row, {}, world.clock())])[0])

    assert (unknown.reason, unknown.unclear) == (Reason.OUTCOME_UNKNOWN, True)
    assert unknown.lease_until == row.lease_until
    assert world.claim().tag is None


def test_parking_keeps_the_episode_and_its_backoff(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    waits = world.clock() + seconds(60)
    changes = {"status": Status.PENDING, "reason": Reason.RETRYING}
    world.log.write_rows([postpone(row, changes, world.clock(), next_attempt_at=waits)])

    write = park(row.name, cause="rate:square:2:0", reason=Reason.THROTTLED, now=world.clock())
    parked = row_of(world.log.write_rows([write])[0])
    freed = world.request(by="release", only_under_cause="rate:square:2:0")

    assert (parked.is_owed, parked.due_at, parked.tries) == (False, None, 1)
    assert freed.tag == "send"
    assert (row_of(freed).tries, row_of(freed).next_attempt_at) == (1, waits)


def test_parking_a_claimed_row_serves_what_was_requested_meanwhile(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    world.request()
    changes = {"reason": Reason.CONNECTION_DOWN, "cause": "connection:square"}

    parked = row_of(world.log.write_rows([park_claimed(row, changes, world.clock())])[0])

    assert (parked.requested, parked.handled, parked.lease_id) == (2, 2, None)


def test_parking_is_refused_while_leased(world: World) -> None:
    world.request()
    row = row_of(world.claim())

    write = park(row.name, cause="rate:square:2:0", reason=Reason.THROTTLED, now=world.clock())

    assert world.log.write_rows([write])[0].tag is None


def test_sweeper_sends_an_owed_row_again_and_doubles_its_interval(world: World) -> None:
    row = row_of(world.request())
    now = world.clock.pass_s(DUE_AFTER_S + 1)

    first, second = world.log.write_rows([sweep(row, now), sweep(row, now)])

    assert (first.tag, second.tag) == ("send", None)  # the due time it saw has moved
    assert row_of(first).due_every_s == 2 * DUE_AFTER_S


def test_sweeper_moves_the_due_time_behind_a_live_lease(world: World) -> None:
    world.request()
    row = row_of(world.claim())

    swept = world.log.write_rows([sweep(row, world.clock())])[0]

    assert (swept.tag, row_of(swept).due_at) == ("later", row.lease_until)


def test_only_a_row_that_exists_is_marked_as_awaited(world: World) -> None:
    world.request("1")

    written = world.log.write_rows([await_row(make_name("1")), await_row(make_name("2"))])

    assert [one.tag for one in written] == ["marked", None]
    assert row_of(written[0]).awaited
    assert world.read("2") is None


def test_a_restart_shortens_a_lease_and_never_lengthens_it(world: World) -> None:
    world.request()
    row = row_of(world.claim())
    now = world.clock()

    shorter = world.log.write_rows([end_lease_early(row, settle_s=5, now=now)])[0]
    longer = world.log.write_rows([end_lease_early(row, settle_s=600, now=now)])[0]

    assert (shorter.tag, row_of(shorter).lease_until) == ("shortened", now + seconds(5))
    assert longer.tag is None


def test_every_write_of_a_batch_stands_by_itself_and_in_order(world: World) -> None:
    now = world.clock()
    lease: dict[str, Any] = {"deadline": now, "settle_s": 60, "now": now}

    written = world.log.write_rows(
        [
            claim(make_name("1"), lease_id="a", **lease),
            request(make_request("1"), now),
            claim(make_name("1"), lease_id="b", **lease),
            request(make_request("2"), now),
        ]
    )

    assert [one.tag for one in written] == [None, "send", "claimed", "send"]
    assert row_of(written[2]).lease_id == "b"


def test_a_write_that_no_alternative_allows_answers_with_the_row_as_it_stands(
    world: World,
) -> None:
    row = row_of(world.request())
    world.claim()

    refused = world.claim(lease="other")

    assert refused.tag is None
    assert refused.row is not None
    assert (refused.row.lease_id, refused.row.requested) == ("lease-1", row.requested)


def test_a_row_keeps_every_field(world: World) -> None:
    now = world.clock()
    world.request(source_version=1, platform_updated_at=now, execution="e1")
    changes = {
        "awaiting_since": now,
        "code": 409,
        "columns": {"locations": [{"location": "Till 1", "quantity": "2"}], "total": None},
        "detail": "Prêt à 9 £",
        "generation": 2,
        "has_units": True,
        "outcome": Outcome.ALREADY_THERE,
        "record_hash": "r",
        "sent_hash": "s",
        "sent_version": 5,
        "synced_at": now,
        "target_version": "v9",
    }

    row = row_of(world.finish(world.claim().row, status=Status.SYNCED, reason=None, **changes))

    del changes["awaiting_since"]  # cleared by the end of the episode
    assert {name: getattr(row, name) for name in changes} == changes
    assert world.read() == row
    assert (row.kind, row.execution, row.platform_updated_at) == (Kind.PRODUCT, "e1", now)


@pytest.mark.parametrize(
    ("field", "kept"), [("detail", 300), ("name", 200)], ids=["detail", "column"]
)
def test_a_long_text_is_cut_where_a_row_keeps_it(world: World, field: str, kept: int) -> None:
    long = "é" * 1000
    changes = {"detail": long} if field == "detail" else {"columns": {"name": long}}

    row = world.sync(**changes)

    text = row.detail if field == "detail" else row.columns["name"]
    assert text == "é" * (kept - 1) + "…"
