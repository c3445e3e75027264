"""Goods sold at the till and not in the ERP: subtracted from every count, whoever knows of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.closings import finish
from chalicelib.domain.log import Units
from chalicelib.domain.platforms import Platform
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import claim
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows import unexported
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Opened
from chalicelib.flows.unexported import LAG_S, LOOK_BACK_S
from tests.builders import make_poll, make_request, make_units
from tests.toy import CONSUMER
from tests.toy_platforms import STOCK, throttled
from tests.unit.flows.scenes import Scene, Shelf, open_scene

ORDERS = "till-orders-to-shop"


@dataclass(frozen=True, kw_only=True)
class Sale:
    """An order at the till."""

    id: str
    sold_at: datetime
    pieces: int = 1
    sold: bool = True


@dataclass
class Sales:
    """The till's orders; what happened lately is told by time, the rest by id."""

    orders: dict[str, Sale] = field(default_factory=dict)
    refuses: SyncFailure | None = None
    since: datetime | None = None

    def list_sales(self, *, since: datetime) -> Sequence[Sale]:
        self.since = since
        if self.refuses is not None:
            raise self.refuses
        return [sale for sale in self.orders.values() if sale.sold_at >= since]

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Sale | SyncFailure]:
        if self.refuses is not None:
            raise self.refuses
        return {id_: self.orders[id_] for id_ in ids if id_ in self.orders}


def units_of(sale: Sale) -> tuple[Units, ...]:
    if not sale.sold:
        return ()
    return (make_units(sale.id, Decimal(sale.pieces), sold_at=sale.sold_at),)


@dataclass
class Shopfront:
    """A scene whose till sells, and counts of stock that have to know of it."""

    scene: Scene
    sales: Sales

    def sell(self, id: str, *, ago_s: float = 60, **more: Any) -> None:
        """Sell something at the till, some time ago."""
        at = self.scene.toy.at - timedelta(seconds=ago_s)
        self.sales.orders[id] = Sale(id=id, sold_at=at, **more)

    def tell(self, *ids: str) -> None:
        """Let the log hear of orders."""
        self.scene.ask(*ids, flow=ORDERS)

    def pending(self, stock_flow: str = STOCK) -> Decimal:
        """What a count would have to subtract."""
        services = self.scene.toy.services
        till = services.open(self.scene.toy.connection("till"), None, None)
        till = selling(self.sales, till)
        at = self.scene.toy.at - timedelta(seconds=LAG_S)
        sold = unexported.read_units(services, CONSUMER, ORDERS, stock_flow, till, at)
        return sum((one.pending for one in sold.values()), Decimal(0))


