"""All flows on one screen. The engine is one function for all of them.

What flows of a kind have in common is declared in ``flows/declared``; a line here says what is
between these two platforms alone. Names are stable: rows are stored with them.
"""

from collections.abc import Mapping

from chalicelib.flows.declare import Flow, Side
from chalicelib.flows.declared.customers import customers
from chalicelib.flows.declared.orders import nominal_codes, orders
from chalicelib.flows.declared.products import locations, products
from chalicelib.flows.declared.refunds import refunds
from chalicelib.flows.declared.stock import stock

BRIGHTPEARL = Side(name="brightpearl", label="Brightpearl")
SQUARE = Side(
    name="square",
    label="Square",
    place="location",
    places="locations",
    tender="tender",
    tenders="tender_types",
)
FLOWS: Mapping[str, Flow] = {
    flow.name: flow
    for flow in (
        products(BRIGHTPEARL, SQUARE, settings=(locations(SQUARE),)),
        stock(BRIGHTPEARL, SQUARE),
        orders(SQUARE, BRIGHTPEARL, settings=nominal_codes("fee", "gift card")),
        customers(SQUARE, BRIGHTPEARL),
        refunds(SQUARE, BRIGHTPEARL),
    )
}
