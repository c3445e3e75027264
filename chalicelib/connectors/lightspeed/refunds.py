"""Refunds as a source: what sales give back, be it a return or part of an exchange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.lightspeed.client import Json
from chalicelib.connectors.lightspeed.mapping import to_refund
from chalicelib.connectors.lightspeed.orders import changed
from chalicelib.connectors.lightspeed.sales import Sales, read_or_none
from chalicelib.domain.platforms import ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Refund
from chalicelib.domain.statuses import Kind


@dataclass(frozen=True, kw_only=True)
class RefundSource:
    """Lightspeed's returns and exchanges as refunds; the id is the giving sale's own."""

    sales: Sales

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Refund | SyncFailure]:
        """Read refunds as they are now; a sale that gives nothing back is absent."""
        read = self.sales.read(ids)
        failed = {one: sale for one, sale in read.items() if isinstance(sale, SyncFailure)}
        found = {
            one: sale
            for one, sale in read.items()
            if not isinstance(sale, SyncFailure) and sale.gives_back
        }
        if not found:
            return failed
        shop = self.sales.lookups.shop_of(list(found.values()))
        return {**failed, **{one: to_refund(sale, shop) for one, sale in found.items()}}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of changed sales that give something back, in the order of their versions."""
        found = self.sales.feed.walk(
            since=since, until=until, page=page, wanted=_gives_back, hint=self.sales.hint
        )
        return ChangePage(
            changes=[changed(Kind.REFUND, row) for row in found.rows],
            page=found.page,
            resume=found.resume,
            read_until=found.read_until,
        )


def _gives_back(row: Json) -> bool:
    sale = read_or_none(row)
    return sale is None or sale.gives_back
