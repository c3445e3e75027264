"""Whether a consumer's flow may run now, and what it runs with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.setup import Connection, FlowSetup, Health
from chalicelib.flows.declare import Flow, base_name, connections_of
from chalicelib.flows.loading import settings_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.readiness import is_ready, lacks_of
from chalicelib.flows.walking import BEGINNING

DOWN_AGAIN_S = 300  #: a flow whose account is down is looked at again after this


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A flow that may run."""

    flow: Flow
    setup: FlowSetup
    source: Connection
    target: Connection
    settings: Mapping[str, Any]

    @property
    def starts_at(self) -> datetime:
        """The start date of the flow; the beginning of time where it has none."""
        given = self.settings.get("start_date")
        if not given:
            return BEGINNING
        start = datetime.fromisoformat(str(given))
        return start if start.tzinfo else start.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Idle:
    """A flow that may not run, and why."""

    sentence: str
    gone: bool = False  #: the consumer or the flow is no more
    again_after_s: int | None = None  #: None: whoever sets it up starts it


def find_ready(services: Services, consumer: str, name: str) -> Ready | Idle:
    """Read whether a flow may run now: known, switched on, ready, both accounts working."""
    flow = services.flows.get(base_name(name))
    if services.cache.read_consumer(consumer) is None:
        return Idle(sentence="The consumer is no more.", gone=True)
    if flow is None:
        return Idle(sentence=f"There is no flow {name}.", gone=True)
    setup = services.registry.read_flow(consumer, name) or FlowSetup(consumer=consumer, flow=name)
    if not setup.enabled:
        return Idle(sentence=f"The flow {name} is switched off; switch it on first.")
    connections = {one.name: one for one in services.registry.list_connections(consumer)}
    if not is_ready(flow, setup, connections):
        lacks = " ".join(lack.sentence for lack in lacks_of(services, flow, setup, connections))
        return Idle(sentence=f"The flow {name} is not ready. {lacks}".strip())
    source, target = (connections[side] for side in connections_of(flow, name))
    for connection in (source, target):
        if connection.health is Health.DOWN:
            sentence = f"The connection {connection.name} is down; reconnect or check it."
            return Idle(sentence=sentence, again_after_s=DOWN_AGAIN_S)
    return Ready(
        flow=flow, setup=setup, source=source, target=target, settings=settings_of(flow, setup)
    )
