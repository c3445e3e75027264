"""Products and variations: SKUs that are unique even in the trash, stock, prices as strings."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.platforms.woocommerce import product_fields
from local.platforms.woocommerce.errors import Json, WooError
from local.platforms.woocommerce.fields import dates, decimal, string
from local.platforms.woocommerce.world import Post, World

NOT_HERE = "To manipulate product variations you should use the /products/<product_id>/variations/."


@dataclass(kw_only=True)
class Product(Post):
    """A product, or with a ``parent_id`` a variation."""

    kind: str
    parent_id: int = 0
    sku: str = ""
    before_trash: str = "publish"

    @property
    def manages_stock(self) -> bool:
        """Say whether this row counts its own stock."""
        return bool(self.data.get("manage_stock"))


class Products:
    """All products of the shop, those in the trash included."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id: dict[int, Product] = {}

    def variations_of(self, parent_id: int) -> Iterator[Product]:
        """Yield the variations of a product, oldest first."""
        return (one for one in self.by_id.values() if one.parent_id == parent_id)

    def product(self, number: int, *, missing: int = 404) -> Product:
        """Return a product or a variation; ``missing`` is the status of the refusal."""
        if number not in self.by_id:
            text = "Invalid ID." if missing == 404 else "Invalid product ID."
            raise WooError(missing, "woocommerce_rest_product_invalid_id", text)
        return self.by_id[number]

    def variation(self, parent_id: int, number: int) -> Product:
        """Return a variation of this parent."""
        found = self.by_id.get(number)
        if found is None or found.parent_id != parent_id:
            code = "woocommerce_rest_product_variation_invalid_id"
            raise WooError(404, code, "Invalid ID.")
        return found

    def by_sku(self, sku: str, *, trashed: bool = False) -> Product | None:
        """Return who holds a SKU in any case, among the living or in the trash."""
        rows = (one for one in self.by_id.values() if (one.status == "trash") is trashed)
        return next((one for one in rows if sku and one.sku.lower() == sku.lower()), None)

    def create(self, body: Json, parent_id: int = 0) -> Product:
        """Make a product, or a variation of ``parent_id``."""
        if parent_id:
            self.product(parent_id)
        kind = "variation" if parent_id else product_fields.kind_of(body, "simple")
        data = product_fields.defaults(string(body, "name"), parent_id)
        data |= self._read(body, data, parent_id)
        self._check_sku(string(body, "sku"), 0)
        now = self.world.now()
        made = Product(
            id=self.world.new_id(),
            created=now,
            modified=now,
            status=product_fields.status_of(body, "publish"),
            data=data,
            kind=kind,
            parent_id=parent_id,
            sku=string(body, "sku"),
        )
        self.world.write_meta(made.meta, body)
        self.by_id[made.id] = made
        self._touch(made, "created")
        return made

    def update(self, number: int, body: Json) -> Product:
        """Change a product; a variation is refused here."""
        found = self.product(number, missing=400)
        if found.parent_id:
            raise WooError(404, "woocommerce_rest_invalid_product_id", NOT_HERE)
        return self._write(found, body)

    def update_variation(self, parent_id: int, number: int, body: Json) -> Product:
        """Change a variation, which moves its parent's date as well."""
        return self._write(self.variation(parent_id, number), body)

    def _read(self, body: Json, known: Json, parent_id: int) -> Json:
        """Read the fields; a variation takes only attributes its product has for variations."""
        data = product_fields.read(body, known)
        if parent_id and "attributes" in data:
            rows = self.by_id[parent_id].data["attributes"]
            names = {str(row.get("name")).lower() for row in rows if row.get("variation")}
            numbers = {row["id"] for row in rows if row.get("id") and row.get("variation")}
            data["attributes"] = [
                {"id": 0, **one}
                for one in data["attributes"]
                if str(one.get("name")).lower() in names or one.get("id") in numbers
            ]
        return data

    def _write(self, found: Product, body: Json) -> Product:
        data = self._read(body, found.data, found.parent_id)
        kind = found.kind if found.parent_id else product_fields.kind_of(body, found.kind)
        status = product_fields.status_of(body, found.status)
        if "sku" in body:
            sku = string(body, "sku")
            self._check_sku(sku, found.id)
            found.sku = sku
        found.data |= data
        found.kind, found.status = kind, status
        self.world.write_meta(found.meta, body)
        self._touch(found, "updated")
        return found

    def delete(self, found: Product, *, force: bool) -> Json:
        """Trash a product with its variations, or remove it; answers what it was."""
        before = self.view(found)
        family = [found, *self.variations_of(found.id)]
        if force:
            for one in family:
                del self.by_id[one.id]
        elif found.status == "trash":
            text = "The product has already been deleted."
            raise WooError(410, "woocommerce_rest_already_trashed", text)
        else:
            for one in family:
                one.before_trash, one.status = one.status, "trash"
                one.modified = self.world.now()
            self.world.emit("product", "deleted", found.id)
        if found.parent_id in self.by_id:
            self.by_id[found.parent_id].modified = self.world.now()
        return before

    def restore(self, number: int) -> None:
        """Take a product out of the trash, as a person does."""
        for one in [self.product(number), *self.variations_of(number)]:
            one.status = one.before_trash
            one.modified = self.world.now()
        self.world.emit("product", "restored", number)

    def keeper_of_stock(self, found: Product) -> Product | None:
        """Return the row that counts the stock of ``found``, None when nobody does."""
        parent = self.by_id.get(found.parent_id)
        candidates = [found] if parent is None else [found, parent]
        return next((one for one in candidates if one.manages_stock), None)

    def move_stock(self, number: int, by: int) -> bool:
        """Add to the stock of a product, below zero if need be; False when it is not counted."""
        found = self.by_id.get(number)
        keeper = self.keeper_of_stock(found) if found else None
        if keeper is None:
            return False
        keeper.data["stock_quantity"] = int(keeper.data["stock_quantity"] or 0) + by
        self._touch(keeper, "updated")
        return True

    def price_of(self, found: Product) -> str:
        """Return the price in force: of a variable product the lowest of its variations."""
        if found.kind == "variable":
            prices = [self.price_of(one) for one in self.variations_of(found.id)]
            known = [one for one in prices if one]
            return min(known, key=decimal) if known else ""
        sale, regular = str(found.data["sale_price"]), str(found.data["regular_price"])
        return sale if sale and (not regular or decimal(sale) < decimal(regular)) else regular

    def view(self, found: Product) -> Json:
        """Return the answer for a product or a variation."""
        keeper = self.keeper_of_stock(found)
        manage: bool | str = found.manages_stock
        if keeper is not None and keeper is not found:
            manage = "parent"
        quantity = keeper.data["stock_quantity"] if keeper else None
        price = self.price_of(found)
        zone = self.world.zone
        link = f"{self.world.home}/?p={found.id}"
        return {
            "id": found.id,
            **dates("date_created", found.created, zone),
            **dates("date_modified", found.modified, zone),
            **found.data,
            "type": found.kind,
            "status": found.status,
            "sku": found.sku,
            "permalink": link,
            "price": price,
            "on_sale": bool(found.data["sale_price"]) and price == found.data["sale_price"],
            "purchasable": bool(price),
            "manage_stock": manage,
            "stock_quantity": quantity,
            "stock_status": _stock_status(found, keeper, quantity),
            "backorders_allowed": found.data["backorders"] != "no",
            "shipping_required": not found.data["virtual"],
            "parent_id": found.parent_id,
            "variations": [] if found.parent_id else self._variation_ids(found),
            "meta_data": [dict(row) for row in found.meta],
        }

    def net_price(self, found: Product, tax: Decimal) -> Decimal:
        """Return the price without tax; ``tax`` is the sum of rates in percent."""
        amount = decimal(self.price_of(found))
        return amount / (1 + tax / 100) if self.world.prices_include_tax else amount

    def _variation_ids(self, found: Product) -> list[int]:
        rows = self.variations_of(found.id)
        return [one.id for one in rows if found.status == "trash" or one.status != "trash"]

    def _touch(self, found: Product, event: str) -> None:
        """Move the dates, the parent's too, and tell; a variation is told of as a product."""
        now = self.world.now()
        found.modified = now
        if found.parent_id in self.by_id:
            self.by_id[found.parent_id].modified = now
        self.world.emit("product", event, found.id)

    def _check_sku(self, sku: str, own_id: int) -> None:
        """Refuse a SKU somebody holds.

        One in the trash blocks a change as it blocks a creation; only the latter is known.
        """
        holder = self.by_sku(sku)
        if holder is not None and holder.id != own_id:
            data = {"status": 400, "resource_id": holder.id, "unique_sku": self._free_sku(sku)}
            raise WooError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)
        trashed = self.by_sku(sku, trashed=True)
        if trashed is not None and trashed.id != own_id:
            text = f"The product with SKU ({sku}) is already present in the lookup table."
            raise WooError(400, "woocommerce_rest_product_not_created", text)

    def _free_sku(self, sku: str) -> str:
        taken = {one.sku for one in self.by_id.values()}
        return next(f"{sku}-{n}" for n in range(1, len(taken) + 2) if f"{sku}-{n}" not in taken)


def _stock_status(found: Product, keeper: Product | None, quantity: Any) -> str:
    if keeper is None:
        return str(found.data["stock_status"])
    if int(quantity or 0) > 0:
        return "instock"
    return "outofstock" if keeper.data["backorders"] == "no" else "onbackorder"
