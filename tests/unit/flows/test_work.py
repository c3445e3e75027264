"""The middle of an attempt: load, plan, find, write, for a whole batch."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Health
from chalicelib.domain.statuses import Outcome, Status
from tests.toy_platforms import FLOWS, PRODUCTS, PowerCutError, refused
from tests.unit.flows.scenes import LEASE_S, TRIES, Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


# --- work -----------------------------------------------------------------------------------------


def test_rows_of_one_flow_are_worked_in_one_batch(scene: Scene) -> None:
    scene.add("1", "2", "3")
    scene.attempt("1", "2", "3")
    assert [sorted(batch) for batch in scene.shelf.batches] == [["1", "2", "3"]]
    assert [sorted(read) for read in scene.reader.reads] == [["1", "2", "3"]]


def test_stale_source_is_not_written_and_read_again_in_five_seconds(scene: Scene) -> None:
    old = scene.toy.shop.edit("1")
    scene.toy.pass_s(10)
    new = scene.toy.shop.edit("1")
    scene.reader.stale["1"] = old
    scene.ask("1", source_version=new.version)

    scene.attempt("1")

    row = scene.row()
    assert (row.reason, row.tries, scene.shelf.writes) == (Reason.RETRYING, 1, 0)
    assert row.next_attempt_at == scene.toy.at + timedelta(seconds=5)
    scene.reader.stale.clear()
    scene.toy.pass_s(5)
    scene.toy.work()
    assert scene.row().sent_version == new.version


def test_source_older_than_what_was_written_is_not_written(scene: Scene) -> None:
    old = scene.toy.shop.edit("1")
    scene.toy.pass_s(10)
    scene.sync("1")
    written = scene.shelf.writes
    scene.reader.stale["1"] = old
    scene.ask("1")
    scene.attempt("1")
    assert (scene.row().reason, scene.shelf.writes) == (Reason.RETRYING, written)


def test_source_that_stays_stale_gives_up(scene: Scene) -> None:
    scene.reader.stale["1"] = scene.toy.shop.edit("1")
    scene.ask("1", source_version=scene.reader.stale["1"].version + 1)
    for _ in range(TRIES):
        scene.attempt("1")
        scene.toy.pass_s(5)
    assert (scene.row().reason, scene.shelf.writes) == (Reason.GAVE_UP, 0)


def test_unchanged_is_told_by_the_hash_alone_after_a_clean_end(scene: Scene) -> None:
    scene.sync("1")
    looked, synced_at = len(scene.shelf.looked_for), scene.row().synced_at
    scene.toy.pass_s(60)
    scene.ask("1")
    scene.toy.work()
    row = scene.row()
    assert (row.outcome, row.synced_at) == (Outcome.UNCHANGED, synced_at)
    assert [one for asked in scene.shelf.looked_for[looked:] for one in asked] == []


def test_hash_proves_nothing_after_a_crash(scene: Scene) -> None:
    scene.sync("1")
    scene.shelf.items["T1"] = ("1", "half written")
    scene.ask("1")
    scene.declare(plan=_meet_a_defect)
    scene.attempt("1", crash=True)
    scene.toy.pass_s(LEASE_S)
    scene.declare(plan=FLOWS[PRODUCTS].plan)
    scene.attempt("1")
    assert scene.shelf.copies("1") != ["half written"]


def _meet_a_defect(record: object, planning: object) -> str:
    raise PowerCutError


def test_hash_proves_nothing_after_an_unknown_write(scene: Scene) -> None:
    scene.sync("1")
    scene.toy.pass_s(60)
    before = scene.shelf.items["T1"]
    scene.shelf.loses["1"] = "applied"
    scene.sync("1")
    old = scene.toy.shop.things["1"]
    scene.toy.shop.things["1"] = replace(old, version=int(before[1].split("/")[1]))
    scene.toy.pass_s(LEASE_S)
    scene.ask("1")
    scene.toy.work()
    assert scene.shelf.items["T1"] == before
    assert not scene.row().unclear


def test_create_key_is_the_same_for_every_version_of_a_record(scene: Scene) -> None:
    scene.add("1", "2")
    for _ in range(2):
        scene.shelf.loses |= {"1": "dropped"}
        scene.attempt("1", "2")
        scene.toy.pass_s(LEASE_S)
        scene.add("1")
    keys = {want.key for want in scene.shelf.wanted if want.record == "1"}
    others = {want.key for want in scene.shelf.wanted if want.record == "2"}
    assert len(keys) == 1
    assert not keys & others
    assert max(len(key) for key in keys) <= 45


def test_unknown_write_is_looked_up_before_anything_is_written_again(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.loses["1"] = "applied"
    scene.attempt("1")
    row = scene.row()
    assert (row.status, row.reason) == (Status.PROCESSING, Reason.OUTCOME_UNKNOWN)
    assert (row.unclear, row.tries, row.next_attempt_at) == (True, 1, row.lease_until)
    scene.attempt("1")
    assert scene.row().attempts == 1
    scene.toy.pass_s(LEASE_S)

    scene.toy.work()

    assert (scene.row().outcome, scene.shelf.writes) == (Outcome.CREATED, 1)
    assert (scene.row().unclear, scene.row().target_id) == (False, "T1")


def test_answer_that_leaves_a_record_out_is_an_unknown_write(scene: Scene) -> None:
    scene.add("1", "2")
    scene.shelf.silent = {"1"}
    scene.attempt("1", "2")
    assert scene.row("1").reason is Reason.OUTCOME_UNKNOWN
    assert scene.row("2").status is Status.SYNCED


def test_connector_is_told_that_an_earlier_write_may_have_arrived(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.loses["1"] = "dropped"
    scene.attempt("1")
    scene.toy.pass_s(LEASE_S)
    scene.attempt("1")
    assert [want.unclear for want in scene.shelf.wanted] == [False, True]


def test_record_found_by_its_key_is_adopted(scene: Scene) -> None:
    version = scene.toy.shop.edit("1").version
    scene.shelf.items["X9"] = ("1", f"Cup@Cups/{version}")
    scene.sync("1")
    assert (scene.row().outcome, scene.row().target_id) == (Outcome.ADOPTED, "X9")
    assert scene.shelf.writes == 0


def test_record_found_by_its_key_and_different_is_adopted_and_brought_in_step(scene: Scene) -> None:
    scene.shelf.items["X9"] = ("1", "something else")
    scene.sync("1")
    assert (scene.row().outcome, scene.row().target_id) == (Outcome.ADOPTED, "X9")
    assert scene.shelf.copies("1") == [f"Cup@Cups/{scene.row().sent_version}"]


def test_synced_means_that_the_answer_holds_what_was_sent(scene: Scene) -> None:
    scene.shelf.mangles.add("1")
    scene.sync("1")
    row = scene.row()
    assert (row.status, row.reason, row.synced_at) == (Status.PENDING, Reason.RETRYING, None)
    assert "does not hold what was sent" in (row.detail or "")


# --- neighbours -----------------------------------------------------------------------------------


def test_one_bad_record_never_fails_its_neighbours(scene: Scene) -> None:
    names = [str(number) for number in range(1, 8)]
    for name in names:
        scene.toy.shop.edit(name, category="hats" if name == "2" else "cups")
    del scene.toy.shop.things["1"]
    scene.reader.fails["3"] = SyncFailure(Reason.UNSUPPORTED, "A kit.")
    scene.toy.fail("4")
    scene.shelf.loses["5"] = "dropped"
    scene.shelf.awaits = {"6"}
    scene.ask(*names)

    scene.attempt(*names)

    reasons = {name: scene.row(name).reason for name in names}
    assert reasons == {
        "1": Reason.MISSING_AT_SOURCE,
        "2": Reason.NEEDS_MAPPING,
        "3": Reason.UNSUPPORTED,
        "4": Reason.REJECTED_BY_TARGET,
        "5": Reason.OUTCOME_UNKNOWN,
        "6": Reason.AWAITING_TARGET,
        "7": None,
    }


@pytest.mark.parametrize("side", ["source", "target"])
def test_call_that_fails_as_a_whole_is_each_rows_failure(scene: Scene, side: str) -> None:
    scene.add("1", "2")
    failure = SyncFailure(Reason.RETRYING, "Answered 503.", code=503, retry_after_s=77)
    (scene.reader if side == "source" else scene.shelf).refuses_all = failure
    scene.attempt("1", "2")
    for one in "12":
        row = scene.row(one)
        assert (row.reason, row.detail, row.code) == (Reason.RETRYING, "Answered 503.", 503)
        assert row.next_attempt_at == scene.toy.at + timedelta(seconds=77)


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
