"""A shop's orders and refunds and the books they are written into: for what belongs together, and
for statuses that people change on either side.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.platforms import (
    Account,
    Changed,
    ChangePage,
    Delivery,
    Done,
    Found,
    Wanted,
    WebhookRead,
)
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind, Outcome
from chalicelib.flows.declare import Belonging, BothWays, Flow, LinkNeed, Planning, Showing
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import Received, receive
from chalicelib.flows.polls import run_poll
from chalicelib.flows.services import Opened
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import make_offer

ORDERS = "shop-orders-to-till"
REFUNDS = "shop-refunds-to-till"
#: What the merchant answered: the shop's word → the books' status, and back.
FORWARD = {"new": "1", "sent": "2", "cancelled": "9"}
BACK = {"2": "sent", "9": "cancelled", "4": "new"}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An order or a refund at the shop."""

    id: str
    updated_at: datetime
    status: str = "new"
    order_id: str | None = None

    @property
    def version(self) -> int:
        """Milliseconds of the last change."""
        return int(self.updated_at.timestamp() * 1000)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the books should hold."""

    text: str
    status: str = ""
    moves_to: str = ""


@dataclass
class Desk:
    """The papers of one kind at the shop; a status may be written there, too."""

    now: Callable[[], datetime]
    kind: Kind
    papers: dict[str, Paper] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)  #: statuses written by us
    refuses: SyncFailure | None = None
    resume: str | None = None
    asked: list[str | None] = field(default_factory=list)  #: pages

    def put(self, id: str, **changes: Any) -> None:
        """Add or change a paper."""
        known = self.papers.get(id) or Paper(id=id, updated_at=self.now())
        self.papers[id] = replace(known, updated_at=self.now(), **changes)

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        return {id_: self.papers[id_] for id_ in ids if id_ in self.papers}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        self.asked.append(page)
        if self.refuses is not None:
            raise self.refuses
        changes = [
            Changed(kind=self.kind, record=one.id, version=one.version, updated_at=one.updated_at)
            for one in self.papers.values()
            if one.updated_at >= since
        ]
        return ChangePage(changes=changes, resume=self.resume)

    def find_many(self, wanted: Sequence[Wanted[tuple[str, str]]]) -> Mapping[str, Found]:
        return {
            want.record: Found(
                target_id=want.record,
                equal=self.papers[want.record].status == want.desired[1],
            )
            for want in wanted
        }

    def write_many(
        self, writes: Sequence[tuple[Wanted[tuple[str, str]], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        if self.refuses is not None:
            return {want.record: self.refuses for want, _ in writes}
        for want, _ in writes:
            id_, status = want.desired
            self.told.append((id_, status))
            self.put(id_, status=status)
        done = Done(target_id="", outcome=Outcome.UPDATED, verified=True)
        return {want.record: replace(done, target_id=want.record) for want, _ in writes}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A document in the books."""

    record: str
    text: str
    status: str
    updated_at: datetime


