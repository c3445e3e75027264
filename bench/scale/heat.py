"""Partition heat: a drawn stream of changes through the real door and engine, unit by unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.metering import Heat, Place
from bench.scale.published import (
    PARTITION_READS_A_S,
    PARTITION_WRITES_A_S,
)
from bench.scale.world import World, add_merchant, open_world
from chalicelib.domain.log import Link
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.flows.engine import sync_batch
from chalicelib.store.keys import ROW
from chalicelib.store.stream import Pair, follow

NOISY = "noisy"
KINDS = {PRODUCTS: Kind.PRODUCT, STOCK: Kind.STOCK, ORDERS: Kind.ORDER}
QUEUES = {PRODUCTS: "records", STOCK: "stock", ORDERS: "records"}
BATCHES = {"records": 10, "stock": 100}
STREAM_SHARDS = 8  #: partitions of the table under such a load, each with a reader
STREAM_BATCH = 1000  #: ``triggers.changes``
HOURS = 24  #: over which the rows were synced before
PLACES = ("log", "log.list", "log.wait")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A stream of changes: which flow, and whether its rows are there already."""

    label: str
    flow: str
    known: bool
    why: str


CASES = (
    Case(label="stock changed", flow=STOCK, known=True, why="every product's level, ever again"),
    Case(label="products changed", flow=PRODUCTS, known=True, why="a price list is edited"),
    Case(label="products new", flow=PRODUCTS, known=False, why="the first import"),
    Case(label="orders new", flow=ORDERS, known=False, why="sales at the tills"),
)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """The hottest partition key of one kind: units a second, and what they allow."""

    place: str
    key: str
    writes: float
    reads: float

    @property
    def load(self) -> float:
        """Share of a partition's limit."""
        return max(self.writes / PARTITION_WRITES_A_S, self.reads / PARTITION_READS_A_S)

    def holds_to(self, rate: float) -> float:
        """Changes a second at which the key reaches its limit, if units grow with changes."""
        return rate / self.load


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One case: its spots, hottest first, and what one change cost in all."""

    case: Case
    rate: int
    shards: int
    spots: Sequence[Spot]
    writes_a_change: Mapping[str, float]  #: by table and index
    reads_a_change: float
    requests_a_change: float
    stream_a_change: float  #: records of the stream

    @property
    def holds_to(self) -> float:
        """Changes a second at which the first key reaches its limit."""
        return self.spots[0].holds_to(self.rate)


def play(case: Case, *, rate: int, seconds: int, shards: int = 1) -> Measured:
    """Let one consumer's changes come for some seconds, each to a row of its own; all are synced.

    Vendors allow everything and answer at once, so that what is left is what the tables see.
    """
    with open_world(shards=shards) as world:
        records = [str(number) for number in range(rate * seconds)]
        prepare(world, case, records)
        world.heat.clear()
        for start in range(0, len(records), rate):
            change(world, case.flow, records[start : start + rate])
            read_stream(world)
            world.clock.pass_s(1)
        return _measured(world.heat, case, rate, seconds, shards)


def prepare(world: World, case: Case, records: Sequence[str]) -> None:
    """Set the merchant up; rows that are known were synced over the day before, once each."""
    add_merchant(world.services, NOISY)
    if case.flow == STOCK:
        _link(world, records)
    for hour in range(HOURS if case.known else 0):
        change(world, case.flow, records[hour::HOURS])
        read_stream(world)
        world.clock.pass_s(3600)


def _link(world: World, records: Sequence[str]) -> None:
    links = [
        Link(
            consumer=NOISY,
            kind="product",
            platform="brightpearl",
            id=record,
            other_platform="square",
            other_id=f"T{record}",
        )
        for record in records
    ]
    world.services.log.put_links(links)


def change(world: World, flow: str, records: Sequence[str]) -> None:
    """Tell of each change by a webhook of its own, and work all of them off."""
    services = world.services
    for record in records:
        name = RowName(consumer=NOISY, flow=flow, record=record)
        request_many(services, [Request(name=name, kind=KINDS[flow], by="webhook")])
    queue = QUEUES[flow]
    while messages := services.queue.receive_many(
        queue, limit=BATCHES[queue], visibility_s=360, now=services.now()
    ):
        deadline = services.now() + timedelta(seconds=57)
        done = sync_batch(services, messages, deadline=deadline).done
        services.queue.delete_many(queue, list(done))


def read_stream(world: World) -> int:
    """Read the stream as its readers would: a shard each, in batches; returns how many records."""
    pairs = [pair for pair in world.heat.pairs if is_followed(pair)]
    shards: dict[int, list[Pair]] = {}
    for pair in pairs:
        pk = (pair[1] or pair[0] or {})["pk"]
        shards.setdefault(crc32(pk.encode()) % STREAM_SHARDS, []).append(pair)
    for shard in shards.values():
        for start in range(0, len(shard), STREAM_BATCH):
            world.heat.batches += 1
            writes = follow(shard[start : start + STREAM_BATCH], batch=f"{world.heat.batches:021d}")
            world.log_table.write_many(writes)
    world.heat.pairs.clear()
    world.heat.streamed += len(pairs)
    return len(pairs)


def is_followed(pair: Pair) -> bool:
    """Whether the reader gets a change: of rows, and of exchanges that are new (``infra``)."""
    before, after = pair
    item = after or before or {}
    if item["pk"].startswith("X|"):
        return before is None
    return bool(item["pk"].startswith("R|") and item["sk"] == ROW)


def _measured(heat: Heat, case: Case, rate: int, seconds: int, shards: int) -> Measured:
    changes = rate * seconds
    return Measured(
        case=case,
        rate=rate,
        shards=shards,
        spots=sorted(_spots(heat, seconds), key=lambda spot: -spot.load),
        writes_a_change={
            name: _sum({place: one for place, one in heat.writes.items() if place[0] == name})
            / changes
            for name in PLACES
        },
        reads_a_change=_sum(heat.reads) / changes,
        requests_a_change=heat.requests / changes,
        stream_a_change=heat.streamed / changes,
    )


def _sum(units: Mapping[Place, Mapping[int, float]]) -> float:
    return sum(sum(by_second.values()) for by_second in units.values())


def _spots(heat: Heat, seconds: int) -> Iterator[Spot]:
    """The hottest key of each kind of key, on average over the seconds."""
    writes: dict[tuple[str, str], float] = {}
    reads: dict[tuple[str, str], float] = {}
    for units, hottest in ((heat.writes, writes), (heat.reads, reads)):
        for place, by_second in units.items():
            kind = place[0], kind_of(place[1])
            hottest[kind] = max(hottest.get(kind, 0), sum(by_second.values()) / seconds)
    for kind in writes.keys() | reads.keys():
        yield Spot(
            place=kind[0],
            key=kind[1],
            writes=writes.get(kind, 0),
            reads=reads.get(kind, 0),
        )


def kind_of(pk: str) -> str:
    """Return a partition key without what differs between records: ``R|c|flow|record``."""
    parts = pk.split("|")
    parts = ["c" if part == NOISY else part for part in parts]
    if parts[0] == "R":
        return "R|c|flow|record"
    if parts[0] == "X":
        return "X|id"
    if parts[0] == "L":
        return "L|c|platform|kind|id"
    if parts[0] == "D":
        return "D|0..15"
    if parts[0] == "Q":
        return "Q|c|first 3 letters"
    if parts[0] == "N" and parts[2][:1].isdigit():
        return "N|c|day"
    if parts[0] == "K":
        return "K|lease"
    return "|".join("flow" if part in KINDS else part for part in parts)
