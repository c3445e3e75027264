"""What waits, failed and is counted: due rows, causes, groups, counts, the oldest of a lane."""

from collections import Counter
from datetime import timedelta

from chalicelib.domain.closings import park_claimed, postpone
from chalicelib.domain.log import Counts
from chalicelib.domain.protocol import DUE_AFTER_S, sweep
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Outcome, Status
from tests.builders import CONSUMER, ORDERS, PRODUCTS, make_name
from tests.contract import stores as under_contract
from tests.contract.stores import World, read_all, row_of

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world

CAUSE = "mapping:brightpearl-products-to-square:category:T-Shirts%20%26%20Tops"


def due(world: World, *, limit: int = 100) -> list[RowName]:
    before = world.clock()
    return sorted(
        name
        for shard in range(16)
        for name in world.log.list_due(shard, before=before, limit=limit)
    )


def held(world: World, cause: str, *, limit: int = 2, consumer: str = CONSUMER) -> list[str]:
    names = read_all(
        lambda cursor: world.log.list_held(consumer, cause, limit=limit, cursor=cursor)
    )
    return [name.record for name in names]


def test_an_owed_row_is_due_after_its_time_and_not_before(world: World) -> None:
    world.request("1")
    world.clock.pass_s(DUE_AFTER_S)
    assert due(world) == []

    world.clock.pass_s(1)

    assert due(world) == [make_name("1")]


def test_a_row_that_is_not_owed_is_never_due(world: World) -> None:
    world.sync("1")
    world.fail("2")
    world.hold("3")
    world.request("4", backlog_cause="rate:square:2:0")
    world.clock.pass_s(10 * 24 * 3600)

    assert due(world) == []


def test_a_claim_a_retry_and_a_sweep_move_the_due_time(world: World) -> None:
    world.request()
    world.clock.pass_s(DUE_AFTER_S + 1)
    row = row_of(world.claim())
    assert due(world) == [row.name]  # a claim moves no key: the sweeper looks and goes on

    changes = {"status": Status.PENDING, "reason": Reason.RETRYING}
    waits = world.clock() + timedelta(seconds=500)
    row = row_of(
        world.log.write_rows([postpone(row, changes, world.clock(), next_attempt_at=waits)])[0]
    )
    assert due(world) == []

    world.clock.pass_s(500 + DUE_AFTER_S + 1)
    assert due(world) == [row.name]
    world.log.write_rows([sweep(row, world.clock())])
    assert due(world) == []


def test_due_rows_come_oldest_first_and_no_more_than_asked_for(world: World) -> None:
    for number in range(64):
        world.request(str(number))
        world.clock.pass_s(1)
    world.clock.pass_s(1000)

    for shard in range(16):
        names = world.log.list_due(shard, before=world.clock(), limit=100)
        assert [name.record for name in names] == sorted((n.record for n in names), key=int)
        assert world.log.list_due(shard, before=world.clock(), limit=1) == names[:1]
    assert len(due(world)) == 64


def test_rows_held_under_a_cause_are_listed_oldest_first(world: World) -> None:
    for record in ("3", "1", "2"):
        world.hold(record, cause=CAUSE)
        world.clock.pass_s(1)
    world.hold("other", cause="setting:f:channel")

    assert held(world, CAUSE) == ["3", "1", "2"]
    assert held(world, CAUSE, consumer="another") == []
    assert held(world, CAUSE[:-1]) == []


def test_a_row_leaves_its_cause_when_it_is_requested(world: World) -> None:
    world.hold("1", cause=CAUSE)
    world.request("1", by="release", only_under_cause=CAUSE)

    assert held(world, CAUSE) == []


def test_rows_of_two_flows_share_a_cause(world: World) -> None:
    names = [make_name("1", flow=PRODUCTS), make_name("1", flow=ORDERS)]
    for name in names:
        world.hold(name, cause="connection:square")

    found = read_all(
        lambda cursor: world.log.list_held(CONSUMER, "connection:square", limit=1, cursor=cursor)
    )

    assert sorted(found) == sorted(names)


def test_the_rows_of_a_cause_are_a_list_like_any_other(world: World) -> None:
    world.hold("1", cause=CAUSE)
    world.clock.pass_s(1)
    world.hold(make_name("2", flow=ORDERS), cause=CAUSE)
    world.sync("3")

    assert world.records(cause=CAUSE, limit=1) == ["2", "1"]
    assert world.records(cause=CAUSE, lanes=[ORDERS]) == ["2"]
    assert world.records(cause=CAUSE, statuses=[Status.FAILED]) == []


def test_a_very_long_cause_holds_rows_of_its_own(world: World) -> None:
    first, second = CAUSE + "%E6%97%A5" * 300 + "1", CAUSE + "%E6%97%A5" * 300 + "2"
    world.hold("1", cause=first)
    world.hold("2", cause=second)

    assert (held(world, first), held(world, second)) == (["1"], ["2"])
    assert {group.key for group in world.log.list_causes(CONSUMER)} == {first, second}


