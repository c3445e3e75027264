"""One run of a poll: where it stands, who works at it, and its execution.

An execution is opened when there is something to tell: a record to request, more than one page, a
failure, the first run of a flow and the first that went well after a failure. Any other run leaves
its time in the poll's state, in one write. It holds no lease: that write is refused if somebody
else's came first, and both read the same page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.domain.log import Exchange, Execution, RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import PollState
from chalicelib.flows import runs, sweeps
from chalicelib.flows.ready import Idle, Ready
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.errors import MovedOnError
from chalicelib.flows.walking import Place, Walked

LEASE_SPARE_S = 60  #: a lease outlives its slice by this, for the last page
TRIES = 5  #: how often a save is built again because somebody else saved in between


@dataclass
class PollRun:
    """A run of one poll while a slice of it is worked on."""

    ready: Ready
    poll: PollState
    id: str  #: of its execution, whether that was opened yet or not
    opened: Opened
    place: Place
    is_sweep: bool
    until: datetime
    started_at: datetime
    execution: Execution | None = None
    holder: str | None = None  #: of the lease, while it is held
    calls: list[Exchange] = field(default_factory=list)  #: made before there was an execution
    restarted: bool = False
    newest: datetime | None = None  #: latest change of the source's pages that were not noted yet
    resume: str | None = None  #: what the source's last page said, if that was not noted yet
    opened_target: Opened | None = None  #: for flows whose status goes both ways, once needed

    @property
    def lease(self) -> str:
        """One run of a connection and kind requests records at a time."""
        source, kind = self.ready.source, self.ready.flow.kind.value
        return f"poll/{source.consumer}/{source.name}/{kind}"


def begin(
    services: Services, ready: Ready, poll: PollState, until: datetime, is_sweep: bool
) -> PollRun:
    """Return a new run, or the one that a slice or a crash left; nothing is written yet."""
    id_ = poll.execution or services.new_id()
    under_way = poll.execution is not None and poll.started_at is not None
    started_at = poll.started_at if under_way else None
    place = Place.from_text(poll.page) if poll.page else None
    place = place or first_place(services, ready, poll, is_sweep)
    opened = services.open(ready.source, lambda: until, id_)
    doing = PollRun(
        ready=ready,
        poll=poll,
        id=id_,
        opened=opened,
        place=place,
        is_sweep=is_sweep,
        until=until,
        started_at=started_at or services.now(),
    )
    doing.opened = replace(opened, take_exchanges=lambda: _take_exchanges(doing, opened))
    return doing


def opened_of(services: Services, doing: PollRun) -> Opened:
    """Return the side that is read now."""
    if not doing.place.is_back:
        return doing.opened
    if doing.opened_target is None:
        opened = services.open(doing.ready.target, lambda: doing.until, doing.id)
        doing.opened_target = replace(opened, take_exchanges=lambda: _take_exchanges(doing, opened))
    return doing.opened_target


def _take_exchanges(doing: PollRun, opened: Opened) -> list[Exchange]:
    """Take the calls that were made; they are of no execution while there is none."""
    made = opened.take_exchanges()
    if doing.execution is not None:
        return made
    doing.calls += made
    return [replace(one, execution=None, correlations=(doing.id,)) for one in made]


def first_place(services: Services, ready: Ready, poll: PollState, is_sweep: bool) -> Place:
    """Return where a run begins: at its cursor less the overlap, never before the start date.

    A source that counts its changes goes on at its own mark, and shows nothing late.
    """
    overlap = timedelta(seconds=0 if is_sweep else ready.flow.poll_overlap_s)
    back_since = None
    if ready.flow.both_ways is not None and not is_sweep:
        back_since = (poll.back_at or services.now()) - overlap
    if poll.cursor is None:
        return Place(since=ready.starts_at, page=poll.resume, back_since=back_since)
    since = max(poll.cursor - overlap, ready.starts_at)
    return Place(since=since, page=poll.resume, back_since=back_since)


def may_be_quiet(doing: PollRun) -> bool:
    """Whether the run may end without an execution: it is new, and the one before it ended well."""
    return doing.poll.execution is None and doing.poll.finished_at is not None


def take_hold(services: Services, doing: PollRun) -> bool:
    """Take the lease and open the execution, if that was not done yet.

    False: somebody else works at it, or did since the state was read; what was read is theirs.
    """
    if doing.execution is not None:
        return True
    holder, until = services.new_id(), doing.until + timedelta(seconds=LEASE_SPARE_S)
    if not services.log.take_lease(doing.lease, holder, until=until, now=services.now()):
        return False
    doing.holder = holder
    fresh = services.registry.read_poll(doing.poll.consumer, doing.poll.flow)
    if (fresh.version if fresh else 0) != doing.poll.version:
        return False
    _open_execution(services, doing)
    return True


def let_go(services: Services, doing: PollRun) -> None:
    """Give the lease back, if it was taken."""
    if doing.holder is not None:
        services.log.end_lease(doing.lease, doing.holder)


def _open_execution(services: Services, doing: PollRun) -> None:
    """Note the execution and write it, or read the one that a slice or a crash left."""
    if doing.poll.execution is None:
        # Noted first: a crash from here on leaves no run that nobody goes on with.
        doing.poll = _save(
            services, doing.poll, execution=doing.id, started_at=doing.started_at, page=None
        )
    known = services.log.read_execution(doing.poll.consumer, doing.id)
    doing.execution = known or runs.begin(
        services,
        consumer=doing.poll.consumer,
        flow=doing.ready.setup.flow,
        type=RunType.POLL,
        trigger=Trigger.SCHEDULE,
        by="sweep" if doing.is_sweep else "poll",
        execution_id=doing.id,
    )
    if doing.calls:
        services.log.put_traces([], doing.calls)
        doing.calls = []


def rest(services: Services, poll: PollState, idle: Idle) -> None:
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


def go_on(services: Services, doing: PollRun, walked: Walked, further: Place) -> None:
    """Note that a page was read and what comes next."""
    doing.place = further
    cursor = _cursor_after(services, doing, walked)
    resume = {"resume": walked.resume} if walked.resume and not doing.is_sweep else {}
    doing.poll = _save(services, doing.poll, cursor=cursor, page=further.to_text(), **resume)


def turn(doing: PollRun, walked: Walked, further: Place) -> None:
    """Go on with the target's changes after source's pages that held no news; nothing is noted."""
    doing.place, doing.newest, doing.resume = further, walked.newest, walked.resume


def give_way(services: Services, doing: PollRun) -> None:
    """Let the polls that are due have their turn before this one goes on."""
    _save(services, doing.poll, next_at=services.now())


def postpone(services: Services, doing: PollRun, wait_s: float) -> None:
    """Let a run wait for calls; it goes on where it was."""
    at = services.now()
    text = "The platform allows no more calls at the moment; the run goes on by itself."
    if doing.execution is not None:
        runs.change(services, doing.execution, lambda fresh: runs.told(fresh, at, text))
    _save(services, doing.poll, next_at=at + timedelta(seconds=wait_s))


def finish_quietly(services: Services, doing: PollRun, walked: Walked) -> None:
    """End a run that found nothing to request, in one write.

    Refused: somebody saved meanwhile, such as a new time to run, and the next run reads it again.
    """
    changes = _ended(services, doing, walked)
    done = replace(doing.poll, started_at=doing.started_at, finished_at=services.now(), **changes)  # type: ignore[arg-type]  # names of its fields
    if services.registry.save(Change(puts=[done])):
        _tell_finished(services, doing, None, {"found": len(walked.changes)})
        _plan_sweep(services, doing)


def finish(
    services: Services, doing: PollRun, walked: Walked | None = None, problem: str | None = None
) -> None:
    """End the collecting, then move the cursor: a crash in between reads the last page again.

    After a failure no time of an end is noted, so that the next run is told, however it ends.
    """
    if doing.execution is None:
        return
    ended = runs.finish_collecting(services, doing.execution, problem=problem)
    _tell_finished(services, doing, problem, ended.counts)
    finished_at = None if problem else services.now()
    _save(services, doing.poll, finished_at=finished_at, **_ended(services, doing, walked))
    _plan_sweep(services, doing)


def _ended(services: Services, doing: PollRun, walked: Walked | None) -> dict[str, object]:
    """Return what changes of a poll's state with the end of a run."""
    cursor = _cursor_after(services, doing, walked)
    if doing.is_sweep:
        cursor = None
    elif cursor is None and walked is not None and walked.changes and not doing.place.is_back:
        cursor = doing.started_at  # a source without times: what changed since we asked
    next_at = services.now() + timedelta(seconds=_every_s(doing))
    ended: dict[str, object] = {
        "cursor": cursor,
        "page": None,
        "execution": None,
        "next_at": next_at,
    }
    if walked is not None:
        resume = None if doing.is_sweep else walked.resume or doing.resume
        ended |= {"resume": resume} if resume else {}
        ended |= {"back_at": doing.started_at} if walked.is_back else {}
    return ended


