"""Reads what a batch of rows is worked with: set-up, connections, mappings, links, units sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import connection_cause, flow_cause
from chalicelib.domain.paces import pace_of as pace_of
from chalicelib.domain.platforms import Pace
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import Sold
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Connection, FlowSetup, Health, MappingTable
from chalicelib.domain.statuses import Outcome
from chalicelib.flows import unexported
from chalicelib.flows.declare import (
    Belonging,
    Flow,
    LinkNeed,
    Planning,
    base_name,
    connections_of,
    on_same_account,
)
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.telling import tell_health


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A consumer's flow as it is set up now, opened for work."""

    consumer: str
    name: str  #: the flow as set up, with ``@name``
    flow: Flow
    source: Connection
    target: Connection
    pace: Pace  #: of the target
    planning: Planning
    blocked: tuple[Reason, str] | None = None  #: reason and cause why its rows are parked unseen

    def sold_units(
        self, services: Services, target: Opened, at: datetime
    ) -> Mapping[tuple[str, str], Sold]:
        """What was sold at the target around ``at``, as far as it matters to a count."""
        if self.flow.sold_by is None:
            return {}
        name = self.flow.sold_by
        return unexported.read_units(services, self.consumer, name, self.name, target, at)

    def take_down(self, services: Services, connection: Connection) -> None:
        """Mark a connection as refused; its rows are held until it is reconnected or checked."""
        fresh = services.registry.read_connection(self.consumer, connection.name)
        if fresh is None or fresh.version != connection.version or fresh.health is Health.DOWN:
            return
        down = replace(
            fresh,
            health=Health.DOWN,
            health_detail="The platform refused the token (401).",
            checked_at=services.now(),
        )
        if services.registry.save(Change(puts=[down])):
            tell_health(services, connection, down.health, down.health_detail)


def settings_of(flow: Flow, setup: FlowSetup | None) -> dict[str, Any]:
    """Return a flow's settings with declared defaults filled in; absent and empty are the same."""
    given = setup.settings if setup is not None else {}
    values = {s.name: given.get(s.name) or s.default for s in flow.settings}
    return {name: value for name, value in values.items() if value not in (None, "")}


def read_setup(services: Services, consumer: str, name: str) -> Setup:
    """Read a flow's set-up afresh: a worker that held a row by an old mapping would strand it."""
    flow = services.flows[base_name(name)]
    setup = services.registry.read_flow(consumer, name)
    found = {c.name: c for c in services.registry.list_connections(consumer)}
    names = connections_of(flow, name)
    source, target = (
        found.get(wanted) or Connection(consumer=consumer, name=wanted, platform=platform)
        for wanted, platform in zip(names, (flow.source, flow.target), strict=True)
    )
    shared = on_same_account(name, flow.shares) if flow.shares else ""
    mappings = _read_mappings(services, consumer, name)
    if shared:
        mappings |= _read_mappings(services, consumer, shared)
    return Setup(
        consumer=consumer,
        name=name,
        flow=flow,
        source=source,
        target=target,
        pace=pace_of(services.offers[flow.target], target),
        planning=Planning(
            flow=name,
            target_connection=target.name,
            settings=settings_of(flow, setup),
            mappings=mappings,
            shared_flow=shared,
            shared_settings=_shared_settings(services, consumer, shared),
        ),
        blocked=_blocked(setup, name, source, target),
    )


def _read_mappings(services: Services, consumer: str, name: str) -> dict[str, MappingTable]:
    return {
        rule.name: table
        for rule in services.flows[base_name(name)].mappings
        if (table := services.registry.read_mapping(consumer, name, rule.name)) is not None
    }


def _shared_settings(services: Services, consumer: str, name: str) -> Mapping[str, Any]:
    if not name:
        return {}
    return settings_of(services.flows[base_name(name)], services.registry.read_flow(consumer, name))


def _blocked(
    setup: FlowSetup | None, name: str, source: Connection, target: Connection
) -> tuple[Reason, str] | None:
    if setup is None or not setup.enabled:
        return Reason.FLOW_OFF, flow_cause(name)
    for connection in (source, target):
        if connection.version == 0 or connection.health is Health.DOWN:
            return Reason.CONNECTION_DOWN, connection_cause(connection.name)
    return None


def with_links(
    services: Services, setup: Setup, planning: Planning, records: Sequence[Any]
) -> Planning:
    """Add the links that the mapping of these records needs: id at the named side → id at the
    other; for what they belong to also which of it has a row and no link yet.
    """
    flow = setup.flow
    if not records:
        return planning
    if flow.links is not None:
        planning = replace(planning, linked=_read_links(services, setup, flow.links, records))
    if flow.belongs_to is not None:
        owners = _read_links(services, setup, flow.belongs_to.need, records)
        rows = _read_lone(services, setup, flow.belongs_to, records, owners)
        left = {r.name.record: r.detail or "" for r in rows if r.outcome is Outcome.NOT_APPLICABLE}
        awaited = frozenset(row.name.record for row in rows) - left.keys()
        planning = replace(planning, owners=owners, awaited=awaited, left_alone=left)
    return planning


def _read_links(
    services: Services, setup: Setup, need: LinkNeed, records: Sequence[Any]
) -> Mapping[str, str]:
    ids = sorted({id_ for record in records for id_ in need.ids(record)})
    at_source = need.side == "source"
    here = setup.source.name if at_source else setup.target.name
    there = setup.target.name if at_source else setup.source.name
    links = services.log.read_links(setup.consumer, here, there, need.kind, ids)
    return {id_: link.other_id for id_, link in links.items()}


def _read_lone(
    services: Services,
    setup: Setup,
    belonging: Belonging,
    records: Sequence[Any],
    owners: Mapping[str, str],
) -> list[Row]:
    """Return the rows of things these records belong to that are not linked."""
    lone = [one for one in records if not any(id_ in owners for id_ in belonging.need.ids(one))]
    ids = sorted({id_ for one in lone if (id_ := belonging.record(one, setup.name))})
    if not ids:
        return []
    flow = on_same_account(setup.name, belonging.flow)
    names = [RowName(consumer=setup.consumer, flow=flow, record=id_) for id_ in ids]
    return [row for row in services.log.read_rows(names) if row is not None]


def read_owners(services: Services, setup: Setup, ids: Sequence[str]) -> Mapping[str, str]:
    """Return which records things at the target are linked to."""
    links = services.log.read_links(
        setup.consumer, setup.target.name, setup.source.name, setup.flow.kind.value, ids
    )
    return {id_: link.other_id for id_, link in links.items()}
