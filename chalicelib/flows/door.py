"""The one door: everything that may change says "record X of flow F changed" here."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.causes import parts_of, rate_cause
from chalicelib.domain.ports import QueueMessage, Written
from chalicelib.domain.protocol import Request, message_delay_s, request
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows.declare import Flow, base_name, connections_of
from chalicelib.flows.services import Services

RATE_SHARDS = 4  #: a throttled connection's rows lie under this many causes per priority
TOGETHER = 100  #: rows written and sent in one go


@dataclass(frozen=True, kw_only=True)
class Requested:
    """What became of a request: ``send``, ``joined``, ``parked`` or ``refused``."""

    tag: str
    row: Row | None = None


def request_many(services: Services, requests: Sequence[Request]) -> list[Requested]:
    """Make rows owed, then send their names; a row that is owed already just joins.

    A consumer that was erased is refused, so a late message never re-creates what is gone. While a
    connection of the flow is backlogged the row goes under its rate cause and nothing is sent.
    """
    answers: list[Requested] = []
    for start in range(0, len(requests), TOGETHER):
        answers += _request_batch(services, requests[start : start + TOGETHER])
    return answers


def _request_batch(services: Services, requests: Sequence[Request]) -> list[Requested]:
    now = services.now()
    allowed = [asked for asked in requests if is_known(services, asked.name)]
    writes = [request(_under_backlog(services, _correlated(services, a)), now) for a in allowed]
    written = dict(zip(map(id, allowed), services.log.write_rows(writes), strict=True))
    _flag_again(services, written.values())
    send_rows(services, (done.row for done in written.values() if done.tag == "send" and done.row))
    return [_requested(written.get(id(asked))) for asked in requests]


def _correlated(services: Services, asked: Request) -> Request:
    """Give a request the id it is followed by: its own, its run's, or that of what we answer."""
    found = asked.correlation or asked.execution or services.correlation()
    return asked if found == asked.correlation else replace(asked, correlation=found)


def _flag_again(services: Services, written: Iterable[Written]) -> None:
    """Say again that connections are backlogged whose rows were parked by a flag read earlier.

    The flag may have been cleared meanwhile, and a row parked without it would wait for ever.
    """
    parked = {
        (done.row.name.consumer, cause[1])
        for done in written
        if done.tag == "parked" and done.row is not None
        if (cause := parts_of(done.row.cause or ""))[0] == "rate"
    }
    for consumer, connection in sorted(parked):
        flag_backlog(services, consumer, connection)


def flag_backlog(services: Services, consumer: str, connection: str) -> None:
    """Note that rows of a connection wait for calls."""
    services.log.flag_backlog(consumer, connection, now=services.now())
    services.cache.forget(consumer)


def _requested(written: Written | None) -> Requested:
    if written is None or written.tag is None:
        return Requested(tag="refused", row=written.row if written else None)
    return Requested(tag=written.tag, row=written.row)


def is_known(services: Services, name: RowName) -> bool:
    """Whether the row's consumer exists and its flow is declared."""
    known = base_name(name.flow) in services.flows
    return known and services.cache.read_consumer(name.consumer) is not None


def _under_backlog(services: Services, asked: Request) -> Request:
    if asked.by == "release" or asked.only_failed_at is not None:
        return asked
    flow = services.flows[base_name(asked.name.flow)]
    for connection in connections_of(flow, asked.name.flow):
        if services.cache.is_backlogged(asked.name.consumer, connection):
            return replace(asked, backlog_cause=rate_cause_of(flow, asked.name, connection))
    return asked


def rate_cause_of(flow: Flow, name: RowName, connection: str) -> str:
    """Return the rate cause a row waits under: by priority of its kind, spread over shards."""
    return rate_cause(
        connection, flow.kind.priority, zlib.crc32(name.record.encode()) % RATE_SHARDS
    )


def send_rows(services: Services, rows: Iterable[Row]) -> None:
    """Send the names of owed rows, each delayed to its next attempt.

    A delay longer than a queue accepts is left to the sweeper.
    """
    now = services.now()
    messages: dict[str, list[QueueMessage]] = {}
    for row in rows:
        delay_s = message_delay_s(row, now)
        if delay_s is not None:
            queue = queue_of(services, row.name)
            messages.setdefault(queue, []).append(QueueMessage(name=row.name, delay_s=delay_s))
    for queue, batch in messages.items():
        services.queue.send_many(queue, batch)


def queue_of(services: Services, name: RowName) -> str:
    """Return the work queue of a row's flow."""
    return services.flows[base_name(name.flow)].queue
