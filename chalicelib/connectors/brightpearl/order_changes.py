"""Source of orders: which sales orders changed at Brightpearl, so that their status is looked at.

Brightpearl is where orders go to, so nothing of them is read here: the target of orders reads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.brightpearl.changes import Listing, Row, list_by_time
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.lookup import SALES_ORDER_TYPE
from chalicelib.connectors.brightpearl.models import to_ms
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Order
from chalicelib.domain.statuses import Kind


@dataclass
class OrderChanges:
    """``Source[Order]`` that only lists."""

    api: Api

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Order | SyncFailure]:
        """Nothing: orders are not taken from Brightpearl."""
        return {}

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of up to 500 sales orders by ``updatedOn``, whatever changed of them."""
        return list_by_time(self.api, _LISTING, since=since, until=until, page=page)


def _to_changed(record: str, at: datetime | None, row: Row) -> Changed | None:
    if str(row.get("orderTypeId", SALES_ORDER_TYPE)) != SALES_ORDER_TYPE:
        return None
    version = to_ms(at) if at else None
    return Changed(kind=Kind.ORDER, record=record, version=version, updated_at=at)


_LISTING = Listing(
    path="order-service/order-search",
    record="orderId",
    time="updatedOn",
    columns=("orderTypeId",),
    filters={"orderTypeId": SALES_ORDER_TYPE},
    to_changed=_to_changed,
)
