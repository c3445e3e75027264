"""Source of shipments: goods-out notes, with what is needed of their orders.

A note that Brightpearl does not know was deleted, which it allows until the goods have left.
Transfers between warehouses, and notes of anything but sales orders, are notes too: they come as
cancelled shipments of no order, since nothing of them goes to a buyer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.connectors.brightpearl.batches import fail_the_rest, fetch_by_ids
from chalicelib.connectors.brightpearl.changes import Listing, Row, list_by_time
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.goods import ALL_SHIPPED
from chalicelib.connectors.brightpearl.idsets import Chunk, is_id
from chalicelib.connectors.brightpearl.lookup import fetch_orders
from chalicelib.connectors.brightpearl.mapping import SOURCE
from chalicelib.connectors.brightpearl.models import OrderModel, RowModel, read_as
from chalicelib.connectors.brightpearl.shipment_models import GoodsOutModel
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Shipment, ShippedLine
from chalicelib.domain.statuses import Kind

_SERVICE = "warehouse-service"
_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)

Orders = Mapping[str, OrderModel | SyncFailure]


@dataclass
class Shipments:
    """``Source[Shipment]``; names of shipping methods are read once per object."""

    api: Api
    _methods: dict[str, str] | None = field(default=None)

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Shipment | SyncFailure]:
        """Read notes: four calls for up to 200, as a rule."""
        return fetch_by_ids(ids, self._fetch)

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of up to 500 notes by the time they left.

        A tracking reference that is edited afterwards shows in no search: its webhook tells it.
        """
        return list_by_time(self.api, _LISTING, since=since, until=until, page=page)

    def _fetch(self, chunk: Chunk) -> dict[str, Shipment | SyncFailure]:
        notes = self._fetch_notes(chunk)
        orders = fetch_by_ids(
            {note.order_id for note in notes.values() if isinstance(note, GoodsOutModel)},
            lambda part: fetch_orders(self.api, part),
        )
        last = self._last_of_complete(orders)
        gone = {id_: _no_shipment(id_) for id_ in chunk.ids}
        return {**gone, **{id_: self._shipment(id_, notes[id_], orders, last) for id_ in notes}}

    def _shipment(
        self,
        id_: str,
        note: GoodsOutModel | SyncFailure,
        orders: Orders,
        last: Mapping[str, str | SyncFailure],
    ) -> Shipment | SyncFailure:
        if isinstance(note, SyncFailure):
            return note
        order = orders.get(note.order_id)
        if isinstance(order, SyncFailure):
            return order
        if order is None:
            return _no_shipment(id_)
        completing = last.get(order.id)
        if isinstance(completing, SyncFailure):
            return completing
        return to_shipment(
            id_, note, order, carrier=self._carrier(note), completes=completing == id_
        )

    def _fetch_notes(self, chunk: Chunk) -> dict[str, GoodsOutModel | SyncFailure]:
        reply = self.api.get(f"{_SERVICE}/order/*/goods-note/goods-out/{chunk.text}")
        found = {id_: _note_or_failure(id_, entry) for id_, entry in reply.as_map().items()}
        return {**fail_the_rest(reply, chunk, "goods-out notes"), **found}

    def _last_of_complete(self, orders: Orders) -> dict[str, str | SyncFailure]:
        """Return for each order that left whole the note it was complete with."""
        complete = [
            order.id
            for order in orders.values()
            if isinstance(order, OrderModel) and order.shipping == ALL_SHIPPED
        ]
        return fetch_by_ids(complete, self._fetch_last)

    def _fetch_last(self, chunk: Chunk) -> dict[str, str | SyncFailure]:
        reply = self.api.get(f"{_SERVICE}/order/{chunk.text}/goods-note/goods-out")
        # What could not be read may have left last, so a failure goes before a note.
        return {**last_notes(reply.as_map()), **fail_the_rest(reply, chunk, "goods-out notes")}

    def _carrier(self, note: GoodsOutModel) -> str:
        if not is_id(note.shipping.method_id):
            return ""
        if self._methods is None:
            entries = self.api.get(f"{_SERVICE}/shipping-method").as_list()
            self._methods = {
                str(entry.get("id")): str(entry.get("name") or "")
                for entry in entries
                if isinstance(entry, dict)
            }
        return self._methods.get(note.shipping.method_id, "")


