"""The simulated Lightspeed's names, attributes and lists of several things at once."""

from collections.abc import Iterator

import pytest

from tests.contract.lightspeed_store import Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store() as made:
        yield made


def test_a_name_belongs_to_one_family(store: Store) -> None:
    store.product("MUG")
    other = store.product("JAR")

    twice = store.call("POST", "products", {"name": "Mug", "sku": "MUG-2"})
    renamed = store.call("PUT", f"products/{other}", {"common": {"name": "Mug"}})

    assert (twice.status_code, renamed.status_code) == (422, 422)
    store.lightspeed.unique_names = False
    assert store.call("POST", "products", {"name": "Mug", "sku": "MUG-2"}).status_code == 200


def test_numbers_of_several_products_come_in_one_list_by_place(store: Store) -> None:
    mug, jar, hidden = store.product("MUG"), store.product("JAR", stock=3), store.product("BOX")
    store.call("PUT", f"products/{hidden}", {"details": {"is_active": False}})
    wanted = {"product_ids": [mug, jar, hidden], "location_ids": [store.leeds]}

    rows = store.call("POST", "inventory_levels", wanted).json()
    second = store.call("POST", "inventory_levels", wanted | {"offset": 1, "size": 1}).json()
    every = store.call("POST", "inventory_levels", wanted | {"include_inactive": True}).json()

    assert [(row["product_id"], row["current_inventory_level"]) for row in rows] == [
        (mug, 10),
        (jar, 3),
    ]
    assert second == rows[1:]
    assert {row["product_id"] for row in every} == {mug, jar, hidden}
    assert all("version" not in row and row["location_id"] == store.leeds for row in rows)
    assert store.call("POST", "inventory_levels", {"size": 10_001}).status_code == 400


def test_an_attribute_is_made_once_and_a_variant_gets_another_value(store: Store) -> None:
    made = store.call("POST", "variant_attributes", {"name": "Colour"})
    twice = store.call("POST", "variant_attributes", {"name": "colour"})
    other = store.call("POST", "variant_attributes", {"name": "Size"}).json()["data"]["id"]
    colour = made.json()["data"]["id"]
    red = {"sku": "A", "variant_definitions": [{"attribute_id": colour, "value": "Red"}]}
    body = {"name": "Shirt", "variants": [red]}
    shirt = store.call("POST", "products", body).json()["data"][0]

    def change(attribute: str) -> int:
        values = [{"attribute_id": attribute, "attribute_value": "Blue"}]
        body = {"details": {"variant_attribute_values": values}}
        return store.call("PUT", f"products/{shirt}", body).status_code

    assert (made.status_code, twice.status_code) == (201, 422)
    assert (change(other), change(colour)) == (422, 200)
    shown = store.get(f"products/{shirt}")["data"]
    assert shown["variant_options"] == [{"name": "Colour", "value": "Blue"}]
    assert shown["variant_name"] == "Shirt / Blue"


def test_the_search_finds_things_by_several_ids(store: Store) -> None:
    made = [store.product(sku) for sku in ("MUG", "JAR", "BOX")]

    answer = store.call("GET", "search", params={"type": "products", "_id": made[:2]})

    assert {row["id"] for row in answer.json()["data"]} == set(made[:2])
