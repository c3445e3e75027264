"""Variants of one item are a family at Lightspeed, as far as its API lets them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.lightspeed_connection import Connected, connect, linked, wanted


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def only(results: dict[str, Any]) -> Any:
    (result,) = results.values()
    return result


def test_variants_of_one_item_are_a_family_made_in_one_call(at: Connected) -> None:
    rows = [wanted(at.variant(number, colour)) for number, colour in enumerate(["Red", "Blue"])]
    at.till.calls.clear()

    results = at.sync(*rows)

    red, blue = (at.read(results[one.record].target_id) for one in rows)
    assert at.calls("products", "POST") == 1
    assert red["family_id"] == blue["family_id"]
    assert {one.parent_id for one in results.values()} == {red["family_id"]}
    assert (red["variant_name"], red["sku"]) == ("Oxford shirt / Red", "LIN-0")
    assert blue["variant_options"] == [{"name": "Colour", "value": "Blue"}]
    assert all(one.verified for one in results.values())


def test_attributes_are_made_once_and_found_again(at: Connected) -> None:
    at.till.products.add_attribute("colour")

    at.sync(wanted(at.variant(1, "Red")), wanted(at.variant(2, "Blue")))
    at.sync(wanted(at.listing(3, item_key="g8", options={"Colour": "Red", "Size": "M"})))

    names = [row.data["name"] for row in at.till.products.attributes.live()]
    assert names == ["colour", "Size"]


def test_a_variant_that_comes_later_stands_beside_its_family(at: Connected) -> None:
    red, blue = wanted(at.variant(1, "Red")), wanted(at.variant(2, "Blue"))
    first = at.sync(red, blue)["1001"]
    green = at.variant(3, "Green")

    done = at.sync(wanted(green, parent_id=first.parent_id))["1003"]

    assert (done.outcome, done.verified, done.parent_id) == (
        Outcome.CREATED,
        True,
        first.parent_id,
    )
    assert "beside its family" in done.detail
    assert at.read(done.target_id)["name"] == "Oxford shirt · Green"
    assert only(at.target(Kind.PRODUCT).find_many([linked(green, done)])).equal


def test_a_new_variant_beside_sisters_of_the_same_batch_stands_alone_too(at: Connected) -> None:
    red = wanted(at.variant(1, "Red"))
    first = at.sync(red)["1001"]

    results = at.sync(linked(at.variant(1, "Red"), first), wanted(at.variant(2, "Blue")))

    assert at.read(results["1002"].target_id)["name"] == "Oxford shirt · Blue"


def test_an_option_of_a_variant_is_changed(at: Connected) -> None:
    done = at.sync(wanted(at.variant(1, "Red")))["1001"]

    again = at.sync(linked(at.variant(1, "Crimson"), done))["1001"]

    assert (again.outcome, again.verified) == (Outcome.UPDATED, True)
    assert at.read(done.target_id)["variant_options"][0]["value"] == "Crimson"


def test_variations_without_options_are_products_of_their_own(at: Connected) -> None:
    plain = {"options": {}, "item_key": "group-7", "item_name": "Shirt"}
    rows = [
        wanted(at.listing(number, variation_name=name, **plain))
        for number, name in enumerate(["Red", "Blue"])
    ]

    results = at.sync(*rows)

    names = {at.read(one.target_id)["name"] for one in results.values()}
    assert names == {"Shirt · Red", "Shirt · Blue"}


def test_a_lost_answer_to_a_family_never_makes_a_second_one(at: Connected) -> None:
    at.till.fail_next(mode="half_body", path="/products", method="POST")
    rows = [wanted(at.variant(1, "Red")), wanted(at.variant(2, "Blue"))]

    failures = at.sync(*rows)
    assert {one.reason for one in failures.values()} == {Reason.OUTCOME_UNKNOWN}
    again = at.sync(*[replace(one, unclear=True) for one in rows])

    assert all(one.verified for one in again.values())
    assert len(at.products()) == 2


def test_variants_with_other_options_than_their_sisters_stand_alone(at: Connected) -> None:
    odd = at.variant(3, "Large", options={"Size": "Large"})

    results = at.sync(wanted(at.variant(1, "Red")), wanted(at.variant(2, "Blue")), wanted(odd))

    assert all(one.verified for one in results.values())
    shown = at.read(results["1003"].target_id)
    assert (shown["name"], shown["variant_options"]) == ("Oxford shirt · Large", [])


def test_a_family_whose_attribute_was_not_made_is_tried_again(at: Connected) -> None:
    at.till.fail_next(mode="drop_after", path="/variant_attributes", method="POST")
    rows = [wanted(at.variant(1, "Red")), wanted(at.variant(2, "Blue"))]

    failures = at.sync(*rows)
    again = at.sync(*rows)

    assert {one.reason for one in failures.values()} == {Reason.RETRYING}
    assert all(one.verified for one in again.values())
    assert len(at.till.products.attributes.live()) == 1


def test_a_change_of_one_variant_asks_for_no_attributes(at: Connected) -> None:
    done = at.sync(wanted(at.variant(1, "Red")))["1001"]
    at.till.calls.clear()

    again = at.sync(linked(at.variant(1, "Red", barcode="50123456"), done))["1001"]

    assert again.verified
    assert at.calls("variant_attributes") == 0
