"""Order → sales order: the document an ERP should hold for a sale at the till."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.log import Units
from chalicelib.domain.money import Money
from chalicelib.domain.records import (
    Customer,
    Order,
    OrderLine,
    Payment,
    Role,
    SalesLine,
    SalesOrder,
    SalesPayment,
    StatusChange,
)
from chalicelib.flows.declare import BothWays, Planning, Showing, key_of
from chalicelib.flows.mappings.answers import found_answer, mapped, setting
from chalicelib.flows.mappings.sums import check_payments, check_sum

_NOMINAL_CODES = {
    Role.SHIPPING: "shipping_nominal_code",
    Role.FEE: "fee_nominal_code",
    Role.GIFT_CARD: "gift_card_nominal_code",
}

_NO_TAX = "Lines without tax have no tax code yet: give the empty value one."


def sales_order_from_order(order: Order, planning: Planning) -> SalesOrder:
    """Plan the sales order of an order.

    Lines keep their net and tax after discounts; service charges, tip and rounding become rows
    without a product, so that the rows add up to the total to the minor unit.

    Raises:
        SyncFailure: the lines do not add up, or a mapping or setting has no answer yet.
    """
    check_sum(
        order.total,
        (*order.lines, *order.service_charges),
        (order.tip, order.rounding),
        parts="lines, charges and tip",
    )
    check_payments(order.total, order.payments)
    customer = order.customer if order.customer is not None and order.customer.email else None
    settings = planning.settings
    return SalesOrder(
        source_id=key_of(order.id, planning.flow),
        reference=order.reference or order.id,
        placed_at=order.closed_at or order.placed_at,
        customer=customer,
        walk_in_contact=_walk_in(customer, planning),
        lines=tuple(_lines(order, planning)),
        payments=tuple(sales_payments(order.payments, planning)),
        total=order.total,
        warehouse=warehouse_of(order.location, planning),
        channel=channel_of(order.location, planning),
        status=_status(order, planning),
        cancelled_status=_cancelled_status(order, planning),
        price_list=str(settings.get("price_list") or ""),
        cancelled=order.state == "cancelled",
        stock=str(settings.get("take_stock") or "reserved"),
        unpaid=_unpaid(order),
        moves_to=status_at_target(order.status, planning) or "",
    )


def _status(order: Order, planning: Planning) -> str:
    return status_at_target(order.status, planning) or setting(
        planning, "order_status", sentence="The setting “Order status” is not set."
    )


def status_at_target(status: str, planning: Planning) -> str | None:
    """Return the target's status for the source's word, if the merchant gave it one."""
    return found_answer(planning, "order_status", status)


def status_at_source(status: str, planning: Planning) -> str | None:
    """Return the source's word for the target's status, if the merchant gave it one."""
    return found_answer(planning, "order_status_back", status)


STATUS_BOTH_WAYS = BothWays(
    status=lambda order: order.status,
    back=status_at_source,
    forward=status_at_target,
    change=lambda order_id, status: StatusChange(order_id=order_id, status=status),
)


def warehouse_of(location: str, planning: Planning) -> str:
    """Return the warehouse that stands for the place of a sale."""
    sentence = f"The location {location} has no warehouse yet."
    return mapped(planning, "warehouse", location, sentence=sentence)


def channel_of(location: str, planning: Planning) -> str:
    """Return the sales channel that stands for the place of a sale."""
    sentence = f"The location {location} has no sales channel yet."
    return mapped(planning, "channel", location, sentence=sentence)


def _walk_in(customer: Customer | None, planning: Planning) -> str:
    if customer is not None:
        return str(planning.settings.get("walk_in_customer") or "")
    return setting(
        planning,
        "walk_in_customer",
        sentence="The sale has no customer with an e-mail address, "
        "and the setting “Walk-in customer” is not set.",
    )


def _cancelled_status(order: Order, planning: Planning) -> str:
    """Return the target's status of a cancelled order; of a live one as far as it is known.

    The mapping's default is no answer here: it would make every status one of cancelled orders.
    """
    words = (order.status, "cancelled") if order.state == "cancelled" else ("cancelled",)
    table = planning.mappings.get("order_status")
    entries = table.entries if table is not None else {}
    known = next((entries[word] for word in words if entries.get(word)), None)
    if known is not None or order.state != "cancelled":
        return str(known or planning.settings.get("cancelled_status") or "")
    return setting(
        planning,
        "cancelled_status",
        sentence="The setting “Status of cancelled orders” is not set.",
    )


def _lines(order: Order, planning: Planning) -> Iterable[SalesLine]:
    for line in (*order.lines, *order.service_charges):
        yield sales_line(line, planning, planning.settings)
    nominal = nominal_code(Role.GOODS, planning.settings)
    tips = str(planning.settings.get("tip_nominal_code") or nominal)
    if order.tip:
        yield plain_line("tip", "Tip", order.tip, planning, tips)
    if order.rounding:
        yield plain_line("rounding", "Rounding", order.rounding, planning, nominal)


def sales_line(line: OrderLine, planning: Planning, settings: Mapping[str, Any]) -> SalesLine:
    """Plan the row of a line; ``settings`` hold the nominal codes."""
    sentence = f"The tax “{line.tax_name}” has no tax code yet." if line.tax_name else _NO_TAX
    return SalesLine(
        key=line.id,
        product_id=planning.linked.get(line.item_id or ""),
        name=line.name,
        quantity=line.quantity,
        net=line.net,
        tax=line.tax,
        tax_code=mapped(planning, "tax", line.tax_name, sentence=sentence),
        nominal_code=nominal_code(line.role, settings),
    )


def nominal_code(role: Role, settings: Mapping[str, Any]) -> str:
    """Return the nominal code that lines of a role are booked to; sales unless said otherwise."""
    own = settings.get(_NOMINAL_CODES.get(role, ""))
    return str(own or settings.get("sales_nominal_code") or "")


def plain_line(key: str, name: str, amount: Money, planning: Planning, nominal: str) -> SalesLine:
    """Plan a row without a product and without tax."""
    return SalesLine(
        key=key,
        product_id=None,
        name=name,
        quantity=Decimal(1),
        net=amount,
        tax=Money.zero(amount.currency),
        tax_code=mapped(planning, "tax", "", sentence=_NO_TAX),
        nominal_code=nominal,
    )


def sales_payments(payments: Iterable[Payment], planning: Planning) -> Iterable[SalesPayment]:
    """Plan the payments of a document, each under its own key."""
    for payment in payments:
        method = mapped(
            planning,
            "payment_method",
            payment.method,
            sentence=f"The payment method {payment.method} has no counterpart yet.",
        )
        yield SalesPayment(
            key=payment.id, method=method, amount=payment.amount, paid_at=payment.paid_at
        )


def _unpaid(order: Order) -> tuple[str, ...]:
    """Keys of payments to take back: a cancelled order has given back all of them."""
    if order.state != "cancelled":
        return ()
    return (*order.unpaid, *(payment.id for payment in order.payments))


def why_no_sales_order(order: Order, planning: Planning) -> str | None:
    """Say why an order is left alone: a draft, not paid yet, or only a return of another one."""
    if order.state == "draft":
        return "It is a draft; it is synced once it is completed or paid."
    if order.returns_of is not None:
        return "It only returns goods of another order."
    if order.state == "open" and not order.is_paid:
        if planning.settings.get("unpaid_orders") == "export":
            return None
        return f"It is {order.note or 'open'} and not paid yet; it is synced once it is."
    return None


def sold_units(order: Order) -> Sequence[Units]:
    """Return the goods an order takes; a draft or a cancelled one takes none.

    An unpaid one takes none either, unless its source holds the goods for it.
    """
    holds = order.is_paid or order.holds_goods
    sold = order.state == "completed" or (order.state == "open" and holds)
    if not sold or order.returns_of is not None:
        return ()
    return tuple(
        Units(
            record=order.id,
            item=line.item_id,
            location=order.location,
            quantity=line.quantity,
            sold_at=order.closed_at or order.placed_at,
        )
        for line in order.lines
        if line.item_id is not None
    )


def waits_with_goods(order: Order) -> bool:
    """Whether an order that is left alone for now has taken its goods already."""
    return order.state == "open" and order.holds_goods


def sold_at(order: Order) -> datetime:
    """Return the time that is compared with the start date."""
    return order.closed_at or order.placed_at


def sold_items(order: Order) -> Sequence[str]:
    """Ids whose links an order needs: the things it sold."""
    return tuple(line.item_id for line in order.lines if line.item_id is not None)


def order_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of an order row; the ERP's id is empty until it exists."""
    order: Order = showing.record
    columns: dict[str, Any] = {
        "order_id": order.id,
        "target_order_id": showing.target_id or None,
        "total": order.total.to_json(),
        "source": order.source,
    }
    if order.reference not in ("", order.id):
        columns["order_number"] = order.reference
    if order.customer is not None and order.customer.email:
        columns["email"] = order.customer.email
    return columns
