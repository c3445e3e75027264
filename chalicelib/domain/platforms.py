"""The ports a platform offers, by kind; a connector folder implements those it can.

The engine works in batches: one call of a port serves many rows, and one bad record never fails its
neighbours, so answers are per record: a value, or the ``SyncFailure`` of that record.
A failure of the whole call (no answer, token refused) is raised as ``SyncFailure``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from chalicelib.domain.reasons import Part, SyncFailure
from chalicelib.domain.records import Order
from chalicelib.domain.setup import Connection
from chalicelib.domain.sign_in import SignIn
from chalicelib.domain.statuses import Kind, Outcome

R_co = TypeVar("R_co", covariant=True)  # a canonical record
D = TypeVar("D")  # what the target should hold


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A record that a webhook or a poll says has changed."""

    kind: Kind
    record: str
    version: int | None = None  #: milliseconds of the source's clock
    updated_at: datetime | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)  #: as far as known without asking


RECORD_AT_MOST = 400  #: bytes of an id; far above what platforms use, and a key can hold it
_VERSION_BELOW = 2**63


def fit_changes(changes: Iterable[Changed]) -> list[Changed]:
    """Return the changes that can be kept, so that one that cannot be stops no other.

    Ids, versions and columns come from outside: an id that is empty or very long names nothing, a
    version beyond all clocks is none, and half a character becomes a question mark.
    """
    return [_fit(one) for one in changes if 0 < len(_bytes_of(one.record)) <= RECORD_AT_MOST]


def _fit(change: Changed) -> Changed:
    is_version = change.version is not None and abs(change.version) < _VERSION_BELOW
    return replace(
        change,
        record=_bytes_of(change.record).decode(),
        version=change.version if is_version else None,
        columns={
            name: _bytes_of(value).decode() if isinstance(value, str) else value
            for name, value in change.columns.items()
        },
    )


def _bytes_of(text: str) -> bytes:
    return text.encode(errors="replace")


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """A page of a poll, oldest change first; ``page`` None where it ends."""

    changes: Sequence[Changed]
    page: str | None = None
    #: where the next poll begins, for a source that counts its changes instead of dating them: it
    #: is handed back as ``page``. None: the next poll begins by time.
    resume: str | None = None
    #: changes up to here were looked at, though none may be of this kind: the next poll begins here
    read_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookRead:
    """What a delivery says. ``ignored`` gives the reason why there is nothing to request."""

    changes: Sequence[Changed] = ()
    ignored: str = ""
    revoked: bool = False  #: the merchant took our access away


class WebhookRefusedError(Exception):
    """The delivery is not from the platform (signature): refused with 401, nothing stored."""


class WebhookUnreadableError(Exception):
    """The delivery is from the platform and cannot be read; its message says why, without data."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A value of the platform that people pick from: a category, location, price list …"""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a connection check found; ``problems`` are sentences with their mend."""

    ok: bool
    account: str = ""  #: who the platform says we are
    problems: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted(Generic[D]):
    """What one row wants at the target."""

    record: str
    desired: D
    target_id: str | None  #: as linked; None: not known yet
    key: str  #: idempotency key of a create, at most 45 characters
    parent_id: str | None = None  #: the linked thing it belongs to (the item of a variation)
    unclear: bool = False  #: a write may have arrived unnoticed: find it by its key first


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the target holds for a wanted record."""

    target_id: str
    version: str | None = None
    equal: bool  #: whether it holds what is desired
    live: bool = True  #: whether it is where it must be seen
    ours: bool = True  #: False: found by its key and not linked before; writing adopts it
    total: str = ""  #: what it amounts to, for people, where that matters
    status: str = ""  #: the target's own status of it, for flows whose status goes both ways
    taken: bool = False  #: whether the ERP has taken the goods of this order
    state: Any = None  #: the connector's own, handed back on write
    parent_id: str | None = None  #: the thing it belongs to at the target, to be linked too
    code: int = 200


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a write left at the target, read from its answer or read back."""

    target_id: str
    version: str | None = None
    outcome: Outcome
    verified: bool  #: the answer or a read-back holds what was sent
    awaiting: bool = False  #: taken, and not shown yet
    code: int = 200
    detail: str = ""  #: for people, where there is something to say ("shipped 2 of 3")
    taken: bool = False  #: whether the ERP has taken the goods of this order
    status: str = ""  #: the target's own status of it, for flows whose status goes both ways
    parent_id: str | None = None  #: the thing it belongs to at the target, to be linked too
    parts: Sequence[Part] = ()  #: locations of a stock row, each with its own fate


class Till(Protocol):
    """What an order source offers besides, if it sells goods itself."""

    def list_sales(self, *, since: datetime) -> Sequence[Order]:
        """All orders that changed from ``since`` on; used to know what was sold and not yet
        exported.
        """


@runtime_checkable
class Families(Protocol):
    """What a source of products offers besides, if products of it are variants of one thing."""

    def list_sisters(self, groups: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Ids of all records of each group (``Product.group_id``); a call a group at most."""


