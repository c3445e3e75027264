"""When a flow is ready: its connections are made and its set-up was completed once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.setup import Connection, FlowSetup, PollState
from chalicelib.flows.declare import Flow, base_name, connections_of, on_same_account
from chalicelib.flows.services import Services


@dataclass(frozen=True, kw_only=True)
class Lack:
    """One thing a flow needs and has not: ``what`` is connection, flow or setting."""

    what: str
    name: str
    sentence: str


def shared_flow(flow: Flow, name: str) -> str | None:
    """Return the flow as set up whose answers a flow uses as well; None if it shares none."""
    return on_same_account(name, flow.shares) if flow.shares else None


def lacks_of(
    services: Services,
    flow: Flow,
    setup: FlowSetup,
    connections: Mapping[str, Connection],
    *,
    completed: Collection[str] = (),
) -> list[Lack]:
    """Return everything that is missing, connections first.

    Args:
        connections: those there are, by name.
        completed: flows whose set-up the same save completes.
    """
    return [
        *_missing_connections(services, flow, setup, connections),
        *_missing_answers(services, flow, setup, completed),
        *_missing_settings(flow, setup),
    ]


def hints_of(services: Services, flow: Flow, setup: FlowSetup) -> list[Lack]:
    """Return what keeps rows of a running flow waiting though it lacks nothing itself.

    What its records belong to comes by another flow, which has to run as well.
    """
    if flow.belongs_to is None or not setup.enabled:
        return []
    name = on_same_account(setup.flow, flow.belongs_to.flow)
    first = services.flows.get(base_name(name))
    known = services.registry.read_flow(setup.consumer, name)
    is_asked_for = name == shared_flow(flow, setup.flow) and not _is_complete(known)
    if first is None or is_asked_for or (known is not None and known.enabled):
        return []
    sentence = f"Switch on {first.label}: rows here wait for what it brings."
    return [Lack(what="flow", name=name, sentence=sentence)]


def _missing_connections(
    services: Services, flow: Flow, setup: FlowSetup, connections: Mapping[str, Connection]
) -> list[Lack]:
    platforms = zip(connections_of(flow, setup.flow), (flow.source, flow.target), strict=True)
    return [
        Lack(
            what="connection",
            name=name,
            sentence=f"Connect {_label_of(services, platform)}: there is no connection {name} yet.",
        )
        for name, platform in platforms
        if name not in connections
    ]


def _missing_answers(
    services: Services, flow: Flow, setup: FlowSetup, completed: Collection[str]
) -> list[Lack]:
    name = shared_flow(flow, setup.flow)
    if name is None or name in completed:
        return []
    if _is_complete(services.registry.read_flow(setup.consumer, name)):
        return []
    label = services.flows[base_name(name)].label
    sentence = f"Set up {label} first: its answers are used here."
    return [Lack(what="flow", name=name, sentence=sentence)]


def _is_complete(setup: FlowSetup | None) -> bool:
    return setup is not None and setup.completed_at is not None


def _missing_settings(flow: Flow, setup: FlowSetup) -> list[Lack]:
    return [
        Lack(
            what="setting",
            name=setting.name,
            sentence=f"Fill in the setting {setting.label} ({setting.name}).",
        )
        for setting in flow.settings
        if setting.required and not (setup.settings.get(setting.name) or setting.default)
    ]


def is_ready(flow: Flow, setup: FlowSetup, connections: Mapping[str, Connection]) -> bool:
    """Whether the flow may run.

    A setting that is taken away later changes nothing here: the rows it touches are held instead.
    """
    has_both = all(name in connections for name in connections_of(flow, setup.flow))
    return setup.completed_at is not None and has_both


def with_completion(setup: FlowSetup, lacks: Sequence[Lack], now: datetime) -> FlowSetup:
    """Note that the set-up is complete, if it is so for the first time."""
    if setup.completed_at is not None or lacks:
        return setup
    return replace(setup, completed_at=now)


def follow_ups(
    services: Services,
    setups: Iterable[FlowSetup],
    connections: Mapping[str, Connection],
    *,
    completed: Collection[str] = (),
) -> tuple[list[FlowSetup], list[PollState]]:
    """Return those set-ups that are complete now, and the polls that can run from now on.

    A flow that uses the answers of another comes after it, so that one save may complete both.
    """
    known = [(services.flows.get(base_name(one.flow)), one) for one in setups]
    declared = [(flow, one) for flow, one in known if flow is not None]
    done, fresh, polls = set(completed), [], []
    for flow, before in sorted(declared, key=lambda pair: pair[0].shares is not None):
        lacks = lacks_of(services, flow, before, connections, completed=done)
        after = with_completion(before, lacks, services.now())
        if after != before:
            fresh.append(after)
            done.add(after.flow)
        polls += polls_to_start(services, flow, after, connections)
    return fresh, polls


def polls_to_start(
    services: Services, flow: Flow, setup: FlowSetup, connections: Mapping[str, Connection]
) -> list[PollState]:
    """Return the poll that has to run now because the flow is switched on and ready.

    Its cursor stays where it was, so what changed while the flow was off is found.
    """
    runs = setup.enabled and is_ready(flow, setup, connections)
    if not runs or flow.poll_every_s is None:
        return []
    known = services.registry.read_poll(setup.consumer, setup.flow)
    poll = known or PollState(consumer=setup.consumer, flow=setup.flow)
    return [replace(poll, next_at=services.now())]


def _label_of(services: Services, platform: str) -> str:
    offer = services.offers.get(platform)
    return offer.label if offer else platform
