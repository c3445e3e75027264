"""Webhooks of a shop: the signature over the raw body first, then what changed."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib.connectors.woocommerce.address import same_shop
from chalicelib.connectors.woocommerce.models import OrderModel
from chalicelib.connectors.woocommerce.orders import change_of
from chalicelib.domain.platforms import (
    Account,
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.statuses import Kind

#: Topics we subscribe to; a refund is told of as its order's update.
TOPICS = ("order.created", "order.deleted", "order.restored", "order.updated")

SIGNATURE_HEADER = "x-wc-webhook-signature"
TOPIC_HEADER = "x-wc-webhook-topic"
SOURCE_HEADER = "x-wc-webhook-source"
REFUNDS_TOLD = 100  #: of one delivery

_PING = re.compile(rb"webhook_id=\d{1,20}")
_IGNORED = {
    "product.": "Products and stock flow to the shop only; this is the echo of a write or a sale.",
    "customer.": "Customers are read with their orders.",
    "coupon.": "Coupons are read with their orders.",
}


def signature_matches(body: bytes, signature: str, *, secret: str) -> bool:
    """Say whether the shop signed ``body``: base64 of HMAC-SHA256 over the raw bytes.

    ``body`` is the request exactly as received: PHP escapes slashes and letters beyond ASCII, so
    that parsing and dumping it again changes the bytes.
    """
    if not body or not secret:
        return False
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery once its signature is right; the ping of a new webhook has none.

    Raises:
        WebhookRefusedError: the signature is missing or wrong, or we have no secret to check it.
        WebhookUnreadableError: it is signed, and not what a shop sends.
    """
    if _is_ping(delivery):
        return WebhookRead(ignored="The ping of a webhook that was registered.")
    signature = delivery.headers.get(SIGNATURE_HEADER, "")
    secret = account.credentials.get("webhook_secret", "")
    if not signature_matches(delivery.body, signature, secret=secret):
        raise WebhookRefusedError(_why_refused(signature, secret))
    source = delivery.headers.get(SOURCE_HEADER, "")
    if source and not same_shop(source, account.connection.base_url):
        # A copy of the shop (staging) keeps its webhooks, and their secret.
        return WebhookRead(ignored="The delivery comes from another site than the connected shop.")
    topic = delivery.headers.get(TOPIC_HEADER, "")
    if not topic.startswith("order."):
        return WebhookRead(ignored=_why_ignored(topic))
    return _read(topic, _object_in(delivery.body))


def _is_ping(delivery: Delivery) -> bool:
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = kind == "application/x-www-form-urlencoded"
    return is_form and _PING.fullmatch(delivery.body) is not None


def _why_refused(signature: str, secret: str) -> str:
    if not secret:
        return "No webhook secret is known: check the connection, which registers the webhooks."
    return "The signature is missing." if not signature else "The signature is wrong."


def _why_ignored(topic: str) -> str:
    known = (why for start, why in _IGNORED.items() if topic.startswith(start))
    return next(known, "The delivery is of a topic that nothing here needs.")


def _object_in(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookUnreadableError("The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise WebhookUnreadableError("The body is not a JSON object.")
    return parsed


def _read(topic: str, content: Mapping[str, Any]) -> WebhookRead:
    if "id" not in content and isinstance(content.get("code"), str):
        return WebhookRead(ignored="The order was gone before the shop told of it.")
    if topic == "order.deleted":
        return WebhookRead(changes=[_bare(content)])
    try:
        order = OrderModel.model_validate(content)
    except ValidationError:
        return WebhookRead(changes=[_bare(content)])
    return WebhookRead(changes=[change_of(order), *_refunds(order)])


def _bare(content: Mapping[str, Any]) -> Changed:
    """Return the change of an order of which only the id can be told."""
    number = content.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise WebhookUnreadableError("The order's id is missing or is no number.")
    return Changed(kind=Kind.ORDER, record=str(number), columns={"order_id": str(number)})


def _refunds(order: OrderModel) -> list[Changed]:
    """Tell of the newest refunds of an order: they never change, so a known one costs nothing.

    The list of refunds tells of all; no delivery makes thousands of rows.
    """
    newest = sorted(order.refunds, key=lambda one: one.id)[-REFUNDS_TOLD:]
    return [
        Changed(
            kind=Kind.REFUND,
            record=str(one.id),
            columns={"refund_id": str(one.id), "order_id": str(order.id)},
        )
        for one in newest
    ]
