"""What follows from a changed item: counts, groups, search words. Pure: pairs in, writes out.

On DynamoDB the stream reader (``store.changes``) calls ``follow`` with a batch of the stream; the
table on SQLite calls it inside the transaction of the write. Changes are summed up first, so a
batch costs one write per counter it touches.

A batch of the stream may come twice. What is added up therefore notes in ``b`` the last batches it
counted, and a group or cause that emptied is kept for a day, so that it does not forget them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.writes import Op, Term
from chalicelib.store import keys
from chalicelib.store.table import (
    EXISTS,
    Effect,
    Item,
    Key,
    Write,
    choice,
    delete,
    put,
)

SLOT_MINUTES = 15  #: every zone's day begins on such a slot
#: Columns that are searched, and the name of the field in the key.
WORD_COLUMNS = (
    "sku",
    "order_id",
    "order_number",
    "target_order_id",
    "refund_id",
    "credit_id",
    "shipment_id",
    "invoice_number",
    "email",
)
EMPTIED_KEPT_S = 24 * 3600  #: Lambda tries a batch of a stream again for as long as a day
WORD_AT_MOST = 100  #: characters of a search word
_STATUS_ATTRIBUTES = {"Pending": "P", "Processing": "R", "Synced": "S", "Failed": "F"}

#: Consumer and lane as in keys, kind, status, code, whether a rule left the row alone, slot.
_Bucket = tuple[str, str, str, str, bool, str]

Pair = tuple[Item | None, Item | None]  #: an item before and after its change; None: there was none


def follow(pairs: Iterable[Pair], *, batch: str | None = None) -> Sequence[Write]:
    """Return the writes that keep counts, groups and search words in step with changed items.

    ``batch`` names the pairs where they may come again; carried out twice, the writes count once.
    """
    tally = _Tally()
    for old, new in pairs:
        item = new or old
        if item is not None and item["sk"] == keys.ROW:
            if item["pk"].startswith("R|"):
                tally.row(old, new)
            elif item["pk"].startswith("X|") and old is None:
                tally.exchange(item)
    return tally.writes(_Once(batch))


class _Once:
    """Adds to what is added up that it happens once for a batch."""

    def __init__(self, batch: str | None) -> None:
        self.when = (Term("b", Op.LACKS, batch),) if batch is not None else ()
        self.push = {"b": batch} if batch is not None else {}


@dataclass
class _Heap:
    """How the rows of one group or cause changed within a batch."""

    count: int = 0
    first: str = ""
    last: str = ""
    left: str = ""  #: when the last one left
    facts: dict[str, Any] = field(default_factory=dict)  #: of the row that came last


class _Tally:
    def __init__(self) -> None:
        self._buckets: Counter[_Bucket] = Counter()
        self._calls: Counter[Key] = Counter()
        self._heaps: dict[Key, _Heap] = {}
        self._words: dict[Key, bool] = {}  # whether the word is to be there
        self._words_of: dict[Key, dict[str, Any]] = {}

    def row(self, old: Item | None, new: Item | None) -> None:
        """Note what one row's move changes: counts, group or cause, search words."""
        before, after = _bucket_of(old), _bucket_of(new)
        if before != after:
            if before:
                self._buckets[before] -= 1
            if after:
                self._buckets[after] += 1
        heap_before, heap_after = _heap_key(old), _heap_key(new)
        if heap_before != heap_after:
            if heap_before:
                self._leave(heap_before, new or old or {})
            if heap_after and new:
                self._pile(heap_after, new)
        if (
            old is None
            or new is None
            or old.get("co") != new.get("co")
            or old.get("ti") != new.get("ti")
        ):
            self._index_words(old, new)

    def exchange(self, item: Item) -> None:
        self._calls[f"N|{keys.escape(item['c'])}|calls", keys.escape(item["platform"])] += 1

    def _pile(self, key: Key, item: Item) -> None:
        heap = self._heaps.setdefault(key, _Heap())
        at = item.get("fa") or item.get("ua", "")
        heap.count += 1
        heap.first = min(heap.first or at, at)
        heap.last = max(heap.last, at)
        name = keys.name_of(item["pk"])
        heap.facts = {
            "key": item.get("ca") or item["fp"],
            "fl": name.flow,
            "r": item.get("r", ""),
            "ex": name.id,
            "d": item.get("d", ""),
        }

    def _leave(self, key: Key, item: Item) -> None:
        heap = self._heaps.setdefault(key, _Heap())
        heap.count -= 1
        heap.left = max(heap.left, item.get("ua", ""))

    def _index_words(self, old: Item | None, new: Item | None) -> None:
        before = words_of(old) if old else {}
        after = words_of(new) if new else {}
        for key in before.keys() - after.keys():
            self._words[key] = False
        for key in after.keys() - before.keys():
            self._words[key] = True
            self._words_of[key] = {"row": new["pk"] if new else ""}

    def writes(self, once: _Once) -> list[Write]:
        writes = _count_writes(self._buckets, once)
        writes += [_add(key, {"n": count}, {}, once) for key, count in self._calls.items()]
        writes += [_heap_write(key, heap, once) for key, heap in self._heaps.items()]
        for key, wanted in self._words.items():
            item = {"pk": key[0], "sk": key[1], **self._words_of.get(key, {})}
            writes.append(put(item) if wanted else delete(key))
        return writes


