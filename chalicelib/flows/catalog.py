"""All flows on one screen. The engine is one function for all of them.

What flows of a kind have in common is declared in ``flows/declared``; a line here says what is
between these two platforms alone; ``calls`` are those that ``make bench`` counts for a batch of so
many rows, at source and at target. Names are stable: rows are stored with them.
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
        products(
            BRIGHTPEARL,
            LIGHTSPEED,
            settings=(prices(BRIGHTPEARL),),
            calls=lambda rows: (3 + rows // 2, 3 + 2 * rows),
        ),
        stock(BRIGHTPEARL, LIGHTSPEED, calls=lambda rows: (3, 14 + 2 * rows // 3)),
        orders(
            LIGHTSPEED,
            BRIGHTPEARL,
            settings=(UNPAID_ORDERS, *nominal_codes("fee", "gift card")),
            calls=lambda rows: (7 + rows, 1 + 8 * rows),
        ),
        customers(LIGHTSPEED, BRIGHTPEARL, calls=lambda rows: (1 + rows, 1 + 3 * rows)),
        refunds(LIGHTSPEED, BRIGHTPEARL, calls=lambda rows: (7 + rows, 4 + 7 * rows)),
        products(
            BRIGHTPEARL,
            WOOCOMMERCE,
            settings=(prices(BRIGHTPEARL),),
            calls=lambda rows: (3, 6 + rows // 2),
        ),
        stock(BRIGHTPEARL, WOOCOMMERCE, calls=lambda rows: (3, 6 + rows)),
        orders(
            WOOCOMMERCE,
            BRIGHTPEARL,
            settings=(UNPAID_ORDERS, *nominal_codes("shipping", "fee", "gift card")),
            mappings=statuses_both_ways(WOOCOMMERCE, BRIGHTPEARL),
            both_ways=STATUS_BOTH_WAYS,
            calls=lambda rows: (1 + rows // 10, 1 + 8 * rows),
        ),
        refunds(WOOCOMMERCE, BRIGHTPEARL, calls=lambda rows: (2, 4 + 7 * rows)),
        shipments(BRIGHTPEARL, WOOCOMMERCE, completed="completed"),
    )
}
