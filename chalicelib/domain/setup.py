"""What a merchant sets up: consumers, connections, flow set-ups, mappings, keys, poll cursors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """One end client; its id is in every key, URL, log line and support ticket."""

    id: str
    name: str
    time_zone: str = "UTC"  #: IANA name; days of reports are days of this zone
    created_at: datetime
    deleted_at: datetime | None = None  #: from then on nothing of it is worked or re-created
    version: int = 0  #: rises with every save; a save over an older version is refused


class Health(StrEnum):
    """What is known of a connection."""

    UNCHECKED = "unchecked"  #: saved, and not tried yet
    HEALTHY = "healthy"  #: the last check or call was answered
    DOWN = "down"  #: the account refused us; its rows are held until it is reconnected


class Webhooks(StrEnum):
    """What is known of our webhooks at a platform."""

    UNKNOWN = "unknown"  #: no check has found out yet
    REGISTERED = "registered"  #: the last check that could tell found or made them
    MISSING = "missing"  #: they could not be registered; polls find what they would have said


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A consumer's account on one platform.

    ``settings`` are the platform's own (account code, seller, pace …) and may be shown; credentials
    are sealed under (consumer, name, platform) and are never part of an answer.
    """

    consumer: str
    name: str  #: the platform's name unless the merchant has a second account
    platform: str
    base_url: str = ""  #: empty means the platform's own address
    settings: Mapping[str, Any] = field(default_factory=dict)
    sealed_credentials: bytes = b""
    credential_names: tuple[str, ...] = ()  #: which credentials are set; never their values
    webhook_token: str = ""  #: secret part of our webhook address
    health: Health = Health.UNCHECKED
    health_detail: str = ""  #: one sentence; no secrets
    checked_at: datetime | None = None
    webhooks_at: datetime | None = None  #: when a check last found out about our webhooks
    webhooks_problem: str = ""  #: why they are not registered, in one sentence; no secrets
    tokens_expire_at: datetime | None = None
    tokens_refreshed_at: datetime | None = None
    version: int = 0

    @property
    def webhooks(self) -> Webhooks:
        """What is known of our webhooks there."""
        if self.webhooks_at is None:
            return Webhooks.UNKNOWN
        return Webhooks.MISSING if self.webhooks_problem else Webhooks.REGISTERED


@dataclass(frozen=True, kw_only=True)
class FlowSetup:
    """A consumer's switch and settings of one flow."""

    consumer: str
    flow: str  #: the declared name, with ``@connection`` for a second account
    enabled: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    completed_at: datetime | None = None  #: when the set-up was complete for the first time
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class MappingTable:
    """A consumer's answers for one mapping of a flow: ``source value → target value``.

    The empty text is a source value too ("no category"). ``records`` gives single records their
    own answer.
    """

    consumer: str
    flow: str
    name: str
    entries: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    records: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    def find(self, value: str, *, record: str | None = None) -> str | None:
        """Return the target value for a source value, or None: a missing entry never guesses."""
        if record is not None and record in self.records:
            return self.records[record]
        return self.entries.get(value, self.default)


class Role(StrEnum):
    """What a key may do: each role may do what the ones before it may."""

    VIEWER = "viewer"  #: read
    OPERATOR = "operator"  #: re-sync, redrive, start and cancel runs
    ADMIN = "admin"  #: connections, flows, mappings, keys, consumers

    def allows(self, needed: "Role") -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key of the API; only its hash is stored."""

    id: str
    hash: str  #: SHA-256 of the key, hex
    consumer: str | None  #: None: a key of the operator, for all consumers
    role: Role
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PollState:
    """How far the polls of one flow have come.

    ``cursor`` is the source's own clock, so a poll that starts again misses nothing; ``page`` is
    the vendor's page within the slice under way, None between runs.
    """

    consumer: str
    flow: str
    cursor: datetime | None = None
    page: str | None = None
    execution: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_at: datetime | None = None
    resume: str | None = None  #: where the next run begins, for a source that counts its changes
    back_at: datetime | None = None  #: until when changes of the target were read, where they count
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """Something a person changed or did; append-only."""

    consumer: str  #: empty for the operator's own affairs
    at: datetime
    who: str  #: name of the key or person, never the key
    what: str  #: "mapping saved", "re-sync", "redrive" …
    subject: str  #: what it was done to
    old: Any = None
    new: Any = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """A cause went away: the rows under it are requested at once, and again after ``again_at``.

    The second run catches a worker that read the old state and held its row after the first.
    """

    consumer: str
    cause: str
    id: str
    due_at: datetime
    runs: int = 0
    cursor: str | None = None  #: where a run under way goes on
