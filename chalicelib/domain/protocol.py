"""The life of a row up to its claim, and what tends it: request, claim, park, sweep.

Pure: each function returns the one conditional write that makes its move if, and only if, the row
still allows it. Every rule is told in the docstring of the function it rules; the end of a claim is
in ``domain.closings``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Status
from chalicelib.domain.writes import (
    OWED,
    SETTLED,
    SETTLED_OR_MISSING,
    Alternative,
    Field,
    Op,
    RowWrite,
    Term,
)

DUE_AFTER_S = 300  #: first interval of the sweeper
DUE_AT_MOST_S = 6 * 3600  #: its longest
CLAIM_EARLY_S = 2  #: a message may come this much before its time
STARTS_AT_MOST = 5  #: claims without an end after which a row is closed as crashed
DELAY_AT_MOST_S = 900  #: longest delay of one SQS message (SendMessage, DelaySeconds)

_PARKED = tuple(reason.value for reason in Reason if reason.is_parking)
_IS_PARKED = Term("reason", Op.IN, _PARKED)
_NOT_PARKED = Term("reason", Op.NOT_IN, _PARKED)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One sentence through the door: "record X of flow F changed"."""

    name: RowName
    kind: Kind
    by: str  #: webhook, poll, person, redrive, release, sweeper, flow
    source_version: int | None = None
    platform_updated_at: datetime | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)  #: of a row that is new
    execution: str | None = None
    correlation: str | None = None  #: id of the webhook, API request, run or release behind it
    backlog_cause: str | None = (
        None  #: the rate cause, while a connection of the flow is backlogged
    )
    only_under_cause: str | None = None  #: a release frees exactly the rows of its cause
    only_failed_at: int | None = None  #: a redrive acts only on the failure its message tells of

    @property
    def by_person(self) -> bool:
        """Whether a person asked: it looks at the target whatever the hash says."""
        return self.by == "person"


def request(asked: Request, now: datetime) -> RowWrite:
    """Return the write of one request; tags: ``send``, ``joined``, ``parked``, ``refused``.

    Only ``send`` is followed by a message. A row that is owed already just waits for the attempt
    that is coming; while it is leased, the request is counted so that the attempt cannot close over
    it.
    """
    return RowWrite(
        name=asked.name, kind=asked.kind, alternatives=tuple(_request_alternatives(asked, now))
    )


def _request_alternatives(asked: Request, now: datetime) -> list[Alternative]:
    if asked.only_under_cause is not None or asked.only_failed_at is not None:
        return _conditional_request(asked, now)
    opening = _parked_opening if asked.backlog_cause else _opening
    return [*opening(asked, now), *_joining(asked, now)]


def _conditional_request(asked: Request, now: datetime) -> list[Alternative]:
    if asked.only_under_cause is not None:
        terms = [Term("cause", Op.EQ, asked.only_under_cause)]
    else:
        terms = [
            Term("status", Op.EQ, Status.FAILED.value),
            Term("handled", Op.EQ, asked.only_failed_at),
        ]
    return [replace(a, when=(*terms, *a.when)) for a in _opening(asked, now)]


def _news(asked: Request) -> dict[str, Any]:
    """What a request tells about the record, whatever state the row is in."""
    news: dict[str, Any] = {"requested_by": asked.by}
    if asked.source_version is not None:
        news["source_version"] = asked.source_version
    if asked.platform_updated_at is not None:
        news["platform_updated_at"] = asked.platform_updated_at
    if asked.execution is not None:
        news["execution"] = asked.execution
    if asked.correlation is not None:
        news["correlation"] = asked.correlation
    if asked.by_person:
        news["forced"] = True
    return news


def _queued(asked: Request, now: datetime) -> dict[str, Any]:
    return {
        **_news(asked),
        "status": Status.PENDING,
        "reason": Reason.QUEUED,
        "detail": None,
        "cause": None,
        "fingerprint": None,
        "failed_at": None,
        "requested_at": now,
        "updated_at": now,
        "due_at": now + timedelta(seconds=DUE_AFTER_S),
        "due_every_s": DUE_AFTER_S,
    }


def _fresh_episode(asked: Request, now: datetime) -> dict[str, Any]:
    changes = {"tries": 0, "starts": 0, "next_attempt_at": None, "awaiting_since": None}
    return {**changes, "listed_at": now} if asked.kind.is_listed_by_episode else changes


