"""What a store is made of: outlets, registers, users, taxes, payment types, and lists of names."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from local.platforms.lightspeed.errors import conflict
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, offset_stamp, text
from local.platforms.lightspeed.world import World

NO_TAX = "No Tax"
CASH = 1  #: type_id of cash

Closed = Callable[[Row], None]


class Account:
    """The lists a connector reads once; people change them, mostly not the API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.outlets = Feed(world, "Outlet", dated=False)
        self.registers = Feed(world, "Register", dated=False)
        self.users = Feed(world, "User")
        self.taxes = Feed(world, "Tax", dated=False)
        self.payment_types = Feed(world, "Payment type", dated=False)
        self.brands = Feed(world, "Brand", dated=False)
        self.tags = Feed(world, "Tag", dated=False)
        self.product_types = Feed(world, "Product type", dated=False)
        self.categories = Feed(world, "Product category")
        self.price_books = Feed(world, "Price book")
        self.tax_exclusive = False  #: whether people set prices without tax
        self.discount_product_id: str | None = None  #: stands for a discount of a whole sale
        self.no_tax = self.add_tax(NO_TAX, Decimal(0), default=False)
        self.tax = self.add_tax("VAT", world.tax_rate, default=True)
        base = {"name": "General Price Book (All Products)", "type": "BASE"}
        self.price_books.put({**base, "outlet_id": None, "customer_group_id": None})

    def add_outlet(self, name: str) -> str:
        """Open an outlet and return its id."""
        fields = {
            "name": name,
            "default_tax_id": self.tax,
            "currency": self.world.currency,
            "display_prices": "inclusive",
            "time_zone": self.world.timezone,
            "physical_country_id": self.world.country,
            "attributes": [],
        }
        return self.outlets.put(fields).id

    def add_register(self, outlet_id: str, name: str, prefix: str = "") -> str:
        """Set up a register, open, and return its id."""
        fields = {
            "name": name,
            "outlet_id": self.outlets.find(outlet_id).id,
            "invoice_prefix": prefix,
            "invoice_suffix": "",
            "invoice_sequence": 1,
            "is_open": True,
            "register_open_time": offset_stamp(self.world.now()),
            "register_close_time": None,
        }
        return self.registers.put(fields).id

    def add_user(self, name: str) -> str:
        """Add a person of the store and return the id."""
        kind = {"account_type": "admin", "is_primary_user": not self.users.rows}
        return self.users.put({"username": name, "display_name": name, "enabled": True} | kind).id

    def add_tax(self, name: str, rate: Decimal, *, default: bool = False) -> str:
        """Add a sales tax; ``rate`` is a share, 0.2 for 20 %. Names are taken once."""
        if any(row.data["name"] == name for row in self.taxes.live()):
            raise conflict(f"A tax called {name} exists already.")
        part = {"id": self.world.new_id(), "name": name, "rate": rate, "display_name": name}
        fields = {"name": name, "display_name": name, "is_default": default, "rates": [part]}
        return self.taxes.put(fields).id

    def add_payment_type(self, name: str, type_id: int = CASH) -> str:
        """Add a way to pay and return the id that payments call ``config_id``."""
        return self.payment_types.put({"name": name, "type_id": type_id, "config": {}}).id

    def add_named(self, feed: Feed, body: Json) -> Json:
        """Answer the creation of a brand or a tag."""
        name = text(body, "name", most=255, needed=True)
        return {"data": feed.render(feed.put({"name": name}))}

    def list_categories(self) -> Json:
        """Answer the list of product categories, which has no versions."""
        rows = self.categories.live()
        info = {"has_next": False, "last_seen": rows[-1].id if rows else None}
        shown = [{"id": row.id, **row.data} for row in rows]
        return {"data": {"categories": shown}, "page_info": info}

    def add_category(self, name: str, parent_id: str | None = None) -> str:
        """Add a product category, below another one if named, and return its id."""
        parent = self.categories.find(parent_id) if parent_id else None
        path: list[Any] = list(parent.data["category_path"]) if parent else []
        row_id = self.world.new_id()
        path.append({"id": row_id, "name": name})
        fields = {
            "name": name,
            "root_category_id": path[0]["id"],
            "parent_category_id": parent_id,
            "leaf_category": True,
            "category_path": path,
        }
        if parent:
            parent.data["leaf_category"] = False
        self.product_types.put({"name": name, "leaf_category": True, "category_path": path}, row_id)
        return self.categories.put(fields, row_id).id

    def next_invoice(self, register_id: str) -> tuple[str, str]:
        """Return the next invoice number of a register, and its receipt number."""
        row = self.registers.find(register_id)
        number = row.data["invoice_sequence"]
        row.data["invoice_sequence"] = number + 1
        self.registers.touch(row)
        return f"{row.data['invoice_prefix']}{number}{row.data['invoice_suffix']}", str(number)

    def retailer(self) -> Json:
        """Answer the call for the retailer."""
        return {
            "data": {
                "id": self.world.retailer_id,
                "domain_prefix": self.world.domain_prefix,
                "name": "Northwind",
                "currency": {"code": self.world.currency, "symbol": "£"},
                "timezone": self.world.timezone,
                "country": self.world.country,
                "tax_exclusive": self.tax_exclusive,
                "no_tax_group_id": self.no_tax,
                "discount_product_id": self.discount_product_id,
                "loyalty": {"enabled": False, "ratio": 0},
            }
        }
