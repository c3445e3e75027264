"""Version feeds, products, stock and customers of the simulated Lightspeed."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.contract.lightspeed_store import Json, Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store() as made:
        yield made


def walk(store: Store, path: str, after: int = 0, **query: object) -> tuple[list[Json], int, int]:
    """Follow a feed until a page is empty; returns its rows, the cursor, the pages with rows."""
    rows: list[Json] = []
    pages = 0
    while True:
        page = store.get(path, after=after, **query)
        if not page["data"]:
            assert page["version"] == {"min": None, "max": None}
            return rows, after, pages
        rows += page["data"]
        after, pages = page["version"]["max"], pages + 1


# Feeds


def test_a_feed_is_walked_to_its_end_through_short_pages(store: Store) -> None:
    made = [store.product(f"P{n}") for n in range(7)]
    store.lightspeed.short_pages = 2

    rows, _, pages = walk(store, "products", page_size=3)

    assert [one["id"] for one in rows] == made
    assert pages > 3


def test_a_change_moves_a_row_to_the_end_of_the_feed(store: Store) -> None:
    first, second = store.product("A"), store.product("B")
    _, cursor, _ = walk(store, "products")
    assert walk(store, "products", cursor) == ([], cursor, 0)

    store.call("PUT", f"products/{first}", {"common": {"name": "Anew"}})

    rows, moved, _ = walk(store, "products", cursor)
    assert ([one["name"] for one in rows], moved > cursor) == (["Anew"], True)
    assert [one["id"] for one in store.get("products")["data"]] == [second, first]


def test_versions_rise_over_all_kinds_of_objects(store: Store) -> None:
    store.product("A")
    product = store.get("products")["version"]["max"]
    store.lightspeed.add_customer(first_name="Ann")
    assert store.get("customers")["version"]["max"] > product


def test_before_and_after_leave_their_own_row_out(store: Store) -> None:
    for sku in "ABC":
        store.product(sku)
    versions = [one["version"] for one in store.get("products")["data"]]

    page = store.get("products", after=versions[0], before=versions[2])

    assert page["version"] == {"min": versions[1], "max": versions[1]}


@pytest.mark.parametrize("kind", ["products", "customers"])
def test_deleted_objects_show_only_when_asked_for(store: Store, kind: str) -> None:
    made = store.product() if kind == "products" else store.lightspeed.add_customer()
    _, cursor, _ = walk(store, kind)

    assert store.call("DELETE", f"{kind}/{made}").status_code == 204

    assert walk(store, kind, cursor)[0] == []
    [row] = walk(store, kind, cursor, deleted="true")[0]
    assert (row["id"], row["deleted_at"]) == (made, "2026-08-03T09:00:00+00:00")
    assert store.call("GET", f"{kind}/{made}").status_code == 404
    store.lightspeed.shows_deleted = True
    assert store.get(f"{kind}/{made}")["data"]["deleted_at"]


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "-1"}, {"page_size": "0"}])
def test_a_malformed_cursor_is_refused(store: Store, query: dict[str, str]) -> None:
    assert store.call("GET", "products", params=query).status_code == 400


def test_a_page_holds_no_more_than_the_most(store: Store) -> None:
    store.lightspeed.max_page_size = 1
    store.product("A"), store.product("B")
    assert len(store.get("products", page_size=5000)["data"]) == 1


# The store itself


def test_a_store_shows_what_a_connection_needs(store: Store) -> None:
    assert store.get("retailer")["data"]["currency"]["code"] == "GBP"
    assert [one["name"] for one in store.get("outlets")["data"]] == ["Leeds", "York"]
    registers = store.get("registers")["data"]
    assert [one["outlet_id"] for one in registers] == [store.leeds, store.york]
    taxes = {one["name"]: one["rates"][0]["rate"] for one in store.get("taxes")["data"]}
    assert taxes == {"No Tax": 0, "VAT": 0.2}
    assert [one["name"] for one in store.get("payment_types")["data"]] == ["Cash", "Card"]
    assert store.get("price_books")["data"][0]["type"] == "BASE"
    assert store.get("users")["data"][0]["id"] == store.demo.user_id


def test_categories_have_paths(store: Store) -> None:
    pets = store.lightspeed.account.add_category("Pets")
    dogs = store.lightspeed.account.add_category("Dogs", pets)

    first, second = store.get("product_categories")["data"]["categories"]

    assert (first["leaf_category"], second["leaf_category"]) == (False, True)
    assert [one["id"] for one in second["category_path"]] == [pets, dogs]
    assert second["root_category_id"] == pets


# Products


def test_a_product_shows_its_category_as_type_and_its_tags_as_categories(store: Store) -> None:
    pets = store.lightspeed.account.add_category("Pets")
    tag = store.call("POST", "tags", {"name": "Summer"}).json()["data"]["id"]

    made = store.product(product_category_id=pets, tag_ids=[tag])

    product = store.get(f"products/{made}")["data"]
    assert (product["type"]["name"], product["product_type_id"]) == ("Pets", pets)
    assert (product["categories"], product["tag_ids"]) == ([{"id": tag, "name": "Summer"}], [tag])
    assert (product["brand"], product["source"]) == ({}, "USER")


def test_a_single_product_gets_a_number_for_a_sku_it_was_not_given(store: Store) -> None:
    body = {"name": "Mug", "product_codes": [{"type": "ean", "code": "4006381333931"}]}
    [made] = store.call("POST", "products", body).json()["data"]

    product = store.get(f"products/{made}")["data"]

    assert product["sku"] == "10001"
    codes = [(one["type"], one["code"]) for one in product["product_codes"]]
    assert codes == [("CUSTOM", "10001"), ("EAN", "4006381333931")]


def test_variants_take_prices_of_their_family_but_not_its_sku(store: Store) -> None:
    variants = [{}, {"price_including_tax": 24}]
    body = {"name": "Shirt", "sku": "SHIRT", "price_including_tax": 12, "variants": variants}

    store.call("POST", "products", body)

    first, second = store.get("products")["data"]
    assert (first["price_including_tax"], second["price_including_tax"]) == (12, 24)
    assert (first["sku"], second["sku"]) == ("10001", "10002")


def test_a_family_answers_with_one_id_for_each_variant(store: Store) -> None:
    size = store.lightspeed.products.add_attribute("Size")
    brand = store.call("POST", "brands", {"name": "Acme"}).json()["data"]["id"]
    variants = [
        {"sku": f"SHIRT-{one}", "variant_definitions": [{"attribute_id": size, "value": one}]}
        for one in "SML"
    ]
    body = {"name": "Shirt", "price_including_tax": 20, "brand_id": brand, "variants": variants}

    ids = store.call("POST", "products", body).json()["data"]

    rows = store.get("products")["data"]
    assert [one["id"] for one in rows] == ids
    assert [one["sku"] for one in rows] == ["SHIRT-S", "SHIRT-M", "SHIRT-L"]
    assert [one["variant_parent_id"] for one in rows] == [None, ids[0], ids[0]]
    assert len({one["family_id"] for one in rows}) == 1
    assert rows[1]["variant_name"] == "Shirt / M"
    assert rows[1]["variant_options"][0]["name"] == "Size"
    assert rows[1]["brand"]["name"] == "Acme"
    assert (rows[1]["price_including_tax"], rows[1]["price_excluding_tax"]) == (20, 16.66667)
    assert rows[1]["product_codes"][0]["code"] == "SHIRT-M"


def test_a_search_by_sku_ignores_all_else_and_finds_twins(store: Store) -> None:
    twins = [store.product("MUG"), store.product("MUG", name="Other mug")]
    store.product("JAR")

    found = store.get("products", sku="MUG", after=2**60, page_size=1)["data"]

    assert [one["id"] for one in found] == twins
    assert store.get("products", sku="mug")["data"] == []


def test_the_search_wants_a_sku_in_lower_case(store: Store) -> None:
    made = store.product("MUG")
    found = store.get("search", type="products", sku="mug")["data"]
    assert [one["id"] for one in found] == [made]
    assert store.get("search", type="products", sku="MUG")["data"] == []


def test_common_changes_the_family_and_details_one_variant(store: Store) -> None:
    body = {"name": "Shirt", "variants": [{"sku": "A"}, {"sku": "B"}]}
    first, second = store.call("POST", "products", body).json()["data"]
    details = {
        "price_excluding_tax": 10,
        "is_active": False,
        "product_codes": [{"type": "EAN", "code": "4006381333931"}],
        "inventory": [{"outlet_id": store.york, "current_amount": 21}],
    }

    change = {"common": {"name": "Blouse"}, "details": details}
    assert store.call("PUT", f"products/{first}", change).status_code == 200

    changed, other = (store.get(f"products/{one}")["data"] for one in (first, second))
    assert (changed["name"], other["name"]) == ("Blouse", "Blouse")
    assert (changed["price_including_tax"], other["price_including_tax"]) == (12, 0)
    assert (changed["is_active"], other["is_active"]) == (False, True)
    assert [one["type"] for one in changed["product_codes"]] == ["EAN"]
    assert store.lightspeed.stock(first, store.york) == 21


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "A", "price_including_tax": "1"}, 400),
        ({"name": "A", "price_including_tax": 1, "price_excluding_tax": 1}, 422),
        ({"name": "A", "brand_id": "none"}, 400),
        ({"name": "A", "product_codes": [{"type": "QR", "code": "1"}]}, 400),
        ({"name": "A", "inventory": [{"outlet_id": "none", "current_amount": 1}]}, 400),
        ({"name": "A", "variants": "many"}, 400),
    ],
)
def test_a_wrong_product_is_refused_and_not_stored(store: Store, body: Json, status: int) -> None:
    assert store.call("POST", "products", body).status_code == status
    assert store.get("products")["data"] == []


def test_an_unknown_product_is_not_found(store: Store) -> None:
    assert store.call("PUT", f"products/{uuid4()}", {"common": {"name": "A"}}).status_code == 404
    assert store.call("GET", f"inventory/{uuid4()}").status_code == 404


# Stock


def test_levels_are_a_bare_array_newest_first_unless_asked(store: Store) -> None:
    product = store.product(stock=21)

    newest = store.call("POST", "inventory", {}).json()
    oldest = store.call("POST", "inventory", {"sort_direction": "asc"}).json()

    assert newest == oldest[::-1]
    assert [one["outlet_id"] for one in oldest] == [store.york, store.leeds]
    assert [one["current_inventory_level"] for one in oldest] == [0, 21]
    after = {"sort_direction": "asc", "after": oldest[-1]["version"]}
    assert store.call("POST", "inventory", after).json() == []
    store.lightspeed.set_stock(product, store.york, "2.5")
    [moved] = store.call("POST", "inventory", after).json()
    assert moved["current_inventory_level"] == 2.5


def test_levels_of_one_product_come_oldest_first(store: Store) -> None:
    product = store.product()
    store.product("JAR")
    rows = store.get(f"inventory/{product}")
    assert [one["outlet_id"] for one in rows] == [store.york, store.leeds]


def test_levels_of_a_family_are_listed_when_asked(store: Store) -> None:
    body = {"name": "Shirt", "variants": [{"sku": "A"}, {"sku": "B"}]}
    first, _ = store.call("POST", "products", body).json()["data"]

    one = store.call("POST", "inventory", {"product_id": first}).json()
    all_of_them = store.call("POST", "inventory", {"product_id": first, "variants": True}).json()

    assert (len(one), len(all_of_them)) == (2, 4)


@pytest.mark.parametrize("body", [{"size": 5001}, {"sort_direction": "up"}, {"size": 0}])
def test_a_wrong_list_of_levels_is_refused(store: Store, body: Json) -> None:
    assert store.call("POST", "inventory", body).status_code == 400


def adjustment(store: Store, product: str, quantity: str, reason: str) -> Json:
    place = {"product_id": product, "outlet_id": store.leeds}
    return place | {"quantity": quantity, "reason": reason}


def test_adjustments_add_to_a_level_each_time_they_are_sent(store: Store) -> None:
    product = store.product(stock=10)
    entries = [
        adjustment(store, product, "-3", "DAMAGE"),
        adjustment(store, product, "1", "STOCK_FOUND"),
    ]
    body = {"stock_adjustments": entries}

    answer = store.call("POST", "stock_adjustments", body)
    store.call("POST", "stock_adjustments", body)

    assert answer.status_code == 201
    assert [one["quantity"] for one in answer.json()["data"]] == ["-3", "1"]
    assert store.lightspeed.stock(product, store.leeds) == 6
    assert len(walk(store, "stock_adjustments")[0]) == 4


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"quantity": -3}, 400),
        ({"quantity": "few"}, 400),
        ({"quantity": "3"}, 422),
        ({"quantity": "0"}, 422),
        ({"reason": "BOREDOM"}, 400),
        ({"reason": "STOCK_FOUND"}, 422),
        ({"outlet_id": "none"}, 400),
        ({"note": "extra"}, 400),
    ],
)
def test_one_wrong_adjustment_refuses_all(store: Store, change: Json, status: int) -> None:
    product = store.product(stock=10)
    good = adjustment(store, product, "-1", "THEFT")
    body = {"stock_adjustments": [good, adjustment(store, product, "-1", "THEFT") | change]}

    assert store.call("POST", "stock_adjustments", body).status_code == status
    assert store.lightspeed.stock(product, store.leeds) == 10
    store.lightspeed.adjustments_all_or_nothing = False
    assert store.call("POST", "stock_adjustments", body).status_code == status
    assert store.lightspeed.stock(product, store.leeds) == 9


@pytest.mark.parametrize("count", [0, 1001])
def test_adjustments_come_by_the_thousand_at_most(store: Store, count: int) -> None:
    entries = [adjustment(store, store.product(), "-1", "THEFT")] * count
    body = {"stock_adjustments": entries}
    assert store.call("POST", "stock_adjustments", body).status_code == 400


def test_reasons_of_the_stores_own_have_names_once_and_a_sign(store: Store) -> None:
    reason = {"name": "Gift", "type": "NEGATIVE", "enabled": True}
    made = store.call("POST", "custom_inventory_adjustment_reasons", reason)
    entry = adjustment(store, store.product(), "-1", "CUSTOM")
    entry["custom_reason_id"] = made.json()["data"]["id"]

    assert made.status_code == 200
    again = store.call("POST", "custom_inventory_adjustment_reasons", reason)
    assert again.status_code == 409
    body = {"stock_adjustments": [entry]}
    assert store.call("POST", "stock_adjustments", body).status_code == 201
    body = {"stock_adjustments": [entry | {"quantity": "1"}]}
    assert store.call("POST", "stock_adjustments", body).status_code == 422


# Customers


def test_a_customer_is_made_changed_and_found(store: Store) -> None:
    body = {"first_name": "Ann", "last_name": None, "email": "a@example.org"}
    answer = store.call("POST", "customers", body | {"customer_code": "BP-1"})
    made = answer.json()["data"]

    changed = store.call("PUT", f"customers/{made['id']}", {"last_name": "Lee"}).json()["data"]

    assert answer.status_code == 201
    assert (changed["name"], changed["email"]) == ("Ann Lee", "a@example.org")
    assert changed["version"] > made["version"]
    for query in ({"email": "a@example.org"}, {"customer_code": "BP-1"}):
        [found] = store.get("search", type="customers", **query)["data"]
        assert found["id"] == made["id"]
    assert store.get("search", type="customers", email="b@example.org")["data"] == []


def test_nothing_about_a_customer_is_unique_unless_made_so(store: Store) -> None:
    body = {"first_name": "Ann", "last_name": "Lee", "customer_code": "BP-1"}
    assert [store.call("POST", "customers", body).status_code for _ in range(2)] == [201, 201]

    store.lightspeed.unique_customer_codes = True
    assert store.call("POST", "customers", body).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"first_name": "Ann"},
        {"first_name": "Ann", "last_name": 1},
        {
            "first_name": "Ann",
            "last_name": "Lee",
            "physical_country_id": "US",
            "physical_postcode": "LS1 4DY",
        },
    ],
    ids=["name-missing", "name-number", "postcode"],
)
def test_a_wrong_customer_is_refused(store: Store, body: Json) -> None:
    assert store.call("POST", "customers", body).status_code == 400
