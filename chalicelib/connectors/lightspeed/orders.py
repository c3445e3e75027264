"""Orders as a source: what sales sell; as a till it also says what was sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.lightspeed.client import Json
from chalicelib.connectors.lightspeed.feed import mark_of
from chalicelib.connectors.lightspeed.mapping import PLATFORM, to_order
from chalicelib.connectors.lightspeed.sales import Sales, read_or_none
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Order
from chalicelib.domain.statuses import Kind


@dataclass(frozen=True, kw_only=True)
class OrderSource:
    """Lightspeed's sales as orders."""

    sales: Sales

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Order | SyncFailure]:
        """Read sales as they are now, with their buyers; unknown ids are absent."""
        read = self.sales.read(ids)
        found = {one: sale for one, sale in read.items() if not isinstance(sale, SyncFailure)}
        failed = {one: sale for one, sale in read.items() if isinstance(sale, SyncFailure)}
        if not found:
            return failed
        shop = self.sales.lookups.shop_of(list(found.values()))
        return {**failed, **{one: to_order(sale, shop) for one, sale in found.items()}}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of changed sales that sell something, in the order of their versions."""
        found = self.sales.feed.walk(
            since=since, until=until, page=page, wanted=_sells, hint=self.sales.hint
        )
        return ChangePage(
            changes=[changed(Kind.ORDER, row) for row in found.rows],
            page=found.page,
            resume=found.resume,
            read_until=found.read_until,
        )

    def list_sales(self, *, since: datetime) -> Sequence[Order]:
        """All sales that changed from ``since`` on, without buyers, each as last seen."""
        sales = [sale for sale in self.sales.since(since) if sale.sells]
        if not sales:
            return []
        shop = self.sales.lookups.shop_of(sales, with_customers=False)
        return [to_order(sale, shop) for sale in sales]


def changed(kind: Kind, row: Json) -> Changed:
    """Say that a sale changed."""
    mark, record = mark_of(row), str(row.get("id") or "")
    return Changed(
        kind=kind,
        record=record,
        version=mark.version or None,
        updated_at=mark.at,
        columns={"order_id": record, "source": PLATFORM} if kind is Kind.ORDER else {},
    )


def _sells(row: Json) -> bool:
    sale = read_or_none(row)
    return sale is None or sale.sells
