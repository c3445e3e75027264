"""Webhooks of Lightspeed: a form with the changed object, signed for applications only.

They carry the object in the shape of API 1.0 whatever version calls have, may come twice and out
of order, and are a hint: the object is read by its id before anything is done.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs

from chalicelib.connectors.lightspeed.mapping import PLATFORM, WALK_IN_CODE
from chalicelib.connectors.lightspeed.models import moment
from chalicelib.domain.platforms import (
    Account,
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.statuses import Kind

SIGNATURE_HEADER = "x-signature"
ALGORITHM = "HMAC-SHA256"

#: Types we subscribe to; Lightspeed has seven.
EVENT_TYPES = ("sale.update", "customer.update")

_IGNORED = {
    "product.update": "Products flow to Lightspeed only; this is the echo of a change there.",
    "inventory.update": "Stock flows to Lightspeed only; this is the echo of a count or a sale.",
    "register_closure.create": "Closures of registers are not synced.",
    "consignment.send": "Consignments are not synced.",
    "consignment.receive": "Consignments are not synced.",
}
#: Fields that only one type's object has; a delivery need not say of which type it is.
_MARKS = {
    "register_sale_products": "sale.update",
    "sale_date": "sale.update",
    "customer_code": "customer.update",
    "count": "inventory.update",
    "register_close_time": "register_closure.create",
    "handle": "product.update",
}
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")

Json = Mapping[str, Any]


def signature_matches(body: bytes, header: str, *, secret: str) -> bool:
    """Say whether Lightspeed signed ``body`` for the application with ``secret``.

    Source: Lightspeed, "Webhooks" (older guide). ``body`` is the request exactly as received,
    before its form is taken apart. The header is ``signature=…,algorithm=HMAC-SHA256`` in any
    order; the value is taken as lower-case hex, and as base64, for the guide does not say which.
    """
    parts = dict(_pair(part) for part in header.split(","))
    given = parts.get("signature", "")
    if not body or not secret or not given or parts.get("algorithm", "").upper() != ALGORITHM:
        return False
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    forms = (digest.hex(), base64.b64encode(digest).decode())
    matches = [hmac.compare_digest(form.encode(), given.encode()) for form in forms]
    return any(matches)


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read a delivery once its signature is right, or none is asked for.

    Raises:
        WebhookRefusedError: the signature is wrong, or missing where one must be.
        WebhookUnreadableError: it is no form with an object.
    """
    _check_signature(account, delivery)
    kind, payload = _payload_in(delivery.body)
    if kind == "sale.update":
        return _sale(payload)
    if kind == "customer.update":
        return _customer(account, payload)
    return WebhookRead(ignored=_IGNORED.get(kind, "The event is of a type we do not know."))


def _check_signature(account: Account, delivery: Delivery) -> None:
    header = delivery.headers.get(SIGNATURE_HEADER, "")
    secret = account.credentials.get("client_secret", "")
    if header and secret:
        if not signature_matches(delivery.body, header, secret=secret):
            raise WebhookRefusedError("The signature is wrong.")
        return
    if not _must_be_signed(account, header or secret):
        return  # the secret part of our address stands in
    if not secret:
        raise WebhookRefusedError(
            "No application secret is known to check the signature with: fill it in."
        )
    raise WebhookRefusedError("The signature is missing.")


def _must_be_signed(account: Account, sign_of_application: str) -> bool:
    """Whether a delivery that cannot be checked is refused: as set, else for applications.

    Args:
        sign_of_application: what only an application has: its secret, or signed deliveries.
    """
    setting = str(account.connection.settings.get("require_signature") or "").strip().lower()
    if setting in _YES:
        return True
    return setting not in _NO and bool(sign_of_application)


def _payload_in(body: bytes) -> tuple[str, Json]:
    """Return type and object of a delivery."""
    try:
        form = parse_qs(body.decode(), keep_blank_values=True)
        payload = json.loads(form["payload"][0], parse_float=Decimal)
    except UnicodeDecodeError:
        raise WebhookUnreadableError("The body is not UTF-8.") from None
    except KeyError:
        raise WebhookUnreadableError("The body is no form with a payload.") from None
    except (ValueError, RecursionError):
        raise WebhookUnreadableError("The payload is not JSON.") from None
    if not isinstance(payload, dict):
        raise WebhookUnreadableError("The payload is not a JSON object.")
    named = next(iter(form.get("type", [])), "")
    found = next((kind for mark, kind in _MARKS.items() if mark in payload), "")
    return named or found, payload


def _sale(payload: Json) -> WebhookRead:
    """Say which sides of a sale changed: its lines tell, and without lines it may be both."""
    record = _id_of(payload)
    quantities = [_quantity(line) for line in _lines(payload)]
    sells = any(one > 0 for one in quantities)
    gives_back = any(one < 0 for one in quantities)
    if not sells and not gives_back:
        sells = gives_back = True
    changes = []
    if sells:
        columns = {"order_id": record, "source": PLATFORM}
        changes.append(_changed(Kind.ORDER, record, payload, columns))
    if gives_back:
        changes.append(_changed(Kind.REFUND, record, payload, {}))
    return WebhookRead(changes=changes)


def _customer(account: Account, payload: Json) -> WebhookRead:
    record = _id_of(payload)
    known = str(account.connection.settings.get("walk_in_customer") or "")
    if str(payload.get("customer_code") or "").upper() == WALK_IN_CODE or record == known:
        return WebhookRead(ignored="The customer stands for people without a name.")
    return WebhookRead(changes=[_changed(Kind.CUSTOMER, record, payload, {})])


def _changed(kind: Kind, record: str, payload: Json, columns: Json) -> Changed:
    version = payload.get("version")
    if isinstance(version, str) and version.isascii() and version.isdigit():
        version = int(version) if len(version) < 20 else None
    is_version = isinstance(version, int) and not isinstance(version, bool)
    return Changed(
        kind=kind,
        record=record,
        version=version if is_version else None,
        updated_at=moment(payload.get("updated_at")),
        columns=columns,
    )


def _id_of(payload: Json) -> str:
    record = payload.get("id")
    if not isinstance(record, str) or not record:
        raise WebhookUnreadableError("The payload's id is missing.")
    return record


def _lines(payload: Json) -> list[Json]:
    lines = payload.get("register_sale_products")
    return [one for one in lines if isinstance(one, dict)] if isinstance(lines, list) else []


def _quantity(line: Json) -> Decimal:
    try:
        found = Decimal(str(line.get("quantity")))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _pair(part: str) -> tuple[str, str]:
    """Take ``signature=…`` apart; a base64 value ends with the sign that divides them."""
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()
