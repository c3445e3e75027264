"""warehouse-service: goods-out notes and their life cycle up to shipped."""

from collections import Counter
from datetime import datetime

from local.platforms.brightpearl.api.goods_out_searches import (
    GOODS_OUT_SEARCH,
    read_shipping_methods,
)
from local.platforms.brightpearl.api.order_documents import shipping_status
from local.platforms.brightpearl.api.routing import Call, Route, answer, without_nulls, written
from local.platforms.brightpearl.api.searches import handler_of
from local.platforms.brightpearl.api.warehouse import (
    STOCK_INVALID,
    order_lines,
    rows_of,
    tell_moved,
    warehouse_id_of,
)
from local.platforms.brightpearl.faults import Checker, VendorFault, invalid, not_found
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.state.stock import LIFECYCLE, UNDO, GoodsOutNote, Line
from local.platforms.brightpearl.world import World

MAX_GOODS_OUT_IDS = 500
REFERENCE_LENGTH = 64


def create_goods_out(call: Call) -> dict[str, object]:
    """``POST order/{id}/goods-note/goods-out``: one note per warehouse named; all or none."""
    order, world = call.order(), call.world
    document = call.document()
    check = Checker("WHSC")
    parts = check.objects(document, "warehouses")
    check.finish()
    if not parts:
        raise invalid(STOCK_INVALID, "warehouses is required")
    method = document.get("shippingMethodId")
    notes = []
    for part in parts:
        raw = part.get("warehouseId")
        note = GoodsOutNote(
            id=0,
            order_id=order.id,
            warehouse_id=warehouse_id_of(world, raw if isinstance(raw, int) else 0),
            lines=order_lines(call, order, part),
            created_on=world.clock(),
            release_date=check.time(part, "releaseDate"),
            shipping_method_id=method if isinstance(method, int) else None,
            priority=document.get("priority") is True,
        )
        notes.append(note)
    check.finish()
    return answer(add_notes(world, order, notes))


def add_notes(world: World, order: Order, notes: list[GoodsOutNote]) -> list[int]:
    """Store new notes of an order, all or none, and return their ids."""
    lines = [line for note in notes for line in note.lines]
    _check_outstanding(world, order, lines)
    for note in notes:
        _check_goods(world, order, note.warehouse_id, note.lines)
    for note in notes:
        note.id = next(world.stock.note_ids)
        for line in note.lines:
            _take_from_reservation(world, order, note.warehouse_id, line)
            world.stock.allocate(note.warehouse_id, line)
        world.stock.add_note(note)
    ids = [note.id for note in notes]
    world.webhooks.raise_event("goods-out-note.created", ids)
    tell_moved(world, order, lines)
    return ids


def _check_outstanding(world: World, order: Order, lines: list[Line]) -> None:
    """Refuse to put more of a row on notes than was ordered."""
    on_notes: Counter[int] = Counter()
    for line in [ln for note in world.stock.notes_of(order.id) for ln in note.lines] + lines:
        on_notes[line.row_id] += line.quantity
    for row_id, quantity in on_notes.items():
        if quantity > order.rows[row_id].quantity:
            raise invalid(STOCK_INVALID, f"Row {row_id} has not that much left to send")


def _check_goods(world: World, order: Order, warehouse_id: int, lines: list[Line]) -> None:
    """Refuse what neither the order's reservation nor the stock on hand covers."""
    reservation = world.stock.reservations.get(order.id)
    mine = reservation.lines if reservation and reservation.warehouse_id == warehouse_id else []
    needed: Counter[int] = Counter()
    for line in lines:
        reserved = sum(r.quantity for r in mine if r.row_id == line.row_id)
        needed[line.product_id] += max(0, line.quantity - reserved)
    for product_id, quantity in needed.items():
        if quantity > max(0, world.stock.on_hand(product_id, warehouse_id)):
            raise invalid(STOCK_INVALID, f"Product {product_id} is not on hand in that quantity")


