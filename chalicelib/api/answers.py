"""Shapes of answers about rows and runs: what the serializers return, the document describes."""

from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on


class LinkAnswer(TypedDict):
    """The id of a record at one side; ``url`` is its page for people, where there is one."""

    platform: str
    connection: str
    id: str
    url: str | None


class RowAnswer(TypedDict):
    """One row of the log. Times are ISO 8601 in UTC."""

    id: str
    consumer: str
    flow: str
    kind: str
    record: str
    step: str | None
    status: str
    reason: str | None
    sentence: str | None
    remedy: str | None
    cause: str | None
    outcome: str | None
    code: int | None
    verified: bool
    attempts: int
    next_attempt_at: str | None
    group: str | None
    columns: dict[str, Any]
    links: list[LinkAnswer]
    received_at: str | None
    requested_at: str | None
    synced_at: str | None
    updated_at: str | None
    platform_updated_at: str | None


class MessageSide(TypedDict):
    """Headers and body of a request or response, redacted."""

    headers: dict[str, str]
    body: str


class CallAnswer(TypedDict):
    """What is told of every HTTP call to a platform."""

    id: str
    platform: str
    connection: str
    method: str
    url: str
    status: int | None
    at: str
    duration_ms: int
    error: str
    correlations: list[str]


class ExchangeAnswer(CallAnswer):
    """One HTTP call to a platform; without an answer ``status`` is null and ``error`` says why."""

    request: MessageSide
    response: MessageSide


class TransactionAnswer(CallAnswer):
    """One HTTP call to a platform; ``record`` is the one record it was made for, if it was one."""

    execution: str | None
    record: str | None


class TransactionDetailAnswer(TransactionAnswer):
    """One HTTP call, whole; ``rows`` is null where the rows it was made for are not known."""

    request: MessageSide
    response: MessageSide
    rows: list[RowAnswer] | None


class ChangeAnswer(TypedDict):
    """One field that was sent with another value than before; null: it was not sent."""

    field: str
    old: str | None
    new: str | None


class AttemptAnswer(TypedDict):
    """One try to bring a row to Synced; exchanges that expired are left out.

    ``changes`` is what it sent differently from the attempt before, where its calls tell.
    """

    number: int
    at: str
    ended_at: str
    duration_ms: int
    status: str
    reason: str | None
    outcome: str | None
    detail: str
    code: int | None
    by: str | None
    execution: str | None
    correlation: str | None
    exchanges: list[ExchangeAnswer]
    changes: list[ChangeAnswer]


class HistoryAnswer(TypedDict):
    """One thing a person changed or did; ``old`` and ``new`` are null where nothing was changed."""

    at: str
    who: str
    what: str
    subject: str
    old: Any
    new: Any


class RowDetailAnswer(TypedDict):
    """One row, whole; ``correlation`` is the request its coming or last attempt is made for.

    ``history`` is what people did to it, of the newest that people did at all.
    """

    row: RowAnswer
    correlation: str | None
    record: dict[str, Any] | None
    attempts: list[AttemptAnswer]
    links: list[LinkAnswer]
    related: list[RowAnswer]
    history: list[HistoryAnswer]


class RequestedAnswer(TypedDict):
    """A re-sync that was taken: ``send``, ``joined`` (one is coming anyway) or ``parked``."""

    requested: str
    row: RowAnswer


class MessageAnswer(TypedDict):
    """One line a run tells people; ``row`` is the id of the row it is about."""

    at: str
    text: str
    row: str | None


class CountsOfRun(TypedDict):
    """How many records a run found, requested and saw end."""

    found: int
    requested: int
    done: int
    synced: int
    failed: int
    held: int
    skipped: int


class ExecutionAnswer(TypedDict):
    """One run of a poll, an import or a bulk re-sync."""

    id: str
    consumer: str
    flow: str | None
    type: str
    trigger: str
    by: str
    state: Literal["Running", "Success", "Error", "Cancelled"]
    started_at: str
    ended_at: str | None
    counts: CountsOfRun
    messages: list[MessageAnswer]
    spec: dict[str, Any]


class CountAnswer(TypedDict):
    """How many rows a filter has; not exact means: at least."""

    count: int
    exact: bool


class GroupAnswer(TypedDict):
    """Rows that failed alike, or that wait under one cause; ``key`` filters the log."""

    type: Literal["failure", "cause"]
    key: str
    group: str | None
    cause: str | None
    flow: str
    reason: str
    sentence: str
    remedy: str
    count: int
    first_at: str
    last_at: str
    example: str
