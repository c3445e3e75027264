"""How an attempt ends: pure decisions from a row and what was met to the write that closes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.closings import finish, leave_unknown, park_claimed, postpone
from chalicelib.domain.platforms import Done, Found, Pace
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.retries import RetryPolicy
from chalicelib.domain.rows import Row, fingerprint_of
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.domain.writes import RowWrite

DETAIL_AT_MOST = 300  #: characters of a sentence the row keeps; the attempt has it whole
STALE_RETRY_S = 5  #: a source older than what is known is read again after this


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How one attempt ends: the closing write, and what the attempt's trace says."""

    write: RowWrite
    status: Status
    reason: Reason | None
    outcome: Outcome | None = None
    detail: str = ""
    code: int | None = None
    cause: str | None = None
    dead: bool = False  #: the row's name goes to the dead-letter queue first


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What decides beside the row: the flow's policy, the platform's pace, the time, a die."""

    policy: RetryPolicy
    pace: Pace
    now: datetime
    jitter: float
    facts: Mapping[str, Any] = field(default_factory=dict)  #: learned fields, kept whatever happens


def end_with_failure(
    row: Row, failure: SyncFailure, terms: Terms, *, cause: str | None = None
) -> Ending:
    """Return the ending of an attempt that met a failure; the reason's rule decides.

    ``cause`` is what this row waits for, where the failure does not say it itself.
    """
    facts = {**terms.facts, **({"code": failure.code} if failure.code is not None else {})}
    terms = Terms(
        policy=terms.policy, pace=terms.pace, now=terms.now, jitter=terms.jitter, facts=facts
    )
    if failure.reason is Reason.OUTCOME_UNKNOWN:
        return _end_unknown(row, failure, terms)
    if failure.reason is Reason.RETRYING:
        return _end_for_retry(row, failure, terms)
    if failure.reason is Reason.AWAITING_TARGET:
        return _end_awaiting(row, failure.detail, terms)
    if failure.reason.is_hold:
        return _end_held(row, failure, cause or failure.cause, terms)
    return _end_failed(row, failure.reason, failure.detail, failure, terms)


def _end_unknown(row: Row, failure: SyncFailure, terms: Terms) -> Ending:
    if terms.policy.is_used_up(row.tries + 1):
        changed = {**terms.facts, "unclear": True}
        return _end_failed(
            row, Reason.GAVE_UP, failure.detail, failure, terms, changed, frees=False
        )
    return Ending(
        write=leave_unknown(row, {**terms.facts, "detail": _short(failure.detail)}, terms.now),
        status=Status.PROCESSING,
        reason=Reason.OUTCOME_UNKNOWN,
        detail=failure.detail,
        code=failure.code,
    )


def _end_for_retry(row: Row, failure: SyncFailure, terms: Terms) -> Ending:
    tries = row.tries + 1
    if terms.policy.is_used_up(tries):
        return _end_failed(row, Reason.GAVE_UP, failure.detail, failure, terms)
    delay_s = terms.policy.delay_s(tries, retry_after_s=failure.retry_after_s, jitter=terms.jitter)
    changes = {
        **terms.facts,
        "status": Status.PENDING,
        "reason": Reason.RETRYING,
        "detail": _short(failure.detail),
    }
    at = terms.now + timedelta(seconds=delay_s)
    return Ending(
        write=postpone(row, changes, terms.now, next_attempt_at=at),
        status=Status.PENDING,
        reason=Reason.RETRYING,
        detail=failure.detail,
        code=failure.code,
    )


def end_stale(row: Row, terms: Terms) -> Ending:
    """Return the ending of an attempt whose source was older than what is known: read it again
    soon.
    """
    detail = "The source still answered with an older version."
    if terms.policy.is_used_up(row.tries + 1):
        failure = SyncFailure(Reason.GAVE_UP, detail, error_code="stale_source")
        return _end_failed(row, Reason.GAVE_UP, detail, failure, terms)
    changes = {
        **terms.facts,
        "status": Status.PENDING,
        "reason": Reason.RETRYING,
        "detail": detail,
    }
    at = terms.now + timedelta(seconds=min(STALE_RETRY_S, terms.policy.cap_s))
    return Ending(
        write=postpone(row, changes, terms.now, next_attempt_at=at),
        status=Status.PENDING,
        reason=Reason.RETRYING,
        detail=detail,
    )


def _end_held(row: Row, failure: SyncFailure, cause: str | None, terms: Terms) -> Ending:
    changes = {
        **terms.facts,
        "status": Status.PENDING,
        "reason": failure.reason,
        "cause": cause,
        "detail": _short(failure.detail),
    }
    parks = failure.reason.is_parking
    close = park_claimed if parks else finish
    return Ending(
        write=close(row, changes, terms.now),
        status=Status.PENDING,
        reason=failure.reason,
        detail=failure.detail,
        code=failure.code,
        cause=cause,
    )


def _end_failed(
    row: Row,
    reason: Reason,
    detail: str,
    failure: SyncFailure,
    terms: Terms,
    facts: Mapping[str, Any] | None = None,
    *,
    frees: bool = True,
) -> Ending:
    parts = (reason.value, *failure.fingerprint_parts[1:])
    changes = {
        **(terms.facts if facts is None else facts),
        "status": Status.FAILED,
        "reason": reason,
        "outcome": None,
        "detail": _short(detail),
        "fingerprint": fingerprint_of(row.name.flow, parts),
        "failed_at": terms.now,
    }
    return Ending(
        write=finish(row, changes, terms.now, frees=frees),
        status=Status.FAILED,
        reason=reason,
        detail=detail,
        code=failure.code,
        dead=True,
    )


def end_crashed(row: Row, terms: Terms) -> Ending:
    """Return the ending of a row whose claims kept not ending; it is not worked again."""
    detail = f"{row.starts - 1} attempts began and did not end."
    failure = SyncFailure(Reason.CRASHED, detail)
    return _end_failed(row, Reason.CRASHED, detail, failure, terms, {"unclear": True})


def _end_awaiting(
    row: Row, detail: str, terms: Terms, sent: Mapping[str, Any] | None = None
) -> Ending:
    """Look again later; ``sent`` says what was handed over, so that a newer plan is not awaited.

    Given up, the row keeps its id at the target: only the target can say that a record is gone.
    """
    since = row.awaiting_since or terms.now
    limit_s = terms.pace.awaiting_limit_s
    if (terms.now - since).total_seconds() >= limit_s:
        sentence = f"The target took it and did not show it within {round(limit_s)} s."
        failure = SyncFailure(Reason.GAVE_UP, sentence, error_code="not_live")
        return _end_failed(row, Reason.GAVE_UP, sentence, failure, terms)
    changes = {
        **terms.facts,
        **(sent or {}),
        "status": Status.PROCESSING,
        "reason": Reason.AWAITING_TARGET,
        "detail": _short(detail) or None,
        "awaiting_since": since,
    }
    at = terms.now + timedelta(seconds=terms.pace.awaiting_every_s)
    return Ending(
        write=postpone(row, changes, terms.now, next_attempt_at=at, counts=False),
        status=Status.PROCESSING,
        reason=Reason.AWAITING_TARGET,
        detail=detail,
        code=terms.facts.get("code"),
    )


def end_with_done(row: Row, done: Done, sent: Mapping[str, Any], terms: Terms) -> Ending:
    """Return the ending of an attempt that wrote, or found that nothing was to be written.

    Synced only if the answer or a read-back holds what was sent. ``sent`` are hash and version of
    what was meant to be there.
    """
    facts = {
        **terms.facts,
        "target_id": done.target_id or None,
        "target_version": done.version,
        "code": done.code,
    }
    terms = Terms(
        policy=terms.policy, pace=terms.pace, now=terms.now, jitter=terms.jitter, facts=facts
    )
    if done.awaiting:
        return _end_awaiting(row, done.detail, terms, sent)
    if not done.verified:
        detail = done.detail or "The target's answer does not hold what was sent."
        return _end_for_retry(
            row,
            SyncFailure(Reason.RETRYING, detail, code=done.code, error_code="unverified"),
            terms,
        )
    return _end_synced(row, done, {**facts, **sent}, terms)


def _end_synced(row: Row, done: Done, facts: Mapping[str, Any], terms: Terms) -> Ending:
    changes: dict[str, Any] = {
        **facts,
        "status": Status.SYNCED,
        "reason": None,
        "outcome": done.outcome,
        "detail": _short(done.detail) or None,
        "awaited": None,
    }
    if done.outcome is not Outcome.NOT_APPLICABLE:
        changes["unclear"] = False  # a rule that leaves a record alone has seen nothing
    if done.outcome not in (Outcome.UNCHANGED, Outcome.NOT_APPLICABLE) or row.synced_at is None:
        changes["synced_at"] = terms.now if done.outcome is not Outcome.NOT_APPLICABLE else None
    return Ending(
        write=finish(row, changes, terms.now),
        status=Status.SYNCED,
        reason=None,
        outcome=done.outcome,
        detail=done.detail,
        code=done.code,
    )


def end_not_applicable(row: Row, why: str, terms: Terms) -> Ending:
    """Return the ending of a record that a written rule leaves alone."""
    done = Done(
        target_id=row.target_id or "", outcome=Outcome.NOT_APPLICABLE, verified=True, detail=why
    )
    facts = {**terms.facts, "target_id": row.target_id}
    return _end_synced(row, done, facts, terms)


def end_unchanged(row: Row, terms: Terms) -> Ending:
    """Return the ending of a record whose hash says that the target holds it already."""
    done = Done(target_id=row.target_id or "", outcome=Outcome.UNCHANGED, verified=True)
    return _end_synced(row, done, dict(terms.facts), terms)


def done_of_found(row: Row, found: Found) -> Done:
    """Return what it means that the target already holds what is desired.

    A row whose last write got no answer, or is not shown yet, sees its own write here: it was
    created (or updated). Else the record was there before us, or nothing changed.
    """
    if not found.live:
        return Done(
            target_id=found.target_id,
            version=found.version,
            outcome=Outcome.UPDATED,
            verified=False,
            awaiting=True,
            parent_id=found.parent_id,
        )
    return Done(
        target_id=found.target_id,
        version=found.version,
        outcome=_outcome_of_found(row, found),
        verified=True,
        code=found.code,
        taken=found.taken,
        status=found.status,
        parent_id=found.parent_id,
    )


def _outcome_of_found(row: Row, found: Found) -> Outcome:
    is_our_write = row.unclear or row.starts > 1 or row.awaiting_since is not None
    never_synced = row.synced_at is None
    if never_synced and (is_our_write or (found.ours and row.target_id is not None)):
        return Outcome.CREATED
    if is_our_write:
        return Outcome.UPDATED
    return Outcome.UNCHANGED if found.ours else Outcome.ADOPTED


def _short(text: str) -> str:
    return text if len(text) <= DETAIL_AT_MOST else text[: DETAIL_AT_MOST - 1] + "…"


def is_stale(row: Row, version: int | None) -> bool:
    """Whether a record read now is older than what is known of it or was already written."""
    if version is None:
        return False
    return version < max(row.source_version or 0, row.sent_version or 0)


def is_unchanged(row: Row, sent_hash: str) -> bool:
    """Whether the hash alone shows that the target holds it: only if all that went before ended
    cleanly.
    """
    clean = not row.unclear and row.starts <= 1 and row.awaiting_since is None
    return clean and not row.forced and row.target_id is not None and row.sent_hash == sent_hash
