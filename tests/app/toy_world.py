"""A whole small Synclog for tests: SQLite in memory, toy platforms, a clock to advance."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib import wiring
from chalicelib.domain import closings, protocol
from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.platforms import Choice
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName, fingerprint_of
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.declare import base_name
from chalicelib.flows.door import request_many
from chalicelib.flows.keys import create_key
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.consumers import add_consumer, read_consumer
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.flows import save_flow
from chalicelib.ops import logging, metrics
from chalicelib.ops.settings import Settings
from local.sqlite.stores import Stores, open_stores
from tests.app.toys import FLOWS, OFFERS, PRODUCTS, ToyPlatform, make_opener

START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass
class World:
    """Everything a test may look at or change."""

    stores: Stores
    services: Services
    settings: Settings
    platforms: dict[str, ToyPlatform]
    time: datetime = START
    keys: dict[tuple[str | None, Role], str] = field(default_factory=dict)

    def advance(self, **span: float) -> datetime:
        """Let time pass."""
        self.time += timedelta(**span)
        return self.time

    def key(self, consumer: str | None = None, role: Role = Role.ADMIN) -> str:
        """Return a key, made on first use."""
        if (consumer, role) not in self.keys:
            name = f"{role} of {consumer or 'the operator'}"
            _, plain = create_key(
                self.services, consumer=consumer, role=role, name=name, by="the test"
            )
            self.keys[consumer, role] = plain
        return self.keys[consumer, role]

    def add_consumer(self, consumer: str, *, time_zone: str = "UTC") -> None:
        """Add a consumer."""
        add_consumer(
            self.services, id=consumer, name=consumer.title(), time_zone=time_zone, by="the test"
        )

    def connect(self, consumer: str, *names: str) -> None:
        """Connect toy platforms under the given names."""
        for name in names:
            given = Given(
                platform=name.partition("-")[0],
                settings={"account": "acme"},
                credentials={"access_token": "good-token"},
            )
            save_connection(self.services, consumer, name, given, loopback=True, by="the test")

    def switch_on(self, consumer: str, flow: str, **settings: str) -> None:
        """Switch a flow on."""
        found = read_consumer(self.services, consumer)
        save_flow(self.services, found, flow, enabled=True, settings=settings, by="the test")

    def request(self, consumer: str, flow: str, record: str, **more: Any) -> Row:
        """Request a row through the door."""
        kind = self.services.flows[base_name(flow)].kind
        name = RowName(consumer=consumer, flow=flow, record=record)
        [asked] = request_many(
            self.services, [protocol.Request(name=name, kind=kind, by="webhook", **more)]
        )
        assert asked.row is not None
        return asked.row

    def end(self, row: Row, **changes: Any) -> Row:
        """Claim a row and close it with these changes; returns it as it then stands."""
        now = self.time
        claim = protocol.claim(
            row.name,
            lease_id="a-lease",
            deadline=now + timedelta(seconds=60),
            settle_s=60,
            now=now,
        )
        [claimed] = self.services.log.write_rows([claim])
        assert claimed.row is not None
        [done] = self.services.log.write_rows([closings.finish(claimed.row, changes, now)])
        assert done.tag == "done"
        assert done.row is not None
        return done.row

    def synced(self, consumer: str, flow: str, record: str, **columns: Any) -> Row:
        """Make a row that is Synced."""
        row = self.request(consumer, flow, record, columns=columns)
        return self.end(
            row,
            status=Status.SYNCED,
            reason=None,
            outcome=Outcome.CREATED,
            target_id=f"T-{record}",
            synced_at=self.time,
        )

    def failed(self, consumer: str, flow: str, record: str, **columns: Any) -> Row:
        """Make a row that failed because the target refused its name."""
        parts = (Reason.REJECTED_BY_TARGET.value, "TOO_LONG", "name")
        row = self.request(consumer, flow, record, columns=columns)
        return self.end(
            row,
            status=Status.FAILED,
            reason=Reason.REJECTED_BY_TARGET,
            detail="The name is too long.",
            code=400,
            fingerprint=fingerprint_of(flow, parts),
            failed_at=self.time,
        )

    def held(
        self, consumer: str, flow: str, record: str, cause: str, reason: Reason, **columns: Any
    ) -> Row:
        """Make a row that waits under a cause."""
        row = self.request(consumer, flow, record, columns=columns)
        return self.end(row, status=Status.PENDING, reason=reason, cause=cause)

    def held_by_category(self, consumer: str, record: str, category: str, **columns: Any) -> Row:
        """Make a product's row that waits for the answer to its category."""
        cause = mapping_cause(PRODUCTS, "category", category)
        return self.held(consumer, PRODUCTS, record, cause, Reason.NEEDS_MAPPING, **columns)

    def releases(self) -> list[str]:
        """Return the causes that are being released, sorted."""
        due = self.services.registry.list_releases(
            due_before=self.time + timedelta(days=1), limit=1000
        )
        return sorted(release.cause for release in due)

    def history(self, consumer: str) -> list[tuple[str, str, str]]:
        """Return who did what to what, newest first."""
        lines = self.services.registry.list_history(consumer, limit=200).items
        return [(line.who, line.what, line.subject) for line in lines]


def make_settings(**more: str) -> Settings:
    """Return settings of the local home."""
    public = {
        "SYNCLOG_HOME": "local",
        "SYNCLOG_PUBLIC_URL": "https://hooks.example",
        "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
    }
    return Settings.from_env({**public, **more})


def _choices() -> Mapping[str, dict[str, list[Choice]]]:
    shop = {
        "categories": [Choice(id="1", name="Shirts"), Choice(id="2", name="Hats")],
        "price_lists": [Choice(id="7", name="Retail")],
    }
    return {"shop": shop, "till": {"categories": [Choice(id="C9", name="  shirts")]}}


@contextmanager
def open_world(**environment: str) -> Iterator[World]:
    """Open a world, wired as the process's own, and close it."""
    platforms = {name: ToyPlatform(name=name, choices=c) for name, c in _choices().items()}
    settings = make_settings(**environment)
    numbers = count(1)
    holder: list[World] = []

    def now() -> datetime:
        return holder[0].time if holder else START

    stores = open_stores(None, now=now)
    services = Services(
        log=stores.log,
        registry=stores.registry,
        queue=stores.queue,
        vault=stores.vault,
        flows=FLOWS,
        offers=OFFERS,
        open=make_opener(platforms, lambda connection: open_credentials(services, connection), now),
        now=now,
        new_id=lambda: f"{next(numbers):020}",
        roll=random.Random(1).random,
        public_url=settings.public_url,
        cache=SetupCache(registry=stores.registry, log=stores.log, now=now),
        count=metrics.count,
        note=logging.note,
        correlation=logging.correlation,
    )
    world = World(stores=stores, services=services, settings=settings, platforms=platforms)
    holder.append(world)
    try:
        with wiring.use(services, settings):
            yield world
    finally:
        stores.close()
