"""Counts that ran while an order reached the ERP are made again.

Such a count may have seen the ERP's figure with the order's goods taken off already, and the order
as one that the ERP does not know of yet: the goods were taken off twice, and no event would say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.ports import Written
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.declare import Flow
from chalicelib.flows.door import request_many
from chalicelib.flows.loading import Setup, with_links
from chalicelib.flows.services import Services
from chalicelib.flows.work import Job


@dataclass(frozen=True, kw_only=True)
class _Doubt:
    """Since when a product's counts are in doubt, and the request whose order put them there."""

    since: datetime
    correlation: str | None


def recount_sold(
    services: Services, setup: Setup, jobs: Sequence[Job], written: Sequence[Written]
) -> None:
    """Request the counts of what these orders sold, as far as they ran at the same time.

    A count that ended before saw none of its goods taken off; one that begins from now on knows
    the order. Two reads, and only where an order settled or was changed.

    Args:
        written: what became of the jobs' rows, in their order.
    """
    flow = setup.flow
    counting = [one for one in services.flows.values() if one.sold_by == flow.name]
    if flow.units is None or not counting:
        return
    closed = [job for job, done in zip(jobs, written, strict=True) if done.tag is not None]
    doubts = _doubts(services, setup, flow, [job for job in closed if _moved_goods(job)])
    for stock_flow in counting if doubts else ():
        _request(services, setup, stock_flow, doubts)


def _moved_goods(job: Job) -> bool:
    """Whether the ERP took or may have taken goods of the order in this attempt."""
    if job.record is None or job.ending is None:
        return False
    taken = (job.done is not None and job.done.taken) or (job.found is not None and job.found.taken)
    if job.ending.status is not Status.SYNCED and not taken:
        return False
    return not (_was_settled(job.row) and job.ending.outcome is Outcome.UNCHANGED)


def _was_settled(row: Row) -> bool:
    return bool(row.target_id) and not row.has_units


def _doubts(
    services: Services, setup: Setup, flow: Flow, jobs: Sequence[Job]
) -> Mapping[str, _Doubt]:
    """Return for each product sold the earliest doubt."""
    if not jobs or flow.units is None:
        return {}
    linked = with_links(services, setup, setup.planning, [job.record for job in jobs]).linked
    doubts: dict[str, _Doubt] = {}
    for job in jobs:
        began = job.started_at if _was_settled(job.row) else job.row.received_at
        for units in flow.units(job.record):
            product = linked.get(units.item)
            if product is None or began is None:
                continue
            doubt = _Doubt(since=began, correlation=job.row.correlation)
            doubts[product] = min(doubt, doubts.get(product, doubt), key=lambda one: one.since)
    return doubts


def _request(
    services: Services, setup: Setup, stock_flow: Flow, doubts: Mapping[str, _Doubt]
) -> None:
    account = setup.name.partition("@")
    flow = stock_flow.name + account[1] + account[2]
    names = [RowName(consumer=setup.consumer, flow=flow, record=product) for product in doubts]
    now = services.now()
    requests = [
        Request(
            name=row.name,
            kind=stock_flow.kind,
            by="flow",
            correlation=doubts[row.name.record].correlation,
        )
        for row in services.log.read_rows(names)
        if row is not None
        and (row.is_leased(now) or _is_after(row.updated_at, doubts[row.name.record].since))
    ]
    if requests:
        request_many(services, requests)


def _is_after(updated_at: datetime | None, began: datetime) -> bool:
    return updated_at is not None and updated_at >= began