def _new_row(asked: Request, now: datetime) -> dict[str, Any]:
    # What a request knows of the columns fills a new row alone: an attempt knows them better.
    columns = {"columns": dict(asked.columns)} if asked.columns else {}
    return {**columns, "received_at": now, "listed_at": now, "handled": 0, "attempts": 0}


def _versions(alternative: Alternative) -> list[Alternative]:
    """Split an alternative in two: raise the known version if it is higher, else leave it."""
    version = alternative.changes.get("source_version")
    if version is None:
        return [alternative]
    rest = {key: value for key, value in alternative.changes.items() if key != "source_version"}
    rest.pop("platform_updated_at", None)
    higher = Term("source_version", Op.LT_OR_ABSENT, version)
    return [
        replace(alternative, when=(*alternative.when, higher)),
        replace(alternative, changes=rest),
    ]


def _opening(asked: Request, now: datetime) -> list[Alternative]:
    """Rule 1: a row that is new or settled becomes owed; a parked one goes on with its episode.

    New and settled are one alternative, so that whichever it is, one write tells.
    """
    queued = _queued(asked, now)
    fresh = {**queued, **_fresh_episode(asked, now)}
    unpark: dict[str, Any] = {**queued}
    if asked.by_person:
        unpark |= {"tries": 0, "next_attempt_at": None}
    return [
        *_versions(
            Alternative(
                tag="send",
                when=(SETTLED_OR_MISSING, _NOT_PARKED),
                changes=fresh,
                adds={"requested": 1},
                defaults=_new_row(asked, now),
            )
        ),
        *_versions(
            Alternative(
                tag="send", when=(SETTLED, _IS_PARKED), changes=unpark, adds={"requested": 1}
            )
        ),
    ]


def _parked_opening(asked: Request, now: datetime) -> list[Alternative]:
    """Rule 1 while the vendor is slow: the row goes under the rate cause; nothing is sent."""
    waiting = {
        **_queued(asked, now),
        "reason": Reason.THROTTLED,
        "cause": asked.backlog_cause,
        "due_at": None,
        "due_every_s": None,
    }
    fresh = {**waiting, **_fresh_episode(asked, now)}
    return [
        *_versions(
            Alternative(
                tag="parked",
                when=(SETTLED_OR_MISSING, _NOT_PARKED),
                changes=fresh,
                defaults={**_new_row(asked, now), "requested": 0},
            )
        ),
        *_versions(Alternative(tag="parked", when=(SETTLED, _IS_PARKED), changes=_news(asked))),
    ]


def _joining(asked: Request, now: datetime) -> list[Alternative]:
    """Rules 2 and 3: a row that is owed joins the attempt that is coming, or is counted over it.

    Who joins a waiting attempt writes no id: the attempt belongs to the request that brought it.
    Who is counted over a lease does: the attempt after it is made for that request.
    """
    free = Term("lease_until", Op.LE_OR_ABSENT, now)
    joined: list[Alternative] = []
    if asked.by_person:
        sooner = {
            "next_attempt_at": now,
            "tries": 0,
            "forced": True,
            "requested_by": asked.by,
            "updated_at": now,
            "due_at": now + timedelta(seconds=DUE_AFTER_S),
            "due_every_s": DUE_AFTER_S,
        }
        for name in ("execution", "correlation"):
            if getattr(asked, name) is not None:
                sooner[name] = getattr(asked, name)
        retrying = Term("reason", Op.EQ, Reason.RETRYING.value)
        joined.append(Alternative(tag="send", when=(OWED, free, retrying), changes=sooner))
    counts = {key: value for key, value in _news(asked).items() if key != "requested_by"}
    news = {key: value for key, value in counts.items() if key != "correlation"}
    if "source_version" not in news and "forced" not in news and "execution" not in news:
        waits = [Alternative(tag="joined", when=(OWED, free))]
    elif "forced" in news or "execution" in news:
        waits = _versions(Alternative(tag="joined", when=(OWED, free), changes=news))
    else:
        version = Term("source_version", Op.LT_OR_ABSENT, asked.source_version)
        waits = [
            Alternative(tag="joined", when=(OWED, free, version), changes=news),
            Alternative(tag="joined", when=(OWED, free)),
        ]
    counted = Alternative(tag="joined", when=(OWED,), changes=counts, adds={"requested": 1})
    return [*joined, *waits, *_versions(counted)]


