"""What Lightspeed's errors mean: statuses, and bodies of several shapes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.connectors.http import Answer, failure_of, retry_after_s
from chalicelib.domain.reasons import Reason, SyncFailure

DETAIL_AT_MOST = 300
CURSOR_EXPIRED = "cursor_expired"
#: Failures of the account and not of a call: what was not asked yet would meet them too.
FOR_ALL = (Reason.THROTTLED, Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)
#: Reasons that say that a call was refused for what it held.
REFUSALS = (Reason.REJECTED_BY_TARGET, Reason.CONFLICT, Reason.MISSING_AT_TARGET)

_FIELD = re.compile(r"([a-z][a-z0-9_.\[\]]*) (?:must|is|does|cannot|should|may)\b")
_WORD = re.compile(r"[A-Za-z][\w .-]{0,59}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a failure has to know of the call that met it."""

    connection: str
    needs: str  #: the scope the call wants, as Lightspeed names it
    writes: bool = False
    creates: bool = False  #: doing it twice would make two


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an error body says; everything may be empty."""

    code: str = ""
    detail: str = ""
    field: str = ""


def told_by(body: Any) -> Told:
    """Read an error body: ``error`` and ``message``, ``error`` alone, ``errors``, or a text."""
    if isinstance(body, str):
        return Told(detail=_clean(body))
    if not isinstance(body, Mapping):
        return Told()
    error, message = body.get("error"), body.get("message") or body.get("error_description")
    field, text = next(_texts_in(body.get("errors")), ("", ""))
    if isinstance(error, str) and isinstance(message, str):
        only = message
    else:
        only = error if isinstance(error, str) else message if isinstance(message, str) else text
    return Told(code=_code(error), detail=_clean(only), field=field or _field_in(only))


def failure_of_answer(answer: Answer, call: Call) -> SyncFailure:
    """Turn an answer with an error status into a failure; its body may be anything."""
    try:
        told = told_by(answer.json())
    except SyncFailure:
        told = Told()
    failure = failure_of(
        answer,
        _sentence(told, answer.status, call),
        connection=call.connection,
        writes=call.writes,
        error_code=told.code or f"http_{answer.status}",
        field=told.field or None,
        reason=_reason(answer.status, call),
    )
    # Lightspeed names a date: it is counted from the answer's own, so that no clock need be right.
    answered_at = _date_of(answer.headers)
    failure.retry_after_s = retry_after_s(answer.headers, now=answered_at)
    return failure


def is_missing(failure: SyncFailure) -> bool:
    """Whether a call failed because the thing it names is not there."""
    return failure.reason is Reason.MISSING_AT_TARGET


def stops_all(failure: SyncFailure) -> bool:
    """Whether what was not asked yet would fail alike: the account is refused, or nobody answers.

    An answer that says no for one thing says nothing of the next.
    """
    return failure.reason in FOR_ALL or failure.error_code in ("no_answer", "out_of_time")


def cursor_expired() -> SyncFailure:
    """Return the failure of a page token that is not one of ours."""
    return SyncFailure(
        Reason.RETRYING,
        "The place in Lightspeed's list is lost: the list is read again.",
        error_code=CURSOR_EXPIRED,
    )


def page_repeats() -> SyncFailure:
    """Return the failure of a list whose pages lead nowhere new."""
    return SyncFailure(
        Reason.RETRYING,
        "Lightspeed's list hands out the same page again: it has to be read from its start.",
        error_code="page_repeats",
    )


def unexpected_shape(code: int) -> SyncFailure:
    """Return the failure of an answer that is JSON and not what was asked for."""
    return SyncFailure(
        Reason.RETRYING,
        "Lightspeed answered with JSON of an unexpected shape.",
        code=code,
        error_code="unexpected_shape",
    )


def _date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return when an answer was made, by the clock of whoever made it; None: it does not say."""
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None


def _reason(status: int, call: Call) -> Reason | None:
    """Return what overrides the status table, None where the table is right."""
    if status >= 500 and call.creates:
        return Reason.OUTCOME_UNKNOWN  # 503 proves nothing either
    return None


def _sentence(told: Told, status: int, call: Call) -> str:
    word = f" ({told.code})" if told.code else ""
    if status == 401:
        return f"Lightspeed refused the account's access{word}: sign in again."
    if status == 403:
        return _missing_scope(call.needs)
    if status == 429:
        return "Lightspeed allows no more calls at the moment."
    if status >= 500 or status in (408, 425):
        return f"Lightspeed could not do it now: it answered {status}{word}."
    why = told.detail or "it gave no details."
    return f"Lightspeed refused it{word}: {why}"[:DETAIL_AT_MOST]


def _missing_scope(needs: str) -> str:
    wanted = f"scope {needs}" if needs else "scope for this"
    return f"The account lacks the {wanted} at Lightspeed: sign in again and agree to it."


def _texts_in(errors: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of ``errors``, an object or a list of whatever, each with its field."""
    if isinstance(errors, str):
        yield field, errors
    elif isinstance(errors, Mapping):
        for name, value in errors.items():
            yield from _texts_in(value, str(name))
    elif isinstance(errors, list):
        for value in errors:
            yield from _texts_in(value, field)


def _code(error: Any) -> str:
    """Return the short name of an error; a whole sentence is none."""
    text = error if isinstance(error, str) else ""
    return text if _WORD.fullmatch(text) and not text.endswith(".") else ""


def _field_in(text: str) -> str:
    """Return the field a sentence begins with: "name must have at most 255 characters."."""
    found = _FIELD.match(text)
    return found[1] if found else ""


def _clean(text: str) -> str:
    """Return a vendor's text as one line; a page is none. Secrets are out of it already."""
    return "" if "<" in text else " ".join(text.split())[:DETAIL_AT_MOST]
