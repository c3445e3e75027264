"""Changes at the target of flows whose status goes both ways, as requests of the source's rows."""

from collections.abc import Sequence

from chalicelib.domain.platforms import Changed
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Connection
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.services import Services


def rows_of(
    services: Services, consumer: str, name: str, flow: Flow, changes: Sequence[Changed]
) -> list[tuple[RowName, Changed]]:
    """Return the rows of the records that are linked to what changed at the target; one read.

    What people make at the target by themselves is linked to nothing, and has no row.
    """
    source, target = connections_of(flow, name)
    ids = [change.record for change in changes]
    links = services.log.read_links(consumer, target, source, flow.kind.value, ids) if ids else {}
    return [
        (RowName(consumer=consumer, flow=name, record=links[change.record].other_id), change)
        for change in changes
        if change.record in links
    ]


def hears(flow: Flow, name: str, connection: Connection, kind: str) -> bool:
    """Whether a flow follows what changes at this connection, which is its target."""
    follows = flow.both_ways is not None and flow.kind.value == kind
    return follows and connections_of(flow, name)[1] == connection.name
