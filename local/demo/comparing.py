"""Whether the merchant's shops and its ERP are equal: products, stock, orders, money, customers.

What the vendors really hold is compared, past their APIs and past what the product says of itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal

from local.demo.shown import CANCELLED, NOTHING, SOLD, WAITS, GivenBack, Offered, Sale, Shop
from local.demo.shown_erp import Document, Erp, Parcel, Stocked, erp_of
from local.demo.shown_lightspeed import lightspeed_shop
from local.demo.shown_square import square_shop
from local.demo.shown_woocommerce import woocommerce_shop
from local.demo.vendors import Vendors

#: Where the web shop's and the ERP's words for an order are one.
STATUSES = {"completed": "Completed", "cancelled": "Cancelled"}
#: Of the web shop, once an order was given back in full; it stays so.
REFUNDED = "refunded"


def differences(vendors: Vendors, without: Collection[str] = ()) -> list[str]:
    """Say in a sentence each where a shop and the ERP differ; none: they are equal.

    Args:
        without: SKUs of products and ids of sales and refunds that are known not to be in step.
    """
    with ExitStack() as stack:
        for simulator in vendors.simulators.values():
            stack.enter_context(simulator.lock)
        erp = erp_of(vendors)
        shops = [square_shop(vendors)]
        if vendors.outlets is not None:
            shops.append(lightspeed_shop(vendors.outlets))
        if vendors.web is not None:
            shops.append(woocommerce_shop(vendors, vendors.web))
        return list(_differences(erp, shops, frozenset(without)))


def _differences(erp: Erp, shops: Sequence[Shop], without: Collection[str]) -> Iterator[str]:
    for shop in shops:
        yield from _products(erp, shop, without)
        yield from _stock(erp, shop, without)
        yield from _sales(erp, shop, without)
        yield from _refunds(erp, shop, without)
        yield from _parcels(erp, shop, without)
    yield from _strangers(erp, shops, without)
    yield from _customers(erp, shops)


# --- products -------------------------------------------------------------------------------------


def _products(erp: Erp, shop: Shop, without: Collection[str]) -> Iterator[str]:
    by_sku: dict[str, list[Offered]] = {}
    for one in shop.offered:
        by_sku.setdefault(one.sku, []).append(one)
    for sku, product in erp.products.items():
        if sku not in without:
            yield from _product(product, by_sku.get(sku, []), shop)
    for sku in by_sku.keys() - erp.products.keys():
        yield f"{sku or 'a thing without SKU'}: at {shop.name}, and no product of the ERP"


def _product(product: Stocked, found: Sequence[Offered], shop: Shop) -> Iterator[str]:
    if len(found) > 1 or (product.live and not found):
        yield f"{product.sku}: {len(found)} times at {shop.name}"
        return
    for one in found:
        if one.active is not product.live:
            shown, is_live = _word(one.active), _word(product.live)
            yield f"{product.sku}: {is_live} in the ERP, {shown} at {shop.name}"
        if product.live and one.name != product.name:
            yield f"{product.sku}: “{product.name}” in the ERP, “{one.name}” at {shop.name}"
        if product.live and one.price != product.price:
            costs = f"costs {product.price:.2f} in the ERP"
            yield f"{product.sku}: {costs}, {one.price:.2f} at {shop.name}"


def _word(live: bool) -> str:
    return "sold" if live else "archived"


# --- stock ----------------------------------------------------------------------------------------


def _stock(erp: Erp, shop: Shop, without: Collection[str]) -> Iterator[str]:
    """Compare what can be sold; what the shop alone knows to be gone is taken off the ERP's."""
    taken = _taken_at_shop_alone(erp, shop)
    for one in shop.offered:
        product = erp.products.get(one.sku)
        if product is None or not product.tracked or not product.live or one.sku in without:
            continue
        for place, there in _by_place(one, shop).items():
            on_hand = sum(product.on_hand[w] for w, at in shop.places.items() if at == place)
            here = max(on_hand - taken.get((one.sku, place), NOTHING), NOTHING)
            if here != there:
                where = f"{one.sku} at {shop.name_of(place)}"
                yield f"{where}: {here} in the ERP, {there} at the {shop.what}"


def _by_place(one: Offered, shop: Shop) -> Mapping[str, Decimal]:
    return {place: one.stock.get(place, NOTHING) for place in dict.fromkeys(shop.places.values())}


def _taken_at_shop_alone(erp: Erp, shop: Shop) -> Mapping[tuple[str, str], Decimal]:
    taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sale in shop.sales.values():
        if sale.stands in (WAITS, SOLD) and not erp.orders.get(sale.id):
            for place, quantity in sale.takes.items():
                taken[place] += quantity
    return taken


# --- sales and refunds ----------------------------------------------------------------------------


def _sales(erp: Erp, shop: Shop, without: Collection[str]) -> Iterator[str]:
    for sale in shop.sales.values():
        if sale.id in without:
            continue
        orders, name = erp.orders.get(sale.id, []), f"Order {sale.id} of {shop.name}"
        if sale.stands == SOLD and len(orders) != 1:
            yield f"{name}: {len(orders)} times in the ERP"
        elif sale.stands == SOLD:
            yield from (f"{name}: {one}" for one in _sold(sale, orders[0]))
            if shop.told:
                yield from (f"{name}: {one}" for one in _status(sale, orders[0]))
        elif sale.stands == CANCELLED:
            yield from (f"{name}: {one}" for order in orders for one in _cancelled(order))
        elif orders:
            yield f"{name}: in the ERP, and it is {sale.status}"


