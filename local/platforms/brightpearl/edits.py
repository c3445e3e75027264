"""What people change in the ERP by hand, with the events that follow."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.api.goods_out import add_notes, drop_note, happen
from local.platforms.brightpearl.api.orders import start_invoicing
from local.platforms.brightpearl.formats import parse_decimal
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.state.products import Component, Product
from local.platforms.brightpearl.state.stock import GoodsOutNote, Line
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
            "components": self._set_components,
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
        start_invoicing(self.world, self._order(order_id))

    def set_order_status(self, order_id: int, status_id: int) -> None:
        """Give an order another status, without the checks the API makes."""
        order = self.world.orders.by_id.get(order_id)
        if order is None or status_id not in self.world.references.statuses:
            raise LookupError(f"order {order_id} or status {status_id}")
        order.status_id = status_id
        self.world.order_changed(order, "order.modified.order-status")

    def send_out(
        self,
        order_id: int,
        pieces: Mapping[int, int] | None = None,
        *,
        warehouse_id: int | None = None,
        shipping_method_id: int | None = None,
        reference: str = "",
    ) -> int:
        """Put goods of an order on a goods-out note; ``pieces`` by product, all that is left."""
        order = self._order(order_id)
        lines = self._left_to_send(order, pieces)
        note = GoodsOutNote(
            id=0,
            order_id=order.id,
            warehouse_id=warehouse_id or order.warehouse_id,
            lines=lines,
            created_on=self.world.clock(),
            shipping_method_id=shipping_method_id,
            reference=reference,
        )
        return add_notes(self.world, order, [note])[0]

    def mark_note(self, note_id: int, code: str, at: datetime | None = None) -> None:
        """Let something happen to a note: PRI, PIC, PAC, SHW or the undoing of one."""
        happen(self.world, self._note(note_id), [(code, at or self.world.clock())])

    def set_tracking(
        self, note_id: int, reference: str, shipping_method_id: int | None = None
    ) -> None:
        """Change the reference of a parcel, which people may do even when it has left."""
        note = self._note(note_id)
        note.reference = reference
        note.shipping_method_id = shipping_method_id or note.shipping_method_id
        self.world.webhooks.raise_event("goods-out-note.modified", [note.id])

    def delete_note(self, note_id: int) -> None:
        """Delete a note that has not left."""
        note = self._note(note_id)
        drop_note(self.world, self._order(note.order_id), note)

    def transfer(self, product_id: int, quantity: int, *, source: int, target: int) -> int:
        """Put goods on a note from one warehouse to another; it belongs to no order."""
        line = Line(row_id=0, product_id=self._product(product_id).id, quantity=quantity)
        note = GoodsOutNote(
            id=next(self.world.stock.note_ids),
            order_id=0,
            warehouse_id=source,
            lines=[line],
            created_on=self.world.clock(),
            target_warehouse_id=target,
        )
        self.world.stock.allocate(source, line)
        self.world.stock.add_note(note)
        self.world.webhooks.raise_event("goods-out-note.created", [note.id])
        return note.id

    def _left_to_send(self, order: Order, pieces: Mapping[int, int] | None) -> list[Line]:
        lines = []
        for row in order.rows.values():
            product = self.world.products.by_id.get(row.product_id or 0)
            if product is None or not product.tracked:
                continue
            on_notes = sum(
                line.quantity
                for note in self.world.stock.notes_of(order.id)
                for line in note.lines
                if line.row_id == row.id
            )
            left = int(row.quantity) - on_notes
            quantity = left if pieces is None else pieces.get(product.id, 0)
            if quantity > 0:
                lines.append(Line(row_id=row.id, product_id=product.id, quantity=quantity))
        if not lines:
            raise ValueError(f"order {order.id} has nothing to send")
        return lines

    def _order(self, order_id: int) -> Order:
        order = self.world.orders.by_id.get(order_id)
        if order is None:
            raise LookupError(f"order {order_id}")
        return order

    def _note(self, note_id: int) -> GoodsOutNote:
        note = self.world.stock.notes.get(note_id)
        if note is None:
            raise LookupError(f"goods-out note {note_id}")
        return note

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

    def _set_components(self, product: Product, components: Sequence[Sequence[int]]) -> None:
        """Make a product a bundle of others; their ids with quantities."""
        for component in components:
            self._product(component[0])
        product.components = tuple(Component(product_id=n, quantity=q) for n, q in components)
        product.bundle, product.tracked = bool(components), product.tracked and not components

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
