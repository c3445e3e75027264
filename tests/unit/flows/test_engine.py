"""The engine: claim and work, each rule by itself."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import WorkerCrashError, sync_batch
from tests.toy import CONSUMER
from tests.toy_platforms import PRODUCTS
from tests.unit.flows.scenes import LEASE_S, TRIES, Scene, open_scene

OTHER = "north-mugs"


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


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


# --- unknown --------------------------------------------------------------------------------------


def test_last_try_without_an_answer_leaves_the_lease_so_nobody_looks_too_early(
    scene: Scene,
) -> None:
    scene.add("1")
    for _ in range(TRIES):
        scene.shelf.loses["1"] = "dropped"
        scene.attempt("1")
        if scene.row().status is not Status.FAILED:
            scene.toy.pass_s(LEASE_S)
    row = scene.row()
    assert (row.reason, row.unclear) == (Reason.GAVE_UP, True)
    assert row.is_leased(scene.toy.at)
    looked = len(scene.shelf.looked_for)

    scene.ask("1", by="person")
    scene.toy.work()

    assert len(scene.shelf.looked_for) == looked
    scene.toy.pass_s(LEASE_S)
    scene.toy.work()
    assert scene.row().status is Status.SYNCED


def test_request_during_the_last_try_without_an_answer_waits_for_the_lease_too(
    scene: Scene,
) -> None:
    scene.add("1")
    for attempt in range(TRIES):
        scene.shelf.loses["1"] = "dropped"
        if attempt == TRIES - 1:
            scene.shelf.during = lambda: scene.ask("1")
        scene.attempt("1")
        scene.shelf.during = lambda: None
        if attempt < TRIES - 1:
            scene.toy.pass_s(LEASE_S)
    row = scene.row()
    assert (row.status, row.reason) == (Status.PENDING, Reason.QUEUED)
    looked = len(scene.shelf.looked_for)

    scene.attempt("1")

    assert len(scene.shelf.looked_for) == looked
    scene.toy.pass_s(LEASE_S)
    scene.toy.work()
    assert scene.row().status is Status.SYNCED


# --- generations ----------------------------------------------------------------------------------


def test_generation_rises_only_when_the_target_confirmed_the_record_gone(scene: Scene) -> None:
    scene.sync("1")
    first = scene.shelf.wanted[-1].key
    scene.toy.pass_s(60)
    scene.sync("1")
    assert (scene.row().generation, scene.shelf.wanted[-1].key) == (0, first)
    scene.shelf.delete("1")
    scene.toy.pass_s(60)

    scene.sync("1")

    assert (scene.row().generation, scene.row().outcome) == (1, Outcome.CREATED)
    assert scene.shelf.wanted[-1].key != first


def test_generation_rises_once_however_often_the_new_create_fails(scene: Scene) -> None:
    scene.sync("1")
    scene.shelf.delete("1")
    scene.toy.pass_s(60)
    scene.shelf.loses["1"] = "applied"
    scene.sync("1")
    row = scene.row()
    assert (row.reason, row.generation, row.target_id) == (Reason.OUTCOME_UNKNOWN, 1, None)
    scene.toy.pass_s(LEASE_S)

    scene.toy.work()

    assert (scene.row().generation, scene.row().target_id) == (1, "T2")
    assert len(scene.shelf.copies("1")) == 1


def test_record_deleted_after_an_update_without_an_answer_is_made_anew(scene: Scene) -> None:
    scene.sync("1")
    scene.toy.pass_s(60)
    scene.shelf.loses["1"] = "dropped"
    scene.sync("1")
    scene.shelf.delete("1")
    scene.toy.pass_s(LEASE_S)

    scene.toy.work()

    assert (scene.row().status, scene.row().generation) == (Status.SYNCED, 1)
    assert len(scene.shelf.copies("1")) == 1


# --- awaiting the target --------------------------------------------------------------------------


def await_target(scene: Scene) -> None:
    scene.shelf.awaits.add("1")
    scene.sync("1")
    assert scene.row().reason is Reason.AWAITING_TARGET
    scene.shelf.awaits.clear()


def test_person_does_not_double_what_the_target_took_and_does_not_show(scene: Scene) -> None:
    await_target(scene)
    scene.shelf.hides.add("T1")
    scene.ask("1", by="person")
    scene.toy.pass_s(20)

    scene.toy.work()

    row = scene.row()
    assert (row.reason, row.generation, row.target_id) == (Reason.AWAITING_TARGET, 0, "T1")
    assert scene.shelf.writes == 1


def test_edit_while_the_target_does_not_show_yet_is_sent_once_it_does(scene: Scene) -> None:
    await_target(scene)
    scene.toy.pass_s(20)

    scene.add("1")
    scene.toy.work()

    row = scene.row()
    assert row.status is Status.SYNCED
    assert scene.shelf.copies("1") == [f"Cup@Cups/{row.sent_version}"]


def test_what_the_target_never_shows_gives_up_and_keeps_its_id(scene: Scene) -> None:
    await_target(scene)
    scene.shelf.hides.add("T1")
    for _ in range(31):
        scene.toy.pass_s(20)
        scene.toy.work()
    row = scene.row()
    assert (row.reason, row.generation, row.target_id) == (Reason.GAVE_UP, 0, "T1")
    scene.shelf.hides.clear()

    scene.ask("1")
    scene.toy.work()

    assert (scene.row().status, scene.shelf.writes) == (Status.SYNCED, 1)
    assert len(scene.shelf.looked_for) > 1


def test_hash_of_what_was_never_shown_makes_nothing_unchanged(scene: Scene) -> None:
    await_target(scene)
    scene.shelf.hides.add("T1")
    for _ in range(31):
        scene.toy.pass_s(20)
        scene.toy.work()
    scene.shelf.delete("1")

    scene.ask("1")
    scene.toy.work()

    assert scene.shelf.copies("1") != []


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
