"""Canonical records: what platforms' payloads become before anything is decided.

Each platform needs one mapping into and one out of these, so n platforms need 2n mappings and not
n². Ids are the platforms' own, as text. Quantities are decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

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
    sku: str
    barcode: str
    category: str  #: the target's category id; empty: none
    price: Money
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

    @property
    def name(self) -> str:
        """The name as people write it."""
        return (
            " ".join(part for part in (self.given_name, self.family_name) if part) or self.company
        )


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


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Money received for an order."""

    id: str
    method: str  #: the source's word: CARD, CASH …
    amount: Money  #: including the tip
    paid_at: datetime
    tip: Money | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order as its source has it now."""

    id: str
    location: str
    state: str  #: "open", "completed", "cancelled", "draft" or the source's own word for another
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
