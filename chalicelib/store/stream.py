"""What follows from a changed item: counts, groups, search words. Pure: pairs in, writes out.

On DynamoDB the stream reader calls ``follow`` with a batch of the stream; the table on SQLite calls
it inside the transaction of the write. Changes are summed up first, so a batch costs one write per
counter it touches.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.writes import MISSING, Op, Term
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
    update,
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
WORD_AT_MOST = 100  #: characters of a search word
_STATUS_ATTRIBUTES = {"Pending": "P", "Processing": "R", "Synced": "S", "Failed": "F"}

Pair = tuple[Item | None, Item | None]  #: an item before and after its change; None: there was none


def follow(pairs: Iterable[Pair]) -> Sequence[Write]:
    """Return the writes that keep counts, groups and search words in step with changed items."""
    tally = _Tally()
    for old, new in pairs:
        item = new or old
        if item is not None and item["sk"] == keys.ROW:
            if item["pk"].startswith("R|"):
                tally.row(old, new)
            elif item["pk"].startswith("X|") and old is None:
                tally.exchange(item)
    return tally.writes()


@dataclass
class _Heap:
    """How the rows of one group or cause changed within a batch."""

    count: int = 0
    first: str = ""
    last: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  #: of the row that came last


class _Tally:
    def __init__(self) -> None:
        self._counts: dict[Key, Counter[str]] = {}
        self._facts: dict[Key, dict[str, Any]] = {}
        self._heaps: dict[Key, _Heap] = {}
        self._words: dict[Key, bool] = {}  # whether the word is to be there
        self._words_of: dict[Key, dict[str, Any]] = {}

    def row(self, old: Item | None, new: Item | None) -> None:
        before = _bucket(old) if old else None
        after = _bucket(new) if new else None
        if before != after:
            if old and before:
                self._count(old, before, -1)
            if new and after:
                self._count(new, after, 1)
        heap_before, heap_after = _heap_key(old), _heap_key(new)
        if heap_before != heap_after:
            if heap_before:
                self._heaps.setdefault(heap_before, _Heap()).count -= 1
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
        key = (f"N|{keys.escape(item['c'])}|calls", keys.escape(item["platform"]))
        self._counts.setdefault(key, Counter())["n"] += 1

    def _count(self, item: Item, bucket: tuple[str, ...], by: int) -> None:
        status, code, skipped, slot = bucket
        name = keys.name_of(item["pk"])
        consumer, lane = keys.escape(name.consumer), keys.lane_part(name.lane)
        now = (f"N|{consumer}|now", lane)
        counter = self._counts.setdefault(now, Counter())
        counter[_STATUS_ATTRIBUTES[status]] += by
        if skipped:
            counter["na"] += by
        self._facts[now] = {"k": item["k"]}
        if slot:
            key = (f"N|{consumer}|{slot[:10]}", f"{slot[11:]}|{lane}")
            self._counts.setdefault(key, Counter())[f"{status}.{code}{skipped}"] += by
            self._facts[key] = {
                "k": item["k"],
                "lp": keys.others_pk(name.consumer),
                "ls": f"{key[0]}|{key[1]}",
            }

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

    def _index_words(self, old: Item | None, new: Item | None) -> None:
        before = words_of(old) if old else {}
        after = words_of(new) if new else {}
        for key in before.keys() - after.keys():
            self._words[key] = False
        for key in after.keys() - before.keys():
            self._words[key] = True
            self._words_of[key] = {"row": new["pk"] if new else ""}

    def writes(self) -> list[Write]:
        writes = [
            update(
                key, set=self._facts.get(key), add={name: by for name, by in counter.items() if by}
            )
            for key, counter in self._counts.items()
            if any(counter.values())
        ]
        writes += [_heap_write(key, heap) for key, heap in self._heaps.items()]
        for key, wanted in self._words.items():
            item = {"pk": key[0], "sk": key[1], **self._words_of.get(key, {})}
            writes.append(put(item) if wanted else delete(key))
        return writes


def _bucket(item: Item) -> tuple[str, str, str, str]:
    """Status, code, whether a rule left the row alone, and the slot of ``listed_at``."""
    skipped = ".na" if item.get("o") == "not_applicable" and item["s"] == "Synced" else ""
    return item["s"], str(item.get("c", "")), skipped, slot_of(item.get("la", ""))


def slot_of(time: str) -> str:
    """Return the start of the quarter of an hour of a stored time: ``2026-11-22T06:45``."""
    if not time:
        return ""
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


def _heap_write(key: Key, heap: _Heap) -> Write:
    add = {"n": heap.count} if heap.count else {}
    if not heap.last:  # rows only left
        emptied = Term("n", Op.LE_OR_ABSENT, -heap.count)
        choices = [
            choice("gone", (EXISTS, emptied), Effect(deletes=True)),
            choice("less", (EXISTS,), Effect(add=add)),
        ]
        return Write(key, choices)
    later = {**heap.facts, "last": heap.last}
    choices = [
        choice("new", (MISSING,), Effect(set={**later, "first": heap.first}, add=add)),
        choice("known", (EXISTS,), Effect(set=later, add=add)),
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
    return {
        (keys.word_pk(name.consumer, word), keys.word_sort(word, field_name, item["pk"])): word
        for word, field_name in found.items()
    }


def to_word(text: str) -> str:
    """Return a text as it is searched: lower case, trimmed, bounded."""
    return text.strip().lower()[:WORD_AT_MOST]
