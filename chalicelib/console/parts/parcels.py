"""A shipment as people read it: when it left, how it is followed, and what is in it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.console.parts.orders import facts_of
from chalicelib.console.parts.sheets import Row, Sheet, Table, Value, number_value, to_value

_FACTS = (
    ("Carrier", "carrier"),
    ("Tracking", "tracking"),
    ("Tracking page", "tracking_url"),
    ("Sales order ID", "order_id"),
    ("Order ID", "order_key"),
    ("Location", "location"),
    ("All goods of the order have left", "completes"),
    ("Created on", "source"),
    ("Changed at the source", "updated_at"),
)


def shipment_sheet(shipment: Mapping[str, Any]) -> Sheet:
    """Return a shipment laid out; one that has not left, or never will, says so."""
    left = to_value(shipment.get("shipped_at")) or Value(text="not yet")
    state = ("Left", Value(text="cancelled") if shipment.get("cancelled") else left)
    return Sheet(facts=[state, *facts_of(shipment, _FACTS)], tables=[_goods_table(shipment)])


def _goods_table(shipment: Mapping[str, Any]) -> Table:
    lines = shipment.get("lines")
    rows: list[Row] = [
        (
            to_value(line.get("name")) or Value(text="(no name)"),
            to_value(line.get("sku")),
            number_value(line.get("quantity")),
            to_value(line.get("product_id")),
        )
        for line in (lines if isinstance(lines, list) else ())
        if isinstance(line, Mapping)
    ]
    return Table(caption="Goods", head=("Name", "SKU", "Qty", "Product ID"), rows=rows)
