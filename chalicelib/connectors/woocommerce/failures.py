"""What a shop's errors mean: the code first, because a 500 may be final and ``data`` a number."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.connectors.http import STATUS_REASONS, Answer, failure_of
from chalicelib.connectors.redaction import HIDDEN, redact_body
from chalicelib.connectors.woocommerce.answers import json_in
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure

DETAIL_AT_MOST = 300
_KEY = re.compile(r"\b(ck|cs)_\w+")
_TAG = re.compile(r"<[^<>]*>")
NO_ROUTE = "rest_no_route"
DUPLICATE_SKU = "product_invalid_sku"
SKU_IN_BIN = "woocommerce_rest_product_not_created"
NOT_JSON = "not_json"

#: Codes that mean the same whatever the status beside them.
_CODE_REASONS: Mapping[str, Reason] = {
    NO_ROUTE: Reason.CONNECTION_DOWN,
    DUPLICATE_SKU: Reason.CONFLICT,
    SKU_IN_BIN: Reason.CONFLICT,
    "rest_invalid_param": Reason.REJECTED_BY_TARGET,
    "rest_missing_callback_param": Reason.REJECTED_BY_TARGET,
    "rest_invalid_json": Reason.REJECTED_BY_TARGET,
    "woocommerce_rest_request_entity_too_large": Reason.REJECTED_BY_TARGET,
    "woocommerce_rest_cannot_create_order_refund": Reason.REJECTED_BY_TARGET,
    "woocommerce_rest_invalid_order_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_product_invalid_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_product_variation_invalid_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_invalid_product_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_shop_order_invalid_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_shop_order_refund_invalid_id": Reason.MISSING_AT_TARGET,
    "woocommerce_rest_shop_webhook_invalid_topic": Reason.REJECTED_BY_TARGET,
    "woocommerce_rest_shop_webhook_invalid_delivery_url": Reason.REJECTED_BY_TARGET,
}
_UNKNOWN_KEY = (
    "The shop did not recognise the key. Either the key is unknown there (deleted, or its user is"
    " gone): make a new one under WooCommerce > Settings > Advanced > REST API. Or the shop does"
    " not see it: its web server drops the Authorization header (set “Key in the address” to yes),"
    " or a proxy in front of WordPress does not tell it that the call came over HTTPS (ask the host"
    " to pass on X-Forwarded-Proto)."
)
_READ_ONLY = (
    "The key may not do this: give it the permission “Read/Write” under WooCommerce > Settings >"
    " Advanced > REST API."
)
_NO_API = (
    "The shop has no REST API at this address: check the address, that WooCommerce is active, and"
    " that WordPress > Settings > Permalinks is not “Plain”."
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a failure has to know of the call that met it."""

    connection: str
    writes: bool = False
    creates: bool = False  #: doing it twice would make two


@dataclass(frozen=True, kw_only=True)
class VendorError:
    """The shop's error envelope; everything may be empty."""

    code: str = ""
    message: str = ""
    field: str = ""
    resource_id: int | None = None  #: of a duplicate SKU: who holds it
    status: int | None = None


class WooFailure(SyncFailure):
    """A failure that still knows which product holds the SKU it was refused for."""

    resource_id: int | None = None


def error_in(body: Any) -> VendorError:
    """Read an error envelope; its ``data`` is an object, a bare number, or absent."""
    if not isinstance(body, Mapping):
        return VendorError()
    data = body.get("data")
    status = data if isinstance(data, int) else None
    inner: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    if isinstance(inner.get("status"), int):
        status = inner["status"]
    resource = inner.get("resource_id")
    return VendorError(
        code=_text(body.get("code")),
        message=_harmless(_text(body.get("message"))),
        field=_first_name(inner.get("params")),
        resource_id=resource if isinstance(resource, int) and resource > 0 else None,
        status=status,
    )


def failure_of_answer(answer: Answer, call: Call) -> SyncFailure:
    """Turn an answer with an error status into a failure; its body may be anything."""
    try:
        error = error_in(json_in(answer))
    except SyncFailure:
        error = VendorError()
    reason = _reason(error, answer.status, call)
    return _with_resource(
        failure_of(
            answer,
            _sentence(error, answer.status, call),
            connection=call.connection,
            writes=call.writes,
            error_code=error.code or NOT_JSON,
            field=error.field or None,
            reason=reason,
        ),
        error,
    )


