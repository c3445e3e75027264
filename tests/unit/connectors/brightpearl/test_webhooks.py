"""Deliveries are read in every spelling met in the field; nothing in them is trusted but ids."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.connectors.brightpearl import OFFER
from chalicelib.domain.platforms import (
    Account,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind

PAYLOADS = Path(__file__).parents[3] / "payloads" / "brightpearl"
STOCK = "product.modified.on-hand-modified"


def read(body: bytes | str, **query: str) -> WebhookRead:
    connection = Connection(
        consumer="c", name="brightpearl", platform="brightpearl", settings={"account": "Acme"}
    )
    account = Account(connection=connection, credentials={}, http=None)
    raw = body if isinstance(body, bytes) else body.encode()
    return OFFER.read_webhook(
        account, Delivery(headers={}, query=query, body=raw, address="https://x")
    )


def said(body: Any, **query: str) -> list[tuple[Kind, str]]:
    text = body if isinstance(body, str) else json.dumps(body)
    return [(change.kind, change.record) for change in read(text, **query).changes]


def test_id_set_of_our_template_is_expanded() -> None:
    found = said((PAYLOADS / "webhook_on_hand.json").read_text())
    assert found == [(Kind.STOCK, id_) for id_ in ("1", "2", "3", "4", "5", "99", "202")]


def test_keys_of_other_templates_are_read() -> None:
    found = said((PAYLOADS / "connector" / "webhook_field_template.json").read_text())
    assert found == [(Kind.PRODUCT, "7")]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("product.created", Kind.PRODUCT),
        ("product.modified", Kind.PRODUCT),
        ("product.destroyed", Kind.PRODUCT),
        ("product.modified.something-new", Kind.PRODUCT),
        (STOCK, Kind.STOCK),
        ("order.modified.order-status", Kind.ORDER),
        ("goods-out-note.created", Kind.SHIPMENT),
        ("goods-out-note.destroyed", Kind.SHIPMENT),
        ("goods-out-note.modified", Kind.SHIPMENT),
        ("goods-out-note.modified.shipped", Kind.SHIPMENT),
        ("goods-out-note.modified.something-new", Kind.SHIPMENT),
    ],
)
def test_event_says_what_changed(event: str, kind: Kind) -> None:
    assert said({"account": "acme", "ids": "7", "event": event}) == [(kind, "7")]


@pytest.mark.parametrize(
    "event",
    [
        "order.modified",
        "order.modified.order-status-of-another-kind",
        "order.modified.fully-shipped",
        "sales-order.created",
        "goods-out-note.modified.printed",
        "goods-out-note.modified.un-packed",
        "goods-out-notes.created",
        "drop-ship-note.modified.shipped",
        "unheard-of",
    ],
)
def test_event_nobody_needs_is_ignored_with_its_reason(event: str) -> None:
    found = read(json.dumps({"account": "acme", "ids": "7", "event": event}))
    assert (list(found.changes), event in found.ignored) == ([], True)


def test_form_is_read_like_json() -> None:
    body = urlencode({"accountCode": "acme", "id": "1-2", "fullEvent": STOCK})
    assert said(body) == [(Kind.STOCK, "1"), (Kind.STOCK, "2")]


def test_id_may_be_a_number() -> None:
    assert said({"account": "acme", "id": 7, "event": STOCK}) == [(Kind.STOCK, "7")]


def test_time_of_the_event_is_no_version() -> None:
    raised = {"raisedOn": "2026-07-02T12:30:00.000+01:00"}
    (change,) = read(json.dumps({"ids": "7", "event": STOCK} | raised)).changes
    assert change.version is None
    assert change.updated_at is not None
    assert change.updated_at.isoformat() == "2026-07-02T11:30:00+00:00"


@pytest.mark.parametrize("raised", ["", "soon", "2026-07-02", 5, None])
def test_time_that_cannot_be_read_does_no_harm(raised: Any) -> None:
    (change,) = read(json.dumps({"ids": "7", "event": STOCK, "raisedOn": raised})).changes
    assert change.updated_at is None


@pytest.mark.parametrize("account", ["acme", "ACME", ""])
def test_own_account_is_accepted_in_any_case(account: str) -> None:
    assert said({"account": account, "ids": "7", "event": STOCK}) == [(Kind.STOCK, "7")]


def test_another_account_is_refused_in_body_and_address() -> None:
    with pytest.raises(WebhookRefusedError):
        said({"account": "other", "ids": "7", "event": STOCK})
    with pytest.raises(WebhookRefusedError):
        said({"ids": "7", "event": STOCK}, account="other")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"[1]",
        b'"text"',
        b"{",
        b"{}",
        b'{"event": "product.modified"}',
        b'{"ids": "7"}',
        b'{"event": "product.modified", "ids": "x"}',
        b'{"event": "product.modified", "ids": "1-99999999"}',
        b'{"event": "product.modified", "ids": {"a": 1}}',
        b'{"event": ["product.modified"], "ids": "7"}',
        b"[" * 100_000,
        b"a=b",
    ],
)
def test_body_that_cannot_be_read_says_why(body: bytes) -> None:
    with pytest.raises(WebhookUnreadableError, match=r"."):
        read(body)
