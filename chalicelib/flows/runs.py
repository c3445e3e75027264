"""Executions: runs of polls, imports and bulk re-syncs, from their start to a clear end.

A run first collects (it requests rows), then it is watched until every row it requested has ended
or is held. Every change is read, changed and saved on condition: a person's cancel is never lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.log import Execution, ExecutionState, Message, RunType, Trigger
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Status
from chalicelib.flows.services import Services

MESSAGES_AT_MOST = 100
TEXT_AT_MOST = 500  #: characters of one message
TOGETHER = 100
OPEN_AT_MOST = 200  #: rows a watch keeps an eye on while it goes on to the next page
WATCHED_AT_MOST_S = 86_400  #: a run whose rows are under way for longer ends without them
TRIES = 10  #: how often a change is built again because somebody else saved in between

_SETTLED = ("synced", "failed", "held")


class BusyRunError(Exception):
    """Others changed the execution again and again; the next tick tries again."""


def begin(
    services: Services,
    *,
    consumer: str,
    flow: str,
    type: RunType,
    trigger: Trigger,
    by: str,
    spec: Mapping[str, Any] | None = None,
    execution_id: str | None = None,
) -> Execution:
    """Write a new execution; ``execution_id`` where its id was noted elsewhere first."""
    execution = Execution(
        id=execution_id or services.new_id(),
        consumer=consumer,
        flow=flow,
        type=type,
        trigger=trigger,
        by=by,
        started_at=services.now(),
        spec=dict(spec or {}),
        counts={"found": 0, "requested": 0, "skipped": 0},
    )
    services.log.save_execution(execution)
    if type is not RunType.POLL:  # a poll says what it found when it has asked
        services.note("execution.started", **_named(execution), trigger=trigger.value, by=by)
    return _fresh(services, execution)


def _named(execution: Execution) -> dict[str, str | None]:
    return {
        "consumer": execution.consumer,
        "flow": execution.flow or None,
        "execution": execution.id,
        "correlation": execution.id,
        "type": execution.type.value,
    }


def change(
    services: Services, execution: Execution, build: Callable[[Execution], Execution]
) -> Execution:
    """Save what ``build`` makes of the execution as it stands now, and return it as saved.

    Raises:
        BusyRunError: others won every time.
    """
    for _ in range(TRIES):
        fresh = _fresh(services, execution)
        changed = build(fresh)
        if changed == fresh:
            return fresh
        if services.log.save_execution(changed):
            _tell_end(services, fresh, changed)
            return replace(changed, version=changed.version + 1)
    raise BusyRunError(execution.id)


def _tell_end(services: Services, before: Execution, after: Execution) -> None:
    """Note the end of a run; a poll that requested nothing has said all when it had asked."""
    is_idle = after.type is RunType.POLL and not after.counts.get("requested")
    if is_idle or not is_running(before) or is_running(after):
        return
    took_s = ((after.ended_at or after.started_at) - after.started_at).total_seconds()
    services.note(
        "execution.ended",
        **_named(after),
        state=after.state.value,
        duration_ms=round(took_s * 1000),
        **{name: count for name, count in after.counts.items() if count},
    )


def _fresh(services: Services, execution: Execution) -> Execution:
    return services.log.read_execution(execution.consumer, execution.id) or execution


def is_running(execution: Execution) -> bool:
    """Whether the run has not ended."""
    return execution.state is ExecutionState.RUNNING


def added(execution: Execution, **counts: int) -> Execution:
    """Return the execution with its counts raised."""
    sums = dict(execution.counts)
    for name, count in counts.items():
        sums[name] = sums.get(name, 0) + count
    return replace(execution, counts=sums)


def told(execution: Execution, at: datetime, text: str, row: str | None = None) -> Execution:
    """Return the execution with a message more; the last of a hundred says that there are more."""
    if len(execution.messages) >= MESSAGES_AT_MOST:
        return execution
    if len(execution.messages) == MESSAGES_AT_MOST - 1:
        text, row = "There are more messages; see the rows of this run.", None
    said = Message(at=at, text=text[:TEXT_AT_MOST], row=row)
    last = execution.messages[-1] if execution.messages else None
    if last is not None and (last.text, last.row) == (said.text, said.row):
        return execution
    return replace(execution, messages=(*execution.messages, said))


def cancel(services: Services, execution: Execution) -> Execution:
    """End a run at once: it requests nothing more; rows it requested already go on by themselves.

    A run that has ended stays as it is.
    """
    now = services.now()

    def build(fresh: Execution) -> Execution:
        if not is_running(fresh):
            return fresh
        return replace(
            fresh,
            cancelled=True,
            collecting=False,
            state=ExecutionState.CANCELLED,
            ended_at=now,
            cursor=None,
        )

    return change(services, execution, build)


def finish_collecting(
    services: Services, execution: Execution, *, problem: str | None = None
) -> Execution:
    """Note that everything was requested, or why no more will be; a run without rows ends here.

    Args:
        problem: one sentence; the run then ends as Error, however its rows fare.
    """
    now = services.now()

    def build(fresh: Execution) -> Execution:
        if not is_running(fresh) or not fresh.collecting:
            return fresh
        collected = replace(fresh, collecting=False, cursor=None)
        if problem is not None:
            collected = replace(
                told(collected, now, problem), spec={**collected.spec, "problem": problem}
            )
        return collected if collected.counts.get("requested") else ended(collected, now)

    return change(services, execution, build)


def ended(execution: Execution, now: datetime) -> Execution:
    """Return the execution with its end: never green when something was there and nothing moved."""
    counts = execution.counts
    synced, failed, held = (counts.get(name, 0) for name in _SETTLED)
    total = synced + failed + held
    moved = synced or counts.get("skipped", 0)
    stuck = counts.get("found", 0) > 0 and not moved
    wrong = bool(failed or stuck or execution.spec.get("problem"))
    if (failed or stuck) and total:
        execution = told(execution, now, f"{synced} of {total} synced.")
    elif stuck:
        execution = told(execution, now, "Something was found, and nothing could be requested.")
    return replace(
        execution,
        state=ExecutionState.ERROR if wrong else ExecutionState.SUCCESS,
        ended_at=now,
        watch_cursor=None,
    )


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at some rows of a run: those that have ended, and the ids of those that have not."""

    settled: Sequence[tuple[RowName, Row | None, str]]
    open: Sequence[RowName]


