"""Refund → sales credit: the document an ERP should hold for what was given back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Refund, Role, SalesCredit, SalesLine
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import Planning, Showing, key_of
from chalicelib.flows.mappings.answers import shared_setting
from chalicelib.flows.mappings.sales_orders import (
    channel_of,
    nominal_code,
    plain_line,
    sales_line,
    sales_payments,
    warehouse_of,
)
from chalicelib.flows.mappings.sums import check_payments, check_sum


def sales_credit_from_refund(refund: Refund, planning: Planning) -> SalesCredit:
    """Plan the sales credit of a refund, below the sales order of what it gives back.

    Taxes, payment methods, places and nominal codes are answered by the flow of the orders.

    Raises:
        SyncFailure: its order is not synced yet, the lines do not add up, or an answer is missing.
    """
    order_id = _order_at_target(refund, planning)
    check_sum(
        refund.total,
        refund.lines,
        (refund.tip, refund.rounding),
        parts="lines and the tip of the refund",
    )
    check_payments(refund.total, refund.payments)
    settings, shared = planning.settings, planning.shared_settings
    customer = refund.customer if refund.customer is not None and refund.customer.email else None
    return SalesCredit(
        source_id=key_of(refund.id, planning.flow),
        reference=refund.reference or refund.id,
        placed_at=refund.refunded_at,
        order_id=order_id,
        customer=customer,
        walk_in_contact=_walk_in(order_id, refund, planning),
        lines=tuple(_lines(refund, planning)),
        payments=tuple(sales_payments(refund.payments, planning)),
        total=refund.total,
        warehouse=warehouse_of(refund.location, planning),
        channel=channel_of(refund.location, planning),
        status=str(settings.get("credit_status") or ""),
        price_list=str(shared.get("price_list") or ""),
        restock=refund.restocks and settings.get("restock") != "no",
    )


def _order_at_target(refund: Refund, planning: Planning) -> str | None:
    if refund.order_id is None:
        return None
    found = planning.owners.get(refund.order_id)
    if found is None:
        detail = f"Its order {refund.order_id} is not synced yet."
        cause = record_cause(Kind.ORDER.value, refund.order_id)
        raise SyncFailure(Reason.NEEDS_RECORD, detail, cause=cause)
    return found


def _walk_in(order_id: str | None, refund: Refund, planning: Planning) -> str:
    known = bool(refund.customer is not None and refund.customer.email)
    if order_id is not None or known:
        return str(planning.shared_settings.get("walk_in_customer") or "")
    return shared_setting(
        planning,
        "walk_in_customer",
        sentence="The return names neither an order nor a customer with an e-mail address, "
        "and the setting “Walk-in customer” of the orders is not set.",
    )


def _lines(refund: Refund, planning: Planning) -> Iterable[SalesLine]:
    shared = planning.shared_settings
    for line in refund.lines:
        yield sales_line(line, planning, shared)
    nominal = nominal_code(Role.GOODS, shared)
    if refund.tip:
        tips = str(shared.get("tip_nominal_code") or nominal)
        yield plain_line("tip", "Tip", refund.tip, planning, tips)
    if refund.rounding:
        yield plain_line("rounding", "Rounding", refund.rounding, planning, nominal)


def why_no_sales_credit(refund: Refund, planning: Planning) -> str | None:
    """Say why a refund is left alone: no money moved (yet), or nobody knows what it gives back."""
    if refund.state == "pending":
        return "The money is not given back yet; it is synced once it is."
    if refund.state == "failed":
        return "The refund was refused or taken back: no money moved."
    if refund.order_id is not None and refund.order_id in planning.left_alone:
        why = planning.left_alone[refund.order_id]
        return f"Its order {refund.order_id} is not synced. {why}".strip()
    if refund.order_id is None and planning.settings.get("without_order") == "leave":
        return "It returns goods without a receipt, and such returns are left alone by setting."
    return None


def is_withdrawn(refund: Refund) -> bool:
    """Whether a refund was refused or taken back after all."""
    return refund.state == "failed"


def returned_items(refund: Refund) -> Sequence[str]:
    """Ids whose links a refund needs: the things that came back."""
    return tuple(line.item_id for line in refund.lines if line.item_id is not None)


def returned_order(refund: Refund, flow: str) -> str | None:
    """Return the id of the order that a refund gives back; its source is that of the refund."""
    return refund.order_id


def refunded_at(refund: Refund) -> datetime:
    """Return the time that is compared with the start date."""
    return refund.refunded_at


def refund_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of a refund row; the target's ids are empty until they exist."""
    refund: Refund = showing.record
    credit: SalesCredit | None = showing.desired
    columns: dict[str, Any] = {
        "refund_id": refund.id,
        "order_id": refund.order_id,
        "target_order_id": credit.order_id if credit is not None else None,
        "credit_id": showing.target_id or None,
        "total": refund.total.to_json(),
    }
    if refund.customer is not None and refund.customer.email:
        columns["email"] = refund.customer.email
    return columns
