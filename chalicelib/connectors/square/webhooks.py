"""Webhooks of Square: the signature over address and raw body first, then what changed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.connectors.square.customers import changed_customer
from chalicelib.connectors.square.mapping import PLATFORM, version_of
from chalicelib.connectors.square.models import (
    CustomerModel,
    EventDataModel,
    EventModel,
    RefundModel,
    parse,
)
from chalicelib.connectors.square.refunds import changed_refund
from chalicelib.domain.platforms import (
    Account,
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.statuses import Kind

SIGNATURE_HEADER = "x-square-hmacsha256-signature"

#: Events we subscribe to: orders of tills are announced by their payments only.
EVENT_TYPES = (
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "oauth.authorization.revoked",
    "order.created",
    "order.fulfillment.updated",
    "order.updated",
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
)

_TIME = TypeAdapter(datetime)
_IGNORED = {
    "inventory.": "Stock flows to Square only; this is the echo of a count or a sale.",
    "catalog.": "Products flow to Square only.",
    "location.": "Locations are read when they are needed.",
}


def signature_matches(body: bytes, signature: str, *, notification_url: str, key: str) -> bool:
    """Say whether Square signed ``body`` for our ``notification_url``.

    Source: Square, "Validate and process an event notification". ``body`` is the request exactly
    as received: parsing and dumping it again changes the bytes. The key is used as text.
    """
    if not body or not key or not notification_url:
        return False
    digest = hmac.new(key.encode(), notification_url.encode() + body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery once its signature is right.

    Raises:
        WebhookRefusedError: the signature is missing or wrong, or we have no key to check it with.
        WebhookUnreadableError: it is signed, and not an event.
    """
    signature = delivery.headers.get(SIGNATURE_HEADER, "")
    key = account.credentials.get("signature_key", "")
    if not signature_matches(delivery.body, signature, notification_url=delivery.address, key=key):
        raise WebhookRefusedError(_why_refused(signature, key))
    event = _event_in(delivery.body)
    merchant = _merchant_of(account)
    if merchant and event.merchant_id and event.merchant_id != merchant:
        # A subscription belongs to the application: it also hears of the application's other
        # sellers.
        return WebhookRead(ignored="The event is about another seller of the application.")
    return _read(event)


def _merchant_of(account: Account) -> str:
    settings = account.connection.settings
    return account.credentials.get("merchant_id") or str(settings.get("merchant_id") or "")


def _why_refused(signature: str, key: str) -> str:
    if not key:
        return "No signature key is known: check the connection, which registers the webhook anew."
    return "The signature is missing." if not signature else "The signature is wrong."


def _event_in(body: bytes) -> EventModel:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookUnreadableError("The body is not JSON that can be read.") from None
    if not isinstance(parsed, dict):
        raise WebhookUnreadableError("The body is not a JSON object.")
    try:
        return EventModel.model_validate(parsed)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise WebhookUnreadableError(
            f"The event's {where} is missing or has an unexpected shape."
        ) from None


def _read(event: EventModel) -> WebhookRead:
    reader = _READERS.get(event.type)
    if reader is not None:
        return reader(event.data)
    for start, why in _IGNORED.items():
        if event.type.startswith(start):
            return WebhookRead(ignored=why)
    return WebhookRead(ignored="The event is of a type we do not know.")


def _of_payment(data: EventDataModel) -> WebhookRead:
    """A payment tells which order changed; its own times are not the order's."""
    order_id = _object(data.object, "payment").get("order_id")
    if not isinstance(order_id, str) or not order_id:
        return WebhookRead(ignored="The payment belongs to no order.")
    return WebhookRead(changes=[_order(order_id)])


def _of_refund(data: EventDataModel) -> WebhookRead:
    """A refund is told whole; one that cannot be read is asked for by its id."""
    try:
        change = changed_refund(parse(RefundModel, data.object.get("refund"), "refund"))
    except SyncFailure:
        change = Changed(kind=Kind.REFUND, record=_id_in(data, "refund"))
    return WebhookRead(changes=[change])


def _of_customer(data: EventDataModel) -> WebhookRead:
    """A customer is told whole; a profile that names nobody is no change."""
    try:
        change = changed_customer(parse(CustomerModel, data.object.get("customer"), "customer"))
    except SyncFailure:
        change = Changed(kind=Kind.CUSTOMER, record=_id_in(data, "customer"))
    if change is None:
        return WebhookRead(ignored="The customer's profile names nobody.")
    return WebhookRead(changes=[change])


def _of_customer_gone(data: EventDataModel) -> WebhookRead:
    """A customer who was merged names the one that took the place, who changed too."""
    gone = _of_customer(data)
    merge = _object(_object(data.object, "event_context"), "merge")
    taker = merge.get("to_customer_id")
    if not isinstance(taker, str) or not taker:
        return gone
    changes = [
        *(replace(one, columns={**one.columns, "merged_into": taker}) for one in gone.changes),
        Changed(kind=Kind.CUSTOMER, record=taker, columns={"source": PLATFORM}),
    ]
    return WebhookRead(changes=changes)


def _of_order(name: str) -> Callable[[EventDataModel], WebhookRead]:
    def read(data: EventDataModel) -> WebhookRead:
        thin = _object(data.object, name)
        order_id = thin.get("order_id")
        if not isinstance(order_id, str) or not order_id:
            raise WebhookUnreadableError(f"The event's data.object.{name}.order_id is missing.")
        return WebhookRead(changes=[_order(order_id, _time(thin.get("updated_at")))])

    return read


def _order(order_id: str, updated_at: datetime | None = None) -> Changed:
    return Changed(
        kind=Kind.ORDER,
        record=order_id,
        version=version_of(updated_at) if updated_at else None,
        updated_at=updated_at,
        columns={"order_id": order_id, "source": "Square"},
    )


def _id_in(data: EventDataModel, name: str) -> str:
    """Return whose event it is, from the object or from beside it."""
    held = data.object.get(name)
    inside = held.get("id") if isinstance(held, Mapping) else None
    id_ = inside if isinstance(inside, str) and inside else data.id
    if not id_:
        raise WebhookUnreadableError(f"The event's data.object.{name}.id is missing.")
    return id_


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _time(text: object) -> datetime | None:
    """Read a time; one that cannot be read is left to the order itself."""
    try:
        at = _TIME.validate_python(text)
    except ValidationError:
        return None
    return at if at.tzinfo is not None else None


_READERS: Mapping[str, Callable[[EventDataModel], WebhookRead]] = {
    "customer.created": _of_customer,
    "customer.deleted": _of_customer_gone,
    "customer.updated": _of_customer,
    "payment.created": _of_payment,
    "payment.updated": _of_payment,
    "order.created": _of_order("order_created"),
    "order.updated": _of_order("order_updated"),
    "order.fulfillment.updated": _of_order("order_fulfillment_updated"),
    "oauth.authorization.revoked": lambda data: WebhookRead(revoked=True),
    "refund.created": _of_refund,
    "refund.updated": _of_refund,
}
