"""Counts that ran while an order reached the ERP are made again, under the id of that order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.ports import Written
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.domain.writes import RowWrite
from chalicelib.flows.decide import Ending
from chalicelib.flows.declare import LinkNeed
from chalicelib.flows.loading import Setup, read_setup
from chalicelib.flows.recounts import recount_sold
from chalicelib.flows.work import Job
from tests.builders import make_units
from tests.toy import CONSUMER
from tests.toy_platforms import STOCK
from tests.unit.flows.scenes import Scene, Shelf, open_scene

ORDERS = "till-orders-to-shop"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A product and its stock are in step; its variation at the till is T1."""
    with open_scene() as scene:
        stock = scene.declare(STOCK, sold_by=ORDERS)
        orders = replace(
            stock,
            name=ORDERS,
            kind=Kind.ORDER,
            source="till",
            target="shop",
            follows=None,
            sold_by=None,
            links=LinkNeed(kind="product", side="source", ids=lambda record: ["T1"]),
            units=lambda record: (make_units(record, Decimal(1), item="T1"),),
        )
        toy = scene.toy
        toy.services = replace(toy.services, flows={**toy.services.flows, ORDERS: orders})
        toy.tills[Kind.ORDER] = Shelf()
        toy.switch(ORDERS, on=True)
        scene.declare(STOCK, sold_by=None)
        scene.sync("1")
        scene.declare(STOCK, sold_by=ORDERS)
        yield scene


def setup_of(scene: Scene) -> Setup:
    return read_setup(scene.toy.services, CONSUMER, ORDERS)


def taken_order(scene: Scene, correlation: str) -> tuple[Job, Row]:
    """An order whose goods the ERP took in an attempt that began a minute ago."""
    toy = scene.toy
    toy.answering = correlation
    scene.ask("A", flow=ORDERS)
    toy.answering = None
    row = scene.row("A", ORDERS)
    done = Done(target_id="O1", outcome=Outcome.CREATED, verified=True, taken=True)
    ending = Ending(
        write=RowWrite(name=row.name, alternatives=()),
        status=Status.SYNCED,
        reason=None,
        outcome=Outcome.CREATED,
    )
    return Job(row=row, record="A", done=done, ending=ending, started_at=toy.at), row


def test_a_count_made_meanwhile_is_requested_under_the_id_of_the_order(scene: Scene) -> None:
    job, row = taken_order(scene, "webhook-of-A")
    before = scene.row("1", STOCK)
    recount_sold(scene.toy.services, setup_of(scene), [job], [Written(tag="done", row=row)])

    after = scene.row("1", STOCK)
    assert after.requested == before.requested + 1
    assert (after.requested_by, after.correlation) == ("flow", "webhook-of-A")


def test_a_count_that_ended_before_the_order_is_left_alone(scene: Scene) -> None:
    scene.toy.pass_s(5)
    job, row = taken_order(scene, "webhook-of-A")
    before = scene.row("1", STOCK)
    recount_sold(scene.toy.services, setup_of(scene), [job], [Written(tag="done", row=row)])

    assert scene.row("1", STOCK) == before


def test_an_order_that_was_not_closed_asks_for_nothing(scene: Scene) -> None:
    job, row = taken_order(scene, "webhook-of-A")
    before = scene.row("1", STOCK)
    recount_sold(scene.toy.services, setup_of(scene), [job], [Written(tag=None, row=row)])

    assert scene.row("1", STOCK) == before
