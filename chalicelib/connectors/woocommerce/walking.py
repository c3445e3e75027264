"""Walks a list of the shop by time: rows that change while it is read are not passed over.

Pages are not counted, because a row that changes moves to the end and shifts the others up. Each
page begins with the second in which the one before it ended, and leaves out what was read of it.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.connectors.woocommerce.client import PAGES_AT_MOST, Json, WooClient
from chalicelib.domain.reasons import Reason, SyncFailure

#: More rows of one second than this are read by counted pages: an address has to stay short.
SEEN_AT_MOST = 300
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a walk stands; kept whole in the page token, so that another worker can go on."""

    after: str  #: the list's filters are strict, and whole seconds
    until: str = ""
    status: str = ""
    seen: Sequence[str] = ()  #: rows of the second after ``after`` that were read
    page: int = 0  #: 0: pages are not counted

    def to_token(self) -> str:
        """Return the page token of this place."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @staticmethod
    def from_token(token: str) -> "Place":
        """Read a page token.

        Raises:
            SyncFailure: ``cursor_expired``; it is not one of ours, the slice starts again.
        """
        try:
            place = Place(**json.loads(base64.urlsafe_b64decode(token.encode())))
            datetime.fromisoformat(place.after)
            if not isinstance(place.seen, list) or not isinstance(place.page, int):
                raise TypeError("a place has what was seen and a page")
        except (ValueError, TypeError):
            raise SyncFailure(
                Reason.RETRYING,
                "The place in the shop's list is lost: the list is read again.",
                error_code="cursor_expired",
            ) from None
        return place


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How one list is walked."""

    client: WooClient
    path: str
    order_by: str  #: "modified" or "date"
    field: str  #: of a row: the time it is ordered by
    only: str = ""  #: fields asked for; empty: all

    def first(self, *, since: datetime, until: datetime | None = None, status: str = "") -> Place:
        """Return where a walk begins: ``since`` and ``until`` are inclusive."""
        return Place(
            after=_stamp(since - _SECOND),
            until=_stamp(until + _SECOND) if until else "",
            status=status,
        )

    def read(self, place: Place) -> tuple[Sequence[Json], Place | None]:
        """Read one page, oldest first, and where the walk goes on; None at its end."""
        page = self.client.read_page(self.path, **self._query(place))
        return page.rows, self._next(place, page.rows) if page.has_more else None

    def read_all(self, *, since: datetime, status: str = "") -> Iterator[Json]:
        """Yield every row from ``since`` on; one that changes meanwhile may come twice.

        Raises:
            SyncFailure: it is a list without end.
        """
        place = self.first(since=since, status=status)
        for _ in range(PAGES_AT_MOST):
            rows, following = self.read(place)
            yield from rows
            if following is None:
                return
            place = following
        raise _odd("has no end")

    def _query(self, place: Place) -> dict[str, str]:
        is_modified = self.order_by == "modified"
        begin, end = ("modified_after", "modified_before") if is_modified else ("after", "before")
        query = {
            begin: place.after,
            end: place.until,
            "dates_are_gmt": "true",
            "orderby": self.order_by,
            "order": "asc",
            "status": place.status,
            "exclude": ",".join(place.seen),
            "page": str(place.page) if place.page else "",
            "_fields": self.only,
        }
        return {name: value for name, value in query.items() if value}

    def _next(self, place: Place, rows: Sequence[Json]) -> Place:
        times = [str(row.get(self.field) or "") for row in rows]
        last = max(times)
        if place.page or not last:
            return replace(place, seen=(), page=max(place.page, 1) + 1)
        after = _second_before(last)
        seen = [str(row.get("id")) for row, at in zip(rows, times, strict=True) if at == last]
        if after <= place.after:
            after, seen = place.after, [*place.seen, *seen]
        if len(seen) > SEEN_AT_MOST:
            return replace(place, after=after, seen=(), page=1)
        return replace(place, after=after, seen=seen)


def _second_before(text: str) -> str:
    try:
        return _stamp(datetime.fromisoformat(text).replace(tzinfo=UTC) - _SECOND)
    except (ValueError, OverflowError):
        raise _odd("holds a date that cannot be read") from None


def _odd(what: str) -> SyncFailure:
    return SyncFailure(
        Reason.RETRYING,
        f"The shop's list {what}: a plugin may change it.",
        error_code="unexpected_shape",
    )


def _stamp(at: datetime) -> str:
    """Return a time as the lists read it: GMT in whole seconds, without a zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
