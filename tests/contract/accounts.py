"""Accounts to give to a connector under test: its client, its guard, its trace, its clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import Client, Trace
from chalicelib.connectors.pool import open_pool
from chalicelib.domain.platforms import Account
from chalicelib.domain.setup import Connection

Renew = Callable[[Mapping[str, str]], Mapping[str, str] | None]


@contextmanager
def open_account(
    platform: str,
    base_url: str,
    credentials: Mapping[str, str],
    *,
    settings: Mapping[str, Any] | None = None,
    renew: Renew | None = None,
    timeout_s: float = 5.0,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Account]:
    """Open an account of one platform at ``base_url``; its connections are closed at the end.

    The trace of its calls is ``account.http.trace.exchanges``.
    """
    connection = Connection(
        consumer="corner-shirts",
        name=platform,
        platform=platform,
        base_url=base_url,
        settings=settings or {},
    )
    guard = HostGuard(allow_loopback=True)
    with open_pool(guard) as http:
        client = Client(
            consumer=connection.consumer,
            connection=connection.name,
            platform=platform,
            base_url=base_url,
            http=http,
            guard=guard,
            trace=Trace(),
            timeout_s=timeout_s,
            now=now,
            secrets=tuple(credentials.values()),
        )
        account = Account(connection=connection, credentials=dict(credentials), http=client)
        yield account if renew is None else replace(account, renew=renew)
