"""The page of one row: the record whole, hostile names, and what a full page weighs."""

import json
from typing import Any

import pytest

from tests.app.browsing import HOSTILE, Browser
from tests.app.row_pages import (
    address,
    keep,
    look,
    make_call,
    make_line,
    make_order,
    money,
    put_attempt,
)
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

# the record


def test_an_order_is_shown_whole(browser: Browser, world: World) -> None:
    row = world.synced("acme", ORDERS, "O1", order_id="O1", total=money("13.00"))
    keep(world, row, make_order([make_line(1, net=money("10.00"))]))
    text = look(browser, row).text

    assert "Shirt 1 SH-1 2 10.00 GBP 2.00 GBP VAT 1.50 GBP 12.00 GBP" in text
    assert "CARD Mon 2 Nov 2026, 09:16:00 GMT PAY1 13.00 GBP 1.00 GBP" in text
    assert "Customer Ada King" in text
    assert "E-mail ada@example.org" in text
    assert "Taxes Tax Amount VAT 2.00 GBP" in text
    assert "Lines without tax 10.00 GBP Tax 2.00 GBP Tip 1.00 GBP Total 13.00 GBP" in text
    assert "Rounding" not in text


def test_columns_that_no_line_fills_are_left_out(browser: Browser, world: World) -> None:
    row = world.synced("acme", ORDERS, "O1")
    keep(world, row, make_order([make_line(1, discount=None, sku="")]))
    text = look(browser, row).text

    assert "Name SKU Qty Net Tax Tax name Total" in text


def test_taxes_of_several_lines_are_added_up_by_name(browser: Browser, world: World) -> None:
    row = world.synced("acme", ORDERS, "O1")
    charge = make_line(3, name="Service", tax=money("0.25"), tax_name="Reduced")
    lines = [make_line(1), make_line(2)]
    keep(world, row, make_order(lines, service_charges=[charge], customer=None))
    text = look(browser, row).text

    assert "VAT 4.00 GBP Reduced 0.25 GBP" in text
    assert "Service charges without tax 10.00 GBP" in text
    assert "Customer walk-in" in text


def test_each_line_of_a_long_order_can_be_seen(browser: Browser, world: World) -> None:
    row = world.synced("acme", ORDERS, "O1")
    keep(world, row, make_order([make_line(number) for number in range(1, 151)]))
    seen, names = look(browser, row), set()
    for _ in range(30):
        names |= {number for number in range(1, 151) if f" SH-{number} " in seen.text}
        following = [link for text, link in seen.links if text == "After"]
        if not following:
            break
        seen = browser.get(following[0])

    assert "to 150 of 150)" in seen.text
    assert len(names) == 150
    assert seen.link("Before").startswith(f"{address(row)}?part=")


def test_a_product_is_shown_by_its_fields(browser: Browser, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "P1", name="Shirt")
    keep(
        world,
        row,
        {
            "name": "Shirt",
            "barcode": "",
            "prices": {"2": {"amount": "47.9500", "currency": "GBP"}},
            "description_html": "<p>Made by <b>hand</b></p>",
            "tracked": True,
            "version": 7,
        },
    )
    text = look(browser, row).text

    assert "Description Made by hand" in text
    assert "Prices Price list Value 2 47.95 GBP" in text
    assert "Stock is counted yes" in text
    assert "Barcode" not in text
    assert "Version" not in text


def test_stock_says_which_location_failed(browser: Browser, world: World) -> None:
    places = [
        {"location": "Soho", "quantity": "20", "status": "Synced", "detail": ""},
        {"location": "Leeds", "quantity": "3", "status": "Failed", "detail": "It is closed."},
    ]
    seen = look(browser, world.failed("acme", STOCK, "P1", quantity="23", locations=places))

    assert "Soho 20 Synced" in seen.text
    assert "Leeds 3 Failed It is closed." in seen.text
    assert '<td><span class="st synced">' in seen.html


def test_locations_stand_beside_a_record_that_was_kept(browser: Browser, world: World) -> None:
    places = [{"location": "Soho", "quantity": "20.0", "status": "Synced", "detail": ""}]
    row = world.synced("acme", STOCK, "P1", locations=places)
    keep(world, row, {"on_hand": {"7": "20"}})
    text = look(browser, row).text

    assert "In stock Warehouse Value 7 20" in text
    assert "Soho 20 Synced" in text


