"""Vendors that are always well: records made from their ids, every write verified at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from chalicelib.domain.log import Exchange
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Changed, ChangePage, Check, Choice, Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Order, OrderLine, Payment, Product, StockLevel
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind, Outcome
from chalicelib.flows.catalog import FLOWS

#: Bytes of an answer for each record it holds, as both simulators answer; recorded compressed.
ANSWER_BYTES = 300
_FLOWS = {flow.kind: flow for flow in FLOWS.values() if "square" in (flow.source, flow.target)}
_GBP = "GBP"


@dataclass
class Vendor:
    """Both platforms of every merchant."""

    now: Callable[[], datetime]
    rng: Random
    call: Callable[[], object] = lambda: None  #: lets the time of one call pass
    calls: int = 0
    news: Callable[[Kind], int] = lambda kind: 0  #: how many records a poll finds changed
    _made: int = 0

    def open(self, connection: Connection, execution: str | None) -> "Side":
        """Open one side for a batch of work."""
        return Side(vendor=self, connection=connection, execution=execution)

    def number(self) -> int:
        """Return a number that was never returned before."""
        self._made += 1
        return self._made


@dataclass
class Side:
    """``Platform`` of one connection, and its sources and targets too."""

    vendor: Vendor
    connection: Connection
    execution: str | None
    kind: Kind = Kind.STOCK
    _exchanges: list[Exchange] = field(default_factory=list)

    def take_exchanges(self) -> list[Exchange]:
        """Calls made since last asked."""
        made, self._exchanges = self._exchanges, []
        return made

    def source(self, kind: Kind) -> "Side":
        """It is its own source."""
        self.kind = kind
        return self

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> "Side":
        """It is its own target."""
        self.kind = kind
        return self

    def check(self) -> Check:
        """All is well; Brightpearl's check is seven calls, Square's two."""
        self._call(7 if self.connection.platform == "brightpearl" else 2)
        return Check(ok=True)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Nothing to choose from."""
        return ()

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """They are all there."""
        self._call(1)
        return {}

    def refresh_tokens(self) -> Mapping[str, str]:
        """There are none."""
        return {}

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Any]:
        """Each record as it is now."""
        self._call(_FLOWS[self.kind].calls(len(ids))[0], len(ids))
        make = _RECORDS[self.kind]
        return {id_: make(id_, self.vendor) for id_ in ids}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page with the news that a poll finds."""
        found = self.vendor.news(self.kind)
        self._call(1, found)
        changes = [
            Changed(kind=self.kind, record=f"P{self.vendor.number()}", updated_at=self.vendor.now())
            for _ in range(found)
        ]
        return ChangePage(changes=changes)

    def list_sales(self, *, since: datetime) -> Sequence[Order]:
        """Nobody buys anything while a count is made; its call is one of the count's."""
        return ()

    def list_wholes(self, parts: Sequence[str]) -> Sequence[str]:
        """Nothing is made of others; the call that finds it is one of the count's."""
        return ()

    def find_many(self, wanted: Sequence[Wanted[Any]]) -> Mapping[str, Found | SyncFailure]:
        """What was written once is found, and always differs."""
        return {
            one.record: Found(target_id=one.target_id, equal=False)
            for one in wanted
            if one.target_id is not None
        }

    def write_many(
        self, writes: Sequence[tuple[Wanted[Any], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Every write arrives and is verified."""
        self._call(_FLOWS[self.kind].calls(len(writes))[1], len(writes))
        return {one.record: _done(self.kind, one, found) for one, found in writes}

    def _call(self, times: int, records: int = 1) -> None:
        for _ in range(times):
            self.vendor.call()
            self.vendor.calls += 1
            self._exchanges.append(self._exchange(records))

    def _exchange(self, records: int) -> Exchange:
        size = ANSWER_BYTES * min(records, 100)
        return Exchange(
            id=f"x{self.vendor.number():019d}",
            consumer=self.connection.consumer,
            connection=self.connection.name,
            platform=self.connection.platform,
            method="POST",
            url="https://vendor.example/v2/records",
            at=self.vendor.now(),
            duration_ms=300,
            status=200,
            request_headers={"content-type": "application/json"},
            response_headers={"content-type": "application/json"},
            # Half of it repeats itself, as field names do.
            response_body=self.vendor.rng.randbytes(size // 4).hex() + "a" * (size // 2),
            execution=self.execution,
        )


def _done(kind: Kind, wanted: Wanted[Any], found: Found | None) -> Done:
    return Done(
        target_id=found.target_id if found else f"T{wanted.record}",
        outcome=Outcome.UPDATED if found else Outcome.CREATED,
        verified=True,
        taken=kind is Kind.ORDER,
        parent_id=f"I{wanted.record}" if kind is Kind.PRODUCT else None,
    )


def _product(id_: str, vendor: Vendor) -> Product:
    price = Money(Decimal("19.90"), _GBP)
    return Product(
        id=id_,
        name=f"Linen shirt {id_}, edition {vendor.number()}",
        sku=f"LIN-{id_}",
        category_name="Shirts",
        prices={"1": price},
        source="Brightpearl",
    )


def _level(id_: str, vendor: Vendor) -> StockLevel:
    quantity = Decimal(vendor.number())
    return StockLevel(
        product_id=id_, on_hand={"2": quantity}, name=f"Linen shirt {id_}", sku=f"LIN-{id_}"
    )


def _order(id_: str, vendor: Vendor) -> Order:
    now, zero = vendor.now(), Money.zero(_GBP)
    line = OrderLine(
        id="1",
        name="Linen shirt",
        quantity=Decimal(1),
        net=Money(Decimal("48.93"), _GBP),
        tax=Money(Decimal("9.78"), _GBP),
        item_id="T1",
        tax_name="VAT",
    )
    total = line.net + line.tax
    return Order(
        id=id_,
        location="L0NDON",
        state="completed",
        placed_at=now - timedelta(seconds=60),
        closed_at=now,
        updated_at=now,
        version=int(now.timestamp() * 1000),
        lines=[line],
        tip=zero,
        rounding=zero,
        discount=zero,
        total=total,
        tax=line.tax,
        payments=[Payment(id="1", method="CARD", amount=total, paid_at=now)],
        source="Square",
    )


_RECORDS: Mapping[Kind, Callable[[str, Vendor], Any]] = {
    Kind.PRODUCT: _product,
    Kind.STOCK: _level,
    Kind.ORDER: _order,
}
