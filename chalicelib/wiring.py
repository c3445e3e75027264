"""Builds the real objects; the only module that knows everything.

Entry points call ``services()`` inside the handler, never at import. On AWS the first call reads
the environment and builds everything for the life of the process; one machine and tests say which
stores to use with ``use``.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.connectors.catalog import OFFERS
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.opening import open_account
from chalicelib.connectors.pool import Pool, open_pool
from chalicelib.domain.platforms import Offer
from chalicelib.domain.ports import Registry, SyncLog, Vault, WorkQueue
from chalicelib.domain.setup import Connection
from chalicelib.flows import tokens
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.declare import Flow
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.ops import logging, metrics
from chalicelib.ops.aws import Clients
from chalicelib.ops.settings import Home, Settings
from chalicelib.queue.sqs import SqsQueue
from chalicelib.store import changes
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.registry import TableRegistry
from chalicelib.store.sealing import KmsVault
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.table import Table

THREADS = 16  #: requests to AWS that one process makes at the same time

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
    http: Pool
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
            account=opening.account,
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
    guard = HostGuard(allow_loopback=settings.allow_private_hosts)
    openings = Openings(offers=offers, guard=guard, now=now, http=http or open_pool(guard))
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
        note=logging.note,
        correlation=logging.correlation,
    )
    openings.services = services
    return services


class NotWiredError(RuntimeError):
    """Nobody said which stores to use: start the service with ``make run`` or ``make demo``."""


@dataclass(frozen=True, kw_only=True)
class AwsStores:
    """The stores on AWS, and the tables under them."""

    log: TableSyncLog
    registry: TableRegistry
    queue: SqsQueue
    vault: KmsVault
    log_table: DynamoTable
    registry_table: DynamoTable

    def close(self) -> None:
        """Nothing has to be closed: a process on AWS just ends."""


def open_aws_stores(
    settings: Settings,
    *,
    clients: Clients,
    now: Callable[[], datetime] = utc_now,
    threads: Executor | None = None,
) -> AwsStores:
    """Open the stores that the settings name."""
    dynamodb = clients.get("dynamodb")
    log_table = DynamoTable(dynamodb, settings.table_log, now, threads)
    registry_table = DynamoTable(dynamodb, settings.table_registry, now, threads)
    vault = KmsVault(clients.get("kms"), settings.key_id, now=now)
    retention = timedelta(days=settings.retention_days)
    urls = {"records": settings.queue_records, "stock": settings.queue_stock}
    return AwsStores(
        log=TableSyncLog(table=log_table, vault=vault, retention=retention),
        registry=TableRegistry(table=registry_table),
        queue=SqsQueue(clients.get("sqs"), urls),
        vault=vault,
        log_table=log_table,
        registry_table=registry_table,
    )


def build_on_aws(settings: Settings, stores: AwsStores) -> Services:
    """Build what flow functions work with over the stores on AWS."""
    return build(
        settings,
        log=stores.log,
        registry=stores.registry,
        queue=stores.queue,
        vault=stores.vault,
    )


@dataclass
class _Wired:
    services: Services | None = None
    settings: Settings | None = None
    log_table: Table | None = None


_wired = _Wired()


def _wire_on_aws() -> None:
    """Build everything from the environment, once a process."""
    found = Settings.from_env(os.environ)
    if found.home is not Home.AWS:
        raise NotWiredError(NotWiredError.__doc__)
    logging.configure(found)
    metrics.configure(found)
    stores = open_aws_stores(
        found, clients=Clients(), threads=ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
    )
    _wired.services = build_on_aws(found, stores)
    _wired.settings, _wired.log_table = found, stores.log_table


def services() -> Services:
    """Return the services of this process.

    Raises:
        NotWiredError: none were built, and this is not the aws home.
        SettingsError: it is, and its settings are wrong.
    """
    if _wired.services is None:
        _wire_on_aws()
    assert _wired.services is not None  # noqa: S101 - wired just now
    return _wired.services


def settings() -> Settings:
    """Return the settings of this process; raises as ``services`` does."""
    if _wired.settings is None:
        _wire_on_aws()
    assert _wired.settings is not None  # noqa: S101 - wired just now
    return _wired.settings


def follow_changes(records: Sequence[Mapping[str, Any]]) -> None:
    """Bring counts and search words in step with a batch of the log table's stream.

    On one machine the table does so by itself, so there is no stream to read.
    """
    services()
    if _wired.log_table is not None:
        changes.follow_changes(_wired.log_table, records)


@contextmanager
def use(
    services: Services, settings: Settings, *, log_table: Table | None = None
) -> Iterator[None]:
    """Let entry points use these services for a while."""
    before = (_wired.services, _wired.settings, _wired.log_table)
    _wired.services, _wired.settings, _wired.log_table = services, settings, log_table
    try:
        yield
    finally:
        _wired.services, _wired.settings, _wired.log_table = before
