"""What Brightpearl's error answers mean, where that differs from the common status table.

A throttled call is 503 with a text, not 429. A 500 with a ``CMNC-`` code is bad input, not a fault
of the server, so trying again would not help. A 401 carries a text that may repeat the token, so no
text of a 401 is ever shown. Sources: help articles 212644823, 212644843, and recorded exchanges.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.connectors.http import Answer, failure_of, retry_after_s
from chalicelib.connectors.redaction import EMAIL
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure

#: The window rolls over a minute, so no wait needs to be longer.
THROTTLED_AT_MOST_S = 60.0
#: Used where a throttled answer does not say how long.
THROTTLED_S = 10.0
NOT_FOUND = "CMNC-404"

_MESSAGE_AT_MOST = 200
_BAD_INPUT = "CMNC-"
_SERVER_FAULT = "CMNU-"
_NUMBERS_OF_PEOPLE = re.compile(r"\+?\d[\d ()-]{6,}\d")
_IDS = re.compile(r"/[0-9][0-9,.-]*(?=/|$)|/\*(?=/|$)")


@dataclass(frozen=True, kw_only=True)
class VendorError:
    """One entry of ``errors``; the message is made fit for operators."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The call an answer belongs to, as far as its failure needs to name it."""

    method: str
    path: str
    writes: bool
    connection: str

    @property
    def resource(self) -> str:
        """The path without ids: ``order-service/order/…/row``."""
        return _IDS.sub("/…", self.path)

    @property
    def is_personal(self) -> bool:
        """Whether messages about this call may repeat what a buyer typed."""
        return self.path.startswith("contact-service/")


def errors_of(body: Any) -> tuple[VendorError, ...]:
    """Read ``errors`` of a body, whatever else it holds."""
    entries = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(
        VendorError(code=str(entry.get("code", "")), message=_tidy(entry.get("message", "")))
        for entry in entries
        if isinstance(entry, dict)
    )


def _tidy(message: object) -> str:
    text = EMAIL.sub("…", str(message))
    return _NUMBERS_OF_PEOPLE.sub("…", text)[:_MESSAGE_AT_MOST]


def failure_from(answer: Answer, sent: Sent) -> SyncFailure:
    """Turn an answer that is no success into a failure."""
    body = _lenient_body(answer)
    if is_throttled(answer.status, body):
        return _throttled(answer)
    if answer.status == 401:
        return refused(sent.connection)
    if answer.status == 403:
        return _forbidden(answer, sent)
    errors = errors_of(body)
    return failure_of(
        answer,
        sentence(answer.status, errors, sent),
        connection=sent.connection,
        writes=sent.writes,
        error_code=errors[0].code if errors else None,
        reason=_reason(answer.status, errors),
    )


def _lenient_body(answer: Answer) -> Any:
    try:
        return answer.json()
    except SyncFailure:
        return None  # a proxy's page: the status alone has to say it


def is_throttled(status: int, body: Any) -> bool:
    """Say whether the quota of 200 calls a minute is used up; other 503s are maintenance."""
    if status == 429:
        return True
    text = body.get("response") if isinstance(body, dict) else None
    return status == 503 and isinstance(text, str) and "too many requests" in text.lower()


def _throttled(answer: Answer) -> SyncFailure:
    asked_s = retry_after_s(answer.headers)
    return SyncFailure(
        Reason.THROTTLED,
        "Brightpearl allows no more calls this minute.",
        retry_after_s=throttled_for_s(answer.headers) if asked_s is None else asked_s,
        code=answer.status,
    )


def throttled_for_s(headers: Mapping[str, str]) -> float:
    """Return the wait that ``brightpearl-next-throttle-period`` asks for: milliseconds there."""
    text = headers.get("brightpearl-next-throttle-period", "")
    if not text.isdigit():
        return THROTTLED_S
    return min(int(text) / 1000, THROTTLED_AT_MOST_S)


def refused(connection: str) -> SyncFailure:
    """Return the failure of an account that Brightpearl does not let in any more."""
    return SyncFailure(
        Reason.CONNECTION_DOWN,
        "Brightpearl refused the account's token: enter a new one or reconnect the account.",
        cause=connection_cause(connection),
        code=401,
    )


def _forbidden(answer: Answer, sent: Sent) -> SyncFailure:
    return SyncFailure(
        Reason.AUTH_REJECTED,
        f"The app may not use {sent.method} {sent.resource} at Brightpearl: give it, or the staff"
        " member it acts for, that permission.",
        code=answer.status,
        field=sent.resource,
    )


def _reason(status: int, errors: Sequence[VendorError]) -> Reason | None:
    """Overrule the status table where Brightpearl means something else; None: it holds."""
    if status == 412:
        return Reason.RETRYING  # the goods-out note had other events meanwhile: read it again
    if status == 414:
        return Reason.REJECTED_BY_TARGET
    if status >= 500 and any(error.code.startswith(_BAD_INPUT) for error in errors):
        return Reason.REJECTED_BY_TARGET
    return None


def sentence(status: int, errors: Sequence[VendorError], sent: Sent) -> str:
    """Return what an operator reads: the call, the status, and the vendor's own words."""
    said = "; ".join(
        error.code if sent.is_personal else f"{error.message} ({error.code})" for error in errors
    )
    start = f"Brightpearl answered {status} to {sent.method} {sent.resource}"
    return f"{start}: {said}" if said else f"{start}."


def failure_inside(status: int, errors: Sequence[VendorError], sent: Sent) -> SyncFailure:
    """Return the failure of an answer that says success and holds nothing but errors."""
    reason = Reason.REJECTED_BY_TARGET
    if any(error.code.startswith(_SERVER_FAULT) for error in errors):
        reason = Reason.OUTCOME_UNKNOWN if sent.writes else Reason.RETRYING
    return SyncFailure(
        reason,
        sentence(status, errors, sent),
        code=status,
        error_code=errors[0].code if errors else None,
    )


def half_done(status: int, errors: Sequence[VendorError], sent: Sent) -> SyncFailure:
    """Return the failure of a write of which a part worked (207): what it left has to be read."""
    return SyncFailure(
        Reason.OUTCOME_UNKNOWN,
        sentence(status, errors, sent),
        code=status,
        error_code=errors[0].code,
    )


def unreadable(status: int, sent: Sent) -> SyncFailure:
    """Return the failure of a success whose body is not what Brightpearl sends.

    A write may have been done all the same.
    """
    return SyncFailure(
        Reason.OUTCOME_UNKNOWN if sent.writes else Reason.RETRYING,
        f"Brightpearl answered {status} to {sent.method} {sent.resource} with something"
        " that is not its JSON.",
        code=status,
        error_code="not_json",
    )
