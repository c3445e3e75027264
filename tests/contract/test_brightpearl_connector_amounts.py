"""What an order is worth arrives at Brightpearl as it is: by line, account and currency."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import SalesLine, SalesOrder
from tests.contract.brightpearl_connection import Connected, connect, gbp, reason_of


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        references = found.simulator.world.references
        for code, name in (("4040", "Carriage"), ("4050", "Fees"), ("2150", "Gift cards owed")):
            references.add_nominal_code(code, name)
        yield found


def _rows(connected: Connected, target_id: str) -> dict[str, Any]:
    rows = connected.there(target_id)["orderRows"].values()
    return {row["externalRef"]: row for row in rows}


def _text(connected: Connected, key: str, net: str, tax: str, code: str) -> SalesLine:
    line = connected.line(key=key, name=key.title(), quantity=Decimal(1), nominal_code=code)
    return replace(line, net=gbp(net), tax=gbp(tax))


def test_every_line_is_booked_to_its_own_account(connected: Connected) -> None:
    lines = [
        connected.line(connected.shop.product(), nominal_code="4000"),
        _text(connected, "shipping", "5.00", "1.00", "4040"),
        _text(connected, "fee", "0.30", "0.00", "4050"),
        _text(connected, "gift-card", "50.00", "0.00", "2150"),
        _text(connected, "discount", "-1.67", "-0.33", "4009"),
    ]
    order = connected.order(*lines)
    done = connected.create(order)
    rows = _rows(connected, done.target_id)
    codes = {key: row["nominalCode"] for key, row in rows.items()}
    assert codes == {
        "LINE-1": "4000",
        "shipping": "4040",
        "fee": "4050",
        "gift-card": "2150",
        "discount": "4009",
    }
    assert rows["discount"]["rowValue"]["rowNet"]["value"] == "-1.6700"
    assert connected.there(done.target_id)["totalValue"]["total"] == "66.3000"
    assert connected.sync_one(order, done.target_id).equal


def test_order_worth_nothing_is_created(connected: Connected) -> None:
    free = connected.line(net=gbp("0.00"), tax=gbp("0.00"))
    order = connected.order(free)
    done = connected.create(order)
    assert connected.there(done.target_id)["totalValue"]["total"] == "0.0000"
    assert connected.sync_one(order, done.target_id).equal


def _in(currency: str, net: str, tax: str, connected: Connected, **changes: Any) -> SalesOrder:
    """Return an order of one line in another currency, paid by card."""
    amounts = [Money(Decimal(text), currency) for text in (net, tax)]
    total = amounts[0] + amounts[1]
    line = connected.line(net=amounts[0], tax=amounts[1])
    payment = connected.payment()
    return connected.order(line, total=total, payments=(replace(payment, amount=total),), **changes)


@pytest.mark.parametrize(
    ("currency", "net", "tax", "shown"),
    [("JPY", "1000", "100", "1100.0000"), ("EUR", "10.01", "2.00", "12.0100")],
)
def test_order_of_another_currency_keeps_its_amounts(
    connected: Connected, currency: str, net: str, tax: str, shown: str
) -> None:
    order = _in(currency, net, tax, connected)
    done = connected.create(order)
    there = connected.there(done.target_id)
    assert (there["currency"]["orderCurrencyCode"], there["totalValue"]["total"]) == (
        currency,
        shown,
    )
    (payment,) = connected.payments(done.target_id)
    assert (payment["currencyCode"], Decimal(payment["amountPaid"])) == (currency, Decimal(shown))
    found = connected.sync_one(order, done.target_id)
    assert (found.equal, found.total) == (True, f"{order.total}")


def test_amount_finer_than_brightpearl_takes_is_refused_before_anything_is_written(
    connected: Connected,
) -> None:
    failure = connected.sync_one(_in("KWD", "1.005", "0.000", connected))
    assert reason_of(failure) is Reason.UNSUPPORTED
    assert "1.005 KWD" in failure.detail
    assert connected.count_orders() == 0


def test_amount_of_three_decimals_that_two_can_hold_is_taken(connected: Connected) -> None:
    done = connected.create(_in("KWD", "1.500", "0.000", connected))
    assert connected.there(done.target_id)["totalValue"]["total"] == "1.5000"


@pytest.mark.parametrize("chosen", [True, False])
def test_price_list_is_the_one_that_was_chosen_or_the_accounts_own(
    connected: Connected, chosen: bool
) -> None:
    trade = "3"
    done = connected.create(connected.order(price_list=trade if chosen else ""))
    assert connected.there(done.target_id).get("priceListId") == (3 if chosen else None)


def test_goods_taken_in_exchange_are_booked_like_any_payment(connected: Connected) -> None:
    goods = connected.payment("5.00", key="X-1:exchange", method="OTHER")
    card = connected.payment("7.00", key="PAY-1")
    order = connected.order(payments=(goods, card))
    done = connected.create(order)
    booked = {one["transactionRef"]: one for one in connected.payments(done.target_id)}
    assert booked["X-1:exchange"]["paymentMethodCode"] == "OTHER"
    assert connected.there(done.target_id)["orderPaymentStatus"] == "PAID"
    assert connected.sync_one(order, done.target_id).equal
