"""A shop's refunds as canonical records; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from chalicelib.connectors.woocommerce.amounts import (
    PLATFORM,
    SHOP,
    gross_of,
    labels_of,
    rounding_of,
    to_customer,
    to_line,
    unreadable,
    version_of,
)
from chalicelib.connectors.woocommerce.mapping import OTHER
from chalicelib.connectors.woocommerce.models import LineModel, OrderModel, RefundModel
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import OrderLine, Payment, Refund, Role

REFUNDED_LINE = "_refunded_item_id"  #: meta key: the line of the order that a line gives back
WITHOUT_GOODS = "Refund without goods"


def to_refund(refund: RefundModel, order: OrderModel) -> Refund:
    """Turn a refund and its order into the canonical record.

    Amounts the merchant typed without choosing lines become a line of their own.

    Raises:
        SyncFailure: its date is missing, or it gives back less than its lines say.
    """
    at = refund.date_created_gmt
    if at is None:
        raise unreadable("refund", "date_created_gmt")
    currency = order.currency
    total = Money(refund.amount.copy_abs(), currency).rounded()
    lines = _lines(refund, order)
    left = total.amount - gross_of(lines)
    rounding = rounding_of(left, len(lines), currency) if lines else Money.zero(currency)
    if left > 0 and not rounding:
        lines.append(_plain_amount(refund, Money(left, currency)))
    elif left < 0 and not rounding:
        raise _too_little(total, Money(gross_of(lines), currency))
    return Refund(
        id=str(refund.id),
        order_id=str(order.id),
        location=SHOP,
        refunded_at=at,
        updated_at=at,
        version=version_of(at),
        lines=lines,
        tip=Money.zero(currency),
        rounding=rounding,
        total=total,
        payments=_payments(refund, order, total, at),
        customer=to_customer(order.billing, order.customer_id),
        source=PLATFORM,
        reference=f"{order.number or order.id}-{refund.id}",
        reason=refund.reason,
    )


def _lines(refund: RefundModel, order: OrderModel) -> list[OrderLine]:
    labels = labels_of([*order.tax_lines, *refund.tax_lines])
    kinds = (
        (refund.line_items, Role.GOODS),
        (refund.shipping_lines, Role.SHIPPING),
        (refund.fee_lines, Role.FEE),
    )
    made = [_line(one, labels, order, role) for given, role in kinds for one in given]
    return [one for one in made if one.net or one.tax or (one.item_id and one.quantity)]


def _line(line: LineModel, labels: Mapping[int, str], order: OrderModel, role: Role) -> OrderLine:
    """Return a line under the id of the order's; money for goods that stay is no goods."""
    made = to_line(line, labels, order.currency, role, sign=-1)
    sold_id = str(line.meta(REFUNDED_LINE) or "")
    made = replace(made, id=sold_id or made.id, discount=None)
    if role is not Role.GOODS or made.quantity > 0:
        return made
    name = f"{made.name} (money only)"
    return replace(made, name=name, quantity=Decimal(1), item_id=None, sku="")


def _plain_amount(refund: RefundModel, amount: Money) -> OrderLine:
    return OrderLine(
        id=f"{refund.id}-amount",
        name=WITHOUT_GOODS,
        quantity=Decimal(1),
        net=amount,
        tax=Money.zero(amount.currency),
    )


def _payments(
    refund: RefundModel, order: OrderModel, total: Money, at: datetime
) -> Sequence[Payment]:
    """Return how the money went back: as it came, by the gateway or by the merchant's own hand.

    An order nobody paid has given nothing back.
    """
    if order.date_paid_gmt is None or not total:
        return []
    method = order.payment_method or OTHER
    return [Payment(id=f"{refund.id}-given-back", method=method, amount=total, paid_at=at)]


def _too_little(total: Money, lines: Money) -> SyncFailure:
    return SyncFailure(
        Reason.AMOUNTS_DIFFER,
        f"The refund gives back {total}, and its lines say {lines}: delete it in the shop and make"
        " it again with the right amounts.",
        error_code="refund_amounts",
        field="amount",
    )
