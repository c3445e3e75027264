"""A record that belongs to another is held under it and released by it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.declare import on_same_account
from chalicelib.flows.releases import run_releases
from tests.unit.flows.papers import ORDERS, REFUNDS, Papers, open_papers


@pytest.fixture
def papers() -> Iterator[Papers]:
    with open_papers() as world:
        yield world


def release(papers: Papers) -> None:
    """Run what is due now, and work what was released."""
    run_releases(papers.toy.services)
    papers.toy.work()


def test_refund_is_written_under_the_document_of_its_order(papers: Papers) -> None:
    papers.sync("1")
    papers.refund("R1", "1")
    assert papers.credits.entries["D1"].text == "refund of D1"


def test_refund_before_its_order_is_held_under_it(papers: Papers) -> None:
    papers.refund("R1", "1")
    row = papers.row("R1", REFUNDS)
    assert (row.status, row.reason) == (Status.PENDING, Reason.NEEDS_RECORD)
    assert row.cause == "record:order:1"


def test_order_releases_the_refund_that_waits_for_it(papers: Papers) -> None:
    papers.refund("R1", "1")
    papers.sync("1")
    release(papers)
    assert papers.row("R1", REFUNDS).status is Status.SYNCED
    assert papers.credits.writes == 1


def test_order_that_failed_before_releases_once_it_is_mended(papers: Papers) -> None:
    papers.sync("1", status="draft")
    papers.refund("R1", "1")
    assert papers.row("R1", REFUNDS).outcome is Outcome.NOT_APPLICABLE
    papers.toy.pass_s(60)
    papers.sync("1", status="new")
    release(papers)
    papers.ask("R1", REFUNDS)
    assert papers.credits.writes == 1


def test_refund_that_waits_marks_the_row_of_its_order(papers: Papers) -> None:
    papers.orders.put("1")
    papers.toy.switch(ORDERS, on=False)
    papers.ask("1")
    papers.refund("R1", "1")
    assert papers.row("R1", REFUNDS).reason is Reason.NEEDS_RECORD
    assert papers.row("1").awaited


def test_order_left_alone_by_a_rule_leaves_its_refund_alone_with_the_reason(
    papers: Papers,
) -> None:
    papers.sync("1", status="draft")
    papers.refund("R1", "1")
    row = papers.row("R1", REFUNDS)
    assert (row.status, row.detail) == (Status.SYNCED, "It is a draft.")


def test_second_account_belongs_to_the_orders_of_the_same_account() -> None:
    assert on_same_account(f"{REFUNDS}@shop-2", ORDERS) == f"{ORDERS}@shop-2"
    assert on_same_account(REFUNDS, ORDERS) == ORDERS


def test_record_of_which_only_the_id_is_left_keeps_its_columns(papers: Papers) -> None:
    papers.sync("1")
    flow = replace(papers.toy.services.flows[ORDERS], columns=lambda showing: {})
    papers.toy.services = replace(
        papers.toy.services, flows={**papers.toy.services.flows, ORDERS: flow}
    )
    papers.sync("1", status="sent")
    assert papers.row("1").columns == {"order_id": "1"}


def test_record_that_is_void_at_its_source_is_not_overlooked_once_it_was_written(
    papers: Papers,
) -> None:
    flow = replace(papers.toy.services.flows[REFUNDS], withdrawn=lambda one: one.status == "void")
    papers.toy.services = replace(
        papers.toy.services, flows={**papers.toy.services.flows, REFUNDS: flow}
    )
    papers.sync("1")
    papers.refund("R1", "1")
    papers.refunds.put("R1", status="void")
    papers.ask("R1", REFUNDS)
    row = papers.row("R1", REFUNDS)
    assert (row.status, row.reason) == (Status.FAILED, Reason.CONFLICT)
    assert (
        row.detail == "It was taken back at Shop after D1 was made for it at Till: cancel D1 there."
    )
    papers.refunds.put("R2", status="void", order_id="1")
    papers.ask("R2", REFUNDS)
    assert papers.row("R2", REFUNDS).reason is not Reason.CONFLICT
