"""What people change in the ERP by hand, with the events that follow."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.orders import start_invoicing
from local.platforms.brightpearl.formats import parse_decimal
from local.platforms.brightpearl.state.products import Product
from local.platforms.brightpearl.world import World

Prices = Mapping[int | str, str | Decimal | Mapping[int | str, str | Decimal]]


class Edits:
    """Changes to one account; unknown ids are a LookupError, wrong values a ValueError."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._changes: dict[str, Callable[[Product, Any], None]] = {
            "options": self._set_options,
            "category": self._set_category,
            "brand": self._set_brand,
            "tax_code": self._set_tax_code,
        }

    def add_product(self, *, name: str, sku: str | None, **fields: Any) -> int:
        """Add a product with every field an edit knows, and ``price``."""
        product = self.world.products.add(
            name=name,
            sku=sku,
            tracked=fields.pop("tracked", True),
            bundle=fields.pop("bundle", False),
        )
        first_tax = next(iter(self.world.references.tax_codes), None)
        product.tax_code = first_tax
        self._change(product, fields)
        self.world.webhooks.raise_event("product.created", [product.id])
        return product.id

    def edit_product(self, product_id: int, changes: Mapping[str, Any]) -> None:
        """Change a product; ``updatedOn`` moves unless only the price changed."""
        product = self._product(product_id)
        if self._change(product, changes):
            self.world.products.touch(product)
            self.world.webhooks.raise_event("product.modified", [product.id])

    def set_stock(self, product_id: int, warehouse_id: int, quantity: int) -> None:
        """Set a level; subscribers hear of it when it moved."""
        self._product(product_id)
        if warehouse_id not in self.world.references.warehouses:
            raise LookupError(f"warehouse {warehouse_id}")
        levels = self.world.stock.in_stock[product_id]
        before = levels.get(warehouse_id, 0)
        levels[warehouse_id] = int(quantity)
        if before != levels[warehouse_id]:
            self.world.stock_changed([product_id])

    def add_contact(self, first_name: str, last_name: str, *, email: str, phone: str) -> int:
        """Add a contact with an address."""
        contacts = self.world.contacts
        address = contacts.add_address({"addressLine1": "Unknown", "countryIsoCode": "GBR"})
        contact = contacts.add(
            first_name=first_name,
            last_name=last_name,
            email=email,
            phone=phone,
            addresses=dict.fromkeys(("DEF", "BIL", "DEL"), address),
        )
        return contact.id

    def invoice(self, order_id: int) -> None:
        """Invoice an order."""
        order = self.world.orders.by_id.get(order_id)
        if order is None:
            raise LookupError(f"order {order_id}")
        start_invoicing(self.world, order)

    def set_order_status(self, order_id: int, status_id: int) -> None:
        """Give an order another status, without the checks the API makes."""
        order = self.world.orders.by_id.get(order_id)
        if order is None or status_id not in self.world.references.statuses:
            raise LookupError(f"order {order_id} or status {status_id}")
        order.status_id = status_id
        self.world.order_changed(order, "order.modified.order-status")

    def _change(self, product: Product, changes: Mapping[str, Any]) -> bool:
        """Apply changes; say whether any of them is of the product itself."""
        changes = dict(changes)
        prices = changes.pop("price", None)
        if prices:
            self._set_prices(product, prices)
        for name, value in changes.items():
            if name in self._changes:
                self._changes[name](product, value)
            elif name in ("name", "sku", "barcode", "group", "tracked", "status", "description"):
                setattr(product, name, value)
            else:
                raise ValueError(f"a product has no {name!r} that can be changed")
        return bool(changes)

    def _product(self, product_id: int) -> Product:
        product = self.world.products.by_id.get(product_id)
        if product is None:
            raise LookupError(f"product {product_id}")
        return product

    def _set_options(self, product: Product, options: Sequence[Sequence[str]]) -> None:
        product.variations = self.world.products.variations([(o[0], o[1]) for o in options])

    def _set_category(self, product: Product, category: str | int | None) -> None:
        if category is None:
            product.categories = ()
        elif isinstance(category, int):
            product.categories = (category,)
        else:
            product.categories = (self.world.references.category_named(category),)

    def _set_brand(self, product: Product, brand: int | None) -> None:
        if brand is not None and brand not in self.world.references.brands:
            raise LookupError(f"brand {brand}")
        product.brand = brand

    def _set_tax_code(self, product: Product, code: str | None) -> None:
        tax = self.world.references.tax_code_named(code or "")
        if code is not None and tax is None:
            raise LookupError(f"tax code {code}")
        product.tax_code = tax.id if tax else None

    def _set_prices(self, product: Product, prices: Prices) -> None:
        """Set prices by list, of one piece or by break quantity; an empty map means no price."""
        resolved: dict[int, dict[int, Decimal]] = {}
        for price_list, price in prices.items():
            breaks = price if isinstance(price, Mapping) else {1: price}
            resolved[self._price_list(price_list)] = {
                int(quantity): parse_decimal(amount) for quantity, amount in breaks.items()
            }
        self.world.products.set_prices(product.id, resolved)

    def _price_list(self, wanted: int | str) -> int:
        for number, price_list in self.world.references.price_lists.items():
            if str(wanted) in (str(number), price_list.code):
                return number
        raise LookupError(f"price list {wanted}")
