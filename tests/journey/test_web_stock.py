"""Stock in the web shop: counted by the ERP, sold by three tills and a checkout."""

from collections.abc import Iterator

import pytest

from tests.journey.house import keeping_house, wait_until
from tests.journey.web import FLOWS, WebShop


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebShop]:
    """A merchant with a web shop, whose goods lie in the warehouse of the first till."""
    with keeping_house(tmp_path_factory.mktemp("web"), shops=("woocommerce",)) as house:
        yield WebShop(house=house)


def count(web: WebShop, product: int, pieces: int, warehouse: int = 0) -> None:
    """Count a product in a warehouse of the ERP."""
    erp = web.house.vendors.erp
    web.house.vendors.brightpearl.set_stock(product, erp.warehouses[warehouse], pieces)


def test_count_of_the_erp_is_what_the_shop_shows(web: WebShop) -> None:
    product = web.offer("Mug", "MUG-1", stock=20)

    count(web, product, 7)

    wait_until(lambda: web.in_stock("MUG-1") == 7, "7 mugs in the shop")
    row = web.wait_for(
        "stock", product, "Synced", fits=lambda row: row["columns"]["quantity"] == "7"
    )
    assert (row["columns"]["name"], row["columns"]["sku"]) == ("Mug", "MUG-1")
    assert [one["location"] for one in row["columns"]["locations"]] == ["shop"]


def test_nothing_left_and_less_than_nothing_are_shown_as_sold_out(web: WebShop) -> None:
    product = web.offer("Bowl", "BOWL-1", stock=3)
    count(web, product, 0)
    wait_until(lambda: web.in_stock("BOWL-1") == 0, "no bowls in the shop")
    assert web.product("BOWL-1")["stock_status"] == "outofstock"

    count(web, product, 2)
    wait_until(lambda: web.in_stock("BOWL-1") == 2, "two bowls in the shop")
    count(web, product, -4)

    wait_until(lambda: web.in_stock("BOWL-1") == 0, "no bowls in the shop again")
    row = web.wait_for(
        "stock", product, "Synced", fits=lambda row: row["columns"]["quantity"] == "0"
    )
    assert row["columns"]["locations"][0]["quantity"] == "0"


def test_other_warehouses_are_not_for_the_shop(web: WebShop) -> None:
    product = web.offer("Vase", "VASE-1", stock=5)

    count(web, product, 90, warehouse=1)

    row = web.wait_for("stock", product, "Synced", fits=lambda row: row["attempts"] > 1)
    web.house.settle()
    assert (web.in_stock("VASE-1"), row["columns"]["quantity"]) == (5, "5")


def test_bundle_is_as_many_as_its_parts_allow(web: WebShop) -> None:
    cup = web.offer("Cup", "CUP-1", stock=9)
    saucer = web.offer("Saucer", "SAU-1", stock=20)
    bundle = web.house.add_product(
        "Set of two", "SET-1", bundle=True, components=[(cup, 2), (saucer, 2)]
    )

    web.wait_for("product", bundle, "Synced")

    wait_until(lambda: web.in_stock("SET-1") == 4, "4 sets in the shop")
    count(web, cup, 3)
    wait_until(lambda: web.in_stock("CUP-1") == 3, "3 cups in the shop")
    stock = web.wait_for("stock", bundle, "Synced")
    web.house.resync(stock)
    wait_until(lambda: web.in_stock("SET-1") == 1, "1 set in the shop")


def test_sale_at_a_till_is_off_the_shops_shelf_and_the_other_way_round(web: WebShop) -> None:
    product = web.offer("Lamp", "LAMP-1", stock=10)
    wait_until(lambda: web.house.in_stock("LAMP-1") == 10, "10 lamps at the till")

    web.house.sell("LAMP-1")
    wait_until(lambda: web.in_stock("LAMP-1") == 9, "9 lamps in the shop")

    web.buy("LAMP-1", quantity=2)
    wait_until(lambda: web.house.in_stock("LAMP-1") == 7, "7 lamps at the till")
    web.house.settle()
    assert (web.in_stock("LAMP-1"), web.house.on_hand(product)) == (7, 7)


def test_last_piece_that_was_sold_twice_leaves_nothing_anywhere(web: WebShop) -> None:
    product = web.offer("Clock", "CLO-1", stock=1)
    wait_until(lambda: web.house.in_stock("CLO-1") == 1, "a clock at the till")
    brightpearl = web.house.vendors.brightpearl
    brightpearl.fail_next(503, times=1000, path="sales-order")
    sale, order = web.house.sell("CLO-1"), web.buy("CLO-1")
    held = [
        web.house.wait_for("order", sale, "Failed", "gave_up"),
        web.wait_for("order", order, "Failed", "gave_up"),
    ]
    count(web, product, 2)  # somebody found another one: both are sold, and the ERP knows neither
    web.house.settle()
    assert (web.house.in_stock("CLO-1"), web.in_stock("CLO-1")) == (1, 1)

    brightpearl.clear_faults()
    for row in held:
        web.house.resync(row)

    web.house.wait_for("order", sale, "Synced")
    web.wait_for("order", order, "Synced")
    web.house.settle()
    assert (web.house.in_stock("CLO-1"), web.in_stock("CLO-1")) == (0, 0)
    assert web.house.on_hand(product) == 0


def test_count_does_not_put_back_what_an_unpaid_order_holds(web: WebShop) -> None:
    product = web.offer("Rug", "RUG-1", stock=10)
    order = web.buy("RUG-1", quantity=2, status="on-hold")
    web.wait_for("order", order, "Synced", fits=lambda row: row["outcome"] == "not_applicable")
    assert web.in_stock("RUG-1") == 8

    count(web, product, 12)

    wait_until(lambda: web.in_stock("RUG-1") == 10, "10 rugs in the shop")
    web.house.settle()
    assert web.in_stock("RUG-1") == 10
    web.shop.set_order_status(order, "processing")
    web.wait_for("order", order, "Synced", fits=lambda row: row["outcome"] != "not_applicable")
    web.house.settle()
    assert (web.in_stock("RUG-1"), web.house.on_hand(product)) == (10, 10)


def test_product_that_is_gone_fails_saying_so_and_comes_back(web: WebShop) -> None:
    product = web.offer("Tray", "TRAY-1", stock=5)
    there = web.product("TRAY-1")["id"]
    with web.shop.lock:
        web.shop.products.delete(web.shop.products.product(there), force=False)

    count(web, product, 6)
    failed = web.wait_for("stock", product, "Failed", "missing_at_target")
    assert str(there) in failed["sentence"]
    assert failed["received_at"]

    web.shop.restore_product(there)
    web.house.resync(failed)
    web.wait_for("stock", product, "Synced")
    assert web.in_stock("TRAY-1") == 6


def test_stock_that_never_synced_shows_name_and_sku_while_it_waits(web: WebShop) -> None:
    product = web.house.add_product("Candle", "CAN-1", category="Candles")
    web.wait_for("product", product, "Pending", "needs_mapping")

    count(web, product, 4)
    row = web.wait_for("stock", product, "Pending", "needs_record")

    assert (row["columns"]["name"], row["columns"]["sku"]) == ("Candle", "CAN-1")
    assert row["synced_at"] is None
    web.house.map(FLOWS["product"], "category", Candles=str(web.web.categories["Candles"]))
    web.wait_for("stock", product, "Synced")
    assert web.in_stock("CAN-1") == 4
