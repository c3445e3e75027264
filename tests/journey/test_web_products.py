"""Products of the ERP in the web shop: made, changed, refused, hidden."""

from collections.abc import Iterator

import pytest

from tests.journey.house import keeping_house, wait_until
from tests.journey.web import FLOWS, WebShop

PRODUCTS = FLOWS["product"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebShop]:
    """A merchant with a web shop."""
    with keeping_house(tmp_path_factory.mktemp("web"), shops=("woocommerce",)) as house:
        yield WebShop(house=house)


def test_new_product_is_offered_with_its_price_and_category(web: WebShop) -> None:
    product = web.house.add_product("Mug", "MUG-1", category="Mugs", price={"RETAIL": "12.50"})

    row = web.wait_for("product", product, "Synced")

    shown = web.product("MUG-1")
    assert (shown["name"], shown["regular_price"], shown["status"]) == ("Mug", "12.50", "publish")
    assert [one["name"] for one in shown["categories"]] == ["Mugs"]
    assert web.house.outcomes(row)[0] == "created"
    assert row["columns"]["source"] == "Brightpearl"
    links = {link["platform"]: link["id"] for link in web.house.detail(row)["row"]["links"]}
    assert links == {"brightpearl": str(product), "woocommerce": str(shown["id"])}


def test_change_in_the_erp_follows_and_the_shops_own_words_stay(web: WebShop) -> None:
    product = web.house.add_product("Bowl", "BOWL-1", price={"RETAIL": "30.00"})
    web.wait_for("product", product, "Synced")
    there = web.product("BOWL-1")["id"]
    with web.shop.lock:
        web.shop.products.update(there, {"short_description": "By hand."})

    web.house.vendors.brightpearl.edit_product(product, name="Deep Bowl", price={"RETAIL": "33"})

    wait_until(lambda: web.product("BOWL-1")["name"] == "Deep Bowl", "the new name")
    row = web.wait_for(
        "product", product, "Synced", fits=lambda row: row["columns"]["name"] == "Deep Bowl"
    )
    shown = web.product("BOWL-1")
    assert (shown["regular_price"], shown["short_description"]) == ("33.00", "By hand.")
    assert row["attempts"] > 1


def test_product_found_in_the_shop_is_adopted_by_its_sku(web: WebShop) -> None:
    there = web.shop.add_product(name="Old Lamp", sku="LAMP-1", regular_price="1.00")

    product = web.house.add_product("Lamp", "LAMP-1", category="Lamps")
    row = web.wait_for("product", product, "Synced")

    shown = web.product("LAMP-1")
    assert web.house.outcomes(row)[0] == "adopted"
    assert row["columns"]["source"] == "Brightpearl"
    assert (shown["id"], shown["name"], shown["regular_price"]) == (there, "Lamp", "20.00")


def test_variants_become_variations_of_one_product(web: WebShop) -> None:
    brightpearl = web.house.vendors.brightpearl
    with brightpearl.batch():
        small, large = (
            web.house.add_product("Oxford", f"OX-{size}", group=900, options=[("Size", size)])
            for size in ("S", "L")
        )
    rows = [web.wait_for("product", product, "Synced") for product in (small, large)]

    first, second = web.product("OX-S"), web.product("OX-L")
    parent = web.ask(f"products/{first['parent_id']}")
    assert first["parent_id"] == second["parent_id"]
    assert (parent["name"], parent["type"], parent["sku"]) == ("Oxford", "variable", "")
    assert [one["option"] for one in first["attributes"]] == ["S"]
    assert first["regular_price"] == "20.00"
    assert [row["columns"]["sku"] for row in rows] == ["OX-S", "OX-L"]

    third = web.house.add_product("Oxford", "OX-M", group=900, options=[("Size", "M")])

    web.wait_for("product", third, "Synced")
    assert web.product("OX-M")["parent_id"] == first["parent_id"]
    assert len(web.ask(f"products/{first['parent_id']}")["variations"]) == 3


def test_sku_that_two_things_there_carry_fails_naming_both(web: WebShop) -> None:
    ids = [web.shop.add_product(name=f"Plate {n}", sku=f"PLATE-{n}") for n in (1, 2)]
    with web.shop.lock:  # an import that writes past the shop's own checks
        web.shop.products.by_id[ids[1]].sku = "plate-1"
    product = web.house.add_product("Plate", "PLATE-1")

    failed = web.wait_for("product", product, "Failed", "conflict")

    assert all(str(one) in failed["sentence"] for one in ids)
    assert {one["name"] for one in web.products("PLATE-1")} == {"Plate 1", "Plate 2"}
    with web.shop.lock:
        web.shop.products.by_id[ids[1]].sku = "PLATE-2"
    web.house.resync(failed)
    mended = web.wait_for("product", product, "Synced")
    assert web.product("PLATE-1")["id"] == ids[0]
    assert mended["attempts"] == failed["attempts"] + 1


def test_sku_in_the_bin_fails_until_a_person_restores_it(web: WebShop) -> None:
    there = web.shop.add_product(name="Vase", sku="VASE-1")
    with web.shop.lock:
        web.shop.products.delete(web.shop.products.product(there), force=False)
    product = web.house.add_product("Vase", "VASE-1")
    failed = web.wait_for("product", product, "Failed", "conflict")
    assert "bin" in failed["sentence"]
    assert "VASE-1" in failed["sentence"]

    web.shop.restore_product(there)
    web.house.resync(failed)

    row = web.wait_for("product", product, "Synced")
    assert "adopted" in web.house.outcomes(row)
    assert web.product("VASE-1")["id"] == there


def test_archived_product_is_hidden_and_its_row_says_so(web: WebShop) -> None:
    product = web.house.add_product("Jug", "JUG-1")
    first = web.wait_for("product", product, "Synced")

    web.house.vendors.brightpearl.archive_product(product)

    wait_until(lambda: web.product("JUG-1")["status"] == "private", "a hidden jug")
    row = web.wait_for(
        "product", product, "Synced", fits=lambda row: row["attempts"] > first["attempts"]
    )
    attempts = web.house.detail(row)["attempts"]
    assert "hidden" in attempts[0]["detail"]

    web.house.vendors.brightpearl.edit_product(product, status="LIVE")

    wait_until(lambda: web.product("JUG-1")["status"] == "publish", "the jug shown again")


def test_category_without_a_counterpart_holds_the_product(web: WebShop) -> None:
    product = web.house.add_product("Candle", "CAN-1", category="Candles")
    row = web.wait_for("product", product, "Pending", "needs_mapping")
    assert "Candles" in row["sentence"]
    assert row["cause"] == f"mapping:{PRODUCTS}:category:Candles"
    assert web.products("CAN-1") == []

    web.house.map(PRODUCTS, "category", Candles=str(web.web.categories["Candles"]))

    web.wait_for("product", product, "Synced")


def test_prices_without_tax_in_a_shop_with_tax_fail_naming_the_price(web: WebShop) -> None:
    web.house.configure(PRODUCTS, prices="without_tax")
    product = web.house.add_product("Cup", "CUP-1")
    failed = web.wait_for("product", product, "Failed", "unsupported")
    assert "price" in failed["sentence"].lower()
    assert "tax" in failed["sentence"]

    web.house.configure(PRODUCTS, prices="with_tax")
    web.house.resync(failed)

    web.wait_for("product", product, "Synced")
