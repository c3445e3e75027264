"""A consumer's flows: the switch, the settings, what is missing, how they stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import flow_cause, setting_cause
from chalicelib.domain.log import Counts, Execution
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Connection, Consumer, FlowSetup
from chalicelib.domain.statuses import Status
from chalicelib.flows.declare import SECOND_ACCOUNT, Flow, base_name, connections_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import UnknownError, refuse_if_any
from chalicelib.flows.setup.readiness import (
    Lack,
    follow_ups,
    hints_of,
    is_ready,
    lacks_of,
    polls_to_start,
    shared_flow,
    with_completion,
)
from chalicelib.flows.setup.saving import entry, release, save
from chalicelib.flows.setup.settings import read_settings


@dataclass(frozen=True, kw_only=True)
class FlowView:
    """A flow as its page shows it."""

    flow: Flow
    setup: FlowSetup
    ready: bool
    missing: Sequence[Lack]  #: lacks, and what else its rows wait for
    last_execution: Execution | None
    last_polled_at: datetime | None  #: when a poll last ended well, also one that found nothing
    next_poll_at: datetime | None  #: None where no poll runs: none is declared, or the flow is idle
    oldest_waiting_at: datetime | None  #: when the oldest of its Pending rows was listed
    counts: Sequence[Counts]

    @property
    def shares(self) -> str | None:
        """The flow as set up whose mappings and settings it uses as well."""
        return shared_flow(self.flow, self.setup.flow)


def list_flow_names(services: Services, consumer: str) -> list[str]:
    """Return every declared flow, and those the consumer set up on a second account."""
    return flow_names(services, services.registry.list_flows(consumer))


def flow_names(services: Services, setups: Iterable[FlowSetup]) -> list[str]:
    """Return every declared flow, and those of these set-ups that are on a second account."""
    own = {setup.flow for setup in setups}
    return [*services.flows, *sorted(name for name in own if SECOND_ACCOUNT in name)]


def find_flow(services: Services, consumer: str, name: str) -> Flow:
    """Return the declared flow of a name as set up, such as ``a-b-to-c@shop-2``.

    Raises:
        UnknownError: there is no such flow, or no such second account.
    """
    flow = services.flows.get(base_name(name))
    if flow is None:
        known = ", ".join(services.flows)
        raise UnknownError(f"There is no such flow. Known are: {known}.")
    _, at, second = name.partition(SECOND_ACCOUNT)
    if at and not _is_second(flow, name, services.registry.read_connection(consumer, second)):
        raise UnknownError(f"There is no connection {second} that this flow could run on.")
    return flow


def _is_second(flow: Flow, name: str, found: Connection | None) -> bool:
    """Whether a connection is another account of one of the flow's own platforms.

    On the first account it would be the flow itself under another name: all would be made twice.
    """
    if found is None or found.name in (flow.source, flow.target):
        return False
    sides = zip(connections_of(flow, name), (flow.source, flow.target), strict=True)
    return (found.name, found.platform) in sides


def describe_flows(services: Services, consumer: str) -> list[FlowView]:
    """Return all flows of a consumer as their page shows them."""
    setups = {setup.flow: setup for setup in services.registry.list_flows(consumer)}
    connections = _connections_of(services, consumer)
    counts = services.log.count_now(consumer)
    return [
        _view(services, _setup_of(consumer, name, setups.get(name)), connections, counts)
        for name in flow_names(services, setups.values())
        if base_name(name) in services.flows
    ]


def describe_flow(services: Services, consumer: str, name: str) -> FlowView:
    """Return one flow as its page shows it.

    Raises:
        UnknownError: there is no such flow.
    """
    find_flow(services, consumer, name)
    setup = _setup_of(consumer, name, services.registry.read_flow(consumer, name))
    connections = _connections_of(services, consumer)
    return _view(services, setup, connections, services.log.count_now(consumer))


def save_flow(
    services: Services,
    consumer: Consumer,
    name: str,
    *,
    enabled: bool | None,
    settings: Mapping[str, Any],
    by: str,
) -> FlowSetup:
    """Change the switch, settings or both; what is not given stays, null takes a setting away.

    Switching on releases the rows parked while the flow was off; a setting that got another value
    releases the rows held for it.

    Raises:
        InvalidError: settings are unknown or do not fit; all of them are named at once.
        UnknownError: there is no such flow.
    """
    flow = find_flow(services, consumer.id, name)
    values, problems = read_settings(flow, settings, time_zone=consumer.time_zone)
    refuse_if_any(problems)
    saved = save(
        services,
        consumer.id,
        lambda: _flow_change(services, consumer.id, name, flow, enabled, values, by),
    )
    return next(put for put in saved.puts if isinstance(put, FlowSetup))


def _flow_change(
    services: Services,
    consumer: str,
    name: str,
    flow: Flow,
    enabled: bool | None,
    values: Mapping[str, str | None],
    by: str,
) -> Change:
    before = _setup_of(consumer, name, services.registry.read_flow(consumer, name))
    merged = {**before.settings, **values}
    changed = replace(
        before,
        enabled=before.enabled if enabled is None else enabled,
        settings={key: value for key, value in merged.items() if value is not None},
    )
    connections = _connections_of(services, consumer)
    lacks = lacks_of(services, flow, changed, connections)
    after = with_completion(changed, lacks, services.now())
    starts = is_running(flow, after, connections) and not is_running(flow, before, connections)
    polls = polls_to_start(services, flow, after, connections) if starts else []
    others: list[FlowSetup] = []
    if after.completed_at is not None and before.completed_at is None:
        sharing = _sharing(services, consumer, name)
        others, started = follow_ups(services, sharing, connections, completed=(name,))
        polls += started
    told = {"old": _told(before), "new": _told(after)}
    return Change(
        puts=[after, *others, *polls],
        history=[entry(services, consumer, by=by, what="flow changed", subject=name, **told)],
        releases=[release(services, consumer, cause) for cause in _freed(before, after)],
    )


def _sharing(services: Services, consumer: str, name: str) -> list[FlowSetup]:
    """Return the set-ups of flows that use this one's answers."""
    return [
        setup
        for setup in services.registry.list_flows(consumer)
        if (flow := services.flows.get(base_name(setup.flow)))
        and shared_flow(flow, setup.flow) == name
    ]


