"""What a start on one machine does before anything else: the previous process is gone."""

from datetime import timedelta

from chalicelib.domain.protocol import DUE_AT_MOST_S, end_lease_early
from chalicelib.flows.declare import base_name
from chalicelib.flows.services import Services
from chalicelib.flows.sweeper import SHARDS

ROWS_OF_A_SHARD = 5000


def end_old_leases(services: Services) -> int:
    """Let leases of the previous process end once the platform has settled; returns how many.

    """Let leases of the previous process end once the platform has settled; returns how many.
    """
    ended = 0
    before = services.now() + timedelta(seconds=DUE_AT_MOST_S)
    for shard in range(SHARDS):
        names = services.log.list_due(shard, before=before, limit=ROWS_OF_A_SHARD)
        rows = [row for row in services.log.read_rows(names) if row is not None]
        leased = [row for row in rows if row.is_leased(services.now())]
        writes = [
            end_lease_early(row, settle_s=_settle_s(services, row.name.flow), now=services.now())
            for row in leased
        ]
        ended += sum(done.tag is not None for done in services.log.write_rows(writes))
    return ended


def _settle_s(services: Services, flow: str) -> float:
    target = services.flows[base_name(flow)].target
    return services.offers[target].pace.settle_s
