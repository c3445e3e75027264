"""Deliveries of Square: only signed ones are read, and each says which order changed or why not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.square.webhooks import read_webhook, signature_matches
from chalicelib.domain.platforms import (
    Account,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

PAYLOADS = Path(__file__).parents[3] / "payloads" / "square"
ADDRESS = "https://hooks.example.com/webhooks/square/t0ken"
KEY = "a-signature-key"

#: The two vectors Square's own client is tested with.
FIRST_KEY = "Ibxx_5AKakO-3qeNVR61Dw"
FIRST_URL = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
FIRST_SIGNATURE = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="
FIRST_BODY = (PAYLOADS / "webhook_test.json").read_bytes()
INDENTED_BODY = json.dumps(json.loads(FIRST_BODY), indent=2).encode()


def test_the_first_published_signature_matches() -> None:
    assert signature_matches(FIRST_BODY, FIRST_SIGNATURE, notification_url=FIRST_URL, key=FIRST_KEY)


def test_the_second_published_signature_matches() -> None:
    assert signature_matches(
        b'{"data":{"type":"webhooks","id":">id<"}}',
        "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U=",
        notification_url="https://webhook.site/webhooks",
        key="signature-key",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"notification_url": "https://webhook.site/79a4f3a-dcfa-49ee-bac5-9d0edad886b9"},
        {"key": "MCmhFRxGX82xMwg5FsaoQA"},
        {"signature": "1z2n3DEJJiUPKcPzQo1ftvbxGdw="},
        {"signature": "ÄÖÜ"},
        {"body": FIRST_BODY.replace(b"2022", b"2023")},
        {"body": INDENTED_BODY},
        {"body": FIRST_BODY + b"\n"},
        {"body": b""},
        {"key": ""},
        {"notification_url": ""},
    ],
    ids=[
        "another address",
        "another key",
        "another signature",
        "a signature that is no ASCII",
        "another body",
        "the same JSON indented",
        "a newline more",
        "no body",
        "no key",
        "no address",
    ],
)
def test_any_change_makes_the_signature_wrong(changed: dict[str, Any]) -> None:
    right = {
        "body": FIRST_BODY,
        "signature": FIRST_SIGNATURE,
        "notification_url": FIRST_URL,
        "key": FIRST_KEY,
    }
    assert not signature_matches(**(right | changed))


def account(**credentials: str) -> Account:
    connection = Connection(consumer="corner-shirts", name="square", platform="square")
    return Account(
        connection=connection, credentials={"signature_key": KEY, **credentials}, http=None
    )


def delivery(body: bytes, **headers: str) -> Delivery:
    digest = hmac.new(KEY.encode(), ADDRESS.encode() + body, hashlib.sha256).digest()
    signed = {"x-square-hmacsha256-signature": base64.b64encode(digest).decode()}
    return Delivery(headers=signed | headers, query={}, body=body, address=ADDRESS)


def event(kind: str, content: object = None, **fields: object) -> bytes:
    data = {"type": "thing", "id": "1"} | ({} if content is None else {"object": content})
    return json.dumps({"type": kind, "merchant_id": "M3RCH", "data": data} | fields).encode()


def read(body: bytes, **credentials: str) -> WebhookRead:
    return read_webhook(account(**credentials), delivery(body))


def test_a_payment_names_its_order_without_a_version() -> None:
    changes = read((PAYLOADS / "webhook_payment_updated.json").read_bytes()).changes

    assert [(one.kind, one.record, one.version) for one in changes] == [
        (Kind.ORDER, "SALE42", None)
    ]


def test_a_new_order_names_itself() -> None:
    changes = read((PAYLOADS / "webhook_order_created.json").read_bytes()).changes

    assert [(one.record, one.version) for one in changes] == [("SALE42", None)]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("order.updated", "order_updated"),
        ("order.fulfillment.updated", "order_fulfillment_updated"),
    ],
)
def test_an_order_that_changed_has_its_own_time_as_version(kind: str, name: str) -> None:
    thin = {"order_id": "SALE42", "updated_at": "2026-03-02T09:15:31.050123456Z"}

    change = read(event(kind, {name: thin})).changes[0]

    assert change.version == 1772442931050
    assert change.updated_at == datetime(2026, 3, 2, 9, 15, 31, 50123, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02T09:15:31", None, 7.5e300])
def test_a_time_that_cannot_be_read_is_left_to_the_order(text: object) -> None:
    thin = {"order_id": "SALE42", "updated_at": text}

    assert read(event("order.updated", {"order_updated": thin})).changes[0].version is None


def test_a_revoked_authorisation_is_told() -> None:
    assert read(event("oauth.authorization.revoked")) == WebhookRead(revoked=True)


@pytest.mark.parametrize(
    "kind",
    [
        "inventory.count.updated",
        "catalog.version.updated",
        "location.created",
        "event.of.tomorrow",
    ],
)
def test_other_events_are_ignored_with_a_reason(kind: str) -> None:
    answer = read(event(kind))

    assert answer.ignored
    assert not answer.changes


REFUND = {
    "id": "PAY1_R",
    "status": "PENDING",
    "order_id": "RET77",
    "amount_money": {"amount": 1000, "currency": "GBP"},
    "created_at": "2026-03-02T09:15:31.050Z",
    "updated_at": "2026-03-02T09:15:32.050Z",
}
ADA = {
    "id": "ADA",
    "given_name": "Ada",
    "email_address": "ada@example.com",
    "updated_at": "2026-03-02T09:15:31.050Z",
}


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated"])
def test_a_refund_names_itself_with_its_version_and_total(kind: str) -> None:
    (change,) = read(event(kind, {"refund": REFUND})).changes

    assert (change.kind, change.record, change.version) == (Kind.REFUND, "PAY1_R", 1772442932050)
    assert change.columns["total"] == {"amount": "10.00", "currency": "GBP"}


@pytest.mark.parametrize("kind", ["customer.created", "customer.updated", "customer.deleted"])
def test_a_customer_names_itself_with_what_the_log_shows(kind: str) -> None:
    (change,) = read(event(kind, {"customer": ADA})).changes

    assert (change.kind, change.record, change.version) == (Kind.CUSTOMER, "ADA", 1772442931050)
    assert change.columns == {
        "name": "Ada",
        "email": "ada@example.com",
        "phone": "",
        "source": "Square",
    }


def test_a_profile_that_names_nobody_is_no_change() -> None:
    answer = read(event("customer.created", {"customer": {"id": "NOBODY"}}))

    assert "nobody" in answer.ignored
    assert not answer.changes


def test_a_customer_who_was_merged_names_who_took_the_place() -> None:
    merge = {"from_customer_ids": ["ADA", "BOB"], "to_customer_id": "BOTH"}
    content = {"customer": ADA, "event_context": {"merge": merge}}

    gone, taker = read(event("customer.deleted", content)).changes

    assert (gone.record, gone.columns["merged_into"]) == ("ADA", "BOTH")
    assert (taker.kind, taker.record, taker.version) == (Kind.CUSTOMER, "BOTH", None)


@pytest.mark.parametrize(
    ("kind", "name"), [("refund.updated", "refund"), ("customer.updated", "customer")]
)
@pytest.mark.parametrize("content", [None, [], {"id": 7}, {"id": "1", "updated_at": "yesterday"}])
def test_what_cannot_be_read_is_asked_for_by_its_id(kind: str, name: str, content: object) -> None:
    (change,) = read(event(kind, {name: content})).changes

    assert (change.record, change.version) == ("1", None)


def test_a_refund_without_any_id_is_unreadable() -> None:
    with pytest.raises(WebhookUnreadableError, match=r"refund\.id"):
        read(event("refund.updated", {"refund": {}}, data={"object": {}}))


@pytest.mark.parametrize("content", [None, {}, {"payment": {}}, {"payment": []}])
def test_a_payment_without_an_order_is_ignored(content: object) -> None:
    assert "no order" in read(event("payment.created", content)).ignored


def test_events_of_other_sellers_are_ignored() -> None:
    body = (PAYLOADS / "webhook_payment_updated.json").read_bytes()

    assert "another seller" in read(body, merchant_id="OTHER").ignored
    assert read(body, merchant_id="M3RCH").changes


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"{}",
        b'{"type": 7}',
        b'{"type":"a","data":[]}',
        b"[" * 100_000,
        b'{"type":"a","data":{"object":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_002,
    ],
    ids=lambda body: body[:30],
)
def test_a_signed_body_that_is_no_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(WebhookUnreadableError) as told:
        read(body)

    assert body.decode("latin-1") not in str(told.value)


def test_an_order_event_without_an_id_is_unreadable() -> None:
    with pytest.raises(WebhookUnreadableError, match="order_id"):
        read(event("order.updated", {"order_updated": {}}))


@pytest.mark.parametrize(
    ("header", "key", "why"),
    [("", KEY, "missing"), ("d3Jvbmc=", KEY, "wrong"), (None, "", "No signature key")],
)
def test_a_delivery_without_a_right_signature_is_refused(
    header: str | None, key: str, why: str
) -> None:
    given = {} if header is None else {"x-square-hmacsha256-signature": header}

    with pytest.raises(WebhookRefusedError, match=why):
        read_webhook(account(signature_key=key), delivery(event("payment.created"), **given))
