"""order-service: reading and changing orders, statuses, notes, invoicing."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.order_documents import order_document
from local.platforms.brightpearl.api.patches import Setter, apply_patch
from local.platforms.brightpearl.api.routing import Call, Route, answer, written
from local.platforms.brightpearl.api.sales_orders import (
    ADDRESS_LINE_LENGTH,
    ADDRESS_LINES,
    REFERENCE_LENGTH,
    add_with_parts,
    check_quantity,
    nominal_code,
    tax_code,
)
from local.platforms.brightpearl.faults import Checker, invalid, not_found
from local.platforms.brightpearl.state.orders import Order, Row
from local.platforms.brightpearl.world import World

STATE_INVALID = "ORDC-000"


def read_orders(call: Call) -> dict[str, object]:
    """``GET order/{idset}``: 200 with an empty list when none is known."""
    by_id, world = call.world.orders.by_id, call.world
    found = [world.settled(by_id[number]) for number in call.ids().pick(by_id)]
    return answer([order_document(world, order) for order in found])


def patch_order(call: Call) -> dict[str, object]:
    """``PATCH order/{id}``: reference, warehouse, delivery, parties; not when invoiced."""
    order = _open_order(call)
    apply_patch(call.items(), _setters(call.world, order), Checker("ORDC"))
    call.world.order_changed(order)
    return answer(order_document(call.world, order))


def _open_order(call: Call) -> Order:
    order = call.order()
    if order.invoice is not None:
        raise invalid(STATE_INVALID, f"Order {order.id} is invoiced and cannot be changed")
    return order


def _setters(world: World, order: Order) -> dict[str, Setter]:
    setters: dict[str, Setter] = {
        "/reference": _reference_setter(world, order),
        "/warehouseId": _id_setter(order, "warehouse_id", world.references.warehouses),
        "/assignment/current/channelId": _id_setter(order, "channel_id", world.references.channels),
        "/delivery/deliveryDate": _delivery_date_setter(order),
        "/parties/customer/contactId": _id_setter(order, "customer_id", world.contacts.by_id),
    }
    for party, address in (("customer", order.address), ("delivery", order.delivery_address)):
        for line in ADDRESS_LINES:
            setters[f"/parties/{party}/{line}"] = _line_setter(address, line)
    return setters


def _reference_setter(world: World, order: Order) -> Setter:
    def setter(value: Any, check: Checker) -> Callable[[], None]:
        ref = check.text({"reference": value}, "reference", limit=REFERENCE_LENGTH)
        return lambda: world.orders.rename(order, ref)

    return setter


def _id_setter(order: Order, field: str, known: Mapping[int, object]) -> Setter:
    def setter(value: Any, check: Checker) -> Callable[[], None]:
        number = check.known({field: value}, field, known, required=True)
        return lambda: setattr(order, field, number)

    return setter


def _delivery_date_setter(order: Order) -> Setter:
    def setter(value: Any, check: Checker) -> Callable[[], None]:
        date = check.time({"deliveryDate": value}, "deliveryDate")
        return lambda: setattr(order, "delivery_date", date)

    return setter


def _line_setter(address: dict[str, Any], line: str) -> Setter:
    def setter(value: Any, check: Checker) -> Callable[[], None]:
        text = check.text({line: value}, line, limit=ADDRESS_LINE_LENGTH)
        if text is None:
            return lambda: address.pop(line, None) and None
        return lambda: address.update({line: text})

    return setter


def add_row(call: Call) -> dict[str, object]:
    """``POST order/{id}/row``: the id of the new row."""
    order, world = _open_order(call), call.world
    row = _row(world, call.document())
    add_with_parts(world, order, row)
    world.order_changed(order)
    return answer(row.id)


def change_row(call: Call) -> dict[str, object]:
    """``PUT order/{id}/row/{rowId}``: replaces the row, and the parts of a bundle with it."""
    order, world = _open_order(call), call.world
    old = _existing_row(call, order)
    row = _row(world, call.document())
    taken = world.stock.reserved(order.id, old.id)
    if taken and (row.product_id != old.product_id or row.quantity < taken):
        raise invalid(STATE_INVALID, f"{taken} pieces of row {old.id} are allocated or shipped")
    row.external_ref = row.external_ref or old.external_ref
    if (row.product_id, row.quantity) == (old.product_id, old.quantity):
        row.id, row.bundle = old.id, old.bundle
        order.rows[row.id] = row
    else:
        _drop_parts(world, order, old)
        add_with_parts(world, order, row, row_id=old.id)
    world.order_changed(order)
    return {}


def delete_row(call: Call) -> dict[str, object]:
    """``DELETE order/{id}/row/{rowId}``: the row, and the parts of a bundle."""
    order, world = _open_order(call), call.world
    row = _existing_row(call, order)
    _drop_parts(world, order, row)
    _refuse_taken(world, order, row)
    del order.rows[row.id]
    world.order_changed(order)
    return {}


def _drop_parts(world: World, order: Order, row: Row) -> None:
    """Remove the rows of a bundle's parts, however deep; all or none."""
    parts: list[Row] = []
    above = {row.id}
    for one in order.rows.values():  # parts come after what they are parts of
        if one.parent_row_id in above:
            above.add(one.id)
            parts.append(one)
    for part in parts:
        _refuse_taken(world, order, part)
    for part in parts:
        del order.rows[part.id]


def _refuse_taken(world: World, order: Order, row: Row) -> None:
    if world.stock.reserved(order.id, row.id):
        raise invalid(STATE_INVALID, f"Pieces of row {row.id} are allocated or shipped")


