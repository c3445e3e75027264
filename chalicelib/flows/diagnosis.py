"""Diagnosis: why a flow, a record or a row does not sync, found in one fixed order of checks.

Nothing is asked of a platform: what polls, webhooks and attempts left behind says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.causes import connection_cause, parts_of
from chalicelib.domain.log import Execution, RowQuery, RunType
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Consumer, FlowSetup
from chalicelib.domain.statuses import Status
from chalicelib.flows import diagnosis_checks as checks
from chalicelib.flows import diagnosis_rows as of_rows
from chalicelib.flows.declare import Flow, base_name, connections_of
from chalicelib.flows.diagnosis_checks import Check, Known
from chalicelib.flows.loading import settings_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.flows import find_flow, list_flow_names
from chalicelib.flows.setup.readiness import hints_of, is_ready, lacks_of

RUNS_LOOKED_AT = 20  #: newest runs among which the last poll is looked for
SEARCH_LEAST = 3  #: letters a search has at least
ALIKE = 5  #: rows named that a wrong id may have meant
#: They say why a record did not come; of one that came they are no cause.
_ABOUT_COMING = ("start_date", "poll")


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Checks in their order, and the first that is not well, if one is the cause."""

    checks: Sequence[Check]
    cause: Check | None


def diagnose_flow(
    services: Services, consumer: Consumer, name: str, *, happened_at: datetime | None = None
) -> Diagnosis:
    """Say why a flow does not sync, or why it did not sync what happened then.

    Raises:
        UnknownError: there is no such flow.
    """
    known = _read_known(services, consumer, name)
    found = [*_of_flow(known, happened_at), checks.check_held(known), checks.check_failed(known)]
    return Diagnosis(checks=found, cause=_first(found))


def diagnose_record(
    services: Services,
    consumer: Consumer,
    name: str,
    record: str,
    *,
    happened_at: datetime | None = None,
) -> Diagnosis:
    """Say why a record does not sync, also where it has no row.

    Args:
        happened_at: the record's own time at the source, as far as the asker knows it.

    Raises:
        UnknownError: there is no such flow.
    """
    known = _read_known(services, consumer, name)
    [row] = services.log.read_rows([RowName(consumer=consumer.id, flow=name, record=record)])
    if row is not None:
        return _of_row(services, known, row, happened_at)
    alike = _find_alike(services, consumer.id, name, record)
    missing = of_rows.check_never_received(known, record, alike)
    found = [*_of_flow(known, happened_at), missing]
    return Diagnosis(checks=found, cause=_first(found))


def diagnose_row(services: Services, consumer: Consumer, row: Row) -> Diagnosis:
    """Say why a row is not Synced.

    Raises:
        UnknownError: its flow is no more.
    """
    return _of_row(services, _read_known(services, consumer, row.name.flow), row, None)


def _of_flow(known: Known, happened_at: datetime | None) -> list[Check]:
    return [
        checks.check_consumer(known),
        *checks.check_connections(known),
        checks.check_switch(known),
        checks.check_readiness(known),
        *checks.check_start_date(known, happened_at),
        checks.check_poll(known),
    ]


def _of_row(services: Services, known: Known, row: Row, happened_at: datetime | None) -> Diagnosis:
    found = [
        *_of_flow(known, happened_at),
        *_of_needed(services, known, row),
        of_rows.check_row(known, row),
    ]
    if row.status is Status.SYNCED and found[-1].ok:
        return Diagnosis(checks=found, cause=_first(found))
    about_it = [one for one in found if one.check not in _ABOUT_COMING]
    return Diagnosis(checks=found, cause=_first(about_it))


def _of_needed(services: Services, known: Known, row: Row) -> list[Check]:
    """Look at the record that a row waits for: in whichever flow that has it."""
    parts = parts_of(row.cause) if row.cause else ()
    if len(parts) != 3 or parts[0] != "record":
        return []
    _, kind, record = parts
    consumer = row.name.consumer
    names = [
        RowName(consumer=consumer, flow=flow, record=record)
        for flow in list_flow_names(services, consumer)
        if (declared := services.flows.get(base_name(flow))) and declared.kind == kind
    ]
    rows = [one for one in services.log.read_rows(names) if one is not None] if names else []
    needed = min(rows, key=lambda one: one.status is Status.SYNCED, default=None)
    return [of_rows.check_needed(known, kind, record, needed)]


def _first(found: Sequence[Check]) -> Check | None:
    return next((one for one in found if not one.ok), None)


def _find_alike(services: Services, consumer: str, flow: str, record: str) -> list[str]:
    """Return rows of the flow that a wrong id may have meant: an order's number, for one."""
    if len(record.strip()) < SEARCH_LEAST:
        return []
    query = RowQuery(consumer=consumer, lanes=[flow], text=record)
    return [row.name.id for row in services.log.list_rows(query, limit=ALIKE).items]


def _read_known(services: Services, consumer: Consumer, name: str) -> Known:
    """Read all that the checks look at: ten requests or so, whatever the size of the log."""
    flow = find_flow(services, consumer.id, name)
    setup = services.registry.read_flow(consumer.id, name)
    setup = setup or FlowSetup(consumer=consumer.id, flow=name)
    connections = {one.name: one for one in services.registry.list_connections(consumer.id)}
    own_causes = {connection_cause(side) for side in connections_of(flow, name)}
    return Known(
        consumer=consumer,
        flow=flow,
        setup=setup,
        ready=is_ready(flow, setup, connections),
        lacks=[
            *lacks_of(services, flow, setup, connections),
            *hints_of(services, flow, setup),
        ],
        connections=connections,
        labels={platform: offer.label for platform, offer in services.offers.items()},
        starts_at=_start_of(flow, setup),
        poll=services.registry.read_poll(consumer.id, name),
        last_poll_run=_read_last_poll(services, consumer.id, name),
        causes=[
            one
            for one in services.log.list_causes(consumer.id)
            if one.flow == name or one.key in own_causes
        ],
        groups=[one for one in services.log.list_groups(consumer.id) if one.flow == name],
        now=services.now(),
    )


def _start_of(flow: Flow, setup: FlowSetup) -> datetime | None:
    given = settings_of(flow, setup).get("start_date")
    if not given:
        return None
    start = datetime.fromisoformat(str(given))
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _read_last_poll(services: Services, consumer: str, flow: str) -> Execution | None:
    runs = services.log.list_executions(consumer, flow=flow, limit=RUNS_LOOKED_AT).items
    return next((run for run in runs if run.type is RunType.POLL and run.by != "sweep"), None)
