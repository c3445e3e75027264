"""How attempts end where something is unknown, gone, late or refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Health
from chalicelib.domain.statuses import Outcome, Status
from tests.toy_platforms import PRODUCTS, refused
from tests.unit.flows.scenes import LEASE_S, TRIES, Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


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


# --- a token that is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(("side", "name"), [("reader", "shop"), ("shelf", "till")])
def test_401_takes_the_connection_down_and_holds(scene: Scene, side: str, name: str) -> None:
    scene.add("1", "2", "3")
    getattr(scene, side).refuses_all = refused(name)

    scene.attempt("1", "2")

    for one in "12":
        row = scene.row(one)
        assert (row.status, row.reason) == (Status.PENDING, Reason.CONNECTION_DOWN)
        assert (row.cause, row.tries, row.code) == (f"connection:{name}", 0, 401)
    assert scene.toy.connection(name).health is Health.DOWN
    calls = (len(scene.reader.reads), len(scene.shelf.looked_for))
    scene.attempt("3")
    assert scene.row("3").reason is Reason.CONNECTION_DOWN
    assert (len(scene.reader.reads), len(scene.shelf.looked_for)) == calls


def test_403_is_failed_and_stops_nothing_else(scene: Scene) -> None:
    scene.add("1", "2")
    scene.shelf.fails["1"] = SyncFailure(Reason.AUTH_REJECTED, "Lacks ITEMS_WRITE.", code=403)
    scene.attempt("1", "2")
    row = scene.row("1")
    assert (row.status, row.reason, row.code) == (Status.FAILED, Reason.AUTH_REJECTED, 403)
    assert scene.row("2").status is Status.SYNCED
    assert scene.toy.connection("till").health is not Health.DOWN


# --- written rules --------------------------------------------------------------------------------


def test_rule_that_leaves_a_record_alone_makes_it_not_applicable(scene: Scene) -> None:
    scene.declare(skips=lambda record, planning: "It is a set of others.")
    scene.sync("1")
    row = scene.row()
    assert (row.status, row.outcome, row.detail) == (
        Status.SYNCED,
        Outcome.NOT_APPLICABLE,
        "It is a set of others.",
    )
    assert (row.synced_at, row.target_id, scene.shelf.writes) == (None, None, 0)
    assert row.columns["name"] == "Cup"


def test_rule_that_leaves_a_record_alone_does_not_settle_an_unclear_write(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.loses["1"] = "applied"
    scene.attempt("1")
    scene.toy.pass_s(LEASE_S)
    scene.declare(skips=lambda record, planning: "It is a set of others.")
    scene.toy.work()
    assert (scene.row().outcome, scene.row().unclear) == (Outcome.NOT_APPLICABLE, True)


STARTS = {"before": (-1, Outcome.NOT_APPLICABLE), "at": (0, Outcome.CREATED)}


@pytest.mark.parametrize(("seconds", "outcome"), STARTS.values(), ids=STARTS.keys())
def test_start_date_leaves_older_records_alone(
    scene: Scene, seconds: float, outcome: Outcome
) -> None:
    start = scene.toy.at
    scene.declare(starts_at=lambda thing: thing.updated_at)
    scene.toy.switch(PRODUCTS, on=True, settings={"start_date": start.isoformat()})
    scene.toy.shop.edit("1", at=start + timedelta(seconds=seconds))
    scene.ask("1")
    scene.toy.work()
    assert scene.row().outcome is outcome
