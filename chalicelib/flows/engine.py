"""The engine: one function for all flows.

claim → load → gates → map → find → decide → write → verify → complete, for a batch of messages.
A message only names a row; everything else is read now. What is left undone comes back: by the
message itself, by a planned message, or by the sweeper.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import STARTS_AT_MOST, claim, park
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows import both_ways, decide, families, rates, wholes, work
from chalicelib.flows.closing import Batch, complete, parent_kind
from chalicelib.flows.declare import Planning
from chalicelib.flows.door import is_known, queue_of
from chalicelib.flows.loading import Setup, read_owners, read_setup, with_links
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.unexported import LAG_S
from chalicelib.flows.work import Job, Work

BUSY_WRITER_S = 1  #: another worker writes this seller's catalogue: the message comes back then


@dataclass(frozen=True, kw_only=True)
class Batchwork:
    """What became of a batch of messages: the receipts that are done with."""

    done: Sequence[str]
    failed: Sequence[str]  #: their messages come back by themselves


class WorkerCrashError(Exception):
    """A defect stopped the work on some rows; noted on them, and told to whoever watches."""


def sync_batch(
    services: Services, messages: Sequence[QueueMessage], *, deadline: datetime
) -> Batchwork:
    """Work a batch of messages, grouped by consumer and flow so that vendors' batches can be used.

    Args:
        deadline: last moment at which this worker may send anything to a platform.
    """
    groups: dict[tuple[str, str], list[QueueMessage]] = defaultdict(list)
    for message in messages:
        if is_known(services, message.name):
            groups[message.name.consumer, message.name.flow].append(message)
    lost: set[RowName] = set()
    with _raising_last() as turn:
        for (consumer, flow), group in groups.items():
            names = list(dict.fromkeys(message.name for message in group))
            with turn():
                lost |= _sync_group(services, consumer, flow, names, deadline)
    return Batchwork(
        done=[message.receipt for message in messages if message.name not in lost],
        failed=[message.receipt for message in messages if message.name in lost],
    )


def _sync_group(
    services: Services, consumer: str, flow: str, names: list[RowName], deadline: datetime
) -> set[RowName]:
    """Work rows of one consumer and flow; returns those whose message has to come back."""
    setup = read_setup(services, consumer, flow)
    if setup.blocked is not None:
        _park(services, names, *setup.blocked)
        return set()
    if not rates.take_writer(services, setup, deadline):
        _send_later(services, names)
        return set()
    try:
        slow = rates.take_for(services, setup, len(names))
        if slow is not None:
            rates.park_throttled(services, setup, names, slow)
            return set()
        return _claim_and_work(services, setup, names, deadline)
    finally:
        rates.end_writer(services, setup, deadline)


def _park(services: Services, names: Sequence[RowName], reason: Reason, cause: str) -> None:
    now = services.now()
    services.log.write_rows([park(name, cause=cause, reason=reason, now=now) for name in names])


def _send_later(services: Services, names: Sequence[RowName]) -> None:
    queue = queue_of(services, names[0])
    later = [QueueMessage(name=name, delay_s=BUSY_WRITER_S) for name in names]
    services.queue.send_many(queue, later)


def _claim_and_work(
    services: Services, setup: Setup, names: Sequence[RowName], deadline: datetime
) -> set[RowName]:
    if (deadline - services.now()).total_seconds() < 2 * setup.pace.timeout_s:
        _send_later(services, names)
        return set()
    rows = _claim(services, setup, names, deadline)
    crashed = [row for row in rows if row.starts > STARTS_AT_MOST]
    shaky = [row for row in rows if 2 < row.starts <= STARTS_AT_MOST]
    sound = [row for row in rows if row.starts <= 2]
    lost: set[RowName] = set()
    _close_crashed(services, setup, crashed)
    with _raising_last() as turn:
        for together in (sound, *([row] for row in shaky)):
            with turn():
                lost |= _attempt(services, setup, together, deadline) if together else set()
    return lost


@contextmanager
def _raising_last() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Let everybody have a turn, and raise the first crash after the last one.

    A row that keeps crashing would else use up the starts of those that are claimed with it.
    """
    crashes: list[WorkerCrashError] = []

    @contextmanager
    def turn() -> Iterator[None]:
        try:
            yield
        except WorkerCrashError as crash:
            crashes.append(crash)

    yield turn
    if crashes:
        raise crashes[0]


def _claim(
    services: Services, setup: Setup, names: Sequence[RowName], deadline: datetime
) -> list[Row]:
    now, lease_id = services.now(), services.new_id()
    claims = [
        claim(
            name,
            lease_id=lease_id,
            deadline=deadline,
            settle_s=setup.pace.settle_s,
            now=now,
        )
        for name in names
    ]
    written = services.log.write_rows(claims)
    return [done.row for done in written if done.tag == "claimed" and done.row is not None]


