"""When a flow is ready: its connections are made and its set-up was completed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.setup import Connection, FlowSetup, PollState
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.services import Services


@dataclass(frozen=True, kw_only=True)
class Lack:
    """One thing a flow needs and has not: ``what`` is connection or setting."""

    what: str
    name: str
    sentence: str


def lacks_of(
    services: Services, flow: Flow, setup: FlowSetup, connections: Mapping[str, Connection]
) -> list[Lack]:
    """Return everything that is missing, connections first; ``connections`` are by name."""
    platforms = zip(connections_of(flow, setup.flow), (flow.source, flow.target), strict=True)
    missing = [
        Lack(
            what="connection",
            name=name,
            sentence=f"Connect {_label_of(services, platform)}: there is no connection {name} yet.",
        )
        for name, platform in platforms
        if name not in connections
    ]
    return missing + [
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
