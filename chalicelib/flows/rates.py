"""Keeps to what platforms allow: call windows, one writer per catalogue, rows parked meanwhile.

Throttling is a hold: rows of a slow vendor lie under its rate cause without messages, and the
dispatcher releases as many as the window allows, orders before stock before products.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from chalicelib.domain.causes import rate_cause
from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Offer
from chalicelib.domain.protocol import Request, park
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Connection
from chalicelib.flows.declare import Flow, base_name, connections_of
from chalicelib.flows.door import RATE_SHARDS, flag_backlog, rate_cause_of, request_many
from chalicelib.flows.loading import Setup, pace_of
from chalicelib.flows.services import Services
from chalicelib.flows.turns import do_each, line_of_all

TOGETHER = 100  #: rows that are listed at once
#: Rows of one batch of a worker, by which the calls of a release are reckoned.
BATCHES = {"stock": 100}
BATCH = 10  #: of any other queue
LARGEST_PRIORITY = 2
EXACT = 32  #: what a window has left is found out to this part of it

#: A flag is cleared only this long after it was last set: a worker that set it may still be about
#: to park
#: its rows, and a row parked after the flag went would wait for ever.
FLAGGED_AT_LEAST_S = 120


def take_for(services: Services, setup: Setup, rows: int) -> str | None:
    """Take the calls a batch of rows will need at both platforms, one conditional write each.

    Returns the name of the connection that has none left, None if both had.
    """
    source_calls, target_calls = setup.flow.calls(rows)
    for connection, calls in ((setup.source, source_calls), (setup.target, target_calls)):
        if not _take(services, connection, calls):
            return connection.name
    return None


def take_calls(services: Services, connection: Connection, calls: int) -> bool:
    """Take calls of a connection's window, at most a whole one; False if they are not there."""
    pace = pace_of(services.offers[connection.platform], connection)
    return services.log.take_calls(
        connection.consumer,
        connection.name,
        min(calls, pace.calls),
        limit=pace.calls,
        window_s=pace.window_s,
        now=services.now(),
    )


def _take(services: Services, connection: Connection, calls: int) -> bool:
    taken = take_calls(services, connection, calls)
    if not taken:
        flag_backlog(services, connection.consumer, connection.name)
    return taken


def park_throttled(services: Services, setup: Setup, names: Sequence[RowName], slow: str) -> None:
    """Put rows whose batch found no calls left under the rate cause of the slow connection."""
    now = services.now()
    services.log.write_rows(
        [
            park(
                name, cause=rate_cause_of(setup.flow, name, slow), reason=Reason.THROTTLED, now=now
            )
            for name in names
        ]
    )


def settle(services: Services, setup: Setup, exchanges: Sequence[Exchange], rows: int) -> None:
    """Correct both windows after a batch: by the vendor's count, else by the calls made."""
    for connection, foreseen in zip(
        (setup.source, setup.target), setup.flow.calls(rows), strict=True
    ):
        made = [x for x in exchanges if x.connection == connection.name]
        _settle_one(services, connection, made, foreseen)


def _settle_one(
    services: Services, connection: Connection, made: Sequence[Exchange], foreseen: int
) -> None:
    offer = services.offers[connection.platform]
    pace = pace_of(offer, connection)
    left = _left(offer, made)
    if left is not None and left < pace.calls:
        services.log.set_calls_left(
            connection.consumer,
            connection.name,
            left,
            limit=pace.calls,
            window_s=pace.window_s,
            now=services.now(),
        )
    elif len(made) > foreseen:
        _take(services, connection, len(made) - foreseen)


def _left(offer: Offer, made: Sequence[Exchange]) -> int | None:
    for exchange in reversed(made):
        left = offer.calls_left(exchange.response_headers)
        if left is not None:
            return left
    return None


def note_throttled(services: Services, connection: Connection) -> None:
    """The vendor itself refused a call: nothing more this window; new rows wait from the start."""
    pace = pace_of(services.offers[connection.platform], connection)
    services.log.set_calls_left(
        connection.consumer,
        connection.name,
        0,
        limit=pace.calls,
        window_s=pace.window_s,
        now=services.now(),
    )
    flag_backlog(services, connection.consumer, connection.name)


def take_writer(services: Services, setup: Setup, deadline: datetime) -> bool:
    """Take the writer lease where the vendor serialises writes per account; else True."""
    if not _is_serialised(services, setup):
        return True
    key = _writer_key(setup)
    return services.log.take_lease(
        key, _holder(setup, deadline), until=deadline, now=services.now()
    )


def end_writer(services: Services, setup: Setup, deadline: datetime) -> None:
    """Give the writer lease back."""
    if _is_serialised(services, setup):
        services.log.end_lease(_writer_key(setup), _holder(setup, deadline))


def _is_serialised(services: Services, setup: Setup) -> bool:
    return setup.flow.kind in services.offers[setup.flow.target].one_writer


