"""Valid things with defaults: a test sets only what it is about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.log import (
    Attempt,
    Exchange,
    Execution,
    Link,
    RunType,
    Trigger,
    Units,
)
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import (
    ApiKey,
    Connection,
    Consumer,
    FlowSetup,
    HistoryEntry,
    MappingTable,
    PollState,
    Release,
    Role,
)
from chalicelib.domain.statuses import Kind, Status

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONSUMER = "corner-shirts"
PRODUCTS = "brightpearl-products-to-square"
ORDERS = "square-orders-to-brightpearl"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        return self.at


def make_name(record: str = "1007", **changes: Any) -> RowName:
    return RowName(**{"consumer": CONSUMER, "flow": PRODUCTS, "record": record, **changes})


def make_row(record: str = "1007", **changes: Any) -> Row:
    return Row(**{"name": make_name(record), "kind": Kind.PRODUCT, "listed_at": NOW, **changes})


def make_request(name: RowName | str = "1007", **changes: Any) -> Request:
    row = make_name(name) if isinstance(name, str) else name
    kind = Kind.ORDER if row.flow == ORDERS else Kind.PRODUCT
    return Request(**{"name": row, "kind": kind, "by": "webhook", **changes})


def make_attempt(name: RowName | None = None, number: int = 1, **changes: Any) -> Attempt:
    defaults: dict[str, Any] = {
        "name": name or make_name(),
        "number": number,
        "started_at": NOW + timedelta(seconds=number),
        "ended_at": NOW + timedelta(seconds=number + 1),
        "status": Status.FAILED,
        "reason": "rejected_by_target",
        "outcome": None,
        "detail": "The name is too long.",
        "code": 400,
    }
    return Attempt(**{**defaults, **changes})


def make_exchange(id: str = "x1", **changes: Any) -> Exchange:
    defaults: dict[str, Any] = {
        "id": id,
        "consumer": CONSUMER,
        "connection": "square",
        "platform": "square",
        "method": "POST",
        "url": "https://connect.squareup.com/v2/catalog/batch-upsert",
        "at": NOW,
        "duration_ms": 120,
        "status": 200,
    }
    return Exchange(**{**defaults, **changes})


def make_link(id: str = "1007", other_id: str = "SQ7", **changes: Any) -> Link:
    defaults: dict[str, Any] = {
        "consumer": CONSUMER,
        "kind": "product",
        "platform": "brightpearl",
        "id": id,
        "other_platform": "square",
        "other_id": other_id,
    }
    return Link(**{**defaults, **changes})


def make_execution(id: str = "e1", **changes: Any) -> Execution:
    defaults: dict[str, Any] = {
        "id": id,
        "consumer": CONSUMER,
        "flow": PRODUCTS,
        "type": RunType.POLL,
        "trigger": Trigger.SCHEDULE,
        "by": "schedule",
        "started_at": NOW,
    }
    return Execution(**{**defaults, **changes})


def make_units(record: str, quantity: Any, **changes: Any) -> Units:
    defaults = {"record": record, "item": "VAR1", "location": "LOC1", "sold_at": NOW}
    return Units(**{**defaults, "quantity": quantity, **changes})


def make_consumer(id: str = CONSUMER, **changes: Any) -> Consumer:
    return Consumer(**{"id": id, "name": "Corner Shirts", "created_at": NOW, **changes})


def make_connection(name: str = "square", **changes: Any) -> Connection:
    return Connection(**{"consumer": CONSUMER, "name": name, "platform": "square", **changes})


def make_flow(flow: str = PRODUCTS, **changes: Any) -> FlowSetup:
    return FlowSetup(**{"consumer": CONSUMER, "flow": flow, **changes})


def make_mapping(name: str = "category", **changes: Any) -> MappingTable:
    return MappingTable(**{"consumer": CONSUMER, "flow": PRODUCTS, "name": name, **changes})


def make_poll(flow: str = PRODUCTS, **changes: Any) -> PollState:
    return PollState(**{"consumer": CONSUMER, "flow": flow, **changes})


def make_key(id: str = "k1", **changes: Any) -> ApiKey:
    defaults = {"id": id, "hash": f"hash-of-{id}", "consumer": CONSUMER, "role": Role.VIEWER}
    return ApiKey(**{**defaults, "name": "Till desk", "created_at": NOW, **changes})


def make_history(subject: str = "category", **changes: Any) -> HistoryEntry:
    defaults = {"consumer": CONSUMER, "at": NOW, "who": "Ann", "what": "mapping saved"}
    return HistoryEntry(**{**defaults, "subject": subject, **changes})


def make_release(id: str = "r1", **changes: Any) -> Release:
    cause = "mapping:brightpearl-products-to-square:category:Shirts"
    return Release(**{"consumer": CONSUMER, "cause": cause, "id": id, "due_at": NOW, **changes})
