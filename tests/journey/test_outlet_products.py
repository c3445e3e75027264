"""Products of the ERP at the outlets' tills: made, changed, refused, taken off sale."""

from collections.abc import Iterator

import pytest

from tests.journey.house import keeping_house, wait_until
from tests.journey.outlets import FLOWS, Shops

PRODUCTS = FLOWS["product"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A merchant with two outlets on Lightspeed."""
    with keeping_house(tmp_path_factory.mktemp("outlets"), shops=("lightspeed",)) as house:
        yield Shops(house=house)


def test_new_product_is_sold_with_its_price_and_category(shops: Shops) -> None:
    product = shops.house.add_product("Mug", "MUG-1", category="Mugs", price={"RETAIL": "12.50"})

    row = shops.wait_for("product", product, "Synced")

    shown = shops.product("MUG-1")
    assert (shown["name"], float(shown["price_including_tax"])) == ("Mug", 12.5)
    assert shown["product_category"]["name"] == "Mugs"
    assert shops.house.outcomes(row)[0] == "created"
    assert (row["columns"]["name"], row["columns"]["sku"]) == ("Mug", "MUG-1")
    assert row["columns"]["source"] == "Brightpearl"
    links = {link["platform"]: link["id"] for link in shops.house.detail(row)["row"]["links"]}
    assert links == {"brightpearl": str(product), "lightspeed": shown["id"]}


def test_change_in_the_erp_follows_at_the_tills(shops: Shops) -> None:
    product = shops.house.add_product("Bowl", "BOWL-1", price={"RETAIL": "30.00"})
    first = shops.wait_for("product", product, "Synced")

    shops.house.vendors.brightpearl.edit_product(
        product, name="Deep Bowl", sku="BOWL-2", price={"RETAIL": "33.00"}
    )

    wait_until(lambda: bool(shops.products("BOWL-2")), "the new SKU")
    row = shops.wait_for(
        "product", product, "Synced", fits=lambda row: row["columns"]["sku"] == "BOWL-2"
    )
    shown = shops.product("BOWL-2")
    assert (shown["name"], float(shown["price_including_tax"])) == ("Deep Bowl", 33.0)
    assert shops.products("BOWL-1") == []
    assert row["synced_at"] > first["synced_at"]


def test_variants_become_variants_of_one_family(shops: Shops) -> None:
    brightpearl = shops.house.vendors.brightpearl
    with brightpearl.batch():
        small, large = (
            shops.house.add_product("Oxford", f"OX-{size}", group=900, options=[("Size", size)])
            for size in ("S", "L")
        )

    rows = [shops.wait_for("product", product, "Synced") for product in (small, large)]

    first, second = shops.product("OX-S"), shops.product("OX-L")
    assert first["family_id"] == second["family_id"]
    assert first["id"] != second["id"]
    assert {one["name"] for one in (first, second)} == {"Oxford"}
    assert [row["columns"]["sku"] for row in rows] == ["OX-S", "OX-L"]


def test_product_found_at_the_tills_is_adopted_by_its_sku(shops: Shops) -> None:
    there = shops.tills.add_product("Old Lamp", sku="LAMP-1")[0]

    product = shops.house.add_product("Lamp", "LAMP-1", category="Lamps")
    row = shops.wait_for("product", product, "Synced")

    shown = shops.product("LAMP-1")
    assert "adopted" in shops.house.outcomes(row)
    assert row["columns"]["source"] == "Brightpearl"
    assert (shown["id"], shown["name"]) == (there, "Lamp")


def test_sku_that_two_products_there_carry_fails_naming_both(shops: Shops) -> None:
    ids = [shops.tills.add_product(f"Plate {n}", sku="PLATE-1")[0] for n in (1, 2)]
    product = shops.house.add_product("Plate", "PLATE-1")

    failed = shops.wait_for("product", product, "Failed", "conflict")

    assert all(one in failed["sentence"] for one in ids)
    shops.tills.delete("products", ids[1])
    shops.house.resync(failed)
    mended = shops.wait_for("product", product, "Synced")
    assert shops.product("PLATE-1")["id"] == ids[0]
    assert mended["attempts"] == failed["attempts"] + 1


def test_name_that_lightspeed_refuses_is_mended_at_the_source(shops: Shops) -> None:
    product = shops.house.add_product("N" * 300, "LONG-1")
    failed = shops.wait_for("product", product, "Failed", "rejected_by_target")
    assert "name" in failed["sentence"]
    assert "255" in failed["sentence"]
    assert shops.house.detail(failed)["attempts"][0]["detail"]

    shops.house.vendors.brightpearl.sender.configure(lose_next=1)
    shops.house.vendors.brightpearl.edit_product(product, name="Novel")
    shops.house.vendors.brightpearl.sender.configure(lose_next=0)
    shops.house.resync(failed)

    row = shops.wait_for("product", product, "Synced")
    assert shops.product("LONG-1")["name"] == "Novel"
    assert "255" in shops.house.detail(row)["attempts"][-1]["detail"]


def test_archived_product_is_off_sale_and_its_row_says_so(shops: Shops) -> None:
    product = shops.house.add_product("Jug", "JUG-1")
    first = shops.wait_for("product", product, "Synced")
    there = shops.product("JUG-1")["id"]

    shops.house.vendors.brightpearl.archive_product(product)

    wait_until(lambda: not shops.ask(f"products/{there}")["is_active"], "a jug off sale")
    row = shops.wait_for(
        "product", product, "Synced", fits=lambda row: row["attempts"] > first["attempts"]
    )
    assert shops.house.detail(row)["attempts"][0]["detail"]


def test_category_without_a_counterpart_holds_the_product(shops: Shops) -> None:
    product = shops.house.add_product("Candle", "CAN-1", category="Candles")
    row = shops.wait_for("product", product, "Pending", "needs_mapping")
    assert "Candles" in row["sentence"]
    assert row["cause"] == f"mapping:{PRODUCTS}:category:Candles"
    assert shops.products("CAN-1") == []

    shops.house.map(PRODUCTS, "category", Candles=shops.outlets.categories["Candles"])

    shops.wait_for("product", product, "Synced")


def test_product_without_a_category_can_be_classified_alone(shops: Shops) -> None:
    product = shops.house.add_product("Thing", "TH-1", category=None)
    row = shops.wait_for("product", product, "Pending", "needs_mapping")
    assert "no category" in row["sentence"]

    path = f"{shops.house.base}/mappings/{PRODUCTS}/category"
    shops.house.api.put(path, {"records": {str(product): shops.outlets.categories["Books"]}})

    shops.wait_for("product", product, "Synced")
    assert shops.product("TH-1")["product_category"]["name"] == "Books"


def test_missing_price_list_is_named_and_filling_it_in_frees_the_product(shops: Shops) -> None:
    shops.house.configure(PRODUCTS, price_list=None)
    product = shops.house.add_product("Cup", "CUP-1")

    row = shops.wait_for("product", product, "Pending", "needs_settings")

    assert "Price list" in row["sentence"]
    shops.house.configure(PRODUCTS, price_list=str(shops.house.vendors.erp.price_list))
    shops.wait_for("product", product, "Synced")
