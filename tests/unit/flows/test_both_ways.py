"""A status that people change on either side follows on the other."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.agreed import Agreed
from tests.toy import CONSUMER
from tests.unit.flows.papers import ORDERS, Papers, open_papers


@pytest.fixture
def papers() -> Iterator[Papers]:
    with open_papers() as world:
        yield world


def status_of(papers: Papers, id: str = "D1") -> str:
    return papers.book.entries[id].status


def test_new_order_gets_the_status_of_its_own(papers: Papers) -> None:
    papers.sync("1", status="sent")
    assert status_of(papers) == "2"
    assert papers.row("1").agreed == Agreed(source="sent", target="2").to_text()


def test_change_at_the_source_moves_the_target(papers: Papers) -> None:
    papers.sync("1")
    papers.sync("1", status="sent")
    assert status_of(papers) == "2"
    assert papers.row("1").outcome is Outcome.UPDATED
    assert papers.orders.told == []


def test_change_at_the_target_alone_goes_back_to_the_source(papers: Papers) -> None:
    papers.sync("1")
    received, updated = papers.row("1").received_at, papers.row("1").updated_at
    papers.toy.pass_s(60)
    papers.book.move("D1", "2")
    assert papers.tell("D1").requested == 1
    assert papers.orders.papers["1"].status == "sent"
    row = papers.row("1")
    assert (row.status, row.outcome) == (Status.SYNCED, Outcome.UPDATED)
    assert row.detail == "The status was changed at Till: at Shop it is “sent” now."
    assert (row.received_at, row.updated_at) == (received, papers.toy.at)
    assert updated != row.updated_at


def test_what_went_back_is_no_change_of_the_source_when_it_echoes(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "4")  # goes back as "new", which would be "1" the other way
    papers.sync("1", status="sent")
    papers.book.move("D1", "4")
    papers.tell("D1")
    assert papers.orders.papers["1"].status == "new"
    papers.tell("1", platform="shop")
    assert status_of(papers) == "4"
    assert papers.orders.told == [("1", "new")]


def test_target_moved_by_people_stays_where_the_source_did_not_change(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "7")
    papers.ask("1")
    assert status_of(papers) == "7"
    assert papers.orders.told == []


def test_status_without_a_counterpart_changes_nothing_and_is_named(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "7")
    for _ in range(2):
        papers.tell("D1")
        row = papers.row("1")
        assert row.status is Status.SYNCED
        assert row.detail == "Status 7 of Till has no counterpart at Shop: nothing changed."
    assert papers.orders.papers["1"].status == "new"


def test_status_of_the_source_without_a_counterpart_leaves_the_target(papers: Papers) -> None:
    papers.sync("1", status="sent")
    papers.sync("1", status="odd")
    assert status_of(papers) == "2"
    row = papers.row("1")
    assert row.detail == "The status “odd” has no counterpart at Till and changed nothing there."


def test_source_counts_where_both_sides_changed(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "9")
    papers.sync("1", status="sent")
    assert status_of(papers) == "2"
    assert papers.orders.told == []


def test_status_that_is_replaced_now_is_not_spoken_of(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "7")
    papers.sync("1", status="sent")
    assert (status_of(papers), papers.row("1").detail) == ("2", None)


def test_change_that_could_not_be_written_is_not_forgotten(papers: Papers) -> None:
    papers.sync("1")
    papers.book.move("D1", "2")
    papers.orders.refuses = SyncFailure(Reason.RETRYING, "The shop is away.")
    papers.tell("D1")
    assert papers.row("1").reason is Reason.RETRYING
    papers.orders.refuses = None
    papers.toy.pass_s(600)
    papers.ask("1")
    assert papers.orders.told == [("1", "sent")]
    assert papers.row("1").status is Status.SYNCED


def test_order_that_became_a_draft_is_still_looked_after(papers: Papers) -> None:
    papers.sync("1")
    papers.sync("1", status="draft")
    assert papers.row("1").outcome is not Outcome.NOT_APPLICABLE
    papers.sync("2", status="draft")
    assert papers.row("2").outcome is Outcome.NOT_APPLICABLE


def test_what_people_make_at_the_target_themselves_has_no_row(papers: Papers) -> None:
    told = papers.tell("D77")
    assert (told.status, told.requested) == (200, 0)
    assert told.ignored == "It speaks of nothing that came from a flow."
    assert papers.toy.messages() == 0


def test_poll_finds_a_change_at_the_target_whose_webhook_was_lost(papers: Papers) -> None:
    papers.sync("1")
    papers.poll()
    papers.toy.pass_s(600)
    papers.book.move("D1", "2")
    papers.toy.pass_s(60)
    papers.poll()
    assert papers.orders.papers["1"].status == "sent"


def test_polls_request_a_change_at_the_target_once(papers: Papers) -> None:
    papers.sync("1")
    papers.poll()
    papers.toy.pass_s(600)
    papers.poll()
    before = papers.row("1").attempts
    papers.book.move("D1", "2")
    for _ in range(4):
        papers.toy.pass_s(200)
        papers.poll()
    assert papers.row("1").attempts == before + 2  # the change, and its echo from the source


def test_poll_without_news_on_either_side_makes_no_execution(papers: Papers) -> None:
    papers.sync("1")
    papers.toy.pass_s(120)
    papers.poll()
    before = papers.toy.services.log.list_executions(CONSUMER, flow=ORDERS, limit=50).items
    for _ in range(2):
        papers.toy.pass_s(1200)
        papers.poll()
    after = papers.toy.services.log.list_executions(CONSUMER, flow=ORDERS, limit=50).items
    assert len(after) == len(before)
    state = papers.toy.services.registry.read_poll(CONSUMER, ORDERS)
    assert state is not None
    assert state.back_at == papers.toy.at


def test_cursor_moves_on_though_a_quiet_poll_ends_at_the_target(papers: Papers) -> None:
    papers.poll()
    papers.toy.pass_s(3600)
    papers.sync("1")
    changed = papers.toy.at
    papers.toy.pass_s(120)
    papers.poll()
    state = papers.toy.services.registry.read_poll(CONSUMER, ORDERS)
    assert state is not None
    assert state.cursor == changed


def test_changes_at_the_target_during_a_failed_poll_are_found_by_the_next(papers: Papers) -> None:
    papers.sync("1")
    papers.poll()
    papers.toy.pass_s(600)
    papers.book.move("D1", "2")
    papers.orders.refuses = SyncFailure(Reason.RETRYING, "The shop is away.")
    for _ in range(4):
        papers.toy.pass_s(600)
        papers.poll()
    papers.orders.refuses = None
    papers.toy.pass_s(600)
    papers.poll()
    assert papers.orders.papers["1"].status == "sent"


def test_next_poll_begins_where_a_counting_source_said(papers: Papers) -> None:
    papers.orders.resume = "v:7"
    papers.poll()
    papers.toy.pass_s(600)
    papers.orders.resume = "v:9"
    papers.poll()
    papers.toy.pass_s(600)
    papers.orders.resume = None
    papers.poll()
    papers.toy.pass_s(600)
    papers.poll()
    assert papers.orders.asked == [None, "v:7", "v:9", "v:9"]


def test_mark_that_the_source_forgot_is_left_for_the_time(papers: Papers) -> None:
    papers.orders.resume = "v:7"
    papers.poll()
    papers.toy.pass_s(600)
    desk = papers.orders
    desk.refuses = SyncFailure(Reason.RETRYING, "Unknown mark.", error_code="cursor_expired")
    papers.poll()
    assert desk.asked == [None, "v:7", None]


def test_status_is_looked_at_although_the_order_itself_is_unchanged(papers: Papers) -> None:
    papers.sync("1")
    looks = papers.book.looks
    papers.toy.pass_s(timedelta(hours=1).total_seconds())
    papers.ask("1")
    assert papers.book.looks == looks + 1
    assert papers.book.writes == 1


def test_status_that_people_moved_before_we_saw_our_order_goes_back(papers: Papers) -> None:
    papers.book.loses_answer = True
    papers.orders.put("1")
    papers.ask("1", rounds=1)
    assert papers.row("1").agreed == Agreed(source="new", target="1").to_text()
    papers.book.move("D1", "2")
    papers.toy.pass_s(600)
    papers.ask("1")
    assert papers.orders.papers["1"].status == "sent"
    assert papers.row("1").status is Status.SYNCED
