"""Listens to AWS clients: which kind of item each request was for, and how many waits there were.

``local.aws.metering.Meter`` says what was asked and what it costs in all; this says for what. What
it cannot place (the writes of transactions) is the difference between the two.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from local.aws.units import TABLE, write_units

#: First part of a partition key of the log -> what its items are.
KINDS = {
    "R": "row",
    "X": "exchange",
    "L": "link",
    "Q": "search word",
    "E": "execution",
    "N": "counter",
    "G": "group or cause",
    "H": "group or cause",
    "W": "rate window",
    "K": "lease",
    "U": "units of orders",
    "Z": "release",
    "D": "row",  # a partition of owed rows in `wait`
}
IN_ROWS = {"A": "attempt", "~~record": "record"}
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_ASKED = "synclog_ledger"

Line = tuple[str, str, str]  #: kind of item, "read" or "write", index ("" for the table)


class Ledger:
    """Units by kind of item, and bursts: requests under way together are waited for once."""

    def __init__(self, registry_table: str) -> None:
        self._registry = registry_table
        self._lock = threading.Lock()
        self._under_way = 0
        self.units: defaultdict[Line, float] = defaultdict(float)
        self.requests: Counter[tuple[str, str]] = Counter()  #: by operation and kind of item
        self.bursts = 0

    def watch(self, client: Any) -> None:
        """Listen to a client; a meter that watches it too must have been told first."""
        events = client.meta.events
        events.register_last("provide-client-params", self._on_request)
        events.register("before-send", self._on_send)
        events.register("after-call", self._on_answer)

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self.units.clear()
            self.requests.clear()
            self.bursts = 0

    def _on_request(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context[_ASKED] = params

    def _on_send(self, **_: Any) -> None:
        with self._lock:
            self.bursts += not self._under_way
            self._under_way += 1

    def _on_answer(
        self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        asked = context[_ASKED]
        lines = list(self._lines(model.name, asked, parsed))
        with self._lock:
            self._under_way -= 1
            self.requests[model.name, self._kind_of_request(model.name, asked)] += 1
            for line, units in lines:
                self.units[line] += units

    def _kind_of_request(self, operation: str, asked: Mapping[str, Any]) -> str:
        if "TableName" in asked:
            return self._kind(asked["TableName"], *_key_of(asked))
        if operation == "TransactWriteItems":
            [action] = asked["TransactItems"][0].values()
            return self._kind(action["TableName"], *_key_of(action))
        return "several" if "RequestItems" in asked else ""

    def _kind(self, table: str, pk: str, sk: str) -> str:
        return "registry" if table == self._registry else kind_of(pk, sk)

    def _lines(
        self, operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> Iterator[tuple[Line, float]]:
        if operation == "BatchGetItem":
            yield from self._got(asked)
        elif operation == "BatchWriteItem":
            yield from _scaled(list(self._written(asked)), answer)
        elif "TableName" in asked:
            kind = self._kind(asked["TableName"], *_key_of(asked))
            yield from _said(kind, operation, asked, answer)

    def _got(self, asked: Mapping[str, Any]) -> Iterator[tuple[Line, float]]:
        """A key of a batch costs one unit or half of one: no item of ours is over 4 KB."""
        for table, wanted in asked["RequestItems"].items():
            for key in wanted["Keys"]:
                kind = self._kind(table, key["pk"]["S"], key["sk"]["S"])
                yield (kind, "read", TABLE), 1.0 if wanted.get("ConsistentRead") else 0.5

    def _written(self, asked: Mapping[str, Any]) -> Iterator[tuple[Line, float]]:
        """What is written in batches is new: traces, words, rows of an execution."""
        for table, entries in asked["RequestItems"].items():
            for entry in entries:
                item = entry.get("PutRequest", {}).get("Item")
                key = item or entry["DeleteRequest"]["Key"]
                kind = self._kind(table, key["pk"]["S"], key["sk"]["S"])
                for index, units in write_units(None, item).items():
                    yield (kind, "write", index), units


def _scaled(
    lines: list[tuple[Line, float]], answer: Mapping[str, Any]
) -> Iterator[tuple[Line, float]]:
    """Bring lines to what the answer says: what was written again moved no entry of an index."""
    said: Counter[str] = Counter()
    for one in answer.get("ConsumedCapacity", ()):
        for index, part in {TABLE: one["Table"], **one.get("GlobalSecondaryIndexes", {})}.items():
            said[index] += part["CapacityUnits"]
    sums: Counter[str] = Counter()
    for (_, _, index), units in lines:
        sums[index] += units
    for line, units in lines:
        if said[line[2]]:
            yield line, units * said[line[2]] / sums[line[2]]


def kind_of(pk: str, sk: str) -> str:
    """Return what an item of the log is."""
    first = pk.partition("|")[0]
    if first == "R":
        return IN_ROWS.get(sk.partition("|")[0], "row")
    return KINDS.get(first, "row")  # what begins with a consumer is a partition of `list`


def _key_of(asked: Mapping[str, Any]) -> tuple[str, str]:
    if "Key" in asked or "Item" in asked:
        key = asked.get("Key") or asked["Item"]
        return key["pk"]["S"], key["sk"]["S"]
    return next(iter(asked["ExpressionAttributeValues"].values()))["S"], ""


def _said(
    kind: str, operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[tuple[Line, float]]:
    side = "read" if operation in _READS else "write"
    if answer.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
        there = answer.get("Item")
        yield (f"{kind}, refused", side, TABLE), write_units(there, there)[TABLE]
        return
    consumed = answer.get("ConsumedCapacity")
    if consumed is None:
        return
    if operation == "Query":
        least = 1.0 if asked.get("ConsistentRead") else 0.5
        index = asked.get("IndexName", TABLE)
        yield (kind, side, index), max(least, consumed["CapacityUnits"])
        return
    parts = {TABLE: consumed["Table"], **consumed.get("GlobalSecondaryIndexes", {})}
    for index, part in parts.items():
        if part["CapacityUnits"]:
            yield (kind, side, index), part["CapacityUnits"]
