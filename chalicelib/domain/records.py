"""Canonical records: what platforms' payloads become before anything is decided.

Each platform needs one mapping into and one out of these, so n platforms need 2n mappings and not
n². Ids are the platforms' own, as text. Quantities are decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from chalicelib.domain.money import Money


@dataclass(frozen=True, kw_only=True)
class Product:
    """One sellable product as its source has it now."""

    id: str
    name: str
    sku: str = ""
    barcode: str = ""
    group_id: str | None = None  #: products that share it are variants of one thing
    variant_name: str = ""  #: "Red / M"
    options: Mapping[str, str] = field(default_factory=dict)  #: {"Colour": "Red", "Size": "M"}
    category_id: str = ""  #: empty: no category
    category_name: str = ""
    description_html: str = ""
    prices: Mapping[str, Money] = field(default_factory=dict)  #: by price list id, for one piece
    tracked: bool = True  #: whether the source counts its stock
    archived: bool = False
    source: str = ""  #: platform where it was created, as people call it
    version: int | None = None  #: milliseconds of the source's clock
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One product as the target should offer it: a variation of an item."""

    product_id: str
    item_key: str  #: products with the same key belong to one item
    item_name: str
    variation_name: str
    #: what tells the variation from its sisters: {"Colour": "Red"}; empty: it has none
    options: Mapping[str, str] = field(default_factory=dict)
    sku: str
    barcode: str
    category: str  #: the target's category id; empty: none
    price: Money
    tax_included: bool | None = None  #: whether tax is in the price; None: as the target has it
    description_html: str
    locations: Sequence[str]  #: the target's locations where it is sold; empty: all
    tracked: bool
    archived: bool


@dataclass(frozen=True, kw_only=True)
class StockLevel:
    """What the source has of one product, by its warehouses."""

    product_id: str
    on_hand: Mapping[str, Decimal]  #: by warehouse id; a warehouse that is not named holds nothing
    tracked: bool = True
    name: str = ""
    sku: str = ""


@dataclass(frozen=True, kw_only=True)
class Sold:
    """Pieces of a thing sold at one place, around the moment of a count."""

    pending: Decimal = Decimal(0)  #: sold by then, and not at the source yet
    since: Decimal = Decimal(0)  #: sold after it, and at the source already


@dataclass(frozen=True, kw_only=True)
class Count:
    """What the target should hold of one product: absolute numbers by location."""

    product_id: str
    variation_id: str  #: the target's id of the product
    quantities: Mapping[str, Decimal]  #: by the target's location id; as it is to be now
    counted_at: datetime  #: sales after this moment are the target's own to subtract
    #: by location: sold after that moment and taken off ``quantities`` already; what is sent holds
    #: them, or the target would subtract them a second time
    sold_since: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A buyer; any field may be empty."""

    id: str
    given_name: str = ""
    family_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    address: Mapping[str, str] = field(
        default_factory=dict
    )  #: line1, line2, city, state, postcode, country
    source: str = ""  #: platform where it was created, as people call it
    deleted: bool = False  #: the source says that it is gone; only the id is known then
    merged_into: str | None = None  #: id of the customer that took its place
    version: int | None = None  #: rises with every change at the source
    updated_at: datetime | None = None

    @property
    def name(self) -> str:
        """The name as people write it."""
        return (
            " ".join(part for part in (self.given_name, self.family_name) if part) or self.company
        )


class Role(StrEnum):
    """What a line of an order is; it decides which nominal code the line is booked to."""

    GOODS = "goods"
    SHIPPING = "shipping"
    FEE = "fee"
    GIFT_CARD = "gift_card"  #: a gift card sold: money owed, not earned


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line: net and tax are totals of the line, after its discounts."""

    id: str
    name: str
    quantity: Decimal
    net: Money
    tax: Money
    item_id: str | None = None  #: id of the sold thing at the source; None: a custom amount
    sku: str = ""
    tax_name: str = ""  #: the source's tax, empty if none; several are joined with " + "
    discount: Money | None = None  #: already subtracted from net and tax
    role: Role = Role.GOODS


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Money received for an order, or given back by a refund; never below 0."""

    id: str
    method: str  #: the source's word: CARD, CASH …; ``EXCHANGE`` is goods taken back as payment
    amount: Money  #: including the tip
    paid_at: datetime
    tip: Money | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order as its source has it now."""

    id: str
    location: str
    state: str  #: "open", "completed", "cancelled", "draft" or the source's own word for another
    status: str = ""  #: the source's own word, where a status mapping follows it
    placed_at: datetime
    closed_at: datetime | None = None
    updated_at: datetime
    version: int  #: milliseconds of ``updated_at``
    lines: Sequence[OrderLine]
    service_charges: Sequence[OrderLine] = ()
    tip: Money
    rounding: Money
    discount: Money  #: sum of the discounts already subtracted from the lines
    total: Money
    tax: Money
    payments: Sequence[Payment] = ()
    unpaid: Sequence[str] = ()  #: ids of payments that brought no money, or gave it back
    customer: Customer | None = None  #: None: a walk-in
    source: str = ""  #: "Square", with more where known
    reference: str = ""
    returns_of: str | None = None  #: this "order" only returns goods of another
    note: str = ""  #: why it stands as it does, for people: "on account", "layby" …
    holds_goods: bool = False  #: open, and its goods are off the source's shelf already

    @property
    def is_paid(self) -> bool:
        """Whether the payments cover the total."""
        paid = sum((payment.amount.amount for payment in self.payments), Decimal(0))
        return paid >= self.total.amount


