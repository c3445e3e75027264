"""How attempts end where something is unknown, gone, late or refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.protocol import DUE_AFTER_S
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.decide import DETAIL_AT_MOST
from tests.toy_platforms import PRODUCTS
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


def test_same_plan_is_awaited_and_not_sent_again_while_the_old_one_shows(scene: Scene) -> None:
    scene.sync("1")
    old = scene.shelf.items["T1"]
    scene.toy.pass_s(60)
    await_target(scene)
    scene.shelf.items["T1"] = old
    writes = scene.shelf.writes
    scene.toy.pass_s(20)

    scene.toy.work()

    assert (scene.row().reason, scene.shelf.writes) == (Reason.AWAITING_TARGET, writes)


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


# --- retry ----------------------------------------------------------------------------------------


def fail(scene: Scene, **more: object) -> None:
    failure = SyncFailure(Reason.RETRYING, "Out of order.", **more)  # type: ignore[arg-type]  # its own options
    scene.shelf.fails["1"] = failure


def test_retry_keeps_the_row_owed_and_plans_the_next_attempt(scene: Scene) -> None:
    fail(scene, code=500)
    scene.add("1")
    scene.attempt("1")
    row = scene.row()
    assert (row.status, row.reason, row.detail) == (
        Status.PENDING,
        Reason.RETRYING,
        "Out of order.",
    )
    assert (row.is_owed, row.tries, row.starts, row.lease_id, row.code) == (True, 1, 0, None, 500)
    assert row.next_attempt_at == scene.toy.at + timedelta(seconds=30)
    assert row.due_at == scene.toy.at + timedelta(seconds=30 + DUE_AFTER_S)


def test_retry_is_sent_with_its_delay(scene: Scene) -> None:
    fail(scene)
    scene.add("1")
    scene.drain()
    scene.attempt("1")
    assert scene.visible() == []
    scene.toy.pass_s(30)
    assert scene.visible() == ["1"]


def test_delay_longer_than_a_queue_accepts_is_left_to_the_sweeper(scene: Scene) -> None:
    fail(scene, retry_after_s=3600)
    scene.add("1")
    scene.drain()
    scene.attempt("1")
    assert scene.row().next_attempt_at == scene.toy.at + timedelta(hours=1)
    assert scene.toy.messages() == 0


def test_delay_of_a_retry_holds_although_something_new_was_requested(scene: Scene) -> None:
    fail(scene)
    scene.add("1")
    scene.shelf.during = lambda: scene.ask("1")
    scene.attempt("1")
    row = scene.row()
    assert (row.requested, row.reason) == (2, Reason.RETRYING)
    assert row.next_attempt_at == scene.toy.at + timedelta(seconds=30)


def test_tries_used_up_give_up_with_what_the_last_one_met(scene: Scene) -> None:
    fail(scene, code=503, error_code="BUSY")
    scene.add("1")
    for _ in range(TRIES):
        scene.attempt("1")
        scene.toy.pass_s(900)
    row = scene.row()
    assert (row.status, row.reason, row.detail) == (Status.FAILED, Reason.GAVE_UP, "Out of order.")
    assert (row.attempts, row.tries, row.code) == (TRIES, 0, 503)


def test_new_episode_has_all_its_tries_again(scene: Scene) -> None:
    test_tries_used_up_give_up_with_what_the_last_one_met(scene)
    scene.ask("1")
    scene.attempt("1")
    assert (scene.row().reason, scene.row().tries) == (Reason.RETRYING, 1)


# --- final ----------------------------------------------------------------------------------------


def test_final_outcome_settles_what_was_seen_at_the_claim(scene: Scene) -> None:
    scene.sync("1")
    row = scene.row()
    assert (row.status, row.reason, row.outcome) == (Status.SYNCED, None, Outcome.CREATED)
    assert (row.requested, row.handled, row.due_at, row.lease_until) == (1, 1, None, None)
    assert (row.starts, row.tries, row.synced_at) == (0, 0, scene.toy.at)
    assert (row.target_id, row.code) == ("T1", 200)


def test_final_outcome_over_a_new_request_leaves_the_row_owed_and_sends(scene: Scene) -> None:
    scene.add("1")
    scene.drain()
    scene.shelf.during = lambda: scene.ask("1")
    scene.attempt("1")
    row = scene.row()
    assert (row.requested, row.handled, row.reason) == (2, 1, Reason.QUEUED)
    assert row.due_at == scene.toy.at + timedelta(seconds=DUE_AFTER_S)
    assert row.target_id == "T1"
    assert scene.visible() == ["1"]


def test_held_row_waits_under_its_cause_and_uses_no_tries(scene: Scene) -> None:
    scene.sync("1", category="hats")
    row = scene.row()
    assert (row.status, row.reason, row.detail) == (
        Status.PENDING,
        Reason.NEEDS_MAPPING,
        "Map the category.",
    )
    assert row.cause == f"mapping:{PRODUCTS}:category:hats"
    assert (row.is_owed, row.tries, row.due_at, row.is_leased(scene.toy.at)) == (
        False,
        0,
        None,
        False,
    )
    assert scene.dead() == []


def test_long_sentence_is_cut_on_the_row_and_whole_in_the_attempt(scene: Scene) -> None:
    scene.toy.fail("1", sentence="x" * 1000)
    scene.sync("1")
    detail = scene.row().detail or ""
    assert (len(detail), detail[-1]) == (DETAIL_AT_MOST, "…")
    (attempt,) = scene.toy.services.log.list_attempts(scene.toy.name("1"), limit=5).items
    assert attempt.detail == "x" * 1000


def test_target_that_shows_it_in_time_makes_the_row_synced(scene: Scene) -> None:
    await_target(scene)
    row = scene.row()
    assert (row.status, row.tries, row.awaiting_since) == (Status.PROCESSING, 0, scene.toy.at)
    assert row.next_attempt_at == scene.toy.at + timedelta(seconds=20)
    scene.toy.pass_s(20)
    scene.toy.work()
    assert (scene.row().outcome, scene.row().awaiting_since) == (Outcome.CREATED, None)
    assert scene.shelf.writes == 1


def test_limit_of_the_wait_counts_from_the_first_look(scene: Scene) -> None:
    await_target(scene)
    scene.shelf.hides.add("T1")
    limit_s = scene.toy.services.offers["till"].pace.awaiting_limit_s
    scene.toy.pass_s(limit_s - 1)
    scene.attempt("1")
    assert scene.row().reason is Reason.AWAITING_TARGET
    scene.toy.pass_s(20)
    scene.attempt("1")
    assert scene.row().reason is Reason.GAVE_UP
