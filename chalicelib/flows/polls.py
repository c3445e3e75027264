"""Polls: what a lost webhook would have said is found by asking what changed.

A run reads pages of changes from where the last one ended, a little earlier for what the source
shows late, and requests only what is news. Requests are written first, the cursor after, so a crash
repeats a page and loses none. A long run goes on in slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.log import Execution, RunType, Trigger
from chalicelib.domain.platforms import Changed
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import PollState
from chalicelib.flows import runs, sweeps
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import take_down
from chalicelib.flows.loading import pace_of
from chalicelib.flows.ready import Idle, Ready, find_ready
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.errors import MovedOnError
from chalicelib.flows.slices import slice_until
from chalicelib.flows.walking import CURSOR_EXPIRED, Place, Walked, read_page

YOUNG_MS = 60_000  #: a record read this soon after its change may have changed again unseen
LEASE_SPARE_S = 60  #: a lease outlives its slice by this, for the last page
TRIES = 5  #: how often a save is built again because somebody else saved in between
POSTPONED_S = 60  #: a throttled run goes on after this at least


@dataclass
class _Slice:
    """A run of one poll while a slice of it is worked on."""

    ready: Ready
    poll: PollState
    opened: Opened
    execution: Execution
    place: Place
    is_sweep: bool
    restarted: bool = False


def is_news(row: Row | None, change: Changed) -> bool:
    """Whether a poll has to request a record, by what its row knows already.

    Newer than what was written and than what was told of it: yes. Equal and younger than 60 s when
    it was read: yes, for it may have changed again within the tick of the source's clock. Where the
    source gives no version its time decides, and where it gives no time either: yes.
    """
    if row is None:
        return True
    if change.version is None:
        seen = row.platform_updated_at
        return change.updated_at is None or seen is None or change.updated_at > seen
    known = max(row.source_version or 0, row.sent_version or 0)
    if change.version != known:
        return change.version > known
    read_at = row.updated_at
    return read_at is not None and read_at.timestamp() * 1000 - change.version < YOUNG_MS


def run_poll(
    services: Services,
    consumer: str,
    flow: str,
    *,
    until: datetime,
    slice_s: float | None = None,
) -> bool:
    """Run a slice of a flow's poll until ``until``; returns whether more of it is left.

    A flow that is off or not ready, a deleted consumer or a connection that is down runs nothing
    and makes no execution. ``flow`` may also name the flow's full sweep (``sweeps.sweep_of``).
    ``slice_s`` ends the slice earlier (``slices.slice_until``).
    """
    declared, is_sweep = sweeps.flow_of(flow)
    found = find_ready(services, consumer, declared)
    poll = services.registry.read_poll(consumer, flow) or PollState(consumer=consumer, flow=flow)
    if isinstance(found, Idle):
        _rest(services, poll, found)
        return False
    sides = (found.source, found.target)
    until = slice_until(services, sides, deadline=until, slice_s=slice_s)
    timeout_s = pace_of(services.offers[found.source.platform], found.source).timeout_s
    if services.now() + timedelta(seconds=timeout_s) > until:
        return True
    lease = f"poll/{consumer}/{found.source.name}/{found.flow.kind.value}"
    holder, lease_until = services.new_id(), until + timedelta(seconds=LEASE_SPARE_S)
    if not services.log.take_lease(lease, holder, until=lease_until, now=services.now()):
        return False
    try:
        return _run(services, _start(services, found, poll, until, is_sweep), until, timeout_s)
    finally:
        services.log.end_lease(lease, holder)


def _rest(services: Services, poll: PollState, idle: Idle) -> None:
    """Let a poll that may not run wait; a run under way ends, its cursor stays."""
    if poll.version == 0:
        return
    if poll.execution is not None:
        execution = services.log.read_execution(poll.consumer, poll.execution)
        if execution is not None:
            runs.finish_collecting(services, execution, problem=idle.sentence)

    if idle.gone:
        services.registry.save(Change(deletes=[poll]))
        return
    later = services.now() + timedelta(seconds=idle.again_after_s or 0)
    _save(services, poll, page=None, execution=None, next_at=later if idle.again_after_s else None)


def _start(
    services: Services, ready: Ready, poll: PollState, until: datetime, is_sweep: bool
) -> _Slice:
    """Begin a run, or go on with the one that a slice or a crash left."""
    execution_id = poll.execution or services.new_id()
    if poll.execution is None:
        # Noted first: a crash from here on leaves no run that nobody goes on with.
        started_at = services.now()
        poll = _save(services, poll, execution=execution_id, started_at=started_at, page=None)
    known = services.log.read_execution(poll.consumer, execution_id)
    execution = known or runs.begin(
        services,
        consumer=poll.consumer,
        flow=ready.setup.flow,
        type=RunType.POLL,
        trigger=Trigger.SCHEDULE,
        by="sweep" if is_sweep else "poll",
        execution_id=execution_id,
    )
    place = Place.from_text(poll.page) if poll.page else _first_place(ready, poll, is_sweep)
    return _Slice(
        ready=ready,
        poll=poll,
        opened=services.open(ready.source, lambda: until, execution_id),
        execution=execution,
        place=place,
        is_sweep=is_sweep,
    )


def _first_place(ready: Ready, poll: PollState, is_sweep: bool) -> Place:
    """Return where a run begins: at its cursor less the overlap, never before the start date."""
    if poll.cursor is None:
        return Place(since=ready.starts_at)
    overlap_s = 0 if is_sweep else ready.flow.poll_overlap_s
    return Place(since=max(poll.cursor - timedelta(seconds=overlap_s), ready.starts_at))


def _run(services: Services, doing: _Slice, until: datetime, timeout_s: float) -> bool:
    while services.now() + timedelta(seconds=timeout_s) <= until:
        if not runs.is_running(doing.execution):
            _finish(services, doing)  # a person cancelled it
            return False
        try:
            walked = read_page(services, doing.opened, doing.ready.flow.kind, doing.place)
        except SyncFailure as failure:
            if not _restarts(doing, failure):
                return _interrupt(services, doing, failure)
            continue
        _request(services, doing, walked.changes)
        if walked.next is None:
            problem = "The platform repeated a page; the next poll goes on from there."
            _finish(services, doing, walked, problem if walked.repeated else None)
            return False
        _go_on(services, doing, walked, walked.next)
    return True


def _restarts(doing: _Slice, failure: SyncFailure) -> bool:
    """Start the slice again from its cursor when the vendor forgot the page, once."""
    if failure.error_code != CURSOR_EXPIRED or doing.restarted:
        return False
    doing.restarted = True
    doing.place = _first_place(doing.ready, doing.poll, doing.is_sweep)
    return True


def _request(services: Services, doing: _Slice, changes: Sequence[Changed]) -> None:
    """Request what is news, note which rows the run asked for, and count."""
    if not changes:
        return
    setup = doing.ready.setup
    names = [RowName(consumer=setup.consumer, flow=setup.flow, record=c.record) for c in changes]
    rows = services.log.read_rows(names)
    if doing.is_sweep:
        requests = sweeps.requests_of(services, doing.ready, names, rows, doing.execution.id)
    else:
        requests = [
            _request_of(doing, name, row, change)
            for name, row, change in zip(names, rows, changes, strict=True)
            if is_news(row, change)
        ]
    answers = request_many(services, requests)
    asked = [
        request.name
        for request, answer in zip(requests, answers, strict=True)
        if answer.tag != "refused"
    ]
    if asked:
        services.log.put_execution_rows(setup.consumer, doing.execution.id, asked)
    counts = {
        "found": len(changes),
        "requested": len(asked),
        "skipped": len(changes) - len(asked),
    }
    doing.execution = runs.change(
        services, doing.execution, lambda fresh: runs.added(fresh, **counts)
    )


def _request_of(doing: _Slice, name: RowName, row: Row | None, change: Changed) -> Request:
    return Request(
        name=name,
        kind=doing.ready.flow.kind,
        by="poll",
        source_version=change.version,
        platform_updated_at=change.updated_at,
        # A row that was read knows its columns better than a list does.
        columns=change.columns if row is None else {},
        execution=doing.execution.id,
    )


def _go_on(services: Services, doing: _Slice, walked: Walked, further: Place) -> None:
    doing.place = further
    cursor = _cursor_after(services, doing, walked)
    doing.poll = _save(services, doing.poll, cursor=cursor, page=further.to_text())


def _cursor_after(services: Services, doing: _Slice, walked: Walked | None) -> datetime | None:
    """Return the cursor after a page: the source's latest change, never ahead of now.

    A record dated in the future would hide everything that changes until then.
    """
    newest = walked.newest if walked is not None else None
    known = doing.poll.cursor
    if newest is None:
        return known
    newest = min(newest, services.now())
    return newest if known is None else max(known, newest)


def _finish(
    services: Services, doing: _Slice, walked: Walked | None = None, problem: str | None = None
) -> None:
    """End the collecting, then move the cursor: a crash in between reads the last page again."""
    ended = runs.finish_collecting(services, doing.execution, problem=problem)
    _tell_finished(services, doing, ended, problem)
    cursor = _cursor_after(services, doing, walked)
    if doing.is_sweep:
        cursor = None
    elif cursor is None and walked is not None and walked.changes:
        cursor = doing.poll.started_at  # a source without times: what changed since we asked
    next_at = services.now() + timedelta(seconds=_every_s(doing))
    _save(
        services,
        doing.poll,
        cursor=cursor,
        page=None,
        execution=None,
        finished_at=services.now(),
        next_at=next_at,
    )
    if not doing.is_sweep:
        sweeps.plan_sweep(services, doing.ready)


def _tell_finished(
    services: Services, doing: _Slice, execution: Execution, problem: str | None
) -> None:
    services.count("polls_run")
    if problem is not None:
        services.count("polls_failed")
    took_s = (services.now() - execution.started_at).total_seconds()
    services.note(
        "poll.finished",
        consumer=execution.consumer,
        flow=execution.flow,
        platform=doing.ready.source.platform,
        execution=execution.id,
        correlation=execution.id,
        is_sweep=doing.is_sweep or None,
        found=execution.counts.get("found", 0),
        requested=execution.counts.get("requested", 0),
        duration_ms=round(took_s * 1000),
        problem=problem,
    )


def _every_s(doing: _Slice) -> int:
    flow = doing.ready.flow
    every_s = flow.full_sweep_every_s if doing.is_sweep else flow.poll_every_s
    return every_s or 86_400


def _interrupt(services: Services, doing: _Slice, failure: SyncFailure) -> bool:
    """Postpone a throttled run, end any other; both say why."""
    if failure.reason is Reason.THROTTLED:
        wait_s = max(failure.retry_after_s or 0, POSTPONED_S)
        at = services.now()
        text = "The platform allows no more calls at the moment; the run goes on by itself."
        runs.change(services, doing.execution, lambda fresh: runs.told(fresh, at, text))
        _save(services, doing.poll, next_at=at + timedelta(seconds=wait_s))
        return False
    if failure.reason is Reason.CONNECTION_DOWN:
        take_down(services, doing.ready.source, failure.detail)
    platform = services.offers[doing.ready.source.platform].label
    _finish(services, doing, None, f"{platform} could not be asked what changed: {failure.detail}")
    return False


def _save(services: Services, poll: PollState, **changes: object) -> PollState:
    """Save what changed of a poll over what others saved meanwhile, such as a new time to run."""
    for _ in range(TRIES):
        fresh = services.registry.read_poll(poll.consumer, poll.flow) or replace(poll, version=0)
        changed = replace(fresh, **changes)  # type: ignore[arg-type]  # names of its fields
        if services.registry.save(Change(puts=[changed])):
            return replace(changed, version=changed.version + 1)
    raise MovedOnError
