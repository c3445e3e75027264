"""warehouse-service: goods-in notes, by which the goods of a sales credit come back into stock."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.routing import Call, Route, answer, without_nulls, written
from local.platforms.brightpearl.api.warehouse import PRODUCT_INVALID, STOCK_INVALID
from local.platforms.brightpearl.faults import Checker, invalid
from local.platforms.brightpearl.state.goods_in import GoodsInNote
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.state.stock import Line
from local.platforms.brightpearl.world import World

BATCH_REFERENCE_LENGTH = 255


def create_goods_in(call: Call) -> dict[str, object]:
    """``POST order/{id}/goods-note/goods-in``: a batch reference is taken once in the account."""
    order, world, document = call.order(), call.world, call.document()
    check = Checker("WHSC")
    warehouse_id = check.known(document, "warehouseId", world.references.warehouses, required=True)
    reference = check.text(document, "userBatchReference", limit=BATCH_REFERENCE_LENGTH)
    if reference is not None and reference in world.orders.batch_references:
        check.add("userBatchReference has been used")
    moved = [_moved(world, order, item, check) for item in check.objects(document, "goodsMoved")]
    received_on = check.time(document, "receivedOn") or world.clock()
    check.finish()
    if not moved:
        raise invalid(STOCK_INVALID, "goodsMoved is required")
    _check_outstanding(order, [line for line, _ in moved])
    note = GoodsInNote(
        id=next(world.stock.note_ids),
        warehouse_id=warehouse_id or 0,
        batch_reference=reference,
        lines=tuple(line for line, _ in moved),
        values=tuple(value for _, value in moved),
        received_on=received_on,
    )
    _receive(world, order, note)
    return answer(note.id)


def _moved(
    world: World, order: Order, item: Mapping[str, Any], check: Checker
) -> tuple[Line, Decimal]:
    """Read one entry; the row is named ``purchaseOrderRowId`` even where it is a credit's."""
    known = world.products.by_id
    row_id = check.known(item, "purchaseOrderRowId", order.rows, required=True)
    product_id = check.known(item, "productId", known, required=True, code=PRODUCT_INVALID)
    check.known(item, "destinationLocationId", world.references.warehouses, required=True)
    quantity = int(check.decimal(item, "quantity", places=0))
    row = order.rows.get(row_id or 0)
    if row is not None and product_id is not None:
        if row.product_id != product_id or not known[product_id].tracked:
            check.add(f"Product {product_id} is not a stock-tracked product of row {row.id}")
        if quantity < 1:
            check.add("quantity must be above 0")
    worth = check.mapping(item, "productValue")
    check.text(worth, "currency", limit=3, required=True)
    value = check.decimal(worth, "value", places=4)
    return Line(row_id=row_id or 0, product_id=product_id or 0, quantity=quantity), value


def _check_outstanding(order: Order, lines: list[Line]) -> None:
    """Refuse more than the row holds, what came in before included."""
    came: Counter[int] = Counter()
    for line in [ln for note in order.goods_in for ln in note.lines] + lines:
        came[line.row_id] += line.quantity
    for row_id, quantity in came.items():
        if row_id in order.rows and quantity > order.rows[row_id].quantity:
            raise invalid(STOCK_INVALID, f"Row {row_id} has not that much left to receive")


def _receive(world: World, order: Order, note: GoodsInNote) -> None:
    order.goods_in.append(note)
    if note.batch_reference:
        world.orders.batch_references.add(note.batch_reference)
    for line in note.lines:
        world.stock.in_stock[line.product_id][note.warehouse_id] += line.quantity
    world.webhooks.raise_event("goods-in-note.created", [note.id])
    world.stock_changed(line.product_id for line in note.lines)
    world.order_changed(order)


def read_goods_in(call: Call) -> dict[str, object]:
    """``GET order/{idset}/goods-note/goods-in[/{idset}]``: a map by note id."""
    orders, wanted = call.ids(0), call.ids(1) if len(call.args) > 1 else None
    notes = [
        (order, note)
        for order in call.world.orders.by_id.values()
        if order.goods_in and order.id in orders
        for note in order.goods_in
        if wanted is None or note.id in wanted
    ]
    return answer({str(note.id): _document(call.world, order, note) for order, note in notes})


def _document(world: World, order: Order, note: GoodsInNote) -> dict[str, object]:
    return without_nulls(
        {
            "goodsNoteId": note.id,
            "orderId": order.id,
            "transfer": False,
            "goodsNoteStatus": "CLOSED",
            "warehouseId": note.warehouse_id,
            "userBatchReference": note.batch_reference,
            "receivedOn": written(world)(note.received_on),
            "goodsMoved": [
                {
                    "productId": line.product_id,
                    "purchaseOrderRowId": line.row_id,
                    "quantity": line.quantity,
                    "destinationLocationId": note.warehouse_id,
                    "productValue": {"currency": order.currency, "value": str(value)},
                }
                for line, value in zip(note.lines, note.values, strict=True)
            ],
        }
    )


_NOTES = "warehouse-service/order/{}/goods-note/goods-in"
ROUTES = (
    Route("POST", _NOTES, create_goods_in),
    Route("GET", _NOTES, read_goods_in),
    Route("GET", f"{_NOTES}/{{}}", read_goods_in),
)