def _bucket_of(item: Item | None) -> _Bucket | None:
    if item is None:
        return None
    code = str(item.get("c", ""))
    skipped = item.get("o") == "not_applicable" and item["s"] == "Synced"
    place = item["lp"].rsplit("|", 2)[0]
    return place, item["k"], item["s"], code, skipped, slot_of(item["la"])


def _count_writes(buckets: Counter[_Bucket], once: _Once) -> list[Write]:
    """Add to the counts of now, one item a lane, and of each slot of ``listed_at``."""
    adds: dict[Key, Counter[str]] = defaultdict(Counter)
    facts: dict[Key, dict[str, str]] = {}
    for (place, kind, status, code, skipped, slot), by in buckets.items():
        consumer, _, lane = place.partition("|")
        now = (f"N|{consumer}|now", lane)
        adds[now][_STATUS_ATTRIBUTES[status]] += by
        facts[now] = {"k": kind}
        if skipped:
            adds[now]["na"] += by
        day = (f"N|{consumer}|{slot[:10]}", f"{slot[11:]}|{lane}")
        adds[day][f"{status}.{code}{'.na' if skipped else ''}"] += by
        facts[day] = {"k": kind, "lp": f"{consumer}|O", "ls": "|".join(day)}
    return [
        _add(key, {name: by for name, by in counter.items() if by}, facts[key], once)
        for key, counter in adds.items()
        if any(counter.values())
    ]


def _add(key: Key, adds: Mapping[str, int], facts: Mapping[str, str], once: _Once) -> Write:
    """Add to a counter. What only takes away makes none: an erasure may have been faster."""
    known = () if any(by > 0 for by in adds.values()) else (EXISTS,)
    effect = Effect(add=adds, set=facts, push=once.push)
    return Write(key, (choice("counted", (*known, *once.when), effect),))


def slot_of(time: str) -> str:
    """Return the start of the quarter of an hour of a stored time: ``2026-11-22T06:45``."""
    minute = int(time[14:16])
    return f"{time[:14]}{minute - minute % SLOT_MINUTES:02d}"


def _heap_key(item: Item | None) -> Key | None:
    """Key of the failure group or held cause that a row belongs to."""
    if item is None:
        return None
    consumer = item["pk"].split("|", 2)[1]
    if "ca" in item:
        return f"H|{consumer}", keys.bounded(item["ca"])
    if item["s"] == "Failed" and "fp" in item:
        return f"G|{consumer}", keys.escape(item["fp"])
    return None


def _heap_write(key: Key, heap: _Heap, once: _Once) -> Write:
    add = {"n": heap.count} if heap.count else {}
    if not heap.last:  # rows only left
        kept_until = int(datetime.fromisoformat(heap.left).timestamp()) + EMPTIED_KEPT_S
        emptied = Term("n", Op.LE_OR_ABSENT, -heap.count)
        effect = Effect(add=add, push=once.push)
        going = Effect(add=add, push=once.push, set={"ttl": kept_until})
        choices = [
            choice("emptied", (EXISTS, emptied, *once.when), going),
            choice("less", (EXISTS, *once.when), effect),
        ]
        return Write(key, choices)
    later = {**heap.facts, "last": heap.last}
    back = Effect(set={**later, "first": heap.first}, add=add, push=once.push, remove=["ttl"])
    more = Effect(set=later, add=add, push=once.push)
    choices = [
        choice("more", (Term("n", Op.GT, 0), *once.when), more),
        choice("new", once.when, back),
    ]
    return Write(key, choices)


def words_of(item: Item) -> dict[Key, str]:
    """Return the keys of a row's search words, each with its word in lower case."""
    name = keys.name_of(item["pk"])
    columns = item.get("co", {})
    texts = [("record", name.record), ("target_id", item.get("ti"))]
    texts += [(column, columns.get(column)) for column in WORD_COLUMNS]
    found: dict[str, str] = {}
    for field_name, text in texts:
        if isinstance(text, str | int) and len(word := to_word(str(text))) >= keys.PREFIX_LENGTH:
            found.setdefault(word, field_name)
    row = keys.text_hash(item["pk"])[:16]
    return {
        (keys.word_pk(name.consumer, word), keys.word_sort(word, field_name, row)): word
        for word, field_name in found.items()
    }


def to_word(text: str) -> str:
    """Return a text as it is searched: lower case, trimmed, bounded."""
    return text.strip().lower()[:WORD_AT_MOST]
