"""Deliveries of Lightspeed: signatures over raw bytes, and what an object says."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.connectors.lightspeed.webhooks import read_webhook, signature_matches
from chalicelib.domain.platforms import (
    Account,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

PAYLOADS = Path(__file__).parents[3] / "payloads/lightspeed"

SECRET = "ls-test-client-secret"
BODY = (
    b"payload=%7B%22id%22%3A%22b1e198a9-f019-11e3-a0f5-b8ca3a64f8f4%22%2C%22version%22%3A42%7D"
    b"&domain_prefix=demo&environment=prod"
)
HEX = "187f81c29247611d4d18316e5abb310278d4631ae35825639f4043e15b6c79b8"
BASE64 = "GH+BwpJHYR1NGDFuWrsxAnjUYxrjWCVjn0BD4Vtsebg="


def account(secret: str = SECRET, **settings: Any) -> Account:
    connection = Connection(
        consumer="c", name="lightspeed", platform="lightspeed", settings=settings
    )
    credentials = {"client_secret": secret} if secret else {}
    return Account(connection=connection, credentials=credentials, http=None)


def read(body: bytes, header: str = "", **options: Any) -> WebhookRead:
    headers = {"x-signature": header} if header else {}
    delivery = Delivery(headers=headers, query={}, body=body, address="https://x.example")
    return read_webhook(account(**options), delivery)


def form(payload: Any, **more: str) -> bytes:
    return urlencode({"payload": json.dumps(payload), **more}).encode()


def unsigned(payload: Any, **more: str) -> WebhookRead:
    return read(form(payload, **more), secret="")


@pytest.mark.parametrize(
    "header",
    [
        f"signature={HEX},algorithm=HMAC-SHA256",
        f"algorithm=HMAC-SHA256, signature={HEX}",
        f" signature = {HEX} , algorithm = hmac-sha256 ",
        f"signature={BASE64},algorithm=HMAC-SHA256",
    ],
    ids=["hex", "another order", "spaces", "base64"],
)
def test_a_right_signature_is_right_in_any_order(header: str) -> None:
    assert len(BODY) == 124
    assert signature_matches(BODY, header, secret=SECRET)
    read(BODY, header)


@pytest.mark.parametrize(
    "header",
    [
        f"signature={HEX}",
        f"signature={HEX},algorithm=HMAC-SHA1",
        f"signature={HEX.upper()},algorithm=HMAC-SHA256",
        "signature=,algorithm=HMAC-SHA256",
        "signature=ü,algorithm=HMAC-SHA256",
        HEX,
    ],
    ids=["no algorithm", "another algorithm", "upper case", "empty", "not ASCII", "bare"],
)
def test_a_wrong_signature_is_refused(header: str) -> None:
    assert not signature_matches(BODY, header, secret=SECRET)
    with pytest.raises(WebhookRefusedError):
        read(BODY, header)


def test_the_bytes_are_signed_and_not_what_they_say() -> None:
    header = f"signature={HEX},algorithm=HMAC-SHA256"
    same_form = BODY.replace(b"%2C", b",")

    assert not signature_matches(same_form, header, secret=SECRET)
    assert not signature_matches(b"", header, secret=SECRET)
    assert not signature_matches(BODY, header, secret="")


@pytest.mark.parametrize(
    ("secret", "setting", "refused"),
    [
        (SECRET, "", True),
        (SECRET, "yes", True),
        (SECRET, "no", False),
        ("", "", False),
        ("", "yes", True),
    ],
)
def test_a_missing_signature_is_refused_where_one_must_be(
    secret: str, setting: str, refused: bool
) -> None:
    if refused:
        with pytest.raises(WebhookRefusedError):
            read(BODY, secret=secret, require_signature=setting)
    else:
        assert read(BODY, secret=secret, require_signature=setting).ignored


def test_a_signed_delivery_that_cannot_be_checked_is_refused() -> None:
    header = f"signature={HEX},algorithm=HMAC-SHA256"

    with pytest.raises(WebhookRefusedError, match="secret"):
        read(BODY, header, secret="")
    assert read(BODY, header, secret="", require_signature="no").ignored


def test_a_sale_of_the_older_shape_tells_its_version_and_time() -> None:
    payload = json.loads((PAYLOADS / "webhook_sale_1_0.json").read_text())

    (change,) = unsigned(payload).changes

    assert (change.kind, change.record, change.version) == (
        Kind.ORDER,
        payload["id"],
        1978890431,
    )
    assert change.updated_at is not None
    assert change.updated_at.isoformat() == "2026-08-01T10:02:12+00:00"


@pytest.mark.parametrize(
    ("quantities", "kinds"),
    [
        (["1"], [Kind.ORDER]),
        (["-1.00000"], [Kind.REFUND]),
        ([1, -1], [Kind.ORDER, Kind.REFUND]),
        ([], [Kind.ORDER, Kind.REFUND]),
        (["odd"], [Kind.ORDER, Kind.REFUND]),
    ],
    ids=["sold", "came back", "both", "no lines", "unreadable"],
)
def test_lines_tell_whether_it_is_an_order_or_a_refund(
    quantities: list[Any], kinds: list[Kind]
) -> None:
    lines = [{"quantity": one} for one in quantities]

    read = unsigned({"id": "s1", "register_sale_products": lines})

    assert [one.kind for one in read.changes] == kinds


def test_the_forms_own_type_goes_before_the_objects_shape() -> None:
    read = unsigned({"id": "s1"}, type="sale.update")

    assert {one.record for one in read.changes} == {"s1"}


def test_an_object_of_no_known_type_is_ignored_with_a_reason() -> None:
    assert unsigned({"id": "s1"}).ignored == "The event is of a type we do not know."


def test_a_customer_of_a_configured_walk_in_is_ignored() -> None:
    payload = {"id": "c1", "customer_code": "CASH-1"}

    assert read(form(payload), secret="", walk_in_customer="c1").ignored
    assert read(form(payload), secret="").changes


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"other=1",
        b'{"id": "s1"}',
        b"\xff\xfe",
        b"payload=" + b"%5B" * 30_000,
        form({"register_sale_products": []}),
        form({"id": 7, "register_sale_products": []}),
    ],
    ids=[
        "empty",
        "no object",
        "half",
        "a list",
        "another form",
        "JSON",
        "bytes",
        "deep",
        "no id",
        "odd id",
    ],
)
def test_what_is_no_delivery_is_unreadable_and_says_why_without_data(body: bytes) -> None:
    with pytest.raises(WebhookUnreadableError) as failed:
        read(body, secret="")

    assert "s1" not in str(failed.value)


@pytest.mark.parametrize(("told", "version"), [("42", 42), ("9" * 18, 10**18 - 1), ("1" * 5000, 0)])
def test_a_version_of_too_many_digits_is_none(told: str, version: int) -> None:
    (change, _) = unsigned({"id": "a", "version": told}, type="sale.update").changes
    assert (change.version or 0) == version
