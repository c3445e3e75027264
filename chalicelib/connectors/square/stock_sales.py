"""What was sold lately, by variation and location: why a count may read lower than it was sent."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from chalicelib.connectors.square.models import OrderModel, parse
from chalicelib.connectors.square.order_search import OrderWalk


def sold_since(walk: OrderWalk, since: datetime) -> Mapping[tuple[str, str], Decimal]:
    """Return pieces sold by (variation, location) in orders that changed from ``since`` on."""
    orders = {}
    for raw in walk.orders_since(since):
        order = parse(OrderModel, raw, "order")
        orders[order.id] = order
    sold: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for order in orders.values():
        for line in order.line_items:
            if line.catalog_object_id and order.state != "CANCELED":
                sold[line.catalog_object_id, order.location_id] += line.quantity
    return sold
