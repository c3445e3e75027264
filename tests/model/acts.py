"""What the actors of a random run do: work, edit, re-sync, map, switch, refuse, sweep, release."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.causes import flow_cause, mapping_cause
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Health, MappingTable, Release
from chalicelib.flows import rates, redrive, releases, sweeper
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import sync_batch
from chalicelib.flows.services import Services
from tests.model.routes import FLOWS, PRODUCTS
from tests.model.world import Clock, Faults, World

CONSUMER = "c1"
RECORDS = ("1", "2", "3", "4")
ANSWERS = {"cups": "C", "plates": "P", "forks": "F"}
VISIBILITY_S = 120


class Acts:
    """One method per act; all are played against the real engine."""

    dice: random.Random
    clock: Clock
    faults: Faults
    world: World
    services: Services
    stores: Any
    untold: list[tuple[str, str]]
    versioned: bool
    entries: dict[str, str]
    tell: Callable[[str], None]
    _new_id: Callable[[], str]

    def work(self, queue: str) -> bool:
        """A worker takes a batch of messages; says whether there was one."""
        port = self.services.queue
        limit = self.dice.choice((1, 3, 10))
        messages = list(
            port.receive_many(queue, limit=limit, visibility_s=VISIBILITY_S, now=self.clock.at)
        )
        if not messages:
            return False
        self.dice.shuffle(messages)
        deadline = self.clock.at + timedelta(seconds=60)
        self.tell(f"worker takes {[m.name.flow[4:9] + m.name.record for m in messages]}")
        done = sync_batch(self.services, messages, deadline=deadline)
        port.delete_many(queue, list(done.done))
        return True

    def edit(self, record: str | None = None) -> None:
        """A record changes, and webhooks say so, once or twice, until we have answered them."""
        record = record or self.dice.choice(RECORDS)
        thing = self.world.edit(record)
        self.untold += [(flow, record) for flow in FLOWS]
        self.tell(f"edit {record} to {thing.value}@{thing.category}")
        for flow in self.dice.sample(sorted(FLOWS), k=2):
            for _ in range(self.dice.choice((1, 1, 2))):
                version = thing.version if self.versioned else None
                self.request(flow, record, by="webhook", version=version)
            self.untold.remove((flow, record))

    def request(self, flow: str, record: str, *, by: str, version: int | None = None) -> None:
        """Somebody says that a record changed."""
        name = RowName(consumer=CONSUMER, flow=flow, record=record)
        request_many(
            self.services,
            [Request(name=name, kind=FLOWS[flow].kind, by=by, source_version=version)],
        )

    def poll(self) -> None:
        """A poll says everything that changed again: what a lost webhook would have said."""
        for record in RECORDS:
            if record in self.world.things:
                for flow in FLOWS:
                    version = self.world.latest(record).version
                    self.request(flow, record, by="poll", version=version)

    def resync(self) -> None:
        """A person re-syncs a row."""
        record = self.dice.choice(RECORDS)
        if record in self.world.things:
            self.tell(f"person re-syncs {record}")
            self.request(self.dice.choice(sorted(FLOWS)), record, by="person")

    def map_more(self) -> None:
        """The mapping changes: values get their answer or lose it."""
        entries = {value: answer for value, answer in ANSWERS.items() if self.dice.random() < 0.7}
        self.tell(f"mapping {entries}")
        self._save_mapping(entries)

    def _save_mapping(self, entries: dict[str, str]) -> None:
        registry = self.stores.registry
        old = registry.read_mapping(CONSUMER, PRODUCTS.name, "category")
        table = old or MappingTable(consumer=CONSUMER, flow=PRODUCTS.name, name="category")
        self.entries = entries
        registry.save(
            Change(
                puts=[replace(table, entries=entries)],
                releases=[
                    self._release(mapping_cause(PRODUCTS.name, "category", value))
                    for value in entries
                ],
            )
        )

    def _release(self, cause: str) -> Release:
        return Release(consumer=CONSUMER, cause=cause, id=self._new_id(), due_at=self.clock.at)

    def switch_flow(self) -> None:
        """A flow is switched off or on."""
        name = self.dice.choice(sorted(FLOWS))
        setup = self.stores.registry.read_flow(CONSUMER, name)
        assert setup is not None
        self.set_flow(name, enabled=not setup.enabled)

    def switch_on(self) -> None:
        """All flows are switched on."""
        for name in FLOWS:
            self.set_flow(name, enabled=True)

    def set_flow(self, name: str, *, enabled: bool) -> None:
        """Set a flow's switch; switching on releases its rows."""
        setup = self.stores.registry.read_flow(CONSUMER, name)
        assert setup is not None
        self.tell(f"{name} {'on' if enabled else 'off'}")
        freed = [self._release(flow_cause(name))] if enabled else []
        self.stores.registry.save(Change(puts=[replace(setup, enabled=enabled)], releases=freed))

    def refuse(self) -> None:
        """The platform refuses the token, until somebody reconnects."""
        self.tell("token refused")
        self.world.refuses = True

    def reconnect(self) -> None:
        """A person reconnects both accounts."""
        self.world.refuses = False
        self.tell("reconnected")
        for name in ("erp", "till"):
            connection = self.stores.registry.read_connection(CONSUMER, name)
            assert connection is not None
            self.stores.registry.save(
                Change(
                    puts=[replace(connection, health=Health.HEALTHY)],
                    releases=[self._release(f"connection:{name}")],
                )
            )

    def sweep(self) -> None:
        """The sweeper runs."""
        sweeper.sweep(self.services)

    def release(self) -> None:
        """The dispatcher runs releases and frees throttled rows."""
        releases.run_releases(self.services)
        rates.release_backlogs(self.services)

    def redrive(self) -> None:
        """An operator redrives the dead letters."""
        redrive.redrive(
            self.services, most=10, per_second=1000, consumer=None, sleep=lambda seconds: None
        )
