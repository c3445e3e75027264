"""One run of the randomised test: the real engine on the stand-ins, with everything going wrong.

Actors (workers, editors, people, sweeper, releases, redrive) are greenlets that give way before and after
every port call; there they may also crash. One seed decides everything, so a run can be replayed.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from greenlet import greenlet

from chalicelib.domain.causes import flow_cause, mapping_cause
from chalicelib.domain.log import Exchange, RowQuery
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Connection, Consumer, FlowSetup, Health, MappingTable, Release
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import RowWrite
from chalicelib.flows import rates, releases, sweeper
try:
    from chalicelib.flows import redrive
except ImportError:
    redrive=None
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import WorkerCrashError, sync_batch
from chalicelib.flows.services import Opened, Services
from local.sqlite.stores import open_stores
from tests.model.world import (
    FLOWS,
    PRODUCTS,
    START,
    STOCK,
    Clock,
    Faults,
    ViolationError,
    World,
    WorldPlatform,
    offer_of,
)

CONSUMER = "c1"
RECORDS = ("1", "2", "3")
WORKERS = 3
VISIBILITY_S = 120
MESSAGES_AT_MOST = 12  # outstanding for one row

Mutation = Callable[[RowWrite], RowWrite]


class Stopped(BaseException):  # noqa: N818 - the process of an actor is gone; no error of ours
    """The actor's process stopped between two instructions."""


class Gate:
    """A port whose every call gives way to other actors and may be the last of its process."""

    def __init__(self, port: Any, name: str, run: "Run") -> None:
        self._port, self._name, self._run = port, name, run

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._port, method)

        def gated(*args: Any, **kwargs: Any) -> Any:
            self._run.give_way(f"{self._name}.{method}")
            answer = call(*args, **kwargs)
            self._run.may_stop(f"after {self._name}.{method}")
            return answer

        return gated


class LogGate(Gate):
    """The sync log, watched: what is claimed, and that rows keep their shape."""

    def write_rows(self, writes: Sequence[RowWrite]) -> Any:
        run = self._run
        run.give_way("log.write_rows")
        before = dict(
            zip([w.name for w in writes], self._port.read_rows([w.name for w in writes]), strict=True)
        )
        written = self._port.write_rows([run.mutation(write) for write in writes])
        for write, done in zip(writes, written, strict=True):
            run.watch(write, before[write.name], done.tag, done.row)
        run.may_stop("after log.write_rows")
        return written


