"""What changed, by a search on a time: products and orders on ``updatedOn``, goods-out notes on
``shippedOn``.

A page begins a second before the last row of the page before it: rows move to the end of the
search when they are edited meanwhile, so paging by position alone would skip what moved up into the
gap. What is then seen twice does no harm. Position is used only where more than a page changed
within a second.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.mapping import SOURCE
from chalicelib.connectors.brightpearl.models import format_time, to_ms
from chalicelib.connectors.brightpearl.search import search
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind

_OVERLAP = timedelta(seconds=1)
#: Brightpearl is younger than this; an earlier start means "everything".
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page starts: a time, a position from it on, and a mark of the page before."""

    since: datetime
    first: int = 1
    mark: str = ""

    def to_token(self) -> str:
        """Write the place as a page token."""
        return f"{self.since.isoformat()}|{self.first}|{self.mark}"

    @staticmethod
    def from_token(token: str) -> "Place":
        """Read a page token; one that cannot be read counts as expired."""
        try:
            since, first, mark = token.split("|")
            place = Place(since=datetime.fromisoformat(since), first=int(first), mark=mark)
            if place.since.tzinfo is None or place.first < 1:
                raise ValueError(token)
        except ValueError as error:
            raise SyncFailure(
                Reason.RETRYING,
                "The place in the list of changes is not known any more; the poll starts again.",
                error_code="cursor_expired",
            ) from error
        return place


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A search that shows when its records changed."""

    path: str
    record: str  #: column of the record's id
    time: str  #: column of the time that is searched and sorted by
    to_changed: Callable[[str, datetime | None, Row], Changed | None]  #: None: of no concern
    columns: Sequence[str] = ()  #: what ``to_changed`` reads besides
    filters: Mapping[str, str] = field(default_factory=dict)


def list_by_time(
    api: Api, listing: Listing, *, since: datetime, until: datetime | None, page: str | None
) -> ChangePage:
    """Return one page of what changed, oldest first."""
    place = Place.from_token(page) if page else Place(since=max(since, _EARLIEST))
    end = format_time(until) if until else ""
    found = search(
        api,
        listing.path,
        {**listing.filters, listing.time: f"{format_time(place.since)}/{end}"},
        columns=(listing.record, listing.time, *listing.columns),
        sort=f"{listing.time}.ASC",
        first=place.first,
    )
    rows = [row for row in found.rows if is_id(str(row.get(listing.record)))]
    following = _following(place, rows, listing) if found.more and rows else None
    made = (
        listing.to_changed(str(row[listing.record]), _time_of(row, listing), row) for row in rows
    )
    return ChangePage(
        changes=[change for change in made if change is not None],
        page=following.to_token() if following else None,
    )


def _time_of(row: Row, listing: Listing) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(row.get(listing.time)))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _following(place: Place, rows: Sequence[Row], listing: Listing) -> Place:
    ids = ",".join(str(row[listing.record]) for row in rows)
    mark = format(zlib.crc32(ids.encode()), "x")
    if mark == place.mark:
        raise SyncFailure(
            Reason.RETRYING,
            "Brightpearl answered with the same page of changes twice.",
            error_code="page_repeated",
        )
    times = (at for row in rows if (at := _time_of(row, listing)))
    last = max(times, default=place.since)
    if last - _OVERLAP > place.since:
        return Place(since=last - _OVERLAP, mark=mark)
    return Place(since=place.since, first=place.first + len(rows), mark=mark)


def list_product_changes(
    api: Api, kind: Kind, *, since: datetime, until: datetime | None, page: str | None
) -> ChangePage:
    """Return one page of products that changed, as changes of ``kind``."""
    listing = Listing(
        path="product-service/product-search",
        record="productId",
        time="updatedOn",
        columns=("productName", "SKU"),
        to_changed=lambda record, at, row: _product_changed(kind, record, at, row),
    )
    return list_by_time(api, listing, since=since, until=until, page=page)


def _product_changed(kind: Kind, record: str, at: datetime | None, row: Row) -> Changed:
    return Changed(
        kind=kind,
        record=record,
        # Stock moves without touching the product, so its time says nothing about the stock.
        version=to_ms(at) if at and kind is Kind.PRODUCT else None,
        updated_at=at,
        columns={
            "name": row.get("productName") or "",
            "sku": row.get("SKU") or "",
            "source": SOURCE,
        },
    )