def _cursor_after(services: Services, doing: PollRun, walked: Walked | None) -> datetime | None:
    """Return the cursor after a page: the source's latest change, never ahead of now.

    A record dated in the future would hide everything that changes until then.
    """
    newest = (walked.newest if walked is not None else None) or doing.newest
    known = doing.poll.cursor
    if newest is None:
        return known
    newest = min(newest, services.now())
    return newest if known is None else max(known, newest)


def _plan_sweep(services: Services, doing: PollRun) -> None:
    if not doing.is_sweep:
        sweeps.plan_sweep(services, doing.ready)


def _tell_finished(
    services: Services, doing: PollRun, problem: str | None, counts: Mapping[str, int]
) -> None:
    services.count("polls_run")
    if problem is not None:
        services.count("polls_failed")
    services.note(
        "poll.finished",
        consumer=doing.poll.consumer,
        flow=doing.ready.setup.flow,
        platform=doing.ready.source.platform,
        execution=doing.execution.id if doing.execution else None,
        correlation=doing.id,
        is_sweep=doing.is_sweep or None,
        found=counts.get("found", 0),
        requested=counts.get("requested", 0),
        duration_ms=round((services.now() - doing.started_at).total_seconds() * 1000),
        problem=problem,
    )


def _every_s(doing: PollRun) -> int:
    flow = doing.ready.flow
    every_s = flow.full_sweep_every_s if doing.is_sweep else flow.poll_every_s
    return every_s or 86_400


def _save(services: Services, poll: PollState, **changes: object) -> PollState:
    """Save what changed of a poll over what others saved meanwhile, such as a new time to run."""
    for _ in range(TRIES):
        fresh = services.registry.read_poll(poll.consumer, poll.flow) or replace(poll, version=0)
        changed = replace(fresh, **changes)  # type: ignore[arg-type]  # names of its fields
        if services.registry.save(Change(puts=[changed])):
            return replace(changed, version=changed.version + 1)
    raise MovedOnError
