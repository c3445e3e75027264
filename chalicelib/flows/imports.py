"""Imports by hand: given ids, or what changed in a period, requested through the one door."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.log import Execution, RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import PollState
from chalicelib.flows import runs
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import take_down
from chalicelib.flows.loading import pace_of
from chalicelib.flows.ready import Idle, Ready, find_ready
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.slices import slice_until
from chalicelib.flows.walking import CURSOR_EXPIRED, Place, Walked, read_page

IDS_AT_MOST = 10_000
ID_AT_MOST = 200  #: characters of one id
TOGETHER = 100
BEGUN_WITHIN_S = 60  #: a lock without its execution is that of a start under way, this long
FAILURES_AT_MOST = 5  #: slices in a row that a platform may fail before the run ends
_LOCK = "~import"  #: state under this name holds the one import of a flow that may run


class RunningError(Exception):
    """An import of this flow runs; the message and ``execution_id`` name it."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(f"An import of this flow is running: {execution_id}.")
        self.execution_id = execution_id


class ImportRefusedError(Exception):
    """The import cannot be started; the message says why and what to do."""


def start_import(
    services: Services,
    consumer: str,
    flow: str,
    *,
    ids: Sequence[str] | None = None,
    period: tuple[datetime, datetime] | None = None,
    by: str,
) -> Execution:
    """Start an import of the given ids, or of what changed in a period (from, to: half open).

    Ids are requested as given: one the source does not know ends as Failed/``missing_at_source``.
    A period before the flow's start date is refused, one around it is cut.

    Raises:
        RunningError: an import of this flow runs already.
        ImportRefusedError: the flow is unknown, off or not ready, or what is asked for is unfit.
    """
    found = find_ready(services, consumer, flow)
    if isinstance(found, Idle):
        raise ImportRefusedError(found.sentence)
    wanted = _checked_ids(ids)
    spec = _spec(found, wanted, period)
    execution_id = services.new_id()
    _lock(services, consumer, flow, execution_id)
    execution = runs.begin(
        services,
        consumer=consumer,
        flow=flow,
        type=RunType.IMPORT,
        trigger=Trigger.PERSON,
        by=by,
        spec={**spec, "starting": bool(wanted)},
        execution_id=execution_id,
    )
    return _note_ids(services, execution, wanted) if wanted else execution


def _note_ids(services: Services, execution: Execution, ids: Sequence[str]) -> Execution:
    """Keep the ids as rows of the run: they may be more than one item of a store can hold."""
    names = [RowName(consumer=execution.consumer, flow=execution.flow, record=id_) for id_ in ids]
    for start in range(0, len(names), TOGETHER):
        some = names[start : start + TOGETHER]
        services.log.put_execution_rows(execution.consumer, execution.id, some)
    return runs.change(
        services,
        execution,
        lambda fresh: replace(fresh, spec={**fresh.spec, "starting": False}),
    )


def _checked_ids(ids: Sequence[str] | None) -> list[str]:
    wanted = list(dict.fromkeys(id_.strip() for id_ in ids or ()))
    if len(wanted) > IDS_AT_MOST:
        raise ImportRefusedError(f"Give at most {IDS_AT_MOST} ids at a time, or a period.")
    if any(not 1 <= len(id_) <= ID_AT_MOST for id_ in wanted):
        raise ImportRefusedError(f"Give ids of 1 to {ID_AT_MOST} characters.")
    return wanted


def _spec(
    ready: Ready, ids: Sequence[str], period: tuple[datetime, datetime] | None
) -> dict[str, object]:
    if ids and period is not None:
        raise ImportRefusedError("Give ids or a period, not both.")
    if ids:
        return {"ids": len(ids)}
    if period is None:
        raise ImportRefusedError("Say what to import: ids, or a period.")
    since, until = period
    if since >= until:
        raise ImportRefusedError("The period ends before it begins: swap from and to.")
    if until <= ready.starts_at:
        start = ready.starts_at.isoformat()
        raise ImportRefusedError(f"The period is before the flow's start date {start}.")
    since = max(since, ready.starts_at)
    return {"from": since.isoformat(), "to": until.isoformat()}


def _lock(services: Services, consumer: str, flow: str, execution_id: str) -> None:
    """Take the place of the one import of a flow; two starts at once cannot both have it."""
    name = flow + _LOCK
    held = services.registry.read_poll(consumer, name)
    lock = held or PollState(consumer=consumer, flow=name)
    if held is not None and held.execution is not None and _stands(services, held):
        raise RunningError(held.execution)
    mine = replace(lock, execution=execution_id, started_at=services.now())
    if services.registry.save(Change(puts=[mine])):
        return
    winner = services.registry.read_poll(consumer, name)
    raise RunningError(winner.execution if winner and winner.execution else execution_id)


def _stands(services: Services, lock: PollState) -> bool:
    execution = services.log.read_execution(lock.consumer, lock.execution or "")
    if execution is not None:
        return runs.is_running(execution)
    begun_at = lock.started_at
    return begun_at is not None and services.now() - begun_at < timedelta(seconds=BEGUN_WITHIN_S)


