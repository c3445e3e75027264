"""Sales of the store: read by id, walked by version; orders and refunds are two sides of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.failures import REFUSALS
from chalicelib.connectors.lightspeed.feed import Feed, Mark, mark_of
from chalicelib.connectors.lightspeed.lookups import Lookups
from chalicelib.connectors.lightspeed.reads import read_each
from chalicelib.connectors.lightspeed.sale_models import SaleModel, read_sale
from chalicelib.domain.reasons import SyncFailure

SALES_READ = "sales:read"
#: How far back the search for a sale from before a moment looks; a busy shop needs only the first.
LOOK_BACK = (timedelta(hours=1), timedelta(days=3))
SALES_A_SEARCH = 50

R = TypeVar("R")


@dataclass(kw_only=True)
class Sales:
    """The list of sales, and names for what they hold."""

    client: LightspeedClient
    lookups: Lookups
    feed: Feed = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(client=self.client, path="sales", needs=SALES_READ)

    def read(self, ids: Sequence[str]) -> dict[str, SaleModel | SyncFailure]:
        """Read sales as they are now, a call each; unknown ids are absent.

        The search would bring many in one call, and may be behind what was announced.
        """
        read: dict[str, SaleModel | SyncFailure] = {}
        for one, raw in read_each(self.client, "sales", SALES_READ, ids).items():
            if isinstance(raw, SyncFailure):
                read[one] = raw
            elif raw is not None:
                read[one] = _read(raw)
        return read

    def since(self, since: datetime) -> list[SaleModel]:
        """Return all sales that changed from a moment on, each as last seen."""
        sales: dict[str, SaleModel] = {}
        for raw in self._rows_since(since):
            sale = read_sale(raw)
            sales[sale.id] = sale
        return list(sales.values())

    def hint(self, since: datetime) -> Mark | None:
        """Return the newest sale from before a moment that a search finds, if it finds one.

        It only says where to begin: a search that found all of a period leaves hardly anything in
        between, and what another misses is found by halving.
        """
        for look_back in LOOK_BACK:
            marks = [mark_of(row) for row in self._dated(since - look_back, since)]
            before = [one for one in marks if one.version and one.is_before(since)]
            if before:
                newest = max(before, key=lambda one: one.version)
                return replace(newest, is_close=len(marks) < SALES_A_SEARCH)
        return None

    def _dated(self, start: datetime, end: datetime) -> list[Json]:
        query = [
            ("type", "sales"),
            ("date_from", _stamp(start)),
            ("date_to", _stamp(end)),
            ("page_size", str(SALES_A_SEARCH)),
        ]
        try:
            return self.client.read_data("search", SALES_READ, query)
        except SyncFailure as failure:
            if failure.reason in REFUSALS:
                return []
            raise

    def _rows_since(self, since: datetime) -> Iterator[Json]:
        page: str | None = None
        while True:
            found = self.feed.walk(since=since, until=None, page=page, hint=self.hint)
            yield from found.rows
            page = found.page
            if page is None:
                return


def read_or_none(raw: Json) -> SaleModel | None:
    """Read a row of the list; None for one that cannot be read: it fails later, on its own row."""
    try:
        return read_sale(raw)
    except SyncFailure:
        return None


def _read(raw: Json) -> SaleModel | SyncFailure:
    try:
        return read_sale(raw)
    except SyncFailure as failure:
        return failure


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