@pytest.mark.parametrize(
    "record",
    [
        {"lines": [1, None, "x"], "payments": {"a": 1}, "customer": "Ada", "total": "12"},
        {"lines": [{"net": {"amount": "x", "currency": "GBP"}, "quantity": "many"}]},
        {"lines": [make_line(1), make_line(2, net={"amount": "5", "currency": "EUR"})]},
        {"a": [[[1]]], "b": {"c": {"d": None}}, "when": "2026-99-99T99:99", "n": 1.5, "e": {}},
        {"lines": [{"net": {"amount": "NaN", "currency": "GBP"}, "tax": {"amount": "1E+999"}}]},
    ],
    ids=["no lines", "no numbers", "two currencies", "nested", "odd numbers"],
)
def test_a_record_of_another_shape_is_shown_all_the_same(
    browser: Browser, world: World, record: dict[str, Any]
) -> None:
    row = world.synced("acme", ORDERS, "O1")
    keep(world, row, record)

    assert "The record, as last read" in look(browser, row).text


def test_amounts_of_two_currencies_are_not_added_up(browser: Browser, world: World) -> None:
    row = world.synced("acme", ORDERS, "O1")
    euros = {"amount": "5", "currency": "EUR"}
    keep(world, row, make_order([make_line(1), make_line(2, net=euros)]))
    text = look(browser, row).text

    assert "5.00 EUR" in text
    assert "Lines without tax" not in text


def test_fields_that_do_not_fit_are_counted(browser: Browser, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "P1")
    keep(world, row, {f"field{number:02}": "x" * 300 for number in range(60)})
    text = look(browser, row).text

    assert "Field03" in text
    assert "Field20" not in text
    assert "more fields did not fit here; the JSON has them." in text


def test_the_record_stands_there_as_json_too(browser: Browser, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "P1")
    keep(world, row, {"name": HOSTILE})

    assert '<b>"name"</b>: <i>"&lt;script&gt;alert(1)' in look(browser, row).html


# hostile and large


def test_hostile_names_are_text(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1", name=HOSTILE, sku=HOSTILE)
    world.failed("acme", STOCK, "P1", name=HOSTILE, sku=HOSTILE)
    keep(world, row, {HOSTILE: HOSTILE, "prices": {HOSTILE: HOSTILE}, "things": [{HOSTILE: 1}]})
    call = make_call(
        world,
        "c1",
        url=f"https://till.example/{HOSTILE}",
        request_headers={HOSTILE: HOSTILE},
        request_body=json.dumps({HOSTILE: HOSTILE}),
        response_body=f"'\"{HOSTILE}",
        error=HOSTILE,
    )
    put_attempt(world, row, 1, call, detail=HOSTILE, by=HOSTILE)
    seen = look(browser, row)

    assert "<script>alert" not in seen.html
    assert seen.text.count(HOSTILE) > 10


@pytest.mark.parametrize("letter", ["x", "\u0639", '"<'], ids=["latin", "arabic", "quotes"])
def test_a_full_page_stays_below_50_kb(browser: Browser, world: World, letter: str) -> None:
    long = letter * 250
    row = world.synced("acme", ORDERS, "O" * 150, name=long, order_id="A-1000", sku="SKU-1000")
    for number in range(15):
        world.failed("acme", STOCK, f"S{number}", name=long, sku="SKU-1000")
    lines = [make_line(number, name=long[:90]) for number in range(100)]
    keep(world, row, make_order(lines, reference=long))
    for number in range(1, 51):
        body = json.dumps({f"field{n}": f"{letter * 40}{number}" for n in range(60)})
        calls = [
            make_call(
                world,
                f"{number:016}{place:016}",
                request_body=body[:4096],
                response_body=body[:4096],
                url=f"https://till.example/{long}",
                serves="O" * 150,
            )
            for place in range(5)
        ]
        put_attempt(world, row, number, *calls, detail=long, reason="gave_up", outcome=None)
    seen = look(browser, row)

    assert len(seen.html.encode()) < 50_000
    assert seen.text.count("Attempt ") >= 50
