"""Webhook subscriptions of the simulated Square, and the signed notifications they get."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from local.platforms.sender import Delivery, WebhookSender
from local.platforms.square.errors import invalid, not_found
from local.platforms.square.fields import Json, array, mapping, stamp, text
from local.platforms.square.world import World

EVENT_TYPES = (
    "catalog.version.updated",
    "inventory.count.updated",
    "order.created",
    "order.updated",
    "order.fulfillment.updated",
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "location.created",
    "location.updated",
    "oauth.authorization.revoked",
)
API_VERSION = "2025-08-20"
#: Waits between repetitions in seconds: minutes that double, then hours, for a day in all.
RETRY_DELAYS_S = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, *[3600.0] * 23)


@dataclass(kw_only=True)
class Subscription:
    """Where to send which events, and the key they are signed with."""

    id: str
    name: str
    notification_url: str
    event_types: list[str]
    api_version: str
    enabled: bool
    signature_key: str
    created_at: datetime
    updated_at: datetime

    def as_json(self) -> Json:
        """Return the subscription as the API shows it."""
        shown = dict(vars(self))
        return shown | {
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
        }


def sign(body: bytes, *, notification_url: str, key: str) -> str:
    """Return the value of ``x-square-hmacsha256-signature``: over the URL and the raw body."""
    digest = hmac.new(key.encode(), notification_url.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def retry_headers(delivery: Delivery) -> dict[str, str]:
    """Return what Square adds to a repeated notification."""
    return {
        "square-retry-number": str(delivery.retry),
        "square-retry-reason": delivery.why or "http_error",
    }


class Webhooks:
    """The subscriptions, and the way events take to them."""

    def __init__(self, world: World, sender: WebhookSender) -> None:
        self.world = world
        self.sender = sender
        self.subscriptions: dict[str, Subscription] = {}

    def emit(self, event: str, data_type: str, object_id: str, content: Json | None) -> None:
        """Tell every enabled subscription of ``event``; ``content`` is ``data.object``."""
        wanted = [
            one for one in self.subscriptions.values() if one.enabled and event in one.event_types
        ]
        if wanted:
            body = self._body(event, data_type, object_id, content)
            for one in wanted:
                self._send(one, body)

    def _body(self, event: str, data_type: str, object_id: str, content: Json | None) -> bytes:
        data: Json = {"type": data_type, "id": object_id or str(uuid.uuid4())}
        if event.endswith(".deleted"):
            data["deleted"] = True
        if content is not None:
            data["object"] = content
        envelope = {
            "merchant_id": self.world.merchant_id,
            "type": event,
            "event_id": str(uuid.uuid4()),
            "created_at": stamp(self.world.now()),
            "data": data,
        }
        return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()

    def _send(self, one: Subscription, body: bytes) -> None:
        signature = sign(body, notification_url=one.notification_url, key=one.signature_key)
        headers = {
            "x-square-hmacsha256-signature": signature,
            "square-environment": "Sandbox",
            "square-initial-delivery-timestamp": stamp(self.world.now()),
        }
        self.sender.deliver(one.notification_url, headers, body)

    def subscribe(self, notification_url: str, event_types: list[str] | None = None) -> str:
        """Make a subscription (to every event by default) and return its signature key."""
        wanted = {
            "notification_url": notification_url,
            "event_types": event_types or list(EVENT_TYPES),
        }
        made = self.create({"subscription": {**wanted, "name": "simulated"}})
        return str(made["subscription"]["signature_key"])

    def create(self, body: Json) -> Json:
        """Answer CreateWebhookSubscription; the answer holds the signature key."""
        asked = mapping(body, "subscription")
        text(body, "idempotency_key", most=45)
        events = _event_types(asked)
        if not events:
            detail = "Field `event_types` is required."
            raise invalid(detail, "event_types", "MISSING_REQUIRED_PARAMETER")
        now = self.world.now()
        made = Subscription(
            id="wbhk_" + secrets.token_hex(16),
            name=text(asked, "name", most=64, needed=True),
            notification_url=_url(asked),
            event_types=events,
            api_version=text(asked, "api_version") or API_VERSION,
            enabled=asked.get("enabled") is not False,
            signature_key=secrets.token_urlsafe(16),
            created_at=now,
            updated_at=now,
        )
        self.subscriptions[made.id] = made
        return {"subscription": made.as_json()}

    def list_all(self, *, disabled: bool) -> Json:
        """Answer ListWebhookSubscriptions; signature keys are not shown."""
        shown = [
            {key: value for key, value in one.as_json().items() if key != "signature_key"}
            for one in self.subscriptions.values()
            if disabled or one.enabled
        ]
        return {"subscriptions": shown} if shown else {}

    def retrieve(self, subscription_id: str) -> Json:
        """Answer RetrieveWebhookSubscription."""
        return {"subscription": self._one(subscription_id).as_json()}

    def update(self, subscription_id: str, body: Json) -> Json:
        """Answer UpdateWebhookSubscription: fields that are absent stay."""
        one, asked = self._one(subscription_id), mapping(body, "subscription")
        one.name = text(asked, "name", most=64) or one.name
        one.event_types = _event_types(asked) or one.event_types
        if "notification_url" in asked:
            one.notification_url = _url(asked)
        if isinstance(asked.get("enabled"), bool):
            one.enabled = asked["enabled"]
        one.updated_at = self.world.now()
        shown = one.as_json()
        del shown["signature_key"]
        return {"subscription": shown}

    def delete(self, subscription_id: str) -> Json:
        """Answer DeleteWebhookSubscription."""
        del self.subscriptions[self._one(subscription_id).id]
        return {}

    def rotate(self, subscription_id: str) -> Json:
        """Answer UpdateWebhookSubscriptionSignatureKey."""
        one = self._one(subscription_id)
        one.signature_key = secrets.token_urlsafe(16)
        return {"signature_key": one.signature_key}

    def test(self, subscription_id: str, body: Json) -> Json:
        """Answer TestWebhookSubscription: a notification goes out, its status is not known yet."""
        one = self._one(subscription_id)
        event = text(body, "event_type") or one.event_types[0]
        if event not in one.event_types:
            raise invalid("The event type is not subscribed.", "event_type")
        sent = self._body(event, "webhooks", one.id, None)
        self._send(one, sent)
        now = stamp(self.world.now())
        result = {"id": self.world.new_id(), "payload": sent.decode()}
        return {"subscription_test_result": result | {"created_at": now, "updated_at": now}}

    def _one(self, subscription_id: str) -> Subscription:
        if subscription_id not in self.subscriptions:
            raise not_found("Webhook subscription", subscription_id)
        return self.subscriptions[subscription_id]


def _event_types(asked: Json) -> list[str]:
    events = [str(one) for one in array(asked, "event_types")]
    unknown = [one for one in events if one not in EVENT_TYPES]
    if unknown:
        raise invalid(f"Unknown event type `{unknown[0]}`.", "event_types", "INVALID_ENUM_VALUE")
    return events


def _url(asked: Json) -> str:
    """Return the address to notify; plain http is for this machine only."""
    url = text(asked, "notification_url", needed=True)
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not (local or (parts.scheme == "https" and parts.hostname)):
        raise invalid("The notification URL must use https.", "notification_url")
    return url