def claim(
    name: RowName, *, lease_id: str, deadline: datetime, settle_s: float, now: datetime
) -> RowWrite:
    """Return the write that leases an owed row that is due; tag ``claimed``.

    The lease covers ``deadline``, the last moment this worker may send, and ``settle_s``, the
    longest the platform takes to apply and show what it got: *lease over* always means *safe to
    look up and write again*.
    """
    return RowWrite(
        name=name,
        alternatives=(
            Alternative(
                tag="claimed",
                when=(
                    OWED,
                    Term("lease_until", Op.LE_OR_ABSENT, now),
                    Term(
                        "next_attempt_at", Op.LE_OR_ABSENT, now + timedelta(seconds=CLAIM_EARLY_S)
                    ),
                ),
                changes={
                    "lease_id": lease_id,
                    "lease_until": deadline + timedelta(seconds=settle_s),
                    "status": Status.PROCESSING,
                    "reason": Reason.SENDING,
                    "updated_at": now,
                },
                adds={"starts": 1, "attempts": 1},
            ),
        ),
    )


def park(name: RowName, *, cause: str, reason: Reason, now: datetime) -> RowWrite:
    """Interrupt an episode under a cause; tries and backoff go on after its release; tag
    ``parked``.
    """
    return RowWrite(
        name=name,
        alternatives=(
            Alternative(
                tag="parked",
                when=(OWED, Term("lease_until", Op.LE_OR_ABSENT, now)),
                changes={
                    "status": Status.PENDING,
                    "reason": reason,
                    "cause": cause,
                    "detail": None,
                    "handled": Field("requested"),
                    "updated_at": now,
                    "due_at": None,
                    "due_every_s": None,
                },
            ),
        ),
    )


def sweep(row: Row, now: datetime) -> RowWrite:
    """Move the due time of an owed row that is past it; tags ``later`` and ``send``.

    A live lease or a planned attempt only moves the due time there; else the row's own interval
    doubles and a message is sent. It does nothing else: what a crash means is decided by the next
    claim.
    """
    seen = Term("due_at", Op.EQ, row.due_at)
    waits_until = max(
        (time for time in (row.lease_until, row.next_attempt_at) if time and time > now),
        default=None,
    )
    if waits_until is not None:
        moved = Alternative(tag="later", when=(OWED, seen), changes={"due_at": waits_until})
        return RowWrite(name=row.name, alternatives=(moved,))
    every_s = min(2 * (row.due_every_s or DUE_AFTER_S), DUE_AT_MOST_S)
    sent = Alternative(
        tag="send",
        when=(OWED, seen),
        changes={"due_at": now + timedelta(seconds=every_s), "due_every_s": every_s},
    )
    return RowWrite(name=row.name, alternatives=(sent,))


def await_row(name: RowName) -> RowWrite:
    """Mark a row as awaited by another one, so that it releases when it completes."""
    exists = Term("requested", Op.GT, -1)
    mark = Alternative(tag="marked", when=(exists,), changes={"awaited": True})
    return RowWrite(name=name, alternatives=(mark,))


def end_lease_early(row: Row, *, settle_s: float, now: datetime) -> RowWrite:
    """After a restart: nobody of the previous boot can still send, so the lease ends after
    settling.
    """
    until = now + timedelta(seconds=settle_s)
    ends = Alternative(
        tag="shortened",
        when=(OWED, Term("lease_id", Op.EQ, row.lease_id), Term("lease_until", Op.GT, until)),
        changes={"lease_until": until, "due_at": until},
    )
    return RowWrite(name=row.name, alternatives=(ends,))


def message_delay_s(row: Row, now: datetime) -> int | None:
    """Return the delay for a row's next message, or None when only the sweeper can wait so long."""
    # A lease that still stands on a closed row (its last write got no answer) is waited for too.
    at = max((time for time in (row.next_attempt_at, row.lease_until) if time), default=now)
    if at <= now:
        return 0
    seconds = (at - now).total_seconds()
    delay_s = int(seconds) + (seconds % 1 > 0)
    return delay_s if delay_s <= DELAY_AT_MOST_S else None
