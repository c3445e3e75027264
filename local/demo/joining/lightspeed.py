"""The tills on Lightspeed: two outlets with warehouses of their own."""

from local.demo.joining.parts import (
    NOWHERE,
    PACE,
    Joining,
    customer_settings,
    mapped_categories,
    order_settings,
    refund_settings,
)
from local.demo.vendors import CALLS_PER_MINUTE, Outlets, Vendors

PRODUCTS = "brightpearl-products-to-lightspeed"
STOCK = "brightpearl-stock-to-lightspeed"
ORDERS = "lightspeed-orders-to-brightpearl"
CUSTOMERS = "lightspeed-customers-to-brightpearl"
REFUNDS = "lightspeed-refunds-to-brightpearl"


def joining(vendors: Vendors, outlets: Outlets) -> Joining:
    """Return what the connection and its flows need."""
    store, oauth = outlets.store, outlets.simulator.oauth
    granted = outlets.simulator.grant()
    warehouses = [str(number) for number in outlets.warehouses]
    locations = list(store.outlet_ids.values())
    payments = {name: name.upper() for name in store.payment_type_ids}  # sales name the types
    return Joining(
        account={
            "base_url": outlets.simulator.base_url,
            "settings": {
                "domain_prefix": store.domain_prefix,
                "calls_per_minute": CALLS_PER_MINUTE,
                **PACE,
            },
            "credentials": {
                "access_token": granted["access_token"],
                "refresh_token": granted["refresh_token"],
                "client_id": oauth.client_id,
                "client_secret": oauth.client_secret,
            },
        },
        mappings={
            (PRODUCTS, "category"): mapped_categories(outlets.categories),
            (STOCK, "location"): dict(zip(warehouses, locations, strict=True)),
            (ORDERS, "warehouse"): dict(zip(locations, warehouses, strict=True)),
            (ORDERS, "tax"): {"": "T0"},
            (ORDERS, "payment_method"): payments,
        },
        defaults={
            (STOCK, "location"): NOWHERE,
            (ORDERS, "channel"): str(vendors.erp.channels[0]),
            (ORDERS, "tax"): "T20",
            (ORDERS, "payment_method"): "OTHER",
        },
        settings={
            PRODUCTS: {"price_list": str(vendors.erp.price_list), "prices": "with_tax"},
            STOCK: {},
            ORDERS: order_settings(vendors),
            CUSTOMERS: customer_settings(),
            REFUNDS: refund_settings(),
        },
    )
