"""Things that the target makes whole or never: all their parts are worked together.

A till may take the variants of a product only when it makes the product. Rows of one thing that lie
in another batch, or still wait in the queue, are claimed by the first that needs them; their own
messages find nothing to do.
"""

from collections.abc import Callable, Mapping, Sequence

from chalicelib.domain.platforms import Families
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows.loading import Setup
from chalicelib.flows.services import Services
from chalicelib.flows.work import Job, Work, still_open

SISTERS_AT_MOST = 200  #: of one batch; the rest stands beside its family


def claim_sisters(
    services: Services,
    setup: Setup,
    doing: Work,
    jobs: Sequence[Job],
    parents: Mapping[str, str],
    claim: Callable[[Sequence[RowName]], Sequence[Row]],
) -> list[Job]:
    """Claim the rows that have to be made together with these; empty where nothing has to.

    Args:
        jobs: planned already; those whose shared thing is linked (``parents``) need no sisters.
        claim: leases rows and returns those it got.
    """
    if setup.flow.kind not in services.offers[setup.flow.target].whole_families:
        return []
    groups = sorted({group for job in still_open(jobs) if (group := _group(setup, job, parents))})
    names = _missing(setup, doing, jobs, groups) if groups else []
    known = services.log.read_rows(names) if names else ()
    # A row that stopped a worker before is left to its own message: it is worked alone then.
    due = [row.name for row in known if row is not None and row.is_owed and row.starts == 0]
    rows = claim(due) if due else ()
    return [Job(row=row, started_at=services.now()) for row in rows]


def _group(setup: Setup, job: Job, parents: Mapping[str, str]) -> str | None:
    key = setup.flow.parent_key(job.desired)
    if key is None or key in parents or job.row.target_id is not None:
        return None
    group: str | None = getattr(job.record, "group_id", None)
    return group


def _missing(
    setup: Setup, doing: Work, jobs: Sequence[Job], groups: Sequence[str]
) -> list[RowName]:
    """Name the records of these groups that are not in the batch; none if nobody can say."""
    source = doing.source.platform.source(setup.flow.kind)
    if not isinstance(source, Families):
        return []
    try:
        sisters = source.list_sisters(groups)
    except SyncFailure:
        return []
    here = {job.id for job in jobs}
    missing = [id_ for ids in sisters.values() for id_ in ids if id_ not in here]
    return [
        RowName(consumer=setup.consumer, flow=setup.name, record=id_)
        for id_ in missing[:SISTERS_AT_MOST]
    ]
