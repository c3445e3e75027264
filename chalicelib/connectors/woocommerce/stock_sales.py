"""What a shop sold or holds that the source cannot know of yet: a number is sent without it.

A till takes a count for a moment in the past and subtracts later sales by itself. A shop takes it
for now: what was sold between the moment of counting and the call would be put back.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.mapping import state_of
from chalicelib.connectors.woocommerce.models import OrderModel, parse
from chalicelib.connectors.woocommerce.walking import Walk
from chalicelib.domain.reasons import SyncFailure

_SHOWN = "id,status,date_created_gmt,date_paid_gmt,line_items"


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Orders that bear on stock."""

    recent: list[OrderModel]
    unpaid: list[OrderModel]

    def sold_since(self, item: str, at: datetime) -> Decimal:
        """Return pieces of orders placed after a moment, paid or to be paid on delivery."""
        sold = [one for one in self.recent if _is_sold(one) and _placed_after(one, at)]
        return _pieces(sold, item)

    def held(self, item: str) -> Decimal:
        """Return pieces that orders hold while they wait for their money."""
        return _pieces(self.unpaid, item)


class Sales:
    """Reads what was sold lately; orders that wait for money are read once in its life."""

    def __init__(self, client: WooClient) -> None:
        self._client = client
        self._unpaid: list[OrderModel] | None = None

    def read(self, since: datetime) -> Pieces:
        """Return the orders that bear on numbers counted from ``since`` on."""
        walk = Walk(
            client=self._client,
            path="orders",
            order_by="date",
            field="date_created_gmt",
            only=_SHOWN,
        )
        recent = _orders(walk.read_all(since=since))
        if self._unpaid is None:
            rows = self._client.read_all("orders", status="on-hold", _fields=_SHOWN)
            self._unpaid = [one for one in _orders(rows) if one.date_paid_gmt is None]
        return Pieces(recent=recent, unpaid=self._unpaid)


def _orders(rows: Iterable[Json]) -> list[OrderModel]:
    """Read orders, each once; one that cannot be read fails on its own row."""
    found: dict[int, OrderModel] = {}
    for row in rows:
        try:
            order = parse(OrderModel, row, "order")
        except SyncFailure:
            continue
        found[order.id] = order
    return list(found.values())


def _is_sold(order: OrderModel) -> bool:
    state = state_of(order.status)
    return state == "completed" or (state == "open" and order.date_paid_gmt is not None)


def _placed_after(order: OrderModel, at: datetime) -> bool:
    return order.date_created_gmt is not None and order.date_created_gmt > at


def _pieces(orders: Iterable[OrderModel], item: str) -> Decimal:
    by_item: dict[str | None, Decimal] = defaultdict(Decimal)
    for order in orders:
        for line in order.line_items:
            by_item[line.item_id] += line.quantity
    return by_item[item]
