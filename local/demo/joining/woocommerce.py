"""The web shop: it sells what the first warehouse has, as the first till does."""

from local.demo.joining.parts import (
    NOWHERE,
    QUICK,
    Joining,
    mapped_categories,
    order_settings,
    refund_settings,
    start,
)
from local.demo.vendors import CALLS_PER_MINUTE, Vendors, Web

PRODUCTS = "brightpearl-products-to-woocommerce"
STOCK = "brightpearl-stock-to-woocommerce"
ORDERS = "woocommerce-orders-to-brightpearl"
REFUNDS = "woocommerce-refunds-to-brightpearl"
SHIPMENTS = "brightpearl-shipments-to-woocommerce"
SHOP = "shop"  #: its one place


def joining(vendors: Vendors, web: Web) -> Joining:
    """Return what the connection and its flows need."""
    statuses = {name: str(number) for name, number in vendors.erp.statuses.items()}
    warehouse = str(vendors.erp.warehouses[0])
    return Joining(
        account={
            "base_url": web.simulator.shop_url,
            "settings": {"calls_per_minute": CALLS_PER_MINUTE, **QUICK},
            "credentials": {
                "consumer_key": web.key.key,
                "consumer_secret": web.key.secret,
            },
        },
        mappings={
            (PRODUCTS, "category"): mapped_categories(web.categories),
            (STOCK, "location"): {warehouse: SHOP},
            (ORDERS, "warehouse"): {SHOP: warehouse},
            (ORDERS, "channel"): {SHOP: str(vendors.erp.channels[-1])},
            (ORDERS, "tax"): {"": "T0"},
            (ORDERS, "order_status"): {
                "processing": statuses["New order"],
                "completed": statuses["Completed"],
                "cancelled": statuses["Cancelled"],
            },
            (ORDERS, "order_status_back"): {
                statuses["Completed"]: "completed",
                statuses["Cancelled"]: "cancelled",
            },
        },
        defaults={
            (STOCK, "location"): NOWHERE,
            (ORDERS, "tax"): "T20",
            (ORDERS, "payment_method"): "CARD",
        },
        settings={
            PRODUCTS: {"price_list": str(vendors.erp.price_list), "prices": "with_tax"},
            STOCK: {},
            ORDERS: order_settings(vendors),
            REFUNDS: refund_settings(),
            SHIPMENTS: {"start_date": start()},
        },
    )