def _take_from_reservation(world: World, order: Order, warehouse_id: int, line: Line) -> None:
    """Give reserved pieces of a row back, because the note allocates them itself."""
    reservation = world.stock.reservations.get(order.id)
    if reservation is None or reservation.warehouse_id != warehouse_id:
        return
    left, kept = line.quantity, []
    for reserved in reservation.lines:
        taken = min(left, reserved.quantity) if reserved.row_id == line.row_id else 0
        left -= taken
        world.stock.allocated[line.product_id][warehouse_id] -= taken
        if reserved.quantity > taken:
            rest = reserved.quantity - taken
            kept.append(Line(row_id=reserved.row_id, product_id=reserved.product_id, quantity=rest))
    reservation.lines = kept
    if not kept:
        del world.stock.reservations[order.id]


def read_goods_out(call: Call) -> dict[str, object]:
    """``GET order/{idset or *}/goods-note/goods-out[/{idset}]``: a map by note id."""
    stock = call.world.stock
    order_ids = call.ids(0, limit=MAX_GOODS_OUT_IDS)
    notes = [n for n in stock.notes.values() if n.order_id in order_ids]
    if len(call.args) > 1:
        wanted = call.ids(1, limit=MAX_GOODS_OUT_IDS)
        notes = [note for note in notes if note.id in wanted]
    return answer({str(note.id): _note_document(call.world, note) for note in notes})


def _note_document(world: World, note: GoodsOutNote) -> dict[str, object]:
    time = written(world)
    names = {"printed": "PRI", "picked": "PIC", "packed": "PAC", "shipped": "SHW"}
    done = {name: note.happened(code) for name, code in names.items()}
    status: dict[str, object] = {name: at is not None for name, at in done.items()}
    status |= {f"{name}On": time(at) for name, at in done.items() if at is not None}
    shipping = {
        "shippingMethodId": note.shipping_method_id,
        "reference": note.reference or None,
    }
    return without_nulls(
        {
            "orderId": note.order_id,
            "warehouseId": note.warehouse_id,
            "targetWarehouseId": note.target_warehouse_id,
            "transfer": note.is_transfer,
            "priority": note.priority,
            "shipping": without_nulls(shipping),
            "releaseDate": time(note.release_date) if note.release_date else None,
            "status": status,
            **_goods(note),
            "events": [{"eventCode": c, "occured": time(at)} for c, at in note.events],
            "lastEventVersion": note.version,
            "createdOn": time(note.created_on),
        }
    )


def _goods(note: GoodsOutNote) -> dict[str, object]:
    """Return what is on a note: by order row, or for a transfer as a list."""
    if not note.is_transfer:
        return {"orderRows": rows_of(note.lines)}
    rows = [{"productId": line.product_id, "quantity": line.quantity} for line in note.lines]
    return {"transferRows": rows}


def delete_goods_out(call: Call) -> dict[str, object]:
    """``DELETE order/{id}/goods-note/goods-out/{id}``: only while nothing was shipped."""
    order, note = call.order(), _note(call, 1)
    if note.order_id != order.id:
        raise not_found(f"Goods-out note {note.id} of order {order.id}")
    drop_note(call.world, order, note)
    return {}


def drop_note(world: World, order: Order, note: GoodsOutNote) -> None:
    """Forget a note; what was shipped stays."""
    if note.happened("SHW"):
        raise invalid(STOCK_INVALID, f"Goods-out note {note.id} is shipped")
    world.stock.remove_note(note)
    world.webhooks.raise_event("goods-out-note.destroyed", [note.id])
    tell_moved(world, order, note.lines)