def _writer_key(setup: Setup) -> str:
    return f"writer/{setup.consumer}/{setup.target.name}"


def _holder(setup: Setup, deadline: datetime) -> str:
    return f"{id(setup):x}-{deadline.timestamp()}"


def release_backlogs(
    services: Services, *, deadline: datetime | None = None, threads: int = 1
) -> int:
    """Request as many throttled rows as their connections' windows allow; returns how many.

    Run by the dispatcher. A connection without rows under its rate causes loses its flag.

    Args:
        deadline: None: all connections have their turn.
        threads: how many connections at a time.
    """
    released: list[int] = []

    def has_time() -> bool:
        return deadline is None or services.now() < deadline

    def work(key: tuple[str, str]) -> None:
        connection = services.registry.read_connection(*key)
        if connection is None:
            services.log.clear_backlog(*key, flagged_before=services.now())
        else:
            released.append(_release_backlog(services, connection, has_time))

    line = line_of_all(
        services,
        lambda limit: services.log.list_backlogged(limit=limit),
        work,
        has_time=has_time,
    )
    do_each(services, line.take, threads=threads)
    return sum(released)


def _release_backlog(
    services: Services, connection: Connection, has_time: Callable[[], bool]
) -> int:
    """Release batch by batch while the calls last that the window has now."""
    pace = pace_of(services.offers[connection.platform], connection)
    free = _calls_free(services, connection, pace.calls)
    if not free:
        return 0
    released, waiting = 0, False
    for cause, names in _list_waiting(services, connection):
        waiting = True
        rows, calls = _fitting(services, connection, names, free)
        if not rows and free == pace.calls:
            rows, calls = 1, free  # what needs more calls than a window goes in a whole one
        released += _request(services, names[:rows], cause)
        free -= calls
        if rows < len(names) or not has_time():
            break
    if not waiting:
        quiet_since = services.now() - timedelta(seconds=FLAGGED_AT_LEAST_S)
        services.log.clear_backlog(connection.consumer, connection.name, flagged_before=quiet_since)
        services.cache.forget(connection.consumer)
    return released


def _list_waiting(
    services: Services, connection: Connection
) -> Iterator[tuple[str, Sequence[RowName]]]:
    """List throttled rows, each time as many as a worker takes at once, the most urgent first."""
    for cause in _rate_causes(services, connection):
        cursor = None
        while True:
            page = services.log.list_held(connection.consumer, cause, limit=TOGETHER, cursor=cursor)
            for flow, names in groupby(page.items, key=lambda name: name.flow):
                size = BATCHES.get(services.flows[base_name(flow)].queue, BATCH)
                same = list(names)
                for start in range(0, len(same), size):
                    yield cause, same[start : start + size]
            cursor = page.next
            if cursor is None:
                break


def _fitting(
    services: Services, connection: Connection, names: Sequence[RowName], free: int
) -> tuple[int, int]:
    """Return how many of a batch's rows so many calls are enough for, and the calls they need."""
    flow = _flow_of(services, names[0])
    side = connections_of(flow, names[0].flow).index(connection.name)
    for rows in range(len(names), 0, -1):
        calls = flow.calls(rows)[side]
        if calls <= free:
            return rows, calls
    return 0, 0


def _calls_free(services: Services, connection: Connection, calls: int) -> int:
    """Return about how many calls of a window are left; none are taken."""
    if _has_free(services, connection, calls):
        return calls
    free, beyond = 0, calls
    while beyond - free > max(1, free // EXACT):
        middle = (free + beyond) // 2
        if _has_free(services, connection, middle):
            free = middle
        else:
            beyond = middle
    return free


def _has_free(services: Services, connection: Connection, calls: int) -> bool:
    """Whether the window has so many calls left, or is whole; none are taken."""
    pace = pace_of(services.offers[connection.platform], connection)
    return services.log.take_calls(
        connection.consumer,
        connection.name,
        0,
        limit=max(pace.calls - calls, 0),
        window_s=pace.window_s,
        now=services.now(),
    )


def _rate_causes(services: Services, connection: Connection) -> Iterable[str]:
    """Return rate causes, urgent kinds first; of one kind another shard begins each time."""
    first = int(services.roll() * RATE_SHARDS)
    for priority in range(LARGEST_PRIORITY + 1):
        for shard in range(RATE_SHARDS):
            yield rate_cause(connection.name, priority, (first + shard) % RATE_SHARDS)


def _request(services: Services, names: Sequence[RowName], cause: str) -> int:
    requests = [
        Request(name=name, kind=_flow_of(services, name).kind, by="release", only_under_cause=cause)
        for name in names
    ]
    return sum(1 for answer in request_many(services, requests) if answer.tag == "send")


def _flow_of(services: Services, name: RowName) -> Flow:
    return services.flows[base_name(name.flow)]
