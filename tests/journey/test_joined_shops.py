"""Three shops and one ERP: webhooks, switches, logs by kind, and goods that all of them sell."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.api import Json
from tests.journey.house import House, keeping_house, wait_until
from tests.journey.outlets import Shops
from tests.journey.web import FLOWS as WEB_FLOWS
from tests.journey.web import WebShop

STRANGER = "https://elsewhere.example/hook"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A merchant with tills on Square, outlets on Lightspeed and a web shop."""
    shops = ("square", "lightspeed", "woocommerce")
    with keeping_house(tmp_path_factory.mktemp("all"), shops=shops) as found:
        yield found


@pytest.fixture
def web(house: House) -> WebShop:
    """The web shop."""
    return WebShop(house=house)


@pytest.fixture
def outlets(house: House) -> Shops:
    """The outlets."""
    return Shops(house=house)


def address(house: House, platform: str) -> str:
    """Return where a platform is to send its webhooks."""
    return str(house.api.get(f"{house.base}/connections/{platform}")["webhook_address"])


def check(house: House, platform: str) -> Json:
    """Press a connection's check button."""
    return house.api.post(f"{house.base}/connections/{platform}/check")


def hooks_of_web(web: WebShop) -> dict[str, str]:
    """Return the status of our webhooks at the shop, by topic; each is there once."""
    ours = [
        one
        for one in web.ask("webhooks", per_page=100)
        if one["delivery_url"] == address(web.house, "woocommerce")
    ]
    found = {one["topic"]: one["status"] for one in ours}
    assert len(found) == len(ours)
    return found


def hooks_of_outlets(outlets: Shops) -> dict[str, bool]:
    """Return whether our webhooks at the store are on, by type."""
    ours = [
        one for one in outlets.ask("webhooks") if one["url"] == address(outlets.house, "lightspeed")
    ]
    found = {one["type"]: bool(one["active"]) for one in ours}
    assert len(found) == len(ours)
    return found


def test_webhooks_of_a_shop_are_mended_by_its_check(web: WebShop) -> None:
    topics = {f"order.{event}" for event in ("created", "updated", "deleted", "restored")}
    assert hooks_of_web(web) == dict.fromkeys(topics, "active")
    with web.shop.lock:
        hooks = web.shop.parts.webhooks
        other = hooks.create({"topic": "order.updated", "delivery_url": STRANGER}).id
        hooks.update(other, {"status": "paused"})
        ours = [one for one in hooks.by_id.values() if one.delivery_url != STRANGER]
        ours[0].status = "disabled"
        hooks.delete(ours[1].id, force=True)
    assert hooks_of_web(web) != dict.fromkeys(topics, "active")

    assert check(web.house, "woocommerce")["ok"]

    assert hooks_of_web(web) == dict.fromkeys(topics, "active")
    assert web.ask(f"webhooks/{other}")["status"] == "paused"
    web.offer("Cup", "CUP-1")
    web.bought("CUP-1")


def test_webhooks_of_a_store_are_mended_by_its_check(outlets: Shops) -> None:
    wanted = {"sale.update": True, "customer.update": True}
    assert hooks_of_outlets(outlets) == wanted
    with outlets.tills.lock:
        outlets.tills.webhooks.switch_off(address(outlets.house, "lightspeed"))
    assert True not in hooks_of_outlets(outlets).values()

    assert check(outlets.house, "lightspeed")["ok"]

    assert hooks_of_outlets(outlets) == wanted
    outlets.offer("Saucer", "SAU-1")
    outlets.sold({"SAU-1": 1})


def test_product_is_one_row_for_each_shop_that_offers_it(
    house: House, web: WebShop, outlets: Shops
) -> None:
    product = house.sell_ready("Mug", "MUG-1")
    web.wait_for("product", product, "Synced")
    outlets.wait_for("product", product, "Synced")

    rows = [row for row in house.rows(kind="product") if row["record"] == str(product)]

    assert {row["flow"] for row in rows} == {
        f"brightpearl-products-to-{shop}" for shop in ("square", "lightspeed", "woocommerce")
    }
    assert all(row["columns"]["sku"] == "MUG-1" for row in rows)


def test_sale_anywhere_is_off_the_shelves_that_share_the_goods(
    house: House, web: WebShop, outlets: Shops
) -> None:
    product = house.sell_ready("Lamp", "LAMP-1", stock=10)
    wait_until(lambda: bool(web.products("LAMP-1")), "the lamp in the shop")
    wait_until(lambda: web.in_stock("LAMP-1") == 10, "10 lamps in the shop")
    outlets.wait_for("product", product, "Synced")
    outlets.count(product, 6)
    wait_until(lambda: outlets.in_stock("LAMP-1") == 6, "6 lamps in Leeds")

    house.sell("LAMP-1")
    web.buy("LAMP-1", quantity=2)
    outlets.sell({"LAMP-1": 1})

    wait_until(lambda: house.on_hand(product) == 7, "7 lamps at the ERP")
    house.settle()
    assert (house.in_stock("LAMP-1"), web.in_stock("LAMP-1")) == (7, 7)
    assert outlets.in_stock("LAMP-1") == 5


def test_log_of_two_kinds_is_the_union_of_their_logs(house: House) -> None:
    def ids(**filters: Any) -> set[str]:
        return {row["id"] for row in house.rows(**filters)}

    assert ids(kind=["order", "stock"]) == ids(kind="order") | ids(kind="stock")
    assert ids(kind="order")
    assert ids(kind=["product", "stock", "order", "refund", "shipment"]) <= ids()


def test_flows_of_the_web_shop_say_whether_they_are_on_ready_and_when_they_ran(
    house: House,
) -> None:
    house.settle()
    flows = {one["name"]: one for one in house.api.get(f"{house.base}/flows")["items"]}

    shown = [flows[name] for name in WEB_FLOWS.values()]

    assert len(shown) == 5
    assert all(one["enabled"] and one["ready"] and not one["missing"] for one in shown)
    assert all(one["last_execution"]["started_at"] for one in shown)


def test_flow_that_is_switched_off_keeps_its_rows_and_takes_no_new_work(
    house: House, web: WebShop
) -> None:
    web.offer("Vase", "VASE-1")
    _, known = web.bought("VASE-1")
    path = f"{house.base}/flows/{WEB_FLOWS['order']}"
    house.api.put(path, {"enabled": False})

    order = web.buy("VASE-1")
    assert web.shop.sender.drain(5)
    house.settle()
    row = house.row("order", order, WEB_FLOWS["order"])
    assert row is None or row["status"] != "Synced"
    assert web.books.orders(str(order)) == []
    kept = house.row("order", known["record"], WEB_FLOWS["order"])
    assert kept is not None
    assert kept["status"] == "Synced"

    house.api.put(path, {"enabled": True})

    web.wait_for("order", order, "Synced")
