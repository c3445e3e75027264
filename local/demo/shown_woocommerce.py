"""What the merchant's WooCommerce shop shows."""

from collections.abc import Iterator
from decimal import Decimal

from local.demo.joining.woocommerce import SHOP
from local.demo.shown import (
    CANCELLED,
    NO_SALE,
    NOTHING,
    SOLD,
    WAITS,
    GivenBack,
    Offered,
    Sale,
    Shop,
    cents,
    goods_of,
)
from local.demo.vendors import Vendors, Web
from local.platforms.woocommerce.orders import Order
from local.platforms.woocommerce.products import Product
from local.platforms.woocommerce.simulator import WooCommerceSimulator

_STANDS = {
    "processing": SOLD,
    "completed": SOLD,
    "refunded": SOLD,
    "on-hold": WAITS,
    "cancelled": CANCELLED,
    "trash": CANCELLED,
}


def woocommerce_shop(vendors: Vendors, web: Web) -> Shop:
    """Return the web shop; the caller holds its lock."""
    simulator = web.simulator
    orders = simulator.orders.by_id.values()
    return Shop(
        name="WooCommerce",
        what="web shop",
        places={vendors.erp.warehouses[0]: SHOP},
        offered=[_offered(simulator, one) for one in _things(simulator)],
        sales={str(one.id): _sale(simulator, one) for one in orders},
        refunds=[
            GivenBack(
                id=str(refund.id),
                order=str(order.id),
                total=cents(refund.amount),
                payments=[cents(refund.amount)],
            )
            for order in orders
            for refund in order.refunds
        ],
        customers=[],
        told={str(one.id): list(_told(simulator, one)) for one in orders},
    )


def _things(simulator: WooCommerceSimulator) -> Iterator[Product]:
    for one in simulator.products.by_id.values():
        if one.status != "trash" and one.kind != "variable":
            yield one


def _offered(simulator: WooCommerceSimulator, one: Product) -> Offered:
    above = simulator.products.by_id.get(one.parent_id)
    counted = one.manages_stock
    return Offered(
        id=str(one.id),
        sku=one.sku,
        name=str((above or one).data["name"]),
        price=Decimal(one.data["regular_price"] or 0),
        active=one.status == "publish" and (above is None or above.status == "publish"),
        stock={SHOP: Decimal(one.data["stock_quantity"] or 0)} if counted else {},
    )


def _sale(simulator: WooCommerceSimulator, order: Order) -> Sale:
    goods = order.of("line_items")
    stands = _STANDS.get(order.status, NO_SALE)
    return Sale(
        id=str(order.id),
        stands=stands,
        status=order.status,
        total=cents(order.total),
        currency=str(order.data["currency"]),
        pieces=sum((Decimal(line.quantity) for line in goods), NOTHING),
        payments=[cents(order.total)] if order.paid is not None and order.total else [],
        email=str(order.data["billing"].get("email") or ""),
        takes=goods_of([(line.sku, SHOP, Decimal(line.reduced)) for line in goods]),
    )


def _told(simulator: WooCommerceSimulator, order: Order) -> Iterator[str]:
    """Yield what the shop shows of an order's parcels, wherever it shows it."""
    shipments = simulator.parts.shipments
    for one in shipments.trackings.get(order.id, []):
        yield str(one["tracking_number"])
    for one in shipments.fulfilments.get(order.id, []):
        yield " ".join(str(row["value"]) for row in one["meta_data"])
    for one in order.notes:
        yield str(one["note"])