@dataclass
class Run:
    """A world, its service, and the actors at work in it."""

    seed: int
    mutation: Mutation = lambda write: write
    steps: int = 60
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.clock = Clock()
        self.faults = Faults()
        self.world = World(
            dice=self.dice, clock=self.clock, faults=self.faults, keyed=self.dice.random() < 0.5
        )
        self.world.pause = self.give_way
        self.hub = greenlet.getcurrent()
        self.actors: list[tuple[str, greenlet]] = []
        self.ids = 0
        self.person_asked: set[RowName] = set()
        self.stores = open_stores(None, now=self.clock.now)
        self.services = self._services()
        self._set_up()

    def _services(self) -> Services:
        log = LogGate(self.stores.log, "log", self)
        registry = Gate(self.stores.registry, "registry", self)
        queue = Gate(self.stores.queue, "queue", self)
        calls = self.dice.choice((6, 30, 1000))
        return Services(
            log=log,  # type: ignore[arg-type]
            registry=registry,  # type: ignore[arg-type]
            queue=queue,  # type: ignore[arg-type]
            vault=self.stores.vault,
            flows=FLOWS,
            offers={name: offer_of(name, self.world, calls=calls) for name in ("erp", "till")},
            open=self._open,
            now=self.clock.now,
            new_id=self._new_id,
            roll=self.dice.random,
            public_url="https://hooks.example.com",
            cache=SetupCache(registry=self.stores.registry, log=self.stores.log, now=self.clock.now),
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
        self._save_mapping({"cups": "C"})

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
            except WorkerCrashError as error:
                self.tell(f"{name}: {error}")
                raise

        self.actors.append((name, greenlet(run, parent=self.hub)))

    def step(self) -> None:
        """Let one actor go on until it gives way."""
        index = self.dice.randrange(len(self.actors))
        _, actor = self.actors[index]
        actor.switch()
        if actor.dead:
            del self.actors[index]

    # What actors do.

    def work(self, queue: str) -> None:
        """A worker takes a batch of messages."""
        port = self.services.queue
        limit = self.dice.choice((1, 3, 10))
        messages = list(
            port.receive_many(queue, limit=limit, visibility_s=VISIBILITY_S, now=self.clock.at)
        )
        if not messages:
            return
        self.dice.shuffle(messages)
        if self.world.happens(0.1 if self.faults.crash else 0):
            messages.append(messages[0])
        deadline = self.clock.at + timedelta(seconds=60)
        self.tell(f"worker takes {[m.name.flow[4:9] + m.name.record for m in messages]}")
        done = sync_batch(self.services, messages, deadline=deadline)
        port.delete_many(queue, list(done.done))

    def edit(self) -> None:
        """A record changes, and a webhook says so; sometimes it is lost or comes twice."""
        record = self.dice.choice(RECORDS)
        thing = self.world.edit(record)
        self.tell(f"edit {record} to {thing.value}@{thing.category}")
        for flow in self.dice.sample(sorted(FLOWS), k=2):
            for _ in range(self.dice.choice((1, 1, 2))):
                version = thing.version if self.dice.random() < 0.5 else None
                self.request(flow, record, by="webhook", version=version)

    def request(self, flow: str, record: str, *, by: str, version: int | None = None) -> None:
        """Somebody says that a record changed."""
        name = RowName(consumer=CONSUMER, flow=flow, record=record)
        if by == "person":
            self.person_asked.add(name)
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
        """The mapping changes: a value gets an answer, another one, or loses it."""
        entries = {
            value: self.dice.choice("ABC")
            for value in ("cups", "plates", "forks")
            if self.dice.random() < 0.7
        }
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
        if redrive is None:
            for row in self.rows():
                if row.status is Status.FAILED:
                    self.request(row.name.flow,row.name.record,by="person")
            return
        redrive.redrive(
            self.services, most=10, per_second=1000, consumer=None, sleep=lambda seconds: None
        )

    # What must hold.

    def watch(self, write: RowWrite, before: Row | None, tag: str | None, after: Row | None) -> None:
        """Look at one row write as it happens."""
        if after is not None and after.is_owed != (after.due_at is not None):
            raise ViolationError(f"{after.name.id}: due_at does not stand for owed after {tag}")
        if tag == "claimed" and before is not None:
            self._watch_claim(before)
        if tag == "done" and after is not None and after.status is Status.SYNCED:
            self._watch_synced(after)
        if tag is not None and after is not None:
            reason = after.reason.value if after.reason else ""
            self.tell(f"  {after.name.flow[4:9]}{after.name.record} {tag}: {after.status.value} {reason}")

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
            [self.edit] * 6
            + [self.resync, self.map_more, self.switch_flow, self.refuse]
            + [self.reconnect] * 2
            + [self.sweep] * 2
            + [self.release] * 4
            + [self.redrive, self.poll]
        )
        for _ in range(self.steps):
            self.clock.pass_s(self.dice.choice((0, 0.1, 1, 5, 40)))
            act = self.dice.choice(acts)
            self.start(act.__name__, act)
            for queue in ("records", "stock"):
                if sum(name == queue for name, _ in self.actors) < WORKERS:
                    self.start(queue, lambda queue=queue: self.work(queue))
            for _ in range(self.dice.randrange(25)):
                if self.actors:
                    self.step()
        self.come_to_rest()
        self.check_at_rest()

    def come_to_rest(self) -> None:
        """No more faults: everybody finishes, and time passes until nothing is owed."""
        while self.actors:
            self.step()
        self.faults.stop()
        self.reconnect()
        for name in FLOWS:
            self.set_flow(name, enabled=True)
        self._save_mapping({"cups": "A", "plates": "B", "forks": "C"})
        self.poll()
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
                for _ in range(4):
                    self.work(queue)
            self.check_messages()
            if all(row.status in (Status.SYNCED, Status.FAILED) for row in self.rows()):
                if self.clock.at - START > timedelta(seconds=1):
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
