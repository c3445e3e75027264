"""warehouse-service: goods-out-search, and the ways to send goods."""

from local.platforms.brightpearl.api.routing import Call, answer
from local.platforms.brightpearl.api.searches import Column, Search
from local.platforms.brightpearl.state.stock import GoodsOutNote
from local.platforms.brightpearl.world import World


def _channel(world: World, note: GoodsOutNote) -> int | None:
    order = world.orders.by_id.get(note.order_id)
    return order.channel_id if order else None


def _happened(name: str, code: str) -> Column[GoodsOutNote]:
    return Column(name=name, kind="BOOLEAN", value=lambda w, note: note.happened(code) is not None)


#: When a note was changed is no column: only when it was made and when it was shipped.
GOODS_OUT_SEARCH = Search[GoodsOutNote](
    columns=(
        Column(name="goodsOutNoteId", kind="INTEGER", value=lambda w, note: note.id),
        _happened("printed", "PRI"),
        _happened("picked", "PIC"),
        _happened("packed", "PAC"),
        _happened("shipped", "SHW"),
        Column(name="shippedOn", kind="PERIOD", value=lambda w, note: note.happened("SHW")),
        Column(name="orderId", kind="INTEGER", value=lambda w, note: note.order_id),
        Column(
            name="shippingMethodId", kind="IDSET", value=lambda w, note: note.shipping_method_id
        ),
        Column(name="warehouseId", kind="INTEGER", value=lambda w, note: note.warehouse_id),
        Column(name="priority", kind="BOOLEAN", value=lambda w, note: note.priority),
        Column(name="createdOn", kind="PERIOD", value=lambda w, note: note.created_on),
        Column(name="releaseDate", kind="PERIOD", value=lambda w, note: note.release_date),
        Column(name="transfer", kind="BOOLEAN", value=lambda w, note: note.is_transfer),
        Column(name="channelId", kind="INTEGER", value=_channel),
    ),
    rows=lambda world: world.stock.notes.values(),
    created=lambda note: note.created_on,
)


def read_shipping_methods(call: Call) -> dict[str, object]:
    """``GET shipping-method`` and ``GET shipping-method/{idset}``."""
    known = call.world.references.shipping_methods
    wanted = call.ids().pick(known) if call.args else sorted(known)
    return answer(
        [
            {
                "id": number,
                "name": known[number].name,
                "code": known[number].code,
                "additionalInformationRequired": False,
            }
            for number in wanted
        ]
    )
