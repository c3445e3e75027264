"""Bulk re-sync: every row of a filter is requested, page by page, in the background."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.log import Execution, RowQuery, RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import HistoryEntry
from chalicelib.domain.statuses import Status
from chalicelib.flows import runs
from chalicelib.flows.declare import base_name
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Services

COUNTED_AT_MOST = 10_000  #: rows looked at to count a filter that no counter knows
COUNT_PAGE = 200
TOGETHER = 100

#: Filters that counters know nothing of.
_FINE = (
    "reasons",
    "codes",
    "outcomes",
    "group",
    "cause",
    "execution",
    "listed_from",
    "listed_to",
    "text",
)
_TIMES = ("listed_from", "listed_to")


def with_status(query: RowQuery) -> RowQuery:
    """Return the filter as a re-sync means it: Failed where no status is named."""
    return query if query.statuses else replace(query, statuses=[Status.FAILED])


def count_matching(
    services: Services, query: RowQuery, *, most: int = COUNTED_AT_MOST
) -> tuple[int, bool]:
    """Return how many rows a re-sync of this filter would request, and whether that is exact.

    Counters answer where only flows and statuses are asked for; else rows are looked at, ``most``
    of them.
    """
    query = with_status(query)
    if not any(getattr(query, name) for name in _FINE):
        return _count_now(services, query), True
    count = 0
    cursor: str | None = None
    while count < most:
        page = services.log.list_rows(query, limit=COUNT_PAGE, cursor=cursor)
        count += len(page.items)
        cursor = page.next
        if cursor is None:
            return count, True
    return count, False


def _count_now(services: Services, query: RowQuery) -> int:
    return sum(
        count.count
        for count in services.log.count_now(query.consumer)
        if count.status in query.statuses and (not query.lanes or count.flow in query.lanes)
    )


def start_resync(services: Services, query: RowQuery, *, by: str) -> Execution:
    """Start to re-sync every row of a filter; Failed rows where no status is named.

    The history tells who did it, before anything is requested.
    """
    query = with_status(query)
    spec = to_spec(query)
    entry = HistoryEntry(
        consumer=query.consumer,
        at=services.now(),
        who=by,
        what="re-sync",
        subject=", ".join(query.lanes) or "all flows",
        new=spec,
    )
    services.registry.save(Change(history=[entry]))
    return runs.begin(
        services,
        consumer=query.consumer,
        flow=query.lanes[0] if len(query.lanes) == 1 else "",
        type=RunType.RESYNC,
        trigger=Trigger.PERSON,
        by=by,
        spec={"filter": spec},
    )


def to_spec(query: RowQuery) -> dict[str, Any]:
    """Return a filter as JSON values; what is not restricted is not there."""
    plain = {
        "lanes": list(query.lanes),
        "statuses": [status.value for status in query.statuses],
        "reasons": list(query.reasons),
        "codes": list(query.codes),
        "outcomes": list(query.outcomes),
        "group": query.group,
        "cause": query.cause,
        "execution": query.execution,
        "text": query.text,
        "listed_from": query.listed_from.isoformat() if query.listed_from else None,
        "listed_to": query.listed_to.isoformat() if query.listed_to else None,
    }
    return {name: value for name, value in plain.items() if value}


def from_spec(consumer: str, spec: Mapping[str, Any]) -> RowQuery:
    """Read what ``to_spec`` returned."""
    plain = dict(spec)
    plain["statuses"] = [Status(value) for value in plain.get("statuses", ())]
    for name in _TIMES:
        if name in plain:
            plain[name] = datetime.fromisoformat(plain[name])
    return RowQuery(consumer=consumer, **plain)


def continue_resync(services: Services, execution: Execution, *, until: datetime) -> bool:
    """Request more of a filter's rows until ``until``, from the newest; returns if more is left.

    Rows requested since the run began are left alone, also those that failed again meanwhile, so a
    run comes to its end. A cancel takes effect between two pages.
    """
    query = from_spec(execution.consumer, execution.spec["filter"])
    while services.now() < until:
        if not runs.is_running(execution) or not execution.collecting:
            return False
        page = services.log.list_rows(query, limit=TOGETHER, cursor=execution.cursor)
        requested = _request(services, execution, query, page.items)
        execution = _moved(services, execution, len(page.items), requested, page.next)
        if page.next is None:
            runs.finish_collecting(services, execution)
            return False
    return True


def _request(services: Services, execution: Execution, query: RowQuery, rows: Sequence[Row]) -> int:
    wanted = [row for row in rows if _is_wanted(services, execution, query, row)]
    requests = [
        Request(name=row.name, kind=row.kind, by="person", execution=execution.id) for row in wanted
    ]
    answers = request_many(services, requests)
    names = [
        row.name for row, answer in zip(wanted, answers, strict=True) if answer.tag != "refused"
    ]
    if names:
        services.log.put_execution_rows(execution.consumer, execution.id, names)
    return len(names)


def _is_wanted(services: Services, execution: Execution, query: RowQuery, row: Row) -> bool:
    fresh = row.requested_at is None or row.requested_at <= execution.started_at
    return fresh and row.status in query.statuses and base_name(row.name.flow) in services.flows


def _moved(
    services: Services, execution: Execution, found: int, requested: int, cursor: str | None
) -> Execution:
    def build(fresh: Execution) -> Execution:
        counts = {"found": found, "requested": requested, "skipped": found - requested}
        counted = runs.added(fresh, **counts)
        return replace(counted, cursor=cursor) if runs.is_running(fresh) else counted

    return runs.change(services, execution, build)
