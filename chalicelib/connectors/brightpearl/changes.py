"""What changed, by product-search on ``updatedOn``.

A page begins a second before the last row of the page before it: rows move to the end of the
search when they are edited meanwhile, so paging by position alone would skip what moved up into the
gap. What is then seen twice does no harm. Position is used only where more than a page changed
within a second.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

_COLUMNS = ("productId", "productName", "SKU", "updatedOn")
_OVERLAP = timedelta(seconds=1)
#: Brightpearl is younger than this; an earlier start means "everything".
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


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
                "The place in the product list is not known any more; the poll starts again.",
                error_code="cursor_expired",
            ) from error
        return place


def list_product_changes(
    api: Api, kind: Kind, *, since: datetime, until: datetime | None, page: str | None
) -> ChangePage:
    """Return one page of products that changed, as changes of ``kind``."""
    place = Place.from_token(page) if page else Place(since=max(since, _EARLIEST))
    end = format_time(until) if until else ""
    found = search(
        api,
        "product-service/product-search",
        {"updatedOn": f"{format_time(place.since)}/{end}"},
        columns=_COLUMNS,
        sort="updatedOn.ASC",
        first=place.first,
    )
    changes = [_to_changed(row, kind) for row in found.rows if is_id(str(row.get("productId")))]
    following = _following(place, changes) if found.more and changes else None
    return ChangePage(changes=changes, page=following.to_token() if following else None)


def _to_changed(row: Mapping[str, Any], kind: Kind) -> Changed:
    updated_at = _time_of(row)
    return Changed(
        kind=kind,
        record=str(row["productId"]),
        # Stock moves without touching the product, so its time says nothing about the stock.
        version=to_ms(updated_at) if updated_at and kind is Kind.PRODUCT else None,
        updated_at=updated_at,
        columns={
            "name": row.get("productName") or "",
            "sku": row.get("SKU") or "",
            "source": SOURCE,
        },
    )


def _time_of(row: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(row.get("updatedOn")))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _following(place: Place, changes: Sequence[Changed]) -> Place:
    mark = format(zlib.crc32(",".join(change.record for change in changes).encode()), "x")
    if mark == place.mark:
        raise SyncFailure(
            Reason.RETRYING,
            "Brightpearl answered with the same page of products twice.",
            error_code="page_repeated",
        )
    last = max((change.updated_at for change in changes if change.updated_at), default=place.since)
    if last - _OVERLAP > place.since:
        return Place(since=last - _OVERLAP, mark=mark)
    return Place(since=place.since, first=place.first + len(changes), mark=mark)
