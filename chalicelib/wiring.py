"""Builds the real objects; the only module that knows everything.

Entry points call ``services()`` inside the handler, never at import. One machine and tests say
which stores to use with ``use``.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.connectors.catalog import OFFERS
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import Pool, open_pool
from chalicelib.connectors.opening import open_account
from chalicelib.domain.platforms import Offer
from chalicelib.domain.ports import Registry, SyncLog, Vault, WorkQueue
from chalicelib.domain.setup import Connection
from chalicelib.flows import tokens
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.ops import metrics
from chalicelib.ops.settings import Settings

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: sorts as it counts


def new_id() -> str:
    """Return an id that sorts by time: 9 characters of milliseconds, 11 of chance."""
    number = (int(time.time() * 1000) << 55) | random.getrandbits(55)
    digits = []
    for _ in range(20):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass
class Openings:
    """Opens connections for one process, over one HTTP pool."""

    offers: Mapping[str, Offer]
    guard: HostGuard
    now: Callable[[], datetime]
    http: Pool = field(default_factory=open_pool)
    services: Services | None = None

    def open(
        self,
        connection: Connection,
        may_send_until: Callable[[], datetime] | None = None,
        execution: str | None = None,
    ) -> Opened:
        """Open a connection for one batch of work."""
        assert self.services is not None  # noqa: S101 - set by build before anything is opened
        offer = self.offers[connection.platform]
        opening = open_account(
            connection,
            offer,
            open_credentials(self.services, connection),
            http=self.http,
            guard=self.guard,
            now=self.now,
            may_send_until=may_send_until,
            execution=execution,
            renew=lambda refused: self._renew(connection, refused),
        )
        return Opened(
            connection=connection,
            offer=offer,
            platform=offer.open(opening.account),
            take_exchanges=opening.trace.take,
        )

    def _renew(
        self, connection: Connection, refused: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        assert self.services is not None  # noqa: S101 - set by build before anything is opened
        return tokens.renew(self.services, connection, refused)


def build(
    settings: Settings,
    *,
    log: SyncLog,
    registry: Registry,
    queue: WorkQueue,
    vault: Vault,
    flows: Mapping[str, Flow] = FLOWS,
    offers: Mapping[str, Offer] = OFFERS,
    now: Callable[[], datetime] = utc_now,
    http: Pool | None = None,
) -> Services:
    """Build what flow functions work with over the given stores."""
    loopback = settings.allow_private_hosts
    openings = Openings(offers=offers, guard=HostGuard(allow_loopback=loopback), now=now)
    if http is not None:
        openings.http = http
    services = Services(
        log=log,
        registry=registry,
        queue=queue,
        vault=vault,
        flows=flows,
        offers=offers,
        open=openings.open,
        now=now,
        new_id=new_id,
        roll=random.random,
        public_url=settings.public_url,
        cache=SetupCache(registry=registry, log=log, now=now),
        count=metrics.count,
    )
    openings.services = services
    return services


class NotWiredError(RuntimeError):
    """Nobody said which stores to use: start the service with ``make run`` or ``make demo``."""


@dataclass
class _Wired:
    services: Services | None = None
    settings: Settings | None = None


_wired = _Wired()


def services() -> Services:
    """Return the services of this process.

    Raises:
        NotWiredError: none were built.
    """
    if _wired.services is None:
        raise NotWiredError(NotWiredError.__doc__)
    return _wired.services


def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        NotWiredError: none were read.
    """
    if _wired.settings is None:
        raise NotWiredError(NotWiredError.__doc__)
    return _wired.settings


@contextmanager
def use(services: Services, settings: Settings) -> Iterator[None]:
    """Let entry points use these services for a while."""
    before = (_wired.services, _wired.settings)
    _wired.services, _wired.settings = services, settings
    try:
        yield
    finally:
        _wired.services, _wired.settings = before
