"""The goods of an order: reserved, or put on a goods-out note and marked as shipped.

A till can sell what the ERP does not have. Then a part is reserved, or nothing: the order is kept,
the row says so, and nothing is tried in a loop.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.idsets import is_id
from chalicelib.connectors.brightpearl.models import (
    OrderModel,
    RowModel,
    format_time,
    read_as,
)
from chalicelib.connectors.brightpearl.sales_orders import number_of
from chalicelib.connectors.brightpearl.shipment_models import GoodsOutModel
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesOrder

#: Codes of ``allocationStatusCode``: all of it, a part, nothing; and nothing that could be.
ALL_ALLOCATED, PART_ALLOCATED, NOTHING_ALLOCATED = "AAA", "APA", "ANA"
NOTHING_TO_ALLOCATE = "ANR"
#: Codes of ``shippingStatusCode``: all of it shipped, a part, and nothing that could be.
ALL_SHIPPED, PART_SHIPPED, NOTHING_TO_SHIP = "ASS", "SPS", "NST"

#: How Brightpearl says that the goods are not there, as opposed to that it cannot be asked.
_NOT_THERE = frozenset({Reason.REJECTED_BY_TARGET, Reason.CONFLICT, Reason.MISSING_AT_TARGET})


def is_taken(order: OrderModel) -> bool:
    """Whether all goods of an order have left what is on hand at Brightpearl."""
    return order.allocation in (ALL_ALLOCATED, NOTHING_TO_ALLOCATE) or is_shipped(order)


def is_shipped(order: OrderModel) -> bool:
    """Whether all goods of an order have left, or there are none."""
    return order.shipping in (ALL_SHIPPED, NOTHING_TO_SHIP)


def is_as_wanted(desired: SalesOrder, order: OrderModel) -> bool:
    """Whether the goods are where the flow's setting wants them; a partial reservation will do."""
    if desired.stock == "shipped":
        return is_shipped(order)
    if desired.stock == "reserved":
        return is_taken(order) or order.allocation == PART_ALLOCATED
    return True


def is_unallocated(order: OrderModel) -> bool:
    """Whether nothing is set aside that changed rows would collide with."""
    return order.allocation in (NOTHING_ALLOCATED, NOTHING_TO_ALLOCATE)


def tell(desired: SalesOrder, order: OrderModel) -> str:
    """Return a sentence where only a part of the goods is where it should be, else nothing."""
    if desired.stock == "shipped" and order.shipping == PART_SHIPPED:
        return "Shipped in part: the rest is not on hand at Brightpearl."
    if desired.stock != "none" and order.allocation == PART_ALLOCATED:
        return "Reserved in part: the rest is not on hand at Brightpearl."
    return ""


@dataclass(frozen=True, kw_only=True)
class Goods:
    """Takes the goods of one order; ``tracked`` says which products have stock."""

    api: Api
    desired: SalesOrder
    order: OrderModel
    tracked: Mapping[str, bool]

    def take(self) -> str:
        """Reserve or ship; return a sentence where that did not work in full."""
        if not self._rows():
            return ""
        return self._ship() if self.desired.stock == "shipped" else self._reserve()

    def release(self) -> None:
        """Give back what is reserved, so that rows can change."""
        self.api.delete(f"warehouse-service/order/{self.order.id}/reservation")

    def _rows(self) -> dict[str, RowModel]:
        return {
            id_: row
            for id_, row in self.order.rows.items()
            if self.tracked.get(row.product_id) and row.quantity.magnitude > 0
        }

    def _products(
        self, on_notes: Mapping[str, GoodsOutModel] | None = None
    ) -> list[dict[str, int]]:
        """Return the pieces of each row, less those that are on notes already."""
        gone: Counter[str] = Counter()
        for note in (on_notes or {}).values():
            for row_id, lines in note.rows.items():
                gone[row_id] += sum(int(line.quantity) for line in lines)
        return [
            {"productId": int(row.product_id), "salesOrderRowId": int(id_), "quantity": pieces}
            for id_, row in self._rows().items()
            if (pieces := int(row.quantity.magnitude) - gone[id_]) > 0
        ]

    def _reserve(self) -> str:
        warehouse = number_of(self.desired.warehouse, "warehouse")
        path = f"warehouse-service/order/{self.order.id}/reservation/warehouse/{warehouse}"
        try:
            self.api.post(path, {"products": self._products()})
        except SyncFailure as failure:
            if failure.reason not in _NOT_THERE:
                raise
            return f"Nothing could be reserved. {failure.detail}"
        return ""

    def _ship(self) -> str:
        notes = self._notes()
        rest = self._products(on_notes=notes)
        told = self._put_on_note(rest) if rest else ""
        if rest and not told:
            notes = self._notes()
        for id_, note in notes.items():
            if not note.status.shipped:
                self._mark_shipped(id_, note)
        return told

    def _put_on_note(self, products: list[dict[str, int]]) -> str:
        try:
            self._create_note(products)
        except SyncFailure as failure:
            if failure.reason not in _NOT_THERE:
                raise
            told = f"Not shipped in full. {failure.detail}"
            return " ".join(filter(None, (told, self._hold())))
        return ""

    def _hold(self) -> str:
        """Reserve what cannot be shipped in full, unless that was done before."""
        return "" if self.order.allocation == PART_ALLOCATED else self._reserve()

    def _notes(self) -> dict[str, GoodsOutModel]:
        reply = self.api.get(f"warehouse-service/order/{self.order.id}/goods-note/goods-out")
        return {
            id_: read_as(GoodsOutModel, entry, f"goods-out note {id_}")
            for id_, entry in reply.as_map().items()
        }

    def _create_note(self, products: list[dict[str, int]]) -> None:
        part = {
            "warehouseId": number_of(self.desired.warehouse, "warehouse"),
            "transfer": False,
            "releaseDate": format_time(self.desired.placed_at),
            "products": products,
        }
        body = {"warehouses": [part], "priority": False}
        self.api.post(f"warehouse-service/order/{self.order.id}/goods-note/goods-out", body)

    def _mark_shipped(self, note_id: str, note: GoodsOutModel) -> None:
        """Send SHW, which adds the earlier events; the version refuses to send it twice."""
        owner = self.api.setting("event_owner")
        event: dict[str, Any] = {
            "eventCode": "SHW",
            "occured": format_time(self.desired.placed_at),  # the key is spelt so
            **({"eventOwnerId": int(owner)} if is_id(owner) else {}),
        }
        version = note.last_event_version
        self.api.post(
            f"warehouse-service/goods-note/goods-out/{note_id}/event",
            {"events": [event]},
            headers={"If-Match": version} if version else None,
        )
