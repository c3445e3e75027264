"""Tokens: exchanged under one lease before they end, and once more when a platform refuses one.

The new pair is sealed and saved before anybody uses it, and the old pair is kept until the new one
has worked: an answer that got lost, or a token that does not work, never locks us out.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health
from chalicelib.flows.loading import pace_of
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.credentials import open_credentials, with_credentials
from chalicelib.flows.setup.saving import NOTHING, release, save

PREVIOUS = "previous"  #: credential that holds the pair before this one, and whose before it was
EXPIRES_AT = "expires_at"
REFRESH_TOKEN = "refresh_token"  # noqa: S105  # the name of a credential
ACCESS_TOKEN = "access_token"  # noqa: S105  # the name of a credential
REFRESHED_AT = 0.8  #: of its life, a token is exchanged
ENDED_AGAIN = timedelta(hours=1)
LEASE_S = 90
#: A platform that says no to the exchange itself; anything else only says that it is away.
_REFUSALS = (Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED, Reason.REJECTED_BY_TARGET)


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether a connection's tokens have lived four fifths of their life.

    Tokens of unknown life are exchanged once, which tells it. A refused exchange is tried again
    after four fifths of what is left, each hour once they ended. A connection without a refresh
    token, or one that is down, is left alone.
    """
    if REFRESH_TOKEN not in connection.credential_names or connection.health is Health.DOWN:
        return False
    ends, began = connection.tokens_expire_at, connection.tokens_refreshed_at
    if ends is None or began is None:
        return began is None
    wait = (ends - began) * REFRESHED_AT if ends > began else ENDED_AGAIN
    return now >= began + wait


def is_unproven(connection: Connection) -> bool:
    """Whether nobody has tried the present pair yet, so that the one before it is still kept."""
    refreshed, checked = connection.tokens_refreshed_at, connection.checked_at
    has_tokens = REFRESH_TOKEN in connection.credential_names
    return has_tokens and refreshed is not None and (checked is None or checked < refreshed)


def tend(services: Services, connection: Connection) -> bool:
    """Exchange the tokens of a connection if it is time, and try new ones; False: nothing to do.

    Raises:
        SyncFailure: the platform did not do it; noted on the connection, and tried again later.
    """
    if is_due(connection, services.now()):
        _exchange_or_note(services, connection)
        return True
    if is_unproven(connection) and connection.health is not Health.DOWN:
        prove(services, connection)
        return True
    return False


def renew(
    services: Services, connection: Connection, refused: Mapping[str, str]
) -> Mapping[str, str] | None:
    """Return credentials to go on with after a platform refused some (401); None: there are none.

    Whoever comes first exchanges the tokens; whoever comes later gets what the first one saved.

    Raises:
        SyncFailure: somebody is exchanging them right now; try again in a moment.
    """
    fresh = services.registry.read_connection(connection.consumer, connection.name)
    if fresh is None:
        return None
    known = open_credentials(services, fresh)
    if known.get(ACCESS_TOKEN) != refused.get(ACCESS_TOKEN):
        return usable(known)
    if REFRESH_TOKEN not in known:
        return None
    try:
        return _exchange(services, fresh)
    except SyncFailure as failure:
        if failure.reason in _REFUSALS:
            return None
        raise


