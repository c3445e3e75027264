"""Orders as a till has them, and the answers a merchant gave for them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.money import Money
from chalicelib.domain.records import Order, OrderLine, Payment
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning

FLOW = "square-orders-to-brightpearl"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANSWERS = {
    "warehouse": {"LONDON": "2"},
    "channel": {"LONDON": "9"},
    "tax": {"VAT 20%": "T20", "": "T0"},
    "payment_method": {"CARD": "1210", "CASH": "1200"},
}


def money(amount: str, currency: str = "GBP") -> Money:
    return Money(Decimal(amount), currency)


def line(key: str = "L1", net: str = "10.00", tax: str = "2.00", **changes: Any) -> OrderLine:
    currency = changes.pop("currency", "GBP")
    defaults: dict[str, Any] = {
        "id": key,
        "name": "Mug",
        "quantity": Decimal(1),
        "net": money(net, currency),
        "tax": money(tax, currency),
        "item_id": "VAR1",
        "tax_name": "VAT 20%" if Decimal(tax) else "",
    }
    return OrderLine(**{**defaults, **changes})


def payment(amount: str, key: str = "P1", method: str = "CARD", currency: str = "GBP") -> Payment:
    return Payment(id=key, method=method, amount=money(amount, currency), paid_at=AT)


def order(total: str = "12.00", currency: str = "GBP", **changes: Any) -> Order:
    defaults: dict[str, Any] = {
        "id": "SALE42",
        "location": "LONDON",
        "state": "completed",
        "placed_at": AT,
        "updated_at": AT,
        "version": 1,
        "lines": (line(),),
        "tip": money("0", currency),
        "rounding": money("0", currency),
        "discount": money("0", currency),
        "total": money(total, currency),
        "tax": money("0", currency),
        "payments": (payment(total, currency=currency),),
        "source": "Square",
    }
    return Order(**{**defaults, **changes})


def answers(without: str = "", flow: str = FLOW) -> dict[str, MappingTable]:
    return {
        name: MappingTable(consumer="c", flow=flow, name=name, entries=entries)
        for name, entries in ANSWERS.items()
        if name != without
    }


def planning(without: str = "", **settings: Any) -> Planning:
    given = {
        "order_status": "3",
        "walk_in_customer": "500",
        "sales_nominal_code": "4000",
        **settings,
    }
    return Planning(
        flow=FLOW,
        target_connection="brightpearl",
        settings={name: value for name, value in given.items() if value is not None},
        mappings=answers(without=without),
        linked={"VAR1": "1007"},
    )
