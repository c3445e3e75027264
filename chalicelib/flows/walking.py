"""Walks what changed at a source, page by page; where it stands is kept, so it survives a crash."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from chalicelib.domain.platforms import Changed, ChangePage, fit_changes
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind
from chalicelib.flows.loading import pace_of
from chalicelib.flows.rates import take_calls
from chalicelib.flows.services import Opened, Services

#: Before any platform: where a walk over everything begins.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
CURSOR_EXPIRED = "cursor_expired"  #: error code of a page token the vendor forgot (``Source``)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a walk stands.

    The marks find a vendor that leads in circles, however long they are, with two remembered
    pages: one is kept and compared with all that follow, for twice as many pages each time
    (Brent's way to find a cycle).
    """

    since: datetime
    until: datetime | None = None
    page: str | None = None  #: the vendor's token of the page to read next
    mark_page: str = ""
    mark_first: str = ""
    steps: int = 0
    power: int = 1
    #: where reading of the target begins once the source's pages are read; None: it is not read
    back_since: datetime | None = None
    is_back: bool = False  #: the target is read now

    def to_text(self) -> str:
        """Return it as a text to be kept."""
        plain = asdict(self) | {
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "back_since": self.back_since.isoformat() if self.back_since else None,
        }
        return json.dumps(plain, separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> "Place":
        """Read what ``to_text`` returned."""
        plain = json.loads(text)
        for name in ("since", "until", "back_since"):
            if plain.get(name):
                plain[name] = datetime.fromisoformat(plain[name])
        return Place(**plain)

    def turned(self) -> "Place | None":
        """Return where the target's changes begin, after the last page of the source's."""
        if self.is_back or self.back_since is None:
            return None
        return Place(since=self.back_since, is_back=True)


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One page: the newest word on each record of it, and where to go on."""

    changes: Sequence[Changed]
    next: Place | None  #: None: the walk is over
    repeated: bool = False  #: the platform led in a circle; the walk ends early
    resume: str | None = None  #: where the next walk begins, for a source that counts its changes
    is_back: bool = False  #: the page is of the target's changes
    read_until: datetime | None = None  #: as the page said

    @property
    def newest(self) -> datetime | None:
        """The latest change on the page, by the source's clock; None for the target's."""
        if self.is_back:
            return None
        times = [change.updated_at for change in self.changes if change.updated_at is not None]
        times += [self.read_until] if self.read_until is not None else []
        return max(times, default=None)


def read_page(services: Services, opened: Opened, kind: Kind, place: Place) -> Walked:
    """Read one page of changes; costs vendor calls of the connection's window, and is traced.

    Raises:
        SyncFailure: the platform did not give the page, or no call is left in the window.
    """
    _take_call(services, opened.connection)
    source = opened.platform.source(kind)
    try:
        page = source.list_changes(since=place.since, until=place.until, page=place.page)
    finally:
        _keep_traces(services, opened)
    return _walked(place, page)


def _take_call(services: Services, connection: Connection) -> None:
    if not take_calls(services, connection, 1):
        pace = pace_of(services.offers[connection.platform], connection)
        detail = "The platform allows no more calls at the moment."
        raise SyncFailure(Reason.THROTTLED, detail, retry_after_s=pace.window_s)


def _keep_traces(services: Services, opened: Opened) -> None:
    """Keep the calls that were made; those that nobody foresaw count for the window too."""
    made = opened.take_exchanges()
    if not made:
        return
    services.log.put_traces([], made)
    if len(made) > 1:
        take_calls(services, opened.connection, len(made) - 1)


def _walked(place: Place, page: ChangePage) -> Walked:
    changes = list(_newest_of_each(fit_changes(page.changes)).values())
    if page.page is None:
        resume = None if place.is_back else page.resume
        return Walked(
            changes=changes,
            next=place.turned(),
            resume=resume,
            is_back=place.is_back,
            read_until=page.read_until,
        )
    token, first = _short(page.page), _first_of(page)
    repeats_page = page.page == place.page or token == place.mark_page
    if repeats_page or (first and first == place.mark_first):
        return Walked(changes=changes, next=None, repeated=True, is_back=place.is_back)
    steps = place.steps + 1
    further = replace(place, page=page.page, steps=steps)
    if steps == place.power:
        further = replace(
            further, mark_page=token, mark_first=first, steps=0, power=2 * place.power
        )
    return Walked(changes=changes, next=further, is_back=place.is_back)


def _newest_of_each(changes: Sequence[Changed]) -> dict[str, Changed]:
    found: dict[str, Changed] = {}
    for change in changes:
        known = found.get(change.record)
        if known is None or (change.version or 0) >= (known.version or 0):
            found[change.record] = change
    return found


def _first_of(page: ChangePage) -> str:
    if not page.changes:
        return ""
    first = page.changes[0]
    return _short(f"{first.record}|{first.version}|{first.updated_at}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
