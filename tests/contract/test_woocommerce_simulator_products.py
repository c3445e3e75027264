"""Products, variations, stock, batches and pages of the simulated WooCommerce."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.woo_shop import Json, Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


# Fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"regular_price": 12.5}, "regular_price"),
        ({"manage_stock": True, "stock_quantity": 2.5}, "stock_quantity"),
        ({"type": "variation"}, "type"),
        ({"status": "sold"}, "status"),
        ({"categories": {"id": 1}}, "categories"),
        ({"meta_data": "none"}, "meta_data"),
    ],
    ids=["price-number", "half-a-piece", "variation", "status", "no-list", "meta"],
)
def test_a_field_of_a_wrong_type_is_named(shop: Shop, body: Json, field: str) -> None:
    answer = shop.http.post("products", json={"name": "Cup", **body})

    assert code(answer) == (400, "rest_invalid_param")
    assert list(answer.json()["data"]["params"]) == [field]
    assert shop.get("products", search="Cup") == []


def test_the_price_is_the_sale_price_and_cannot_be_written(shop: Shop) -> None:
    made = shop.http.post(
        "products",
        json={"name": "Cup", "regular_price": "9.00", "sale_price": "7.50", "price": "1.00"},
    ).json()

    assert (made["price"], made["on_sale"]) == ("7.50", True)
    changed = shop.http.put(f"products/{made['id']}", json={"sale_price": ""}).json()
    assert (changed["price"], changed["on_sale"]) == ("9.00", False)


def test_meta_data_is_kept_by_key_and_null_removes_it(shop: Shop) -> None:
    path = f"products/{shop.merchant.mug}"
    first = shop.http.put(path, json={"meta_data": [{"key": "_ref", "value": "a"}]}).json()
    second = shop.http.put(path, json={"meta_data": [{"key": "_ref", "value": "b"}]}).json()

    assert [one["value"] for one in second["meta_data"]] == ["b"]
    assert first["meta_data"][0]["id"] == second["meta_data"][0]["id"]
    gone = shop.http.put(path, json={"meta_data": [{"key": "_ref", "value": None}]}).json()
    assert gone["meta_data"] == []


def test_a_product_is_in_its_category_or_in_the_first(shop: Shop) -> None:
    mugs = shop.http.post("products/categories", json={"name": "Mugs"}).json()
    path = f"products/{shop.merchant.mug}"

    assert [one["name"] for one in shop.get(path)["categories"]] == ["Uncategorized"]
    shop.http.put(path, json={"categories": [{"id": mugs["id"]}, {"id": 999}]})

    assert [one["slug"] for one in shop.get(path)["categories"]] == ["mugs"]
    assert shop.ids("products", category=mugs["id"]) == [shop.merchant.mug]
    assert shop.get(f"products/categories/{mugs['id']}")["count"] == 1
    assert [one["name"] for one in shop.get("products/categories")] == ["Mugs", "Uncategorized"]
    oldest = shop.get("products/categories", orderby="id", per_page=1)
    assert [one["name"] for one in oldest] == ["Uncategorized"]
    twin = shop.http.post("products/categories", json={"name": "Mugs"})
    assert code(twin) == (400, "term_exists")
    assert twin.json()["data"]["resource_id"] == mugs["id"]


# Stock


def test_stock_is_absolute_and_counts_only_where_it_is_managed(shop: Shop) -> None:
    path = f"products/{shop.merchant.mug}"

    assert shop.http.put(path, json={"stock_quantity": "8"}).json()["stock_quantity"] == 8
    assert shop.http.put(path, json={"stock_quantity": 0}).json()["stock_status"] == "outofstock"
    shown = shop.http.put(path, json={"backorders": "notify"}).json()
    assert shown["stock_status"] == "onbackorder"
    shown = shop.http.put(path, json={"manage_stock": False, "stock_quantity": 4}).json()
    assert shown["stock_quantity"] is None


def test_a_variation_may_show_the_stock_of_its_parent(shop: Shop) -> None:
    shirt, small = shop.merchant.shirt, shop.merchant.sizes["S"]
    path = f"products/{shirt}/variations/{small}"
    shop.http.put(f"products/{shirt}", json={"manage_stock": True, "stock_quantity": 30})
    assert shop.get(path)["manage_stock"] is True

    shown = shop.http.put(path, json={"manage_stock": False}).json()

    assert (shown["manage_stock"], shown["stock_quantity"]) == ("parent", 30)
    assert shown["tax_class"] == "parent"


# Variations


def test_a_variation_is_written_below_its_parent_only(shop: Shop) -> None:
    shirt, small = shop.merchant.shirt, shop.merchant.sizes["S"]
    change = {"regular_price": "30.00"}

    refused = shop.http.put(f"products/{small}", json=change)
    stranger = shop.http.put(f"products/{shop.merchant.mug}/variations/{small}", json=change)
    written = shop.http.put(f"products/{shirt}/variations/{small}", json=change)

    assert code(refused) == (404, "woocommerce_rest_invalid_product_id")
    assert code(stranger) == (404, "woocommerce_rest_product_variation_invalid_id")
    assert written.json()["price"] == "30.00"
    assert shop.get(f"products/{small}")["type"] == "variation"
    assert shop.get(f"products/{shirt}")["price"] == "25.00"


def test_lists_leave_variations_out_unless_a_sku_asks(shop: Shop) -> None:
    shirt, mug, small = shop.merchant.shirt, shop.merchant.mug, shop.merchant.sizes["S"]

    assert shop.ids("products", order="asc") == [mug, shirt]
    assert set(shop.ids("products", sku="SHIRT-S,MUG-1")) == {small, mug}
    assert shop.ids("products", search_sku="rt-s") == [small]
    assert len(shop.ids(f"products/{shirt}/variations")) == 3
    assert shop.ids("products", type="variable") == [shirt]
    refused = shop.http.get("products", params={"type": "variation"})
    assert code(refused) == (400, "rest_invalid_param")


# SKUs and the trash


def test_a_sku_is_held_across_products_and_variations(shop: Shop) -> None:
    answer = shop.http.post("products", json={"name": "Cup", "sku": "SHIRT-S"})

    assert code(answer) == (400, "product_invalid_sku")
    assert answer.json()["data"]["resource_id"] == shop.merchant.sizes["S"]
    assert answer.json()["data"]["unique_sku"] == "SHIRT-S-1"
    same = shop.http.put(f"products/{shop.merchant.mug}", json={"sku": "MUG-1"})
    assert same.status_code == 200


def test_a_trashed_product_is_unseen_and_still_blocks_its_sku(shop: Shop) -> None:
    mug = shop.merchant.mug
    gone = shop.http.delete(f"products/{mug}")
    assert gone.json()["status"] == "publish"

    assert shop.ids("products", sku="MUG-1") == []
    assert shop.ids("products", sku="MUG-1", status="any") == []
    assert shop.ids("products", status="trash") == [mug]
    again = shop.http.post("products", json={"name": "Mug", "sku": "MUG-1"})
    assert code(again) == (400, "woocommerce_rest_product_not_created")
    assert "resource_id" not in again.json()["data"]

    shop.http.delete(f"products/{mug}", params={"force": True})
    assert shop.http.post("products", json={"name": "Mug", "sku": "MUG-1"}).status_code == 201


def test_an_unknown_product_is_404_to_read_and_400_to_write(shop: Shop) -> None:
    wanted = "woocommerce_rest_product_invalid_id"

    assert code(shop.http.get("products/999")) == (404, wanted)
    assert code(shop.http.put("products/999", json={})) == (400, wanted)


# Batches


def test_a_batch_answers_200_with_an_error_for_each_that_failed(shop: Shop) -> None:
    mug = shop.merchant.mug
    answer = shop.http.post(
        "products/batch",
        json={
            "create": [{"name": "Cup", "sku": "CUP"}, {"name": "Twin", "sku": "MUG-1"}],
            "update": [{"id": mug, "stock_quantity": 1}, {"sku": "MUG-1"}, {"id": 999}],
            "delete": [shop.merchant.shirt, 999],
        },
    )

    assert answer.status_code == 200
    body = answer.json()
    codes = {name: [one.get("error", {}).get("code") for one in body[name]] for name in body}
    unknown = "woocommerce_rest_product_invalid_id"
    assert codes == {
        "create": [None, "product_invalid_sku"],
        "update": [None, unknown, unknown],
        "delete": [None, unknown],
    }
    assert [one["id"] for one in body["update"]] == [mug, None, 999]
    assert body["create"][1]["id"] == 0
    assert shop.mugs() == 1
    assert shop.ids("products", status="trash") == []


def test_a_batch_of_variations_changes_stock_and_101_are_too_many(shop: Shop) -> None:
    path = f"products/{shop.merchant.shirt}/variations/batch"
    rows = [{"id": one, "stock_quantity": 2} for one in shop.merchant.sizes.values()]

    done = shop.http.post(path, json={"update": rows}).json()["update"]

    assert [one["stock_quantity"] for one in done] == [2, 2, 2]
    many = shop.http.post(path, json={"update": [rows[0]] * 101})
    assert code(many) == (413, "woocommerce_rest_request_entity_too_large")


# Pages and dates


def test_pages_lead_to_the_end_and_tell_how_much_there_is(shop: Shop) -> None:
    for number in range(5):
        shop.woo.add_product(name=f"Cup {number}")

    seen: list[int] = []
    for page in (1, 2, 3):
        answer = shop.http.get("products", params={"per_page": 3, "page": page, "orderby": "id"})
        seen += [one["id"] for one in answer.json()]
        totals = answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]
        assert totals == ("7", "3")
        assert ('rel="next"' in answer.headers["Link"]) is (page < 3)
        assert 'rel="https://api.w.org/"' in answer.headers["Link"]

    assert len(seen) == len(set(seen)) == 7
    assert shop.get("products", page=4, per_page=3) == []


@pytest.mark.parametrize("params", [{"per_page": 101}, {"per_page": 0}, {"page": 0}])
def test_pages_have_bounds(shop: Shop, params: dict[str, Any]) -> None:
    answer = shop.http.get("products", params=params)

    assert code(answer) == (400, "rest_invalid_param")
    details = next(iter(answer.json()["data"]["details"].values()))
    assert details["code"] == "rest_out_of_bounds"


def test_modified_after_is_strict_by_the_second(shop: Shop) -> None:
    at = shop.clock.advance(10)
    shop.woo.set_stock(shop.merchant.mug, 4)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S")
    before = (at - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")
    shop.clock.at += timedelta(milliseconds=900)
    shop.http.put(f"products/{shop.merchant.mug}", json={"stock_quantity": 3})

    assert shop.ids("products", modified_after=stamp, dates_are_gmt=True) == []
    assert shop.ids("products", modified_after=before, dates_are_gmt=True) == [shop.merchant.mug]
    assert shop.get(f"products/{shop.merchant.mug}")["date_modified_gmt"] == stamp


def test_dates_are_in_the_sites_zone_unless_said_to_be_gmt(shop: Shop) -> None:
    shop.clock.at = shop.clock.at.replace(month=7)
    shop.woo.set_stock(shop.merchant.mug, 4)
    asked = {"modified_after": "2026-07-02T09:30:00"}

    assert shop.get(f"products/{shop.merchant.mug}")["date_modified"] == "2026-07-02T10:00:00"
    assert shop.ids("products", **asked) == [shop.merchant.mug]
    assert shop.ids("products", **asked, dates_are_gmt=True) == []


def test_a_date_that_is_none_is_refused(shop: Shop) -> None:
    answer = shop.http.get("products", params={"modified_after": "yesterday"})

    assert answer.status_code == 400
    assert "rest_invalid_date" in answer.text


def test_a_change_of_a_variation_moves_its_parent(shop: Shop) -> None:
    since = shop.clock().strftime("%Y-%m-%dT%H:%M:%S")
    shop.clock.advance(5)
    shirt, small = shop.merchant.shirt, shop.merchant.sizes["S"]
    changed = {"modified_after": since, "dates_are_gmt": True}

    shop.http.put(f"products/{shirt}/variations/{small}", json={"stock_quantity": 1})

    assert shop.ids("products", **changed) == [shirt]
    assert shop.ids(f"products/{shirt}/variations", **changed) == [small]


def test_fields_trim_an_answer(shop: Shop) -> None:
    row = shop.get("products", sku="MUG-1", _fields="id,sku")[0]

    assert row == {"id": shop.merchant.mug, "sku": "MUG-1"}