def _note_or_failure(id_: str, entry: object) -> GoodsOutModel | SyncFailure:
    try:
        return read_as(GoodsOutModel, entry, f"goods-out note {id_}")
    except SyncFailure as failure:
        return failure


def _no_shipment(id_: str) -> Shipment:
    return Shipment(id=id_, order_id="", cancelled=True, source=SOURCE)


def last_notes(entries: Mapping[str, Any]) -> dict[str, str | SyncFailure]:
    """Return the note that left last, by order; of those that left at one moment the newest.

    ``entries`` are all notes of the orders as answered, by id. An order one of whose notes cannot
    be read has that failure.
    """
    places: dict[str, tuple[datetime, int]] = {}
    failures: dict[str, SyncFailure] = {}
    for id_, entry in entries.items():
        note = _note_or_failure(id_, entry)
        if isinstance(note, SyncFailure):
            failures[_order_id(entry)] = note
        elif note.status.shipped and is_id(id_):
            place = (note.status.shipped_on or _BEFORE_ALL, int(id_))
            places[note.order_id] = max(place, places.get(note.order_id, place))
    return {**{order_id: str(number) for order_id, (_, number) in places.items()}, **failures}


def _order_id(entry: Any) -> str:
    return str(entry.get("orderId")) if isinstance(entry, dict) else ""


def to_shipment(
    id_: str, note: GoodsOutModel, order: OrderModel, *, carrier: str, completes: bool
) -> Shipment:
    """Turn a note and its order into a shipment.

    The reference of the parcel is its tracking number, or the address of its page where people
    paste that.
    """
    status, reference = note.status, note.shipping.reference.strip()
    shipped_at = status.shipped_on if status.shipped else None
    return Shipment(
        id=id_,
        order_id=order.id,
        order_key=order.external_ref,
        location=note.warehouse_id,
        shipped_at=shipped_at,
        carrier=carrier,
        tracking=reference,
        tracking_url=reference if reference.startswith(("https://", "http://")) else "",
        lines=_lines(note, order.rows),
        completes=completes,
        source=SOURCE,
        version=_version(shipped_at),
        updated_at=shipped_at or note.created_on,
    )


def _lines(note: GoodsOutModel, rows: Mapping[str, RowModel]) -> list[ShippedLine]:
    """Return pieces by product; the same product may come from several shelves or rows."""
    row_of: dict[str, str] = {}
    quantities: dict[str, Decimal] = {}
    for row_id, lines in note.rows.items():
        for line in lines:
            row_of.setdefault(line.product_id, row_id)
            quantities[line.product_id] = (
                quantities.get(line.product_id, Decimal(0)) + line.quantity
            )
    return [_line(id_, quantity, rows.get(row_of[id_])) for id_, quantity in quantities.items()]


def _line(product_id: str, quantity: Decimal, row: RowModel | None) -> ShippedLine:
    return ShippedLine(
        product_id=product_id,
        quantity=quantity,
        sku=row.sku if row else "",
        name=row.name if row else "",
    )


def _version(shipped_at: datetime | None) -> int | None:
    """Return when goods left, in whole seconds: the same from a list and from a note.

    It says that they left, whatever earlier time people entered; a new reference does not raise it.
    """
    return int(shipped_at.timestamp()) * 1000 if shipped_at else None


def _to_changed(record: str, at: datetime | None, row: Row) -> Changed | None:
    if row.get("transfer") is True:
        return None
    return Changed(kind=Kind.SHIPMENT, record=record, version=_version(at), updated_at=at)


_LISTING = Listing(
    path=f"{_SERVICE}/goods-note/goods-out-search",
    record="goodsOutNoteId",
    time="shippedOn",
    columns=("transfer",),
    to_changed=_to_changed,
)
