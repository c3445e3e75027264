"""What a start on one machine does before anything else: the previous process is gone."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from chalicelib.domain.protocol import DUE_AT_MOST_S, end_lease_early
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.door import send_rows
from chalicelib.flows.loading import pace_of
from chalicelib.flows.services import Services
from chalicelib.flows.sweeper import SHARDS
from local.sqlite.table import SqliteTable

ROWS_OF_A_SHARD = 5000
LAST_MINUTE = timedelta(minutes=1)
LEASES = "K"  #: first part of the keys of named leases (chalicelib.store.pace)


def end_old_leases(services: Services) -> int:
    """Let leases of the previous process end once the platform has settled; returns how many.

    Nobody of the previous boot can still send, so a lease need only cover what is on its
    way already.
    """
    ended = 0
    for rows in _owed_rows(services):
        leased = [row for row in rows if row.is_leased(services.now())]
        writes = [
            end_lease_early(row, settle_s=_settle_s(services, row.name), now=services.now())
            for row in leased
        ]
        ended += sum(done.tag is not None for done in services.log.write_rows(writes))
    return ended


def send_last_requests(services: Services) -> int:
    """Send again what was requested in the previous process's last minute; returns how many.

    A row is written before its message is sent. Whoever is killed between the two would leave it to
    the sweeper, five minutes later; a message too many is dropped by the claim.
    """
    waiting = [
        (row, row.requested_at)
        for rows in _owed_rows(services)
        for row in rows
        if row.is_owed and row.requested_at is not None and not row.is_leased(services.now())
    ]
    last = max((requested_at for _, requested_at in waiting), default=None)
    rows = [row for row, at in waiting if last is not None and at >= last - LAST_MINUTE]
    send_rows(services, rows)
    return len(rows)


def _owed_rows(services: Services) -> Iterator[Sequence[Row]]:
    """Yield the rows that are owed, by shard."""
    before = services.now() + timedelta(seconds=DUE_AT_MOST_S)
    for shard in range(SHARDS):
        names = services.log.list_due(shard, before=before, limit=ROWS_OF_A_SHARD)
        yield [row for row in services.log.read_rows(names) if row is not None]


def end_named_leases(log_table: SqliteTable) -> int:
    """End what the previous process held by name: writers, polls, runs; returns how many.

    They stand for a minute or more, and their holders are gone. A catalogue write that is still
    under way at the vendor is answered 429 there, which is waited out.
    """
    return log_table.forget(LEASES)


def _settle_s(services: Services, name: RowName) -> float:
    flow = services.flows[base_name(name.flow)]
    offer = services.offers[flow.target]
    target = connections_of(flow, name.flow)[1]
    connection = services.registry.read_connection(name.consumer, target)
    return pace_of(offer, connection).settle_s if connection else offer.pace.settle_s
