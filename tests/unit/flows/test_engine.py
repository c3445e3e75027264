"""The engine: claims, crashes, defects, and whose turn it is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import CLAIM_EARLY_S, Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import WorkerCrashError, sync_batch
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS
from tests.unit.flows.scenes import LEASE_S, SETTLE_S, Scene, open_scene

OTHER = "north-mugs"


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


# --- claim ----------------------------------------------------------------------------------------


def test_lease_covers_the_deadline_and_the_settle_time(scene: Scene) -> None:
    scene.add("1")
    leases: list[timedelta | None] = []
    deadline = scene.toy.soon(45)

    def look() -> None:
        until = scene.row().lease_until
        leases.append(until - deadline if until else None)

    scene.shelf.during = look
    scene.attempt("1", seconds=45)
    assert leases == [timedelta(seconds=SETTLE_S)]


def test_claim_shows_that_the_row_is_being_sent(scene: Scene) -> None:
    scene.add("1")
    shown: list[object] = []

    def look() -> None:
        row = scene.row()
        shown.append((row.status, row.reason, row.starts, row.attempts))

    scene.shelf.during = look
    scene.attempt("1")
    assert shown == [(Status.PROCESSING, Reason.SENDING, 1, 1)]
    assert scene.row().starts == 0


def test_refused_claim_drops_the_message(scene: Scene) -> None:
    scene.sync("1")
    attempts = scene.row().attempts
    done = scene.attempt("1")
    assert done is not None
    assert (list(done.done), list(done.failed)) == (["r-1"], [])
    assert scene.row().attempts == attempts


def test_row_that_a_worker_has_is_not_claimed_by_another(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.during = lambda: scene.attempt("1")
    scene.attempt("1")
    assert (scene.shelf.writes, scene.row().attempts) == (1, 1)


def test_backoff_is_not_bypassed_by_an_early_message(scene: Scene) -> None:
    scene.shelf.fails["1"] = SyncFailure(Reason.RETRYING, "Out of order.")
    scene.add("1")
    scene.attempt("1")
    scene.toy.pass_s(30 - CLAIM_EARLY_S - 0.1)
    scene.attempt("1")
    assert scene.row().attempts == 1
    scene.toy.pass_s(0.1)
    scene.attempt("1")
    assert scene.row().attempts == 2


def test_one_message_twice_in_a_batch_is_one_attempt(scene: Scene) -> None:
    scene.add("1")
    done = scene.attempt("1", "1")
    assert done is not None
    assert list(done.done) == ["r-1", "r-1"]
    assert scene.row().attempts == 1


def test_no_work_is_begun_when_less_time_is_left_than_it_needs(scene: Scene) -> None:
    scene.add("1")
    scene.drain()
    timeout_s = scene.toy.services.offers["till"].pace.timeout_s
    done = scene.attempt("1", seconds=2 * timeout_s - 1)
    assert done is not None
    assert list(done.done) == ["r-1"]
    assert (scene.row().attempts, scene.toy.messages()) == (0, 1)
    scene.attempt("1", seconds=2 * timeout_s)
    assert scene.row().status is Status.SYNCED


# --- crashes: one bad record never fails its neighbours -------------------------------------------


def crash(scene: Scene, *records: str, times: int = 1) -> None:
    for _ in range(times):
        scene.attempt(*records, crash=True)
        scene.toy.pass_s(LEASE_S)


def test_rows_that_crash_together_are_worked_alone_after_two_starts(scene: Scene) -> None:
    scene.add("1", "2", "3")
    scene.shelf.defects = {"1"}
    crash(scene, "1", "2", "3", times=2)
    assert [scene.row(one).starts for one in "123"] == [2, 2, 2]

    crash(scene, "1", "2", "3")

    assert scene.row("1").starts == 3
    assert [scene.row(one).status for one in "23"] == [Status.SYNCED] * 2


def test_row_that_keeps_crashing_is_closed_unworked_at_its_sixth_start(scene: Scene) -> None:
    scene.add("1", "2")
    scene.shelf.defects = {"1"}
    crash(scene, "1", "2", times=5)
    calls = len(scene.shelf.batches)

    scene.attempt("1", "2")

    row = scene.row("1")
    assert (row.status, row.reason, row.unclear) == (Status.FAILED, Reason.CRASHED, True)
    assert scene.row("2").status is Status.SYNCED
    assert len(scene.shelf.batches) == calls
    assert [dead.handled for dead in scene.dead()] == [row.handled]


def test_defect_of_one_consumer_leaves_the_others_rows_their_turn(scene: Scene) -> None:
    scene.toy.set_up(OTHER)
    scene.add("1")
    scene.shelf.defects = {"1"}
    scene.toy.shop.edit("2")
    names = [scene.toy.name("1"), scene.toy.name("2", consumer=OTHER)]
    asked = Request(name=names[1], kind=Kind.PRODUCT, by="webhook")
    request_many(scene.toy.services, [asked])

    with pytest.raises(WorkerCrashError):
        sync_batch(
            scene.toy.services,
            [QueueMessage(name=name, receipt=name.record) for name in names],
            deadline=scene.toy.soon(),
        )

    assert scene.toy.row("2", consumer=OTHER).status is Status.SYNCED


# --- defects --------------------------------------------------------------------------------------


def test_defect_is_noted_on_the_attempts_raised_and_the_rows_come_back_by_lease(
    scene: Scene,
) -> None:
    scene.add("1", "2")
    scene.shelf.defects = {"1"}
    names = [scene.toy.name(one) for one in "12"]

    with pytest.raises(WorkerCrashError, match="PowerCutError"):
        sync_batch(
            scene.toy.services,
            [QueueMessage(name=name, receipt=name.record) for name in names],
            deadline=scene.toy.soon(),
        )

    for name in names:
        row = scene.row(name.record)
        (attempt,) = scene.toy.services.log.list_attempts(name, limit=5).items
        assert "PowerCutError" in attempt.detail
        assert (row.reason, row.is_owed) == (Reason.SENDING, True)
        assert row.is_leased(scene.toy.at)
    scene.shelf.defects = set()
    scene.toy.pass_s(LEASE_S)
    scene.attempt("1", "2")
    assert {scene.row(one).status for one in "12"} == {Status.SYNCED}


def test_rows_that_had_ended_before_a_defect_are_closed(scene: Scene) -> None:
    scene.toy.shop.edit("1", category="hats")
    scene.ask("1")
    scene.add("2")
    scene.shelf.defects = {"2"}
    scene.attempt("1", "2", crash=True)
    assert scene.row("1").reason is Reason.NEEDS_MAPPING


# --- one writer per seller ------------------------------------------------------------------------


def test_busy_catalogue_costs_no_calls_of_the_window(scene: Scene) -> None:
    scene.offer("till", one_writer=(scene.toy.services.flows[PRODUCTS].kind,))
    scene.offer("shop", pace=replace(scene.toy.services.offers["shop"].pace, calls=2))
    scene.add("1")
    log = scene.toy.services.log
    log.take_lease(f"writer/{CONSUMER}/till", "other", until=scene.toy.soon(), now=scene.toy.at)
    for _ in range(5):
        scene.attempt("1")
    assert scene.row().status is Status.PENDING
    scene.toy.pass_s(70)

    scene.toy.work()

    assert scene.row().status is Status.SYNCED
