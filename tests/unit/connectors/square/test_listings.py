"""A listing is merged into Square's item without losing anything of the seller's."""

import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.square.listings import (
    Placing,
    differences,
    is_live,
    is_shown_at,
    merge,
    new_id,
    same_text,
)
from chalicelib.domain.money import Money
from chalicelib.domain.records import Listing

LISTING = Listing(
    product_id="1001",
    item_key="product-1001",
    item_name="Linen shirt",
    variation_name="M / blue",
    sku="LIN-M",
    barcode="5012345678900",
    category="CAT1",
    price=Money(Decimal("24.95"), "GBP"),
    description_html="<p>Summer linen</p>",
    locations=("L1", "L2"),
    tracked=True,
    archived=False,
)


def item(**changes: Any) -> dict[str, Any]:
    """Return the item Square holds once ``LISTING`` was written."""
    made = merge(None, "ITEM1", [Placing(listing=LISTING, variation_id="VAR1")])
    return made | changes


def merged_again(held: dict[str, Any], listing: Listing = LISTING) -> dict[str, Any]:
    return merge(held, "ITEM1", [Placing(listing=listing, variation_id="VAR1")])


def variation(held: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = held["item_data"]["variations"][0]
    return found


def test_what_was_merged_does_not_differ() -> None:
    held = item()

    assert differences(held, variation(held), LISTING) == []
    assert is_live(held, variation(held), LISTING)
    assert merged_again(held) == held


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"item_name": "Other"}, "name"),
        ({"description_html": "<p>Other</p>"}, "description"),
        ({"category": "CAT2"}, "category"),
        ({"variation_name": "Other"}, "variation name"),
        ({"sku": "OTHER"}, "SKU"),
        ({"sku": "lin-m"}, "SKU"),
        ({"barcode": "4012345678901"}, "barcode"),
        ({"price": Money(Decimal("24.96"), "GBP")}, "price"),
        ({"price": Money(Decimal("24.95"), "EUR")}, "price"),
        ({"tracked": False}, "stock tracking"),
        ({"locations": ("L1", "L3")}, "where it is sold"),
        ({"locations": ()}, "where it is sold"),
        ({"archived": True}, "where it is sold"),
    ],
)
def test_each_difference_is_named_and_merged_away(change: dict[str, Any], named: str) -> None:
    wanted = replace(LISTING, **change)
    held = item()

    assert differences(held, variation(held), wanted) == [named]
    after = merged_again(held, wanted)
    assert differences(after, variation(after), wanted) == []


def test_merging_leaves_the_item_it_was_given_alone() -> None:
    held = item()
    before = copy.deepcopy(held)

    merged_again(held, replace(LISTING, item_name="Other", category="CAT2"))

    assert held == before


def test_the_sellers_further_categories_stay_when_ours_changes() -> None:
    held = item()
    held["item_data"]["categories"] = [{"id": "CAT1"}, {"id": "SALE", "ordinal": 7}]
    held["item_data"]["category_id"] = "CAT1"

    data = merged_again(held, replace(LISTING, category="CAT2"))["item_data"]

    assert data["categories"] == [{"id": "SALE", "ordinal": 7}, {"id": "CAT2"}]
    assert data["reporting_category"] == {"id": "CAT2"}
    assert "category_id" not in data


def test_a_new_description_takes_the_old_plain_texts_with_it() -> None:
    held = item()
    held["item_data"] |= {"description": "Summer linen", "description_plaintext": "Summer linen"}

    assert "description" in merged_again(held)["item_data"]
    changed = merged_again(held, replace(LISTING, description_html="<p>Winter</p>"))["item_data"]
    assert "description" not in changed
    assert "description_plaintext" not in changed


def test_an_item_sold_everywhere_stays_so_and_loses_only_our_exceptions() -> None:
    held = item(present_at_all_locations=True, absent_at_location_ids=["L2", "L9"])
    held.pop("present_at_location_ids")

    after = merged_again(held)

    assert after["present_at_all_locations"]
    assert after["absent_at_location_ids"] == ["L9"]


def test_a_listing_for_all_locations_is_sold_everywhere() -> None:
    after = merged_again(item(), replace(LISTING, locations=()))

    assert after["present_at_all_locations"]
    assert "present_at_location_ids" not in after
    assert is_shown_at(after, "ANY")


def test_being_sold_everywhere_is_squares_default() -> None:
    assert is_shown_at({}, "L1")
    assert not is_shown_at({"absent_at_location_ids": ["L1"]}, "L1")


def test_an_archived_item_is_not_live_whatever_its_locations_say() -> None:
    held = item()
    held["item_data"]["is_archived"] = True

    assert not is_live(held, variation(held), LISTING)
    assert not merged_again(held)["item_data"]["is_archived"]


def test_an_item_is_archived_with_the_last_of_its_variations() -> None:
    red = Placing(listing=LISTING, variation_id="VAR1")
    blue = Placing(listing=replace(LISTING, product_id="1002", sku="B"), variation_id="VAR2")
    held = merge(None, "ITEM1", [red, blue])

    one_left = merge(held, "ITEM1", [archived(red)])
    none_left = merge(one_left, "ITEM1", [archived(blue)])

    assert not one_left["item_data"].get("is_archived")
    assert none_left["item_data"]["is_archived"]
    assert len(none_left["item_data"]["variations"]) == 2


def archived(placing: Placing) -> Placing:
    return replace(placing, listing=replace(placing.listing, archived=True))


def test_hiding_changes_nothing_else() -> None:
    hidden = merged_again(item(), replace(LISTING, archived=True, item_name="x", sku="y"))

    assert hidden["item_data"]["name"] == "Linen shirt"
    assert variation(hidden)["item_variation_data"]["sku"] == "LIN-M"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("  Linen   shirt ", "Linen shirt"),
        ("<p>Salt &amp; pepper</p>", "<div>Salt & pepper</div>"),
        (None, ""),
    ],
)
def test_texts_are_compared_as_they_read(one: str | None, other: str) -> None:
    assert same_text(one, other)


def test_temporary_ids_depend_on_the_key_alone() -> None:
    assert new_id("item", "a") == new_id("item", "a")
    assert new_id("item", "a") != new_id("item", "b")
    assert new_id("item", "a").startswith("#")
