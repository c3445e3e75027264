"""The dead-letter queues: redrive, prune, and what is in them.

Redrive acts on the queue, re-sync on the row; whichever comes second finds nothing to do.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.log import CursorError, Group, Page, RowQuery
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from chalicelib.flows.declare import base_name
from chalicelib.flows.door import request_many, send_rows
from chalicelib.flows.services import Services

AT_MOST = 10_000  #: messages one run takes
TOGETHER = 100
HIDDEN_S = 60  #: a message that is taken and not deleted is seen again after this
CONSUMERS_A_PAGE = 50  #: consumers looked at for one page over all of them
GROUPS_READ = 10  #: failure groups whose rows are read to find the oldest
ROWS_OF_A_GROUP = 200


@dataclass(frozen=True, kw_only=True)
class RedriveResult:
    """What a redrive did: messages taken, rows requested, messages without anything to do."""

    received: int
    requested: int
    dropped: int


def redrive(
    services: Services,
    *,
    most: int,
    per_second: float,
    consumer: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    until: datetime | None = None,
) -> RedriveResult:
    """Take messages from the dead-letter queues and request the rows whose failure they tell of.

    A message whose row was requested since, by whomever, finds nothing to do and is deleted.
    Messages of other consumers come back to the queue by themselves, within a minute.

    Args:
        most: messages to act on; 10,000 at most are taken in one run.
        per_second: how many are acted on each second, above 0.
        consumer: only this one's messages; None: all.
        until: stop in time for a caller that has to answer; the rest stays in the queue.

    Raises:
        ValueError: ``most`` or ``per_second`` is not above 0.
    """
    if most <= 0 or per_second <= 0:
        raise ValueError("Redrive at least one message, at a rate above 0 a second.")
    result = RedriveResult(received=0, requested=0, dropped=0)
    together = max(1, min(TOGETHER, int(per_second)))
    for queue in dead_queues(services):
        while (left := _left(result, most)) > 0 and not _is_over(services, until):
            taken = _receive(services, queue, min(left, together))
            if not taken:
                break
            result = _redrive_batch(services, queue, taken, consumer, result)
            sleep(len(taken) / per_second)
    return result


def dead_queues(services: Services) -> list[str]:
    """Return the names of the dead-letter queues of all flows."""
    return [f"{queue}-dlq" for queue in sorted({flow.queue for flow in services.flows.values()})]


def _left(result: RedriveResult, most: int) -> int:
    return min(most - result.requested - result.dropped, AT_MOST - result.received)


def _is_over(services: Services, until: datetime | None) -> bool:
    return until is not None and services.now() >= until


def _receive(services: Services, queue: str, limit: int) -> Sequence[QueueMessage]:
    return services.queue.receive_many(
        queue, limit=limit, visibility_s=HIDDEN_S, now=services.now()
    )


def _redrive_batch(
    services: Services,
    queue: str,
    taken: Sequence[QueueMessage],
    consumer: str | None,
    result: RedriveResult,
) -> RedriveResult:
    mine = [one for one in taken if consumer is None or one.name.consumer == consumer]
    requested = _request_failed(services, [one for one in mine if one.handled is not None])
    requested += _send_owed(services, [one for one in mine if one.handled is None])
    services.queue.delete_many(queue, [one.receipt for one in mine])
    return RedriveResult(
        received=result.received + len(taken),
        requested=result.requested + requested,
        dropped=result.dropped + len(mine) - requested,
    )


def _request_failed(services: Services, messages: Sequence[QueueMessage]) -> int:
    """Request rows that are Failed and stand at the number their message tells."""
    requests = [
        Request(
            name=one.name,
            kind=services.flows[base_name(one.name.flow)].kind,
            by="redrive",
            only_failed_at=one.handled,
        )
        for one in messages
        if base_name(one.name.flow) in services.flows
    ]
    return sum(answer.tag == "send" for answer in request_many(services, requests))


def _send_owed(services: Services, messages: Sequence[QueueMessage]) -> int:
    """Send rows again whose message the queue itself moved away; it tells no number."""
    known = [one for one in messages if base_name(one.name.flow) in services.flows]
    rows = services.log.read_rows([one.name for one in known])
    owed = [row for row in rows if row is not None and row.is_owed]
    send_rows(services, owed)
    return len(owed)


def prune(services: Services, limit: int = 1000) -> int:
    """Delete messages whose row recovered, or failed anew with a message of its own.

    Looks at up to ``limit`` messages of each queue; those that stay are hidden for a minute.
    Returns how many were deleted.
    """
    return sum(_prune_queue(services, queue, limit) for queue in dead_queues(services))


def _prune_queue(services: Services, queue: str, limit: int) -> int:
    seen = deleted = 0
    while seen < limit:
        taken = _receive(services, queue, min(TOGETHER, limit - seen))
        if not taken:
            break
        seen += len(taken)
        rows = services.log.read_rows([one.name for one in taken])
        gone = [one.receipt for one, row in zip(taken, rows, strict=True) if _is_over_for(one, row)]
        services.queue.delete_many(queue, gone)
        deleted += len(gone)
    return deleted


def _is_over_for(message: QueueMessage, row: Row | None) -> bool:
    if row is None:
        return True
    if message.handled is None:
        return not row.is_owed
    return row.status is not Status.FAILED or row.handled > message.handled


def list_dead(
    services: Services, consumer: str | None, limit: int, cursor: str | None = None
) -> Page[Row]:
    """Return Failed rows, newest first: what the dead-letter queues hold, read without taking it.

    Without a consumer the page goes through all of them, by id; it may be short and still carry a
    cursor.

    Raises:
        CursorError: the cursor is not one of this list.
    """
    if consumer is not None:
        return services.log.list_rows(_failed_of(services, consumer), limit=limit, cursor=cursor)
    place = _read_cursor(cursor)
    rows: list[Row] = []
    for _ in range(CONSUMERS_A_PAGE):
        place = _with_consumer(services, place)
        if place.consumer is None:
            return Page(items=rows)
        query = _failed_of(services, place.consumer)
        page = services.log.list_rows(query, limit=limit - len(rows), cursor=place.rows)
        rows += page.items
        place = _after(place, page.next)
        if len(rows) >= limit:
            break
    return Page(items=rows, next=place.to_text())


def read_oldest_dead(services: Services, consumer: str | None) -> datetime | None:
    """Return when the row failed that stands Failed for longest; None if there is none.

    It is found through the failure groups: one read of groups a consumer, and up to 10 pages of
    rows of the groups that began first. A group of more than 200 rows, and the eleventh group,
    count from when they began: their oldest row failed then or later. Without a consumer all of
    them are looked at where there are up to 50; None if there are more. May lag, as groups do.
    """
    whose = [consumer] if consumer is not None else _all_consumers(services)
    groups = [(id_, group) for id_ in whose for group in services.log.list_groups(id_)]
    times: list[datetime] = []
    for number, (id_, group) in enumerate(sorted(groups, key=lambda one: one[1].first_at)):
        if times and group.first_at >= min(times):
            break
        is_read = number < GROUPS_READ
        times += _failures_of(services, id_, group) if is_read else [group.first_at]
    return min(times, default=None)


def _all_consumers(services: Services) -> list[str]:
    """Return the ids of all consumers; none where they are more than one page looks at."""
    page = services.registry.list_consumers(limit=CONSUMERS_A_PAGE)
    return [one.id for one in page.items] if page.next is None else []


def _failures_of(services: Services, consumer: str, group: Group) -> list[datetime]:
    """Return when the rows of a group failed; of a large one only when it began."""
    query = RowQuery(consumer=consumer, group=group.key)
    page = services.log.list_rows(query, limit=ROWS_OF_A_GROUP)
    if page.next is not None:
        return [group.first_at]
    return [row.failed_at for row in page.items if row.failed_at is not None]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a list over all consumers goes on."""

    consumers: str | None = None  #: cursor of the consumers after this one
    consumer: str | None = None  #: whose rows are being listed
    rows: str | None = None  #: cursor within them
    ended: bool = False  #: no consumer comes after this one

    def to_text(self) -> str | None:
        if self.ended and self.consumer is None:
            return None
        return json.dumps([self.consumers, self.consumer, self.rows, self.ended])