def test_causes_are_counted_with_their_first_and_last_row(world: World) -> None:
    started = world.clock()
    for record in ("1", "2", "3"):
        world.hold(record, cause=CAUSE)
        world.clock.pass_s(10)
    world.hold("4", cause="setting:f:channel")

    first, second = world.log.list_causes(CONSUMER)

    assert (first.key, first.count, first.flow) == (CAUSE, 3, PRODUCTS)
    assert (first.first_at, first.last_at) == (started, started + timedelta(seconds=20))
    assert (first.reason, first.example) == ("needs_settings", make_name("3").id)
    assert (second.key, second.count) == ("setting:f:channel", 1)
    assert world.log.list_causes("another") == []


def test_a_cause_without_rows_is_gone(world: World) -> None:
    world.hold("1", cause=CAUSE)
    world.hold("2", cause=CAUSE)
    world.request("1", by="release", only_under_cause=CAUSE)
    assert [group.count for group in world.log.list_causes(CONSUMER)] == [1]

    world.request("2", by="release", only_under_cause=CAUSE)

    assert world.log.list_causes(CONSUMER) == []


def test_rows_that_failed_alike_are_one_group(world: World) -> None:
    for record in ("1", "2", "3"):
        world.fail(record, fingerprint="aa", detail=f"Name of {record} is too long.")
        world.clock.pass_s(1)
    world.fail("4", fingerprint="bb")

    first, second = world.log.list_groups(CONSUMER)

    assert (first.key, first.count, first.reason) == ("aa", 3, "rejected_by_target")
    assert first.detail == "Name of 3 is too long."
    assert (second.key, second.count) == ("bb", 1)
    assert world.records(group="aa", limit=2) == ["3", "2", "1"]
    assert world.records(group="aa", consumer="another") == []


def test_a_row_changes_its_group_and_the_last_one_out_closes_it(world: World) -> None:
    world.fail("1", fingerprint="aa")
    world.fail("1", fingerprint="bb")
    assert [(group.key, group.count) for group in world.log.list_groups(CONSUMER)] == [("bb", 1)]

    world.sync("1")

    assert world.log.list_groups(CONSUMER) == []
    assert world.records(group="bb") == []


def test_counts_of_now_follow_every_move(world: World) -> None:
    def counts() -> dict[Status, int]:
        return {one.status: one.count for one in world.log.count_now(CONSUMER)}

    world.request("1")
    world.request("2")
    assert counts() == {Status.PENDING: 2}
    row = world.claim("1").row
    assert counts() == {Status.PENDING: 1, Status.PROCESSING: 1}
    world.finish(row, status=Status.SYNCED, reason=None)
    assert counts() == {Status.PENDING: 1, Status.SYNCED: 1}
    world.fail("2")
    assert counts() == {Status.FAILED: 1, Status.SYNCED: 1}
    assert world.log.count_now("another") == []


def test_counts_are_kept_by_flow_and_kind(world: World) -> None:
    world.sync("1")
    world.sync("2", outcome=Outcome.NOT_APPLICABLE)
    world.sync(make_name("1", flow=ORDERS))

    assert sorted(world.log.count_now(CONSUMER), key=lambda one: one.flow) == [
        Counts(flow=PRODUCTS, kind=Kind.PRODUCT, status=Status.SYNCED, count=2, not_applicable=1),
        Counts(flow=ORDERS, kind=Kind.ORDER, status=Status.SYNCED, count=1),
    ]


def test_counts_agree_with_the_lists_behind_them(world: World) -> None:
    for number in range(30):
        move = (world.sync, world.fail, world.hold, world.request)[number % 4]
        move(str(number % 11))

    listed = Counter(row.status for row in world.pages(limit=4))

    assert {one.status: one.count for one in world.log.count_now(CONSUMER)} == listed


def test_the_oldest_waiting_row_of_a_lane_is_known(world: World) -> None:
    assert world.log.read_oldest_due(CONSUMER, PRODUCTS) is None
    for record in ("first", "second", "third"):
        world.request(record)
        world.clock.pass_s(1)
    world.claim("first")

    oldest = world.log.read_oldest_due(CONSUMER, PRODUCTS)

    assert oldest is not None
    assert oldest.name.record == "second"
    assert world.log.read_oldest_due(CONSUMER, ORDERS) is None


def test_a_parked_row_is_held_under_the_cause_it_was_parked_for(world: World) -> None:
    world.request("1")
    row = row_of(world.claim("1"))
    changes = {"reason": Reason.CONNECTION_DOWN, "cause": "connection:square"}
    world.log.write_rows([park_claimed(row, changes, world.clock())])

    assert held(world, "connection:square") == ["1"]
    assert [group.reason for group in world.log.list_causes(CONSUMER)] == ["connection_down"]
