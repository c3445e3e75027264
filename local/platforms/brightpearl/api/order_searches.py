"""order-service: order-search and sales-order-search."""

from local.platforms.brightpearl.api.order_documents import (
    allocation_status,
    payment_status,
    shipping_status,
    stock_status,
)
from local.platforms.brightpearl.api.routing import Route
from local.platforms.brightpearl.api.searches import Column, Search, handler_of
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.world import World

# Searches give payment and stock states as numbers; which number is which is not documented.
PAYMENT_STATUS_IDS = {"NOT_APPLICABLE": 0, "UNPAID": 1, "PARTIALLY_PAID": 2, "PAID": 3}
STOCK_STATUS_IDS = {"NON": 0, "SON": 1, "SOP": 2, "SOA": 3}
SHIPPING_STATUS_IDS = {"NST": 0, "SNS": 1, "SPS": 2, "ASS": 3}
TYPE_IDS = {"SO": 1, "SC": 3}
ALLOCATION_STATUS_IDS = {"ANR": 0, "ANA": 1, "APA": 2, "AAA": 3}


def _status_names(world: World) -> dict[str, object]:
    names = {str(status.id): status.name for status in world.references.statuses.values()}
    return {"orderStatusNames": names}


def _external_ref() -> Column[Order]:
    return Column(
        name="externalRef",
        kind="STRING",
        value=lambda w, o: o.external_ref,
        find=lambda w, text: w.orders.by_external_ref.get(text, ()),
    )


def _customer_ref() -> Column[Order]:
    return Column(
        name="customerRef",
        kind="STRING",
        value=lambda w, o: o.ref,
        find=lambda w, text: w.orders.by_ref.get(text, ()),
    )


def _products(order: Order) -> tuple[int, ...]:
    return tuple(row.product_id for row in order.rows.values() if row.product_id is not None)


ORDER_SEARCH = Search[Order](
    columns=(
        Column(name="orderId", kind="IDSET", value=lambda w, o: o.id),
        Column(name="orderTypeId", kind="INTEGER", value=lambda w, o: TYPE_IDS[o.kind]),
        Column(name="contactId", kind="INTEGER", value=lambda w, o: o.customer_id),
        Column(name="orderStatusId", kind="INTEGER", value=lambda w, o: o.status_id),
        Column(
            name="orderStockStatusId",
            kind="INTEGER",
            value=lambda w, o: STOCK_STATUS_IDS[stock_status(w, o)],
        ),
        Column(
            name="orderPaymentStatusId",
            kind="INTEGER",
            value=lambda w, o: PAYMENT_STATUS_IDS[payment_status(w, o)],
        ),
        Column(
            name="orderShippingStatusId",
            kind="INTEGER",
            value=lambda w, o: SHIPPING_STATUS_IDS[shipping_status(w, o)],
        ),
        Column(name="createdOn", kind="PERIOD", value=lambda w, o: o.created_on),
        Column(name="updatedOn", kind="PERIOD", value=lambda w, o: o.updated_on),
        _customer_ref(),
        _external_ref(),
        Column(
            name="installedIntegrationInstanceId",
            kind="INTEGER",
            value=lambda w, o: o.instance_id,
        ),
        Column(name="parentOrderId", kind="INTEGER", value=lambda w, o: o.parent_id),
        Column(name="warehouseId", kind="INTEGER", value=lambda w, o: o.warehouse_id),
        Column(name="departmentId", kind="INTEGER", value=lambda w, o: o.channel_id),
        Column(name="taxDate", kind="PERIOD", value=lambda w, o: o.tax_date),
        Column(name="deliveryDate", kind="PERIOD", value=lambda w, o: o.delivery_date),
        Column(name="productIds", kind="IDSET", value=lambda w, o: _products(o), shown=False),
        Column(
            name="externalRefSearchString",
            kind="SEARCH_STRING",
            value=lambda w, o: o.external_ref,
            shown=False,
        ),
    ),
    rows=lambda world: world.orders.by_id.values(),
    created=lambda order: order.created_on,
    updated=lambda order: order.updated_on,
    reference=_status_names,
)

SALES_ORDER_SEARCH = Search[Order](
    columns=(
        Column(name="salesOrderId", kind="IDSET", value=lambda w, o: o.id),
        Column(name="customerId", kind="INTEGER", value=lambda w, o: o.customer_id),
        Column(name="statusId", kind="INTEGER", value=lambda w, o: o.status_id),
        Column(
            name="allocationStatusId",
            kind="INTEGER",
            value=lambda w, o: ALLOCATION_STATUS_IDS[allocation_status(w, o)],
        ),
        Column(name="createdOn", kind="PERIOD", value=lambda w, o: o.created_on),
        Column(name="updatedOn", kind="PERIOD", value=lambda w, o: o.updated_on),
        _customer_ref(),
        _external_ref(),
        Column(
            name="installedIntegrationInstanceId",
            kind="INTEGER",
            value=lambda w, o: o.instance_id,
        ),
        Column(name="channelId", kind="INTEGER", value=lambda w, o: o.channel_id),
        Column(name="warehouseId", kind="INTEGER", value=lambda w, o: o.warehouse_id),
    ),
    rows=lambda world: [o for o in world.orders.by_id.values() if o.kind == "SO"],
    created=lambda order: order.created_on,
    updated=lambda order: order.updated_on,
    reference=_status_names,
)

ROUTES = (
    Route("GET", "order-service/order-search", handler_of(ORDER_SEARCH)),
    Route("GET", "order-service/sales-order-search", handler_of(SALES_ORDER_SEARCH)),
)