def is_running(flow: Flow, setup: FlowSetup, connections: Mapping[str, Connection]) -> bool:
    """Whether the flow is switched on and ready."""
    return setup.enabled and is_ready(flow, setup, connections)


def read_oldest_waiting(
    services: Services, consumer: str, flow: str, counts: Iterable[Counts]
) -> datetime | None:
    """Return when the oldest Pending row of a flow was listed; None if nothing waits.

    Asks only where ``counts`` say that something is Pending.
    """
    if not any(one.flow == flow and one.status is Status.PENDING for one in counts):
        return None
    row = services.log.read_oldest_due(consumer, flow)
    return row.listed_at if row else None


def _freed(before: FlowSetup, after: FlowSetup) -> list[str]:
    """Return the causes that this change removes."""
    freed = [
        setting_cause(after.flow, name)
        for name, value in after.settings.items()
        if before.settings.get(name) != value
    ]
    return freed + ([flow_cause(after.flow)] if after.enabled and not before.enabled else [])


def _told(setup: FlowSetup) -> dict[str, Any]:
    return {"enabled": setup.enabled, "settings": dict(setup.settings)}


def _setup_of(consumer: str, name: str, setup: FlowSetup | None) -> FlowSetup:
    return setup or FlowSetup(consumer=consumer, flow=name)


def _connections_of(services: Services, consumer: str) -> dict[str, Connection]:
    return {one.name: one for one in services.registry.list_connections(consumer)}


def _view(
    services: Services,
    setup: FlowSetup,
    connections: Mapping[str, Connection],
    counts: Sequence[Counts],
) -> FlowView:
    flow = services.flows[base_name(setup.flow)]
    last = services.log.list_executions(setup.consumer, flow=setup.flow, limit=1).items
    poll = services.registry.read_poll(setup.consumer, setup.flow)
    own = [count for count in counts if count.flow == setup.flow]
    polls = flow.poll_every_s is not None and is_running(flow, setup, connections)
    return FlowView(
        flow=flow,
        setup=setup,
        ready=is_ready(flow, setup, connections),
        missing=[
            *lacks_of(services, flow, setup, connections),
            *hints_of(services, flow, setup),
        ],
        last_execution=last[0] if last else None,
        last_polled_at=poll.finished_at if poll else None,
        next_poll_at=poll.next_at if poll and polls else None,
        oldest_waiting_at=read_oldest_waiting(services, setup.consumer, setup.flow, own),
        counts=own,
    )
