"""A table that knows what DynamoDB would charge, by partition key and second.

It passes everything on to a real table and looks at what came of it, so the keys, conditions and
effects are those of the product. Units are DynamoDB's: 1 KB written, 4 KB read, half of it if not
consistent; an index entry that comes, goes or moves is a write of its own partition key; a refused
condition costs the item it was refused on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any, TypeVar

from bench.scale.published import READ_UNIT_BYTES, WRITE_UNIT_BYTES
from chalicelib.store.stream import Pair
from chalicelib.store.table import HIGHEST, Choice, Entry, Index, Item, Key, Result, Write
from local.sqlite.table import SqliteTable

T = TypeVar("T")

_INDEXES = (("list", "lp", "ls"), ("wait", "wp", "ws"))
WRITTEN_TOGETHER = 25  #: BatchWriteItem: puts and deletes without a condition
ENTRY_BYTES = 300  #: of an entry of an index: four keys, and what DynamoDB adds

Place = tuple[str, str]  #: table or index, partition key: ("log.list", "c|lane|S|0")


@dataclass
class Heat:
    """Write and read units by place and second, and the requests that made them."""

    now: Callable[[], datetime]
    writes: dict[Place, dict[int, float]] = field(default_factory=dict)
    reads: dict[Place, dict[int, float]] = field(default_factory=dict)
    requests: int = 0
    streamed: int = 0  #: records the stream reader was given
    batches: int = 0  #: in which it was given them
    pairs: list[Pair] = field(default_factory=list)  #: what the stream would hold, in order

    def clear(self) -> None:
        """Begin anew."""
        self.writes.clear()
        self.reads.clear()
        self.pairs.clear()
        self.requests = self.streamed = 0

    def wrote(self, place: Place, units: float) -> None:
        """Note write units."""
        second = int(self.now().timestamp())
        by_second = self.writes.setdefault(place, defaultdict(float))
        by_second[second] += units

    def read(self, place: Place, units: float) -> None:
        """Note read units."""
        second = int(self.now().timestamp())
        by_second = self.reads.setdefault(place, defaultdict(float))
        by_second[second] += units

    def wrote_pair(self, name: str, before: Item | None, after: Item | None, factor: int) -> None:
        """Note the write of one item, and of its index entries."""
        if before is None and after is None:
            return
        pk = (after or before or {})["pk"]
        size = max(size_of(before), size_of(after))
        self.wrote((name, pk), factor * ceil(size / WRITE_UNIT_BYTES))
        for index, part, sort in _INDEXES:
            old, new = _entry(before, part, sort), _entry(after, part, sort)
            if old != new:
                for entry in (old, new):
                    if entry is not None:
                        self.wrote((f"{name}.{index}", entry[0]), factor)


def _entry(item: Item | None, part: str, sort: str) -> tuple[str, str] | None:
    return (item[part], item[sort]) if item is not None and part in item else None


def size_of(value: Any) -> int:
    """Return about how many bytes DynamoDB counts for an item or value; 0 for no item."""
    if value is None:
        return 0
    if isinstance(value, Mapping):
        return sum(len(name.encode()) + size_of(one) + 1 for name, one in value.items()) + 3
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool):
        return 1
    if isinstance(value, int):
        return len(str(abs(value))) // 2 + 2
    return sum(size_of(one) + 1 for one in value) + 3


class _Watched:
    """The choices of a write; counts how many were tried until one held."""

    def __init__(self, write: Write) -> None:
        self._choices = write.choices
        self.tried = 0

    def __iter__(self) -> Iterator[Choice]:
        self.tried = 0
        for one in self._choices:
            self.tried += 1
            yield one


class MeteredTable:
    """``store.table.Table`` on SQLite in memory, metered.

    A write with several choices tries the first; the refusal tells the item as it is, so the second
    request is aimed at the choice that holds, or there is none.

    Args:
        spend: told how many requests a call of the port made; may move a clock.
    """

    def __init__(
        self,
        name: str,
        heat: Heat,
        *,
        now: Callable[[], datetime],
        spend: Callable[[int], object] = lambda requests: None,
    ) -> None:
        self.name = name
        self.heat = heat
        self._inner = SqliteTable(None, now=now, follow=self._follow)
        self._pairs: list[Pair] = []
        self._changed: set[Key] = set()
        self._spend = spend

    def close(self) -> None:
        """Forget everything."""
        self._inner.close()

    def _follow(self, pairs: Sequence[Pair]) -> Sequence[Write]:
        self._pairs = list(pairs)
        items = (after or before or {} for before, after in pairs)
        self._changed = {(item["pk"], item["sk"]) for item in items}
        return ()

    def _spent(self, requests: int) -> None:
        self.heat.requests += requests
        self._spend(requests)

    def get_many(
        self, keys: Sequence[Key], *, consistent: bool = True
    ) -> Sequence[dict[str, Any] | None]:
        """See ``Table``."""
        found = self._inner.get_many(keys, consistent=consistent)
        for key, item in zip(keys, found, strict=True):
            units = max(1, ceil(size_of(item) / READ_UNIT_BYTES))
            self.heat.read((self.name, key[0]), units if consistent else units / 2)
        self._spent(ceil(len(keys) / 100))
        return found

    def query(
        self, pk: str, *, low: str = "", high: str = HIGHEST, forward: bool = True, limit: int
    ) -> Sequence[dict[str, Any]]:
        """See ``Table``."""
        found = self._inner.query(pk, low=low, high=high, forward=forward, limit=limit)
        size = sum(map(size_of, found))
        self.heat.read((self.name, pk), max(1, ceil(size / READ_UNIT_BYTES)))
        self._spent(1)
        return found

    def query_index(
        self,
        index: Index,
        pk: str,
        *,
        low: str = "",
        high: str = HIGHEST,
        forward: bool = True,
        limit: int,
    ) -> Sequence[Entry]:
        """See ``Table``."""
        found = self._inner.query_index(index, pk, low=low, high=high, forward=forward, limit=limit)
        units = max(1, ceil(len(found) * ENTRY_BYTES / READ_UNIT_BYTES)) / 2
        self.heat.read((f"{self.name}.{index.value}", pk), units)
        self._spent(1)
        return found

    def write_many(self, writes: Sequence[Write]) -> Sequence[Result]:
        """See ``Table``."""
        watched = [_Watched(write) for write in writes]
        self._pairs = []
        results = self._inner.write_many(
            [Write(write.key, seen) for write, seen in zip(writes, watched, strict=True)]
        )
        self._charge(self._pairs)
        requests = requests_of(writes)
        for write, seen, result in zip(writes, watched, results, strict=True):
            if not _is_free(write):
                requests += self._refusals(write, seen, result)
        self._spent(requests)
        return results

    def together(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """See ``Table``."""
        return [work() for work in works]

    def _refusals(self, write: Write, seen: _Watched, result: Result) -> int:
        """Charge the first request of a write if it was refused; returns the requests it adds.

        A choice that writes nothing needs no second request: the refusal brought the item.
        """
        if result.tag is not None and seen.tried == 1:
            return 0
        units = max(1, ceil(size_of(result.item) / WRITE_UNIT_BYTES))
        self.heat.wrote((self.name, write.key[0]), units)
        return 1 if write.key in self._changed else 0

    def transact(self, writes: Sequence[Write]) -> bool:
        """See ``Table``; of one write it is no transaction, and costs no more than the write."""
        self._pairs = []
        done = self._inner.transact(writes)
        if done:
            self._charge(self._pairs, factor=2 if len(writes) > 1 else 1)
        self._spent(1)
        return done

    def _charge(self, pairs: Sequence[Pair], factor: int = 1) -> None:
        for before, after in pairs:
            self.heat.wrote_pair(self.name, before, after, factor)
        if self.name == "log":
            self.heat.pairs += pairs


def requests_of(writes: Sequence[Write]) -> int:
    """Return the requests some writes are, if no condition is refused."""
    free = sum(map(_is_free, writes))
    return ceil(free / WRITTEN_TOGETHER) + len(writes) - free


def _is_free(write: Write) -> bool:
    """Whether a write has no condition, so that it goes with others in one request."""
    choices = list(write.choices)
    if len(choices) != 1 or choices[0].when:
        return False
    effect = choices[0].make()
    return effect.replaces or effect.deletes
