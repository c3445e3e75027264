"""A Synclog in memory for simulations: metered tables, a clock to move, vendors at hand.

The engine, the door, the dispatcher, the stores and the flows are the product's own. Only the
vendors are made up here: they say what a healthy account would, in as many calls as the flow
declares (``Flow.calls``, which ``python -m bench --only costs`` confirms).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.metering import Heat, MeteredTable
from bench.scale.vendors import Vendor
from chalicelib.connectors.catalog import OFFERS
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import (
    Connection,
    Consumer,
    FlowSetup,
    Health,
    MappingTable,
    PollState,
)
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.catalog import FLOWS
from chalicelib.flows.services import Opened, Services
from chalicelib.store.registry import TableRegistry
from local.sqlite.queue import SqliteQueue
from local.sqlite.stores import build_log
from local.sqlite.vault import FileVault

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
#: A pace that never ends: what a table can take is asked apart from what a vendor allows.
UNLIMITED = {"calls_per_minute": "1000000000"}

_SETTINGS: Mapping[str, Mapping[str, str]] = {
    PRODUCTS: {"price_list": "1"},
    STOCK: {},
    ORDERS: {
        "start_date": "2026-01-01T00:00:00+00:00",
        "order_status": "1",
        "walk_in_customer": "7",
    },
}
_MAPPINGS = {
    PRODUCTS: ("category",),
    STOCK: ("location",),
    ORDERS: ("warehouse", "channel", "tax", "payment_method"),
}


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class World:
    """A running Synclog whose time and vendors are made up."""

    services: Services
    clock: Clock
    heat: Heat
    log_table: MeteredTable
    vendor: Vendor


@contextmanager
def open_world(
    *,
    shards: int = 1,
    spend: Callable[[Clock, int], object] = lambda clock, requests: None,
    call: Callable[[Clock], object] = lambda clock: None,
) -> Iterator[World]:
    """Open an empty Synclog.

    Args:
        shards: of index ``list``.
        spend: what requests to a table take of the time; nothing unless said.
        call: what one call of a vendor takes of the time.
    """
    clock, rng = Clock(), Random(1)
    heat = Heat(now=clock)
    tables = [
        MeteredTable(name, heat, now=clock, spend=lambda requests: spend(clock, requests))
        for name in ("log", "registry")
    ]
    queue = SqliteQueue(None, now=clock)
    vendor = Vendor(now=clock, rng=rng, call=lambda: call(clock))
    log = build_log(tables[0], FileVault(None), shards=shards)
    registry = TableRegistry(table=tables[1])
    numbers = count(1)
    services = Services(
        log=log,
        registry=registry,
        queue=queue,
        vault=FileVault(None),
        flows=FLOWS,
        offers=OFFERS,
        open=lambda connection, _, execution: _opened(vendor, connection, execution),
        now=clock,
        new_id=lambda: f"{next(numbers):020d}",
        roll=rng.random,
        public_url="https://hooks.example",
        cache=SetupCache(registry=registry, log=log, now=clock),
    )
    try:
        yield World(services=services, clock=clock, heat=heat, log_table=tables[0], vendor=vendor)
    finally:
        for table in tables:
            table.close()
        queue.close()


def _opened(vendor: Vendor, connection: Connection, execution: str | None) -> Opened:
    side = vendor.open(connection, execution)
    return Opened(
        connection=connection,
        offer=OFFERS[connection.platform],
        platform=side,
        take_exchanges=side.take_exchanges,
    )


def add_merchant(
    services: Services,
    consumer: str,
    *,
    settings: Mapping[str, str] = UNLIMITED,
    polls_from: datetime | None = None,
    rng: Random | None = None,
) -> None:
    """Set up a merchant: both accounts, all flows switched on.

    Args:
        polls_from: when the first polls are due; they are spread over their interval by ``rng``.
    """
    puts: list[Any] = [Consumer(id=consumer, name=consumer, created_at=START)]
    puts += [
        Connection(
            consumer=consumer,
            name=name,
            platform=name,
            settings=settings,
            sealed_credentials=b"sealed",
            health=Health.HEALTHY,
            webhook_token=f"{consumer}-{name}",
        )
        for name in ("brightpearl", "square")
    ]
    for flow, given in _SETTINGS.items():
        setup = FlowSetup(
            consumer=consumer, flow=flow, enabled=True, settings=given, completed_at=START
        )
        puts.append(setup)
        puts += [
            MappingTable(consumer=consumer, flow=flow, name=name, default="1")
            for name in _MAPPINGS[flow]
        ]
        if polls_from is not None and (every_s := FLOWS[flow].poll_every_s):
            at = polls_from + timedelta(seconds=(rng or Random(1)).uniform(0, every_s))
            times = {"cursor": polls_from, "finished_at": polls_from, "next_at": at}
            puts.append(PollState(consumer=consumer, flow=flow, **times))
    if not services.registry.save(Change(puts=puts)):
        raise ValueError(f"{consumer} is there already")
