"""Webhooks: what a platform tells us goes through the one door; nothing else of it is kept."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.platforms import (
    Account,
    Changed,
    Delivery,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
    fit_changes,
)
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Connection, FlowSetup, Health
from chalicelib.domain.statuses import Kind
from chalicelib.flows import backward
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.door import Requested, request_many
from chalicelib.flows.services import Services
from chalicelib.flows.setup.connections import webhook_address
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.saving import NOTHING, save
from chalicelib.flows.telling import first_correlations, tell_health

OK, UNREADABLE, REFUSED = 200, 400, 401
ROWS_TOLD = 10  #: rows that the log line of a delivery names


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of a delivery: the status to answer, and what was made of it."""

    status: int
    requested: int = 0  #: rows that are owed now, or were already
    ignored: str = ""  #: why nothing was requested, a sentence without data of the delivery


class UnknownAddressError(LookupError):
    """Nobody has this webhook address; answered 404, so that guessing tells nothing."""

    def __init__(self) -> None:
        super().__init__("There is no such webhook address.")


def receive(
    services: Services,
    platform: str,
    token: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
) -> Received:
    """Read a delivery and request every row it speaks of.

    The answer is given after the sends: a platform that hears 200 need not tell us again. One that
    is not from the platform, or cannot be read, leaves nothing behind but a count.

    Args:
        token: the secret last part of the address.
        headers: as received; names in any case.
        body: the bytes as received; signatures hold for these alone.

    Raises:
        UnknownAddressError: no connection of this platform has this address.
    """
    try:
        connection = _find(services, platform, token)
    except UnknownAddressError:
        known = platform if platform in services.offers else "unknown"
        services.count("webhook_refused", platform=known)
        services.note("webhook.refused", platform=known, status=404, why="no such address")
        raise
    delivery = Delivery(
        headers={name.lower(): value for name, value in headers.items()},
        query=query,
        body=body,
        address=webhook_address(services, connection),
    )
    try:
        read = _read(services, connection, delivery)
    except WebhookRefusedError:
        _note_refused(services, connection, "webhook_refused", REFUSED, "signature")
        return Received(status=REFUSED, ignored="The delivery is not signed by the platform.")
    except WebhookUnreadableError as unreadable:
        _note_refused(services, connection, "webhook_unreadable", UNREADABLE, "unreadable")
        return Received(status=UNREADABLE, ignored=str(unreadable))
    if read.revoked:
        take_down(services, connection, "The platform says that our access was taken away.")
        return _accepted(services, connection, (), "Our access was taken away.")
    return _request(services, connection, read)


def _find(services: Services, platform: str, token: str) -> Connection:
    found = services.cache.find_connection(token) if token else None
    if found is None or found.platform != platform:
        raise UnknownAddressError
    if not hmac.compare_digest(found.webhook_token.encode(), token.encode()):
        raise UnknownAddressError
    if services.cache.read_consumer(found.consumer) is None:
        raise UnknownAddressError
    return found


def _read(services: Services, connection: Connection, delivery: Delivery) -> WebhookRead:
    account = Account(
        connection=connection,
        credentials=open_credentials(services, connection),
        http=None,  # reading a delivery calls nobody
    )
    read = services.offers[connection.platform].read_webhook(account, delivery)
    return replace(read, changes=fit_changes(read.changes))


def _request(services: Services, connection: Connection, read: WebhookRead) -> Received:
    kinds = sorted({change.kind for change in read.changes})
    if not kinds:
        ignored = read.ignored or "It speaks of nothing that is synced."
        return _accepted(services, connection, (), ignored)
    flows = {kind: listening(services, connection, kind) for kind in kinds}
    requests = [
        _request_of(setup, change) for change in read.changes for setup in flows[change.kind]
    ]
    heard = {kind: _hearing(services, connection, kind) for kind in kinds}
    if any(heard.values()):
        requests += _requests_back(services, heard, read.changes)
    elif not requests:
        names = " or ".join(kind.value for kind in kinds)
        ignored = f"No flow of {names} is switched on and ready."
        return _accepted(services, connection, (), ignored)
    if not requests:
        return _accepted(services, connection, (), "It speaks of nothing that came from a flow.")
    return _accepted(services, connection, request_many(services, requests))


