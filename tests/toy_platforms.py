"""The platforms of the toy merchant: a shop that is read, a till that is written, their flows."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.causes import connection_cause, record_cause
from chalicelib.domain.platforms import (
    Account,
    Changed,
    ChangePage,
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
from chalicelib.domain.statuses import Kind, Outcome
from chalicelib.flows.declare import Flow, LinkNeed, MappingRule, Planning, Setting, Showing
from chalicelib.flows.mappings.answers import mapped

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRODUCTS = "shop-products-to-till"
STOCK = "shop-stock-to-till"


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


def throttled(seconds: float = 30) -> SyncFailure:
    """Return what a platform says that allows no more calls."""
    return SyncFailure(Reason.THROTTLED, "Too many calls.", retry_after_s=seconds, code=429)


def refused(connection: str = "shop") -> SyncFailure:
    """Return what a platform says that will not have us."""
    cause = connection_cause(connection)
    return SyncFailure(Reason.CONNECTION_DOWN, "The token was refused.", cause=cause, code=401)
