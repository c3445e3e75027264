"""The pages and logs of refunds, shipments and customers: canonical records as people read them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.money import Money
from chalicelib.domain.records import (
    Customer,
    OrderLine,
    Payment,
    Refund,
    Role,
    Shipment,
    ShippedLine,
)
from chalicelib.domain.setup import Role as KeyRole
from chalicelib.domain.statuses import Kind
from chalicelib.flows.closing import to_json
from tests.app.browsing import HOSTILE, Browser, signed_in
from tests.app.row_pages import LOGS, keep, look
from tests.app.toy_world import World, open_world
from tests.app.toys import FLOWS, ORDERS, make_flow

REFUNDS, SHIPMENTS, CUSTOMERS = (
    "till-refunds-to-shop",
    "shop-shipments-to-till",
    "till-customers-to-shop",
)
AT = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
MORE = {
    REFUNDS: make_flow(REFUNDS, "Refunds", Kind.REFUND, "till", "shop"),
    SHIPMENTS: make_flow(SHIPMENTS, "Shipments", Kind.SHIPMENT, "shop", "till"),
    CUSTOMERS: make_flow(CUSTOMERS, "Customers", Kind.CUSTOMER, "till", "shop"),
}


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.services = replace(opened.services, flows={**FLOWS, **MORE})
        opened.add_consumer("acme", time_zone="Europe/London")
        with wiring.use(opened.services, opened.settings):
            yield opened


@pytest.fixture
def browser(world: World) -> Browser:
    return signed_in(world, None, KeyRole.ADMIN)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def read(browser: Browser, world: World, flow: str, record: Any) -> str:
    """Return what the page of a record says of it."""
    row = world.synced("acme", flow, record.id)
    keep(world, row, to_json(record))
    text = look(browser, row).text
    return text.partition("The record, as last read")[2].partition("As JSON")[0]


# refunds


def refund(**changes: Any) -> Refund:
    lines = (
        OrderLine(
            id="l1",
            name="Shirt",
            sku="SH-1",
            quantity=Decimal("2.000"),
            net=gbp("10.00"),
            tax=gbp("2.00"),
            tax_name="VAT",
        ),
        OrderLine(
            id="l2",
            name="Courier",
            quantity=Decimal(1),
            net=gbp("3.00"),
            tax=gbp("0.60"),
            tax_name="VAT",
            role=Role.SHIPPING,
        ),
    )
    paid = Payment(id="RP1", method="CARD", amount=gbp("16.58"), paid_at=AT)
    defaults: dict[str, Any] = {
        "id": "R1",
        "order_id": "O1",
        "location": "London Soho",
        "refunded_at": AT,
        "updated_at": AT,
        "version": 7,
        "lines": lines,
        "tip": gbp("1.00"),
        "rounding": gbp("-0.02"),
        "total": gbp("16.58"),
        "payments": (paid,),
        "customer": Customer(id="C1", given_name="Ada", email="ada@example.org"),
        "source": "Square",
        "reason": "Wrong size",
    }
    return Refund(**{**defaults, **changes})


def test_a_refund_says_what_was_given_back_of_which_order(browser: Browser, world: World) -> None:
    said = read(browser, world, REFUNDS, refund())

    assert said.strip().startswith("Order ID O1 State completed Given back Mon 2 Nov 2026")
    assert "Reason Wrong size Goods went back on the shelf yes Location London Soho" in said
    assert "Customer Ada E-mail ada@example.org" in said
    assert "Given back Name SKU Qty Net Tax Tax name Total Shirt SH-1 2 10.00 GBP 2.00 GBP" in said
    assert "Money given back Method When Payment ID Amount CARD Mon 2 Nov 2026" in said
    assert "Taxes Tax Amount VAT 2.60 GBP" in said


def test_goods_taken_in_exchange_are_called_so_where_they_pay(
    browser: Browser, world: World
) -> None:
    goods = Payment(id="R1-exchange", method="EXCHANGE", amount=gbp("16.58"), paid_at=AT)
    said = read(browser, world, REFUNDS, refund(payments=(goods,)))

    assert "Payment ID Amount Exchanged goods Mon 2 Nov 2026" in said


def test_the_total_of_a_refund_comes_about_line_by_line(browser: Browser, world: World) -> None:
    said = read(browser, world, REFUNDS, refund())

    assert (
        "Lines without tax 13.00 GBP Tax 2.60 GBP Tip 1.00 GBP Rounding -0.02 GBP "
        "Total 16.58 GBP Money given back 16.58 GBP"
    ) in said


def test_a_return_without_a_receipt_says_so(browser: Browser, world: World) -> None:
    untaxed = OrderLine(id="l1", name="Cash", quantity=Decimal(1), net=gbp("5"), tax=gbp("0"))
    plain = {"tip": gbp("0"), "rounding": gbp("0"), "lines": (untaxed,), "customer": None}
    one = refund(order_id=None, restocks=False, total=gbp("5"), payments=(), **plain)
    said = read(browser, world, REFUNDS, one)

    assert "Order ID none: without a receipt" in said
    assert "Goods went back on the shelf no" in said
    assert "Customer walk-in" in said
    assert "Lines without tax 5.00 GBP Total 5.00 GBP" in said


# shipments


def shipment(**changes: Any) -> Shipment:
    defaults: dict[str, Any] = {
        "id": "G1",
        "order_id": "700",
        "order_key": "O1",
        "shipped_at": AT,
        "carrier": "Fleet Post",
        "tracking": "FP1",
        "tracking_url": "https://track.example/FP1",
        "lines": (
            ShippedLine(product_id="1007", quantity=Decimal("2.000"), sku="SH-1", name="Shirt"),
            ShippedLine(product_id="1008", quantity=Decimal("1.5")),
        ),
        "completes": True,
        "source": "Brightpearl",
    }
    return Shipment(**{**defaults, **changes})


def test_a_shipment_says_how_it_is_followed_and_what_is_in_it(
    browser: Browser, world: World
) -> None:
    said = read(browser, world, SHIPMENTS, shipment())

    assert said.strip().startswith("Left Mon 2 Nov 2026, 09:15:00 GMT Carrier Fleet Post")
    assert "Tracking FP1 Tracking page https://track.example/FP1" in said
    assert "Sales order ID 700 Order ID O1" in said
    assert "All goods of the order have left yes" in said
    assert "Goods Name SKU Qty Product ID Shirt SH-1 2 1007 (no name)" in said
    assert "1.5 1008" in said
    assert "walk-in" not in said


@pytest.mark.parametrize(
    ("changes", "left"),
    [({"shipped_at": None}, "not yet"), ({"cancelled": True}, "cancelled")],
    ids=["not_yet", "cancelled"],
)
def test_a_shipment_that_did_not_leave_says_why(
    browser: Browser, world: World, changes: dict[str, Any], left: str
) -> None:
    assert f"Left {left} Carrier" in read(browser, world, SHIPMENTS, shipment(**changes))


# customers


def test_a_customer_is_shown_by_name_and_one_line_of_address(
    browser: Browser, world: World
) -> None:
    address = {"line1": "1 High St", "line2": "", "city": "Leeds", "country": "GB"}
    one = Customer(
        id="C1",
        given_name="Ada",
        family_name="King",
        company="King Ltd",
        email="ada@example.org",
        phone="0123",
        address=address,
        source="Shop",
        version=7,
    )
    said = read(browser, world, CUSTOMERS, one)

    assert "Given name Ada Family name King" in said
    assert "Company King Ltd E-mail ada@example.org Phone 0123" in said
    assert "Address 1 High St, Leeds, GB" in said
    assert "Deleted" not in said
    assert "Version" not in said


def test_a_customer_that_was_merged_says_into_whom(browser: Browser, world: World) -> None:
    said = read(browser, world, CUSTOMERS, Customer(id="C1", deleted=True, merged_into="C2"))

    assert "Merged into C2" in said
    assert "Deleted yes" in said


# whatever is in them


@pytest.mark.parametrize("flow", MORE)
@pytest.mark.parametrize(
    "record",
    [
        {"lines": [1, None, "x"], "payments": {"a": 1}, "customer": "Ada", "address": ["x"]},
        {"lines": [{"net": {"amount": "x"}, "quantity": "many", "tax": "1"}], "shipped_at": 7},
        {"name": HOSTILE, "carrier": HOSTILE, "lines": [{"name": HOSTILE}], "address": HOSTILE},
    ],
    ids=["no_lines", "no_numbers", "hostile"],
)
def test_a_record_of_another_shape_is_shown_all_the_same(
    browser: Browser, world: World, flow: str, record: dict[str, Any]
) -> None:
    row = world.synced("acme", flow, "X1")
    keep(world, row, record)
    seen = look(browser, row)

    assert "The record, as last read" in seen.text
    assert "<script>alert" not in seen.html


# their logs


def test_the_log_of_shipments_names_both_orders(browser: Browser, world: World) -> None:
    columns = {"shipment_id": "G1", "order_id": "700", "target_order_id": "O1", "carrier": "DPD"}
    world.synced("acme", SHIPMENTS, "G1", **columns)
    text = browser.get(f"{LOGS}?kind=shipment").text

    assert "Shipment ID Shop SO ID Till order ID Carrier Tracking" in text
    assert "G1 700 O1 DPD" in text


def test_the_log_of_orders_shows_the_number_people_know_under_the_id(
    browser: Browser, world: World
) -> None:
    total = {"amount": "12.00", "currency": "GBP"}
    world.synced("acme", ORDERS, "O1", order_id="O1", order_number="1042", total=total)
    world.synced("acme", ORDERS, "O2", order_id="O2", total=total)
    html = browser.get(f"{LOGS}?kind=order").html

    assert 'O1</a><span class="under">1042</span></th>' in html
    assert "O2</a></th>" in html


@pytest.mark.parametrize("page", ["executions", "logs"])
def test_flows_to_choose_from_stand_as_they_are_declared(
    browser: Browser, world: World, page: str
) -> None:
    for flow in (SHIPMENTS, REFUNDS):
        world.synced("acme", flow, "X1")
    html = browser.get(f"/console/consumers/acme/{page}").html

    assert html.index(f'{REFUNDS}"') < html.index(f'{SHIPMENTS}"')
