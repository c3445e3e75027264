"""What a start on one machine does before anything else: the previous process is gone."""

from datetime import timedelta

from chalicelib.domain.protocol import DUE_AT_MOST_S, end_lease_early
from chalicelib.domain.rows import RowName
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.loading import pace_of
from chalicelib.flows.services import Services
from chalicelib.flows.sweeper import SHARDS
from local.sqlite.table import SqliteTable

ROWS_OF_A_SHARD = 5000
LEASES = "K"  #: first part of the keys of named leases (chalicelib.store.pace)


def end_old_leases(services: Services) -> int:
    """Let leases of the previous process end once the platform has settled; returns how many.

    Nobody of the previous boot can still send, so a lease need only cover what is on its
    way already.
    """
    ended = 0
    before = services.now() + timedelta(seconds=DUE_AT_MOST_S)
    for shard in range(SHARDS):
        names = services.log.list_due(shard, before=before, limit=ROWS_OF_A_SHARD)
        rows = [row for row in services.log.read_rows(names) if row is not None]
        leased = [row for row in rows if row.is_leased(services.now())]
        writes = [
            end_lease_early(row, settle_s=_settle_s(services, row.name), now=services.now())
            for row in leased
        ]
        ended += sum(done.tag is not None for done in services.log.write_rows(writes))
    return ended


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
