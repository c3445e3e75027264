"""Product → listing: items and variations, prices, categories, archived products."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing, Product
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.listings import (
    listing_from_product,
    product_columns,
    why_no_listing,
)

FLOW = "brightpearl-products-to-square"


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def product(**changes: Any) -> Product:
    defaults: dict[str, Any] = {
        "id": "1007",
        "name": "Mug",
        "sku": "MUG-R",
        "barcode": "501",
        "category_id": "7",
        "category_name": "Mugs",
        "prices": {"2": gbp("9.50"), "3": gbp("4")},
        "source": "Brightpearl",
    }
    return Product(**{**defaults, **changes})


def planning(*, linked: dict[str, str] | None = None, **more: Any) -> Planning:
    table = MappingTable(
        consumer="c",
        flow=FLOW,
        name="category",
        entries={"Mugs": "CAT1", **more.pop("entries", {})},
        records=more.pop("records", {}),
        default=more.pop("default", None),
    )
    settings = {"price_list": "2", "archived_products": "hide", **more}
    return Planning(
        flow=FLOW,
        target_connection="square",
        settings={name: value for name, value in settings.items() if value is not None},
        mappings={"category": table},
        linked=linked or {},
    )


def plan(changes: dict[str, Any] | None = None, **more: Any) -> Listing:
    return listing_from_product(product(**(changes or {})), planning(**more))


def refusal(changes: dict[str, Any] | None = None, **more: Any) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        plan(changes, **more)
    return met.value


def test_product_without_a_group_is_an_item_of_its_own() -> None:
    listing = plan()
    assert (listing.item_key, listing.item_name) == ("product-1007", "Mug")
    assert (listing.variation_name, listing.sku, listing.barcode) == ("Regular", "MUG-R", "501")
    assert (listing.price, listing.category) == (gbp("9.50"), "CAT1")
    assert (listing.product_id, listing.tracked) == ("1007", True)


def test_variants_of_one_group_are_variations_of_one_item() -> None:
    variants = ({"id": "1", "variant_name": "Red"}, {"id": "2", "variant_name": "Blue"})
    red, blue = (plan({"group_id": "31", **one}) for one in variants)
    assert (red.item_key, blue.item_key) == ("group-31", "group-31")
    assert (red.variation_name, blue.variation_name) == ("Red", "Blue")


def test_group_and_product_of_one_number_are_two_items() -> None:
    assert plan({"group_id": "1007"}).item_key != plan().item_key


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"sku": ""}, "sku"), ({"prices": {"3": gbp("4")}}, "price")],
    ids=["no_sku", "no_price_in_the_list"],
)
def test_product_that_cannot_be_offered_says_what_is_missing(
    changes: dict[str, Any], field: str
) -> None:
    failure = refusal(changes)
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, field)
    assert failure.detail.endswith(": give it one.")


def test_price_of_nothing_is_a_price() -> None:
    assert plan({"prices": {"2": gbp("0")}}).price == gbp("0")


def test_price_is_rounded_to_its_currency() -> None:
    assert plan({"prices": {"2": gbp("9.505")}}).price == gbp("9.51")
    yen = Money(Decimal("980.5"), "JPY")
    assert plan({"prices": {"2": yen}}).price == Money(Decimal(981), "JPY")


def test_missing_price_list_holds_the_row_under_that_setting() -> None:
    failure = refusal(price_list=None)
    assert failure.reason is Reason.NEEDS_SETTINGS
    assert failure.cause == f"setting:{FLOW}:price_list"


# --- categories -----------------------------------------------------------------------------------


def test_category_without_an_answer_holds_the_row_under_its_name() -> None:
    failure = refusal({"category_name": "Hats: new"})
    assert failure.reason is Reason.NEEDS_MAPPING
    assert failure.cause == f"mapping:{FLOW}:category:Hats%3A%20new"
    assert "Hats: new" in failure.detail


def test_no_category_is_a_value_too() -> None:
    none = {"category_name": "", "category_id": ""}
    failure = refusal(none)
    assert failure.cause == f"mapping:{FLOW}:category:"
    assert "no category" in failure.detail
    assert plan(none, entries={"": "CAT9"}).category == "CAT9"
    assert plan(none, entries={"": ""}).category == ""


def test_single_record_can_have_an_answer_of_its_own() -> None:
    assert plan(records={"1007": "CAT5"}).category == "CAT5"
    assert plan({"id": "1008"}, records={"1007": "CAT5"}).category == "CAT1"


def test_default_answers_what_has_no_entry() -> None:
    assert plan({"category_name": "Hats"}, default="CAT8").category == "CAT8"


def test_category_that_has_no_name_goes_by_its_id() -> None:
    assert plan({"category_name": ""}, entries={"7": "CAT7"}).category == "CAT7"


@pytest.mark.parametrize(
    ("name", "value"), [("tracked", False), ("description_html", "<p>Red</p>")], ids=str
)
def test_listing_keeps_what_the_product_says_of_itself(name: str, value: object) -> None:
    assert getattr(plan({name: value}), name) == value


# --- options and tax ------------------------------------------------------------------------------


def test_options_tell_a_variation_from_its_sisters() -> None:
    options = {"Colour": "Red", "Size": "M"}
    assert plan({"variant_name": "Red / M", "options": options}).options == options
    assert plan().options == {}


@pytest.mark.parametrize(
    ("prices", "included"),
    [("with_tax", True), ("without_tax", False), (None, None)],
    ids=["with_tax", "without_tax", "not_asked"],
)
def test_setting_says_whether_prices_hold_tax_and_changes_none(
    prices: str | None, included: bool | None
) -> None:
    listing = plan(prices=prices)
    assert listing.tax_included is included
    assert listing.price == gbp("9.50")


# --- archived, locations, columns -----------------------------------------------------------------


def test_archived_product_that_was_never_offered_is_left_alone() -> None:
    archived = product(archived=True)
    assert why_no_listing(archived, planning()) is not None
    assert why_no_listing(archived, planning(linked={"1007": "V1"})) is None
    assert why_no_listing(product(), planning()) is None


@pytest.mark.parametrize(("rule", "hidden"), [("hide", True), ("keep", False)])
def test_archived_product_is_hidden_unless_the_merchant_keeps_it(rule: str, hidden: bool) -> None:
    assert plan({"archived": True}, archived_products=rule).archived is hidden
    assert not plan(archived_products=rule).archived


def test_locations_are_read_from_the_setting_and_empty_means_all() -> None:
    assert plan(locations=" L1, L2,,").locations == ("L1", "L2")
    assert plan().locations == ()


def test_columns_of_a_product_are_known_before_it_is_planned() -> None:
    showing = Showing(record=product(variant_name="Red", sku=""))
    columns = product_columns(showing)
    assert columns == {"name": "Mug (Red)", "sku": "", "source": "Brightpearl"}
    assert len(product_columns(Showing(record=product(name="x" * 500)))["name"]) == 200