def continue_import(
    services: Services, execution: Execution, *, until: datetime, slice_s: float | None = None
) -> bool:
    """Request more of an import until ``until``; returns whether more of it is left.

    A flow that was switched off, or a connection that went down, ends the run and says so. While
    the platform is away or allows no calls, the run waits for the next slice. ``slice_s`` ends the
    slice earlier (``slices.slice_until``).
    """
    if not runs.is_running(execution) or not execution.collecting:
        return False
    if execution.spec.get("starting"):
        _end_unstarted(services, execution)
        return False
    found = find_ready(services, execution.consumer, execution.flow)
    if isinstance(found, Idle):
        runs.finish_collecting(services, execution, problem=found.sentence)
        return False
    sides = (found.source, found.target)
    until = slice_until(services, sides, deadline=until, slice_s=slice_s)
    if "ids" in execution.spec:
        return _continue_ids(services, found, execution, until)
    return _continue_period(services, found, execution, until)


def _end_unstarted(services: Services, execution: Execution) -> None:
    """End a run whose start was cut off before all its ids were noted."""
    if services.now() - execution.started_at >= timedelta(seconds=BEGUN_WITHIN_S):
        problem = "The start was interrupted; start the import again."
        runs.finish_collecting(services, execution, problem=problem)


def _continue_ids(services: Services, ready: Ready, execution: Execution, until: datetime) -> bool:
    while services.now() < until:
        page = services.log.list_execution_rows(
            execution.consumer, execution.id, limit=TOGETHER, cursor=execution.cursor
        )
        kind = ready.flow.kind
        requests = [
            Request(name=name, kind=kind, by="import", execution=execution.id)
            for name in page.items
        ]
        counts = _request(services, requests)
        execution = _moved(services, execution, counts, page.next)
        if page.next is None:
            runs.finish_collecting(services, execution)
            return False
        if not runs.is_running(execution):
            return False
    return True


def _request(services: Services, requests: Sequence[Request]) -> dict[str, int]:
    answers = request_many(services, requests)
    asked = sum(answer.tag != "refused" for answer in answers)
    return {"found": len(requests), "requested": asked, "skipped": len(requests) - asked}


def _moved(
    services: Services, execution: Execution, counts: Mapping[str, int], cursor: str | None
) -> Execution:
    """Note what a page came to and where collecting goes on; a cancelled run stays cancelled."""

    def build(fresh: Execution) -> Execution:
        counted = runs.added(fresh, **counts)
        if not runs.is_running(fresh):
            return counted
        return replace(counted, cursor=cursor, spec={**fresh.spec, "failures": 0})

    return runs.change(services, execution, build)


def _continue_period(
    services: Services, ready: Ready, execution: Execution, until: datetime
) -> bool:
    timeout_s = pace_of(services.offers[ready.source.platform], ready.source).timeout_s
    opened = services.open(ready.source, lambda: until, execution.id)
    while services.now() + timedelta(seconds=timeout_s) <= until:
        further = _walk(services, ready, opened, execution)
        if further is None:
            return False
        execution = further
    return True


def _walk(
    services: Services, ready: Ready, opened: Opened, execution: Execution
) -> Execution | None:
    """Request one page; None when the slice is over."""
    place = _place(execution)
    try:
        walked = read_page(services, opened, ready.flow.kind, place)
    except SyncFailure as failure:
        return _interrupt(services, ready, execution, failure)
    counts = _request_page(services, ready, execution, walked)
    cursor = walked.next.to_text() if walked.next is not None else None
    execution = _moved(services, execution, counts, cursor)
    if cursor is None:
        problem = "The platform repeated a page; start the import again for what is missing."
        runs.finish_collecting(services, execution, problem=problem if walked.repeated else None)
        return None
    return execution if runs.is_running(execution) else None


def _place(execution: Execution) -> Place:
    if execution.cursor is not None:
        return Place.from_text(execution.cursor)
    since, until = (datetime.fromisoformat(execution.spec[key]) for key in ("from", "to"))
    return Place(since=since, until=until)


def _request_page(
    services: Services, ready: Ready, execution: Execution, walked: Walked
) -> dict[str, int]:
    requests = [
        Request(
            name=RowName(consumer=execution.consumer, flow=execution.flow, record=change.record),
            kind=ready.flow.kind,
            by="import",
            source_version=change.version,
            platform_updated_at=change.updated_at,
            execution=execution.id,
        )
        for change in walked.changes
    ]
    if requests:
        names = [request.name for request in requests]
        services.log.put_execution_rows(execution.consumer, execution.id, names)
    return _request(services, requests)


def _interrupt(
    services: Services, ready: Ready, execution: Execution, failure: SyncFailure
) -> Execution | None:
    """Wait for the next slice, start the period again, or end the run: by what was met, and how
    often.
    """
    if failure.reason is Reason.CONNECTION_DOWN:
        take_down(services, ready.source, failure.detail)
        runs.finish_collecting(services, execution, problem=failure.detail)
        return None
    now = services.now()
    expired = failure.error_code == CURSOR_EXPIRED
    throttled = failure.reason is Reason.THROTTLED

    def build(fresh: Execution) -> Execution:
        failures = fresh.spec.get("failures", 0) + (0 if throttled else 1)
        spec = {**fresh.spec, "failures": failures}
        cursor = None if expired else fresh.cursor
        return runs.told(replace(fresh, spec=spec, cursor=cursor), now, failure.detail)

    execution = runs.change(services, execution, build)
    if execution.spec["failures"] >= FAILURES_AT_MOST:
        problem = f"The platform could not be asked {FAILURES_AT_MOST} times: {failure.detail}"
        runs.finish_collecting(services, execution, problem=problem)
        return None
    return execution if expired else None
