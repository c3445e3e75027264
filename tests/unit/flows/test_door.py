"""The one door: request, each rule by itself, on rows in every state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import DUE_AFTER_S
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Status
from chalicelib.flows.door import request_many
from tests.builders import make_request
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS, STOCK
from tests.unit.flows.scenes import LEASE_S, Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


def tag(scene: Scene, record: str = "1", flow: str = PRODUCTS, **more: object) -> str:
    kind = scene.toy.services.flows[flow].kind
    asked = make_request(scene.toy.name(record, flow), kind=kind, **more)
    return request_many(scene.toy.services, [asked])[0].tag


def fail_for_now(scene: Scene) -> None:
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Out of order.")
    scene.add("1")
    scene.attempt("1")
    scene.drain()
    assert scene.row().reason is Reason.RETRYING


# --- request 1: new or settled --------------------------------------------------------------------


def test_request_1_makes_a_new_row_owed_with_a_due_time_and_sends(scene: Scene) -> None:
    assert tag(scene, source_version=7, columns={"name": "Cup"}) == "send"
    row, now = scene.row(), scene.toy.at
    assert (row.status, row.reason, row.is_owed) == (Status.PENDING, Reason.QUEUED, True)
    assert (row.requested, row.handled, row.tries, row.starts) == (1, 0, 0, 0)
    assert row.due_at == now + timedelta(seconds=DUE_AFTER_S)
    assert (row.received_at, row.listed_at, row.requested_at) == (now, now, now)
    assert (row.source_version, row.columns) == (7, {"name": "Cup"})
    assert scene.visible() == ["1"]


def test_request_1_opens_a_settled_row_again_with_a_fresh_episode(scene: Scene) -> None:
    scene.toy.fail("1")
    scene.sync("1")
    failed = scene.row()
    assert failed.fingerprint is not None
    later = scene.toy.pass_s(60)

    assert tag(scene) == "send"

    row = scene.row()
    assert (row.requested, row.handled, row.is_owed) == (2, 1, True)
    assert (row.tries, row.starts, row.next_attempt_at) == (0, 0, None)
    assert (row.fingerprint, row.failed_at, row.detail) == (None, None, None)
    assert (row.received_at, row.listed_at) == (failed.received_at, later)


def test_request_1_never_lowers_the_known_version(scene: Scene) -> None:
    scene.sync("1")
    tag(scene, source_version=20)
    scene.attempt("1")
    tag(scene, source_version=10)
    assert scene.row().source_version == 20


# --- request 2: owed and free ---------------------------------------------------------------------


def test_request_2_on_an_owed_row_sends_nothing_and_counts_nothing(scene: Scene) -> None:
    tag(scene)
    assert [tag(scene, source_version=version) for version in (5, 3)] == ["joined"] * 2
    row = scene.row()
    assert (row.requested, row.source_version) == (1, 5)
    assert scene.toy.messages() == 1


def test_request_2_joins_a_waiting_retry_and_does_not_cut_its_backoff_short(scene: Scene) -> None:
    fail_for_now(scene)
    before = scene.row()

    assert tag(scene) == "joined"

    row = scene.row()
    assert (row.next_attempt_at, row.tries) == (before.next_attempt_at, 1)
    assert scene.toy.messages() == 0


# --- request 3: leased ----------------------------------------------------------------------------


def test_request_3_on_a_leased_row_is_counted_so_the_attempt_cannot_close_over_it(
    scene: Scene,
) -> None:
    scene.add("1")
    tags: list[str] = []
    scene.shelf.during = lambda: tags.append(tag(scene, source_version=99))

    scene.attempt("1")

    row = scene.row()
    assert tags == ["joined"]
    assert (row.requested, row.handled, row.is_owed) == (2, 1, True)
    assert (row.reason, row.source_version) == (Reason.QUEUED, 99)


# --- a person's re-sync ---------------------------------------------------------------------------


def test_person_cuts_a_backoff_short_and_gets_all_tries_again(scene: Scene) -> None:
    fail_for_now(scene)
    assert tag(scene, by="person") == "send"
    row = scene.row()
    assert (row.tries, row.next_attempt_at, row.forced) == (0, scene.toy.at, True)
    assert scene.visible() == ["1"]


def test_person_does_not_override_a_live_lease(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.loses["1"] = "dropped"
    scene.attempt("1")
    scene.drain()
    before = scene.row()
    assert before.is_leased(scene.toy.at)

    assert tag(scene, by="person") == "joined"

    row = scene.row()
    assert (row.lease_until, row.next_attempt_at) == (before.lease_until, before.next_attempt_at)
    assert (row.requested, row.forced) == (before.requested + 1, True)
    assert scene.toy.messages() == 0


def test_person_does_not_override_a_pause(scene: Scene) -> None:
    tag(scene)
    scene.toy.switch(PRODUCTS, on=False)
    scene.attempt("1")
    assert scene.row().reason is Reason.FLOW_OFF

    assert tag(scene, by="person") == "send"
    scene.attempt("1")

    assert scene.row().reason is Reason.FLOW_OFF
    assert scene.reader.reads == []


def test_person_on_a_held_row_tries_once_and_says_what_it_still_waits_for(scene: Scene) -> None:
    scene.sync("1", category="hats")
    held = scene.row()
    tag(scene, by="person")
    scene.toy.work()
    row = scene.row()
    assert (row.reason, row.cause) == (Reason.NEEDS_MAPPING, held.cause)
    assert row.attempts == held.attempts + 1


def test_person_looks_at_the_target_although_the_hash_says_unchanged(scene: Scene) -> None:
    scene.sync("1")
    scene.shelf.items["T1"] = ("1", "changed by hand")
    tag(scene, by="person")
    scene.toy.work()
    assert scene.shelf.copies("1") != ["changed by hand"]
    assert not scene.row().forced


def test_event_trusts_the_hash(scene: Scene) -> None:
    scene.sync("1")
    scene.shelf.items["T1"] = ("1", "changed by hand")
    tag(scene)
    scene.toy.work()
    assert scene.shelf.copies("1") == ["changed by hand"]


# --- parked rows ----------------------------------------------------------------------------------


def test_parked_row_keeps_its_counters_when_it_is_requested(scene: Scene) -> None:
    fail_for_now(scene)
    before = scene.row()
    scene.toy.switch(PRODUCTS, on=False)
    scene.attempt("1")

    assert tag(scene) == "send"

    row = scene.row()
    assert (row.tries, row.next_attempt_at) == (1, before.next_attempt_at)
    assert (row.cause, row.reason) == (None, Reason.QUEUED)
    assert scene.visible() == []
    assert scene.toy.messages() == 1


def test_parked_row_keeps_that_the_fate_of_a_write_is_unclear(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.loses["1"] = "applied"
    scene.attempt("1")
    scene.toy.pass_s(LEASE_S)
    scene.toy.switch(PRODUCTS, on=False)
    scene.attempt("1")
    assert scene.row().reason is Reason.FLOW_OFF
    tag(scene)
    assert scene.row().unclear
    assert scene.row().tries == 1


def test_park_does_not_touch_a_row_that_a_worker_has(scene: Scene) -> None:
    scene.add("1")

    reasons: list[Reason | None] = []

    def switch_off() -> None:
        scene.toy.switch(PRODUCTS, on=False)
        scene.attempt("1")
        reasons.append(scene.row().reason)

    scene.shelf.during = switch_off
    scene.attempt("1")
    assert reasons == [Reason.SENDING]
    assert scene.row().status is Status.SYNCED


def test_person_gives_a_parked_row_all_its_tries_at_once(scene: Scene) -> None:
    fail_for_now(scene)
    scene.toy.switch(PRODUCTS, on=False)
    scene.attempt("1")
    assert scene.row().tries == 1
    assert tag(scene, by="person") == "send"
    assert (scene.row().tries, scene.row().next_attempt_at) == (0, None)


# --- backlog --------------------------------------------------------------------------------------


@pytest.fixture
def slow(scene: Scene) -> Scene:
    scene.sync("1")
    scene.toy.services.log.flag_backlog(CONSUMER, "till", now=scene.toy.at)
    scene.toy.services.cache.forget(CONSUMER)
    return scene


def test_backlog_takes_new_and_settled_rows_without_a_message(slow: Scene) -> None:
    before = slow.toy.messages()
    assert [tag(slow, record) for record in "12"] == ["parked"] * 2
    for record in "12":
        row = slow.row(record)
        assert (row.reason, row.is_owed, row.due_at) == (Reason.THROTTLED, False, None)
        assert (row.cause or "").startswith("rate:till:2:")
    assert slow.toy.messages() == before


def test_backlog_lets_releases_and_redrives_through(slow: Scene) -> None:
    tag(slow, "2")
    cause = slow.row("2").cause
    assert tag(slow, "2", by="release", only_under_cause=cause) == "send"
    assert slow.row("2").reason is Reason.QUEUED


def test_backlog_leaves_a_row_under_another_pause_and_flags_nothing_for_it(slow: Scene) -> None:
    slow.toy.switch(PRODUCTS, on=False)
    tag(slow, "2", by="release")
    slow.attempt("2")
    assert slow.row("2").reason is Reason.FLOW_OFF

    assert tag(slow, "2", source_version=9) == "parked"

    assert (slow.row("2").cause, slow.row("2").source_version) == (f"flow:{PRODUCTS}", 9)
    slow.toy.pass_s(1)
    assert slow.toy.services.log.list_backlogged(limit=9) == [(CONSUMER, "till")]


def test_row_parked_by_an_old_flag_flags_the_connection_again(slow: Scene) -> None:
    log = slow.toy.services.log
    slow.toy.services.cache.is_backlogged(CONSUMER, "till")  # remembered for some seconds
    log.clear_backlog(CONSUMER, "till", flagged_before=slow.toy.soon(1))

    assert tag(slow, "3") == "parked"

    assert log.is_backlogged(CONSUMER, "till")


# --- conditional requests -------------------------------------------------------------------------


def test_release_frees_only_a_row_under_its_cause(scene: Scene) -> None:
    scene.sync("1", category="hats")
    assert tag(scene, by="release", only_under_cause="mapping:other") == "refused"
    assert not scene.row().is_owed
    assert tag(scene, by="release", only_under_cause=scene.row().cause) == "send"


def test_redrive_acts_only_on_the_failure_its_message_tells_of(scene: Scene) -> None:
    scene.toy.fail("1")
    scene.sync("1")
    handled = scene.row().handled
    assert tag(scene, by="redrive", only_failed_at=handled - 1) == "refused"
    assert tag(scene, by="redrive", only_failed_at=handled) == "send"
    assert tag(scene, by="redrive", only_failed_at=handled) == "refused"


def test_conditional_request_never_makes_a_row(scene: Scene) -> None:
    assert tag(scene, by="release", only_under_cause="flow:x") == "refused"
    assert tag(scene, by="redrive", only_failed_at=0) == "refused"
    assert scene.toy.find("1") is None


# --- who is known ---------------------------------------------------------------------------------


def test_late_message_never_recreates_what_was_erased(scene: Scene) -> None:
    consumer = scene.toy.services.registry.read_consumer(CONSUMER)
    assert consumer is not None
    erased = replace(consumer, deleted_at=scene.toy.at)
    scene.toy.services.registry.save(Change(puts=[erased]))
    scene.toy.services.cache.forget(CONSUMER)
    assert tag(scene) == "refused"
    assert scene.toy.find("1") is None


def test_message_of_an_erased_consumer_is_dropped_unworked(scene: Scene) -> None:
    scene.add("1")
    consumer = scene.toy.services.registry.read_consumer(CONSUMER)
    assert consumer is not None
    scene.toy.services.registry.save(Change(puts=[replace(consumer, deleted_at=scene.toy.at)]))
    scene.toy.services.cache.forget(CONSUMER)
    done = scene.attempt("1")
    assert done is not None
    assert list(done.done) == ["r-1"]
    assert scene.row().attempts == 0


def test_flow_that_is_not_declared_is_refused(scene: Scene) -> None:
    name = scene.toy.name("1", "shop-tables-to-till")
    assert request_many(scene.toy.services, [make_request(name)])[0].tag == "refused"


def test_answers_come_in_the_order_of_the_requests(scene: Scene) -> None:
    names = [scene.toy.name(str(number)) for number in range(150)]
    unknown = scene.toy.name("1", consumer="nobody")
    asked = [make_request(name) for name in (names[0], unknown, *names)]
    tags = [answer.tag for answer in request_many(scene.toy.services, asked)]
    assert tags == ["send", "refused", "joined", *["send"] * 149]
    assert scene.toy.messages() == 150


def test_each_flow_has_its_queue(scene: Scene) -> None:
    tag(scene, "1", STOCK)
    assert (scene.toy.messages("records"), scene.toy.messages("stock")) == (0, 1)
