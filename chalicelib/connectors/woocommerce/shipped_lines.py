"""Which lines of an order left with a shipment; pure."""

from decimal import Decimal
from typing import Any

from chalicelib.connectors.woocommerce.models import LineModel, parse
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment


def items_of(order: dict[str, Any], wanted: Fulfilment) -> list[dict[str, int]]:
    """Return order lines with the pieces of them that left.

    A product may stand in several lines: they are filled in their order. A shipment that names no
    line at all and completes the order has everything.

    Raises:
        SyncFailure: nothing of what left is in the order.
    """
    lines = [parse(LineModel, one, "order line") for one in order.get("line_items") or []]
    if not wanted.lines and wanted.completes:
        return [{"item_id": one.id, "qty": int(one.quantity)} for one in lines]
    left = {one.id: one.quantity for one in lines}
    sent: dict[int, Decimal] = {}
    for shipped in wanted.lines:
        rest = shipped.quantity
        for line in lines:
            is_it = shipped.product_id == line.item_id or (shipped.sku and shipped.sku == line.sku)
            taken = min(rest, left[line.id]) if is_it else Decimal(0)
            if taken > 0:
                sent[line.id] = sent.get(line.id, Decimal(0)) + taken
                left[line.id] -= taken
                rest -= taken
    if not sent:
        raise SyncFailure(
            Reason.CONFLICT,
            "Nothing of what was sent is in the shop's order: compare the order on both sides.",
            error_code="lines_differ",
            field="lines",
        )
    return [{"item_id": id_, "qty": int(quantity)} for id_, quantity in sent.items()]
