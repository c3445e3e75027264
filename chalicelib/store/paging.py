"""Pages of lists that lie in several partitions: a merge by sort key, and cursors both ways.

A page costs one query per partition and round, however large the table is. Within one partition
sort keys are unique, so a position is (sort key, partition).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from chalicelib.domain.log import CursorError, Page
from chalicelib.store.table import HIGHEST, JUST_ABOVE, Index, Item, Table

T = TypeVar("T")

ROUNDS = 5  #: reads a page makes at most before it is returned short
EXAMINED_AT_ONCE = 100  #: entries of a round where some may be filtered out


class Place(NamedTuple):
    """An entry of a list: where it stands, and the item or key behind it."""

    sort: str
    part: str
    found: Any


#: Reads a stretch of one partition: (low, high, forward, limit) -> (sort key, item or key) each.
Fetch = Callable[[str, str, bool, int], Sequence[tuple[str, Any]]]


#: Reads several stretches, at once where each is a request of its own: ``Table.together``.
Together = Callable[[Sequence[Callable[[], Sequence[Place]]]], Sequence[Sequence[Place]]]


class _Cursor(NamedTuple):
    sort: str
    part: str
    after: bool  #: goes on in the list's order, else against it
    inclusive: bool  #: the entry at the position itself is part of the page

    def turned(self) -> "_Cursor":
        """The other way from here: what this page does not hold."""
        return self._replace(after=not self.after, inclusive=not self.inclusive)


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[T]):
    """A question whose answer comes in pages.

    ``examine`` turns entries into values, None for one that is not part of the answer.
    """

    question: Any  #: what a cursor must have been made for; compared by ``repr``
    parts: Mapping[str, Fetch]
    examine: Callable[[Sequence[Any]], Sequence[T | None]]
    newest_first: bool = True
    low: str = ""
    high: str = HIGHEST
    filters: bool = False  #: whether ``examine`` drops entries on purpose
    together: Together = lambda works: [work() for work in works]

    def read_page(self, *, limit: int, cursor: str | None) -> Page[T]:
        """Return a page; one whose rounds were used up is short and still carries a cursor.

        Raises:
            CursorError: the cursor was not made for this question.
            ValueError: the limit is below 1.
        """
        if limit < 1:
            raise ValueError(f"a page has at least one item, not {limit}")
        mark = self._fingerprint()
        start = None if cursor is None else _read_cursor(cursor, mark)
        found, last, more = self._collect(start, limit)
        after = start is None or start.after
        if not after:
            found.reverse()
        onwards = last._replace(inclusive=False) if more and last else None
        if start is None:
            back = None
        elif found:
            edge = found[0] if after else found[-1]
            back = _Cursor(edge[0].sort, edge[0].part, not after, False)
        else:
            back = start.turned()
        following, previous = (onwards, back) if after else (back, onwards)
        return Page(
            items=[value for _, value in found],
            next=_write_cursor(following, mark),
            previous=_write_cursor(previous, mark),
        )

    def _collect(
        self, at: _Cursor | None, limit: int
    ) -> tuple[list[tuple[Place, T]], _Cursor | None, bool]:
        """Return the values found, the last position looked at, and whether there may be more."""
        found: list[tuple[Place, T]] = []
        after = at is None or at.after
        chunk = max(limit, EXAMINED_AT_ONCE) if self.filters else limit
        for _ in range(ROUNDS):
            places = self._merge(at, after, chunk + 1)
            more = len(places) > chunk
            places = places[:chunk]
            values = self.examine([place.found for place in places])
            for index, (place, value) in enumerate(zip(places, values, strict=True)):
                at = _Cursor(place.sort, place.part, after, False)
                if value is not None:
                    found.append((place, value))
                    if len(found) == limit:
                        return found, at, more or index + 1 < len(places)
            if not more:
                return found, at, False
        return found, at, True

    def _merge(self, at: _Cursor | None, after: bool, limit: int) -> list[Place]:
        """Return the next entries of all partitions in the order walked."""
        forward = after is not self.newest_first
        works = [partial(self._stretch, part, at, forward, limit) for part in self.parts]
        places = [place for stretch in self.together(works) for place in stretch]
        # Ties stand in the order of partitions, whichever way the list runs.
        places.sort(key=lambda place: place.part, reverse=not after)
        places.sort(key=lambda place: place.sort, reverse=not forward)
        return places[:limit]

    def _stretch(self, part: str, at: _Cursor | None, forward: bool, limit: int) -> list[Place]:
        low, high = self._range(part, at, forward)
        if low >= high:
            return []
        found = self.parts[part](low, high, forward, limit)
        return [Place(sort, part, one) for sort, one in found]

    def _range(self, part: str, at: _Cursor | None, forward: bool) -> tuple[str, str]:
        if at is None:
            return self.low, self.high
        ties = at.inclusive if part == at.part else (part > at.part) is at.after
        if forward:
            return max(self.low, at.sort if ties else at.sort + JUST_ABOVE), self.high
        return self.low, min(self.high, at.sort + JUST_ABOVE if ties else at.sort)

    def _fingerprint(self) -> str:
        # Not the partitions: a new lane may come up between two pages.
        question = repr((self.question, self.low, self.high))
        return hashlib.sha256(question.encode()).hexdigest()[:12]


def _write_cursor(cursor: _Cursor | None, mark: str) -> str | None:
    if cursor is None:
        return None
    text = json.dumps([mark, *cursor], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str, mark: str) -> _Cursor:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise CursorError("the cursor is damaged: start again without it") from error
    types = [str, str, str, bool, bool]
    if not isinstance(parts, list) or [type(part) for part in parts] != types:
        raise CursorError("the cursor is damaged: start again without it")
    if parts[0] != mark:
        raise CursorError("the cursor belongs to another list: start again without it")
    return _Cursor(*parts[1:])


def from_index(table: Table, index: Index, pk: str) -> Fetch:
    """Return the fetch of an index partition; what it finds are keys."""

    def fetch(low: str, high: str, forward: bool, limit: int) -> list[tuple[str, Any]]:
        entries = table.query_index(index, pk, low=low, high=high, forward=forward, limit=limit)
        return [(entry.sort, (entry.pk, entry.sk)) for entry in entries]

    return fetch


def from_partition(table: Table, pk: str) -> Fetch:
    """Return the fetch of a partition of the table itself; what it finds are items."""

    def fetch(low: str, high: str, forward: bool, limit: int) -> list[tuple[str, Item]]:
        items = table.query(pk, low=low, high=high, forward=forward, limit=limit)
        return [(item["sk"], item) for item in items]

    return fetch
