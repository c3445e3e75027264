"""Lists in the order of versions: the number of the last change is the cursor of the next page.

Versions rise with every change of anything, so the place where a poll ended is good for ever, and
a record that changes while a list is read comes once more, further on.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.connectors.lightspeed.client import Json, LightspeedClient, Query, rows_in
from chalicelib.connectors.lightspeed.failures import cursor_expired, page_repeats
from chalicelib.connectors.lightspeed.models import moment

PAGE = 200  #: rows; larger pages are not documented for these lists
#: Pages without anything wanted that one call reads on over.
PAGES_AT_ONCE = 10
#: A start this little too early is good enough: what is too old on its page is left out.
NEAR = timedelta(hours=1)
_TOKEN = re.compile(r"(v?)(\d{1,19})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A version that a walk has come to, and whether the walk goes on from an earlier one."""

    version: int
    resumed: bool = False  #: everything after the version is news, however old it says it is

    def to_token(self) -> str:
        """Return it as a page token."""
        return f"v{self.version}" if self.resumed else str(self.version)

    @staticmethod
    def from_token(token: str) -> "Place":
        """Read a page token.

        Raises:
            SyncFailure: ``cursor_expired``; it is not one of ours.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise cursor_expired()
        return Place(version=int(found[2]), resumed=bool(found[1]))


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a walk found, and where it goes on or is taken up again."""

    rows: Sequence[Json]
    page: str | None
    resume: str | None = None
    read_until: datetime | None = None  #: time of the last row that was read, wanted or not


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A row's place: its version, and when it changed."""

    version: int
    at: datetime | None
    is_close: bool = False  #: hardly anything lies between it and the moment it was looked for

    def is_before(self, since: datetime) -> bool:
        """Whether it changed before a moment, as far as known."""
        return self.at is not None and self.at < since


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One of Lightspeed's lists."""

    client: LightspeedClient
    path: str
    needs: str
    query: Query = ()  #: sent with each page, such as ``deleted``

    def read(self, after: int, size: int = PAGE) -> tuple[list[Json], int]:
        """Read the rows after a version, and return the version they reach to.

        Raises:
            SyncFailure: ``page_repeats``; the list does not get on.
        """
        answer = self.client.read(self.path, self.needs, self._query(after, size))
        rows = rows_in(answer)
        if not rows:
            return [], after
        reached = max([_reached(answer), *(mark_of(row).version for row in rows)])
        if reached <= after:
            raise page_repeats()
        return rows, reached

    def read_all(self) -> list[Json]:
        """Read the whole list, to the page that is empty; for short ones."""
        rows, after = self._first_page()
        while after:
            more, after_that = self.read(after)
            rows += more
            after = after_that if more else 0
        return rows

    def walk(
        self,
        *,
        since: datetime,
        until: datetime | None,
        page: str | None,
        wanted: Callable[[Json], bool] = lambda row: True,
        hint: Callable[[datetime], Mark | None] = lambda since: None,
    ) -> Rows:
        """Return a page of what changed from ``since`` on, oldest change first.

        The list ends where a page is empty, never at one that is short, and once everything on a
        page changed well after ``until``.

        Args:
            wanted: says which rows are of interest; others are read over.
            hint: tells of a row that changed before a moment, to begin the search with.
        """
        place = Place.from_token(page) if page else Place(version=self.start(since, hint(since)))
        found: list[Json] = []
        seen: datetime | None = None
        for _ in range(PAGES_AT_ONCE):
            rows, reached = self.read(place.version)
            seen = max((at for row in rows if (at := mark_of(row).at)), default=seen)
            resume = Place(version=reached, resumed=True).to_token()
            if not rows:
                return Rows(rows=found, page=None, resume=resume, read_until=seen)
            early = None if place.resumed else since
            found = [row for row in rows if wanted(row) and _is_between(row, early, until)]
            if until is not None and all(_is_past(row, until) for row in rows):
                return Rows(rows=found, page=None, resume=resume, read_until=seen)
            place = Place(version=reached, resumed=place.resumed)
            if found:
                break
        return Rows(rows=found, page=place.to_token(), read_until=seen)

    def start(self, since: datetime, known: Mark | None = None) -> int:
        """Return a version after which everything is listed that changed from ``since`` on.

        Found by halving, a row a call: some thirty calls for a store of any age.

        Args:
            known: a row that changed before ``since``.
        """
        low = known or self._row_after(0)
        if low is None or not low.is_before(since):
            return 0
        is_found = low.is_close or _is_near(low, since)
        high = None if is_found else self._beyond(low, since)
        while high is not None and high - low.version > 1:
            middle = (low.version + high) // 2
            found = self._row_after(middle)
            if found is None or not found.is_before(since):
                high = middle
                continue
            low = found
            if _is_near(low, since):
                break
        return low.version

    def _beyond(self, low: Mark, since: datetime) -> int:
        """Return a version that no row from before ``since`` is after."""
        high = max(low.version, 1)
        while True:
            high *= 2
            found = self._row_after(high)
            if found is None or not found.is_before(since):
                return high

    def _row_after(self, version: int) -> Mark | None:
        rows, _ = self.read(version, 1)
        return mark_of(rows[0]) if rows else None

    def _first_page(self) -> tuple[list[Json], int]:
        """Read the first page; a list without versions is a whole one."""
        answer = self.client.read(self.path, self.needs, self._query(0, PAGE))
        rows = rows_in(answer)
        return rows, max([_reached(answer), *(mark_of(row).version for row in rows)])

    def _query(self, after: int, size: int) -> Query:
        place = [("after", str(after))] if after else []
        return [*place, ("page_size", str(size)), *self.query]


def mark_of(row: Json) -> Mark:
    """Return the place of a row; a sale has its version in ``_metadata``."""
    inside = row.get("_metadata")
    version = row.get("version")
    if version is None and isinstance(inside, dict):
        version = inside.get("version")
    return Mark(version=_whole(version), at=moment(row.get("updated_at")))


def _reached(answer: Any) -> int:
    span = answer.get("version") if isinstance(answer, dict) else None
    return _whole(span.get("max")) if isinstance(span, dict) else 0


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _is_between(row: Json, since: datetime | None, until: datetime | None) -> bool:
    """Whether a row changed in a period; one that tells no time counts."""
    at = mark_of(row).at
    if at is None:
        return True
    return (since is None or at >= since) and (until is None or at < until)


def _is_past(row: Json, until: datetime) -> bool:
    at = mark_of(row).at
    return at is not None and at >= until + NEAR


def _is_near(mark: Mark, since: datetime) -> bool:
    return mark.at is not None and since - mark.at <= NEAR
