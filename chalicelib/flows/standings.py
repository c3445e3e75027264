"""How each consumer stands, on one line: what is down, what failed, what waits, what is silent."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from chalicelib.domain.log import Counts, Page, SlotCounts
from chalicelib.domain.setup import Connection, Consumer, FlowSetup, Health
from chalicelib.domain.statuses import Status
from chalicelib.flows.declare import base_name
from chalicelib.flows.services import Services
from chalicelib.flows.setup.flows import is_running, read_oldest_waiting
from chalicelib.flows.turns import do_each

SILENT_AFTER = timedelta(hours=24)
SLOT = timedelta(minutes=15)  #: rows are counted by quarters of an hour
THREADS = 8  #: consumers that are read at the same time; each mostly waits for the stores


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One consumer as the operator's first page shows it."""

    consumer: Consumer
    connections: Counter[Health]
    down: Sequence[str]  #: connections that refuse us
    failed: int
    pending: int
    oldest_waiting_at: datetime | None  #: when the oldest Pending row was listed
    flows_on: int
    not_ready: Sequence[str]  #: flows that are on and lack something
    silent: Sequence[str]  #: flows that run and brought no change for a day


@dataclass(frozen=True, kw_only=True)
class FlowsStanding:
    """The flows that are on, by what they do."""

    running: Sequence[FlowSetup]
    not_ready: Sequence[FlowSetup]


def list_standings(
    services: Services, *, text: str | None, limit: int, cursor: str | None
) -> Page[Standing]:
    """Return a page of consumers by id with how they stand; deleted ones are left out.

    Each costs four to six small queries, and one more for each flow in which something waits.
    """
    page = services.registry.list_consumers(text=text, limit=limit, cursor=cursor)
    kept = [consumer for consumer in page.items if consumer.deleted_at is None]
    return Page(items=read_standings(services, kept), next=page.next, previous=page.previous)


def read_standings(services: Services, consumers: Sequence[Consumer]) -> list[Standing]:
    """Return how these consumers stand, in the order given; some are read at a time."""
    found: dict[str, Standing] = {}

    def read(consumer: Consumer) -> None:
        found[consumer.id] = read_standing(services, consumer)

    works = deque(partial(read, consumer) for consumer in consumers)
    threads = max(1, min(THREADS, len(works)))
    do_each(services, lambda: works.popleft() if works else None, threads=threads)
    return [found[consumer.id] for consumer in consumers]


def read_standing(services: Services, consumer: Consumer) -> Standing:
    """Return how one consumer stands."""
    connections = services.registry.list_connections(consumer.id)
    setups = services.registry.list_flows(consumer.id)
    # A flow that is no more has rows, and no list that shows them.
    counts = [
        one for one in services.log.count_now(consumer.id) if base_name(one.flow) in services.flows
    ]
    waits = {
        read_oldest_waiting(services, consumer.id, flow, counts)
        for flow in dict.fromkeys(one.flow for one in counts)
    }
    on = flows_that_are_on(services, setups, connections)
    return Standing(
        consumer=consumer,
        connections=Counter(one.health for one in connections),
        down=[one.name for one in connections if one.health is Health.DOWN],
        failed=count_of(counts, Status.FAILED),
        pending=count_of(counts, Status.PENDING),
        oldest_waiting_at=min((at for at in waits if at is not None), default=None),
        flows_on=len(on.running) + len(on.not_ready),
        not_ready=[setup.flow for setup in on.not_ready],
        silent=_read_silent(services, consumer.id, on.running),
    )


def count_of(counts: Sequence[Counts], status: Status) -> int:
    """Return how many rows stand at a status."""
    return sum(one.count for one in counts if one.status is status)


def flows_that_are_on(
    services: Services, setups: Sequence[FlowSetup], connections: Sequence[Connection]
) -> FlowsStanding:
    """Tell the flows that run from those that are switched on and lack something."""
    by_name = {one.name: one for one in connections}
    on = [one for one in setups if one.enabled and base_name(one.flow) in services.flows]
    running = [one for one in on if is_running(services.flows[base_name(one.flow)], one, by_name)]
    return FlowsStanding(running=running, not_ready=[one for one in on if one not in running])


def _read_silent(services: Services, consumer: str, running: Sequence[FlowSetup]) -> list[str]:
    now = services.now()
    old = [one.flow for one in running if could_be_silent(one, now)]
    if not old:
        return []
    slots = services.log.count_slots(
        consumer, listed_from=now - SILENT_AFTER - SLOT, listed_to=now + SLOT
    )
    return silent_among(old, slots)


def could_be_silent(setup: FlowSetup, now: datetime) -> bool:
    """Whether a flow is complete for so long that something should have come."""
    return setup.completed_at is not None and setup.completed_at <= now - SILENT_AFTER


def silent_among(flows: Sequence[str], slots: Sequence[SlotCounts]) -> list[str]:
    """Return the flows that have no row in these slots."""
    heard = {slot.flow for slot in slots}
    return [flow for flow in flows if flow not in heard]
