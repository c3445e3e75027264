"""The dispatcher: every minute it sets going what is due; each part is bounded and fails alone."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.log import Execution, RunType
from chalicelib.domain.setup import PollState
from chalicelib.flows import housekeeping, rates, runs, sweeps
from chalicelib.flows.bulk import continue_resync
from chalicelib.flows.imports import continue_import
from chalicelib.flows.polls import run_poll
from chalicelib.flows.releases import run_releases
from chalicelib.flows.services import Services
from chalicelib.flows.turns import Line, Work, do_all, do_each, line_of_all

POLLS_TOGETHER = 100
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


def tend(services: Services, *, deadline: datetime, threads: int = 1) -> None:
    """Do what is due except polls, most urgent first; where polls have a function of their own.

    With more ``threads`` its parts go on side by side, and each does so many things at a time.
    """

    def share(of: int) -> datetime:
        return services.now() + (deadline - services.now()) / of

    parts: deque[Work] = deque(
        [
            # However many rows wait, runs are left the time for a call of a slow platform.
            lambda: run_releases(services, deadline=share(4), threads=threads),
            lambda: rates.release_backlogs(services, deadline=share(3), threads=threads),
            lambda: continue_runs(services, deadline=deadline, threads=threads),
            lambda: housekeeping.tend_tokens(services, deadline=deadline, threads=threads),
            lambda: housekeeping.run(services, deadline=deadline, threads=threads),
        ]
    )
    do_each(services, lambda: parts.popleft() if parts else None, threads=min(threads, len(parts)))


def run_due_polls(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Run a slice of every poll that is due, oldest first; returns whether more is left.

    ``threads`` polls run at a time. One whose slice is over goes to the end of the line, and has
    another turn if there is time.
    """
    left: dict[tuple[str, str], bool] = {}
    # Not looked at when none could begin any more: a page needs its whole timeout.
    shortest_s = min((offer.pace.timeout_s for offer in services.offers.values()), default=0)
    last_begin = deadline - timedelta(seconds=shortest_s)

    def read(limit: int) -> Sequence[PollState]:
        before = services.now() + timedelta(milliseconds=1)  # one that is due now is due
        return services.registry.list_due_polls(before=before, limit=limit)

    def work(poll: PollState) -> None:
        left[poll.consumer, poll.flow] = run_poll(
            services, poll.consumer, poll.flow, until=deadline, slice_s=POLL_SLICE_S
        )

    line = Line(
        read=read,
        turn_of=lambda poll: (poll.consumer, poll.flow, poll.next_at),
        work=work,
        has_time=lambda: services.now() <= last_begin,
        together=POLLS_TOGETHER,
    )
    do_each(services, line.take, threads=threads)
    return line.is_cut or any(left.values())


def continue_runs(services: Services, *, deadline: datetime, threads: int = 1) -> bool:
    """Go on with every execution that has not ended: request more, or watch what was requested."""
    left: list[bool] = []

    def work(key: tuple[str, str]) -> None:
        left.append(continue_run(services, *key, deadline=deadline))

    line = line_of_all(
        services,
        lambda limit: services.log.list_running(limit=limit),
        work,
        has_time=lambda: services.now() < deadline,
    )
    do_each(services, line.take, threads=threads)
    return line.is_cut or any(left)


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
