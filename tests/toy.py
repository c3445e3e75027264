"""A toy merchant: a shop and a till with state, two flows between them, and a clock to move."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.domain.causes import connection_cause, record_cause
from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import (
    Account,
    Changed,
    ChangePage,
    Check,
    Choice,
    Delivery,
    Done,
    Found,
    Offer,
    Pace,
    Wanted,
    WebhookRead,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from chalicelib.domain.platforms import Field as OfferField
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind, Outcome
from chalicelib.flows import engine
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Planning, Setting, Showing
from chalicelib.flows.mappings.answers import mapped
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup_account import Given
from chalicelib.flows.setup_connections import save_connection
from chalicelib.flows.setup_consumers import add_consumer, read_consumer
from chalicelib.flows.setup_credentials import open_credentials
from chalicelib.flows.setup_flows import save_flow
from chalicelib.flows.setup_mappings import Answers, save_mapping
from local.sqlite.unruly import UnrulyStores, open_unruly_stores

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONSUMER = "corner-shirts"
PRODUCTS = "shop-products-to-till"
STOCK = "shop-stock-to-till"
URL = "https://hooks.example"


class PowerCutError(Exception):
    """The process stops here: nothing of ours catches it."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A product of the shop."""

    id: str
    version: int
    updated_at: datetime
    category: str = "cups"
    name: str = "Cup"


@dataclass
class Shop:
    """The source: products in the order of their last change, told page by page."""

    now: Callable[[], datetime]
    things: dict[str, Thing] = field(default_factory=dict)
    page_size: int = 3
    tells_versions: bool = True
    faults: list[Exception] = field(default_factory=list)  #: met by the next calls
    leads_in_circles: bool = False
    page_s: float = 0  #: how long one page takes
    clock_s: Callable[[float], object] = lambda seconds: None
    asked: list[tuple[datetime, datetime | None, str | None]] = field(default_factory=list)
    between: Callable[[], object] = lambda: None  #: runs while a page is being read

    def edit(self, id: str, *, at: datetime | None = None, **changes: Any) -> Thing:
        """Change a product, or add it."""
        when = at or self.now()
        version = int(when.timestamp() * 1000)
        known = self.things.get(id) or Thing(id=id, version=version, updated_at=when)
        self.things[id] = replace(known, version=version, updated_at=when, **changes)
        return self.things[id]

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Thing | SyncFailure]:
        return {id_: self.things[id_] for id_ in ids if id_ in self.things}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        self.asked.append((since, until, page))
        self.clock_s(self.page_s)
        self.between()
        if self.faults:
            raise self.faults.pop(0)
        changed = sorted(
            (t for t in self.things.values() if t.updated_at >= since),
            key=lambda thing: (thing.version, thing.id),
        )
        if until is not None:
            changed = [thing for thing in changed if thing.updated_at < until]
        start = int(page or 0)
        some = changed[start : start + self.page_size]
        further = start + self.page_size if start + self.page_size < len(changed) else None
        if self.leads_in_circles and further is None:
            further = 0
        changes = [self._changed(thing) for thing in some]
        return ChangePage(changes=changes, page=None if further is None else str(further))

    def _changed(self, thing: Thing) -> Changed:
        return Changed(
            kind=Kind.PRODUCT,
            record=thing.id,
            version=thing.version if self.tells_versions else None,
            updated_at=thing.updated_at,
            columns={"name": thing.name},
        )


