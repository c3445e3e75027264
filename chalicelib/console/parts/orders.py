"""Orders and refunds as people read them: lines, payments, taxes, how the total comes about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chalicelib.console.parts.sheets import (
    Row,
    Sheet,
    Table,
    Value,
    money_value,
    number_value,
    to_money,
    to_value,
)

_ORDER_FACTS = (
    ("State", "state"),
    ("Placed", "placed_at"),
    ("Closed", "closed_at"),
    ("Location", "location"),
    ("Sold on", "source"),
    ("Reference", "reference"),
    ("Returns goods of", "returns_of"),
    ("Payments that brought no money", "unpaid"),
)
_REFUND_FACTS = (
    ("State", "state"),
    ("Given back", "refunded_at"),
    ("Reason", "reason"),
    ("Goods went back on the shelf", "restocks"),
    ("Location", "location"),
    ("Given back on", "source"),
    ("Reference", "reference"),
)


def order_sheet(order: Mapping[str, Any]) -> Sheet:
    """Return an order laid out: when and where, who bought, lines, payments, taxes, totals."""
    lines, charges = _things(order, "lines"), _things(order, "service_charges")
    tables = [
        _lines_table("Lines", lines),
        _lines_table("Service charges", charges),
        _payments_table("Payments", "Paid", _things(order, "payments")),
        _taxes_table([*lines, *charges]),
        _totals_table(
            order,
            ("Lines without tax", _sum_value([line.get("net") for line in lines])),
            ("Service charges without tax", _sum_value([one.get("net") for one in charges])),
            tax=_unless_zero(order.get("tax")),
            paid="Paid",
        ),
    ]
    facts = [*facts_of(order, _ORDER_FACTS), *_customer_facts(order.get("customer"))]
    return Sheet(facts=facts, tables=tables)


def refund_sheet(refund: Mapping[str, Any]) -> Sheet:
    """Return a refund laid out: which order it gives back, to whom, what, and by which way."""
    lines = _things(refund, "lines")
    taxes = [line.get("tax") for line in lines]
    tables = [
        _lines_table("Given back", lines),
        _payments_table("Money given back", "When", _things(refund, "payments")),
        _taxes_table(lines),
        _totals_table(
            refund,
            ("Lines without tax", _sum_value([line.get("net") for line in lines])),
            tax=_sum_value(taxes) if any(to_money(tax) for tax in taxes) else None,
            paid="Money given back",
        ),
    ]
    order = to_value(refund.get("order_id")) or Value(text="none: without a receipt")
    facts = [
        ("Order ID", order),
        *facts_of(refund, _REFUND_FACTS),
        *_customer_facts(refund.get("customer")),
    ]
    return Sheet(facts=facts, tables=tables)


def facts_of(
    record: Mapping[str, Any], names: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Value]]:
    """Yield fields under their labels, as far as a record has them."""
    for label, key in names:
        if found := to_value(record.get(key)):
            yield label, found


def _things(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _customer_facts(customer: Any) -> Iterator[tuple[str, Value]]:
    """Yield who bought it; a walk-in is said to be one."""
    if not isinstance(customer, Mapping):
        yield "Customer", Value(text="walk-in")
        return
    said = {
        "Customer": _joined(" ", customer.get("given_name"), customer.get("family_name")),
        "Company": customer.get("company"),
        "E-mail": customer.get("email"),
        "Phone": customer.get("phone"),
        "Address": address_of(customer.get("address")),
        "Customer id": customer.get("id"),
    }
    for label, raw in said.items():
        if value := to_value(raw):
            yield label, value


_ADDRESS = ("line1", "line2", "city", "state", "postcode", "country")


def address_of(address: Any) -> str:
    """Return an address in one line, as it stands on a letter; a store keeps its parts by name."""
    if not isinstance(address, Mapping):
        return ""
    others = sorted(address.keys() - set(_ADDRESS))
    return _joined(", ", *(address.get(name) for name in (*_ADDRESS, *others)))


def _joined(by: str, *parts: Any) -> str:
    return by.join(str(part) for part in parts if part)


def _lines_table(caption: str, lines: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[Row] = [
        (
            to_value(line.get("name")) or Value(text="(no name)"),
            to_value(line.get("sku")),
            number_value(line.get("quantity")),
            to_value(line.get("net")),
            to_value(line.get("tax")),
            to_value(line.get("tax_name")),
            to_value(line.get("discount")),
            _sum_value([line.get("net"), line.get("tax")]),
        )
        for line in lines
    ]
    head = ("Name", "SKU", "Qty", "Net", "Tax", "Tax name", "Discount", "Total")
    return _without_empty(Table(caption=caption, head=head, rows=rows), keep=5)


def _without_empty(table: Table, *, keep: int) -> Table:
    """Leave out columns behind the first ones in which no row has anything."""
    kept = [
        column
        for column in range(len(table.head))
        if column < keep or any(row[column] for row in table.rows)
    ]
    return replace(
        table,
        head=[table.head[column] for column in kept],
        rows=[[row[column] for column in kept] for row in table.rows],
    )


def _payments_table(caption: str, when: str, payments: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[Row] = [
        (
            _method(payment.get("method")),
            to_value(payment.get("paid_at")),
            to_value(payment.get("id")),
            to_value(payment.get("amount")),
            to_value(payment.get("tip")),
        )
        for payment in payments
    ]
    head = ("Method", when, "Payment ID", "Amount", "Of it tip")
    return _without_empty(Table(caption=caption, head=head, rows=rows), keep=4)


def _method(method: Any) -> Value | None:
    """Return a way to pay in the source's own word; goods that paid are called so."""
    return to_value("Exchanged goods" if method == "EXCHANGE" else method)


def _taxes_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    by_name: dict[str, list[Any]] = {}
    for line in lines:
        money = to_money(line.get("tax"))
        if line.get("tax_name") or money:
            by_name.setdefault(str(line.get("tax_name") or "(no name)"), []).append(line["tax"])
    rows: list[Row] = [(to_value(name), _sum_value(taxes)) for name, taxes in by_name.items()]
    return Table(caption="Taxes", head=("Tax", "Amount"), rows=rows)


def _totals_table(
    document: Mapping[str, Any],
    *nets: tuple[str, Value | None],
    tax: Value | None,
    paid: str,
) -> Table:
    """Return how the total comes about; parts that are nothing are left out."""
    amounts = [payment.get("amount") for payment in _things(document, "payments")]
    said = [
        *nets,
        ("Tax", tax),
        ("Tip", _unless_zero(document.get("tip"))),
        ("Rounding", _unless_zero(document.get("rounding"))),
        ("Total", to_value(document.get("total"))),
        (paid, _sum_value(amounts)),
        ("Discounts, taken off the lines already", _unless_zero(document.get("discount"))),
    ]
    rows: list[Row] = [
        (Value(text=label, type="strong" if label == "Total" else "text"), value)
        for label, value in said
        if value
    ]
    return Table(caption="Totals", head=("Part", "Amount"), rows=rows)


def _unless_zero(raw: Any) -> Value | None:
    return to_value(raw) if to_money(raw) else None


def _sum_value(parts: Sequence[Any]) -> Value | None:
    """Return the sum of amounts of one currency; None where there is none, or they differ."""
    found = [money for part in parts if (money := to_money(part)) is not None]
    if not found or any(money.currency != found[0].currency for money in found):
        return None
    total = sum((money.amount for money in found), Decimal(0))
    return money_value({"amount": total, "currency": found[0].currency})
