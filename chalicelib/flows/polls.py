"""Polls: what a lost webhook would have said is found by asking what changed.

A run reads pages of changes from where the last one ended, a little earlier for what the source
shows late, and requests only what is news. Requests are written first, the cursor after, so a crash
repeats a page and loses none. A long run goes on in slices. Most polls find nothing, and leave
nothing but the state of the poll (``poll_runs``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.platforms import Changed
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import PollState
from chalicelib.flows import backward, poll_runs, runs, sweeps
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import take_down
from chalicelib.flows.loading import pace_of
from chalicelib.flows.poll_runs import PollRun
from chalicelib.flows.ready import Idle, Ready, find_ready
from chalicelib.flows.services import Services
from chalicelib.flows.slices import slice_until
from chalicelib.flows.walking import CURSOR_EXPIRED, Walked, read_page

YOUNG_MS = 60_000  #: a record read this soon after its change may have changed again unseen
CLOCKS_DIFFER_S = 2  #: between the target's time of a change and ours of the row
POSTPONED_S = 60  #: a throttled run goes on after this at least


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
        poll_runs.rest(services, poll, found)
        return False
    sides = (found.source, found.target)
    until = slice_until(services, sides, deadline=until, slice_s=slice_s)
    if not _has_time(services, found, until):
        return True
    doing = poll_runs.begin(services, found, poll, until, is_sweep)
    try:
        return _run(services, doing)
    finally:
        poll_runs.let_go(services, doing)


def _has_time(services: Services, ready: Ready, until: datetime) -> bool:
    """Whether one more page fits, however long the platform takes to answer."""
    timeout_s = pace_of(services.offers[ready.source.platform], ready.source).timeout_s
    return services.now() + timedelta(seconds=timeout_s) <= until


def _run(services: Services, doing: PollRun) -> bool:
    if not poll_runs.may_be_quiet(doing) and not poll_runs.take_hold(services, doing):
        return False
    while _has_time(services, doing.ready, doing.until):
        if doing.execution is not None and not runs.is_running(doing.execution):
            poll_runs.finish(services, doing)  # a person cancelled it
            return False
        try:
            opened = poll_runs.opened_of(services, doing)
            walked = read_page(services, opened, doing.ready.flow.kind, doing.place)
        except SyncFailure as failure:
            if not poll_runs.take_hold(services, doing):
                return False
            if not _restarts(services, doing, failure):
                return _interrupt(services, doing, failure)
            continue
        if _take_in(services, doing, walked):
            return False
    poll_runs.give_way(services, doing)
    return True


def _take_in(services: Services, doing: PollRun, walked: Walked) -> bool:
    """Request what is news on a page, and note how far the run came; returns whether it is over."""
    requests = _requests_of(services, doing, walked)
    if not requests and not walked.repeated and doing.execution is None:
        if walked.next is None:
            poll_runs.finish_quietly(services, doing, walked)
            return True
        if walked.next.is_back and not walked.is_back:
            poll_runs.turn(doing, walked, walked.next)
            return False
    if not poll_runs.take_hold(services, doing):
        return True
    _request(services, doing, requests, found=len(walked.changes))
    if walked.next is not None:
        poll_runs.go_on(services, doing, walked, walked.next)
        return False
    problem = "The platform repeated a page; the next poll goes on from there."
    poll_runs.finish(services, doing, walked, problem if walked.repeated else None)
    return True


def _restarts(services: Services, doing: PollRun, failure: SyncFailure) -> bool:
    """Start the slice again from its cursor when the vendor forgot the page, once."""
    if failure.error_code != CURSOR_EXPIRED or doing.restarted:
        return False
    doing.restarted = True
    forgotten = replace(doing.poll, resume=None)
    doing.place = poll_runs.first_place(services, doing.ready, forgotten, doing.is_sweep)
    return True


def _requests_of(services: Services, doing: PollRun, walked: Walked) -> Sequence[Request]:
    """Return the requests for what is news on a page."""
    changes = walked.changes
    if not changes:
        return []
    setup = doing.ready.setup
    if walked.is_back:
        return _requests_back(services, doing, changes)
    names = [RowName(consumer=setup.consumer, flow=setup.flow, record=c.record) for c in changes]
    rows = services.log.read_rows(names)
    if doing.is_sweep:
        return sweeps.requests_of(services, doing.ready, names, rows, doing.id)
    return [
        _request_of(doing, name, row, change)
        for name, row, change in zip(names, rows, changes, strict=True)
        if is_news(row, change)
    ]


def _requests_back(
    services: Services, doing: PollRun, changes: Sequence[Changed]
) -> Sequence[Request]:
    """Return the requests for what changed at the target since its row was looked at last."""
    setup, flow = doing.ready.setup, doing.ready.flow
    changed = backward.rows_of(services, setup.consumer, setup.flow, flow, changes)
    rows = services.log.read_rows([name for name, _ in changed]) if changed else ()
    return [
        Request(name=name, kind=flow.kind, by="poll", execution=doing.id)
        for (name, change), row in zip(changed, rows, strict=True)
        if row is None or not _was_seen(row, change)
    ]


def _was_seen(row: Row, change: Changed) -> bool:
    """Whether a row was looked at after a change at the target, by clocks that differ a little."""
    at, seen = change.updated_at, row.updated_at
    return at is not None and seen is not None and at < seen - timedelta(seconds=CLOCKS_DIFFER_S)


def _request_of(doing: PollRun, name: RowName, row: Row | None, change: Changed) -> Request:
    return Request(
        name=name,
        kind=doing.ready.flow.kind,
        by="poll",
        source_version=change.version,
        platform_updated_at=change.updated_at,
        # A row that was read knows its columns better than a list does.
        columns=change.columns if row is None else {},
        execution=doing.id,
    )


def _request(
    services: Services, doing: PollRun, requests: Sequence[Request], *, found: int
) -> None:
    """Request records, note which rows the run asked for, and count."""
    if not found or doing.execution is None:
        return
    answers = request_many(services, requests)
    asked = [
        request.name
        for request, answer in zip(requests, answers, strict=True)
        if answer.tag != "refused"
    ]
    if asked:
        services.log.put_execution_rows(doing.poll.consumer, doing.id, asked)
    counts = {"found": found, "requested": len(asked), "skipped": found - len(asked)}
    doing.execution = runs.change(
        services, doing.execution, lambda fresh: runs.added(fresh, **counts)
    )


def _interrupt(services: Services, doing: PollRun, failure: SyncFailure) -> bool:
    """Postpone a throttled run, end any other; both say why."""
    if failure.reason is Reason.THROTTLED:
        wait_s = max(failure.retry_after_s or 0, POSTPONED_S)
        poll_runs.postpone(services, doing, wait_s)
        return False
    asked = doing.ready.target if doing.place.is_back else doing.ready.source
    if failure.reason is Reason.CONNECTION_DOWN:
        take_down(services, asked, failure.detail)
    platform = services.offers[asked.platform].label
    problem = f"{platform} could not be asked what changed: {failure.detail}"
    poll_runs.finish(services, doing, None, problem)
    return False
