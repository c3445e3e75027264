"""Records that follow from others: a bundle's stock moves with that of its parts, without an event.

Whatever a source can say of a part, it says nothing of the bundle. So after the parts of a batch
were worked, the rows of what they are part of are requested.
"""

from collections.abc import Sequence

from chalicelib.domain.platforms import Wholes
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Outcome
from chalicelib.flows.door import request_many
from chalicelib.flows.loading import Setup
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.work import Job

AT_ONCE = "at_once"  #: value of the setting ``bundles``


def find_wholes(setup: Setup, jobs: Sequence[Job], source: Opened) -> Sequence[str]:
    """Ask the source which records are made of those that moved; one call a batch, or none.

    Where the source does not answer, the daily sweep finds them.
    """
    if not setup.flow.has_wholes or setup.planning.settings.get("bundles") != AT_ONCE:
        return ()
    moved = [job.id for job in jobs if job.ending and job.ending.outcome is not Outcome.UNCHANGED]
    if not moved:
        return ()
    port = source.platform.source(setup.flow.kind)
    if not isinstance(port, Wholes):
        return ()
    try:
        found = port.list_wholes(moved)
    except SyncFailure:
        return ()
    return [one for one in found if one not in moved]


def request_wholes(
    services: Services, setup: Setup, wholes: Sequence[str], parts: Sequence[Job]
) -> None:
    """Request those that have a row."""
    names = [RowName(consumer=setup.consumer, flow=setup.name, record=one) for one in wholes]
    rows = services.log.read_rows(names) if names else ()
    correlation = next((job.row.correlation for job in parts), None)
    requests = [
        Request(name=row.name, kind=setup.flow.kind, by="flow", correlation=correlation)
        for row in rows
        if row is not None
    ]
    if requests:
        request_many(services, requests)
