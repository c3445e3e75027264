"""What Square's errors mean: its codes where they say more than the HTTP status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.connectors.http import Answer, failure_of, retry_after_s
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure

DETAIL_AT_MOST = 300
CURSOR_EXPIRED = "cursor_expired"
KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
VERSION_MISMATCH = "VERSION_MISMATCH"  #: seen in answers, missing from Square's own list of codes

#: Codes that mean the same whatever the status beside them; a 200 may carry errors too.
_CODE_REASONS: Mapping[str, Reason] = {
    "UNAUTHORIZED": Reason.CONNECTION_DOWN,
    "ACCESS_TOKEN_EXPIRED": Reason.CONNECTION_DOWN,
    "ACCESS_TOKEN_REVOKED": Reason.CONNECTION_DOWN,
    "APPLICATION_DISABLED": Reason.CONNECTION_DOWN,
    "CLIENT_DISABLED": Reason.CONNECTION_DOWN,
    "INSUFFICIENT_SCOPES": Reason.AUTH_REJECTED,
    "FORBIDDEN": Reason.AUTH_REJECTED,
    "RATE_LIMITED": Reason.THROTTLED,
    "INVALID_CURSOR": Reason.RETRYING,
    "REQUEST_TIMEOUT": Reason.RETRYING,
    "CONFLICT": Reason.RETRYING,  # two requests met; the official client sends the call again
    "GATEWAY_TIMEOUT": Reason.RETRYING,
    "TEMPORARY_ERROR": Reason.RETRYING,
    "INTERNAL_SERVER_ERROR": Reason.RETRYING,
    "SERVICE_UNAVAILABLE": Reason.RETRYING,
    VERSION_MISMATCH: Reason.RETRYING,
    KEY_REUSED: Reason.OUTCOME_UNKNOWN,  # an earlier request with this key arrived: look it up
}


@dataclass(frozen=True, kw_only=True)
class VendorError:
    """One member of Square's ``errors``; everything but the code may be empty."""

    code: str
    detail: str = ""
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a failure has to know of the call that met it."""

    connection: str
    needs: str  #: the permission the call wants, as Square names it
    writes: bool = False
    creates: bool = False  #: doing it twice would make two


def errors_in(body: Any) -> Sequence[VendorError]:
    """Read the errors of an answer: the envelope, or the old single ``type`` and ``message``."""
    if not isinstance(body, dict):
        return ()
    listed = body.get("errors")
    if isinstance(listed, list):
        return tuple(_vendor_error(one) for one in listed if isinstance(one, dict))
    if isinstance(body.get("type"), str) and isinstance(body.get("message"), str):
        return (_vendor_error(body | {"code": body["type"], "detail": body["message"]}),)
    return ()


def _vendor_error(raw: Mapping[str, Any]) -> VendorError:
    texts = {name: raw.get(name) for name in ("code", "detail", "field")}
    known = {name: value for name, value in texts.items() if isinstance(value, str)}
    return VendorError(**{"code": "UNKNOWN", **known})


def failure_of_answer(answer: Answer, call: Call, *, now: datetime) -> SyncFailure:
    """Turn an answer with an error status into a failure; its body may be anything."""
    try:
        errors = errors_in(answer.json())
    except SyncFailure:
        errors = ()
    error = errors[0] if errors else VendorError(code="")
    failure = failure_of(
        answer,
        _sentence(error, answer.status, call),
        connection=call.connection,
        writes=call.writes,
        error_code=_error_code(error),
        field=error.field or None,
        reason=_reason(error, answer.status, call),
    )
    if failure.retry_after_s is None:
        failure.retry_after_s = _reset_after_s(answer.headers, now)
    return failure


def failure_of_errors(errors: Sequence[VendorError], call: Call) -> SyncFailure:
    """Turn the errors of a 200 into a failure: the answer says itself that nothing was done."""
    error = errors[0]
    reason = _CODE_REASONS.get(error.code, Reason.REJECTED_BY_TARGET)
    refused = reason is Reason.REJECTED_BY_TARGET
    return SyncFailure(
        reason,
        _sentence(error, 400 if refused else 200, call),
        cause=connection_cause(call.connection) if reason is Reason.CONNECTION_DOWN else None,
        code=400 if refused else 200,
        error_code=_error_code(error),
        field=error.field or None,
    )


def retry_soon(failure: SyncFailure, *, after_s: float) -> SyncFailure:
    """Give a failure that names no time of its own a short wait: a lock is free in a moment."""
    if failure.retry_after_s is None:
        failure.retry_after_s = after_s
    return failure


def _reason(error: VendorError, status: int, call: Call) -> Reason | None:
    """Return what overrides the status table, None where the table is right."""
    if status >= 500:
        # 503 proves nothing: only a call that may be repeated is simply tried again.
        return Reason.OUTCOME_UNKNOWN if call.creates else None
    return _CODE_REASONS.get(error.code, Reason.RETRYING if status == 409 else None)


def _error_code(error: VendorError) -> str | None:
    return CURSOR_EXPIRED if error.code == "INVALID_CURSOR" else error.code or None


def _sentence(error: VendorError, status: int, call: Call) -> str:
    reason = _CODE_REASONS.get(error.code)
    word = f" ({error.code})" if error.code else ""
    if status == 401 or reason is Reason.CONNECTION_DOWN:
        return f"Square refused the account's access{word}: reconnect the account."
    if status == 403 or reason is Reason.AUTH_REJECTED:
        wanted = call.needs or "for this"
        return f"The account lacks the permission {wanted} at Square{word}: grant it and reconnect."
    if status == 429 or reason is Reason.THROTTLED:
        return f"Square allows no more calls at the moment{word}."
    if error.code == "INVALID_CURSOR":
        return "Square's list cannot be continued from this page: it has to be read again."
    if status >= 500 or reason is Reason.RETRYING:
        return f"Square could not do it now: it answered {status}{word}."
    where = f" {error.field}" if error.field else ""
    return f"Square refused{where}{word}: {error.detail or 'it gave no details.'}"[:DETAIL_AT_MOST]


def _reset_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read ``X-RateLimit-Reset`` (Unix seconds), which Square's own client obeys besides."""
    text = headers.get("x-ratelimit-reset", "")
    if not text.isdigit():
        return None
    seconds = int(text) - now.timestamp()
    return retry_after_s({"retry-after": str(max(0.0, seconds))})
