"""warehouse-service: goods-out notes and their life cycle up to shipped."""

from collections import Counter
from datetime import datetime

from local.platforms.brightpearl.api.routing import Call, Route, answer, without_nulls, written
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


def create_goods_out(call: Call) -> dict[str, object]:
    """``POST order/{id}/goods-note/goods-out``: one note per warehouse named; all or none."""
    order, world = call.order(), call.world
    document = call.document()
    check = Checker("WHSC")
    parts = check.objects(document, "warehouses")
    check.finish()
    if not parts:
        raise invalid(STOCK_INVALID, "warehouses is required")
    notes = []
    for part in parts:
        raw = part.get("warehouseId")
        warehouse_id = warehouse_id_of(world, raw if isinstance(raw, int) else 0)
        notes.append((warehouse_id, order_lines(call, order, part)))
    _check_outstanding(world, order, [line for _, lines in notes for line in lines])
    for warehouse_id, lines in notes:
        _check_goods(world, order, warehouse_id, lines)
    ids = [_add_note(call, order, warehouse_id, lines) for warehouse_id, lines in notes]
    world.webhooks.raise_event("goods-out-note.created", ids)
    tell_moved(world, order, [line for _, lines in notes for line in lines])
    return answer(ids)


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


def _add_note(call: Call, order: Order, warehouse_id: int, lines: list[Line]) -> int:
    world, document = call.world, call.document()
    for line in lines:
        _take_from_reservation(world, order, warehouse_id, line)
        world.stock.allocate(warehouse_id, line)
    method = document.get("shippingMethodId")
    note = GoodsOutNote(
        id=next(world.stock.note_ids),
        order_id=order.id,
        warehouse_id=warehouse_id,
        lines=lines,
        created_on=world.clock(),
        shipping_method_id=method if isinstance(method, int) else None,
        priority=document.get("priority") is True,
    )
    world.stock.add_note(note)
    return note.id


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
    """``GET order/{id or *}/goods-note/goods-out[/{idset}]``: a map by note id."""
    stock = call.world.stock
    order_ids = call.ids(0)
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
    return without_nulls(
        {
            "orderId": note.order_id,
            "warehouseId": note.warehouse_id,
            "transfer": False,
            "priority": note.priority,
            "shipping": without_nulls({"shippingMethodId": note.shipping_method_id}),
            "status": status,
            "orderRows": rows_of(note.lines),
            "events": [{"eventCode": c, "occured": time(at)} for c, at in note.events],
            "lastEventVersion": note.version,
            "createdOn": time(note.created_on),
        }
    )


def delete_goods_out(call: Call) -> dict[str, object]:
    """``DELETE order/{id}/goods-note/goods-out/{id}``: only while nothing was shipped."""
    order, note = call.order(), _note(call, 1)
    if note.order_id != order.id:
        raise not_found(f"Goods-out note {note.id} of order {order.id}")
    if note.happened("SHW"):
        raise invalid(STOCK_INVALID, f"Goods-out note {note.id} is shipped")
    call.world.stock.remove_note(note)
    call.world.webhooks.raise_event("goods-out-note.destroyed", [note.id])
    tell_moved(call.world, order, note.lines)
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
    events = _events(call)
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
    return {}


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
    order = world.orders.by_id[note.order_id]
    if "SHW" in codes:
        world.stock_changed(line.product_id for line in note.lines)
        everything = all(
            world.stock.shipped(order.id, row.id) >= row.quantity
            for row in order.rows.values()
            if row.product_id is not None and world.products.by_id[row.product_id].tracked
        )
        world.order_changed(
            order, "order.modified.fully-shipped" if everything else "order.modified"
        )


_S = "warehouse-service"
ROUTES = (
    Route("POST", f"{_S}/order/{{}}/goods-note/goods-out", create_goods_out),
    Route("GET", f"{_S}/order/{{}}/goods-note/goods-out", read_goods_out),
    Route("GET", f"{_S}/order/{{}}/goods-note/goods-out/{{}}", read_goods_out),
    Route("DELETE", f"{_S}/order/{{}}/goods-note/goods-out/{{}}", delete_goods_out),
    Route("POST", f"{_S}/goods-note/goods-out/{{}}/event", add_events),
)
