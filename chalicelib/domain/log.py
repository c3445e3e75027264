"""What the sync log keeps beside rows: attempts, exchanges, links, executions, questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind, Status

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list; cursors are opaque texts for one question, None where the list ends."""

    items: Sequence[T]
    next: str | None = None
    previous: str | None = None


class CursorError(ValueError):
    """The cursor is not one of this list: start again without it."""


@dataclass(frozen=True, kw_only=True)
class RowQuery:
    """Which rows of a consumer a person wants; empty means no restriction, several are
    alternatives.
    """

    consumer: str
    lanes: Sequence[str] = ()  #: flows (or flow/step); the caller turns kinds into lanes
    statuses: Sequence[Status] = ()
    reasons: Sequence[str] = ()
    codes: Sequence[int | None] = ()  #: None: no answer of the target came
    outcomes: Sequence[str] = ()  #: of Synced rows alone
    group: str | None = None  #: fingerprint
    cause: str | None = None
    execution: str | None = None
    listed_from: datetime | None = None  #: inclusive, by ``listed_at``
    listed_to: datetime | None = None  #: exclusive
    text: str | None = None  #: start of SKU, order number, either id or e-mail; 3 letters at least


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One HTTP call of a connector, redacted and bounded; what people call a transaction."""

    id: str
    consumer: str
    connection: str
    platform: str
    method: str
    url: str
    at: datetime
    duration_ms: int
    status: int | None  #: None: no answer came
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str = ""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: str = ""
    error: str = ""  #: why no answer came
    execution: str | None = None
    serves: str | None = None  #: the one record it was made for; None: the whole batch
    correlations: Sequence[str] = ()  #: ids of the requests whose rows it was made for; at most 10


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to bring a row to Synced, and the exchanges it made (a batch call serves many)."""

    name: RowName
    number: int
    started_at: datetime
    ended_at: datetime
    status: Status
    reason: str | None
    outcome: str | None
    detail: str  #: the whole sentence; the row keeps 300 characters of it
    code: int | None
    exchanges: Sequence[str] = ()  #: ids
    by: str | None = None
    execution: str | None = None
    correlation: str | None = None  #: id of the request it was made for


@dataclass(frozen=True, kw_only=True)
class Link:
    """The ids of one record on both sides; stored once for each side."""

    consumer: str
    kind: str  #: a ``Kind``, or a word of the flow's own such as ``product-group``
    platform: str  #: connection name of the side the id belongs to
    id: str
    other_platform: str
    other_id: str
    parent_id: str | None = None  #: the thing ``other_id`` is part of (an item of a variation)


class ExecutionState(StrEnum):
    """Where a run stands."""

    RUNNING = "Running"
    SUCCESS = "Success"
    ERROR = "Error"
    CANCELLED = "Cancelled"


class Trigger(StrEnum):
    """Who started a run."""

    SCHEDULE = "schedule"
    PERSON = "person"


class RunType(StrEnum):
    """What a run does."""

    POLL = "poll"
    IMPORT = "import"
    RESYNC = "resync"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One line a run tells people."""

    at: datetime
    text: str
    row: str | None = None  #: id of the row it is about


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One run of a poll, an import or a bulk re-sync.

    ``counts``: found at the source (or in the filter), requested, skipped (nothing newer), done,
    synced, failed, held. It ends when every row it requested has ended or is held.
    """

    id: str
    consumer: str
    flow: str  #: empty for a re-sync over several flows
    type: RunType
    trigger: Trigger
    by: str
    state: ExecutionState = ExecutionState.RUNNING
    started_at: datetime
    ended_at: datetime | None = None
    collecting: bool = True  #: still requesting rows; then it waits for them to end
    counts: Mapping[str, int] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)  #: filter, ids or period; JSON values
    cursor: str | None = None  #: where collecting goes on
    watch_cursor: str | None = None  #: rows before it have ended and are counted
    cancelled: bool = False  #: a person asked it to stop
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that failed alike, or that wait under one cause."""

    key: str  #: fingerprint or cause
    flow: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    example: str  #: a row's id
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Units:
    """Goods sold at the till and not yet taken by the ERP: what a count must not put back."""

    record: str  #: the order's id at the source
    item: str  #: id of the sold thing at the till's platform
    location: str
    quantity: Decimal
    sold_at: datetime


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many rows of a flow stand at a status now."""

    flow: str
    kind: Kind
    status: Status
    count: int
    not_applicable: int = 0  #: part of a Synced count that a written rule left alone


@dataclass(frozen=True, kw_only=True)
class SlotCounts:
    """How many of the rows listed within a quarter of an hour stand alike now."""

    begins_at: datetime
    flow: str
    kind: Kind
    status: Status
    code: int | None  #: None: no answer of the target came
    not_applicable: bool  #: Synced because a written rule left them alone
    count: int
