"""Counts what clients ask AWS for, and the capacity units it costs on DynamoDB.

A meter listens to a client's own events, so whoever uses the client need not know::

    meter = Meter()
    meter.watch(client)
    with meter.measuring() as bill:
        log.write_rows(writes)
    bill.requests        # {"UpdateItem": 10}
    bill.write_units     # 12.0
    bill.writes          # {("synclog-dev-log", ""): 10.0, ("synclog-dev-log", "wait"): 2.0}

Units are those DynamoDB would charge. DynamoDB Local says most of them itself; where it says
otherwise than DynamoDB (``tests/referee/test_units.py`` shows each case), the meter puts it right:

- a query that finds nothing, and a key of a batch that has no item, cost the least a read costs;
- a refused condition costs what the item that is there costs to write;
- a delete in a batch costs one unit where there is no item;
- a transaction costs twice what its writes would cost one by one, a cancelled one too (DynamoDB
  does not say what that costs: this is the most it can be).

For the last two the meter reads the items itself, with requests it does not count: who measures
time as well does it with no meter on the client.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from local.aws.units import TABLE, Image, write_units

Place = tuple[str, str]  #: a table and one of its indexes; the index is "" for the table itself
_Units = list[tuple[Place, float]]
_Spot = tuple[str, Image]  # a table and the key of an item

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
TRANSACTION_TIMES = 2
_ASKED = "synclog_asked"  #: where a request's parameters wait for its answer
_BEFORE = "synclog_before"


@dataclass
class Bill:
    """What was asked while a bill was open. A request that botocore repeats counts once."""

    requests: Counter[str] = field(default_factory=Counter)  #: operation -> how often
    reads: defaultdict[Place, float] = field(default_factory=lambda: defaultdict(float))
    writes: defaultdict[Place, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def read_units(self) -> float:
        """Read units of all tables and indexes."""
        return sum(self.reads.values())

    @property
    def write_units(self) -> float:
        """Write units of all tables and indexes."""
        return sum(self.writes.values())

    def add(self, operation: str, units: _Units) -> None:
        """Add one request."""
        self.requests[operation] += 1
        side = self.reads if operation in READS else self.writes
        for place, count in units:
            if count:
                side[place] += count


class Meter:
    """Counts the requests of the clients it watches, of any service and on any thread."""

    def __init__(self) -> None:
        self._open: list[Bill] = []
        self._lock = threading.Lock()
        self._own = threading.local()  # whether this thread's request is the meter's

    def watch(self, client: Any) -> None:
        """Count what a client of boto3 or botocore asks from now on."""
        events = client.meta.events
        events.register("provide-client-params", partial(self._on_request, client))
        events.register("after-call", partial(self._on_answer, client))

    @contextmanager
    def measuring(self) -> Iterator[Bill]:
        """Give a bill of what is asked within the block; blocks may overlap."""
        bill = Bill()
        with self._lock:
            self._open.append(bill)
        try:
            yield bill
        finally:
            with self._lock:
                self._open = [one for one in self._open if one is not bill]

    def _on_request(
        self, client: Any, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        if self._is_own():
            return params
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params = {**params, "ReturnConsumedCapacity": "INDEXES"}
        context[_ASKED] = params
        context[_BEFORE] = self._read(client, _spots_of(model.name, params))
        return params

    def _on_answer(
        self, client: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        if self._is_own():
            return
        asked, before = context[_ASKED], context[_BEFORE]
        spots = _spots_of(model.name, asked)
        if model.name == "TransactWriteItems":
            units = _transaction_units(spots, before, self._read(client, spots))
        else:
            units = _units_of(model.name, asked, parsed)
            missing = [spot for spot, item in zip(spots, before, strict=True) if item is None]
            units += [((table, TABLE), -1) for table, _ in missing if "ConsumedCapacity" in parsed]
        with self._lock:
            for bill in self._open:
                bill.add(model.name, units)

    def _is_own(self) -> bool:
        return bool(getattr(self._own, "asks", False))

    def _read(self, client: Any, spots: Sequence[_Spot]) -> Sequence[Image | None]:
        """Return items as they are now."""
        self._own.asks = True
        try:
            return [
                client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
                for table, key in spots
            ]
        finally:
            self._own.asks = False


def _spots_of(operation: str, params: Mapping[str, Any]) -> list[_Spot]:
    """Return which items must be known to tell what a request costs."""
    if operation == "BatchWriteItem":
        return [
            (table, one["DeleteRequest"]["Key"])
            for table, requests in params["RequestItems"].items()
            for one in requests
            if "DeleteRequest" in one
        ]
    spots = []
    for action in params["TransactItems"] if operation == "TransactWriteItems" else ():
        (one,) = action.values()
        key = one["Key"] if "Key" in one else {name: one["Item"][name] for name in ("pk", "sk")}
        spots.append((one["TableName"], key))
    return spots


def _transaction_units(
    spots: Sequence[_Spot], before: Sequence[Image | None], after: Sequence[Image | None]
) -> _Units:
    return [
        ((table, index), TRANSACTION_TIMES * units)
        for (table, _), old, new in zip(spots, before, after, strict=True)
        for index, units in write_units(old, new).items()
    ]


def _units_of(operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> _Units:
    if answer.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
        there = answer.get("Item")
        return [((asked["TableName"], TABLE), write_units(there, there)[TABLE])]
    if operation == "BatchGetItem" and "Responses" in answer:
        return _said(answer) + _missing_units(asked, answer)
    if operation == "Query" and "ConsumedCapacity" in answer:
        least = 1.0 if asked.get("ConsistentRead") else 0.5
        place = (answer["ConsumedCapacity"]["TableName"], asked.get("IndexName", TABLE))
        return [(place, max(least, answer["ConsumedCapacity"]["CapacityUnits"]))]
    return _said(answer)


def _said(answer: Mapping[str, Any]) -> _Units:
    """Return the units an answer tells of; other services tell of none."""
    consumed = answer.get("ConsumedCapacity", [])
    units: _Units = []
    for one in [consumed] if isinstance(consumed, Mapping) else consumed:
        parts = {TABLE: one["Table"], **one.get("GlobalSecondaryIndexes", {})}
        units += [((one["TableName"], name), part["CapacityUnits"]) for name, part in parts.items()]
    return units


def _missing_units(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> _Units:
    units: _Units = []
    for table, wanted in asked["RequestItems"].items():
        later = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        missing = len(wanted["Keys"]) - len(later) - len(answer["Responses"].get(table, []))
        least = 1.0 if wanted.get("ConsistentRead") else 0.5
        units.append(((table, TABLE), missing * least))
    return units
