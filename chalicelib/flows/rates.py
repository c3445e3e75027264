"""Keeps to what platforms allow: call windows, one writer per catalogue, rows parked meanwhile.

Throttling is a hold: rows of a slow vendor lie under its rate cause without messages, and the
dispatcher releases as many as the window allows, orders before stock before products.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.causes import rate_cause
from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Offer
from chalicelib.domain.protocol import Request, park
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Connection
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.door import RATE_SHARDS, flag_backlog, rate_cause_of, request_many
from chalicelib.flows.loading import Setup, pace_of
from chalicelib.flows.services import Services

#: How many rows are released at once: as many of these as the window has calls for.
TOGETHER = (100, 30, 10, 3, 1)
BATCH = 10  #: rows by which the calls of a release are reckoned
LARGEST_PRIORITY = 2

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


def release_backlogs(services: Services, *, limit: int = 50) -> int:
    """Request as many throttled rows as their connections' windows allow; returns how many.

    Run by the dispatcher. A connection without rows under its rate causes loses its flag.
    """
    released = 0
    for consumer, name in services.log.list_backlogged(limit=limit):
        connection = services.registry.read_connection(consumer, name)
        if connection is None:
            services.log.clear_backlog(consumer, name, flagged_before=services.now())
            continue
        released += _release_backlog(services, connection)
    return released


def _release_backlog(services: Services, connection: Connection) -> int:
    if not _has_free(services, connection, 1):
        return 0
    for cause in _rate_causes(connection):
        names = services.log.list_held(connection.consumer, cause, limit=TOGETHER[0]).items
        if names:
            return _request(services, names[: _rows_allowed(services, connection, names)], cause)
    quiet_since = services.now() - timedelta(seconds=FLAGGED_AT_LEAST_S)
    services.log.clear_backlog(connection.consumer, connection.name, flagged_before=quiet_since)
    services.cache.forget(connection.consumer)
    return 0


def _rows_allowed(services: Services, connection: Connection, names: Sequence[RowName]) -> int:
    """Return how many of the rows the window has calls for, roughly: more would be parked again."""
    flow = _flow_of(services, names[0])
    pace = pace_of(services.offers[connection.platform], connection)
    side = connections_of(flow, names[0].flow).index(connection.name)
    for rows in TOGETHER:
        batches, rest = divmod(min(rows, len(names)), BATCH)
        calls = batches * flow.calls(BATCH)[side] + (flow.calls(rest)[side] if rest else 0)
        if (calls <= pace.calls or rows == 1) and _has_free(services, connection, calls):
            return rows
    return 0


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


def _rate_causes(connection: Connection) -> Iterable[str]:
    for priority in range(LARGEST_PRIORITY + 1):
        for shard in range(RATE_SHARDS):
            yield rate_cause(connection.name, priority, shard)


def _request(services: Services, names: Sequence[RowName], cause: str) -> int:
    requests = [
        Request(name=name, kind=_flow_of(services, name).kind, by="release", only_under_cause=cause)
        for name in names
    ]
    return sum(1 for answer in request_many(services, requests) if answer.tag == "send")


def _flow_of(services: Services, name: RowName) -> Flow:
    return services.flows[name.flow.partition("@")[0]]
