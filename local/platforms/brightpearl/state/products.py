"""Products and their prices."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from local.platforms.sender import Clock


@dataclass(frozen=True, kw_only=True)
class Variation:
    """One option of a variant, such as Colour: Red, with Brightpearl's ids."""

    option_id: int
    option: str
    value_id: int
    value: str


@dataclass(frozen=True, kw_only=True)
class Component:
    """So many pieces of another product in a bundle."""

    product_id: int
    quantity: int


@dataclass(kw_only=True)
class Product:
    """One product; variants are products that share ``group``. ``sku`` None leaves it out."""

    id: int
    name: str
    sku: str | None
    barcode: str | None
    group: int | None
    variations: tuple[Variation, ...]
    categories: tuple[int, ...]
    brand: int | None
    tax_code: int | None
    tracked: bool
    bundle: bool
    created_on: datetime
    updated_on: datetime
    description: str = ""
    status: str = "LIVE"
    version: int = 0
    components: tuple[Component, ...] = ()  #: of a bundle


@dataclass(kw_only=True)
class Products:
    """The catalogue; prices are by product, price list and break quantity."""

    clock: Clock
    by_id: dict[int, Product] = field(default_factory=dict)
    prices: dict[int, dict[int, dict[int, Decimal]]] = field(default_factory=dict)
    _option_ids: dict[str, int] = field(default_factory=dict)
    _value_ids: dict[tuple[str, str], int] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def add(
        self,
        *,
        name: str,
        sku: str | None,
        barcode: str | None = None,
        group: int | None = None,
        options: Sequence[tuple[str, str]] = (),
        categories: Sequence[int] = (),
        brand: int | None = None,
        tax_code: int | None = None,
        tracked: bool = True,
        bundle: bool = False,
        description: str = "",
    ) -> Product:
        """Add a product and return it; a bundle is never stock-tracked."""
        now = self.clock()
        product = Product(
            id=next(self._ids),
            name=name,
            sku=sku,
            barcode=barcode,
            group=group,
            variations=self.variations(options),
            categories=tuple(categories),
            brand=brand,
            tax_code=tax_code,
            tracked=tracked and not bundle,
            bundle=bundle,
            created_on=now,
            updated_on=now,
            description=description,
            version=_millis(now),
        )
        self.by_id[product.id] = product
        return product

    def touch(self, product: Product) -> None:
        """Note a change: a new time and a higher version."""
        product.updated_on = self.clock()
        product.version = max(product.version + 1, _millis(product.updated_on))

    def set_prices(self, product_id: int, prices: Mapping[int, Mapping[int, Decimal]]) -> None:
        """Replace the prices in the named lists; neither version nor ``updatedOn`` moves."""
        mine = self.prices.setdefault(product_id, {})
        for price_list_id, by_quantity in prices.items():
            mine[price_list_id] = dict(by_quantity)

    def variations(self, options: Sequence[tuple[str, str]]) -> tuple[Variation, ...]:
        """Give each option and value its id, the same one for the same name."""
        return tuple(
            Variation(
                option_id=self._option_ids.setdefault(option, len(self._option_ids) + 1),
                option=option,
                value_id=self._value_ids.setdefault((option, value), len(self._value_ids) + 1),
                value=value,
            )
            for option, value in options
        )


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
