"""Orders as a source: read by id, listed by change, summed up as sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.square.batches import chunks
from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.mapping import (
    source_of,
    to_customer,
    to_money,
    to_order,
    version_of,
)
from chalicelib.connectors.square.models import CustomerModel, OrderModel, parse
from chalicelib.connectors.square.order_search import ORDERS_READ, OrderWalk, Place
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Customer, Order
from chalicelib.domain.statuses import Kind

ORDERS_A_CALL = 100  #: BatchRetrieveOrders
CUSTOMERS_A_CALL = 100  #: BulkRetrieveCustomers


@dataclass(frozen=True, kw_only=True)
class OrderSource:
    """Square's orders; as a `Till` it also says what was sold."""

    client: SquareClient
    walk: OrderWalk

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Order | SyncFailure]:
        """Read orders as they are now with their customers, 100 a call; unknown ids are absent."""
        read: dict[str, Order | SyncFailure] = {}
        for part in chunks(list(dict.fromkeys(ids)), ORDERS_A_CALL):
            answer = self.client.read(
                "/v2/orders/batch-retrieve", ORDERS_READ, body={"order_ids": list(part)}
            )
            read |= self._with_customers(answer.get("orders") or [])
        return read

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

    def _with_customers(self, raw_orders: Sequence[Json]) -> dict[str, Order | SyncFailure]:
        read: dict[str, Order | SyncFailure] = {}
        models: list[OrderModel] = []
        for raw in raw_orders:
            try:
                models.append(parse(OrderModel, raw, "order"))
            except SyncFailure as failure:
                read[str(raw.get("id", ""))] = failure
        customers = self._customers([one.buyer_id for one in models if one.buyer_id])
        return read | {one.id: _order_with(one, customers) for one in models}

    def _customers(self, ids: Sequence[str]) -> dict[str, Customer | SyncFailure]:
        """Read customers; those that are gone are absent. A failed call is each one's failure."""
        known: dict[str, Customer | SyncFailure] = {}
        for part in chunks(list(dict.fromkeys(ids)), CUSTOMERS_A_CALL):
            try:
                answer = self.client.read(
                    "/v2/customers/bulk-retrieve",
                    "CUSTOMERS_READ",
                    body={"customer_ids": list(part)},
                )
            except SyncFailure as failure:
                known |= dict.fromkeys(part, failure)
            else:
                known |= _customers_in(answer)
        return known


def _customers_in(answer: Json) -> dict[str, Customer | SyncFailure]:
    """Read the answer of each id: a profile, or errors where it was deleted or merged away."""
    found: dict[str, Customer | SyncFailure] = {}
    for customer_id, one in (answer.get("responses") or {}).items():
        raw = one.get("customer") if isinstance(one, dict) else None
        if raw is None:
            continue
        try:
            found[customer_id] = to_customer(parse(CustomerModel, raw, "customer"))
        except SyncFailure as failure:
            found[customer_id] = failure
    return found


def _order_with(
    model: OrderModel, customers: Mapping[str, Customer | SyncFailure]
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
