"""A toy merchant: a small Synclog on SQLite in memory, a shop, a till, and a clock to move."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Check, Choice
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind
from chalicelib.flows import engine
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.consumers import add_consumer, read_consumer
from chalicelib.flows.setup.credentials import open_credentials
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.mappings import Answers, save_mapping
from local.sqlite.unruly import UnrulyStores, open_unruly_stores
from tests.toy_platforms import (
    FLOWS,
    PRODUCTS,
    START,
    PowerCutError,
    Shop,
    Till,
    Tokens,
    make_offer,
)

CONSUMER = "corner-shirts"
URL = "https://hooks.example"


@dataclass
class Side:
    """One platform as it is opened for a batch of work."""

    toy: "Toy"
    name: str
    credentials: Mapping[str, str]
    calls: list[str]

    def source(self, kind: Kind) -> "Shop":
        self.calls.append("GET")
        if self.toy.break_down and FLOWS[self.toy.break_down].kind is kind:
            raise PowerCutError
        return self.toy.shop

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Till:
        self.calls.append("POST")
        return self.toy.tills[kind]

    def check(self) -> Check:
        self.calls.append("GET")
        works = self.credentials.get("access_token") == self.toy.tokens.good
        return Check(ok=works, problems=() if works else ("The token was refused.",))

    def list_choices(self, what: str) -> Sequence[Choice]:
        return ()

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        self.toy.registered.append((self.name, address))
        return {}

    def refresh_tokens(self) -> Mapping[str, str]:
        self.calls.append("POST")
        self.toy.during_refresh()
        return self.toy.tokens.exchange(self.credentials["refresh_token"], self.toy.now())


@dataclass
class Toy:
    """The whole small world; a test looks at and changes what it is about."""

    stores: UnrulyStores = field(init=False)
    services: Services = field(init=False)
    shop: Shop = field(init=False)
    at: datetime = START
    tills: dict[Kind, Till] = field(
        default_factory=lambda: {Kind.PRODUCT: Till(), Kind.STOCK: Till()}
    )
    tokens: Tokens = field(default_factory=Tokens)
    registered: list[tuple[str, str]] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)
    noted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answering: str | None = None  #: id of the request that is being answered
    opened: int = 0
    during_refresh: Callable[[], object] = lambda: None
    break_down: str | None = None  #: a flow whose reading meets a defect of ours

    def __post_init__(self) -> None:
        self.stores = open_unruly_stores(now=self.now, rng=random.Random(1))
        self.shop = Shop(now=self.now, clock_s=lambda seconds: self.pass_s(seconds))
        self.services = make_services(self)

    @property
    def till(self) -> Till:
        """What the till holds of products."""
        return self.tills[Kind.PRODUCT]

    def now(self) -> datetime:
        """What everybody reads."""
        return self.at

    def pass_s(self, seconds: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        return self.at

    def soon(self, seconds: float = 60) -> datetime:
        """Return a deadline."""
        return self.at + timedelta(seconds=seconds)

    def open(
        self,
        connection: Connection,
        may_send_until: Callable[[], datetime] | None = None,
        execution: str | None = None,
    ) -> Opened:
        """Open one side; every call leaves an exchange, as a real client's would."""
        self.opened += 1
        calls: list[str] = []
        number = self.opened
        side = Side(self, connection.platform, open_credentials(self.services, connection), calls)

        def take() -> list[Exchange]:
            taken, calls[:] = list(calls), []
            return [self._exchange(connection, f"{number}-{i}", m) for i, m in enumerate(taken)]

        return Opened(
            connection=connection,
            offer=self.services.offers[connection.platform],
            platform=side,
            take_exchanges=take,
        )

    def _exchange(self, connection: Connection, id: str, method: str) -> Exchange:
        return Exchange(
            id=f"{id}-{self.at.timestamp()}",
            consumer=connection.consumer,
            connection=connection.name,
            platform=connection.platform,
            method=method,
            url=f"https://{connection.platform}.example/",
            at=self.at,
            duration_ms=1,
            status=200,
        )

    def set_up(self, consumer: str = CONSUMER, *flows: str) -> None:
        """Make a merchant with both accounts connected, categories mapped and flows running."""
        add_consumer(self.services, id=consumer, name="Corner", time_zone="UTC", by="test")
        credentials = {"access_token": self.tokens.good, "signature_key": "signed"}
        for name in ("shop", "till"):
            given = Given(platform=name, credentials=credentials)
            save_connection(self.services, consumer, name, given, loopback=True, by="test")
        self.map_category("cups", "Cups", consumer=consumer)
        for flow in flows or (PRODUCTS,):
            self.switch(flow, on=True, consumer=consumer)

    def map_category(self, value: str, answer: str, *, consumer: str = CONSUMER) -> None:
        """Answer a category."""
        answers = Answers(entries={value: answer})
        save_mapping(self.services, consumer, PRODUCTS, "category", answers, by="test")

    def switch(
        self,
        flow: str,
        *,
        on: bool,
        consumer: str = CONSUMER,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Switch a flow on or off."""
        known = read_consumer(self.services, consumer)
        save_flow(self.services, known, flow, enabled=on, settings=settings or {}, by="test")

    def connection(self, name: str = "shop", consumer: str = CONSUMER) -> Connection:
        """Read a connection as it stands."""
        found = self.services.registry.read_connection(consumer, name)
        assert found is not None
        return found

    def name(self, record: str, flow: str = PRODUCTS, consumer: str = CONSUMER) -> RowName:
        """Name a row."""
        return RowName(consumer=consumer, flow=flow, record=record)

    def find(self, record: str, flow: str = PRODUCTS, consumer: str = CONSUMER) -> Row | None:
        """Read a row, if there is one."""
        return self.services.log.read_rows([self.name(record, flow, consumer)])[0]

    def row(self, record: str, flow: str = PRODUCTS, consumer: str = CONSUMER) -> Row:
        """Read a row that must be there."""
        row = self.find(record, flow, consumer)
        assert row is not None
        return row

    def messages(self, queue: str = "records") -> int:
        """How many messages a queue holds."""
        return self.services.queue.count(queue)

    def work(self, rounds: int = 20) -> None:
        """Work what the queues hold until nothing is visible any more."""
        for _ in range(rounds):
            if not sum(self._work_queue(queue) for queue in ("records", "stock")):
                return

    def _work_queue(self, queue: str) -> int:
        taken = self.services.queue.receive_many(queue, limit=100, visibility_s=360, now=self.now())
        if taken:
            done = engine.sync_batch(self.services, taken, deadline=self.soon()).done
            self.services.queue.delete_many(queue, done)
        return len(taken)

    def fail(self, record: str, sentence: str = "The name is too long.") -> None:
        """Let the till refuse a record from now on."""
        self.till.fails[record] = SyncFailure(
            Reason.REJECTED_BY_TARGET, sentence, code=400, error_code="TOO_LONG", field="name"
        )


def make_services(toy: Toy) -> Services:
    """Return services over the toy's stores, clock and platforms."""
    numbers = count(1)
    log, registry = toy.stores.log, toy.stores.registry
    return Services(
        log=log,
        registry=registry,
        queue=toy.stores.queue,
        vault=toy.stores.vault,
        flows=FLOWS,
        offers={name: make_offer(name) for name in ("shop", "till")},
        open=toy.open,
        now=toy.now,
        new_id=lambda: f"{next(numbers):020}",
        roll=lambda: 0.0,
        public_url=URL,
        cache=SetupCache(registry=registry, log=log, now=toy.now),
        count=lambda name, amount=1, **dimensions: toy.counted.append(
            (name, next(iter(dimensions.values()), ""))
        ),
        note=lambda event, **facts: toy.noted.append((event, facts)),
        correlation=lambda: toy.answering,
    )


@contextmanager
def open_toy() -> Iterator[Toy]:
    """Open a toy world and close its stores."""
    toy = Toy()
    try:
        yield toy
    finally:
        toy.stores.close()