@dataclass
class Till:
    """The target: what it holds, by its own ids."""

    items: dict[str, tuple[str, str]] = field(default_factory=dict)  #: id → (record, value)
    fails: dict[str, SyncFailure] = field(default_factory=dict)  #: by record
    writes: int = 0

    def find_many(self, wanted: Sequence[Wanted[str]]) -> Mapping[str, Found | SyncFailure]:
        found: dict[str, Found | SyncFailure] = {}
        for want in wanted:
            for id_, (record, value) in self.items.items():
                if record == want.record:
                    found[want.record] = Found(target_id=id_, equal=value == want.desired)
        return found

    def write_many(
        self, writes: Sequence[tuple[Wanted[str], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        return {want.record: self._write(want, found) for want, found in writes}

    def _write(self, want: Wanted[str], found: Found | None) -> Done | SyncFailure:
        if want.record in self.fails:
            return self.fails[want.record]
        self.writes += 1
        id_ = found.target_id if found else f"T-{want.record}"
        self.items[id_] = (want.record, want.desired)
        outcome = Outcome.UPDATED if found else Outcome.CREATED
        return Done(target_id=id_, outcome=outcome, verified=True)


@dataclass
class Tokens:
    """The account's tokens at the platform: a new pair ends the one before, once it was used."""

    good: str = "access-1"
    refresh: set[str] = field(default_factory=lambda: {"refresh-1"})
    made: int = 1
    life_s: int = 1000
    faults: list[Exception] = field(default_factory=list)
    loses_answer: bool = False  #: makes the next pair, and the answer is lost

    def exchange(self, refresh_token: str, now: datetime) -> Mapping[str, str]:
        if self.faults:
            raise self.faults.pop(0)
        if refresh_token not in self.refresh:
            raise SyncFailure(Reason.CONNECTION_DOWN, "The refresh token was refused.")
        self.made += 1
        self.good = f"access-{self.made}"
        if self.loses_answer:
            self.loses_answer = False
            raise SyncFailure(Reason.RETRYING, "No answer.")
        self.refresh |= {f"refresh-{self.made}"}
        ends = now + timedelta(seconds=self.life_s)
        return {
            "access_token": self.good,
            "refresh_token": f"refresh-{self.made}",
            "expires_at": ends.isoformat(),
        }


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


def read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    """Read ``{"product": id, "version": n}``, signed by a header; ``{"revoked": true}``."""
    if delivery.headers.get("x-toy-signature") != account.credentials.get("signature_key"):
        raise WebhookRefusedError
    try:
        told = json.loads(delivery.body)
    except ValueError as error:
        raise WebhookUnreadableError("The delivery is not JSON.") from error
    if told.get("revoked"):
        return WebhookRead(revoked=True)
    if "product" not in told:
        return WebhookRead(ignored="It tells of nothing that is synced.")
    change = Changed(kind=Kind.PRODUCT, record=told["product"], version=told.get("version"))
    return WebhookRead(changes=[change])


def _plan_product(thing: Thing, planning: Planning) -> str:
    category = mapped(planning, "category", thing.category, sentence="Map the category.")
    return f"{thing.name}@{category}/{thing.version}"


def _plan_stock(thing: Thing, planning: Planning) -> str:
    if thing.id not in planning.linked:
        cause = record_cause("product", thing.id)
        raise SyncFailure(Reason.NEEDS_RECORD, "Its product comes first.", cause=cause)
    return f"{thing.version} pieces"


def _columns(showing: Showing) -> Mapping[str, Any]:
    return {"name": showing.record.name, "sku": showing.record.id, "source": "Shop"}


_PRODUCTS = Flow(
    name=PRODUCTS,
    label="Products to the till",
    kind=Kind.PRODUCT,
    source="shop",
    target="till",
    plan=_plan_product,
    columns=_columns,
    settings=(Setting(name="start_date", label="Start date", type="time"),),
    mappings=(
        MappingRule(
            name="category", label="Categories", source_label="Shop's", target_label="Till's"
        ),
    ),
    poll_every_s=300,
    poll_overlap_s=60,
)
_STOCK = replace(
    _PRODUCTS,
    name=STOCK,
    label="Stock to the till",
    kind=Kind.STOCK,
    plan=_plan_stock,
    links=LinkNeed(kind="product", side="source", ids=lambda thing: (thing.id,)),
    links_records=False,
    follows=PRODUCTS,
    mappings=(),
    queue="stock",
    full_sweep_every_s=86_400,
)
FLOWS = {flow.name: flow for flow in (_PRODUCTS, _STOCK)}


def make_offer(name: str, *, calls: int = 1000) -> Offer:
    """Return the offer of one side."""
    secret = ("access_token", "refresh_token", "signature_key", "expires_at")
    return Offer(
        name=name,
        label=name.capitalize(),
        pace=Pace(calls=calls, window_s=60, settle_s=60, timeout_s=10),
        fields=tuple(OfferField(name=one, label=one, secret=True) for one in secret),
        sources=(Kind.PRODUCT, Kind.STOCK),
        targets=(Kind.PRODUCT, Kind.STOCK),
        choices=(),
        open=lambda account: None,  # type: ignore[arg-type,return-value]  # Toy.open does it
        read_webhook=read_webhook,
        record_url=lambda connection, kind, id_: None,
    )


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


def throttled(seconds: float = 30) -> SyncFailure:
    """Return what a platform says that allows no more calls."""
    return SyncFailure(Reason.THROTTLED, "Too many calls.", retry_after_s=seconds, code=429)


def refused(connection: str = "shop") -> SyncFailure:
    """Return what a platform says that will not have us."""
    cause = connection_cause(connection)
    return SyncFailure(Reason.CONNECTION_DOWN, "The token was refused.", cause=cause, code=401)


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
        count=lambda name, **dimensions: toy.counted.append(
            (name, next(iter(dimensions.values()), ""))
        ),
    )


@contextmanager
def open_toy() -> Iterator[Toy]:
    """Open a toy world and close its stores."""
    toy = Toy()
    try:
        yield toy
    finally:
        toy.stores.close()