def watch(services: Services, execution: Execution, *, pages: int = 20) -> bool:
    """Count the rows of a run that have ended, and end the run with the last of them.

    Looks at the rows that were still under way last time, then at up to ``pages`` pages more.
    Returns whether there is more to look at right now; rows under way are no reason to.
    """
    for _ in range(pages):
        if not is_running(execution) or execution.collecting:
            return False
        before = execution
        execution = _watch_page(services, execution)
        if execution.watch_cursor == before.watch_cursor:
            return False
    return is_running(execution)


def _watch_page(services: Services, execution: Execution) -> Execution:
    """Look once more at the open rows, and at the next page if there is room for its rows."""
    names = [RowName.from_id(execution.consumer, id_) for id_ in execution.spec.get("open", ())]
    cursor, complete = execution.watch_cursor, bool(execution.spec.get("seen_all"))
    look = _look(services, execution, names)
    if not complete and len(look.open) <= OPEN_AT_MOST - TOGETHER:
        page = services.log.list_execution_rows(
            execution.consumer, execution.id, limit=TOGETHER, cursor=cursor
        )
        further = _look(services, execution, page.items)
        look = _Look(settled=[*look.settled, *further.settled], open=[*look.open, *further.open])
        cursor, complete = page.next, page.next is None
    return _save_look(services, execution, look, cursor, complete)


def _save_look(
    services: Services, execution: Execution, look: _Look, cursor: str | None, complete: bool
) -> Execution:
    now = services.now()

    def build(fresh: Execution) -> Execution:
        if not is_running(fresh) or fresh.version != execution.version:
            return fresh  # somebody else looked too: what was counted once is not counted again
        still_open = [name.id for name in look.open]
        spec = {**fresh.spec, "open": still_open, "seen_all": complete}
        looked = _with_settled(replace(fresh, spec=spec, watch_cursor=cursor), look.settled, now)
        if not complete or not still_open:
            return ended(looked, now) if complete else looked
        return _without(looked, len(still_open), now)

    return change(services, execution, build)


def _without(execution: Execution, under_way: int, now: datetime) -> Execution:
    """Return a run that was watched for a day with its end; a younger one as it is."""
    if (now - execution.started_at).total_seconds() < WATCHED_AT_MOST_S:
        return execution
    problem = f"After a day {under_way} rows are still under way; look at them by this run."
    spec = {**execution.spec, "problem": problem}
    return ended(replace(told(execution, now, problem), spec=spec), now)


def _with_settled(
    execution: Execution, settled: Iterable[tuple[RowName, Row | None, str]], now: datetime
) -> Execution:
    for name, row, how in settled:
        execution = added(execution, done=1, **{how: 1})
        if how == "failed" and row is not None:
            execution = told(execution, now, _why(row), name.id)
    return execution


def _why(row: Row) -> str:
    sentence = row.reason.rule.sentence if row.reason else ""
    return f"{sentence} {row.detail or ''}".strip()


def _look(services: Services, execution: Execution, names: Sequence[RowName]) -> _Look:
    if not names:
        return _Look(settled=[], open=[])
    settled, still_open = [], []
    for name, row in zip(names, services.log.read_rows(names), strict=True):
        how = _how_it_ended(row, execution)
        if how is None:
            still_open.append(name)
        else:
            settled.append((name, row, how))
    return _Look(settled=settled, open=still_open)


def _how_it_ended(row: Row | None, execution: Execution) -> str | None:
    """Return synced, failed or held; None while the row is under way.

    A row that is requested again and again counts as synced once it was so during the run; one that
    was erased counts as failed.
    """
    if row is None:
        return "failed"
    if row.status is Status.SYNCED:
        return "synced"
    if row.status is Status.FAILED:
        return "failed"
    if row.reason is not None and row.reason.is_hold and row.reason is not Reason.THROTTLED:
        return "held"
    was_synced = row.synced_at is not None and row.synced_at >= execution.started_at
    return "synced" if was_synced else None
