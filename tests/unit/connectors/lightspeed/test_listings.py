"""Listings and Lightspeed's products: names, codes, prices, what differs."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.lightspeed.application import ends_at
from chalicelib.connectors.lightspeed.listings import (
    Rules,
    barcode_type,
    creation_of,
    differences,
    name_outside_family,
    update_of,
)
from chalicelib.connectors.lightspeed.offer import record_url
from chalicelib.domain.money import Money
from chalicelib.domain.records import Listing
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

RULES = Rules(currency="GBP", tax_included=True)
LISTING = Listing(
    product_id="7",
    item_key="product-7",
    item_name="Mug",
    variation_name="Regular",
    sku="MUG",
    barcode="",
    category="",
    price=Money(Decimal("9.50"), "GBP"),
    description_html="",
    locations=(),
    tracked=True,
    archived=False,
)
PRODUCT: dict[str, Any] = {
    "id": "p1",
    "name": "Mug",
    "sku": "MUG",
    "price_including_tax": Decimal("9.49999"),
    "product_codes": [{"type": "custom", "code": "MUG"}],
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Mug"),
        ({"variation_name": ""}, "Mug"),
        ({"variation_name": "mug"}, "Mug"),
        ({"variation_name": "Red"}, "Mug · Red"),
        ({"variation_name": "Regular", "options": {"Size": "Regular"}}, "Mug · Regular"),
    ],
)
def test_a_product_outside_a_family_has_a_name_of_its_own(
    changes: dict[str, Any], name: str
) -> None:
    assert name_outside_family(replace(LISTING, **changes)) == name


def test_what_reads_the_same_does_not_differ() -> None:
    shown = PRODUCT | {"name": " Mug ", "description": "<p>Blue &amp; big</p>"}

    assert differences(PRODUCT, LISTING, RULES) == {}
    assert differences(shown, replace(LISTING, description_html="Blue & big"), RULES) == {}


def test_what_is_empty_in_a_listing_is_the_merchants() -> None:
    shown = PRODUCT | {
        "description": "Theirs",
        "product_category": {"id": "c1"},
        "product_codes": [*PRODUCT["product_codes"], {"type": "EAN", "code": "5012345678900"}],
    }

    assert differences(shown, LISTING, RULES) == {}


@pytest.mark.parametrize(
    "shown",
    [
        {"product_category": {"id": "c1"}},
        {"type": {"id": "c1"}},
        {"product_type_id": "c1"},
    ],
)
def test_a_category_is_read_by_its_newer_and_older_names(shown: dict[str, Any]) -> None:
    wanted = replace(LISTING, category="c1")

    assert differences(PRODUCT | shown, wanted, RULES) == {}
    assert differences(PRODUCT, wanted, RULES) == {"category": True}


@pytest.mark.parametrize("price", [None, "free", "NaN"])
def test_a_price_that_is_no_number_differs(price: Any) -> None:
    shown = PRODUCT | {"price_including_tax": price}

    assert differences(shown, LISTING, RULES) == {"price": True}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("50123456", "EAN"),
        ("012345678905", "UPC"),
        ("5012345678900", "EAN"),
        ("15012345678907", "ITF"),
        ("123", "CUSTOM"),
        ("MUG-RED-LARGE", "CUSTOM"),
    ],
)
def test_a_barcode_has_its_type_by_its_length(code: str, kind: str) -> None:
    assert barcode_type(code) == kind


def test_an_update_holds_only_what_differs() -> None:
    dearer = replace(LISTING, price=Money(Decimal("12"), "GBP"))

    assert update_of(PRODUCT, dearer, RULES, {}) == {
        "details": {"price_including_tax": Decimal("12")}
    }


def test_a_creation_sends_one_price_and_the_way_to_tell_ours() -> None:
    without_tax = Rules(currency="GBP", tax_included=False)

    assert creation_of([LISTING], without_tax, None) == {
        "name": "Mug",
        "source_id": "7",
        "sku": "MUG",
        "product_codes": [{"type": "CUSTOM", "code": "MUG"}],
        "price_excluding_tax": Decimal("9.50"),
    }


@pytest.mark.parametrize(
    ("version", "end"),
    [
        ("2026-07", datetime(2027, 7, 1, tzinfo=UTC)),
        ("2026-12", datetime(2027, 12, 1, tzinfo=UTC)),
        ("2026-13", None),
        ("2.0", None),
    ],
)
def test_a_version_ends_twelve_months_after_its_month(version: str, end: datetime | None) -> None:
    assert ends_at(version) == end


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("https://northwind.retail.lightspeed.app", True),
        ("http://127.0.0.1:9003", False),
        ("https://retail.lightspeed.app.example", False),
    ],
)
def test_only_a_store_of_lightspeed_has_pages(base_url: str, shown: bool) -> None:
    store = Connection(consumer="c", name="l", platform="lightspeed", base_url=base_url)

    assert (record_url(store, Kind.PRODUCT, "p1") is not None) is shown
