"""What the merchant's ERP holds, in the form the shops are compared with."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from local.demo.shown import NOTHING
from local.demo.vendors import Vendors
from local.platforms.brightpearl.api.order_documents import shipping_status
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.state.payments import SIGNS
from local.platforms.brightpearl.state.products import Product
from local.platforms.brightpearl.world import World

ALL_SHIPPED = "ASS"


@dataclass(frozen=True, kw_only=True)
class Stocked:
    """One product with its price in the merchant's list; ``on_hand`` is by warehouse."""

    sku: str
    name: str
    price: Decimal
    live: bool
    tracked: bool
    on_hand: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One sales order or sales credit; ``set_aside`` counts pieces reserved and not shipped."""

    id: int
    parent: int | None
    status: str
    total: Decimal
    currency: str
    pieces: Decimal
    payments: Sequence[Decimal]
    email: str
    set_aside: int


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """Goods of an order that left; ``order`` is the id it has at its shop."""

    id: int
    order: str
    tracking: str
    is_all: bool


@dataclass(frozen=True, kw_only=True)
class Erp:
    """All of it; documents by the reference that the shop's id is."""

    products: Mapping[str, Stocked]
    orders: Mapping[str, Sequence[Document]]
    credits: Mapping[str, Sequence[Document]]
    parcels: Sequence[Parcel]
    contacts: Mapping[str, Sequence[str]]  #: names by e-mail


def erp_of(vendors: Vendors) -> Erp:
    """Return the ERP's state; the caller holds its lock."""
    world = vendors.brightpearl.world
    documents = {kind: _documents(world, kind) for kind in ("SO", "SC")}
    contacts: dict[str, list[str]] = defaultdict(list)
    for one in world.contacts.by_id.values():
        if one.email:
            name = f"{one.first_name} {one.last_name}".strip()
            contacts[one.email.lower()].append(name)
    return Erp(
        products={
            str(one.sku): _stocked(vendors, one)
            for one in world.products.by_id.values()
            if one.sku and _price(vendors, one) is not None
        },
        orders=documents["SO"],
        credits=documents["SC"],
        parcels=list(_parcels(world)),
        contacts=contacts,
    )


def _price(vendors: Vendors, product: Product) -> Decimal | None:
    prices = vendors.brightpearl.world.products.prices.get(product.id, {})
    return prices.get(vendors.erp.price_list, {}).get(1)


def _stocked(vendors: Vendors, product: Product) -> Stocked:
    world = vendors.brightpearl.world
    return Stocked(
        sku=str(product.sku),
        name=product.name,
        price=_price(vendors, product) or NOTHING,
        live=product.status != "ARCHIVED",
        tracked=product.tracked,
        on_hand={w: world.stock.on_hand(product.id, w) for w in world.references.warehouses},
    )


def _documents(world: World, kind: str) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for order in world.orders.by_id.values():
        if order.kind == kind:
            found[order.external_ref or ""].append(_document(world, order))
    return found


def _document(world: World, order: Order) -> Document:
    payments = world.payments.by_order.get(order.id, ())
    contact = world.contacts.by_id.get(order.customer_id)
    rows = [row for row in order.rows.values() if row.product_id is not None]
    reservation = world.stock.reservations.get(order.id)
    return Document(
        id=order.id,
        parent=order.parent_id,
        status=world.references.statuses[order.status_id].name,
        total=order.net + order.tax,
        currency=order.currency,
        pieces=sum((row.quantity for row in rows), NOTHING),
        payments=[one.amount_paid for one in payments if one.kind in SIGNS],
        email=contact.email if contact else "",
        set_aside=sum(line.quantity for line in reservation.lines) if reservation else 0,
    )


def _parcels(world: World) -> Iterator[Parcel]:
    for note in world.stock.notes.values():
        order = world.orders.by_id.get(note.order_id)
        if order is not None and note.happened("SHW"):
            yield Parcel(
                id=note.id,
                order=order.external_ref or "",
                tracking=note.reference,
                is_all=shipping_status(world, order) == ALL_SHIPPED,
            )
