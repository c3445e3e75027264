"""Stock at the outlets: counted by the ERP, sold at tills and elsewhere."""

from collections.abc import Iterator

import pytest

from tests.journey.house import keeping_house, wait_until
from tests.journey.outlets import FLOWS, Shops

STOCK = FLOWS["stock"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A merchant with two outlets on Lightspeed, each with a warehouse."""
    with keeping_house(tmp_path_factory.mktemp("outlets"), shops=("lightspeed",)) as house:
        yield Shops(house=house)


def on_hand(shops: Shops, product: int, outlet: int = 0) -> int:
    """Return what the ERP has of a product in the warehouse of an outlet."""
    found = shops.house.ask_brightpearl(f"warehouse-service/product-availability/{product}")
    warehouse = str(shops.outlets.warehouses[outlet])
    return int(found[str(product)]["warehouses"].get(warehouse, {"onHand": 0})["onHand"])


def test_counts_of_two_warehouses_are_at_their_outlets(shops: Shops) -> None:
    product = shops.offer("Mug", "MUG-1", stock=20)

    shops.count(product, 7, outlet=1)

    wait_until(lambda: shops.in_stock("MUG-1", 1) == 7, "7 mugs in York")
    row = shops.wait_for(
        "stock", product, "Synced", fits=lambda row: row["columns"]["quantity"] == "27"
    )
    assert shops.in_stock("MUG-1", 0) == 20
    assert (row["columns"]["name"], row["columns"]["sku"]) == ("Mug", "MUG-1")
    assert {one["location"] for one in row["columns"]["locations"]} == set(shops.places)


def test_nothing_and_less_than_nothing_are_nothing_at_the_outlet(shops: Shops) -> None:
    product = shops.offer("Bowl", "BOWL-1", stock=3)
    shops.count(product, 0)
    wait_until(lambda: shops.in_stock("BOWL-1") == 0, "no bowls in Leeds")
    shops.count(product, 2)
    wait_until(lambda: shops.in_stock("BOWL-1") == 2, "two bowls in Leeds")

    shops.count(product, -4)

    wait_until(lambda: shops.in_stock("BOWL-1") == 0, "no bowls in Leeds again")
    shops.wait_for("stock", product, "Synced")


def test_bundle_is_as_many_as_its_parts_allow(shops: Shops) -> None:
    cup = shops.offer("Cup", "CUP-1", stock=9)

    bundle = shops.house.add_product("Two cups", "SET-1", bundle=True, components=[(cup, 2)])

    shops.wait_for("product", bundle, "Synced")
    wait_until(lambda: shops.in_stock("SET-1") == 4, "4 sets in Leeds")


def test_sale_at_the_outlet_is_off_the_erps_shelf_and_no_other(shops: Shops) -> None:
    product = shops.offer("Lamp", "LAMP-1", stock=10)
    shops.count(product, 5, outlet=1)
    wait_until(lambda: shops.in_stock("LAMP-1", 1) == 5, "5 lamps in York")

    shops.sold({"LAMP-1": 2})

    shops.house.settle()
    assert (shops.in_stock("LAMP-1", 0), shops.in_stock("LAMP-1", 1)) == (8, 5)
    assert (on_hand(shops, product, 0), on_hand(shops, product, 1)) == (8, 5)


def test_count_does_not_put_back_what_a_till_sold(shops: Shops) -> None:
    product = shops.offer("Clock", "CLO-1", stock=10)
    brightpearl = shops.house.vendors.brightpearl
    brightpearl.fail_next(503, times=1000, path="sales-order")
    sale = shops.sell({"CLO-1": 1})
    failed = shops.wait_for("order", sale, "Failed", "gave_up")
    assert shops.in_stock("CLO-1") == 9

    shops.count(product, 12)
    wait_until(lambda: shops.in_stock("CLO-1") == 11, "11 clocks in Leeds")
    shops.house.settle()
    assert shops.in_stock("CLO-1") == 11

    brightpearl.clear_faults()
    shops.house.resync(failed)
    shops.wait_for("order", sale, "Synced")
    shops.house.settle()
    assert (shops.in_stock("CLO-1"), on_hand(shops, product)) == (11, 11)


def test_outlet_that_is_gone_is_named_and_the_other_one_is_right(shops: Shops) -> None:
    product = shops.offer("Rug", "RUG-1", stock=5)
    shut = shops.tills.add_outlet("Hull")
    path = f"{shops.house.base}/mappings/{STOCK}/location"
    entries = {str(shops.outlets.warehouses[1]): shut}
    shops.house.api.put(path, {"entries": entries})
    shops.tills.delete("outlets", shut)

    with shops.house.vendors.brightpearl.batch():
        shops.count(product, 6)
        shops.count(product, 4, outlet=1)
    failed = shops.wait_for("stock", product, "Failed", "missing_at_target")

    fates = {one["location"]: one["status"] for one in failed["columns"]["locations"]}
    assert fates == {shops.places[0]: "Synced", shut: "Failed"}
    assert shops.in_stock("RUG-1") == 6
    shops.house.api.put(path, {"entries": {str(shops.outlets.warehouses[1]): shops.places[1]}})
    shops.house.resync(failed)
    shops.wait_for("stock", product, "Synced")
    assert shops.in_stock("RUG-1", 1) == 4


def test_unmapped_warehouse_holds_the_stock_until_it_is_mapped(shops: Shops) -> None:
    product = shops.offer("Vase", "VASE-1", stock=5)
    york = str(shops.outlets.warehouses[1])
    path = f"{shops.house.base}/mappings/{STOCK}/location"
    before = shops.house.api.get(path)
    shops.house.api.put(path, {"entries": {york: None}, "default": None})

    shops.count(product, 4, outlet=1)
    row = shops.wait_for("stock", product, "Pending", "needs_mapping")
    assert "warehouse" in row["sentence"]

    shops.house.api.put(
        path, {"entries": {york: shops.places[1]}, "default": before["default"] or "-"}
    )
    wait_until(lambda: shops.in_stock("VASE-1", 1) == 4, "4 vases in York")
    shops.wait_for("stock", product, "Synced")
