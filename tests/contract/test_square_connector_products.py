"""Products go to Square: found, merged, written in batches, verified; against the simulator."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome
from tests.contract.square_connection import Connected, connect, linked, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def created(at: Connected, number: int = 1) -> Done:
    done = at.sync(wanted(at.listing(number)))[str(1000 + number)]
    assert isinstance(done, Done)
    assert done.verified
    return done


def test_a_new_product_becomes_an_item_with_one_variation_and_is_verified(at: Connected) -> None:
    done = at.sync(wanted(at.listing()))["1001"]

    item = at.item_of(done.target_id)
    data = item["item_data"]
    variation = data["variations"][0]["item_variation_data"]
    assert (done.outcome, done.verified, done.parent_id) == (Outcome.CREATED, True, item["id"])
    assert (data["name"], data["reporting_category"]["id"]) == ("Linen shirt 1", at.category)
    assert variation["price_money"] == {"amount": 2495, "currency": "GBP"}
    assert (variation["sku"], variation["track_inventory"]) == ("LIN-1", True)
    assert item["present_at_location_ids"] == at.places[:2]


def test_a_batch_of_products_is_one_upsert_and_one_read_back(at: Connected) -> None:
    results = at.sync(*(wanted(at.listing(number)) for number in range(1, 11)))

    assert all(result.verified for result in results.values())
    assert len(at.square.calls_to("/v2/catalog/batch-upsert")) == 1
    assert len(at.square.calls_to("/v2/catalog/batch-retrieve")) == 1
    assert len(at.square.calls_to("/v2/catalog/search")) == 1


def test_what_was_written_is_found_equal_and_live(at: Connected) -> None:
    done = created(at)

    found = at.products().find_many([linked(at.listing(), done)])["1001"]

    assert (found.equal, found.live, found.ours) == (True, True, True)
    assert (found.target_id, found.parent_id) == (done.target_id, done.parent_id)


def test_products_of_one_group_become_variations_of_one_item(at: Connected) -> None:
    red = at.listing(1, item_key="group-3", item_name="Mug", variation_name="Red")
    blue = at.listing(2, item_key="group-3", item_name="Mug", variation_name="Blue")

    results = at.sync(wanted(red), wanted(blue))

    assert results["1001"].parent_id == results["1002"].parent_id
    names = [one["item_variation_data"]["name"] for one in variations(at, results["1001"])]
    assert names == ["Red", "Blue"]


def variations(at: Connected, done: Done) -> list[dict[str, dict[str, str]]]:
    return list(at.item_of(done.target_id)["item_data"]["variations"])


def test_a_later_product_of_the_group_joins_the_linked_item(at: Connected) -> None:
    red = at.listing(1, item_key="group-3", item_name="Mug", variation_name="Red")
    blue = at.listing(2, item_key="group-3", item_name="Mug", variation_name="Blue")
    first = at.sync(wanted(red))["1001"]

    second = at.sync(wanted(blue, parent_id=first.parent_id))["1002"]

    assert (second.parent_id, second.verified) == (first.parent_id, True)
    assert len(variations(at, first)) == 2


def test_a_product_whose_linked_item_is_gone_gets_an_item_of_its_own(at: Connected) -> None:
    first = created(at)
    at.square.delete_catalog(str(first.parent_id))

    second = at.sync(wanted(at.listing(2), parent_id=first.parent_id))["1002"]

    assert second.verified
    assert second.parent_id != first.parent_id


def test_an_item_has_no_more_than_250_variations(at: Connected) -> None:
    rows = [wanted(at.listing(number, item_key="group-3")) for number in range(1, 252)]
    results = at.sync(*rows)

    refused = [one for one in results.values() if isinstance(one, SyncFailure)]
    assert [one.error_code for one in refused] == ["too_many_variations"]
    assert len(at.all_items()[0]["item_data"]["variations"]) == 250


def test_a_product_found_by_sku_in_any_case_is_adopted(at: Connected) -> None:
    variation = at.shop.make("lin-1")  # its SKU becomes lin-1-0
    listing = at.listing(sku="LIN-1-0")

    found = at.products().find_many([wanted(listing)])["1001"]
    done = at.sync(wanted(listing))["1001"]

    assert (found.target_id, found.ours, found.equal) == (variation, False, False)
    assert (done.target_id, done.outcome, done.verified) == (variation, Outcome.ADOPTED, True)
    assert len(at.all_items()) == 1


def test_adopting_keeps_everything_of_the_sellers_that_is_not_ours(at: Connected) -> None:
    answer = at.shop.upsert([sellers_item()]).json()
    item = answer["objects"][0]

    done = at.sync(wanted(at.listing(sku="MUG-0")))["1001"]

    kept = at.item_of(done.target_id)
    assert kept["id"] == item["id"]
    assert kept["item_data"]["image_ids"] == ["IMAGE1"]
    assert kept["item_data"]["field_of_tomorrow"] == {"deep": [1, 2]}
    assert kept["item_data"]["name"] == "Linen shirt 1"
    other = kept["item_data"]["variations"][1]["item_variation_data"]
    assert (other["sku"], other["price_money"]["amount"]) == ("MUG-1", 1000)
    ours = kept["item_data"]["variations"][0]["item_variation_data"]
    assert ours["location_overrides"] == [{"location_id": "L1", "sold_out": True}]
    assert kept["present_at_all_locations"]


def sellers_item() -> dict[str, object]:
    nested = [
        {
            "type": "ITEM_VARIATION",
            "id": f"#MUG-{number}",
            "item_variation_data": {
                "name": f"{number}",
                "sku": f"MUG-{number}",
                "pricing_type": "FIXED_PRICING",
                "price_money": {"amount": 1000, "currency": "GBP"},
                "location_overrides": [{"location_id": "L1", "sold_out": True}],
            },
        }
        for number in range(2)
    ]
    return {
        "type": "ITEM",
        "id": "#MUG",
        "item_data": {
            "name": "Mug",
            "image_ids": ["IMAGE1"],
            "field_of_tomorrow": {"deep": [1, 2]},
            "variations": nested,
        },
    }


def test_two_variations_with_the_sku_are_a_conflict_that_names_both(at: Connected) -> None:
    one, two = at.shop.make("A", name="One"), at.shop.make("A", name="Two")

    failure = at.products().find_many([wanted(at.listing(sku="A-0"))])["1001"]

    assert failure.reason is Reason.CONFLICT
    assert one in failure.detail
    assert two in failure.detail


def test_two_products_with_one_sku_do_not_make_two_variations(at: Connected) -> None:
    results = at.sync(wanted(at.listing(1, sku="SAME")), wanted(at.listing(2, sku="same")))

    assert results["1001"].verified
    assert results["1002"].error_code == "sku_used_twice"
    assert len(at.all_items()) == 1


def test_two_products_do_not_adopt_one_variation(at: Connected) -> None:
    at.shop.make("A")

    found = at.products().find_many(
        [wanted(at.listing(1, sku="A-0")), wanted(at.listing(2, sku="a-0"))]
    )

    assert isinstance(found["1001"], Found)
    assert found["1002"].error_code == "sku_used_twice"


def test_a_part_of_a_sku_is_no_hit_even_if_square_shows_it(at: Connected) -> None:
    variation = at.shop.make("A")
    hit = at.item_of(variation)["item_data"]["variations"][0]
    at.square.fail_next(200, path="/v2/catalog/search", body={"objects": [hit]})

    assert at.products().find_many([wanted(at.listing(sku="A"))]) == {}


def test_a_changed_price_is_written_and_verified(at: Connected) -> None:
    done = created(at)
    listing = at.listing(price=Money(Decimal("19.90"), "GBP"))

    again = at.sync(linked(listing, done))["1001"]

    assert (again.outcome, again.verified, again.target_id) == (
        Outcome.UPDATED,
        True,
        done.target_id,
    )
    price = variations(at, again)[0]["item_variation_data"]["price_money"]
    assert price == {"amount": 1990, "currency": "GBP"}


def test_yen_are_sent_without_decimals(at: Connected) -> None:
    done = at.sync(wanted(at.listing(price=Money(Decimal(1990), "JPY"))))["1001"]

    price = variations(at, done)[0]["item_variation_data"]["price_money"]
    assert price == {"amount": 1990, "currency": "JPY"}


def test_what_is_empty_in_the_listing_stays_as_the_seller_has_it(at: Connected) -> None:
    listing = at.listing(barcode="5012345678900")
    done = at.sync(wanted(listing))["1001"]
    bare = replace(listing, barcode="", category="", description_html="", item_name="New name")

    again = at.sync(linked(bare, done))["1001"]

    data = at.item_of(done.target_id)["item_data"]
    assert again.verified
    assert data["name"] == "New name"
    assert data["description_html"] == "<p>Summer linen</p>"
    assert data["reporting_category"]["id"] == at.category
    assert data["variations"][0]["item_variation_data"]["upc"] == "5012345678900"


def test_a_seller_who_writes_in_between_loses_nothing(at: Connected) -> None:
    done = created(at)
    row = linked(at.listing(price=Money(Decimal(30), "GBP")), done)
    target = at.products()
    found = target.find_many([row])["1001"]
    at.square.edit_catalog(str(done.parent_id), {"image_ids": ["NEW"]})

    again = target.write_many([(row, found)])["1001"]

    assert again.verified
    assert at.item_of(done.target_id)["item_data"]["image_ids"] == ["NEW"]


def test_an_item_that_reads_do_not_show_as_it_is_yet_does_not_harm_its_neighbours(
    at: Connected,
) -> None:
    done = created(at)
    at.square.catalog_live_after_s = None  # its next version is never shown
    at.sync(linked(at.listing(item_name="Other"), done))
    at.square.catalog_live_after_s = 0
    at.shop.clock.advance(1)

    results = at.sync(linked(at.listing(item_name="Third"), done), wanted(at.listing(2)))

    failure = results["1001"]
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "VERSION_MISMATCH")
    assert results["1002"].verified


def test_a_variation_deleted_in_between_is_looked_up_again(at: Connected) -> None:
    done = created(at)
    row = linked(at.listing(item_name="Other"), done)
    target = at.products()
    found = target.find_many([row])["1001"]
    at.square.delete_catalog(str(done.parent_id))

    failure = target.write_many([(row, found)])["1001"]

    assert failure.reason is Reason.RETRYING
    assert target.find_many([row]) == {}


def test_a_bad_product_does_not_harm_its_neighbours(at: Connected) -> None:
    rows = [wanted(at.listing(number)) for number in range(1, 10)]
    rows[4] = wanted(at.listing(5, item_name="x" * 520))

    results = at.sync(*rows)

    failure = results.pop("1005")
    assert all(result.verified for result in results.values())
    assert (failure.reason, failure.code) == (Reason.REJECTED_BY_TARGET, 400)
    assert (failure.field, "520" in failure.detail, "512" in failure.detail) == ("name", True, True)
    assert len(at.all_items()) == 8


def test_a_bad_variation_does_not_harm_its_siblings(at: Connected) -> None:
    rows = [
        wanted(at.listing(number, item_key="group-3", item_name="Mug", variation_name=name))
        for number, name in enumerate(("Red", "x" * 300, "Blue"), start=1)
    ]

    results = at.sync(*rows)

    assert results["1002"].field == "variation name"
    assert results["1001"].verified
    assert results["1003"].verified
    assert len(at.all_items()) == 1


def test_a_category_that_is_gone_is_named(at: Connected) -> None:
    failure = at.sync(wanted(at.listing(category="NOCATEGORY")))["1001"]

    assert failure.reason is Reason.MISSING_AT_TARGET
    assert "NOCATEGORY" in failure.detail
    assert failure.field == "category"


def test_a_locked_catalogue_is_tried_again_in_a_moment(at: Connected) -> None:
    at.square.hold_catalog()

    failure = at.sync(wanted(at.listing()))["1001"]

    assert (failure.reason, failure.code) == (Reason.THROTTLED, 429)
    assert failure.retry_after_s == 2
