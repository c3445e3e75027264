"""Stock of the simulated Square: the order of time, limits, refusals."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.platforms.square.fields import stamp
from tests.contract.square_shop import Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


def test_a_count_older_than_a_sale_does_not_put_the_goods_back(shop: Shop) -> None:
    variation = shop.make()
    read_at = shop.clock()
    shop.clock.advance(5)
    shop.square.sell(shop.places[0], [(variation, 3)])
    shop.clock.advance(5)

    answer = shop.count(variation, "20", at=read_at).json()

    assert [one["quantity"] for one in answer["counts"]] == ["17"]


def test_a_count_newer_than_a_sale_replaces_what_was_left(shop: Shop) -> None:
    variation = shop.make()
    shop.square.sell(shop.places[0], [(variation, 3)])
    shop.clock.advance(5)

    assert shop.count(variation, "20").json()["counts"][0]["quantity"] == "20"


def test_an_adjustment_moves_goods_between_states(shop: Shop) -> None:
    variation = shop.make()
    shop.count(variation, "20")
    adjustment = {
        "catalog_object_id": variation,
        "location_id": shop.places[0],
        "from_state": "IN_STOCK",
        "to_state": "WASTE",
        "quantity": "1.5",
        "occurred_at": stamp(shop.clock()),
    }
    body = {
        "idempotency_key": "a",
        "changes": [{"type": "ADJUSTMENT", "adjustment": adjustment}],
    }

    counts = shop.post("inventory/changes/batch-create", body).json()["counts"]

    assert {(one["state"], one["quantity"]) for one in counts} == {
        ("IN_STOCK", "18.5"),
        ("WASTE", "1.5"),
    }


@pytest.mark.parametrize(
    ("moved_s", "wanted"), [(1, 400), (-86_401, 400), (-86_400, 200), (0, 200)]
)
def test_a_count_is_neither_of_the_future_nor_older_than_a_day(
    shop: Shop, moved_s: int, wanted: int
) -> None:
    variation = shop.make()

    answer = shop.count(variation, "1", at=shop.clock() + timedelta(seconds=moved_s))

    assert answer.status_code == wanted


@pytest.mark.parametrize("quantity", ["-1", "1.000001", "many", 5, None])
def test_a_quantity_is_a_decimal_text_that_is_not_negative(shop: Shop, quantity: Any) -> None:
    assert shop.count(shop.make(), quantity).status_code == 400


def test_more_than_a_hundred_changes_are_refused(shop: Shop) -> None:
    change = {"type": "PHYSICAL_COUNT", "physical_count": {}}
    body = {"idempotency_key": "k", "changes": [change] * 101}

    answer = shop.post("inventory/changes/batch-create", body)

    assert code(answer) == (400, "ARRAY_LENGTH_TOO_LONG")


@pytest.mark.parametrize(
    ("ignore", "left"), [(True, "18"), (None, "18"), (False, "20")], ids=["ask", "default", "never"]
)
def test_a_count_equal_to_the_last_one_writes_nothing_by_default(
    shop: Shop, ignore: bool | None, left: str
) -> None:
    variation = shop.make()
    shop.count(variation, "20")
    shop.clock.advance(1)
    shop.square.sell(shop.places[0], [(variation, 2)])
    shop.clock.advance(1)

    answer = shop.count(variation, "20", ignore_unchanged_counts=ignore)

    assert answer.json()["counts"][0]["quantity"] == left


def test_counts_refused_at_one_location_name_their_change(shop: Shop) -> None:
    variation = shop.make()
    shop.square.refuse_counts_at(shop.places[0])

    answer = shop.count(variation, "1")

    assert code(answer) == (400, "INVALID_VALUE")
    assert answer.json()["errors"][0]["field"] == "changes[0].physical_count.location_id"
    shop.square.refuse_counts_at(shop.places[0], False)
    assert shop.count(variation, "1").status_code == 200


def test_counts_refused_in_part_leave_the_others_done(shop: Shop) -> None:
    variation = shop.make()
    shop.square.refuse_counts_at(shop.places[0], partial=True)
    changes = [
        {
            "type": "PHYSICAL_COUNT",
            "physical_count": {
                "catalog_object_id": variation,
                "location_id": place,
                "state": "IN_STOCK",
                "quantity": "4",
                "occurred_at": stamp(shop.clock()),
            },
        }
        for place in shop.places
    ]

    answer = shop.post(
        "inventory/changes/batch-create", {"idempotency_key": "k", "changes": changes}
    )

    assert answer.status_code == 200
    assert len(answer.json()["errors"]) == 1
    assert [one["location_id"] for one in answer.json()["counts"]] == shop.places[1:]


def test_an_untracked_variation_is_sold_without_touching_stock(shop: Shop) -> None:
    variation = shop.make()
    shop.square.edit_catalog(variation, {"track_inventory": False})

    shop.square.sell(shop.places[0], [(variation, 1)])

    assert shop.square.stock(variation, shop.places[0]) == 0


def test_an_object_nobody_counted_has_no_counts(shop: Shop) -> None:
    variation = shop.make()

    body = {"catalog_object_ids": [variation, "nobody"]}
    assert shop.post("inventory/counts/batch-retrieve", body).json() == {}
    assert shop.http.get(f"/v2/inventory/{variation}").json() == {}
