"""warehouse-service: availability, warehouses, stock corrections, reservations."""

from local.platforms.brightpearl.api.routing import Call, Route, answer, written
from local.platforms.brightpearl.faults import Checker, invalid, not_found
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.state.stock import Line, Reservation
from local.platforms.brightpearl.world import World

STOCK_INVALID = "WHSC-070"
PRODUCT_INVALID = "WHSC-014"


def read_availability(call: Call) -> dict[str, object]:
    """``GET product-availability/{idset}``: unknown and untracked ids are silently left out."""
    known = call.world.products.by_id
    tracked = [n for n in call.ids().pick(known) if known[n].tracked]
    return answer({str(n): call.world.stock.availability(n) for n in tracked})


def read_warehouses(call: Call) -> dict[str, object]:
    """``GET warehouse`` and ``GET warehouse/{idset}``."""
    known = call.world.references.warehouses
    wanted = call.ids().pick(known) if call.args else sorted(known)
    return answer([{"id": n, "name": known[n].name, "typeCode": "2"} for n in wanted])


def read_default_location(call: Call) -> dict[str, object]:
    """``GET warehouse/{id}/location/default``: here a warehouse's location has its own id."""
    return answer(warehouse_id_of(call.world, call.id()))


def warehouse_id_of(world: World, number: int) -> int:
    """Return the id when there is such a warehouse, or raise a 404."""
    if number not in world.references.warehouses:
        raise not_found(f"Warehouse {number}")
    return number


def correct_stock(call: Call) -> dict[str, object]:
    """``POST warehouse/{id}/stock-correction``: signed changes, applied again when sent again."""
    warehouse_id = warehouse_id_of(call.world, call.id())
    check = Checker("WHSC")
    changes = []
    for item in check.objects(call.document(), "corrections"):
        quantity = int(check.decimal(item, "quantity", places=0))
        product_id = check.known(
            item, "productId", call.world.products.by_id, required=True, code=PRODUCT_INVALID
        )
        if quantity > 0 and not check.mapping(item, "cost"):
            check.add("cost is required to add stock")
        changes.append((product_id or 0, quantity))
    check.finish()
    for product_id, quantity in changes:
        product = call.world.products.by_id[product_id]
        call.world.stock.in_stock[product_id][warehouse_id] += quantity
        if quantity > 0 and product.status == "ARCHIVED":
            product.status = "LIVE"
    call.world.stock_changed(product_id for product_id, _ in changes)
    return answer([next(call.world.stock.note_ids) for _ in changes])


def reserve(call: Call) -> dict[str, object]:
    """``POST order/{id}/reservation/warehouse/{id}``: takes what is on hand, or is an error."""
    order, world = call.order(), call.world
    warehouse_id = warehouse_id_of(world, call.id(1))
    if order.id in world.stock.reservations:
        raise invalid(STOCK_INVALID, f"Order {order.id} has a reservation already")
    wanted = order_lines(call, order, call.document())
    lines = []
    for line in wanted:
        quantity = min(line.quantity, max(0, world.stock.on_hand(line.product_id, warehouse_id)))
        if quantity:
            taken = Line(row_id=line.row_id, product_id=line.product_id, quantity=quantity)
            world.stock.allocate(warehouse_id, taken)
            lines.append(taken)
    if not lines:
        raise invalid(STOCK_INVALID, "None of the items could be reserved")
    world.stock.reservations[order.id] = Reservation(
        order_id=order.id, warehouse_id=warehouse_id, lines=lines, created_on=world.clock()
    )
    tell_moved(world, order, lines)
    return {}


def read_reservation(call: Call) -> dict[str, object]:
    """``GET order/{id}/reservation``."""
    order = call.order()
    reservation = call.world.stock.reservations.get(order.id)
    if reservation is None:
        raise not_found(f"A reservation of order {order.id}")
    return answer(
        {
            "orderId": order.id,
            "warehouseId": reservation.warehouse_id,
            "orderRows": rows_of(reservation.lines),
            "createdOn": written(call.world)(reservation.created_on),
        }
    )


def release_reservation(call: Call) -> dict[str, object]:
    """``DELETE order/{id}/reservation``: gives back what is not on a goods-out note yet."""
    order = call.order()
    reservation = call.world.stock.release(order.id)
    if reservation is None:
        raise not_found(f"A reservation of order {order.id}")
    tell_moved(call.world, order, reservation.lines)
    return {}


def order_lines(call: Call, order: Order, document: object) -> list[Line]:
    """Read ``products`` of a reservation or a note; rows must be the order's and stock-tracked."""
    check = Checker("WHSC")
    lines = []
    for item in check.objects(document if isinstance(document, dict) else {}, "products"):
        row_id = check.known(item, "salesOrderRowId", order.rows, required=True)
        row = order.rows.get(row_id or 0)
        known = call.world.products.by_id
        product_id = check.known(item, "productId", known, required=True, code=PRODUCT_INVALID)
        quantity = int(check.decimal(item, "quantity", places=0))
        if product_id is None or row is None:
            continue
        if row.product_id != product_id or not known[product_id].tracked:
            check.add(f"Product {product_id} is not a stock-tracked product of row {row.id}")
        elif not 0 < quantity <= row.quantity:
            check.add(f"quantity must be from 1 to {row.quantity}")
        lines.append(Line(row_id=row.id, product_id=product_id, quantity=quantity))
    check.finish()
    if not lines:
        raise invalid(STOCK_INVALID, "products is required")
    return lines


def rows_of(lines: list[Line]) -> dict[str, list[dict[str, object]]]:
    """Return lines as answers carry them: by row id."""
    rows: dict[str, list[dict[str, object]]] = {}
    for line in lines:
        rows.setdefault(str(line.row_id), []).append(
            {"productId": line.product_id, "quantity": line.quantity}
        )
    return rows


def tell_moved(world: World, order: Order, lines: list[Line]) -> None:
    """Tell subscribers that goods of an order moved between on hand and allocated."""
    world.stock_changed(line.product_id for line in lines)
    world.order_changed(order)


_S = "warehouse-service"
ROUTES = (
    Route("GET", f"{_S}/product-availability/{{}}", read_availability),
    Route("GET", f"{_S}/warehouse", read_warehouses),
    Route("GET", f"{_S}/warehouse/{{}}", read_warehouses),
    Route("GET", f"{_S}/warehouse/{{}}/location/default", read_default_location),
    Route("POST", f"{_S}/warehouse/{{}}/stock-correction", correct_stock),
    Route("POST", f"{_S}/order/{{}}/reservation/warehouse/{{}}", reserve),
    Route("GET", f"{_S}/order/{{}}/reservation", read_reservation),
    Route("DELETE", f"{_S}/order/{{}}/reservation", release_reservation),
)
