"""All flows on one screen. The engine is one function for all of them.

What flows of a kind have in common is declared in ``flows/declared``; a line here says what is
between these two platforms alone. Names are stable: rows are stored with them.
"""

from collections.abc import Mapping

from chalicelib.flows.declare import Flow, Side
from chalicelib.flows.declared.customers import customers
from chalicelib.flows.declared.orders import (
    UNPAID_ORDERS,
    nominal_codes,
    orders,
    statuses_both_ways,
)
from chalicelib.flows.declared.products import locations, prices, products
from chalicelib.flows.declared.refunds import refunds
from chalicelib.flows.declared.shipments import shipments
from chalicelib.flows.declared.stock import stock
from chalicelib.flows.mappings.sales_orders import STATUS_BOTH_WAYS

BRIGHTPEARL = Side(name="brightpearl", label="Brightpearl")
SQUARE = Side(
    name="square",
    label="Square",
    place="location",
    places="locations",
    tender="tender",
    tenders="tender_types",
)
LIGHTSPEED = Side(
    name="lightspeed",
    label="Lightspeed",
    place="outlet",
    places="locations",
    tender="payment type",
    tenders="payment_types",
)
WOOCOMMERCE = Side(
    name="woocommerce",
    label="WooCommerce",
    place="shop",
    places="locations",
    tender="payment method",
    tenders="payment_methods",
)

FLOWS: Mapping[str, Flow] = {
    flow.name: flow
    for flow in (
        products(BRIGHTPEARL, SQUARE, settings=(locations(SQUARE),)),
        stock(BRIGHTPEARL, SQUARE),
        orders(SQUARE, BRIGHTPEARL, settings=nominal_codes("fee", "gift card")),
        customers(SQUARE, BRIGHTPEARL),
        refunds(SQUARE, BRIGHTPEARL),
        products(BRIGHTPEARL, LIGHTSPEED, settings=(prices(BRIGHTPEARL),)),
        stock(BRIGHTPEARL, LIGHTSPEED),
        orders(
            LIGHTSPEED, BRIGHTPEARL, settings=(UNPAID_ORDERS, *nominal_codes("fee", "gift card"))
        ),
        customers(LIGHTSPEED, BRIGHTPEARL),
        refunds(LIGHTSPEED, BRIGHTPEARL),
        products(BRIGHTPEARL, WOOCOMMERCE, settings=(prices(BRIGHTPEARL),)),
        stock(BRIGHTPEARL, WOOCOMMERCE),
        orders(
            WOOCOMMERCE,
            BRIGHTPEARL,
            settings=(UNPAID_ORDERS, *nominal_codes("shipping", "fee", "gift card")),
            mappings=statuses_both_ways(WOOCOMMERCE, BRIGHTPEARL),
            both_ways=STATUS_BOTH_WAYS,
        ),
        refunds(WOOCOMMERCE, BRIGHTPEARL),
        shipments(BRIGHTPEARL, WOOCOMMERCE, completed="completed"),
    )
}
