"""The dispatcher: every minute it sets going what is due; each part is bounded and fails alone."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from chalicelib.domain.log import Execution, RunType
from chalicelib.domain.setup import PollState
from chalicelib.flows import housekeeping, rates, runs, sweeps
from chalicelib.flows.bulk import continue_resync
from chalicelib.flows.imports import continue_import
from chalicelib.flows.polls import run_poll
from chalicelib.flows.releases import run_releases
from chalicelib.flows.services import Services
from chalicelib.flows.turns import Work, do_all, do_each

POLLS_TOGETHER = 100
RUNS_TOGETHER = 1000
#: No run or poll keeps the others waiting for longer, but for two calls of a slow platform.
RUN_SLICE_S = 10
POLL_SLICE_S = 20
LEASE_SPARE_S = 30
ORPHANED_AFTER_S = 120  #: a poll's run that its poll knows nothing of, this long after its start


def tick(services: Services, *, deadline: datetime) -> None:
    """Do all that is due until ``deadline``; what is left waits for the next tick.

    One consumer's failing platform stops nobody else; a defect is raised after all had their turn.
    """
    do_all(
        services,
        [
            lambda: tend(services, deadline=deadline),
            lambda: run_due_polls(services, deadline=deadline),
        ],
    )


def tend(services: Services, *, deadline: datetime) -> None:
    """Do what is due except polls, most urgent first; where polls have a function of their own."""
    do_all(
        services,
        [
            lambda: run_releases(services),
            lambda: rates.release_backlogs(services),
            lambda: continue_runs(services, deadline=deadline),
            lambda: housekeeping.tend_tokens(services, deadline=deadline),
            lambda: housekeeping.run(services, deadline=deadline),
        ],
    )


def run_due_polls(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Run a slice of every poll that is due, oldest first; returns whether more is left.

    ``threads`` polls run at a time. One whose slice is over goes to the end of the line, and has
    another turn if there is time.
    """
    line = _Line(services=services, deadline=deadline)
    do_each(services, line.take, threads=threads)
    return line.is_cut or any(line.left.values())


@dataclass
class _Line:
    """Polls that are due, each time anew; what had its turn and is due still is passed over."""

    services: Services
    deadline: datetime
    left: dict[tuple[str, str], bool] = field(default_factory=dict)  #: of a poll's last slice
    is_cut: bool = False  #: time was over before all had their turn
    _next: deque[PollState] = field(default_factory=deque)
    _seen: set[tuple[str, str, datetime | None]] = field(default_factory=set)
    _passed_over: int = 0

    def take(self) -> Work | None:
        """Return the work of the next poll; None if there is none, or no time."""
        if not self._next:
            self._list()
        self.is_cut = bool(self._next) and self.services.now() >= self.deadline
        if self.is_cut or not self._next:
            return None
        return partial(self._run, self._next.popleft())

    def _list(self) -> None:
        before = self.services.now() + timedelta(milliseconds=1)  # one that is due now is due
        while True:
            limit = POLLS_TOGETHER + self._passed_over
            due = self.services.registry.list_due_polls(before=before, limit=limit)
            new = {_turn_of(poll): poll for poll in due if _turn_of(poll) not in self._seen}
            self._seen |= new.keys()
            self._next.extend(new.values())
            self._passed_over = len(due) - len(new)
            if new or len(due) < limit:
                return

    def _run(self, poll: PollState) -> None:
        self.left[poll.consumer, poll.flow] = run_poll(
            self.services, poll.consumer, poll.flow, until=self.deadline, slice_s=POLL_SLICE_S
        )


def _turn_of(poll: PollState) -> tuple[str, str, datetime | None]:
    return poll.consumer, poll.flow, poll.next_at


def continue_runs(services: Services, *, deadline: datetime) -> bool:
    """Go on with every execution that has not ended: request more, or watch what was requested."""
    left: list[bool] = []

    def work(consumer: str, execution_id: str) -> None:
        if services.now() < deadline:
            left.append(continue_run(services, consumer, execution_id, deadline=deadline))
        else:
            left.append(True)

    running = services.log.list_running(limit=RUNS_TOGETHER)
    # Another one begins each time: where time runs out, nobody is always the last.
    first = int(services.roll() * len(running))
    do_all(services, (partial(work, *key) for key in (*running[first:], *running[:first])))
    return any(left)


def continue_run(
    services: Services, consumer: str, execution_id: str, *, deadline: datetime
) -> bool:
    """Go on with one execution for a slice, alone; returns whether more of it is left."""
    lease, holder = f"run/{consumer}/{execution_id}", services.new_id()
    lease_until = deadline + timedelta(seconds=LEASE_SPARE_S)
    if not services.log.take_lease(lease, holder, until=lease_until, now=services.now()):
        return False
    try:
        execution = services.log.read_execution(consumer, execution_id)
        return execution is not None and _continue(services, execution, deadline)
    finally:
        services.log.end_lease(lease, holder)


def _continue(services: Services, execution: Execution, deadline: datetime) -> bool:
    if not runs.is_running(execution):
        return False
    if not execution.collecting:
        return runs.watch(services, execution)
    return _COLLECTORS[execution.type](services, execution, deadline)


def _end_orphan(services: Services, execution: Execution, _: datetime) -> bool:
    """End the run of a poll that nobody goes on with; a poll under way collects by itself."""
    age_s = (services.now() - execution.started_at).total_seconds()
    if age_s < ORPHANED_AFTER_S or _is_of_a_poll(services, execution):
        return False
    runs.finish_collecting(services, execution, problem="The run was interrupted.")
    return True


def _is_of_a_poll(services: Services, execution: Execution) -> bool:
    names = (execution.flow, sweeps.sweep_of(execution.flow))
    polls = (services.registry.read_poll(execution.consumer, name) for name in names)
    return any(poll is not None and poll.execution == execution.id for poll in polls)


def _import(services: Services, execution: Execution, deadline: datetime) -> bool:
    return continue_import(services, execution, until=deadline, slice_s=RUN_SLICE_S)


def _resync(services: Services, execution: Execution, deadline: datetime) -> bool:
    """Ask no platform: a slice needs no room for its calls."""
    until = min(deadline, services.now() + timedelta(seconds=RUN_SLICE_S))
    return continue_resync(services, execution, until=until)


_COLLECTORS: dict[RunType, Callable[[Services, Execution, datetime], bool]] = {
    RunType.POLL: _end_orphan,
    RunType.IMPORT: _import,
    RunType.RESYNC: _resync,
}