def _sold(sale: Sale, order: Document) -> Iterator[str]:
    if (sale.total, sale.currency) != (order.total, order.currency):
        here, there = f"{order.total:.2f} {order.currency}", f"{sale.total:.2f} {sale.currency}"
        yield f"{here} in the ERP, {there} at the shop"
    if sale.pieces != order.pieces:
        yield f"{order.pieces} pieces in the ERP, {sale.pieces} at the shop"
    if order.status == STATUSES["cancelled"]:
        yield f"cancelled in the ERP, {sale.status} at the shop"
    if sale.email and sale.email.lower() != order.email.lower():
        yield "of another customer in the ERP"
    yield from _payments(sale.payments, order.payments)


def _payments(there: Sequence[Decimal], here: Sequence[Decimal]) -> Iterator[str]:
    if sorted(there) != sorted(here):
        yield f"payments {_sum(here)} in the ERP, {_sum(there)} at the shop"


def _sum(amounts: Sequence[Decimal]) -> str:
    total = f"{sum(amounts, NOTHING):.2f}"
    return total if len(amounts) < 2 else f"{' + '.join(f'{x:.2f}' for x in amounts)} = {total}"


def _cancelled(order: Document) -> Iterator[str]:
    if order.status != STATUSES["cancelled"]:
        yield f"cancelled at the shop, {order.status} in the ERP"
    if order.payments:
        yield f"cancelled at the shop, paid with {_sum(order.payments)} in the ERP"
    if order.set_aside:
        yield f"cancelled at the shop, {order.set_aside} pieces set aside in the ERP"


def _status(sale: Sale, order: Document) -> Iterator[str]:
    """Compare statuses that either side knows a word of the other for."""
    wanted = STATUSES.get(sale.status)
    is_told = order.status in STATUSES.values() and sale.status != REFUNDED
    if (wanted is not None or is_told) and order.status != wanted:
        yield f"{order.status} in the ERP, {sale.status} at the shop"


def _refunds(erp: Erp, shop: Shop, without: Collection[str]) -> Iterator[str]:
    for refund in shop.refunds:
        if refund.id in without or refund.order in without:
            continue
        credits_, name = erp.credits.get(refund.id, []), f"Refund {refund.id} of {shop.name}"
        if len(credits_) != 1:
            yield f"{name}: {len(credits_)} times in the ERP"
            continue
        yield from (f"{name}: {one}" for one in _refund(erp, refund, credits_[0]))


def _refund(erp: Erp, refund: GivenBack, credit: Document) -> Iterator[str]:
    if refund.total != credit.total:
        yield f"{credit.total:.2f} in the ERP, {refund.total:.2f} at the shop"
    parents = [order.id for order in erp.orders.get(refund.order, [])]
    if (credit.parent or None) != (parents[0] if parents else None):
        yield f"below order {credit.parent} in the ERP, and its order is {parents}"
    yield from _payments(refund.payments, credit.payments)


def _strangers(erp: Erp, shops: Sequence[Shop], without: Collection[str]) -> Iterator[str]:
    """Name what the ERP has and no shop does."""
    sales = {sale for shop in shops for sale in shop.sales}
    refunds = {refund.id for shop in shops for refund in shop.refunds}
    for known, documents, what in ((sales, erp.orders, "order"), (refunds, erp.credits, "credit")):
        for reference in documents.keys() - known - set(without):
            ids = ", ".join(str(one.id) for one in documents[reference])
            yield f"Sales {what} {ids} in the ERP: no shop has {reference or 'it'}"


# --- parcels and people ---------------------------------------------------------------------------


def _parcels(erp: Erp, shop: Shop, without: Collection[str]) -> Iterator[str]:
    if not shop.told:
        return
    for parcel in erp.parcels:
        sale = shop.sales.get(parcel.order)
        if sale is None or sale.id in without:
            continue
        name = f"Shipment {parcel.id} of order {sale.id}"
        times = sum(parcel.tracking in text for text in shop.told[sale.id])
        if parcel.tracking and times != 1:
            yield f"{name}: {parcel.tracking} is told {times} times at {shop.name}"
        yield from (f"{name}: {one}" for one in _ended(parcel, sale))


def _ended(parcel: Parcel, sale: Sale) -> Iterator[str]:
    if parcel.is_all and sale.status not in ("completed", REFUNDED):
        yield f"all goods of its order left, and it is {sale.status}"


def _customers(erp: Erp, shops: Sequence[Shop]) -> Iterator[str]:
    names: dict[str, set[str]] = {}
    for shop in shops:
        for email, name in shop.customers:
            names.setdefault(email.lower(), set()).add(name)
    for email, contacts in erp.contacts.items():
        if len(contacts) > 1:
            yield f"{email}: {len(contacts)} contacts in the ERP"
    for email, known in names.items():
        found = erp.contacts.get(email, [])
        if not found:
            yield f"{email}: no contact in the ERP"
        elif len(known) == 1 and found[0] not in known:
            yield f"{email}: {found[0]} in the ERP, {' '.join(known)} at the shop"
