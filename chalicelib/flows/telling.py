"""Log lines and counts that several flow functions leave, in the same words everywhere."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from chalicelib.domain.log import Attempt
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Connection, Health
from chalicelib.domain.statuses import Status
from chalicelib.flows.services import Services

CORRELATIONS_AT_MOST = 10  #: ids kept with a call that was made for many rows


def tell_attempts(
    services: Services, flow: str, attempts: Sequence[Attempt], lost: Collection[RowName]
) -> None:
    """Note each attempt, and count it by its flow and by the reason it did not end Synced.

    Args:
        flow: as declared, without ``@name``: what is counted by has few values.
        lost: rows whose lease was over: what the attempt found was not written.
    """
    for attempt in attempts:
        services.note("sync.attempted", **_fields(attempt), lease_lost=attempt.name in lost or None)
    ends = Counter("rows_retried" if a.name in lost else _count_of(a) for a in attempts)
    for name, amount in ends.items():
        services.count(name, amount, flow=flow)
    reasons = Counter(a.reason for a in attempts if a.reason is not None)
    for reason, amount in reasons.items():
        services.count("attempts", amount, reason=reason)


def tell_health(services: Services, connection: Connection, health: Health, detail: str) -> None:
    """Note and count that a connection went down, or works."""
    is_down = health is Health.DOWN
    services.count("connection_down" if is_down else "connection_up", platform=connection.platform)
    services.note(
        "connection.down" if is_down else "connection.up",
        consumer=connection.consumer,
        platform=connection.platform,
        connection=connection.name,
        detail=detail or None,
    )


def first_correlations(correlations: Iterable[str | None]) -> tuple[str, ...]:
    """Return the distinct ids among these, as many as a call keeps."""
    found = dict.fromkeys(one for one in correlations if one is not None)
    return tuple(found)[:CORRELATIONS_AT_MOST]


def _fields(attempt: Attempt) -> dict[str, object]:
    took_s = (attempt.ended_at - attempt.started_at).total_seconds()
    return {
        "consumer": attempt.name.consumer,
        "flow": attempt.name.flow,
        "row": attempt.name.id,
        "attempt": attempt.number,
        "status": attempt.status.value,
        "reason": attempt.reason or ("crashed" if _is_crash(attempt) else None),
        "outcome": attempt.outcome,
        "code": attempt.code,
        "calls": len(attempt.exchanges),
        "duration_ms": round(took_s * 1000),
        "by": attempt.by,
        "execution": attempt.execution,
        "correlation": attempt.correlation,
    }


def _is_crash(attempt: Attempt) -> bool:
    """Whether a defect stopped it: every other end of an attempt has a reason or is Synced."""
    return attempt.status is Status.PROCESSING and attempt.reason is None


def _count_of(attempt: Attempt) -> str:
    if attempt.status is Status.SYNCED:
        return "rows_synced"
    if attempt.status is Status.FAILED:
        return "rows_failed"
    if _is_crash(attempt):
        return "rows_crashed"
    is_held = attempt.reason is not None and Reason(attempt.reason).is_hold
    return "rows_held" if is_held else "rows_retried"
