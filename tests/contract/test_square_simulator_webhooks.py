"""Webhooks of the simulated Square: signatures, events, late, lost and repeated ones."""

import time
from collections.abc import Iterator

import pytest
from square.utils.webhooks_helper import verify_signature

from local.platforms.square.webhooks import sign
from tests.contract.simulators import Receiver
from tests.contract.square_shop import Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


VECTOR_1 = (
    '{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
    '"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f",'
    '"created_at":"2022-07-13T20:30:59.037339943Z",'
    '"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)
URL_1 = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
KEY_1 = "Ibxx_5AKakO-3qeNVR61Dw"
SIGNATURE_1 = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="
VECTOR_2 = '{"data":{"type":"webhooks","id":">id<"}}'
URL_2 = "https://webhook.site/webhooks"
SIGNATURE_2 = "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U="


@pytest.mark.parametrize(
    ("body", "url", "key", "signature"),
    [
        (VECTOR_1, URL_1, KEY_1, SIGNATURE_1),
        (VECTOR_2, URL_2, "signature-key", SIGNATURE_2),
    ],
)
def test_the_vendors_signature_vectors_hold(body: str, url: str, key: str, signature: str) -> None:
    assert sign(body.encode(), notification_url=url, key=key) == signature
    assert verify_signature(
        request_body=body, signature_header=signature, signature_key=key, notification_url=url
    )


@pytest.mark.parametrize(
    "change",
    [
        {"url": URL_1.replace("679a4f3a", "79a4f3a")},
        {"key": "MCmhFRxGX82xMwg5FsaoQA"},
        {"signature": "1z2n3DEJJiUPKcPzQo1ftvbxGdw="},
        {"body": VECTOR_1 + " "},
        {"body": VECTOR_1.replace(",", ", ")},
    ],
    ids=["url", "key", "header", "body", "re-indented"],
)
def test_a_signature_fails_on_any_change(change: dict[str, str]) -> None:
    given = {"body": VECTOR_1, "url": URL_1, "key": KEY_1, "signature": SIGNATURE_1} | change

    ours = sign(given["body"].encode(), notification_url=given["url"], key=given["key"])

    assert ours != given["signature"]
    assert not verify_signature(
        request_body=given["body"],
        signature_header=given["signature"],
        signature_key=given["key"],
        notification_url=given["url"],
    )


def test_a_sale_sends_signed_payments_and_never_an_order(shop: Shop, receiver: Receiver) -> None:
    url = f"{receiver.base_url}/hooks?shop=1"
    key = shop.square.subscribe(url)
    variation = shop.make()

    order_id = shop.square.sell(shop.places[0], [(variation, 1)])
    assert shop.square.sender.drain()

    for one in receiver.got:
        assert verify_signature(
            request_body=one.body.decode(),
            signature_header=one.headers["x-square-hmacsha256-signature"],
            signature_key=key,
            notification_url=url,
        )
    events = receiver.events()
    assert [one["type"] for one in events] == [
        "catalog.version.updated",
        "inventory.count.updated",
        "payment.created",
        "payment.updated",
    ]
    payment = events[-1]["data"]["object"]["payment"]
    assert (payment["order_id"], payment["status"]) == (order_id, "COMPLETED")


def test_a_change_at_the_dashboard_sends_a_thin_order(shop: Shop, receiver: Receiver) -> None:
    order_id = shop.square.sell(shop.places[0], [(None, 1, 100)])
    shop.square.subscribe(receiver.base_url, ["order.updated", "payment.updated"])

    shop.square.cancel(order_id)
    assert shop.square.sender.drain()

    payment, order = receiver.events()
    assert payment["data"]["object"]["payment"]["status"] == "CANCELED"
    content = [order["data"]["object"]["order_updated"]]
    assert [(one["order_id"], one["state"]) for one in content] == [(order_id, "CANCELED")]
    assert "line_items" not in content[0]


def test_our_own_counts_come_back_as_events(shop: Shop, receiver: Receiver) -> None:
    variation = shop.make()
    shop.square.subscribe(receiver.base_url, ["inventory.count.updated"])

    shop.count(variation, "5")
    assert shop.square.sender.drain()

    counts = receiver.events()[0]["data"]["object"]["inventory_counts"]
    assert [(one["catalog_object_id"], one["quantity"]) for one in counts] == [(variation, "5")]


def test_a_revoked_authorisation_says_who_did_it(shop: Shop, receiver: Receiver) -> None:
    shop.square.subscribe(receiver.base_url)

    shop.square.oauth.revoke_all("MERCHANT")
    assert shop.square.sender.drain()

    revocation = receiver.events()[0]["data"]["object"]["revocation"]
    assert revocation["revoker_type"] == "MERCHANT"
    assert code(shop.http.get("/v2/locations")) == (401, "ACCESS_TOKEN_REVOKED")


def test_webhooks_come_twice_out_of_order_and_get_lost(shop: Shop, receiver: Receiver) -> None:
    sender = shop.square.sender
    sender.auto = False
    shop.square.subscribe(receiver.base_url, ["payment.updated"])
    sender.configure(lose_next=1, duplicates=2, reorder=True)

    orders = [shop.square.sell(shop.places[0], [(None, 1, 100)]) for _ in range(3)]
    sender.flush()

    arrived = [one["data"]["object"]["payment"]["order_id"] for one in receiver.events()]
    assert arrived == [orders[2], orders[2], orders[1], orders[1]]
    ids = [one["event_id"] for one in receiver.events()]
    assert ids[0] == ids[1] != ids[2]


def test_a_refused_webhook_comes_again_and_says_so(shop: Shop, receiver: Receiver) -> None:
    sender = shop.square.sender
    sender.auto = False
    shop.square.subscribe(receiver.base_url, ["payment.updated"])
    receiver.status = 503
    shop.square.sell(shop.places[0], [(None, 1, 100)])

    sender.flush()
    receiver.status = 200
    sender.flush()

    first, again = receiver.got
    assert first.body == again.body
    assert "square-retry-number" not in first.headers
    assert again.headers["square-retry-number"] == "1"
    assert again.headers["square-retry-reason"] == "http_error"
    assert sender.waiting() == []


def test_a_late_webhook_is_sent_by_the_thread_when_it_is_due(
    shop: Shop, receiver: Receiver
) -> None:
    shop.square.sender.configure(delay_s=0.2)
    shop.square.subscribe(receiver.base_url, ["payment.created"])
    sold = time.monotonic()

    shop.square.sell(shop.places[0], [(None, 1, 100)])

    assert len(receiver.wait_for(1)) == 1
    assert time.monotonic() - sold >= 0.2
