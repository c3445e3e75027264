"""What is sent of a listing, and what counts as a difference."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.woocommerce.facts import Facts
from chalicelib.connectors.woocommerce.listings import (
    differences,
    item_body,
    merged_attributes,
    simple_body,
    variation_body,
    variation_differences,
)
from chalicelib.domain.money import Money
from chalicelib.domain.records import Listing
from tests.contract.woo_connection import listing, variant

FACTS = Facts(currency="GBP", includes_tax=False)


def row(**changes: Any) -> dict[str, Any]:
    """Return a product that holds what ``listing()`` wants."""
    made = {
        "id": 10,
        "type": "simple",
        "status": "publish",
        "name": "Linen shirt 1",
        "description": "<p>Summer linen</p>\n",
        "sku": "LIN-1",
        "regular_price": "24.95",
        "meta_data": [],
    }
    return made | changes


@pytest.mark.parametrize(
    ("changes", "wanted", "differs"),
    [
        ({}, {}, []),
        ({"name": "Linen &#8220;x&#8221; &amp; y"}, {"item_name": "Linen “x” & y"}, []),
        ({"regular_price": "24.950"}, {}, []),
        ({"regular_price": ""}, {}, ["price"]),
        ({"description": "Other"}, {}, ["description"]),
        ({"description": "Other"}, {"description_html": ""}, []),
        ({"sku": "lin-1"}, {}, ["SKU"]),
        ({}, {"barcode": "1"}, ["barcode"]),
        ({"categories": [{"id": 7}, {"id": 9}]}, {"category": "9"}, []),
        ({"categories": [{"id": 7}]}, {"category": "9"}, ["category"]),
        ({"status": "draft"}, {}, []),
        ({"status": "private"}, {}, []),
        ({"status": "publish"}, {"archived": True}, ["where it is shown"]),
        ({"status": "draft", "name": "x"}, {"archived": True}, []),
        ({"meta_data": "odd", "categories": None}, {}, []),
    ],
)
def test_only_what_we_set_is_compared(
    changes: dict[str, Any], wanted: dict[str, Any], differs: list[str]
) -> None:
    assert differences(row(**changes), listing(**wanted)) == differs


def test_what_we_hid_is_shown_again_and_what_others_hid_is_not() -> None:
    hidden = [{"key": "_synclog_hidden", "value": "yes"}]
    ours, theirs = row(status="private", meta_data=hidden), row(status="private")
    assert differences(ours, listing()) == ["where it is shown"]
    assert simple_body(listing(), ours, FACTS)["status"] == "publish"
    assert "status" not in simple_body(listing(), theirs, FACTS)


def test_wordpress_own_category_gives_way_and_the_shops_stay() -> None:
    held = row(categories=[{"id": 1, "slug": "uncategorized"}, {"id": 7, "slug": "sale"}])
    body = simple_body(listing(category="9"), held, FACTS)
    assert body["categories"] == [{"id": 7}, {"id": 9}]


def test_stock_is_switched_on_for_what_is_new_alone() -> None:
    assert simple_body(listing(), None, FACTS)["manage_stock"] is True
    assert "manage_stock" not in simple_body(listing(tracked=False), None, FACTS)
    assert "manage_stock" not in simple_body(listing(), row(), FACTS)


def test_an_archived_variation_changes_nothing_of_what_its_sisters_share() -> None:
    body = item_body([variant(1, "Red", archived=True)], row(type="variable"))
    assert not {"name", "description", "status"} & set(body)


def test_an_attribute_of_the_whole_shop_goes_by_its_id() -> None:
    parent = {"attributes": [{"id": 3, "name": "Colour", "options": ["Red"], "variation": False}]}
    assert merged_attributes(parent, [variant(1, "Blue")]) == [
        {"id": 3, "name": "Colour", "options": ["Red", "Blue"], "variation": True}
    ]
    body = variation_body(variant(1, "Blue"), None, parent, FACTS)
    assert body["attributes"] == [{"id": 3, "option": "Blue"}]


def test_a_variation_with_another_option_differs() -> None:
    parent = {"attributes": merged_attributes(None, [variant(1, "Red")]), "name": "Polo"}
    held = row(attributes=[{"name": "colour", "option": "blue"}])
    alike: Listing = variant(1, "Red", description_html="")
    assert variation_differences(held, parent, alike) == ["options"]
    held["attributes"][0]["option"] = "RED"
    assert variation_differences(held, parent, alike) == []


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [("24.9", 2, "24.90"), ("1990", 0, "1990"), ("24.95", 0, "24.95"), ("3", 4, "3.0000")],
)
def test_a_price_has_the_shops_decimals_and_keeps_its_own(
    amount: str, decimals: int, text: str
) -> None:
    facts = Facts(decimals=decimals)
    assert facts.price_text(Money(Decimal(amount), "GBP")) == text
