"""Square's refunds and exchanges as canonical records; pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.connectors.square.lines import amount_of, to_money
from chalicelib.connectors.square.mapping import PLATFORM, source_of, version_of
from chalicelib.connectors.square.models import OrderModel, OrderRefundModel, RefundModel
from chalicelib.connectors.square.returned import (
    Part,
    amount_only,
    closed_at,
    exchange_payment,
    is_even_exchange,
    paid_by_goods,
    part_of,
    returned_by,
)
from chalicelib.domain.money import Money
from chalicelib.domain.records import Customer, Payment, Refund, Role

_STATES = {"COMPLETED": "completed", "APPROVED": "completed", "PENDING": "pending"}
_FAILED = ("REJECTED", "FAILED", "CANCELED")
_ORDER_STATES = {"COMPLETED": "completed", "CANCELED": "failed"}
#: Tenders that a refund goes back to, by where Square says it went; the first one where the sale's
#: own tender is not known.
_TENDERS = {
    "CARD": ("CARD", "SQUARE_GIFT_CARD"),
    "EXTERNAL": ("OTHER", "THIRD_PARTY_CARD", "NO_SALE"),
    "": ("OTHER",),
}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What is known around a refund: the order that holds the return, the sale, the buyer."""

    order: OrderModel | None = None
    sale: OrderModel | None = None
    sale_id: str | None = None
    customer: Customer | None = None


def state_of(status: str) -> str:
    """Return a refund's state in our words; one of tomorrow is not settled yet."""
    return "failed" if status in _FAILED else _STATES.get(status, "pending")


def holds_return(order: OrderModel | None) -> bool:
    """Say whether refunds of an order pay for what came back with it.

    An even exchange stands for itself; a refund that names it gives back part of what it sold.
    """
    return order is not None and bool(order.returns) and not is_even_exchange(order)


def sale_of(order: OrderModel) -> str | None:
    """Return the sale whose goods came back with an order, the first where there are several."""
    return next((one.source_order_id for one in order.returns if one.source_order_id), None)


def to_refund(refund: RefundModel, papers: Papers) -> Refund:
    """Turn a refund into its canonical record: its own part of what came back.

    Raises:
        SyncFailure: ``UNSUPPORTED``; the return has another currency than the refund.
    """
    state = state_of(refund.status)
    paid = to_money(refund.amount_money)
    part, goods = _part(refund, papers, paid)
    order = papers.order or papers.sale
    payments = [
        Payment(
            id=refund.id,
            method=_method(refund, papers.sale),
            amount=paid,
            paid_at=refund.changed_at,
            tip=part.tip or None,
        )
    ]
    if goods and papers.order:
        payments.append(exchange_payment(papers.order.id, goods, refund.changed_at))
    return Refund(
        id=refund.id,
        order_id=papers.sale_id,
        location=refund.location_id or (order.location_id if order else ""),
        refunded_at=refund.created_at,
        updated_at=refund.changed_at,
        version=version_of(refund.changed_at),
        state=state,
        lines=part.lines,
        tip=part.tip,
        rounding=part.rounding,
        total=paid + goods,
        payments=payments if state == "completed" else (),
        restocks=_brings_goods(part),
        customer=papers.customer,
        source=source_of(order.source.name) if order else PLATFORM,
        reference=order.reference_id if order else "",
        reason=refund.reason,
    )


def to_exchange_refund(order: OrderModel, papers: Papers) -> Refund:
    """Turn what came back in an even exchange into a refund that goods paid for, all of it.

    Raises:
        SyncFailure: ``UNSUPPORTED``; it has several currencies.
    """
    currency = order.total_money.currency if order.total_money else ""
    returned = returned_by(order, currency)
    total = returned.total
    part = part_of(returned, before=Money.zero(currency), paid=total)
    state = _ORDER_STATES.get(order.state, "pending")
    updated_at = order.updated_at or order.created_at
    payment = exchange_payment(order.id, total, closed_at(order))
    return Refund(
        id=order.id,
        order_id=papers.sale_id,
        location=order.location_id,
        refunded_at=closed_at(order),
        updated_at=updated_at,
        version=version_of(updated_at),
        state=state,
        lines=part.lines,
        tip=part.tip,
        rounding=part.rounding,
        total=total,
        payments=[payment] if state == "completed" else (),
        restocks=_brings_goods(part),
        customer=papers.customer,
        source=source_of(order.source.name),
        reference=order.reference_id,
    )


def _part(refund: RefundModel, papers: Papers, paid: Money) -> tuple[Part, Money]:
    """Return what a refund pays for, and how much of that goods paid in its stead."""
    nothing = Money.zero(paid.currency)
    if (
        papers.order is None
        or not holds_return(papers.order)
        or state_of(refund.status) == "failed"
    ):
        return Part(
            lines=[amount_only(paid)] if paid else [], tip=nothing, rounding=nothing
        ), nothing
    returned = returned_by(papers.order, paid.currency)
    goods = paid_by_goods(papers.order, returned)
    before = _before(refund, papers.order, paid.currency)
    if before:
        return part_of(returned, before=before + goods, paid=paid), nothing
    return part_of(returned, before=nothing, paid=paid + goods), goods


def _before(refund: RefundModel, order: OrderModel, currency: str) -> Money:
    """Return what earlier refunds of the same return paid; those that failed paid nothing."""
    ours = _own_entry(refund, order)
    mine = _rank(ours) if ours else (refund.created_at, refund.id)
    earlier = [
        amount_of(one.amount_money, currency)
        for one in order.refunds
        if state_of(one.status) != "failed" and _rank(one) < mine
    ]
    return sum(earlier, Money.zero(currency))


def _own_entry(refund: RefundModel, order: OrderModel) -> OrderRefundModel | None:
    """Return how the return names this refund: by its id, or else by the payment it gives back."""
    by_id = [one for one in order.refunds if one.id == refund.id]
    by_tender = [one for one in order.refunds if refund.payment_id == one.tender_id]
    return next(iter(by_id or by_tender), None)


def _rank(one: OrderRefundModel) -> tuple[datetime, str]:
    return one.created_at or _LONG_AGO, one.id


def _method(refund: RefundModel, sale: OrderModel | None) -> str:
    """Return the tender that got the money back, in the words that orders use."""
    went_to = refund.destination_type
    fitting = _TENDERS.get(went_to, (went_to,))
    tenders = sale.tenders if sale else []
    paid_by = [one.type for one in tenders if refund.payment_id in (one.payment_id, one.id)]
    if paid_by and (not went_to or paid_by[0] in fitting):
        return paid_by[0]
    return fitting[0]


def _brings_goods(part: Part) -> bool:
    """Say whether pieces came back to the shelf; Square's returns do not say it themselves."""
    return any(line.item_id and line.role is Role.GOODS for line in part.lines)
