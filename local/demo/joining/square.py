"""The tills on Square: three shops of the merchant, each with its warehouse."""

from local.demo.joining.parts import (
    NOWHERE,
    PACE,
    Joining,
    customer_settings,
    mapped_categories,
    order_settings,
    refund_settings,
)
from local.demo.vendors import CALLS_PER_MINUTE, Vendors

PRODUCTS = "brightpearl-products-to-square"
STOCK = "brightpearl-stock-to-square"
ORDERS = "square-orders-to-brightpearl"
CUSTOMERS = "square-customers-to-brightpearl"
REFUNDS = "square-refunds-to-brightpearl"

TENDERS = {
    "CARD": "CARD",
    "CASH": "CASH",
    "WALLET": "WALLET",
    "SQUARE_GIFT_CARD": "GIFT_CARD",
    "OTHER": "OTHER",
}
TAXES = {"VAT": "T20", "": "T0"}


def joining(vendors: Vendors) -> Joining:
    """Return what the connection and its flows need."""
    warehouses = [str(number) for number in vendors.erp.warehouses]
    locations = list(vendors.tills.location_ids.values())
    channels = [str(number) for number in vendors.erp.channels]
    return Joining(
        account={
            "base_url": vendors.square.base_url,
            "settings": {"calls_per_minute": CALLS_PER_MINUTE, **PACE},
            "credentials": {"access_token": vendors.tills.token},
        },
        mappings={
            (PRODUCTS, "category"): mapped_categories(vendors.tills.category_ids),
            (STOCK, "location"): dict(zip(warehouses, locations, strict=True)),
            (ORDERS, "warehouse"): dict(zip(locations, warehouses, strict=True)),
            (ORDERS, "channel"): dict(zip(locations, channels, strict=False)),
            (ORDERS, "tax"): TAXES,
            (ORDERS, "payment_method"): TENDERS,
        },
        defaults={
            (ORDERS, "payment_method"): "OTHER",
            # Warehouses of the merchant's other shops.
            **({(STOCK, "location"): NOWHERE} if vendors.outlets is not None else {}),
        },
        settings={
            PRODUCTS: {"price_list": str(vendors.erp.price_list)},
            STOCK: {},
            ORDERS: {**order_settings(vendors), "tip_nominal_code": "4009"},
            CUSTOMERS: customer_settings(),
            REFUNDS: refund_settings(),
        },
    )
