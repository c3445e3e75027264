"""Orders as a source: read by id, listed by change, summed up as sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.customers import read_buyers
from chalicelib.connectors.square.lines import to_money
from chalicelib.connectors.square.mapping import source_of, to_order, version_of
from chalicelib.connectors.square.models import OrderModel, parse
from chalicelib.connectors.square.order_search import OrderWalk, Place, read_orders
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Customer, Order
from chalicelib.domain.statuses import Kind


@dataclass(frozen=True, kw_only=True)
class OrderSource:
    """Square's orders; as a `Till` it also says what was sold."""

    client: SquareClient
    walk: OrderWalk

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Order | SyncFailure]:
        """Read orders as they are now with their customers, 100 a call; unknown ids are absent."""
        read = read_orders(self.client, ids)
        buyers = [one.buyer_id for one in read.values() if isinstance(one, OrderModel)]
        customers = read_buyers(self.client, buyers)
        return {
            id_: one if isinstance(one, SyncFailure) else _order_with(one, customers)
            for id_, one in read.items()
        }

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of changed orders of all active locations.

        Up to ten locations come in one order of time; the next ten follow after them.
        """
        place = Place.from_token(page) if page else self.walk.first_place(since=since, until=until)
        if place is None:
            return ChangePage(changes=())
        answer = self.walk.read_page(place)
        following = self.walk.next_place(place, answer)
        return ChangePage(
            changes=[_changed(order) for order in answer.get("orders") or []],
            page=following.to_token() if following else None,
        )

    def list_sales(self, *, since: datetime) -> Sequence[Order]:
        """All orders that changed from ``since`` on, without customers, each as last seen."""
        sales: dict[str, Order] = {}
        for raw in self.walk.orders_since(since):
            order = to_order(parse(OrderModel, raw, "order"))
            sales[order.id] = order
        return list(sales.values())


def _order_with(
    model: OrderModel, customers: Mapping[str, Customer | SyncFailure | None]
) -> Order | SyncFailure:
    customer = customers.get(model.buyer_id) if model.buyer_id else None
    if isinstance(customer, SyncFailure):
        return customer
    try:
        return to_order(model, customer)
    except SyncFailure as failure:
        return failure


def _changed(raw: Json) -> Changed:
    """Say that an order changed; one that cannot be read fails later, on its own row."""
    try:
        order = parse(OrderModel, raw, "order")
    except SyncFailure:
        return Changed(kind=Kind.ORDER, record=str(raw.get("id", "")))
    updated_at = order.updated_at or order.created_at
    total = to_money(order.total_money).to_json() if order.total_money else None
    return Changed(
        kind=Kind.ORDER,
        record=order.id,
        version=version_of(updated_at),
        updated_at=updated_at,
        columns={"order_id": order.id, "total": total, "source": source_of(order.source.name)},
    )
