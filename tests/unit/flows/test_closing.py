"""Closing an attempt: links, records, dead letters, releases, rows, traces, followers."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.domain.protocol import await_row, claim
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.declare import Showing
from chalicelib.flows.releases import run_releases
from chalicelib.store.table import TableBusyError
from tests.toy import CONSUMER
from tests.toy_platforms import STOCK
from tests.unit.flows.scenes import LEASE_S, Scene, open_scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    with open_scene() as scene:
        yield scene


# --- links, and who waits for them ----------------------------------------------------------------


def links(scene: Scene, *records: str) -> dict[str, str]:
    found = scene.toy.services.log.read_links(CONSUMER, "shop", "till", "product", records)
    return {id_: link.other_id for id_, link in found.items()}


def test_link_is_written_before_the_row_is_closed(scene: Scene) -> None:
    scene.sync("1")
    assert links(scene, "1", "2") == {"1": "T1"}


def test_needs_record_marks_the_needed_row_awaited_and_its_completion_releases(
    scene: Scene,
) -> None:
    scene.toy.shop.edit("1", category="hats")
    scene.ask("1")
    scene.ask("1", flow=STOCK)
    scene.toy.work()
    assert scene.row("1", STOCK).reason is Reason.NEEDS_RECORD
    assert scene.row("1", STOCK).cause == "record:product:1"
    assert scene.row("1").awaited

    scene.toy.map_category("hats", "Hats")
    run_releases(scene.toy.services)
    scene.toy.work()
    run_releases(scene.toy.services)
    scene.toy.work()

    assert not scene.row("1").awaited
    assert scene.row("1", STOCK).status is Status.SYNCED


def hold_stock_before_its_product_has_a_row(scene: Scene) -> None:
    scene.toy.shop.edit("1")
    scene.ask("1", flow=STOCK)
    scene.toy.work()
    assert scene.row("1", STOCK).reason is Reason.NEEDS_RECORD
    assert scene.toy.find("1") is None


def test_record_that_nothing_follows_writes_no_release(scene: Scene) -> None:
    scene.sync("1")
    assert scene.row("1", STOCK).status is Status.SYNCED
    assert "record:stock:1" not in released(scene)


def after_releases(scene: Scene) -> Row:
    run_releases(scene.toy.services)
    scene.toy.work()
    return scene.row("1", STOCK)


def test_first_sync_releases_although_nobody_could_mark_the_row(scene: Scene) -> None:
    hold_stock_before_its_product_has_a_row(scene)
    scene.ask("1")
    scene.toy.work()
    assert released(scene) == ["record:product:1"]
    assert after_releases(scene).status is Status.SYNCED


def test_row_that_is_awaited_releases_whatever_its_success(scene: Scene) -> None:
    scene.sync("1")
    run_releases(scene.toy.services)
    scene.toy.pass_s(600)
    run_releases(scene.toy.services)
    assert released(scene) == []
    scene.toy.services.log.write_rows([await_row(scene.toy.name("1"))])
    scene.sync("1")
    assert scene.row("1").outcome is Outcome.UPDATED
    assert released(scene) == ["record:product:1"]
    assert not scene.row("1").awaited


def released(scene: Scene) -> list[str]:
    later = scene.toy.soon(10_000)
    found = scene.toy.services.log.list_releases(due_before=later, limit=9)
    return [release.cause for release in found]


def test_first_sync_by_an_update_of_an_unverified_create_releases_too(scene: Scene) -> None:
    hold_stock_before_its_product_has_a_row(scene)
    scene.shelf.mangles.add("1")
    scene.ask("1")
    scene.toy.work()
    assert scene.row("1").reason is Reason.RETRYING
    scene.toy.pass_s(60)
    scene.toy.work()
    assert scene.row("1").outcome is Outcome.UPDATED
    assert after_releases(scene).status is Status.SYNCED


def test_first_sync_of_a_create_that_turns_out_right_counts_as_created(scene: Scene) -> None:
    hold_stock_before_its_product_has_a_row(scene)
    scene.shelf.mangles.add("1")
    scene.ask("1")
    scene.toy.work()
    scene.shelf.items["T1"] = ("1", f"Cup@Cups/{scene.toy.shop.things['1'].version}")
    scene.toy.pass_s(60)
    scene.toy.work()
    assert scene.row("1").outcome is Outcome.CREATED
    assert after_releases(scene).status is Status.SYNCED


def test_new_link_requests_the_followers_with_the_columns_that_are_known(scene: Scene) -> None:
    scene.sync("1", name="Mug")
    stock = scene.row("1", STOCK)
    assert (stock.requested_by, stock.status) == ("flow", Status.SYNCED)
    assert stock.columns["name"] == "Mug"


def test_followers_are_requested_although_the_product_changed_meanwhile(scene: Scene) -> None:
    scene.shelf.during = lambda: scene.ask("1", by="poll")
    scene.add("1")
    scene.attempt("1")
    assert scene.row("1").is_owed
    assert scene.row("1", STOCK).requested_by == "flow"


def test_record_that_was_linked_before_requests_no_followers(scene: Scene) -> None:
    scene.sync("1")
    asked = scene.row("1", STOCK).requested
    scene.toy.pass_s(60)
    scene.sync("1")
    assert scene.row("1").outcome is Outcome.UPDATED
    assert scene.row("1", STOCK).requested == asked


def test_follower_that_is_switched_off_is_not_requested(scene: Scene) -> None:
    scene.toy.switch(STOCK, on=False)
    scene.sync("1")
    assert scene.toy.find("1", STOCK) is None


# --- columns --------------------------------------------------------------------------------------


def part_columns(showing: Showing) -> Mapping[str, Any]:
    parts = [[part.name, part.ok] for part in showing.parts]
    return {"name": showing.record.name, "target": showing.target_id, "synced": showing.synced} | (
        {"parts": parts} if parts else {}
    )


OUTCOMES = {
    "synced": (lambda scene: None, True),
    "refused": (lambda scene: scene.toy.fail("1"), False),
    "held": (lambda scene: scene.toy.shop.edit("1", category="hats"), False),
    "unknown": (lambda scene: scene.shelf.loses.update({"1": "dropped"}), False),
    "awaiting": (lambda scene: scene.shelf.awaits.add("1"), False),
}


@pytest.mark.parametrize(("meet", "synced"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_columns_are_filled_whatever_the_outcome(scene: Scene, meet: Any, synced: bool) -> None:
    scene.declare(columns=part_columns)
    scene.toy.shop.edit("1", name="Mug")
    meet(scene)
    scene.ask("1")
    scene.attempt("1")
    assert scene.row("1").columns["name"] == "Mug"
    assert scene.row("1").columns["synced"] is synced


@pytest.mark.parametrize("by", ["webhook", "person"])
def test_row_found_in_step_shows_that_all_of_it_is(scene: Scene, by: str) -> None:
    scene.declare(columns=part_columns)
    scene.sync("1")
    scene.ask("1", by=by)
    scene.toy.work()
    assert scene.row("1").outcome is Outcome.UNCHANGED
    assert scene.row("1").columns["synced"] is True


def test_columns_tell_which_part_failed(scene: Scene) -> None:
    scene.declare(columns=part_columns)
    parts = (Part(name="A", quantity="1", ok=True), Part(name="B", quantity="1", ok=False))
    failure = SyncFailure(Reason.REJECTED_BY_TARGET, "1 of 2 failed.", parts=parts)
    scene.shelf.fails["1"] = failure
    scene.sync("1")
    assert scene.row("1").columns["parts"] == [["A", True], ["B", False]]


# --- dead letters ---------------------------------------------------------------------------------


def test_failed_row_goes_to_the_dlq_with_its_handled(scene: Scene) -> None:
    scene.toy.fail("1")
    scene.sync("1", "2")
    (letter,) = scene.dead()
    assert (letter.name, letter.handled) == (scene.toy.name("1"), scene.row("1").handled)
    row = scene.row("1")
    assert (row.status, row.failed_at) == (Status.FAILED, scene.toy.at)
    assert row.fingerprint is not None


def test_dlq_comes_first_so_a_crash_between_leaves_no_failed_row_without_a_letter(
    scene: Scene,
) -> None:
    scene.declare(keeps_record=False)
    scene.toy.fail("1")
    scene.add("1")

    def lose_the_log() -> None:
        scene.toy.stores.log_table.fail_next("write_many")

    scene.shelf.during = lose_the_log
    with pytest.raises(TableBusyError):
        scene.attempt("1")
    assert len(scene.dead()) == 1
    assert scene.row("1").is_owed


def test_rows_that_fail_alike_share_a_group(scene: Scene) -> None:
    for one in "12":
        scene.toy.fail(one, sentence=f"{one} is too long.")
    scene.sync("1", "2")
    assert scene.row("1").fingerprint == scene.row("2").fingerprint
    (group,) = scene.toy.services.log.list_groups(CONSUMER)
    assert group.count == 2


def test_reason_that_alarms_is_counted(scene: Scene) -> None:
    failure = SyncFailure(Reason.AUTH_REJECTED, "Lacks ITEMS_WRITE.", code=403)
    scene.shelf.fails["1"] = failure
    scene.toy.fail("2")
    scene.sync("1", "2")
    alarms = [value for name, value in scene.toy.counted if name == "alarming_reason"]
    assert alarms == ["auth_rejected"]


# --- a lost lease ---------------------------------------------------------------------------------


def test_lost_lease_changes_nothing_and_its_message_comes_back(scene: Scene) -> None:
    scene.add("1", "2")

    def another_takes_over() -> None:
        scene.shelf.during = lambda: None
        scene.toy.pass_s(LEASE_S)
        scene.attempt("1")

    scene.shelf.during = another_takes_over
    done = scene.attempt("1", "2")

    assert done is not None
    assert list(done.failed) == ["r-1", "r-2"]
    row = scene.row("1")
    assert (row.status, row.attempts) == (Status.SYNCED, 2)
    assert scene.row("2").reason is Reason.SENDING


def test_lease_of_another_worker_is_not_closed_over(scene: Scene) -> None:
    scene.add("1")

    def another_claims() -> None:
        now = scene.toy.pass_s(LEASE_S)
        name, deadline = scene.toy.name("1"), scene.toy.soon()
        other = claim(name, lease_id="other", deadline=deadline, settle_s=60, now=now)
        assert scene.toy.services.log.write_rows([other])[0].tag == "claimed"

    scene.shelf.during = another_claims
    done = scene.attempt("1")
    assert done is not None
    assert list(done.failed) == ["r-1"]
    row = scene.row("1")
    assert (row.lease_id, row.reason, row.handled) == ("other", Reason.SENDING, 0)


def test_lease_that_ran_out_cannot_close_a_row_that_nobody_took(scene: Scene) -> None:
    scene.add("1")
    scene.shelf.during = lambda: scene.toy.pass_s(LEASE_S)
    scene.attempt("1")
    assert scene.row("1").reason is Reason.SENDING
    assert links(scene, "1") == {}
    scene.shelf.during = lambda: None
    scene.attempt("1")
    assert scene.row("1").status is Status.SYNCED
    assert scene.shelf.writes == 1