def _close_crashed(services: Services, setup: Setup, rows: Sequence[Row]) -> None:
    if not rows:
        return
    jobs = [Job(row=row, started_at=services.now()) for row in rows]
    for job in jobs:
        terms = decide.Terms(policy=setup.flow.retry, pace=setup.pace, now=services.now(), jitter=0)
        job.ending = decide.end_crashed(job.row, terms)
    complete(services, Batch(setup=setup, jobs=jobs, exchanges=[]))


def _attempt(
    services: Services, setup: Setup, rows: Sequence[Row], deadline: datetime
) -> set[RowName]:
    """Make one attempt at claimed rows and close them; returns those whose lease was lost."""
    jobs = [Job(row=row, started_at=services.now()) for row in rows]
    batch = Batch(setup=setup, jobs=jobs, exchanges=[])
    opened: list[Opened] = []
    try:
        for connection in (setup.source, setup.target):
            opened.append(services.open(connection, lambda: deadline, rows[0].execution))
        _work(services, setup, jobs, *opened, deadline=deadline)
        batch.wholes = wholes.find_wholes(setup, jobs, opened[0])
    except Exception as error:  # the engine's one broad except: noted on the rows, then raised
        batch.exchanges = [call for side in opened for call in side.take_exchanges()]
        batch.crash = type(error).__name__
        complete(services, batch)
        raise WorkerCrashError(f"{setup.name}: {type(error).__name__}") from error
    batch.exchanges = [call for side in opened for call in side.take_exchanges()]
    rates.settle(services, setup, batch.exchanges, len(rows))
    _note_refusals(services, setup, jobs)
    return complete(services, batch)


def _work(
    services: Services,
    setup: Setup,
    jobs: list[Job],
    source: Opened,
    target: Opened,
    *,
    deadline: datetime,
) -> None:
    """Work jobs up to their endings; rows that have to go with them join ``jobs``."""
    doing = Work(
        flow=setup.flow,
        source=source,
        target=target,
        planning=setup.planning,
        pace=setup.pace,
        now=services.now,
        roll=services.roll,
        owners_of=lambda ids: read_owners(services, setup, ids),
    )
    at = services.now() - timedelta(seconds=LAG_S)
    sold = work.ask(doing, jobs, lambda ids: setup.sold_units(services, target, at), target)
    planning = replace(setup.planning, counted_at=at, units=sold)
    # What was sold is read before the ERP's figures: an order exported in between is then
    # subtracted twice for a moment, and never put back.
    _prepare(services, setup, doing, jobs, planning)
    parents = _parents(services, setup, work.still_open(jobs))

    def claim_more(names: Sequence[RowName]) -> Sequence[Row]:
        return _claim(services, setup, names, deadline)

    sisters = families.claim_sisters(services, setup, doing, jobs, parents, claim_more)
    jobs += sisters
    _prepare(services, setup, doing, sisters, planning)

    def wanted(job: Job) -> Wanted[object]:
        return _wanted(setup, job, parents)

    work.find(doing, jobs, wanted)
    both_ways.carry_back(doing, jobs)
    work.judge(doing, jobs)
    both_ways.note_creation(doing, jobs)
    work.write(doing, jobs, wanted)


def _prepare(
    services: Services, setup: Setup, doing: Work, jobs: Sequence[Job], planning: Planning
) -> None:
    """Read records and plan what the target should hold."""
    if not jobs:
        return
    work.load(doing, jobs)
    linked = with_links(services, setup, planning, [job.record for job in work.still_open(jobs)])
    work.plan(doing, jobs, lambda job: linked)
    both_ways.choose_direction(doing, jobs)


def _parents(services: Services, setup: Setup, jobs: Sequence[Job]) -> Mapping[str, str]:
    """Ids at the target of the things several rows share, as far as they are linked."""
    keys = {key for job in jobs if (key := setup.flow.parent_key(job.desired)) is not None}
    if not keys:
        return {}
    links = services.log.read_links(
        setup.consumer,
        setup.source.name,
        setup.target.name,
        parent_kind(setup.flow),
        sorted(keys),
    )
    return {key: link.other_id for key, link in links.items()}


def _wanted(setup: Setup, job: Job, parents: Mapping[str, str]) -> Wanted[object]:
    row = job.row
    parts = (row.name.consumer, row.name.flow, row.name.record, row.generation)
    return Wanted(
        record=job.id,
        desired=job.desired,
        target_id=row.target_id,
        key=work.hash_of(parts),
        parent_id=parents.get(setup.flow.parent_key(job.desired) or ""),
        unclear=row.unclear or row.starts > 1,
    )


def _note_refusals(services: Services, setup: Setup, jobs: Sequence[Job]) -> None:
    """A refused token takes its connection down, so that nobody else is refused after it."""
    held = {
        job.ending.cause
        for job in jobs
        if job.ending is not None and job.ending.reason is Reason.CONNECTION_DOWN
    }
    for connection in (setup.source, setup.target):
        if connection_cause(connection.name) in held:
            setup.take_down(services, connection)
