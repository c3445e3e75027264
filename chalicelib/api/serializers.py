"""Rows, attempts and runs as JSON."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.api.answers import (
    AttemptAnswer,
    CallAnswer,
    CountsOfRun,
    ExchangeAnswer,
    ExecutionAnswer,
    GroupAnswer,
    LinkAnswer,
    RowAnswer,
)
from chalicelib.api.service_answers import LetterAnswer
from chalicelib.domain.log import Attempt, Exchange, Execution, Group
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.services import Services

if TYPE_CHECKING:
    from chalicelib.flows.differences import FieldChange

#: What a Synced row says instead of a reason.
OUTCOME_SENTENCES: Mapping[Outcome, str] = {
    Outcome.CREATED: "Created at the target.",
    Outcome.UPDATED: "Updated at the target.",
    Outcome.UNCHANGED: "The target already held what would have been sent.",
    Outcome.ALREADY_THERE: "It was already at the target, and is equal.",
    Outcome.ADOPTED: "Found at the target, linked and brought in step.",
    Outcome.NOT_APPLICABLE: "There is nothing to do.",
}


def time_json(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_or_none(time: datetime | None) -> str | None:
    """Return a time as JSON; None stays None."""
    return None if time is None else time_json(time)


def sentence_of(row: Row) -> str | None:
    """Return what a row says to people: the reason's or outcome's sentence, then its own."""
    if row.reason is not None:
        return row.reason.sentence_with(row.detail)
    said = OUTCOME_SENTENCES[row.outcome] if row.outcome is not None else None
    return " ".join(part for part in (said, row.detail) if part) or None


def row_serializer(services: Services, consumer: str) -> Callable[[Row], RowAnswer]:
    """Return a function that makes rows of one consumer JSON; reads the connections once."""
    connections = {one.name: one for one in services.registry.list_connections(consumer)}

    def to_json(row: Row) -> RowAnswer:
        return _row_json(row, _links_of(services, connections, row))

    return to_json


def _row_json(row: Row, links: list[LinkAnswer]) -> RowAnswer:
    is_done = row.status is Status.SYNCED
    return {
        "id": row.name.id,
        "consumer": row.name.consumer,
        "flow": row.name.flow,
        "kind": row.kind.value,
        "record": row.name.record,
        "step": row.name.step,
        "status": row.status.value,
        "reason": row.reason.value if row.reason else None,
        "sentence": sentence_of(row),
        "remedy": row.reason.rule.remedy if row.reason else None,
        "cause": row.cause,
        "outcome": row.outcome.value if is_done and row.outcome else None,
        "code": row.code,
        "verified": is_done and row.outcome is not Outcome.NOT_APPLICABLE,
        "attempts": row.attempts,
        "next_attempt_at": time_or_none(row.next_attempt_at),
        "group": row.fingerprint,
        "columns": dict(row.columns),
        "links": links,
        "received_at": time_or_none(row.received_at),
        "requested_at": time_or_none(row.requested_at),
        "synced_at": time_or_none(row.synced_at),
        "updated_at": time_or_none(row.updated_at),
        "platform_updated_at": time_or_none(row.platform_updated_at),
    }


def _links_of(
    services: Services, connections: Mapping[str, Connection], row: Row
) -> list[LinkAnswer]:
    flow = services.flows.get(base_name(row.name.flow))
    if flow is None:
        return []
    source, target = connections_of(flow, row.name.flow)
    sides = [(flow.source, source, row.name.record), (flow.target, target, row.target_id)]
    return [
        {
            "platform": platform,
            "connection": connection,
            "id": id_,
            "url": _url_of(services, connections.get(connection), row, id_),
        }
        for platform, connection, id_ in sides
        if id_
    ]


def _url_of(services: Services, connection: Connection | None, row: Row, id_: str) -> str | None:
    offer = services.offers.get(connection.platform) if connection else None
    if connection is None or offer is None:
        return None
    return offer.record_url(connection, row.kind, id_)


def attempt_json(
    attempt: Attempt,
    exchanges: Mapping[str, Exchange],
    changes: Sequence["FieldChange"] = (),
) -> AttemptAnswer:
    """Return an attempt with those of its exchanges that are still kept, and what it changed."""
    took_s = (attempt.ended_at - attempt.started_at).total_seconds()
    return {
        "number": attempt.number,
        "at": time_json(attempt.started_at),
        "ended_at": time_json(attempt.ended_at),
        "duration_ms": round(took_s * 1000),
        "status": attempt.status.value,
        "reason": attempt.reason,
        "outcome": attempt.outcome,
        "detail": attempt.detail,
        "code": attempt.code,
        "by": attempt.by,
        "execution": attempt.execution,
        "correlation": attempt.correlation,
        "exchanges": [exchange_json(exchanges[i]) for i in attempt.exchanges if i in exchanges],
        "changes": [{"field": one.field, "old": one.old, "new": one.new} for one in changes],
    }


def call_json(exchange: Exchange) -> CallAnswer:
    """Return what is told of every HTTP call."""
    return {
        "id": exchange.id,
        "platform": exchange.platform,
        "connection": exchange.connection,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "at": time_json(exchange.at),
        "duration_ms": exchange.duration_ms,
        "error": exchange.error,
        "correlations": list(exchange.correlations),
    }


def exchange_json(exchange: Exchange) -> ExchangeAnswer:
    """Return one HTTP call, as redacted when it was recorded."""
    return {
        **call_json(exchange),
        "request": {
            "headers": dict(exchange.request_headers),
            "body": exchange.request_body,
        },
        "response": {
            "headers": dict(exchange.response_headers),
            "body": exchange.response_body,
        },
        "correlations": list(exchange.correlations or filter(None, [exchange.execution])),
    }


def execution_json(run: Execution) -> ExecutionAnswer:
    """Return one run with its counts and messages."""
    counts: CountsOfRun = {
        "found": run.counts.get("found", 0),
        "requested": run.counts.get("requested", 0),
        "done": run.counts.get("done", 0),
        "synced": run.counts.get("synced", 0),
        "failed": run.counts.get("failed", 0),
        "held": run.counts.get("held", 0),
        "skipped": run.counts.get("skipped", 0),
    }
    return {
        "id": run.id,
        "consumer": run.consumer,
        "flow": run.flow or None,
        "type": run.type.value,
        "trigger": run.trigger.value,
        "by": run.by,
        "state": run.state.value,
        "started_at": time_json(run.started_at),
        "ended_at": time_or_none(run.ended_at),
        "counts": counts,
        "messages": [
            {"at": time_json(one.at), "text": one.text, "row": one.row} for one in run.messages
        ],
        "spec": dict(run.spec),
    }


def groups_json(failures: Sequence[Group], causes: Sequence[Group]) -> list[GroupAnswer]:
    """Return failure groups, then held causes."""
    return [_group_json(one, is_cause=False) for one in failures] + [
        _group_json(one, is_cause=True) for one in causes
    ]


def _group_json(group: Group, *, is_cause: bool) -> GroupAnswer:
    reason = Reason(group.reason)
    return {
        "type": "cause" if is_cause else "failure",
        "key": group.key,
        "group": None if is_cause else group.key,
        "cause": group.key if is_cause else None,
        "flow": group.flow,
        "reason": group.reason,
        "sentence": reason.sentence_with(group.detail),
        "remedy": reason.rule.remedy,
        "count": group.count,
        "first_at": time_json(group.first_at),
        "last_at": time_json(group.last_at),
        "example": group.example,
    }


def letter_json(row: Row) -> LetterAnswer:
    """Return a row as the dead-letter list has it."""
    return {
        "consumer": row.name.consumer,
        "flow": row.name.flow,
        "row": row.name.id,
        "reason": row.reason.value if row.reason else None,
        "sentence": sentence_of(row),
        "failed_at": time_or_none(row.failed_at),
    }