def _existing_row(call: Call, order: Order) -> Row:
    row = order.rows.get(call.id(1))
    if row is None:
        raise not_found(f"Row {call.args[1]} of order {order.id}")
    return row


def _row(world: World, document: Mapping[str, Any]) -> Row:
    """Read a row in the shape of the row calls, which is not that of ``POST sales-order``."""
    check = Checker("ORDC")
    product_id = check.known(document, "productId", world.products.by_id)
    product = world.products.by_id.get(product_id or 0)
    name = check.text(document, "productName", limit=512) or (product.name if product else None)
    if name is None and document.get("productId") is None:
        check.add("a row needs productId or productName")
    value = check.mapping(document, "rowValue")
    quantity = check.decimal(check.mapping(document, "quantity"), "magnitude", places=4)
    check_quantity(product, quantity, check)
    row = Row(
        id=0,
        product_id=product_id,
        name=name or "",
        sku=product.sku if product else None,
        quantity=quantity,
        tax_code=tax_code(world, value.get("taxCode"), check),
        net=_row_money(value, "rowNet", check),
        tax=_row_money(value, "rowTax", check),
        nominal_code=nominal_code(world, document.get("nominalCode"), check),
        external_ref=check.text(document, "externalRef", limit=255),
    )
    check.finish()
    return row


def _row_money(value: Mapping[str, Any], name: str, check: Checker) -> Decimal:
    return check.decimal(check.mapping(value, name), "value", places=4)


def put_status(call: Call) -> dict[str, object]:
    """``PUT order/{id}/status``; cancelling needs an order nothing was done with yet."""
    order, world = call.order(), call.world
    document = call.document()
    check = Checker("ORDC")
    every = world.references.statuses.values()
    known = {status.id for status in every if status.order_type == order.kind}
    status = check.known(document, "orderStatusId", known, required=True)
    note = check.mapping(document, "orderNote")
    check.finish()
    if status is not None and status == world.references.cancelled_status_id:
        _cancel(world, order)
    order.status_id = status or order.status_id
    if note.get("text"):
        world.orders.add_note(order, str(note["text"]), is_public=note.get("isPublic") is True)
    world.order_changed(order, "order.modified.order-status")
    return {}


def _cancel(world: World, order: Order) -> None:
    """Check that an order may be cancelled, and give its reserved stock back."""
    check = Checker("ORDC")
    if order.invoice is not None or order.invoice_due is not None:
        check.add(f"Order {order.id} is invoiced and cannot be cancelled")
    if world.stock.notes_of(order.id):
        check.add(f"Order {order.id} has goods-out notes and cannot be cancelled")
    if world.payments.paid(order.id) != 0:
        check.add(f"Order {order.id} has payments and cannot be cancelled")
    check.finish()
    reservation = world.stock.release(order.id)
    if reservation is not None:
        world.stock_changed(line.product_id for line in reservation.lines)


def add_note(call: Call) -> dict[str, object]:
    """``POST order/{id}/note``: the id of the note."""
    order, document = call.order(), call.document()
    check = Checker("ORDC")
    text = check.text(document, "text", limit=65_000, required=True)
    check.finish()
    public = document.get("isPublic") is True
    return answer(call.world.orders.add_note(order, text or "", is_public=public))


def read_notes(call: Call) -> dict[str, object]:
    """``GET order/{id}/note``."""
    time = written(call.world)
    return answer(
        [
            {"noteId": n.id, "text": n.text, "isPublic": n.is_public, "addedOn": time(n.added_on)}
            for n in call.order().notes
        ]
    )


def close_order(call: Call) -> dict[str, object]:
    """``POST sales-order/{id}/close``: invoices it, at once or a while later."""
    order = _open_order(call)
    check = Checker("ORDC")
    document = call.document() if call.body.strip() else {}
    order.invoice_tax_date = check.time(document, "taxDate")
    check.finish()
    start_invoicing(call.world, order)
    return {}


def start_invoicing(world: World, order: Order) -> None:
    """Begin to invoice; with no delay it is done before this returns."""
    if order.invoice_due is None:
        delay = timedelta(seconds=world.behaviour.invoice_after_s)
        order.invoice_due = world.clock() + delay
    world.settled(order)


def read_statuses(call: Call) -> dict[str, object]:
    """``GET order-status``."""
    return answer(
        [
            {
                "statusId": status.id,
                "name": status.name,
                "orderTypeCode": status.order_type,
                "disabled": False,
                "sortOrder": 10 * status.id,
                "visible": True,
            }
            for status in call.world.references.statuses.values()
        ]
    )


def read_types(call: Call) -> dict[str, object]:
    """``GET order-type``."""
    names = {1: ("SO", "Sales order"), 2: ("PO", "Purchase order")}
    names |= {3: ("SC", "Sales credit"), 4: ("PC", "Purchase credit")}
    return answer([{"id": n, "code": code, "name": name} for n, (code, name) in names.items()])


_ORDER = "order-service/order"
ROUTES = (
    Route("GET", f"{_ORDER}/{{}}", read_orders),
    Route("PATCH", f"{_ORDER}/{{}}", patch_order),
    Route("POST", f"{_ORDER}/{{}}/row", add_row),
    Route("PUT", f"{_ORDER}/{{}}/row/{{}}", change_row),
    Route("DELETE", f"{_ORDER}/{{}}/row/{{}}", delete_row),
    Route("PUT", f"{_ORDER}/{{}}/status", put_status),
    Route("POST", f"{_ORDER}/{{}}/note", add_note),
    Route("GET", f"{_ORDER}/{{}}/note", read_notes),
    Route("POST", "order-service/sales-order/{}/close", close_order),
    Route("GET", "order-service/order-status", read_statuses),
    Route("GET", "order-service/order-type", read_types),
)
