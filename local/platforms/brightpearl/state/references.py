"""Reference data of an account: warehouses, price lists, tax codes, channels, statuses and more."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class PriceList:
    id: int
    code: str
    name: str
    currency: str
    kind: str  #: SELL or BUY
    gross: bool  #: whether prices include tax


@dataclass(frozen=True, kw_only=True)
class TaxCode:
    id: int
    code: str
    description: str
    rate: Decimal  #: percent


@dataclass(frozen=True, kw_only=True)
class Channel:
    id: int
    name: str
    warehouse_ids: tuple[int, ...]
    price_list_id: int


@dataclass(frozen=True, kw_only=True)
class OrderStatus:
    id: int
    name: str
    order_type: str = "SO"


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    id: int
    code: str
    name: str
    currency: str
    bank_account: str


@dataclass(frozen=True, kw_only=True)
class NominalCode:
    id: int
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ShippingMethod:
    id: int
    name: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Category:
    id: int
    name: str
    parent_id: int = 0


@dataclass(frozen=True, kw_only=True)
class Brand:
    id: int
    name: str


def _numbers(start: int) -> Iterator[int]:
    return itertools.count(start)


@dataclass(kw_only=True)
class References:
    """All of it by id; ``add_…`` return the id. Built by tests and demos, read by the calls."""

    currency: str = "GBP"
    warehouses: dict[int, Warehouse] = field(default_factory=dict)
    price_lists: dict[int, PriceList] = field(default_factory=dict)
    tax_codes: dict[int, TaxCode] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    statuses: dict[int, OrderStatus] = field(default_factory=dict)
    payment_methods: dict[int, PaymentMethod] = field(default_factory=dict)
    nominal_codes: dict[int, NominalCode] = field(default_factory=dict)
    shipping_methods: dict[int, ShippingMethod] = field(default_factory=dict)
    categories: dict[int, Category] = field(default_factory=dict)
    brands: dict[int, Brand] = field(default_factory=dict)
    cancelled_status_id: int | None = None
    _categories_from: Iterator[int] = field(default_factory=lambda: _numbers(301))

    def add_warehouse(self, name: str) -> int:
        """Add a warehouse; the first one has id 2, as in a fresh account."""
        number = len(self.warehouses) + 2
        self.warehouses[number] = Warehouse(id=number, name=name)
        return number

    def add_price_list(
        self, code: str, *, currency: str = "", kind: str = "SELL", gross: bool = True
    ) -> int:
        """Add a price list in the account's currency unless told otherwise."""
        number = len(self.price_lists) + 1
        self.price_lists[number] = PriceList(
            id=number,
            code=code,
            name=code.title(),
            currency=currency or self.currency,
            kind=kind,
            gross=gross,
        )
        return number

    def add_tax_code(self, code: str, rate: str, description: str = "") -> int:
        """Add a tax code; ``rate`` in percent."""
        number = len(self.tax_codes) + 7
        self.tax_codes[number] = TaxCode(
            id=number, code=code, description=description or f"{rate}%", rate=Decimal(rate)
        )
        return number

    def add_channel(self, name: str, *, warehouses: tuple[int, ...], price_list: int) -> int:
        """Add a sales channel; its first warehouse is the default one."""
        number = len(self.channels) + 1
        self.channels[number] = Channel(
            id=number, name=name, warehouse_ids=warehouses, price_list_id=price_list
        )
        return number

    def add_status(self, name: str, *, cancelled: bool = False, order_type: str = "SO") -> int:
        """Add a status of sales orders; ``cancelled`` marks the one that cancels."""
        number = len(self.statuses) + 1
        self.statuses[number] = OrderStatus(id=number, name=name, order_type=order_type)
        if cancelled:
            self.cancelled_status_id = number
        return number

    def add_payment_method(self, code: str, name: str, bank_account: str = "1200") -> int:
        """Add a payment method with a bank account."""
        number = len(self.payment_methods) + 1
        self.payment_methods[number] = PaymentMethod(
            id=number, code=code, name=name, currency=self.currency, bank_account=bank_account
        )
        return number

    def add_nominal_code(self, code: str, name: str) -> int:
        """Add a nominal account."""
        number = len(self.nominal_codes) + 1
        self.nominal_codes[number] = NominalCode(id=number, code=code, name=name)
        return number

    def add_shipping_method(self, name: str, code: str = "") -> int:
        """Add a way to send goods, usually a carrier and its service."""
        number = len(self.shipping_methods) + 1
        self.shipping_methods[number] = ShippingMethod(
            id=number, name=name, code=code or f"SM{number}"
        )
        return number

    def add_category(self, name: str, *, parent: int = 0) -> int:
        """Add a product category."""
        number = next(self._categories_from)
        self.categories[number] = Category(id=number, name=name, parent_id=parent)
        return number

    def add_brand(self, name: str) -> int:
        """Add a brand."""
        number = len(self.brands) + 1
        self.brands[number] = Brand(id=number, name=name)
        return number

    def category_named(self, name: str) -> int:
        """Return the id of a category by name, adding it when there is none."""
        found = next((c.id for c in self.categories.values() if c.name == name), None)
        return self.add_category(name) if found is None else found

    def tax_code_named(self, code: str) -> TaxCode | None:
        """Return the tax code, or None."""
        return next((tax for tax in self.tax_codes.values() if tax.code == code), None)

    def has_payment_method(self, code: object) -> bool:
        """Say whether a payment method has this code."""
        return any(method.code == code for method in self.payment_methods.values())

    def has_nominal_code(self, code: object) -> bool:
        """Say whether an account has this code."""
        return any(account.code == code for account in self.nominal_codes.values())
