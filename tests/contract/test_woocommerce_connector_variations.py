"""Listings that share an item become variations of one product of the shop."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome
from tests.contract.woo_connection import Connected, connect, linked, listing, variant, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def test_variations_share_one_product_with_the_union_of_their_options(at: Connected) -> None:
    results = at.sync(wanted(variant(1, "Red")), wanted(variant(2, "Blue")))

    assert all(one.verified for one in results.values()), results
    parent = at.product(results["1001"].parent_id)
    assert (parent["type"], parent["sku"], parent["name"]) == ("variable", "", "Polo")
    assert parent["attributes"][0]["options"] == ["Red", "Blue"]
    assert parent["attributes"][0]["variation"] is True
    shown = at.product(results["1002"].target_id)
    assert shown["attributes"] == [{"id": 0, "name": "Colour", "option": "Blue"}]
    assert (shown["sku"], shown["regular_price"], shown["manage_stock"]) == ("LIN-2", "24.95", True)
    assert len(at.writes()) == 2


def test_a_new_sister_goes_below_the_linked_product_and_brings_her_option(at: Connected) -> None:
    done = at.sync(wanted(variant(1, "Red")))["1001"]

    late = at.sync(wanted(variant(2, "Green"), parent_id=done.parent_id))["1002"]

    assert (late.outcome, late.verified, late.parent_id) == (Outcome.CREATED, True, done.parent_id)
    assert at.product(done.parent_id)["attributes"][0]["options"] == ["Red", "Green"]


def test_a_new_sister_whose_option_is_there_leaves_the_product_above_alone(at: Connected) -> None:
    done = at.sync(wanted(variant(1, "Red")), wanted(variant(2, "Blue")))["1001"]
    at.woo.calls.clear()

    late = at.sync(wanted(variant(3, "blue", sku="LIN-3b"), parent_id=done.parent_id))["1003"]

    assert late.verified
    assert at.writes() == [f"/wc/v3/products/{done.parent_id}/variations/batch"]


def test_a_known_variation_without_options_brings_no_attribute(at: Connected) -> None:
    done = at.sync(wanted(variant(1, "Red")))["1001"]

    renamed = at.sync(linked(variant(1, "", options={}, item_name="Polo shirt"), done))["1001"]

    assert renamed.verified
    parent = at.product(done.parent_id)
    assert (parent["name"], [one["name"] for one in parent["attributes"]]) == (
        "Polo shirt",
        ["Colour"],
    )


def test_a_new_sister_goes_below_the_product_of_a_sister_in_her_batch(at: Connected) -> None:
    done = at.sync(wanted(variant(1, "Red")))["1001"]
    red = linked(variant(1, "Red", price=Money(Decimal(5), "GBP")), done, parent_id=None)

    results = at.sync(red, wanted(variant(2, "Green")))

    assert {one.parent_id for one in results.values()} == {done.parent_id}


def test_variations_are_found_equal_and_the_shops_attributes_stay(at: Connected) -> None:
    done = at.sync(wanted(variant(1, "Red")))["1001"]
    own = {"id": 0, "name": "Fabric", "options": ["Linen"], "variation": False}
    attributes = [own, *at.product(done.parent_id)["attributes"]]
    at.shop.http.put(f"products/{done.parent_id}", json={"attributes": attributes})

    assert at.sync(linked(variant(1, "red"), done))["1001"].equal
    at.sync(wanted(variant(2, "Blue"), parent_id=done.parent_id))

    shown = at.product(done.parent_id)["attributes"]
    assert [one["name"] for one in shown] == ["Fabric", "Colour"]


def test_listings_of_one_item_without_options_are_told_apart_by_their_names(at: Connected) -> None:
    pair = [
        variant(number, "", options={}, variation_name=name)
        for number, name in ((1, "Small"), (2, "Large"))
    ]

    results = at.sync(*map(wanted, pair))

    parent = at.product(results["1001"].parent_id)
    assert parent["attributes"][0]["options"] == ["Small", "Large"]
    alone = linked(pair[0], results["1001"])
    assert at.sync(alone)["1001"].equal


def test_a_lost_answer_to_the_product_above_does_not_make_a_second_one(at: Connected) -> None:
    at.woo.fail_next(mode="drop_after", path="products/batch")
    lost = at.sync(wanted(variant(1, "Red")), wanted(variant(2, "Blue")))
    assert {one.reason for one in lost.values()} == {Reason.OUTCOME_UNKNOWN}

    again = [wanted(variant(1, "Red"), unclear=True), wanted(variant(2, "Blue"), unclear=True)]
    results = at.sync(*again)

    assert all(one.verified for one in results.values())
    assert len(at.shop.ids("products", type="variable", search="Polo")) == 1


def test_a_lost_answer_to_the_variations_does_not_make_them_twice(at: Connected) -> None:
    at.woo.fail_next(mode="drop_after", path="variations/batch")
    at.sync(wanted(variant(1, "Red")))

    found = at.sync(wanted(variant(1, "Red"), unclear=True))["1001"]

    assert found.equal
    assert len(at.shop.ids(f"products/{found.parent_id}/variations")) == 1


def test_a_product_hides_with_its_last_variation_and_comes_back_with_the_first(
    at: Connected,
) -> None:
    made = at.sync(wanted(variant(1, "Red")), wanted(variant(2, "Blue")))
    parent = made["1001"].parent_id

    at.sync(linked(variant(1, "Red", archived=True), made["1001"]))
    assert at.product(parent)["status"] == "publish"
    assert at.product(made["1001"].target_id)["status"] == "private"
    at.sync(linked(variant(2, "Blue", archived=True), made["1002"]))
    assert at.product(parent)["status"] == "private"

    back = at.sync(linked(variant(1, "Red"), made["1001"]))["1001"]

    assert back.verified
    assert at.product(parent)["status"] == "publish"
    assert at.product(made["1001"].target_id)["status"] == "publish"


@pytest.mark.parametrize("is_variation", [True, False])
def test_what_is_of_another_kind_is_a_conflict(at: Connected, is_variation: bool) -> None:
    if is_variation:
        desired, there = variant(1, "Red", sku="MUG-1"), at.mug
        wish = "should be a variation"
    else:
        desired, there = listing(sku="SHIRT-M"), at.size_m
        wish = "should be a product without"

    failure = at.sync(wanted(desired))["1001"]

    assert (failure.reason, failure.error_code) == (Reason.CONFLICT, "other_kind")
    assert there in failure.detail
    assert wish in failure.detail


def test_a_sku_of_a_whole_variable_product_is_a_conflict(at: Connected) -> None:
    failure = at.sync(wanted(listing(sku="SHIRT")))["1001"]
    assert failure.error_code == "other_kind"
    assert isinstance(failure, SyncFailure)


def test_a_linked_variation_is_read_below_its_product_in_one_call(at: Connected) -> None:
    made = at.sync(*(wanted(variant(number, f"Hue {number}")) for number in range(30)))
    at.woo.calls.clear()

    found = at.sync(
        *(
            linked(variant(number, f"Hue {number}", sku=f"NEW-{number}"), made[str(1000 + number)])
            for number in range(30)
        )
    )

    assert all(one.verified for one in found.values())
    paths = [call.path.partition("/wc/v3/")[2] for call in at.woo.calls]
    assert len(paths) <= 6, paths
