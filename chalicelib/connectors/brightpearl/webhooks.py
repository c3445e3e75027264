"""Deliveries of Brightpearl: unsigned and thin.

Nothing vouches for a delivery but the secret in our address, which was checked before. So only ids
are taken from it, and every record is read through the API before anything is done. An answer in
the 400s makes Brightpearl discard the event for good.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.connectors.brightpearl.idsets import IdSetError, parse_id_set
from chalicelib.domain.platforms import (
    Account,
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.statuses import Kind

STOCK_EVENT = "product.modified.on-hand-modified"
STATUS_EVENT = "order.modified.order-status"
#: What happens to goods before they leave; each has an ``un-`` form.
_INDOORS = ("printed", "picked", "packed")

# Spellings of the same value: our template's first, then those of templates met in the field.
_ACCOUNT = ("account", "accountCode", "account-code")
_TYPE = ("type", "resourceType", "resource-type")
_IDS = ("ids", "id", "resourceId", "resource-id")
_EVENT = ("event", "fullEvent", "full-event")
_LIFECYCLE = ("lifecycleEvent", "lifecycle-event")
_RAISED = ("raisedOn", "raised-on")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one delivery says."""

    name: str  #: product.modified.on-hand-modified
    ids: Sequence[str]
    raised_at: datetime | None


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Return the records a delivery names; an event nobody needs is ignored with its reason.

    Raises:
        WebhookRefusedError: it is about another account.
        WebhookUnreadableError: it is neither JSON nor a form, or lacks event or ids.
    """
    fields = _fields(delivery.body)
    _check_account(account, _first(fields, _ACCOUNT) or delivery.query.get("account", ""))
    name = _event_name(fields)
    kind = kind_of(name)
    if kind is None:
        return WebhookRead(ignored=f"Nothing is synced from the event {name[:80]}.")
    event = Event(name=name, ids=_ids(fields), raised_at=_raised_at(fields))
    return WebhookRead(changes=[_to_changed(event, kind, id_) for id_ in event.ids])


def kind_of(event: str) -> Kind | None:
    """Return what an event changes: stock, a product, an order's status, a shipment, or nothing."""
    if _is_or_below(event, STOCK_EVENT):
        return Kind.STOCK
    if _is_or_below(event, STATUS_EVENT):
        return Kind.ORDER
    resource, _, rest = event.partition(".")
    if resource == "goods-out-note":
        return None if rest.endswith(_INDOORS) else Kind.SHIPMENT
    return Kind.PRODUCT if resource == "product" else None


def _is_or_below(event: str, name: str) -> bool:
    return event == name or event.startswith(f"{name}.")


def _to_changed(event: Event, kind: Kind, id_: str) -> Changed:
    # When the event was raised is not the version of the product, which may have moved on since.
    return Changed(kind=kind, record=id_, updated_at=event.raised_at)


def _fields(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object, or a form, whatever the content type says."""
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise WebhookUnreadableError("The body is not UTF-8 text.") from error
    if not text:
        raise WebhookUnreadableError("The body is empty.")
    if not text.startswith(("{", "[")) and "=" in text:
        return dict(parse_qsl(text))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WebhookUnreadableError("The body is neither JSON nor a form.") from error
    if not isinstance(found, dict):
        raise WebhookUnreadableError("The body is not a JSON object.")
    return found


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    values = (fields.get(name) for name in names)
    return next((str(v).strip() for v in values if isinstance(v, str | int) and v != ""), "")


def _check_account(account: Account, code: str) -> None:
    own = str(account.connection.settings.get("account", ""))
    if code and code.lower() != own.strip().lower():
        raise WebhookRefusedError("The delivery is about another Brightpearl account.")


def _event_name(fields: Mapping[str, Any]) -> str:
    full = _first(fields, _EVENT)
    if full:
        return full
    resource, lifecycle = _first(fields, _TYPE), _first(fields, _LIFECYCLE)
    if not resource:
        raise WebhookUnreadableError("The body names no event: fullEvent and resourceType lack.")
    return f"{resource}.{lifecycle}" if lifecycle else resource


def _ids(fields: Mapping[str, Any]) -> list[str]:
    text = _first(fields, _IDS)
    if not text:
        raise WebhookUnreadableError("The body names no ids.")
    try:
        return parse_id_set(text)
    except IdSetError as error:
        raise WebhookUnreadableError(f"The ids cannot be read: {error}.") from error


def _raised_at(fields: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_first(fields, _RAISED))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
