"""The end of a claim, as one conditional write: finish, postpone, leave unknown, park.

Each holds only while the lease does; a lost lease changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.protocol import DUE_AFTER_S
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import Alternative, Field, Op, RowWrite, Term


def _holding(row: Row, now: datetime) -> tuple[Term, Term]:
    return (Term("lease_id", Op.EQ, row.lease_id), Term("lease_until", Op.GT, now))


_FREED = {"lease_id": None, "lease_until": None, "starts": 0}


def finish(row: Row, changes: Mapping[str, Any], now: datetime, *, frees: bool = True) -> RowWrite:
    """Close a claimed row with a final outcome; tags ``done`` and ``requested_again``.

    ``changes`` name status, reason and what was learned (``facts`` of the target stay even when
    something new was requested meanwhile; then the row is owed again at once and the caller sends).
    Without ``frees`` the lease stands, because the fate of a write is unknown: whoever asks for the
    row again, nobody looks before the platform shows what it took.
    """
    if row.awaiting_since is not None:
        # What the target took and never showed is no proof of what it holds.
        changes = {"sent_hash": None, **changes}
    freed = _FREED if frees else {"starts": 0}
    again_at = now if frees else row.lease_until or now
    kept = {key: value for key, value in changes.items() if key in FACTS}
    again = {
        **kept,
        **freed,
        "status": Status.PENDING,
        "reason": Reason.QUEUED,
        "detail": None,
        "handled": row.requested,
        "tries": 0,
        "next_attempt_at": None if frees else again_at,
        "awaiting_since": None,
        "updated_at": now,
        "due_at": again_at + timedelta(seconds=DUE_AFTER_S),
        "due_every_s": DUE_AFTER_S,
    }
    closed = {
        "detail": None,
        "cause": None,
        **changes,
        **freed,
        "handled": row.requested,
        "tries": 0,
        "next_attempt_at": None,
        "awaiting_since": None,
        "forced": None,
        "updated_at": now,
        "due_at": None,
        "due_every_s": None,
    }
    held = _holding(row, now)
    return RowWrite(
        name=row.name,
        alternatives=(
            Alternative(
                tag="done",
                when=(*held, Term("requested", Op.EQ, row.requested)),
                changes=closed,
            ),
            Alternative(tag="requested_again", when=held, changes=again),
        ),
    )


#: What an attempt learned about the target: true whatever became of the attempt.
FACTS = frozenset(
    {
        "columns",
        "generation",
        "has_units",
        "platform_updated_at",
        "record_hash",
        "sent_hash",
        "sent_version",
        "synced_at",
        "target_id",
        "target_version",
        "unclear",
        "code",
    }
)


def _owed_until(at: datetime, now: datetime) -> dict[str, Any]:
    """Plan the next attempt; the sweeper looks only after it."""
    return {
        "updated_at": now,
        "next_attempt_at": at,
        "due_at": at + timedelta(seconds=DUE_AFTER_S),
        "due_every_s": DUE_AFTER_S,
    }


def postpone(
    row: Row,
    changes: Mapping[str, Any],
    now: datetime,
    *,
    next_attempt_at: datetime,
    counts: bool = True,
) -> RowWrite:
    """Keep a claimed row owed until ``next_attempt_at`` and free its lease; tag ``done``.

    Used for a retry (``counts``: one try of the episode is used up) and while the target does not
    show yet what it took. The delay holds even if something new was requested meanwhile.
    """
    return RowWrite(
        name=row.name,
        alternatives=(
            Alternative(
                tag="done",
                when=_holding(row, now),
                changes={
                    **changes,
                    **_FREED,
                    **_owed_until(next_attempt_at, now),
                },
                adds={"tries": 1} if counts else {},
            ),
        ),
    )


def leave_unknown(row: Row, changes: Mapping[str, Any], now: datetime) -> RowWrite:
    """Note that the fate of a write is unknown; the lease stands, so nobody looks too early."""
    until = row.lease_until or now
    return RowWrite(
        name=row.name,
        alternatives=(
            Alternative(
                tag="done",
                when=_holding(row, now),
                changes={
                    **changes,
                    "status": Status.PROCESSING,
                    "reason": Reason.OUTCOME_UNKNOWN,
                    "unclear": True,
                    "starts": 0,
                    **_owed_until(until, now),
                },
                adds={"tries": 1},
            ),
        ),
    )


def park_claimed(row: Row, changes: Mapping[str, Any], now: datetime) -> RowWrite:
    """Interrupt the episode of a claimed row under a cause; its tries go on after the release.

    ``changes`` name reason and cause. What was requested meanwhile is served by the same release.
    """
    return RowWrite(
        name=row.name,
        alternatives=(
            Alternative(
                tag="done",
                when=_holding(row, now),
                changes={
                    "detail": None,
                    **changes,
                    **_FREED,
                    "status": Status.PENDING,
                    "handled": Field("requested"),
                    "updated_at": now,
                    "due_at": None,
                    "due_every_s": None,
                },
            ),
        ),
    )