def _note_refused(
    services: Services, connection: Connection, counter: str, status: int, why: str
) -> None:
    services.count(counter, platform=connection.platform)
    services.note(
        "webhook.refused",
        consumer=connection.consumer,
        platform=connection.platform,
        connection=connection.name,
        status=status,
        why=why,
    )


def _accepted(
    services: Services, connection: Connection, answers: Sequence[Requested], ignored: str = ""
) -> Received:
    """Note what became of a delivery; one that joined others names theirs, to go on from."""
    rows = [answer.row for answer in answers if answer.row is not None]
    joined = [one.row for one in answers if one.tag == "joined" and one.row is not None]
    requested = sum(answer.tag != "refused" for answer in answers)
    services.count("webhook_accepted", platform=connection.platform)
    services.note(
        "webhook.accepted",
        consumer=connection.consumer,
        platform=connection.platform,
        connection=connection.name,
        status=OK,
        requested=requested,
        joined=len(joined),
        joined_to=list(first_correlations(row.correlation for row in joined)) or None,
        rows=[row.name.id for row in rows[:ROWS_TOLD]] or None,
        ignored=ignored or None,
    )
    return Received(status=OK, requested=requested, ignored=ignored)


def _requests_back(
    services: Services, heard: Mapping[Kind, Sequence[FlowSetup]], changes: Sequence[Changed]
) -> list[Request]:
    """Request the source's records of what changed at the target of flows that go both ways."""
    requests = []
    for kind, setups in heard.items():
        changed = [change for change in changes if change.kind is kind]
        for setup in setups:
            flow = services.flows[base_name(setup.flow)]
            rows = backward.rows_of(services, setup.consumer, setup.flow, flow, changed)
            requests += [Request(name=name, kind=kind, by="webhook") for name, _ in rows]
    return requests


def listening(services: Services, connection: Connection, kind: Kind) -> Sequence[FlowSetup]:
    """Return the flows that carry this kind from this connection and are switched on and ready."""
    return [
        one for one in _running(services, connection) if _reads(services, one, connection, kind)
    ]


def _hearing(services: Services, connection: Connection, kind: Kind) -> Sequence[FlowSetup]:
    """Return the flows to this connection that follow what is changed there, too."""
    return [
        one
        for one in _running(services, connection)
        if (flow := services.flows.get(base_name(one.flow)))
        and backward.hears(flow, one.flow, connection, kind)
    ]


def _running(services: Services, connection: Connection) -> list[FlowSetup]:
    flows = services.cache.list_flows(connection.consumer)
    return [one for one in flows if one.enabled and one.completed_at is not None]


def _reads(services: Services, setup: FlowSetup, connection: Connection, kind: Kind) -> bool:
    flow = services.flows.get(base_name(setup.flow))
    if flow is None or flow.kind is not kind or flow.source != connection.platform:
        return False
    return connections_of(flow, setup.flow)[0] == connection.name


def _request_of(setup: FlowSetup, change: Changed) -> Request:
    return Request(
        name=RowName(consumer=setup.consumer, flow=setup.flow, record=change.record),
        kind=change.kind,
        by="webhook",
        source_version=change.version,
        platform_updated_at=change.updated_at,
        columns=change.columns,
    )


def take_down(services: Services, connection: Connection, detail: str) -> None:
    """Mark a connection as refused; its rows are held until it is reconnected or checked.

    A connection that was saved anew meanwhile is left alone: the refusal was of the old one.
    """

    def build() -> Change:
        fresh = services.registry.read_connection(connection.consumer, connection.name)
        if fresh is None or fresh.health is Health.DOWN or _is_newer(fresh, connection):
            return NOTHING
        down = replace(fresh, health=Health.DOWN, health_detail=detail, checked_at=services.now())
        return Change(puts=[down])

    if save(services, connection.consumer, build) != NOTHING:
        tell_health(services, connection, Health.DOWN, detail)


def _is_newer(fresh: Connection, connection: Connection) -> bool:
    return fresh.sealed_credentials != connection.sealed_credentials