@dataclass
class Books:
    """The documents of one kind."""

    now: Callable[[], datetime]
    kind: Kind
    entries: dict[str, Entry] = field(default_factory=dict)
    looks: int = 0
    writes: int = 0
    loses_answer: bool = False  #: the next write is done, and nobody hears of it

    def find_many(self, wanted: Sequence[Wanted[Wish]]) -> Mapping[str, Found]:
        self.looks += 1
        found = {}
        for want in wanted:
            for id_, entry in self.entries.items():
                if entry.record == want.record:
                    moves = want.desired.moves_to not in ("", entry.status)
                    equal = entry.text == want.desired.text and not moves
                    ours = want.target_id is not None
                    found[want.record] = Found(
                        target_id=id_, equal=equal, ours=ours, status=entry.status
                    )
        return found

    def write_many(
        self, writes: Sequence[tuple[Wanted[Wish], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        done = {want.record: self._write(want, found) for want, found in writes}
        if not self.loses_answer:
            return dict(done)
        self.loses_answer = False
        return dict.fromkeys(done, SyncFailure(Reason.OUTCOME_UNKNOWN, "No answer came."))

    def _write(self, want: Wanted[Wish], found: Found | None) -> Done:
        self.writes += 1
        id_ = found.target_id if found else f"D{len(self.entries) + 1}"
        status = want.desired.moves_to or (found.status if found else want.desired.status)
        self.entries[id_] = Entry(
            record=want.record, text=want.desired.text, status=status, updated_at=self.now()
        )
        outcome = Outcome.UPDATED if found else Outcome.CREATED
        return Done(target_id=id_, outcome=outcome, verified=True, status=status)

    def move(self, id: str, status: str) -> None:
        """Somebody gives a document another status."""
        self.entries[id] = replace(self.entries[id], status=status, updated_at=self.now())

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        self.looks += 1
        changes = [
            Changed(kind=self.kind, record=id_, updated_at=entry.updated_at)
            for id_, entry in self.entries.items()
            if entry.updated_at >= since
        ]
        return ChangePage(changes=changes)


@dataclass
class _Side:
    sources: Mapping[Kind, Any]
    targets: Mapping[Kind, Any]

    def source(self, kind: Kind) -> Any:
        return self.sources[kind]

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Any:
        return self.targets[kind]


def _plan_order(paper: Paper, planning: Planning) -> Wish:
    forward = FORWARD.get(paper.status)
    return Wish(text=f"order {paper.id}", status=forward or "1", moves_to=forward or "")


def _plan_refund(paper: Paper, planning: Planning) -> Wish:
    owner = planning.owners.get(paper.order_id or "")
    if owner is None:
        cause = record_cause("order", paper.order_id or "")
        raise SyncFailure(Reason.NEEDS_RECORD, "Its order comes first.", cause=cause)
    return Wish(text=f"refund of {owner}", status="1")


def _skip_order(paper: Paper, planning: Planning) -> str | None:
    return "It is a draft." if paper.status == "draft" else None


def _skip_refund(paper: Paper, planning: Planning) -> str | None:
    return planning.left_alone.get(paper.order_id or "")


def _columns(showing: Showing) -> Mapping[str, Any]:
    return {"order_id": showing.record.id}


def _both_ways() -> BothWays:
    return BothWays(
        status=lambda paper: paper.status,
        back=lambda status, planning: BACK.get(status),
        forward=lambda status, planning: FORWARD.get(status),
        change=lambda id_, status: (id_, status),
    )


_ORDERS = Flow(
    name=ORDERS,
    label="Orders",
    kind=Kind.ORDER,
    source="shop",
    target="till",
    plan=_plan_order,
    skips=_skip_order,
    columns=_columns,
    both_ways=_both_ways(),
)
_REFUNDS = Flow(
    name=REFUNDS,
    label="Refunds",
    kind=Kind.REFUND,
    source="shop",
    target="till",
    plan=_plan_refund,
    skips=_skip_refund,
    columns=_columns,
    belongs_to=Belonging(
        flow=ORDERS,
        need=LinkNeed(
            kind="order", side="source", ids=lambda one: (one.order_id,) if one.order_id else ()
        ),
        record=lambda one, flow: one.order_id,
    ),
)


@dataclass
class Papers:
    """The toy merchant with orders and refunds."""

    toy: Toy
    orders: Desk
    refunds: Desk
    book: Books
    credits: Books

    def ask(self, record: str, flow: str = ORDERS, rounds: int = 20) -> None:
        """Say that a record changed, and work what follows."""
        kind = self.toy.services.flows[flow].kind
        name = self.toy.name(record, flow)
        request_many(self.toy.services, [Request(name=name, kind=kind, by="webhook")])
        self.toy.work(rounds)

    def sync(self, record: str, **changes: Any) -> None:
        """Change an order at the shop, and bring it to the books."""
        self.toy.pass_s(60)
        self.orders.put(record, **changes)
        self.ask(record)

    def refund(self, record: str, order_id: str) -> None:
        """Refund an order at the shop, and say so."""
        self.toy.pass_s(60)
        self.refunds.put(record, order_id=order_id)
        self.ask(record, REFUNDS)

    def row(self, record: str, flow: str = ORDERS) -> Row:
        """Read a row."""
        return self.toy.row(record, flow)

    def tell(self, order: str, platform: str = "till") -> Received:
        """Deliver a webhook of a platform about an order of its own."""
        token = self.toy.connection(platform).webhook_token
        body = json.dumps({"order": order}).encode()
        got = receive(self.toy.services, platform, token, {}, {}, body)
        self.toy.work()
        return got

    def poll(self, flow: str = ORDERS) -> None:
        """Ask what changed, and work it."""
        run_poll(self.toy.services, CONSUMER, flow, until=self.toy.soon(600))
        self.toy.work()


def _read_webhook(account: Account, delivery: Delivery) -> WebhookRead:
    return WebhookRead(
        changes=[Changed(kind=Kind.ORDER, record=json.loads(delivery.body)["order"])]
    )


@contextmanager
def open_papers() -> Iterator[Papers]:
    """Open the world: both flows on."""
    with open_toy() as toy:
        orders, refunds = Desk(toy.now, Kind.ORDER), Desk(toy.now, Kind.REFUND)
        book, credits = Books(toy.now, Kind.ORDER), Books(toy.now, Kind.REFUND)
        sides = {
            "shop": _Side({Kind.ORDER: orders, Kind.REFUND: refunds}, {Kind.ORDER: orders}),
            "till": _Side({Kind.ORDER: book}, {Kind.ORDER: book, Kind.REFUND: credits}),
        }

        def open_side(connection: Connection, *_: Any) -> Opened:
            return Opened(
                connection=connection,
                offer=toy.services.offers[connection.platform],
                platform=sides[connection.platform],  # type: ignore[arg-type]  # what flows ask of it
                take_exchanges=list,
            )

        toy.set_up()
        toy.services = replace(
            toy.services,
            flows={ORDERS: _ORDERS, REFUNDS: _REFUNDS},
            offers={n: replace(make_offer(n), read_webhook=_read_webhook) for n in sides},
            open=open_side,
        )
        for flow in (ORDERS, REFUNDS):
            toy.switch(flow, on=True)
        yield Papers(toy, orders, refunds, book, credits)
