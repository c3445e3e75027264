"""Shapes of answers about merchants and how they are set up."""

from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on

from chalicelib.api.answers import ExecutionAnswer


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
    by_sign_in: bool  # signing in at the platform's page fills it in


class SignInAnswer(TypedDict):
    """Connecting at the platform's own page: ``missing`` are labels of fields to fill in first.

    ``awaited``: all is there but the tokens that signing in brings. ``redirect_address`` is what
    has to be registered at the platform, empty without a public address.
    """

    missing: list[str]
    awaited: bool
    redirect_address: str


class ConnectionAnswer(TypedDict):
    """An account on a platform; of credentials only the names that are set.

    ``webhooks`` is what the last check found that could tell; ``webhooks_detail`` why they are
    missing. ``sign_in`` is null for platforms without a page to sign in at.
    """

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
    webhooks: Literal["unknown", "registered", "missing"]
    webhooks_detail: str
    fields: list[FieldAnswer]
    prerequisites: list[str]
    sign_in: SignInAnswer | None


class PlatformAnswer(TypedDict):
    """A platform that can be connected; ``prerequisites`` are what its account needs.

    ``redirect_address`` has to be registered at a platform with a page to sign in at; else null.
    """

    name: str
    label: str
    fields: list[FieldAnswer]
    prerequisites: list[str]
    redirect_address: str | None


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
    """A flow of a consumer.

    ``next_poll_at`` is null where no poll runs: the flow is off, not ready, or not polled at all.
    ``oldest_waiting_at`` is when the oldest Pending row was listed, null where nothing waits.
    ``shares`` is the flow as set up whose mappings and settings are used as well, or null.
    """

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
    shares: str | None
    last_execution: ExecutionAnswer | None
    last_polled_at: str | None
    next_poll_at: str | None
    polled_every_s: int | None
    oldest_waiting_at: str | None
    counts: list[StatusCount]


class ChoiceAnswer(TypedDict):
    """A value of a platform that people pick from."""

    id: str
    name: str


class ChoicesAnswer(TypedDict):
    """Values of both platforms."""

    source: list[ChoiceAnswer]
    target: list[ChoiceAnswer]


class OfferedAnswer(TypedDict):
    """What one platform has to choose from; ``problem`` says why nothing could be read."""

    items: list[ChoiceAnswer]
    problem: str


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

    ``source_by`` says whether source values are ids or names of the source's choices;
    ``without_answer`` what becomes of records whose value has no answer: empty, they wait.
    """

    flow: str
    name: str
    label: str
    source_label: str
    source_by: str
    target_label: str
    without_answer: str
    entries: dict[str, str]
    records: dict[str, str]
    default: str | None
    unmapped: list[UnmappedAnswer]
    choices: ChoicesAnswer
    problems: list[str]


class ConnectionCounts(TypedDict):
    """How many connections of a consumer are how."""

    healthy: int
    down: int
    unchecked: int


class StandingAnswer(TypedDict):
    """How a consumer stands.

    ``down`` are names of connections, ``not_ready`` and ``silent`` names of flows that are on.
    """

    consumer: ConsumerAnswer
    connections: ConnectionCounts
    down: list[str]
    failed: int
    pending: int
    oldest_waiting_at: str | None
    flows_on: int
    not_ready: list[str]
    silent: list[str]
