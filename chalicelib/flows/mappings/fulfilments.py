"""Shipment → fulfilment: what a shop should tell the buyer about goods that left."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment, Shipment
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Planning, Showing, record_of


def fulfilment_from_shipment(shipment: Shipment, planning: Planning) -> Fulfilment:
    """Plan what the shop is told of a shipment: carrier, tracking, and the order's end.

    Raises:
        SyncFailure: its order came from this shop and is not synced yet.
    """
    order_id = planning.owners.get(shipment.order_id)
    if order_id is None:
        shops = order_of_shop(shipment, planning.flow) or ""
        detail = f"Its order {shops} is not synced yet."
        cause = record_cause(Kind.ORDER.value, shops)
        raise SyncFailure(Reason.NEEDS_RECORD, detail, cause=cause)
    if shipment.shipped_at is None:
        raise ValueError("a shipment that has not left is not planned")
    settings = planning.settings
    return Fulfilment(
        shipment_id=shipment.id,
        order_id=order_id,
        shipped_at=shipment.shipped_at,
        carrier=shipment.carrier,
        tracking=shipment.tracking,
        tracking_url=shipment.tracking_url,
        lines=tuple(
            replace(line, product_id=planning.linked.get(line.product_id, ""))
            for line in shipment.lines
        ),
        completes=shipment.completes,
        status=str(settings.get("completed_status") or ""),
        notify=settings.get("notify") != "no",
    )


def why_no_fulfilment(shipment: Shipment, planning: Planning) -> str | None:
    """Say why a shipment is left alone: it has not left, or its order is of another shop."""
    if shipment.order_id not in planning.owners:
        order = order_of_shop(shipment, planning.flow) or ""
        if order in planning.left_alone:
            return f"Its order {order} is not synced. {planning.left_alone[order]}".strip()
        if order not in planning.awaited:
            return "Its order did not come from this shop."
    if shipment.cancelled:
        return "The shipment was cancelled."
    if shipment.shipped_at is None:
        return "The goods have not left yet; it is synced once they have."
    return None


def shipped_goods(shipment: Shipment) -> Sequence[str]:
    """Ids whose links a shipment needs: the products that left."""
    return tuple(line.product_id for line in shipment.lines)


def shipped_order(shipment: Shipment) -> Sequence[str]:
    """Ids whose links say where the order of a shipment is at the shop."""
    return (shipment.order_id,)


def order_of_shop(shipment: Shipment, flow: str) -> str | None:
    """Return the shop's id of the order, if the shipment's source has it from that account."""
    return record_of(shipment.order_key, flow)


def shipped_at(shipment: Shipment) -> datetime | None:
    """Return the time that is compared with the start date."""
    return shipment.shipped_at


def shipment_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of a shipment row; the shop's order is named once it is known."""
    shipment: Shipment = showing.record
    fulfilment: Fulfilment | None = showing.desired
    return {
        "shipment_id": shipment.id,
        "order_id": shipment.order_id,
        "target_order_id": fulfilment.order_id if fulfilment else None,
        "carrier": shipment.carrier,
        "tracking": shipment.tracking,
    }
