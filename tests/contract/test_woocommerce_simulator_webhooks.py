"""Webhooks of the simulated WooCommerce: pings, signatures, merged jobs, being switched off."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.platforms.server import Request
from local.platforms.woocommerce.auth import webhook_signature
from tests.contract.simulators import Receiver
from tests.contract.woo_shop import Json, Shop, code, open_shop

SECRET = "woo-test-secret"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def register(shop: Shop, receiver: Receiver, topic: str) -> int:
    """Make a webhook and take its ping out of the way."""
    body = {"topic": topic, "delivery_url": f"{receiver.base_url}/in?x=1", "secret": SECRET}
    made = shop.http.post("webhooks", json=body)
    assert made.status_code == 201, made.text
    shop.woo.sender.flush()
    receiver.got.clear()
    return int(made.json()["id"])


def signed(receiver: Receiver) -> list[Request]:
    """Return what came, without pings."""
    return [one for one in receiver.got if "x-wc-webhook-signature" in one.headers]


def status_of(shop: Shop, hook: int) -> Any:
    return shop.get(f"webhooks/{hook}")["status"]


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (
            b'{"id":727,"status":"processing","total":"29.35"}',
            "gWL479L0RB6OoDk0HMeuoUsD0gnhGkGojA0Yx858jAI=",
        ),
        (
            b'{"id":728,"note":"Caf\\u00e9 \\u00a35"}',
            "Mf8dkm8jmRLQznBLTiAzcDBlFdLZRFgqnDsDmSCRTNk=",
        ),
        (
            '{"id":728,"note":"Café £5"}'.encode(),
            "km2kbDBKo8CPf9nuqKM4fQZr8RF78hWweUk12vsd1C0=",
        ),
    ],
    ids=["ascii", "escaped", "utf-8"],
)
def test_the_signature_vectors_hold(body: bytes, signature: str) -> None:
    assert webhook_signature(body, SECRET) == signature


def test_a_new_webhook_is_pinged_by_an_unsigned_form(shop: Shop, receiver: Receiver) -> None:
    body = {"topic": "order.updated", "delivery_url": receiver.base_url, "secret": SECRET}
    made = shop.http.post("webhooks", json=body).json()
    shop.woo.sender.flush()

    (ping,) = receiver.got
    assert ping.body == f"webhook_id={made['id']}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert [name for name in ping.headers if name.startswith("x-wc-")] == []
    assert "secret" not in made


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"topic": "order.sold"}, "woocommerce_rest_shop_webhook_invalid_topic"),
        ({"topic": "refund.created"}, "woocommerce_rest_shop_webhook_invalid_topic"),
        ({"delivery_url": "ftp://x"}, "woocommerce_rest_shop_webhook_invalid_delivery_url"),
    ],
)
def test_a_webhook_needs_a_topic_and_an_address(shop: Shop, change: Json, wanted: str) -> None:
    body = {"topic": "order.created", "delivery_url": "http://127.0.0.1:9/"}

    assert code(shop.http.post("webhooks", json=body | change)) == (400, wanted)


def test_twins_are_taken_and_a_webhook_has_no_trash(shop: Shop, receiver: Receiver) -> None:
    first = register(shop, receiver, "order.created")
    second = register(shop, receiver, "order.created")

    assert shop.ids("webhooks", order="asc") == [first, second]
    refused = shop.http.delete(f"webhooks/{first}")
    assert code(refused) == (501, "woocommerce_rest_trash_not_supported")
    shop.http.delete(f"webhooks/{first}", params={"force": True})
    assert shop.ids("webhooks") == [second]


def test_a_delivery_is_signed_over_its_raw_bytes(shop: Shop, receiver: Receiver) -> None:
    hook = register(shop, receiver, "order.created")

    order = shop.order(customer_note="Café a/b")
    shop.woo.sender.flush()

    (one,) = receiver.got
    headers = one.headers
    assert headers["x-wc-webhook-signature"] == webhook_signature(one.body, SECRET)
    assert b"Caf\\u00e9 a\\/b" in one.body
    assert headers["x-wc-webhook-source"] == f"{shop.woo.shop_url}/"
    names = ("topic", "resource", "event", "id")
    assert [headers[f"x-wc-webhook-{name}"] for name in names] == [
        "order.created",
        "order",
        "created",
        str(hook),
    ]
    assert len(headers["x-wc-webhook-delivery-id"]) == 32
    assert json.loads(one.body) == shop.get(f"orders/{order['id']}")


def test_jobs_that_wait_are_merged_and_show_the_last_state(shop: Shop, receiver: Receiver) -> None:
    register(shop, receiver, "order.updated")
    register(shop, receiver, "order.created")

    order = shop.order()["id"]
    for status in ("processing", "completed"):
        shop.http.put(f"orders/{order}", json={"status": status})
    shop.woo.sender.flush()

    topics = {one.headers["x-wc-webhook-topic"] for one in receiver.got}
    assert topics == {"order.created", "order.updated"}
    assert [one["status"] for one in receiver.events()] == ["completed", "completed"]


def test_what_is_gone_before_its_turn_is_told_as_an_error(shop: Shop, receiver: Receiver) -> None:
    register(shop, receiver, "order.created")

    order = shop.order()["id"]
    shop.http.delete(f"orders/{order}", params={"force": True})
    shop.woo.sender.flush()

    (one,) = receiver.got
    assert json.loads(one.body)["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert one.headers["x-wc-webhook-signature"] == webhook_signature(one.body, SECRET)


def test_only_the_trash_tells_of_a_deletion(shop: Shop, receiver: Receiver) -> None:
    register(shop, receiver, "product.deleted")
    cup = shop.woo.add_product(name="Cup")

    shop.http.delete(f"products/{shop.merchant.mug}")
    shop.http.delete(f"products/{cup}", params={"force": True})
    shop.woo.sender.flush()

    assert receiver.events() == [{"id": shop.merchant.mug}]


@pytest.mark.parametrize(("hpos", "told"), [(True, 0), (False, 1)], ids=["tables", "posts"])
def test_old_storage_takes_a_trashed_order_for_a_product(
    shop: Shop, receiver: Receiver, hpos: bool, told: int
) -> None:
    shop.woo.hpos = hpos
    register(shop, receiver, "product.deleted")
    order = shop.order()["id"]

    shop.http.delete(f"orders/{order}")
    shop.woo.sender.flush()

    assert receiver.events() == [{"id": order}] * told


def test_a_sale_tells_of_the_variation_as_a_product(shop: Shop, receiver: Receiver) -> None:
    register(shop, receiver, "product.updated")
    small = shop.merchant.sizes["S"]

    shop.woo.buy([{"product_id": shop.merchant.shirt, "variation_id": small, "quantity": 2}])
    shop.woo.sender.flush()

    assert [(one["id"], one["stock_quantity"]) for one in receiver.events()] == [(small, 3)]


def test_a_refund_tells_of_its_order(shop: Shop, receiver: Receiver) -> None:
    order = shop.order(set_paid=True)["id"]
    register(shop, receiver, "order.updated")

    shop.woo.refund(order, amount="1.00")
    shop.woo.sender.flush()

    assert [one["refunds"][0]["total"] for one in receiver.events()] == ["-1.00"]


def test_the_seventh_failure_in_a_row_switches_it_off(shop: Shop, receiver: Receiver) -> None:
    hook = register(shop, receiver, "customer.created")
    receiver.status = 500

    seen = []
    for number in range(8):
        shop.http.post("customers", json={"email": f"{number}@example.com"})
        shop.woo.sender.flush()
        seen.append(status_of(shop, hook))

    assert seen == ["active"] * 6 + ["disabled"] * 2
    assert len(signed(receiver)) == 7
    pings = [one for one in receiver.got if one.body.startswith(b"webhook_id=")]
    assert pings


def test_a_success_in_between_forgets_failures(shop: Shop, receiver: Receiver) -> None:
    hook = register(shop, receiver, "customer.created")
    for number in range(9):
        receiver.status = 302 if number == 4 else 404
        shop.http.post("customers", json={"email": f"{number}@example.com"})
        shop.woo.sender.flush()

    assert status_of(shop, hook) == "active"
    assert shop.woo.parts.webhooks.by_id[hook].failures == 4


def test_one_made_active_again_is_pinged_and_told_of_what_follows(
    shop: Shop, receiver: Receiver
) -> None:
    hook = register(shop, receiver, "customer.created")
    shop.http.put(f"webhooks/{hook}", json={"status": "disabled"})
    shop.http.post("customers", json={"email": "lost@example.com"})
    shop.woo.sender.flush()
    assert receiver.got == []

    shop.http.put(f"webhooks/{hook}", json={"status": "active"})
    shop.http.post("customers", json={"email": "seen@example.com"})
    shop.woo.sender.flush()

    ping, event = receiver.got
    assert ping.body == f"webhook_id={hook}".encode()
    assert json.loads(event.body)["email"] == "seen@example.com"


def test_deliveries_come_three_times_get_lost_and_are_never_repeated(
    shop: Shop, receiver: Receiver
) -> None:
    register(shop, receiver, "order.created")
    shop.woo.sender.configure(lose_next=1, duplicates=3)

    shop.order()
    kept = shop.order()["id"]
    receiver.status = 503
    shop.woo.sender.flush()

    assert [one["id"] for one in map(json.loads, (r.body for r in signed(receiver)))] == [kept] * 3
    assert len({one.headers["x-wc-webhook-delivery-id"] for one in signed(receiver)}) == 3
    shop.woo.sender.configure(duplicates=1)
    shop.woo.sender.flush()
    assert len(signed(receiver)) == 3


def test_a_webhook_goes_out_by_itself(shop: Shop, receiver: Receiver) -> None:
    register(shop, receiver, "order.created")
    shop.woo.sender.auto = True

    order = shop.order()["id"]

    assert json.loads(receiver.wait_for(1)[0].body)["id"] == order