def change_goods_out(call: Call) -> dict[str, object]:
    """``PUT goods-note/goods-out/{id}``: method, reference, priority; not once it is shipped."""
    note, document = _note(call), call.document()
    check = Checker("WHSC")
    shipping = check.mapping(document, "shipping")
    method = check.known(shipping, "shippingMethodId", call.world.references.shipping_methods)
    reference = check.text(shipping, "reference", limit=REFERENCE_LENGTH)
    if note.happened("SHW"):
        check.add(f"Goods-out note {note.id} is shipped and cannot be changed")
    check.finish()
    note.shipping_method_id = method
    note.reference = reference or ""
    note.priority = document.get("priority") is True
    call.world.webhooks.raise_event("goods-out-note.modified", [note.id])
    return {}


def _note(call: Call, index: int = 0) -> GoodsOutNote:
    note = call.world.stock.notes.get(call.id(index))
    if note is None:
        raise not_found(f"Goods-out note {call.args[index]}")
    return note


def add_events(call: Call) -> dict[str, object]:
    """``POST goods-note/goods-out/{id}/event``: SHW adds what is missing and ends the life cycle.

    ``If-Match`` refuses when the note moved on; the vendor's status for that is not known.
    """
    note, world = _note(call), call.world
    if call.headers.get("if-match", str(note.version)).strip('"') != str(note.version):
        raise VendorFault(412, ("WHSC-000", "The note has had other events"))
    happen(world, note, _events(call))
    return {}


def happen(world: World, note: GoodsOutNote, events: list[tuple[str, datetime]]) -> None:
    """Let events happen to a note; SHW takes its goods out of stock."""
    codes = [code for code, _ in events]
    if note.happened("SHW") or "SHW" in codes[:-1]:
        raise invalid("WHSB-038", f"Goods-out note {note.id}: no event may follow SHW")
    for code, at in events:
        if code == "SHW":
            note.events += [(early, at) for early in LIFECYCLE[:3] if not note.happened(early)]
            world.stock.ship(note)
        note.events.append((code, at))
    note.version += len(events)
    _tell_events(world, note, codes)


def _events(call: Call) -> list[tuple[str, datetime]]:
    check = Checker("WHSC")
    events = []
    for item in check.objects(call.document(), "events"):
        code = str(item.get("eventCode"))
        at = check.time(item, "occured", required=True)
        if code not in LIFECYCLE and code not in UNDO:
            check.add(f"eventCode {code} is unknown")
        if at is not None:
            events.append((code, at))
    if not events:
        check.add("events is required")
    check.finish()
    return events


EVENT_NAMES = {
    "PRI": "printed",
    "PIC": "picked",
    "PAC": "packed",
    "SHW": "shipped",
    "UPR": "un-printed",
    "UPI": "un-picked",
    "UPA": "un-packed",
}


def _tell_events(world: World, note: GoodsOutNote, codes: list[str]) -> None:
    for code in codes:
        world.webhooks.raise_event(f"goods-out-note.modified.{EVENT_NAMES[code]}", [note.id])
    if "SHW" not in codes:
        return
    world.stock_changed(line.product_id for line in note.lines)
    order = world.orders.by_id.get(note.order_id)
    if order is not None:
        everything = shipping_status(world, order) == "ASS"
        world.order_changed(
            order, "order.modified.fully-shipped" if everything else "order.modified"
        )


_S = "warehouse-service"
ROUTES = (
    Route("POST", f"{_S}/order/{{}}/goods-note/goods-out", create_goods_out),
    Route("GET", f"{_S}/order/{{}}/goods-note/goods-out", read_goods_out),
    Route("GET", f"{_S}/order/{{}}/goods-note/goods-out/{{}}", read_goods_out),
    Route("DELETE", f"{_S}/order/{{}}/goods-note/goods-out/{{}}", delete_goods_out),
    Route("PUT", f"{_S}/goods-note/goods-out/{{}}", change_goods_out),
    Route("POST", f"{_S}/goods-note/goods-out/{{}}/event", add_events),
    Route("GET", f"{_S}/goods-note/goods-out-search", handler_of(GOODS_OUT_SEARCH)),
    Route("GET", f"{_S}/shipping-method", read_shipping_methods),
    Route("GET", f"{_S}/shipping-method/{{}}", read_shipping_methods),
)
