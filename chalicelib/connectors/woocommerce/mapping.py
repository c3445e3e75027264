"""A shop's orders as canonical records; pure."""

from collections.abc import Mapping, Sequence
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
from chalicelib.connectors.woocommerce.models import OrderModel
from chalicelib.domain.money import Money
from chalicelib.domain.records import Order, OrderLine, Payment, Role

#: Payment method of what a gift card paid; people map it as any other.
GIFT_CARD = "gift_card"
#: Payment method where the shop names none.
OTHER = "other"
#: Where the plugin YITH Gift Cards notes what was used: amounts by code.
_YITH_GIFT_CARDS = "_ywgc_applied_gift_cards"

_STATES = {
    "pending": "draft",
    "failed": "draft",
    "checkout-draft": "draft",
    "auto-draft": "draft",
    "on-hold": "open",
    "cancelled": "cancelled",
    "trash": "cancelled",
}
_CHANNELS = {"admin": "Dashboard", "rest-api": "API", "pos-rest-api": "POS"}


def state_of(status: str) -> str:
    """Return what a status means; those of plugins are stages of an order that stands."""
    return _STATES.get(status, "completed")


def source_of(created_via: str) -> str:
    """Return where an order was made, as people call it."""
    channel = _CHANNELS.get(created_via)
    return f"{PLATFORM} · {channel}" if channel else PLATFORM


def to_order(order: OrderModel) -> Order:
    """Turn an order into its canonical record.

    Lines are without tax and after discounts, however the shop enters its prices. The total of an
    order that a gift card paid in part is shown by the shop without that part; here the gift card
    is a payment and the total is whole.

    Raises:
        SyncFailure: ``UNSUPPORTED``; the order lacks its currency or its date.
    """
    if not order.currency:
        raise unreadable("order", "currency")
    if order.date_created_gmt is None:
        raise unreadable("order", "date_created_gmt")
    currency, labels = order.currency, labels_of(order.tax_lines)
    lines = [to_line(one, labels, currency, Role.GOODS) for one in order.line_items]
    charges = _charges(order, labels)
    total = Money(order.total, currency).rounded()
    left = total.amount - gross_of([*lines, *charges])
    gift = _gift_card(order, left, currency)
    count = len(lines) + len(charges)
    updated_at = order.changed_at or order.date_created_gmt
    return Order(
        id=str(order.id),
        location=SHOP,
        state=state_of(order.status),
        status=order.status,
        placed_at=order.date_created_gmt,
        updated_at=updated_at,
        version=version_of(updated_at),
        lines=lines,
        service_charges=charges,
        tip=Money.zero(currency),
        rounding=rounding_of(left + gift.amount, count, currency),
        discount=Money(order.discount_total, currency).rounded(),
        total=total + gift,
        tax=Money(order.total_tax, currency).rounded(),
        payments=_payments(order, total, gift),
        customer=to_customer(order.billing, order.customer_id),
        source=source_of(order.created_via),
        reference=order.number or str(order.id),
    )


def _charges(order: OrderModel, labels: Mapping[int, str]) -> Sequence[OrderLine]:
    """Return shipping and fees; a fee below zero is a discount that some plugin gave."""
    kinds = ((order.shipping_lines, Role.SHIPPING), (order.fee_lines, Role.FEE))
    return [to_line(one, labels, order.currency, role) for given, role in kinds for one in given]


def _gift_card(order: OrderModel, left: Decimal, currency: str) -> Money:
    """Return what gift cards paid, if a known plugin says so and it is what the total lacks."""
    listed = [one.amount for one in (*order.gift_cards, *order.pw_gift_cards_redeemed)]
    used = sum((abs(amount) for amount in listed), Decimal(0)) or _yith(order)
    count = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    explains = left + used == 0 or bool(rounding_of(left + used, count, currency))
    return (
        Money(used, currency).rounded() if used and left < 0 and explains else Money.zero(currency)
    )


def _yith(order: OrderModel) -> Decimal:
    noted = [one.value for one in order.meta_data if one.key == _YITH_GIFT_CARDS]
    amounts = noted[0].values() if noted and isinstance(noted[0], Mapping) else ()
    texts = [str(one) for one in amounts]
    return sum((Decimal(one) for one in texts if _is_amount(one)), Decimal(0))


def _is_amount(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _payments(order: OrderModel, total: Money, gift: Money) -> Sequence[Payment]:
    """Return the gift card's part, and once the shop notes a payment the rest by its method.

    Cash on delivery has no date of payment before the parcel is paid for.
    """
    paid_at = order.date_paid_gmt
    if paid_at is None:
        return []
    parts: list[tuple[str, str, Money, datetime]] = [
        (f"{order.id}-gift-card", GIFT_CARD, gift, paid_at),
        (f"{order.id}-paid", order.payment_method or OTHER, total, paid_at),
    ]
    return [
        Payment(id=id_, method=method, amount=amount, paid_at=at)
        for id_, method, amount, at in parts
        if amount.amount > 0
    ]