@runtime_checkable
class Wholes(Protocol):
    """What a source of stock offers besides, if some of its products are made of others."""

    def list_wholes(self, parts: Sequence[str]) -> Sequence[str]:
        """Ids of all records that are made of any of these; one call for a batch."""


class Source(Protocol[R_co]):
    """Reads records of one kind."""

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, R_co | SyncFailure]:
        """Read records as they are now, in the vendor's batches; unknown ids are absent."""

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of what changed from ``since`` on (inclusive), oldest first.

        Raises ``SyncFailure``; a page token that expired is ``SyncFailure`` with error_code
        ``cursor_expired``: start the slice again from its cursor.

        Args:
            page: the token of the page before, or at the start of a poll the ``resume`` that the
                poll before it ended with.
        """


class Target(Protocol[D]):
    """Finds and writes records of one kind."""

    def find_many(self, wanted: Sequence[Wanted[D]]) -> Mapping[str, Found | SyncFailure]:
        """What the target holds for each; absent: nothing. Keys are ``Wanted.record``."""

    def write_many(
        self, writes: Sequence[tuple[Wanted[D], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Make the target hold what is desired: create where nothing was found, else update.

        Every answer is verified or says that it is not. A record whose write got no answer is
        ``SyncFailure(OUTCOME_UNKNOWN)``.
        """


class Platform(Protocol):
    """One platform: declared in ``connectors/catalog.py``, one object per connection and batch."""

    def source(self, kind: Kind) -> Source[Any]:
        """The port that reads records of a kind; ``LookupError`` for one it does not offer."""

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> Target[Any]:
        """The port that writes records of a kind, with the flow's settings."""

    def check(self) -> Check:
        """Ask the platform who we are and whether we may do what the flows need; a few calls."""

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Values people pick from; ``what`` is a word of the platform's ``Offer.choices``."""

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Register our address at the vendor where that is missing or switched off, and remove
        doubles.

        Returns credentials to be kept (a signature key), empty when nothing changed.
        """

    def refresh_tokens(self) -> Mapping[str, str]:
        """Exchange the refresh token; returns all credentials that changed, with ``expires_at``."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A webhook request as received: header names in lower case, body bytes untouched."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    address: str  #: our webhook address exactly as it was registered


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many calls a connection may make, and how long the platform takes to show a write;
    seconds.
    """

    calls: int
    window_s: int = 60
    settle_s: float = 60
    timeout_s: float = 20
    awaiting_limit_s: float = 600  #: how long an accepted record may stay invisible
    awaiting_every_s: float = 20


@dataclass(frozen=True, kw_only=True)
class Field:
    """A setting or credential of a connection, as its form and its check know it."""

    name: str
    label: str
    required: bool = False
    secret: bool = False
    default: str | None = None
    help: str = ""
    gets_secrets: bool = False  #: an address that credentials are sent to


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a platform is: the one line of ``connectors/catalog.py`` points here."""

    name: str  #: "square"
    label: str  #: "Square"
    pace: Pace
    fields: Sequence[Field]  #: settings and credentials
    sources: Sequence[Kind]
    targets: Sequence[Kind]
    choices: Sequence[str]  #: words for ``list_choices``
    open: Callable[["Account"], Platform]
    read_webhook: Callable[["Account", Delivery], WebhookRead]
    record_url: Callable[[Connection, Kind, str], str | None]  #: where people see a record
    calls_left: Callable[[Mapping[str, str]], int | None] = lambda headers: (
        None
    )  #: vendor's own count
    #: kinds whose writes are serialised per account: by the vendor, or because two writers would
    #: each make what their records share
    one_writer: Sequence[Kind] = ()
    #: kinds whose shared thing takes no further parts once it is made: all are made together
    whole_families: Sequence[Kind] = ()
    prerequisites: Sequence[str] = ()  #: plan, role, scopes: sentences for the person who connects
    sign_in: SignIn | None = None  #: connecting at the platform's own page, if it has one


@dataclass(frozen=True, kw_only=True)
class Account:
    """A connection opened for work: settings, credentials and the client to call with."""

    connection: Connection
    credentials: Mapping[str, str]
    http: Any  #: ``connectors.http.Client``; Any, because the domain knows no client
    #: After a 401: exchanges the refresh token once, under a lease, and returns the credentials to
    #: go on
    #: with; None if there are none to be had. Takes the credentials that were refused.
    renew: Callable[[Mapping[str, str]], Mapping[str, str] | None] = lambda refused: None