def usable(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return credentials as a platform uses them, without the pair that is kept in reserve."""
    return {name: value for name, value in credentials.items() if name != PREVIOUS}


def _exchange_or_note(services: Services, connection: Connection) -> None:
    try:
        _exchange(services, connection)
    except SyncFailure as failure:
        if failure.reason in _REFUSALS:
            _note(services, connection, f"The token could not be renewed: {failure.detail}")
        raise


def _note(services: Services, connection: Connection, detail: str) -> None:
    """Tell people of a refused exchange, and remember when it was, so that it is not repeated."""

    def build() -> Change:
        fresh = services.registry.read_connection(connection.consumer, connection.name)
        if fresh is None:
            return NOTHING
        now = services.now()
        return Change(puts=[replace(fresh, health_detail=detail, tokens_refreshed_at=now)])

    save(services, connection.consumer, build)


def _exchange(services: Services, connection: Connection) -> dict[str, str]:
    """Exchange and save the tokens under the connection's lease; returns the new credentials."""
    key = f"tokens/{connection.consumer}/{connection.name}"
    holder, now = services.new_id(), services.now()
    until = now + timedelta(seconds=LEASE_S)
    if not services.log.take_lease(key, holder, until=until, now=now):
        detail = "The account's token is being renewed at this moment."
        raise SyncFailure(Reason.RETRYING, detail, retry_after_s=5)
    try:
        return _exchange_alone(services, connection)
    finally:
        services.log.end_lease(key, holder)


def _exchange_alone(services: Services, connection: Connection) -> dict[str, str]:
    fresh = services.registry.read_connection(connection.consumer, connection.name)
    if fresh is None:
        raise SyncFailure(Reason.CONNECTION_DOWN, "The connection was removed.")
    known = open_credentials(services, fresh)
    if fresh.sealed_credentials != connection.sealed_credentials:
        return usable(known)  # somebody else did it while we waited for the lease
    changed = _ask(services, fresh, known)
    credentials = {**usable(known), **changed}
    previous = {"pair": usable(known), "before": _print_of(credentials)}
    _store(services, fresh, credentials, {**credentials, PREVIOUS: json.dumps(previous)})
    return credentials


def _print_of(credentials: Mapping[str, str]) -> str:
    """Return what tells one refresh token from another without telling it."""
    return hashlib.sha256(credentials.get(REFRESH_TOKEN, "").encode()).hexdigest()


def _ask(services: Services, connection: Connection, known: Mapping[str, str]) -> Mapping[str, str]:
    """Ask for new tokens; if the platform refuses, with the pair before, which may be the one it
    knows.
    """
    try:
        return _refresh(services, connection)
    except SyncFailure as failure:
        before = _pair_before(known)
        if failure.reason not in _REFUSALS or before is None:
            raise
    # No saved version holds these credentials, so none that is kept in memory is taken for it.
    unsaved = replace(connection, version=-connection.version)
    return {**before, **_refresh(services, with_credentials(services, unsaved, before))}


def _pair_before(known: Mapping[str, str]) -> dict[str, str] | None:
    """Return the pair in reserve; None where a person has given other credentials since."""
    previous = json.loads(known.get(PREVIOUS, "{}"))
    if previous.get("before") != _print_of(known):
        return None
    pair: dict[str, str] = previous["pair"]
    return pair


def _refresh(services: Services, connection: Connection) -> Mapping[str, str]:
    opened = _open(services, connection)
    try:
        return opened.platform.refresh_tokens()
    finally:
        _keep_traces(services, opened)


def _store(
    services: Services,
    connection: Connection,
    credentials: Mapping[str, str],
    kept: Mapping[str, str],
) -> None:
    """Save new tokens; rows that were held because the old ones ended are released.

    Raises:
        SyncFailure: somebody gave the connection other credentials meanwhile; those stand.
    """
    now = services.now()
    sealed = with_credentials(services, connection, kept)

    def build() -> Change:
        fresh = services.registry.read_connection(connection.consumer, connection.name)
        if fresh is None or fresh.sealed_credentials != connection.sealed_credentials:
            return NOTHING
        renewed = replace(
            fresh,
            sealed_credentials=sealed.sealed_credentials,
            credential_names=tuple(sorted(credentials)),
            tokens_expire_at=_time_of(credentials.get(EXPIRES_AT)),
            tokens_refreshed_at=now,
            health_detail="",
        )
        cause = connection_cause(connection.name)
        return Change(puts=[renewed], releases=[release(services, connection.consumer, cause)])

    if save(services, connection.consumer, build) == NOTHING:
        detail = "The account was given other credentials at this moment."
        raise SyncFailure(Reason.RETRYING, detail, retry_after_s=5)


def _time_of(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def prove(services: Services, connection: Connection) -> None:
    """Try new tokens with one check; when they work, the pair before them is dropped.

    Raises:
        SyncFailure: the platform did not answer; the old pair is kept, and it is tried again.
    """
    opened = _open(services, connection)
    try:
        works = opened.platform.check().ok
    finally:
        _keep_traces(services, opened)

    def build() -> Change:
        fresh = services.registry.read_connection(connection.consumer, connection.name)
        if fresh is None or fresh.sealed_credentials != connection.sealed_credentials:
            return NOTHING
        known = open_credentials(services, fresh)
        proven = with_credentials(services, fresh, usable(known)) if works else fresh
        return Change(puts=[replace(proven, checked_at=services.now())])

    save(services, connection.consumer, build)


def _open(services: Services, connection: Connection) -> Opened:
    timeout_s = pace_of(services.offers[connection.platform], connection).timeout_s
    deadline = services.now() + timedelta(seconds=2 * timeout_s)
    return services.open(connection, lambda: deadline, None)


def _keep_traces(services: Services, opened: Opened) -> None:
    exchanges = opened.take_exchanges()
    if exchanges:
        services.log.put_traces([], exchanges)
