"""One run of the randomised test: the real engine on the stand-ins, with everything going wrong.

Actors (workers, editors, people, sweeper, releases, redrive) are greenlets that give way before and
after every port call; there they may also crash. One seed decides everything, so a run can be
replayed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from greenlet import greenlet

from chalicelib.domain.log import Exchange, RowQuery
from chalicelib.domain.ports import BusyError, Change
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Connection, Consumer, FlowSetup, Health
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import RowWrite
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.engine import WorkerCrashError
from chalicelib.flows.services import Opened, Services
from local.sqlite.unruly import open_unruly_stores
from tests.model.acts import ANSWERS, CONSUMER, Acts
from tests.model.gates import Gate, LogGate, QueueGate, Stopped
from tests.model.routes import FLOWS, PRODUCTS, STOCK, offer_of
from tests.model.world import START, Clock, Faults, ViolationError, World, WorldPlatform

WORKERS = 3
MESSAGES_AT_MOST = 12  # outstanding for one row

Mutation = Callable[[RowWrite], RowWrite]


@dataclass
class Run(Acts):
    """A world, its service, and the actors at work in it."""

    seed: int
    mutation: Mutation = lambda write: write
    steps: int = 22
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.clock = Clock()
        self.faults = Faults(
            crash=self.dice.choice((0, 0.002, 0.006)),
            lost_answer=self.dice.choice((0.1, 0.5)),
        )
        self.world = World(
            dice=self.dice, clock=self.clock, faults=self.faults, keyed=self.dice.random() < 0.3
        )
        self.world.pause = self.give_way
        # Without versions nobody can know that a read is stale; the next poll heals that.
        self.versioned = self.dice.random() < 0.6
        if not self.versioned:
            self.faults.stale_read = 0
        self.world.meanwhile = lambda record: self.start("edit", lambda: self.edit(record))
        self.one_writer = self.dice.random() < 0.5
        self.hub = greenlet.getcurrent()
        self.actors: list[tuple[str, greenlet]] = []
        self.ids = 0
        self.seen: dict[RowName, Row] = {}
        self.untold: list[tuple[str, str]] = []  # webhooks that were not answered yet
        self.stores = self._stores()
        self.services = self._services()
        self._set_up()

    def _stores(self) -> Any:
        stores = open_unruly_stores(
            now=self.clock.now, rng=self.dice, shards=self.dice.choice((1, 3))
        )
        stores.log_table.lag_indexes = self.dice.random() < 0.4
        stores.queue.reorders = True
        stores.queue.forgets_deletes = self.dice.choice((0, 0.05))
        return stores

    def _services(self) -> Services:
        log = LogGate(self.stores.log, "log", self)
        registry = Gate(self.stores.registry, "registry", self)
        queue = self.queue = QueueGate(self.stores.queue, "queue", self)
        calls = self.dice.choice((12, 1000, 1000))
        return Services(
            log=log,  # type: ignore[arg-type]
            registry=registry,  # type: ignore[arg-type]
            queue=queue,  # type: ignore[arg-type]
            vault=self.stores.vault,
            flows=FLOWS,
            offers={
                name: offer_of(name, self.world, calls=calls, one_writer=self.one_writer)
                for name in ("erp", "till")
            },
            open=self._open,
            now=self.clock.now,
            new_id=self._new_id,
            roll=self.dice.random,
            public_url="https://hooks.example.com",
            cache=SetupCache(
                registry=self.stores.registry, log=self.stores.log, now=self.clock.now
            ),
        )

    def _new_id(self) -> str:
        self.ids += 1
        return f"id{self.ids:06d}"

    def _open(
        self,
        connection: Connection,
        until: Callable[[], datetime] | None,
        execution: str | None,
    ) -> Opened:
        offer = self.services.offers[connection.platform]
        deadline = until or self.clock.now
        return Opened(
            connection=connection,
            offer=offer,
            platform=WorldPlatform(world=self.world, may_send_until=deadline),
            take_exchanges=list[Exchange],
        )

    def _set_up(self) -> None:
        registry = self.stores.registry
        connections = [
            Connection(consumer=CONSUMER, name=name, platform=name, health=Health.HEALTHY)
            for name in ("erp", "till")
        ]
        flows = [
            FlowSetup(consumer=CONSUMER, flow=name, enabled=True, completed_at=START)
            for name in FLOWS
        ]
        consumer = Consumer(id=CONSUMER, name="Corner", created_at=START)
        registry.save(Change(puts=[consumer, *connections, *flows]))
        self._save_mapping({"cups": ANSWERS["cups"]})

    def close(self) -> None:
        """Give the stores back."""
        self.stores.close()

    # Actors give way here, and here they may stop.

    def give_way(self, what: str) -> None:
        """Let other actors run; the calling one may never come back."""
        if greenlet.getcurrent() is self.hub:
            return
        self.hub.switch(what)
        self.may_stop(what)

    def may_stop(self, what: str) -> None:
        """Crash the calling actor, sometimes."""
        if greenlet.getcurrent() is not self.hub and self.world.happens(self.faults.crash):
            self.tell(f"crash at {what}")
            raise Stopped(what)

    def tell(self, line: str) -> None:
        """Add a line to the story of this run."""
        since = (self.clock.at - START).total_seconds()
        self.story.append(f"{since:9.1f}s {line}")

    def start(self, name: str, act: Callable[[], None]) -> None:
        """Start an actor."""

        def run() -> None:
            try:
                act()
            except Stopped:
                pass
            except BusyError as error:  # whoever it is tries again, or somebody else does
                self.tell(f"{name}: {error}")
            except WorkerCrashError as error:
                self.tell(f"{name}: {error}")
                if not isinstance(error.__cause__, BusyError):
                    raise

        self.actors.append((name, greenlet(run, parent=self.hub)))

    def step(self) -> None:
        """Let one actor go on until it gives way."""
        index = self.dice.randrange(len(self.actors))
        _, actor = self.actors[index]
        actor.switch()
        if actor.dead:
            del self.actors[index]

    # What must hold.

    def watch(self, tag: str | None, after: Row | None) -> None:
        """Look at one row write as it happens."""
        if after is None or tag is None:
            return
        before = self.seen.get(after.name)
        self.seen[after.name] = after
        if after.is_owed != (after.due_at is not None):
            raise ViolationError(f"{after.name.id}: due_at does not stand for owed after {tag}")
        if tag == "claimed" and before is not None:
            self._watch_claim(before)
        if tag == "done" and after.status is Status.SYNCED:
            self._watch_synced(after)
        reason = after.reason.value if after.reason else ""
        self.tell(
            f"  {after.name.flow[4:9]}{after.name.record} {tag}: {after.status.value} {reason}"
        )

    def _watch_claim(self, before: Row) -> None:
        planned = before.next_attempt_at
        if planned is not None and planned > self.clock.at + timedelta(seconds=2):
            raise ViolationError(f"{before.name.id}: the backoff was bypassed")

    def _watch_synced(self, row: Row) -> None:
        kind = FLOWS[row.name.flow].kind.value
        copies = self.world.copies_of(kind, row.name.record)
        held = [c for c in copies if c.id == row.target_id and row.sent_version in c.versions]
        if not held:
            raise ViolationError(f"{row.name.id} is Synced and the target does not hold it")

    def catch_up(self) -> None:
        """Let the indexes show everything that was written."""
        self.stores.log_table.catch_up()

    def check_messages(self) -> None:
        """At most a handful of messages per row are under way."""
        names = len(self.rows())
        count = sum(self.stores.queue.count(queue) for queue in ("records", "stock"))
        if count > MESSAGES_AT_MOST * max(names, 1):
            raise ViolationError(f"{count} messages are under way for {names} rows")

    def rows(self) -> list[Row]:
        """All rows there are."""
        query = RowQuery(consumer=CONSUMER, lanes=sorted(FLOWS))
        return list(self.stores.log.list_rows(query, limit=100).items)

    def play(self) -> None:
        """Play the run: first with faults, then to rest; raises ``ViolationError``."""
        acts = (
            [self.edit] * 8
            + [self.resync] * 2
            + [self.map_more, self.switch_flow, self.refuse]
            + [self.switch_on, self.reconnect] * 2
            + [self.sweep] * 2
            + [self.release] * 4
            + [self.redrive, self.poll]
        )
        for _ in range(self.steps):
            self.clock.pass_s(self.dice.choice((0, 0.1, 1, 5, 20, 70)))
            if self.dice.random() < 0.6:
                self.catch_up()
            act = self.dice.choice(acts)
            self.start(act.__name__, act)
            for queue in ("records", "stock"):
                if sum(name == queue for name, _ in self.actors) < WORKERS:
                    self.start(queue, lambda queue=queue: self.work(queue))
            for _ in range(self.dice.choice((10, 25, 50))):
                if self.actors:
                    self.step()
        self.come_to_rest()
        self.check_at_rest()

    def stop_faults(self) -> None:
        """From now on everything works."""
        self.faults.stop()
        self.stores.log_table.lag_indexes = False
        self.stores.queue.forgets_deletes = 0

    def come_to_rest(self) -> None:
        """No more faults: everybody finishes, and time passes until nothing is owed."""
        while self.actors:
            self.step()
        self.stop_faults()
        self.reconnect()
        self.switch_on()
        self._save_mapping(dict(ANSWERS))
        for flow, record in self.untold:
            self.request(flow, record, by="webhook")
        self.rest_a_while()
        self.redrive()
        self.rest_a_while()

    def rest_a_while(self) -> None:
        """Let sweeper, dispatcher and workers run until nothing is owed or held."""
        for _ in range(60):
            self.clock.pass_s(60)
            self.world.settle_late()
            self.sweep()
            self.release()
            for queue in ("records", "stock"):
                while self.work(queue):
                    pass
            self.check_messages()
            if all(row.status in (Status.SYNCED, Status.FAILED) for row in self.rows()):
                self.clock.pass_s(200)
                self.release()
                return

    def check_at_rest(self) -> None:
        """Every row is Synced, and the target holds what the source has, once."""
        for row in self.rows():
            if row.status is not Status.SYNCED:
                raise ViolationError(f"{row.name.id} rests at {row.status.value}/{row.reason}")
        for record in self.world.things:
            thing = self.world.latest(record)
            wanted = {PRODUCTS: f"{thing.value}@{self.entries[thing.category]}", STOCK: thing.value}
            for flow, value in wanted.items():
                copies = self.world.copies_of(flow.kind.value, record)
                if [copy.value for copy in copies] != [value]:
                    held = [copy.value for copy in copies]
                    raise ViolationError(f"{flow.kind.value} {record}: {held} instead of {value}")


def story_of(seed: int, error: BaseException, run: Run) -> str:
    """Tell what happened in a failed run."""
    told = "\n".join(run.story[-150:])
    return f"seed {seed}: {error}\n{told}\nreplay: python -m tests.model.fuzz --seed {seed}"
