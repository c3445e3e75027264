"""Shipments: goods that left an ERP's warehouse, told to the shop that sold them."""

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Belonging, Flow, LinkNeed, Setting, Side
from chalicelib.flows.declared.common import RETRY, start_date
from chalicelib.flows.mappings import fulfilments


def shipments(source: Side, target: Side, *, completed: str) -> Flow:
    """Return the flow of shipments; ``completed`` is the target's status of a shipped order."""
    return Flow(
        name=f"{source.name}-shipments-to-{target.name}",
        label=f"Shipments from {source.label} to {target.label}",
        kind=Kind.SHIPMENT,
        source=source.name,
        target=target.name,
        plan=fulfilments.fulfilment_from_shipment,
        skips=fulfilments.why_no_fulfilment,
        columns=fulfilments.shipment_columns,
        links=LinkNeed(kind="product", side="source", ids=fulfilments.shipped_goods),
        belongs_to=Belonging(
            flow=f"{target.name}-orders-to-{source.name}",
            need=LinkNeed(kind="order", side="source", ids=fulfilments.shipped_order),
            record=fulfilments.order_of_shop,
        ),
        starts_at=fulfilments.shipped_at,
        settings=(
            start_date("Shipments"),
            Setting(
                name="completed_status",
                label="Status of a shipped order",
                type="choice",
                pick=("target", "order_statuses"),
                default=completed,
                help=f"At {target.label}, once all goods of the order have left.",
            ),
            Setting(
                name="shipment_way",
                label="How tracking is told",
                type="choice",
                options=("automatic", "fulfilments", "tracking", "note"),
                default="automatic",
                help="Automatic: the best way that the shop supports. Note: a note to the buyer.",
            ),
            Setting(
                name="notify",
                label="Tell the buyer",
                type="choice",
                options=("yes", "no"),
                default="yes",
                help=f"Yes: {target.label} writes to the buyer that goods have left.",
            ),
        ),
        calls=lambda rows: (3, 4 + 2 * rows),
        retry=RETRY,
        poll_every_s=300,
        poll_overlap_s=86_400,  # people date shipments back
    )