def _read_cursor(cursor: str | None) -> _Place:
    if cursor is None:
        return _Place()
    try:
        consumers, consumer, rows, ended = json.loads(cursor)
    except (ValueError, TypeError) as error:
        raise CursorError("The cursor is not one of this list: start again without it.") from error
    texts = (consumers, consumer, rows)
    if not all(one is None or isinstance(one, str) for one in texts) or not isinstance(ended, bool):
        raise CursorError("The cursor is not one of this list: start again without it.")
    return _Place(consumers=consumers, consumer=consumer, rows=rows, ended=ended)


def _with_consumer(services: Services, place: _Place) -> _Place:
    if place.consumer is not None or place.ended:
        return place
    page = services.registry.list_consumers(limit=1, cursor=place.consumers)
    consumer = page.items[0].id if page.items else None
    return _Place(consumers=page.next, consumer=consumer, ended=page.next is None)


def _after(place: _Place, rows: str | None) -> _Place:
    if rows is not None:
        return replace(place, rows=rows)
    return replace(place, consumer=None, rows=None)


def _failed_of(services: Services, consumer: str) -> RowQuery:
    own = {setup.flow for setup in services.cache.list_flows(consumer)}
    lanes = sorted(own | set(services.flows))
    return RowQuery(consumer=consumer, lanes=lanes, statuses=[Status.FAILED])
