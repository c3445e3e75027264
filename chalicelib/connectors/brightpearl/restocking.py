"""Goods of a credit that come back into stock: one goods-in note for each credit.

The note's batch reference is unique in the account, so it is never written twice. It says what a
piece is worth in the books, which is the product's price in a buying list: without one nothing is
put back, and the row says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.credit_models import (
    CreditModel,
    GoodsInModel,
    PriceListModel,
)
from chalicelib.connectors.brightpearl.idsets import format_id_set, is_id, split_into_chunks
from chalicelib.connectors.brightpearl.mapping import to_prices
from chalicelib.connectors.brightpearl.models import PriceModel, RowModel, format_time, read_as
from chalicelib.connectors.brightpearl.sales_orders import number_of, plain
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesCredit

#: How Brightpearl says that the goods cannot come back, as opposed to that it cannot be asked.
_REFUSED = frozenset({Reason.REJECTED_BY_TARGET, Reason.CONFLICT, Reason.MISSING_AT_TARGET})


def fetch_came_in(api: Api, credit_ids: Iterable[str]) -> set[str]:
    """Return the credits that have a goods-in note, whoever wrote it."""
    came_in = set()
    for chunk in split_into_chunks(credit_ids):
        reply = api.get(f"warehouse-service/order/{chunk.text}/goods-note/goods-in")
        for id_, entry in reply.as_map().items():
            note = read_as(GoodsInModel, entry, f"goods-in note {id_}")
            if note.status != "CANCELLED":
                came_in.add(note.order_id)
    return came_in


@dataclass
class Restocking:
    """Puts goods of credits back; remembers buying lists and locations for its life."""

    api: Api
    _lists: list[str] | None = None
    _locations: dict[int, int] = field(default_factory=dict)

    def put_back(
        self, desired: SalesCredit, credit: CreditModel, tracked: Mapping[str, bool]
    ) -> str:
        """Write the note of a credit that has none; return a sentence where that did not work.

        Args:
            tracked: which products of the credit's rows have stock.
        """
        rows = {
            id_: row
            for id_, row in credit.rows.items()
            if tracked.get(row.product_id) and row.quantity.magnitude > 0
        }
        if not rows:
            return ""
        try:
            costs = self._costs({row.product_id for row in rows.values()})
            without = sorted({r.product_id for r in rows.values()} - set(costs), key=int)
            if without:
                return (
                    f"No goods were put back into stock: product {', '.join(without)} has no price"
                    " in a buying list at Brightpearl. Receive the credit there."
                )
            body = self._note(desired, credit.id, rows, costs)
            self.api.post(f"warehouse-service/order/{credit.id}/goods-note/goods-in", body)
        except SyncFailure as failure:
            if failure.reason not in _REFUSED:
                raise
            if credit.id in fetch_came_in(self.api, [credit.id]):
                return ""  # they came in by an attempt whose answer was lost
            return f"No goods were put back into stock. {failure.detail}"
        return ""

    def _note(
        self,
        desired: SalesCredit,
        credit_id: str,
        rows: Mapping[str, RowModel],
        costs: Mapping[str, Money],
    ) -> dict[str, Any]:
        warehouse = number_of(desired.warehouse, "warehouse")
        location = self._location(warehouse)
        moved = [
            {
                "productId": int(row.product_id),
                "purchaseOrderRowId": int(id_),  # the key is named so for credits as well
                "quantity": int(row.quantity.magnitude),
                "destinationLocationId": location,
                "productValue": {
                    "currency": costs[row.product_id].currency,
                    "value": plain(costs[row.product_id].amount),
                },
            }
            for id_, row in rows.items()
        ]
        return {
            "transfer": False,
            "warehouseId": warehouse,
            "receivedOn": format_time(desired.placed_at),
            "userBatchReference": f"credit-{credit_id}",
            "goodsMoved": moved,
        }

    def _location(self, warehouse: int) -> int:
        if warehouse not in self._locations:
            path = f"warehouse-service/warehouse/{warehouse}/location/default"
            self._locations[warehouse] = number_of(str(self.api.get(path).value), "location")
        return self._locations[warehouse]

    def _costs(self, product_ids: Iterable[str]) -> dict[str, Money]:
        """Return what a piece of each product costs, in the first buying list that says it."""
        lists = self._buying_lists()
        costs = {}
        for chunk in split_into_chunks(product_ids) if lists else ():
            path = f"product-service/product-price/{chunk.text}/price-list/{format_id_set(lists)}"
            for entry in self.api.get(path).as_list():
                model = read_as(PriceModel, entry, "a buying price")
                prices = to_prices(model)
                first = next((prices[id_] for id_ in lists if id_ in prices), None)
                if first is not None:
                    costs[model.product_id] = first
        return costs

    def _buying_lists(self) -> list[str]:
        if self._lists is None:
            entries = self.api.get("product-service/price-list").as_list()
            models = [read_as(PriceListModel, entry, "a price list") for entry in entries]
            found = (one.id for one in models if one.kind == "BUY" and is_id(one.id))
            self._lists = sorted(found, key=int)
        return self._lists
