"""The product under the bench: its stores in a folder, every port and table counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.counting import Tally, counted_port, counted_table
from chalicelib import wiring
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.pool import open_pool
from chalicelib.flows.engine import sync_batch
from chalicelib.flows.services import Services
from chalicelib.ops import logging
from chalicelib.ops.settings import Settings
from chalicelib.store.registry import TableRegistry
from local.loops import BATCHES, CLAIM_S, VISIBILITY_S
from local.server import settings_of
from local.sqlite.stores import build_log, open_stores


@dataclass(frozen=True, kw_only=True)
class Product:
    """Services whose ports are counted."""

    services: Services
    settings: Settings
    tally: Tally


@contextmanager
def open_product(folder: Path) -> Iterator[Product]:
    """Open the product on SQLite files in a folder; no thread is started."""
    settings = Settings.from_env(settings_of({"SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes"}, 8080))
    logging.configure(settings, folder)
    stores = open_stores(folder, now=wiring.utc_now)
    tally = Tally()
    log = build_log(counted_table(stores.log_table, "log", tally), stores.vault)
    registry = TableRegistry(table=counted_table(stores.registry_table, "registry", tally))
    with open_pool(HostGuard(allow_loopback=True)) as http:
        services = wiring.build(
            settings,
            log=counted_port(log, "log", tally),
            registry=counted_port(registry, "registry", tally),
            queue=counted_port(stores.queue, "queue", tally),
            vault=counted_port(stores.vault, "vault", tally),
            http=http,
        )
        try:
            yield Product(services=services, settings=settings, tally=tally)
        finally:
            stores.close()
            logging.configure(settings)


def work_off(services: Services, queue: str, *, at_once: int | None = None) -> int:
    """Work a queue until it is empty, in batches as the workers take them; returns how many rows.

    What comes back delayed (a retry) is left for the caller to see in the rows.
    """
    worked = 0
    while True:
        messages = services.queue.receive_many(
            queue, limit=at_once or BATCHES[queue], visibility_s=VISIBILITY_S, now=services.now()
        )
        if not messages:
            return worked
        deadline = services.now() + timedelta(seconds=CLAIM_S)
        done = sync_batch(services, messages, deadline=deadline).done
        services.queue.delete_many(queue, list(done))
        worked += len(messages)
