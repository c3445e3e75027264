"""The official client drives the simulated WooCommerce over http, signing with OAuth 1.0a."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from woocommerce import API

from local.platforms.woocommerce import DemoMerchant, WooCommerceSimulator, demo_merchant


@dataclass(frozen=True)
class World:
    """A running shop as vendors have it, and the client for it."""

    woo: WooCommerceSimulator
    merchant: DemoMerchant
    client: Any  # the client has no types


@pytest.fixture(params=["", "/shop"], ids=["root", "folder"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with WooCommerceSimulator(folder=request.param) as woo:
        merchant = demo_merchant(woo)
        key = merchant.key
        client = API(woo.shop_url, key.key, key.secret, version="wc/v3", timeout=5)
        yield World(woo, merchant, client)
        assert woo.defects == []


def test_the_client_reads_lists_and_pages(world: World) -> None:
    answer = world.client.get("products", params={"per_page": 1, "sku": "MUG-1,SHIRT-S"})

    assert answer.status_code == 200
    assert (len(answer.json()), answer.headers["X-WP-TotalPages"]) == (1, "2")


def test_the_client_is_refused_with_a_wrong_secret(world: World) -> None:
    stranger = API(world.woo.shop_url, world.merchant.key.key, "cs_wrong", timeout=5)

    answer = stranger.get("products")

    assert (answer.status_code, answer.json()["code"]) == (
        401,
        "woocommerce_rest_authentication_error",
    )


def test_the_client_writes_products_and_batches(world: World) -> None:
    made = world.client.post("products", {"name": "Café", "regular_price": "3.00"}).json()
    rows = {"update": [{"id": made["id"], "manage_stock": True, "stock_quantity": 4}]}

    done = world.client.post("products/batch", rows).json()["update"][0]

    assert (done["name"], done["stock_quantity"]) == ("Café", 4)
    gone = world.client.delete(f"products/{made['id']}", params={"force": True})
    assert gone.status_code == 200
    assert world.client.get(f"products/{made['id']}").status_code == 404


def test_the_client_sells_moves_and_refunds_an_order(world: World) -> None:
    line = {"product_id": world.merchant.mug, "quantity": 2}
    order = world.client.post("orders", {"line_items": [line], "set_paid": True}).json()
    path = f"orders/{order['id']}"

    world.client.put(path, {"status": "completed"})
    world.client.post(f"{path}/notes", {"note": "Sent"})
    refund = world.client.post(f"{path}/refunds", {"amount": "5.00", "api_refund": False})

    assert refund.status_code == 201
    shown = world.client.get(path).json()
    assert (shown["status"], shown["total"]) == ("completed", "24.00")
    assert [one["total"] for one in shown["refunds"]] == ["-5.00"]


def test_the_client_lists_what_changed_since_a_date(world: World) -> None:
    since = {"modified_after": "2020-01-01T00:00:00", "dates_are_gmt": "true"}

    answer = world.client.get("products", params=since)

    assert [one["sku"] for one in answer.json()] == ["SHIRT", "MUG-1"]


def test_the_client_registers_a_webhook(world: World) -> None:
    world.woo.sender.configure(lose_next=1)
    body = {"topic": "order.updated", "delivery_url": "http://127.0.0.1:9/", "secret": "s"}

    made = world.client.post("webhooks", body)

    assert made.status_code == 201
    assert [one["topic"] for one in world.client.get("webhooks").json()] == ["order.updated"]
