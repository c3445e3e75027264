"""Connections: a consumer's accounts on platforms. Credentials go in and never come out."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Connection, FlowSetup, Health, HistoryEntry, PollState
from chalicelib.domain.sign_in import SignedIn, SignIn
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import (
    Given,
    is_sign_in_awaited,
    moved_field,
    problem_of_move,
    problems_of,
)
from chalicelib.flows.setup.credentials import open_credentials, with_credentials
from chalicelib.flows.setup.errors import UnknownError, refuse_if_any
from chalicelib.flows.setup.readiness import follow_ups
from chalicelib.flows.setup.saving import entry, release, save
from chalicelib.flows.tokens import PREVIOUS


def read_connection(services: Services, consumer: str, name: str) -> Connection:
    """Return a connection.

    Raises:
        UnknownError: the consumer has none of this name.
    """
    found = services.registry.read_connection(consumer, name)
    if found is None:
        raise UnknownError(f"There is no connection {name}.")
    return found


def webhook_address(services: Services, connection: Connection) -> str:
    """Return where the platform sends its webhooks; empty without a public address of ours.

    The last part is a secret: for some platforms it is all that tells a real delivery from another.
    """
    if not services.public_url:
        return ""
    return f"{services.public_url}/webhooks/{connection.platform}/{connection.webhook_token}"


def save_connection(
    services: Services, consumer: str, name: str, given: Given, *, loopback: bool, by: str
) -> Connection:
    """Make or change a connection; rows held under it are released to try the new state.

    What is not given stays: credentials and settings that are absent are kept, null removes one.

    Args:
        loopback: whether ``http://127.0.0.1`` is a fit address, as on one machine with simulators.

    Raises:
        InvalidError: something is unknown, missing or has no fit form; everything is named at once.
    """

    def build() -> Change:
        before = services.registry.read_connection(consumer, name)
        after = _merged(services, consumer, name, before, given, loopback=loopback)
        setups, polls = _follow_ups(services, consumer, after)
        return Change(
            puts=[after, *setups, *polls],
            history=[_saved_entry(services, before, after, given, by)],
            releases=[release(services, consumer, connection_cause(name))],
        )

    save(services, consumer, build)
    return read_connection(services, consumer, name)


def save_signed_in(
    services: Services, connection: Connection, signed: SignedIn, sign_in: SignIn, *, by: str
) -> None:
    """Keep what a person's agreement at the platform's page brought; held rows are released.

    Tokens that it replaces go, with all that was kept of renewing them.
    """
    name = connection.name

    def build() -> Change:
        before = read_connection(services, connection.consumer, name)
        gone = {*sign_in.gives, PREVIOUS}
        known = open_credentials(services, before).items()
        kept = {one: value for one, value in known if one not in gone}
        after = replace(
            _unchecked(before),
            settings=_overlaid(before.settings, signed.settings),
            tokens_expire_at=signed.expires_at,
            tokens_refreshed_at=services.now(),
        )
        after = with_credentials(services, after, {**kept, **signed.credentials})
        given = Given(credentials=signed.credentials)
        return Change(
            puts=[after],
            history=[_saved_entry(services, before, after, given, by, what="connection signed in")],
            releases=[release(services, connection.consumer, connection_cause(name))],
        )

    save(services, connection.consumer, build)


def delete_connection(services: Services, consumer: str, name: str, *, by: str) -> None:
    """Remove a connection with its credentials; its flows then are not ready until it is back."""

    def build() -> Change:
        found = read_connection(services, consumer, name)
        old = {"platform": found.platform, "settings": dict(found.settings)}
        what = "connection deleted"
        line = entry(services, consumer, by=by, what=what, subject=name, old=old)
        return Change(deletes=[found], history=[line])

    save(services, consumer, build)


def _merged(
    services: Services,
    consumer: str,
    name: str,
    before: Connection | None,
    given: Given,
    *,
    loopback: bool,
) -> Connection:
    platform = given.platform or (before.platform if before else name)
    start = before or Connection(consumer=consumer, name=name, platform=platform)
    known = open_credentials(services, start)
    settings = _overlaid(start.settings, given.settings)
    offer = services.offers.get(platform)
    moved = moved_field(offer, start, given) if known else ""
    credentials = _overlaid({} if moved else known, given.credentials)
    problems = problems_of(
        name,
        offer,
        given,
        platforms=list(services.offers),
        platform_before=before.platform if before else None,
        resulting={**settings, **(credentials or known)},
        loopback=loopback,
    )
    if moved and not credentials and all(one.field != moved for one in problems):
        problems.append(problem_of_move(moved))
    refuse_if_any(problems)
    after = replace(
        _unchecked(start),
        base_url=start.base_url if given.base_url is None else given.base_url.rstrip("/"),
        settings=settings,
        webhook_token=start.webhook_token or secrets.token_urlsafe(32),
    )
    if offer is not None and is_sign_in_awaited(offer, {**settings, **credentials}):
        detail = f"Nobody has signed in at {offer.label} for this connection yet."
        after = replace(after, health=Health.DOWN, health_detail=detail)
    if credentials == known:
        return after
    fresh = replace(after, tokens_expire_at=None, tokens_refreshed_at=None)
    return with_credentials(services, fresh, credentials)


def _unchecked(connection: Connection) -> Connection:
    """Return a connection of which nothing is known, as after every change of it."""
    return replace(
        connection,
        health=Health.UNCHECKED,
        health_detail="",
        checked_at=None,
        webhooks_at=None,
        webhooks_problem="",
    )


def _overlaid(known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**known, **given}.items() if value is not None}


def _follow_ups(
    services: Services, consumer: str, connection: Connection
) -> tuple[list[FlowSetup], list[PollState]]:
    """Return the set-ups that this connection completes, and the polls that can run from now on."""
    connections = {one.name: one for one in services.registry.list_connections(consumer)}
    is_new = connection.name not in connections
    connections[connection.name] = connection
    if not is_new:
        return [], []
    setups = [
        one
        for one in services.registry.list_flows(consumer)
        if (flow := services.flows.get(base_name(one.flow)))
        and connection.name in connections_of(flow, one.flow)
    ]
    return follow_ups(services, setups, connections)


def _saved_entry(
    services: Services,
    before: Connection | None,
    after: Connection,
    given: Given,
    by: str,
    *,
    what: str = "connection changed",
) -> HistoryEntry:
    return entry(
        services,
        after.consumer,
        by=by,
        what=what if before else "connection made",
        subject=after.name,
        old=_told(before, ()) if before else None,
        new=_told(after, sorted(given.credentials)),
    )


def _told(connection: Connection, changed_credentials: Sequence[str]) -> dict[str, Any]:
    """Return what the history keeps of a connection: of credentials only the names."""
    return {
        "platform": connection.platform,
        "base_url": connection.base_url,
        "settings": dict(connection.settings),
        "credentials_given": list(changed_credentials),
    }
