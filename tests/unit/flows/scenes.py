"""A toy world for the engine: a target with a mind of its own, and words for what happens to rows.

The shelf behaves as a platform does: it makes things under idempotency keys, loses answers, shows
late what it took, forgets what people delete there, and meets defects of ours.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.platforms import Done, Found, Offer, Wanted
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.retries import RetryPolicy
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Kind, Outcome
from chalicelib.flows.declare import Flow
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import Batchwork, WorkerCrashError, sync_batch
from tests.toy import CONSUMER, Toy, open_toy
from tests.toy_platforms import FLOWS, PRODUCTS, STOCK, PowerCutError, Shop, Thing, Till

TRIES = 3
_POLICY = RetryPolicy(attempts=TRIES, base_s=30, cap_s=900)
SETTLE_S = 60  #: of the toy platforms
LEASE_S = 60 + SETTLE_S  #: of a claim with a minute to go


@dataclass
class Shelf(Till):
    """A target that can do what real ones do."""

    keys: dict[str, str] = field(default_factory=dict)  #: idempotency key → id
    loses: dict[str, str] = field(default_factory=dict)  #: record → "applied" or "dropped"
    hides: set[str] = field(default_factory=set)  #: ids that searches and reads do not show yet
    awaits: set[str] = field(default_factory=set)  #: records it takes and says are not live yet
    mangles: set[str] = field(default_factory=set)  #: records whose next write keeps less than sent
    alike: dict[str, str] = field(default_factory=dict)  #: record → id that has its key, too
    defects: set[str] = field(default_factory=set)  #: records that meet a defect of ours
    silent: set[str] = field(default_factory=set)  #: records the answer leaves out
    refuses_all: SyncFailure | None = None  #: the next call fails as a whole
    looked_for: list[list[str]] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)
    wanted: list[Wanted[str]] = field(default_factory=list)
    during: Callable[[], object] = lambda: None  #: happens while a write is under way

    def find_many(self, wanted: Sequence[Wanted[str]]) -> Mapping[str, Found | SyncFailure]:
        self.looked_for.append([want.record for want in wanted])
        self._refuse()
        return {want.record: found for want in wanted if (found := self._find(want)) is not None}

    def _find(self, want: Wanted[str]) -> Found | None:
        for id_, (record, value) in self.items.items():
            mine = id_ == want.target_id if want.target_id else record == want.record
            mine = mine or (not want.target_id and self.alike.get(want.record) == id_)
            if mine and id_ not in self.hides:
                return Found(
                    target_id=id_, equal=value == want.desired, ours=want.target_id is not None
                )
        return None

    def write_many(
        self, writes: Sequence[tuple[Wanted[str], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        self.batches.append([want.record for want, _ in writes])
        self.wanted += [want for want, _ in writes]
        self.during()
        self._refuse()
        if self.defects & {want.record for want, _ in writes}:
            raise PowerCutError
        done = {want.record: self._put(want, found) for want, found in writes}
        return {record: one for record, one in done.items() if record not in self.silent}

    def _refuse(self) -> None:
        failure, self.refuses_all = self.refuses_all, None
        if failure is not None:
            raise failure

    def _put(self, want: Wanted[str], found: Found | None) -> Done | SyncFailure:
        if want.record in self.fails:
            return self.fails[want.record]
        fate = self.loses.pop(want.record, "")
        id_ = self._apply(want, found) if fate != "dropped" else ""
        if fate:
            return SyncFailure(Reason.OUTCOME_UNKNOWN, "No answer came.", error_code="no_answer")
        held = self.items[id_][1] == want.desired
        return Done(
            target_id=id_,
            outcome=_outcome(found),
            verified=held and want.record not in self.awaits,
            awaiting=want.record in self.awaits,
        )

    def _apply(self, want: Wanted[str], found: Found | None) -> str:
        self.writes += 1
        if found is None and want.key in self.keys:
            return self.keys[want.key]  # a replayed create changes nothing
        id_ = found.target_id if found else f"T{len(self.keys) + 1}"
        if found is None:
            self.keys[want.key] = id_
        value = want.desired
        if want.record in self.mangles:
            self.mangles.discard(want.record)
            value = "mangled"
        self.items[id_] = (want.record, value)
        return id_

    def delete(self, record: str) -> None:
        """Somebody deletes a record at the target."""
        self.items = {id_: item for id_, item in self.items.items() if item[0] != record}

    def copies(self, record: str) -> list[str]:
        """What the target holds of a record."""
        return [value for held, value in self.items.values() if held == record]


def _outcome(found: Found | None) -> Outcome:
    if found is None:
        return Outcome.CREATED
    return Outcome.UPDATED if found.ours else Outcome.ADOPTED


@dataclass
class Reader(Shop):
    """A source that can do what real ones do."""

    refuses_all: SyncFailure | None = None  #: the next read fails as a whole
    fails: dict[str, SyncFailure] = field(default_factory=dict)  #: by record
    reads: list[list[str]] = field(default_factory=list)
    stale: dict[str, Thing] = field(default_factory=dict)  #: what a replica still shows

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Thing | SyncFailure]:
        self.reads.append(list(ids))
        failure, self.refuses_all = self.refuses_all, None
        if failure is not None:
            raise failure
        return {**super().fetch_many(ids), **self.stale, **self.fails}


@dataclass
class Scene:
    """A toy world with a shelf for products and one for stock."""

    toy: Toy
    reader: Reader
    shelf: Shelf
    stock: Shelf

    def declare(self, flow: str = PRODUCTS, **changes: Any) -> Flow:
        """Change what a flow is."""
        changed = replace(self.toy.services.flows[flow], **changes)
        flows = {**self.toy.services.flows, flow: changed}
        self.toy.services = replace(self.toy.services, flows=flows)
        return changed

    def offer(self, platform: str = "till", **changes: Any) -> Offer:
        """Change what a platform offers."""
        changed = replace(self.toy.services.offers[platform], **changes)
        offers = {**self.toy.services.offers, platform: changed}
        self.toy.services = replace(self.toy.services, offers=offers)
        return changed

    def ask(self, *records: str, flow: str = PRODUCTS, by: str = "webhook", **more: Any) -> None:
        """Say that records changed."""
        kind = self.toy.services.flows[flow].kind
        names = [self.toy.name(record, flow) for record in records]
        asked = [Request(name=name, kind=kind, by=by, **more) for name in names]
        request_many(self.toy.services, asked)

    def add(self, *records: str, flow: str = PRODUCTS, **changes: Any) -> None:
        """Change records at the source, and say so."""
        for record in records:
            self.toy.shop.edit(record, **changes)
        self.ask(*records, flow=flow)

    def sync(self, *records: str, **changes: Any) -> None:
        """Bring records to the target."""
        self.add(*records, **changes)
        self.toy.work()

    def attempt(
        self, *records: str, flow: str = PRODUCTS, seconds: float = 60, crash: bool = False
    ) -> Batchwork | None:
        """Work messages that name these rows, whatever the queue holds; None after a crash."""
        messages = [
            QueueMessage(name=self.toy.name(record, flow), receipt=f"r-{record}")
            for record in records
        ]
        try:
            return sync_batch(self.toy.services, messages, deadline=self.toy.soon(seconds))
        except WorkerCrashError:
            assert crash
            return None

    def row(self, record: str = "1", flow: str = PRODUCTS) -> Row:
        """Read a row."""
        return self.toy.row(record, flow)

    def dead(self, queue: str = "records-dlq") -> list[QueueMessage]:
        """Take what is in a dead-letter queue."""
        queues, now = self.toy.services.queue, self.toy.at
        return list(queues.receive_many(queue, limit=100, visibility_s=0, now=now))

    def visible(self, queue: str = "records") -> list[str]:
        """Records whose messages a worker would get now."""
        queues, now = self.toy.services.queue, self.toy.at
        taken = queues.receive_many(queue, limit=100, visibility_s=0, now=now)
        return [message.name.record for message in taken]

    def drain(self, queue: str = "records") -> None:
        """Lose all messages of a queue."""
        queues, now = self.toy.services.queue, self.toy.at + timedelta(days=1)
        taken = queues.receive_many(queue, limit=1000, visibility_s=0, now=now)
        queues.delete_many(queue, [message.receipt for message in taken])


@contextmanager
def open_scene() -> Iterator[Scene]:
    """Open a scene: both flows on, three tries a row."""
    with open_toy() as toy:
        shelf, stock = Shelf(), Shelf()
        toy.tills = {Kind.PRODUCT: shelf, Kind.STOCK: stock}
        flows = {name: replace(flow, retry=_POLICY) for name, flow in FLOWS.items()}
        toy.services = replace(toy.services, flows=flows)
        toy.shop = reader = Reader(now=toy.now)
        toy.set_up(CONSUMER, PRODUCTS, STOCK)
        yield Scene(toy=toy, reader=reader, shelf=shelf, stock=stock)