@dataclass(frozen=True, kw_only=True)
class SalesLine:
    """One row of a sales order: a product, or free text."""

    key: str  #: the source line's id; unique within the order
    product_id: str | None
    name: str
    quantity: Decimal
    net: Money
    tax: Money
    tax_code: str
    nominal_code: str = ""


@dataclass(frozen=True, kw_only=True)
class SalesPayment:
    """A payment as the books should have it; ``key`` is the source payment's id."""

    key: str
    method: str  #: the target's payment method code
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, kw_only=True)
class SalesOrder:
    """The document the target should hold for one order."""

    source_id: str
    reference: str
    placed_at: datetime
    customer: Customer | None  #: None: use ``walk_in_contact``
    walk_in_contact: str
    lines: Sequence[SalesLine]
    payments: Sequence[SalesPayment]
    total: Money
    warehouse: str
    channel: str
    status: str  #: the target's order status id
    cancelled_status: str
    price_list: str
    cancelled: bool
    stock: str  #: "none", "reserved" or "shipped"
    unpaid: Sequence[str] = ()  #: keys of payments that the source took back when it cancelled
    #: status that the target has to have now, because the source's own has changed; empty: leave it
    moves_to: str = ""


@dataclass(frozen=True, kw_only=True)
class StatusChange:
    """A status that the source of an order should have, because the target's has changed."""

    order_id: str
    status: str  #: the source's own word


@dataclass(frozen=True, kw_only=True)
class Refund:
    """What a merchant gave back: goods, money or both. All amounts and quantities are positive."""

    id: str
    order_id: str | None  #: the order it gives back, at the source; None: without a receipt
    location: str
    refunded_at: datetime
    updated_at: datetime
    version: int  #: rises with every change at the source
    state: str = "completed"  #: "pending", "completed" or "failed" (no money moved)
    lines: Sequence[OrderLine] = ()  #: what came back; fees and shipping by their role
    tip: Money  #: part of the tip given back
    rounding: Money  #: what is left to the total without a line, such as a plain amount
    total: Money
    payments: Sequence[Payment] = ()  #: how the money went back
    restocks: bool = True  #: whether the goods went back into the source's stock
    customer: Customer | None = None  #: None: a walk-in
    source: str = ""
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SalesCredit:
    """The document the target should hold for one refund; all amounts are positive."""

    source_id: str
    reference: str
    placed_at: datetime
    order_id: str | None  #: the target's order that it credits; None: of no order
    customer: Customer | None  #: None: use ``walk_in_contact``, or the order's contact
    walk_in_contact: str
    lines: Sequence[SalesLine]
    payments: Sequence[SalesPayment]  #: money given back
    total: Money
    warehouse: str
    channel: str
    status: str  #: the target's status id of a credit; empty: the account's own
    price_list: str
    restock: bool  #: whether the goods come back into the target's stock


@dataclass(frozen=True, kw_only=True)
class ShippedLine:
    """Pieces of one product that left."""

    product_id: str
    quantity: Decimal
    sku: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """Goods of an order that leave together, as their source has them now."""

    id: str
    order_id: str  #: the order at the shipment's source
    order_key: str = ""  #: the order's id where it came from, as far as the source knows it
    location: str = ""
    shipped_at: datetime | None = None  #: None: it has not left yet
    cancelled: bool = False
    carrier: str = ""  #: as people call it
    tracking: str = ""
    tracking_url: str = ""
    lines: Sequence[ShippedLine] = ()
    completes: bool = False  #: whether all goods of the order have left with it
    source: str = ""
    version: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Fulfilment:
    """What the target should say of one shipment."""

    shipment_id: str
    order_id: str  #: the target's order
    shipped_at: datetime
    carrier: str
    tracking: str
    tracking_url: str
    lines: Sequence[ShippedLine]  #: product ids are the target's
    completes: bool
    status: str  #: the target's status of an order that left whole; empty: leave it
    notify: bool = True  #: whether the buyer is told
