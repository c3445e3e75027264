"""Opens a connection for work: its client, its credentials, the ports of its platform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import Client, Trace
from chalicelib.connectors.pool import Pool
from chalicelib.connectors.redaction import secrets_of
from chalicelib.domain.paces import pace_of
from chalicelib.domain.platforms import Account, Offer
from chalicelib.domain.setup import Connection


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A connection's account, and the trace of the calls made with it."""

    account: Account
    trace: Trace


def open_account(
    connection: Connection,
    offer: Offer,
    credentials: Mapping[str, str],
    *,
    http: Pool,
    guard: HostGuard,
    now: Callable[[], datetime],
    may_send_until: Callable[[], datetime] | None = None,
    execution: str | None = None,
    renew: Callable[[Mapping[str, str]], Mapping[str, str] | None] = lambda refused: None,
) -> Opening:
    """Open a connection; no call is made."""
    trace = Trace()
    client = Client(
        consumer=connection.consumer,
        connection=connection.name,
        platform=connection.platform,
        base_url=connection.base_url,
        http=http,
        guard=guard,
        trace=trace,
        timeout_s=pace_of(offer, connection).timeout_s,
        may_send_until=may_send_until,
        now=now,
        execution=execution,
        secrets=secrets_of(credentials),
    )
    account = Account(connection=connection, credentials=credentials, http=client, renew=renew)
    return Opening(account=account, trace=trace)