@dataclass(frozen=True)
class SellingSide:
    """The till, opened: it has orders, and for the rest is what it was."""

    sales: Sales
    real: Platform

    def source(self, kind: Kind) -> Any:
        return self.sales if kind is Kind.ORDER else self.real.source(kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def selling(sales: Sales, till: Opened) -> Opened:
    platform: Any = SellingSide(sales, till.platform)
    return replace(till, platform=platform)


@pytest.fixture
def front() -> Iterator[Shopfront]:
    with open_scene() as scene:
        toy = scene.toy
        stock = scene.declare(STOCK)
        orders = replace(
            stock,
            name=ORDERS,
            kind=Kind.ORDER,
            source="till",
            target="shop",
            follows=None,
            units=units_of,
            queue="records",
        )
        toy.services = replace(toy.services, flows={**toy.services.flows, ORDERS: orders})
        toy.tills[Kind.ORDER] = Shelf()
        toy.switch(ORDERS, on=True)
        yield Shopfront(scene, Sales())


def note(front: Shopfront, record: str, pieces: int = 1, **more: Any) -> None:
    at = more.pop("sold_at", front.scene.toy.at - timedelta(seconds=60))
    units = make_units(record, Decimal(pieces), sold_at=at, **more)
    front.scene.toy.services.log.put_units(CONSUMER, "till", record, [units])


# --- the three sources ----------------------------------------------------------------------------


def test_units_noted_on_orders_that_did_not_get_through_are_subtracted(front: Shopfront) -> None:
    note(front, "A", 2)
    note(front, "B", 3)
    assert front.pending() == 5


def test_orders_that_wait_for_their_first_attempt_are_subtracted(front: Shopfront) -> None:
    front.sell("A", ago_s=86_400, pieces=4)
    assert front.pending() == 0
    front.tell("A")
    assert front.pending() == 4


def test_order_that_was_tried_and_never_read_is_subtracted_while_it_waits(
    front: Shopfront,
) -> None:
    front.sell("A", pieces=4)
    front.tell("A")
    scene = front.scene
    services = scene.toy.services

    def opened(*asked: Any) -> Opened:
        return selling(front.sales, services.open(*asked))

    scene.toy.services = replace(services, open=opened)
    front.sales.refuses = throttled()
    scene.attempt("A", flow=ORDERS)
    front.sales.refuses = None
    row = scene.row("A", ORDERS)
    assert (row.reason, row.attempts, row.is_owed) == (Reason.THROTTLED, 1, False)
    assert front.pending() == 4


def test_order_that_a_rule_left_alone_is_not_subtracted(front: Shopfront) -> None:
    front.sell("A")
    front.tell("A")
    close(front, "A", outcome=Outcome.NOT_APPLICABLE)
    assert front.pending() == 0


def test_sales_nobody_told_us_of_are_subtracted(front: Shopfront) -> None:
    front.sell("A", pieces=2)
    assert front.pending() == 2


def test_one_sale_known_from_several_sources_is_subtracted_once(front: Shopfront) -> None:
    front.sell("A", pieces=2)
    front.tell("A")
    note(front, "A", 2)
    assert front.pending() == 2


def test_unseen_sales_are_looked_for_since_the_last_poll(front: Shopfront) -> None:
    now = front.scene.toy.at
    front.pending()
    assert front.sales.since == now - timedelta(seconds=LOOK_BACK_S)
    cursor = now - timedelta(hours=3)
    services = front.scene.toy.services
    poll = services.registry.read_poll(CONSUMER, ORDERS) or make_poll(ORDERS)
    services.registry.save(Change(puts=[replace(poll, cursor=cursor)]))
    front.pending()
    assert front.sales.since == cursor


# --- what is not subtracted -----------------------------------------------------------------------


def test_sale_after_the_moment_of_the_count_is_the_tills_own_to_subtract(
    front: Shopfront,
) -> None:
    front.sell("A", ago_s=LAG_S)
    assert front.pending() == 1
    front.sell("A", ago_s=LAG_S - 1)
    assert front.pending() == 0
    note(front, "B", sold_at=front.scene.toy.at)
    assert front.pending() == 0


def test_order_that_takes_no_goods_is_not_subtracted(front: Shopfront) -> None:
    front.sell("A", sold=False)
    front.tell("A")
    assert front.pending() == 0


def test_exported_order_is_not_subtracted(front: Shopfront) -> None:
    front.sell("A")
    front.tell("A")
    assert front.pending() == 1
    close(front, "A", outcome=Outcome.CREATED, target_id="SO1")
    assert front.pending() == 0


def close(front: Shopfront, record: str, **facts: Any) -> None:
    """Let an order end Synced."""
    scene = front.scene
    name = scene.toy.name(record, ORDERS)
    now = scene.toy.at
    log = scene.toy.services.log
    claimed = log.write_rows(
        [claim(name, lease_id="l", deadline=scene.toy.soon(), settle_s=60, now=now)]
    )[0]
    assert claimed.row is not None
    done = {"status": Status.SYNCED, "reason": None, **facts}
    log.write_rows([finish(claimed.row, done, now)])


def test_flow_of_orders_that_is_off_has_nothing_to_subtract(front: Shopfront) -> None:
    front.sell("A")
    front.scene.toy.switch(ORDERS, on=False)
    assert front.pending() == 0
    assert front.sales.since is None


def test_second_account_has_its_own_orders(front: Shopfront) -> None:
    front.sell("A")
    assert front.pending(f"{STOCK}@till-2") == 0


# --- when it cannot be known ----------------------------------------------------------------------


def test_too_many_waiting_orders_let_the_count_wait(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unexported, "ROWS_AT_MOST", 200)
    requests = [
        make_request(front.scene.toy.name(f"{number:04}", ORDERS), kind=Kind.ORDER)
        for number in range(401)
    ]
    request_many(front.scene.toy.services, requests)
    with pytest.raises(SyncFailure) as met:
        front.pending()
    assert (met.value.reason, met.value.error_code) == (Reason.RETRYING, "orders_waiting")


def test_more_noted_orders_than_are_read_let_the_count_wait(
    front: Shopfront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unexported, "UNITS_AT_MOST", 2)
    note(front, "A")
    assert front.pending() == 1
    note(front, "B")
    with pytest.raises(SyncFailure):
        front.pending()


def test_till_that_cannot_answer_fails_the_stock_rows_with_that_failure(
    front: Shopfront,
) -> None:
    scene = front.scene
    scene.sync("1")
    scene.declare(STOCK, sold_by=ORDERS)
    front.sales.refuses = SyncFailure(Reason.RETRYING, "The till answered 503.", code=503)
    services = scene.toy.services

    def opened(*asked: Any) -> Opened:
        real = services.open(*asked)
        return selling(front.sales, real) if real.connection.name == "till" else real

    scene.toy.services = replace(services, open=opened)
    scene.ask("1", flow=STOCK)
    scene.attempt("1", flow=STOCK)
    row = scene.row("1", STOCK)
    assert (row.reason, row.detail, row.code) == (Reason.RETRYING, "The till answered 503.", 503)
