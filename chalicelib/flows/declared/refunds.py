"""Refunds: what a till or shop gave back as sales credits of an ERP."""

from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Belonging, Flow, LinkNeed, Setting, Side
from chalicelib.flows.declared.common import RETRY, Calls, start_date
from chalicelib.flows.mappings import sales_credits


def refunds(
    source: Side,
    target: Side,
    *,
    calls: Calls = lambda rows: (3 + rows, 4 + 7 * rows),
) -> Flow:
    """Return the flow of refunds; the flow of the orders answers what both need."""
    return Flow(
        name=f"{source.name}-refunds-to-{target.name}",
        label=f"Refunds from {source.label} to {target.label}",
        kind=Kind.REFUND,
        source=source.name,
        target=target.name,
        plan=sales_credits.sales_credit_from_refund,
        skips=sales_credits.why_no_sales_credit,
        columns=sales_credits.refund_columns,
        links=LinkNeed(kind="product", side="source", ids=sales_credits.returned_items),
        belongs_to=Belonging(
            flow=f"{source.name}-orders-to-{target.name}",
            need=LinkNeed(
                kind="order",
                side="source",
                ids=lambda refund: (refund.order_id,) if refund.order_id else (),
            ),
            record=sales_credits.returned_order,
        ),
        shares=f"{source.name}-orders-to-{target.name}",
        withdrawn=sales_credits.is_withdrawn,
        starts_at=sales_credits.refunded_at,
        settings=(
            start_date("Refunds"),
            Setting(
                name="credit_status",
                label="Status of new sales credits",
                type="choice",
                pick=("target", "credit_statuses"),
                help=f"{target.label}'s own unless stated.",
            ),
            Setting(
                name="restock",
                label="Returned goods",
                type="choice",
                options=("yes", "no"),
                default="yes",
                help=f"Yes: goods that went back on the shelf are noted at {target.label}, too.",
            ),
            Setting(
                name="without_order",
                label="Returns without a receipt",
                type="choice",
                options=("credit", "leave"),
                default="credit",
                help="Credit: a sales credit of no order, for the buyer or the walk-in customer.",
            ),
        ),
        calls=calls,
        retry=RETRY,
        poll_every_s=300,
        poll_overlap_s=600,
    )
