"""What each shop of the demo's merchant shows, in one form: its products, stock, sales, refunds.

Read straight from the state of the simulators, past their APIs: what a vendor really has, not what
it says. The caller holds the simulators' locks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

NOTHING = Decimal(0)
CENT = Decimal("0.01")
Goods = Mapping[tuple[str, str], Decimal]  #: pieces by SKU and place

SOLD, WAITS, CANCELLED, NO_SALE = "sold", "waits", "cancelled", "no sale"


@dataclass(frozen=True, kw_only=True)
class Offered:
    """One thing that a shop sells, or would."""

    id: str
    sku: str
    name: str
    price: Decimal
    active: bool
    stock: Mapping[str, Decimal]  #: by place; of one that is not counted empty


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale as the shop has it; ``stands`` says whether it is to be in the ERP."""

    id: str
    stands: str
    status: str
    total: Decimal
    currency: str
    pieces: Decimal
    payments: Sequence[Decimal]
    email: str
    takes: Goods = field(default_factory=dict)  #: what it took off the shop's shelf


@dataclass(frozen=True, kw_only=True)
class GivenBack:
    """One refund or return; ``order`` empty: without a receipt."""

    id: str
    order: str
    total: Decimal
    payments: Sequence[Decimal]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop and all it holds; ``places`` are its names by warehouse."""

    name: str
    what: str  #: a till or a shop
    places: Mapping[int, str]
    offered: Sequence[Offered]
    sales: Mapping[str, Sale]
    refunds: Sequence[GivenBack]
    customers: Sequence[tuple[str, str]]  #: e-mail and name
    place_names: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: texts on parcels, by sale

    def name_of(self, place: str) -> str:
        """Return what people call a place."""
        return self.place_names.get(place, self.name)


def minor(amount: int) -> Decimal:
    """Turn an amount of minor units into money: 1990 is 19.90."""
    return Decimal(amount).scaleb(-2)


def cents(amount: Decimal) -> Decimal:
    """Round an amount to the minor unit."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def goods_of(lines: Sequence[tuple[str, str, Decimal]]) -> Goods:
    """Add up pieces of lines: SKU, place, quantity."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sku, place, quantity in lines:
        found[sku, place] += quantity
    return found
