"""Listings go to the shop: alone or as variations, in batches, found again, never twice."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.woo_connection import Connected, connect, linked, listing, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def test_a_listing_becomes_a_product_with_a_price_in_the_shops_own_form(at: Connected) -> None:
    done = at.sync(wanted(listing(price=Money(Decimal("24.9"), "GBP"), barcode="4006381333931")))[
        "1001"
    ]

    assert (done.outcome, done.verified, done.parent_id) == (Outcome.CREATED, True, None)
    shown = at.product(done.target_id)
    assert (shown["type"], shown["status"], shown["sku"]) == ("simple", "publish", "LIN-1")
    assert (shown["regular_price"], shown["global_unique_id"]) == ("24.90", "4006381333931")
    assert (shown["manage_stock"], shown["stock_quantity"]) == (True, 0)


def test_a_hundred_listings_are_one_search_and_one_write(at: Connected) -> None:
    results = at.sync(*(wanted(listing(number)) for number in range(100)))

    assert all(one.verified for one in results.values())
    assert at.writes() == ["/wc/v3/products/batch"]
    assert len(at.woo.calls) == 4  # two for the shop's settings


def test_what_was_written_is_found_equal_by_its_link(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]

    found = at.sync(linked(listing(), done))["1001"]

    assert isinstance(found, Found)
    assert (found.equal, found.ours, found.target_id) == (True, True, done.target_id)


def test_a_product_found_by_its_sku_is_adopted_and_what_people_wrote_there_stays(
    at: Connected,
) -> None:
    shoes = at.shop.http.post("products/categories", json={"name": "Shoes"}).json()["id"]
    hats = at.shop.http.post("products/categories", json={"name": "Hats"}).json()["id"]
    own = at.woo.add_product(
        name="Old name",
        sku="lin-1",
        regular_price="9",
        description="Long",
        categories=[{"id": shoes}],
        images=[{"src": "https://pics.example/1.png"}],
    )
    new = listing(description_html="", category=str(hats))

    done = at.sync(wanted(new))["1001"]

    assert (done.outcome, done.target_id, done.verified) == (Outcome.ADOPTED, str(own), True)
    shown = at.product(own)
    assert (shown["name"], shown["description"]) == ("Linen shirt 1", "Long")
    assert [one["id"] for one in shown["categories"]] == [shoes, hats]
    assert shown["images"]


def test_a_product_whose_sku_changed_is_the_linked_one(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]

    again = at.sync(linked(listing(sku="LIN-NEW"), done))["1001"]

    assert (again.outcome, again.target_id) == (Outcome.UPDATED, done.target_id)
    assert at.product(done.target_id)["sku"] == "LIN-NEW"


def test_a_sku_that_two_things_carry_is_a_conflict_that_names_both(at: Connected) -> None:
    one = at.woo.add_product(name="A", sku="LIN-1")
    other = at.woo.add_variation(at.shop.merchant.shirt, sku="")
    at.woo.products.by_id[other].sku = "LIN-1"  # imports past the API leave such

    failure = at.sync(wanted(listing()))["1001"]

    assert failure.reason is Reason.CONFLICT
    assert str(one) in failure.detail
    assert str(other) in failure.detail


def test_two_new_products_with_one_sku_are_both_refused(at: Connected) -> None:
    results = at.sync(wanted(listing(1)), wanted(listing(2, sku="lin-1")), wanted(listing(3)))

    assert [results[key].reason for key in ("1001", "1002")] == [Reason.CONFLICT] * 2
    assert results["1003"].verified


def test_of_two_products_with_one_sku_the_first_takes_what_is_there(at: Connected) -> None:
    own = at.woo.add_product(name="Old", sku="LIN-1")

    results = at.sync(wanted(listing(1)), wanted(listing(2, sku="lin-1")))

    assert results["1001"].target_id == str(own)
    assert results["1002"].error_code == "sku_used_twice"


def test_one_bad_listing_does_not_fail_its_neighbours(at: Connected) -> None:
    at.woo.add_product(name="Old", sku="LIN-2")
    at.shop.http.delete(f"products/{at.shop.ids('products', sku='LIN-2')[0]}")

    results = at.sync(*(wanted(listing(number)) for number in (1, 2, 3)))

    assert results["1002"].reason is Reason.CONFLICT
    assert [results[key].verified for key in ("1001", "1003")] == [True, True]


def test_a_sku_held_in_the_bin_names_the_product_and_the_mend(at: Connected) -> None:
    old = at.woo.add_product(name="Old", sku="LIN-1")
    at.shop.http.delete(f"products/{old}")

    failure = at.sync(wanted(listing()))["1001"]

    assert (failure.reason, failure.error_code) == (Reason.CONFLICT, "sku_in_bin")
    assert f"Product {old}" in failure.detail
    assert "restore" in failure.detail


def test_a_linked_product_in_the_bin_is_a_conflict_and_one_deleted_is_made_anew(
    at: Connected,
) -> None:
    done = at.sync(wanted(listing()))["1001"]
    at.shop.http.delete(f"products/{done.target_id}")
    assert at.sync(linked(listing(), done))["1001"].error_code == "sku_in_bin"

    at.shop.http.delete(f"products/{done.target_id}", params={"force": True})

    again = at.sync(linked(listing(), done))["1001"]
    assert (again.outcome, again.target_id != done.target_id) == (Outcome.CREATED, True)


def test_a_product_without_a_sku_is_refused(at: Connected) -> None:
    assert at.sync(wanted(listing(sku="")))["1001"].error_code == "no_sku"
    assert at.writes() == []


@pytest.mark.parametrize(
    ("price", "tax_included", "shop_includes", "fits"),
    [
        ("GBP", None, True, True),
        ("GBP", True, True, True),
        ("GBP", False, False, True),
        ("GBP", True, False, False),
        ("GBP", False, True, False),
        ("EUR", None, True, False),
    ],
)
def test_a_price_of_another_currency_or_tax_is_unsupported(
    at: Connected, price: str, tax_included: bool | None, shop_includes: bool, fits: bool
) -> None:
    at.woo.world.prices_include_tax = shop_includes
    desired = listing(price=Money(Decimal(10), price), tax_included=tax_included)

    result = at.sync(wanted(desired))["1001"]

    assert isinstance(result, Done) is fits
    if not fits:
        assert (result.reason, result.field) == (Reason.UNSUPPORTED, "price")


def test_a_shop_that_charges_no_tax_takes_any_price(at: Connected) -> None:
    at.woo.world.charges_tax = False
    done = at.sync(wanted(listing(tax_included=True)))["1001"]
    assert done.verified


def test_an_equal_number_in_another_currency_is_not_taken_for_equal(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]
    at.woo.world.currency = "EUR"

    assert at.sync(linked(listing(), done))["1001"].reason is Reason.UNSUPPORTED


def test_a_shop_without_decimals_gets_whole_prices_and_loses_nothing(at: Connected) -> None:
    at.woo.world.currency, at.woo.world.decimals = "JPY", 0
    done = at.sync(wanted(listing(price=Money(Decimal("1990"), "JPY"))))["1001"]
    assert at.product(done.target_id)["regular_price"] == "1990"


def test_an_archived_product_is_hidden_and_shown_again_by_us_alone(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]

    hidden = at.sync(linked(listing(archived=True), done))["1001"]
    assert (hidden.verified, "hidden" in hidden.detail) == (True, True)
    assert at.product(done.target_id)["status"] == "private"
    assert at.sync(linked(listing(archived=True), done))["1001"].equal

    assert at.sync(linked(listing(), done))["1001"].verified
    assert at.product(done.target_id)["status"] == "publish"


def test_a_product_people_made_a_draft_stays_one_and_is_kept_in_step(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]
    at.shop.http.put(f"products/{done.target_id}", json={"status": "draft"})

    again = at.sync(linked(listing(item_name="New name"), done))["1001"]

    assert (again.verified, "draft" in again.detail) == (True, True)
    shown = at.product(done.target_id)
    assert (shown["status"], shown["name"]) == ("draft", "New name")


def test_an_archived_product_that_was_never_there_is_left_alone(at: Connected) -> None:
    done = at.sync(wanted(listing(archived=True)))["1001"]
    assert done.outcome is Outcome.NOT_APPLICABLE
    assert at.writes() == []


def test_a_lost_answer_is_unknown_and_the_product_is_found_not_made_twice(at: Connected) -> None:
    at.woo.fail_next(mode="drop_after", path="products/batch")
    assert at.sync(wanted(listing()))["1001"].reason is Reason.OUTCOME_UNKNOWN

    found = at.sync(wanted(listing(), unclear=True))["1001"]

    assert found.equal
    assert len(at.shop.ids("products", sku="LIN-1")) == 1


def test_a_sku_the_search_does_not_show_is_adopted_by_the_refusal(at: Connected) -> None:
    own = at.woo.add_product(name="Linen", sku="LIN-1")

    done = at.platform().target(Kind.PRODUCT, {}).write_many([(wanted(listing()), None)])["1001"]

    assert (done.outcome, done.target_id, done.verified) == (Outcome.ADOPTED, str(own), True)


def test_a_sku_that_stands_for_another_of_our_products_is_not_taken_over(at: Connected) -> None:
    at.sync(wanted(listing()))
    other = listing(2, sku="LIN-1")

    failure = at.platform().target(Kind.PRODUCT, {}).write_many([(wanted(other), None)])["1002"]

    assert (failure.reason, failure.error_code) == (Reason.CONFLICT, "sku_taken")


def test_a_linked_product_whose_new_sku_is_taken_says_by_whom(at: Connected) -> None:
    done = at.sync(wanted(listing()))["1001"]
    other = at.woo.add_product(name="Other", sku="TAKEN")

    failure = at.sync(linked(listing(sku="TAKEN"), done))["1001"]

    assert (failure.reason, str(other) in failure.detail) == (Reason.CONFLICT, True)


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_one_is_alone(at: Connected) -> None:
    at.woo.fail_next(400, path="products/batch", body={"code": "rest_invalid_param", "data": None})

    results = at.sync(*(wanted(listing(number)) for number in range(4)))

    assert all(one.verified for one in results.values())
    assert len(at.writes()) == 3


def test_long_skus_are_searched_for_in_addresses_a_server_takes(at: Connected) -> None:
    rows = [wanted(listing(number, sku=f"{number:03}-" + "X" * 90)) for number in range(60)]

    assert all(one.verified for one in at.sync(*rows).values())
    assert all(one.equal for one in at.sync(*rows).values())

    asked = [one.url for one in at.account.http.trace.exchanges if "sku=" in one.url]
    assert len(asked) == 4
    assert max(len(one) for one in asked) < 4000


def test_a_sku_with_a_comma_is_found_too(at: Connected) -> None:
    done = at.sync(wanted(listing(sku="A,B")))["1001"]
    found = at.sync(wanted(listing(sku="A,B")))["1001"]
    assert (found.target_id, found.equal) == (done.target_id, True)
