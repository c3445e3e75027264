"""Deliveries of a shop: signatures over the very bytes, odd bodies, foreign sites."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.connectors.woocommerce.webhooks import read_webhook, signature_matches
from chalicelib.domain.platforms import (
    Account,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.setup import Connection
from local.platforms.woocommerce.auth import webhook_signature

SECRET = "woo-test-secret"
FORM = {"content-type": "application/x-www-form-urlencoded"}
VECTORS = [
    (
        b'{"id":727,"status":"processing","total":"29.35"}',
        "gWL479L0RB6OoDk0HMeuoUsD0gnhGkGojA0Yx858jAI=",
    ),
    (
        b'{"id":728,"note":"Caf\\u00e9 \\u00a35"}',
        "Mf8dkm8jmRLQznBLTiAzcDBlFdLZRFgqnDsDmSCRTNk=",
    ),
    (
        bytes.fromhex("7b226964223a3732382c226e6f7465223a22436166c3a920c2a335227d"),
        "km2kbDBKo8CPf9nuqKM4fQZr8RF78hWweUk12vsd1C0=",
    ),
]


def read(body: bytes, headers: Mapping[str, str], *, secret: str = SECRET) -> WebhookRead:
    connection = Connection(
        consumer="c", name="w", platform="woocommerce", base_url="https://shop.example/eu"
    )
    account = Account(connection=connection, credentials={"webhook_secret": secret}, http=None)
    return read_webhook(account, Delivery(headers=headers, query={}, body=body, address="x"))


def signed(body: bytes, topic: str = "order.updated", **more: str) -> WebhookRead:
    headers = {
        "x-wc-webhook-signature": webhook_signature(body, SECRET),
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-source": "https://shop.example/eu/",
        **more,
    }
    return read(body, headers)


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_a_signature_is_of_the_bytes_as_they_came(body: bytes, signature: str) -> None:
    assert signature_matches(body, signature, secret=SECRET)
    assert not signature_matches(body + b" ", signature, secret=SECRET)
    assert not signature_matches(body, signature, secret="other")


def test_nothing_is_believed_without_a_secret_or_a_body() -> None:
    body, signature = VECTORS[0]
    assert not signature_matches(body, webhook_signature(body, ""), secret="")
    assert not signature_matches(b"", webhook_signature(b"", SECRET), secret=SECRET)
    with pytest.raises(WebhookRefusedError, match="No webhook secret"):
        read(body, {"x-wc-webhook-signature": signature}, secret="")


def test_the_ping_of_a_new_webhook_needs_no_signature() -> None:
    told = read(b"webhook_id=12", {"content-type": FORM["content-type"] + "; charset=UTF-8"})
    assert (told.changes, bool(told.ignored)) == ((), True)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"webhook_id=12", {}),
        (b"webhook_id=12&id=13", FORM),
        (b"webhook_id=", FORM),
        (b"webhook_id=" + b"1" * 50, FORM),
        (b'{"id":12}', FORM),
    ],
)
def test_what_only_looks_like_a_ping_is_refused(body: bytes, headers: Mapping[str, str]) -> None:
    with pytest.raises(WebhookRefusedError):
        read(body, headers)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[1]", "not a JSON object"),
        (b"{", "not JSON"),
        (b'{"id":"x"}', "id"),
        (b'{"id":0}', "id"),
        (b'{"id":true}', "id"),
        (b"{}", "id"),
    ],
)
def test_a_signed_body_that_tells_no_order_is_unreadable(body: bytes, words: str) -> None:
    with pytest.raises(WebhookUnreadableError, match=words):
        signed(body, "order.deleted")


@pytest.mark.parametrize(
    ("topic", "source", "words"),
    [
        ("product.deleted", "https://shop.example/eu/", "Products"),
        ("customer.updated", "https://shop.example/eu/", "Customers"),
        ("coupon.created", "https://shop.example/eu/", "Coupons"),
        ("action.anything", "https://shop.example/eu/", "nothing here needs"),
        ("", "https://shop.example/eu/", "nothing here needs"),
        ("order.updated", "https://shop.example/", "another site"),
        ("order.updated", "https://staging.example/eu/", "another site"),
    ],
)
def test_what_nothing_needs_is_ignored_with_its_reason(topic: str, source: str, words: str) -> None:
    told = signed(b'{"id":12}', topic, **{"x-wc-webhook-source": source})
    assert (told.changes, words in told.ignored) == ((), True)


def test_the_error_of_an_order_that_is_gone_is_ignored() -> None:
    gone: Any = b'{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID."}'
    assert signed(gone).changes == ()
    assert "gone" in signed(gone).ignored


def test_an_order_that_cannot_be_read_is_told_by_its_id_alone() -> None:
    told = signed(b'{"id":12,"status":"processing","total":"much"}')
    assert [(one.record, one.version) for one in told.changes] == [("12", None)]


def test_an_order_of_very_many_refunds_tells_of_the_newest() -> None:
    refunds = ",".join(f'{{"id":{number}}}' for number in range(2000, 1000, -1))
    told = signed(f'{{"id":12,"status":"processing","refunds":[{refunds}]}}'.encode())
    ids = [one.record for one in told.changes[1:]]
    assert (told.changes[0].record, len(ids), ids[0], ids[-1]) == ("12", 100, "1901", "2000")
