"""Shapes of answers: what the serializers return and the document describes."""

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


class ExchangeAnswer(TypedDict):
    """One HTTP call to a platform; without an answer ``status`` is null and ``error`` says why."""

    id: str
    platform: str
    connection: str
    method: str
    url: str
    status: int | None
    at: str
    duration_ms: int
    request: MessageSide
    response: MessageSide
    error: str
    correlations: list[str]


class AttemptAnswer(TypedDict):
    """One try to bring a row to Synced; exchanges that expired are left out."""

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


class RowDetailAnswer(TypedDict):
    """One row, whole; ``correlation`` is the request its coming or last attempt is made for."""

    row: RowAnswer
    correlation: str | None
    record: dict[str, Any] | None
    attempts: list[AttemptAnswer]
    links: list[LinkAnswer]
    related: list[RowAnswer]


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


class ConsumerAnswer(TypedDict):
    """A merchant."""

    id: str
    name: str
    time_zone: str
    created_at: str
    deleted_at: str | None


class DeletedAnswer(TypedDict):
    """A deletion; while not all is erased, deleting again goes on."""

    id: str
    deleted_at: str | None
    erased: bool


class FieldAnswer(TypedDict):
    """A setting or credential a platform knows."""

    name: str
    label: str
    required: bool
    secret: bool
    default: str | None
    help: str


class ConnectionAnswer(TypedDict):
    """An account on a platform; of credentials only the names that are set."""

    name: str
    platform: str
    label: str
    base_url: str
    settings: dict[str, Any]
    credentials: list[str]
    webhook_address: str
    health: Literal["unchecked", "healthy", "down"]
    detail: str
    checked_at: str | None
    fields: list[FieldAnswer]
    prerequisites: list[str]


class CheckAnswer(ConnectionAnswer):
    """What a check found."""

    ok: bool
    account: str
    problems: list[str]


class PickAnswer(TypedDict):
    """Where the values to choose from are found: a connection and a word of its choices."""

    connection: str
    choices: str


class SettingAnswer(TypedDict):
    """A setting of a flow as its form has it."""

    name: str
    label: str
    type: str
    required: bool
    default: str | None
    options: list[str]
    pick: PickAnswer | None
    help: str
    value: Any


class LackAnswer(TypedDict):
    """One thing a flow needs and has not."""

    what: str
    name: str
    sentence: str


class StatusCount(TypedDict):
    """Rows of a flow at a status; ``not_applicable`` is the part a written rule left alone."""

    status: str
    count: int
    not_applicable: int


class FlowAnswer(TypedDict):
    """A flow of a consumer."""

    name: str
    label: str
    kind: str
    source: str
    target: str
    enabled: bool
    ready: bool
    missing: list[LackAnswer]
    settings: dict[str, Any]
    fields: list[SettingAnswer]
    mappings: list[str]
    last_execution: ExecutionAnswer | None
    last_polled_at: str | None
    counts: list[StatusCount]


class ChoiceAnswer(TypedDict):
    """A value of a platform that people pick from."""

    id: str
    name: str


class ChoicesAnswer(TypedDict):
    """Values of both platforms."""

    source: list[ChoiceAnswer]
    target: list[ChoiceAnswer]


class UnmappedAnswer(TypedDict):
    """A value without an answer; ``rows`` wait for one. ``suggestion`` is a target value."""

    value: str
    name: str
    rows: int
    cause: str
    first_at: str
    suggestion: str | None
    suggestion_name: str | None


class MappingAnswer(TypedDict):
    """A mapping of a flow; choices are read only where one mapping is asked for.

    ``source_by`` says whether source values are ids or names of the source's choices.
    """

    flow: str
    name: str
    label: str
    source_label: str
    source_by: str
    target_label: str
    entries: dict[str, str]
    records: dict[str, str]
    default: str | None
    unmapped: list[UnmappedAnswer]
    choices: ChoicesAnswer
    problems: list[str]


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


class LetterAnswer(TypedDict):
    """A row whose name lies in a dead-letter queue."""

    consumer: str
    flow: str
    row: str
    reason: str | None
    sentence: str | None
    failed_at: str | None


class LetterCounts(TypedDict):
    """About how many messages lie in each dead-letter queue."""

    records: int
    stock: int


class LettersAnswer(TypedDict):
    """A page of dead letters, with the counts of both queues."""

    items: list[LetterAnswer]
    next: str | None
    previous: str | None
    counts: LetterCounts


class RedriveAnswer(TypedDict):
    """What a redrive did: ``dropped`` letters had rows that no longer fail."""

    received: int
    requested: int
    dropped: int


class PruneAnswer(TypedDict):
    """How many letters were deleted because their rows no longer fail."""

    deleted: int


class KeyAnswer(TypedDict):
    """A key of the API, without the key."""

    id: str
    consumer: str | None
    role: str
    name: str
    created_at: str
    revoked_at: str | None


class NewKeyAnswer(KeyAnswer):
    """A key that was just made; nobody can read it again."""

    key: str


class HealthAnswer(TypedDict):
    """Whether the service answers, and its time."""

    status: str
    time: str


class ErrorBody(TypedDict):
    """``code`` is a word for programs, ``message`` a sentence for people."""

    code: str
    message: str
    details: Any


class ErrorAnswer(TypedDict):
    """Every answer that says no."""

    error: ErrorBody
