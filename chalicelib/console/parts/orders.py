"""An order as people read it: its lines, payments and taxes, and how the total comes about."""

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


def order_sheet(order: Mapping[str, Any]) -> Sheet:
    """Return an order laid out: when and where, who bought, lines, payments, taxes, totals."""
    lines, charges = _things(order, "lines"), _things(order, "service_charges")
    facts = [(label, found) for label, key in _ORDER_FACTS if (found := to_value(order.get(key)))]
    tables = [
        _lines_table("Lines", lines),
        _lines_table("Service charges", charges),
        _payments_table(_things(order, "payments")),
        _taxes_table([*lines, *charges]),
        _totals_table(order, lines, charges),
    ]
    return Sheet(facts=[*facts, *_customer_facts(order.get("customer"))], tables=tables)


def _things(order: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = order.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _customer_facts(customer: Any) -> Iterator[tuple[str, Value]]:
    """Yield who bought it; a walk-in is said to be one."""
    if not isinstance(customer, Mapping):
        yield "Customer", Value(text="walk-in")
        return
    address = customer.get("address")
    place = address.values() if isinstance(address, Mapping) else ()
    said = {
        "Customer": _joined(" ", customer.get("given_name"), customer.get("family_name")),
        "Company": customer.get("company"),
        "E-mail": customer.get("email"),
        "Phone": customer.get("phone"),
        "Address": _joined(", ", *place),
        "Customer id": customer.get("id"),
    }
    for label, raw in said.items():
        if value := to_value(raw):
            yield label, value


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


def _payments_table(payments: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[Row] = [
        (
            to_value(payment.get("method")),
            to_value(payment.get("paid_at")),
            to_value(payment.get("id")),
            to_value(payment.get("amount")),
            to_value(payment.get("tip")),
        )
        for payment in payments
    ]
    head = ("Method", "Paid", "Payment ID", "Amount", "Of it tip")
    return _without_empty(Table(caption="Payments", head=head, rows=rows), keep=4)


def _taxes_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    by_name: dict[str, list[Any]] = {}
    for line in lines:
        money = to_money(line.get("tax"))
        if line.get("tax_name") or money:
            by_name.setdefault(str(line.get("tax_name") or "(no name)"), []).append(line["tax"])
    rows: list[Row] = [(to_value(name), _sum_value(taxes)) for name, taxes in by_name.items()]
    return Table(caption="Taxes", head=("Tax", "Amount"), rows=rows)


def _totals_table(
    order: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    charges: Sequence[Mapping[str, Any]],
) -> Table:
    """Return how the total comes about; parts that are nothing are left out."""
    paid = [payment.get("amount") for payment in _things(order, "payments")]
    said = [
        ("Lines without tax", _sum_value([line.get("net") for line in lines])),
        ("Service charges without tax", _sum_value([one.get("net") for one in charges])),
        ("Tax", _unless_zero(order.get("tax"))),
        ("Tip", _unless_zero(order.get("tip"))),
        ("Rounding", _unless_zero(order.get("rounding"))),
        ("Total", to_value(order.get("total"))),
        ("Paid", _sum_value(paid)),
        ("Discounts, taken off the lines already", _unless_zero(order.get("discount"))),
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