def failure_of_item(raw: Any, call: Call) -> SyncFailure:
    """Turn the error of one entry of a batch into its failure; the call itself was a 200."""
    error = error_in(raw)
    status = error.status or 400
    otherwise = Reason.REJECTED_BY_TARGET if status < 500 else Reason.OUTCOME_UNKNOWN
    reason = _reason(error, status, call) or STATUS_REASONS.get(status, otherwise)
    failure = SyncFailure(
        reason,
        _sentence(error, status, call),
        cause=connection_cause(call.connection) if reason is Reason.CONNECTION_DOWN else None,
        code=status,
        error_code=error.code or None,
        field=error.field or None,
    )
    return _with_resource(failure, error)


def not_json(status: int, *, writes: bool) -> SyncFailure:
    """Return the failure of a success whose body is a page: nothing is known of a write then."""
    return SyncFailure(
        Reason.OUTCOME_UNKNOWN if writes else Reason.RETRYING,
        "The shop answered with a web page instead of data: a plugin, a firewall or maintenance"
        " stands in between.",
        code=status,
        error_code=NOT_JSON,
    )


def resource_id_of(failure: SyncFailure) -> int | None:
    """Return which product holds the SKU that a create was refused for."""
    return failure.resource_id if isinstance(failure, WooFailure) else None


def _with_resource(failure: SyncFailure, error: VendorError) -> SyncFailure:
    if error.resource_id is None:
        return failure
    known = WooFailure(
        failure.reason,
        failure.detail,
        cause=failure.cause,
        retry_after_s=failure.retry_after_s,
        code=failure.code,
        error_code=failure.error_code,
        field=failure.field,
    )
    known.resource_id = error.resource_id
    return known


def _reason(error: VendorError, status: int, call: Call) -> Reason | None:
    """Return what overrides the status table, None where the table is right."""
    if error.code in _CODE_REASONS:
        return _CODE_REASONS[error.code]
    if status == 404 and not error.code:
        return Reason.CONNECTION_DOWN
    if status == 401 and _is_about_permission(error, call):
        return Reason.AUTH_REJECTED
    if status == 403 and not error.code:
        return Reason.RETRYING  # a firewall's page: most of them let us in again by themselves
    if status >= 500 and call.creates:
        return Reason.OUTCOME_UNKNOWN
    return None


def _is_about_permission(error: VendorError, call: Call) -> bool:
    """Whether a known key may not do this; messages come in the shop's language."""
    if error.code != "woocommerce_rest_authentication_error":
        return False
    told = error.message.lower()
    if "permission" in told:
        return True
    return call.writes and "secret" not in told and "signature" not in told


def _sentence(error: VendorError, status: int, call: Call) -> str:
    word = f" ({error.code})" if error.code else ""
    if error.code == NO_ROUTE or (status == 404 and not error.code):
        return _NO_API
    if status in (401, 403):
        return _access_sentence(error, status, call)
    if status == 429:
        return "The shop's host allows no more calls at the moment."
    if status >= 500 and error.code not in _CODE_REASONS:
        return f"The shop could not do it now: it answered {status}{word}."
    where = f" {error.field}" if error.field else ""
    return f"The shop refused{where}{word}: {error.message or 'it gave no details.'}"[
        :DETAIL_AT_MOST
    ]


def _access_sentence(error: VendorError, status: int, call: Call) -> str:
    if not error.code:
        page = "asks for a password of its own" if status == 401 else "turned us away with a page"
        return (
            f"The shop's web server or a security plugin {page}, before WooCommerce was asked:"
            " let our calls to /wp-json/ through."
        )
    if status == 403 or _is_about_permission(error, call):
        return f"{_READ_ONLY} Its user must be an administrator or shop manager."
    if error.code == "woocommerce_rest_authentication_error":
        return "The consumer secret is not the one of this key: enter key and secret again."
    return _UNKNOWN_KEY


def _harmless(message: str) -> str:
    """Return a message without what it may repeat of the call: keys, e-mail addresses."""
    told = json.loads(redact_body(json.dumps(message).encode()))
    return _KEY.sub(HIDDEN, " ".join(_TAG.sub(" ", told).split()))


def _first_name(params: Any) -> str:
    """``params`` is an object by name, or a list of names."""
    if isinstance(params, Mapping | list) and params:
        return _text(next(iter(params)))
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
