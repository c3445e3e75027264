"""Sales come from Lightspeed as orders: amounts to the minor unit, states, payments, names."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order, Role
from chalicelib.domain.statuses import Kind
from tests.contract.lightspeed_connection import Connected, connect


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def adds_up(order: Order) -> bool:
    """Whether lines, charges, tip and rounding are the total."""
    lines = (*order.lines, *order.service_charges)
    gross = sum((line.net.amount + line.tax.amount for line in lines), Decimal(0))
    return gross + order.tip.amount + order.rounding.amount == order.total.amount


def paid(record: Any) -> Decimal:
    return sum((one.amount.amount for one in record.payments), Decimal(0))


def ring_up(at: Connected, **fields: Any) -> str:
    """Sell two mugs of 20.00 in Leeds through the API; ``fields`` replace those of the sale."""
    product = fields.pop("product", None) or at.store.product("MUG")
    body = at.store.sale(product, **fields)
    answer = at.store.call("POST", "sales", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def test_a_sale_is_an_order_of_its_outlet_and_register(at: Connected) -> None:
    mug = at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 2})

    order = at.order(sale)

    assert (order.id, order.location, order.state, order.status) == (
        sale,
        at.store.leeds,
        "completed",
        "closed",
    )
    assert (order.source, order.reference) == ("Lightspeed · Leeds", "LE-1")
    assert order.placed_at == order.closed_at == at.store.clock()
    (line,) = order.lines
    assert (line.item_id, line.name, line.sku, line.quantity) == (mug, "Mug", "MUG", 2)
    assert (line.net, line.tax, line.tax_name) == (gbp("33.33"), gbp("6.67"), "VAT")
    assert (order.total, order.tax, order.customer) == (gbp("40.00"), gbp("6.67"), None)
    assert [(one.method, one.amount) for one in order.payments] == [("Cash", gbp("40.00"))]
    assert adds_up(order)


def test_the_version_of_an_order_is_lightspeeds_own_number(at: Connected) -> None:
    at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 1})

    assert at.order(sale).version == at.store.get(f"sales/{sale}")["data"]["_metadata"]["version"]


def test_lines_of_odd_fractions_add_up_to_the_minor_unit(at: Connected) -> None:
    skus = ["A", "B", "C", "D", "E"]
    for sku in skus:
        at.store.product(sku, price=3.33)
    sale = at.till.sell("Leeds", dict.fromkeys(skus, 1))

    order = at.order(sale)

    assert order.total == gbp("16.65")
    assert adds_up(order)
    assert order.rounding == gbp("0.00")


@pytest.mark.parametrize(
    ("state", "attributes", "expected", "note"),
    [
        ("parked", [], "draft", ""),
        ("pending", ["layby"], "open", "layby"),
        ("pending", ["onaccount"], "open", "on account"),
        ("pending", ["delivery"], "open", "delivery"),
        ("closed", ["pickup"], "completed", "pickup"),
        ("voided", [], "cancelled", ""),
    ],
)
def test_a_state_has_its_word(
    at: Connected, state: str, attributes: list[str], expected: str, note: str
) -> None:
    at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 1}, state=state, attributes=attributes)

    order = at.order(sale)

    assert (order.state, order.status, order.note) == (expected, state, note)
    assert (order.closed_at is not None) is (state == "closed")


def test_a_layby_is_open_until_it_is_paid(at: Connected) -> None:
    at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 1}, state="pending", attributes=["layby"], paid=False)
    assert not at.order(sale).is_paid

    at.till.change_sale(sale, "closed", paid=True)

    order = at.order(sale)
    assert (order.state, order.is_paid) == ("completed", True)


def test_a_named_customer_is_the_buyer_and_the_walk_in_is_nobody(at: Connected) -> None:
    at.store.product("MUG")
    ann = at.till.add_customer(first_name="Ann", last_name="Example", email="ann@example.com")
    named = at.till.sell("Leeds", {"MUG": 1}, customer=ann)
    unnamed = at.till.sell("York", {"MUG": 1})

    orders = at.source(Kind.ORDER).fetch_many([named, unnamed])

    assert orders[named].customer.email == "ann@example.com"
    assert orders[named].customer.id == ann
    assert orders[unnamed].customer is None


def test_a_walk_in_customer_of_another_code_is_told_by_the_setting(at: Connected) -> None:
    at.store.product("MUG")
    anybody = at.till.add_customer(first_name="Cash", last_name="Sale")
    sale = at.till.sell("Leeds", {"MUG": 1}, customer=anybody)

    assert at.order(sale).customer is not None
    assert at.with_settings(walk_in_customer=anybody).order(sale).customer is None


def test_a_sale_of_a_register_that_was_taken_down_keeps_its_name(at: Connected) -> None:
    at.store.product("MUG")
    sale = at.till.sell("Leeds", {"MUG": 1})
    at.till.delete("registers", at.store.demo.register_ids["Leeds"])

    assert at.order(sale).source == "Lightspeed · Leeds"


def test_names_are_read_once_for_a_whole_batch(at: Connected) -> None:
    for number in range(12):
        at.store.product(f"P{number}")
    buyers = [at.till.add_customer(first_name=f"Ann {number}") for number in range(12)]
    sales = [
        at.till.sell("Leeds", {f"P{number}": 1}, customer=buyers[number]) for number in range(12)
    ]
    at.till.calls.clear()

    orders = at.source(Kind.ORDER).fetch_many(sales)

    assert len(orders) == 12
    assert all(order.customer and order.lines[0].sku for order in orders.values())
    assert at.calls("sales") == 12
    assert at.calls("search") == 2
    assert at.calls("") <= 12 + 2 + 5


def test_unknown_sales_are_absent_and_a_broken_one_fails_alone(at: Connected) -> None:
    at.store.product("MUG")
    good, broken = at.till.sell("Leeds", {"MUG": 1}), at.till.sell("Leeds", {"MUG": 1})
    at.till.sales.feed.rows[broken].data["line_items"][0]["quantity"] = "many"

    read = at.source(Kind.ORDER).fetch_many([good, broken, "00000000-0000-0000-0000-000000000000"])

    assert set(read) == {good, broken}
    assert read[good].id == good
    assert isinstance(read[broken], SyncFailure)
    assert read[broken].reason is Reason.UNSUPPORTED
    assert "quantity" in read[broken].detail


def test_a_tip_and_a_fee_stand_beside_the_lines(at: Connected) -> None:
    adjustments = [
        {"type": "TIP", "amount": {"type": "FIXED", "value": "2.50"}},
        {"type": "NON_CASH_FEE", "name": "Card fee", "amount": {"type": "FIXED", "value": "1.10"}},
    ]
    sale = ring_up(at, pricing={"adjustments": adjustments}, payments=[at.store.payment(43.6)])

    order = at.order(sale)

    assert (order.tip, order.total) == (gbp("2.50"), gbp("43.60"))
    (fee,) = order.service_charges
    assert (fee.name, fee.net, fee.role) == ("Card fee", gbp("1.10"), Role.FEE)
    assert adds_up(order)


def test_a_discount_of_the_whole_sale_is_spread_over_its_lines(at: Connected) -> None:
    mug, jar = at.store.product("MUG"), at.store.product("JAR")
    lines = [at.store.line(mug, 1), at.store.line(jar, 3)]
    discount = [{"type": "DISCOUNT", "amount": {"type": "FIXED", "value": "8.00"}}]
    sale = ring_up(
        at,
        product=mug,
        line_items=lines,
        pricing={"adjustments": discount},
        payments=[at.store.payment(72)],
    )

    order = at.order(sale)

    assert [line.net.amount + line.tax.amount for line in order.lines] == [18, 54]
    assert (order.total, order.discount) == (gbp("72.00"), gbp("8.00"))
    assert adds_up(order)


def test_a_line_that_stands_for_a_discount_is_no_line(at: Connected) -> None:
    mug, off = at.store.product("MUG"), at.store.product("DISCOUNT")
    at.till.account.discount_product_id = off
    discount = at.store.line(off, 1) | {
        "pricing": {"price": -5, "discount": 0},
        "tax": {"id": at.store.demo.tax_id, "amount": -1},
    }
    sale = ring_up(
        at,
        product=mug,
        line_items=[at.store.line(mug, 2), discount],
        payments=[at.store.payment(34)],
    )

    order = at.order(sale)

    (line,) = order.lines
    assert (line.item_id, line.net, line.tax) == (mug, gbp("28.34"), gbp("5.66"))
    assert line.discount == gbp("5.00")
    assert adds_up(order)


def test_a_sold_gift_card_says_so_and_the_tax_of_none_has_no_name(at: Connected) -> None:
    card = at.store.product("CARD")
    line = at.store.line(card, 1) | {
        "pricing": {"price": 25, "discount": 0},
        "tax": {"id": at.store.demo.no_tax_id, "amount": 0},
        "gift_card_number": "123456",
    }
    sale = ring_up(at, product=card, line_items=[line], payments=[at.store.payment(25)])

    (line,) = at.order(sale).lines

    assert (line.role, line.tax_name, line.net) == (Role.GIFT_CARD, "", gbp("25.00"))


@pytest.mark.parametrize(
    ("given", "rounding", "total"),
    [(39.97, "-0.03", "39.97"), (40.0, "0.00", "40.00"), (39.9, "0.00", "40.00")],
    ids=["a coin's gap", "exact", "too much for a coin"],
)
def test_what_cash_leaves_is_rounding_up_to_the_smallest_coin(
    at: Connected, given: float, rounding: str, total: str
) -> None:
    cash = {"amount": given, "type": {"config_id": at.store.demo.payment_type_ids["Cash"]}}
    sale = ring_up(at, payments=[cash])

    order = at.order(sale)

    assert (order.rounding, order.total) == (gbp(rounding), gbp(total))
    assert adds_up(order)


def test_a_card_payment_that_is_short_is_not_rounding(at: Connected) -> None:
    order = at.order(ring_up(at, payments=[at.store.payment(39.97)]))

    assert (order.rounding, order.total, order.is_paid) == (gbp("0.00"), gbp("40.00"), False)


def test_change_is_taken_off_what_was_given(at: Connected) -> None:
    cash = at.store.demo.payment_type_ids["Cash"]
    given = [{"amount": one, "type": {"config_id": cash}} for one in (50.0, -10.0)]

    (payment,) = at.order(ring_up(at, payments=given)).payments

    assert (payment.method, payment.amount) == ("Cash", gbp("40.00"))


def test_sales_that_changed_since_a_moment_are_the_tills_answer(at: Connected) -> None:
    at.store.product("MUG", stock=50)
    at.till.sell("Leeds", {"MUG": 1})
    at.store.clock.advance(600)
    since = at.store.clock()
    new = [at.till.sell("Leeds", {"MUG": 2}), at.till.sell("York", {"MUG": 3})]
    at.till.take_back(new[0])
    at.till.calls.clear()

    sales = at.source(Kind.ORDER).list_sales(since=since)

    assert [(one.id, one.location, one.lines[0].quantity) for one in sales] == [
        (new[1], at.store.york, 3),
        (new[0], at.store.leeds, 2),
    ]
    assert all(one.customer is None for one in sales)
    assert (at.calls("search"), at.calls("sales")) == (1, 2)
