"""Products of the simulated Lightspeed: a family is several rows, one for each variant."""

from decimal import Decimal
from typing import Any

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.errors import invalid, refused
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, array, flag, mapping, number, objects, text
from local.platforms.lightspeed.inventory import Inventory
from local.platforms.lightspeed.world import World

CODE_TYPES = ("CUSTOM", "EAN", "ISBN", "ITF", "JAN", "UPC")
MAX_ATTRIBUTES = 3
PRICES = ("price_including_tax", "price_excluding_tax")
#: Fields all variants share, and the reference each may name.
FAMILY_TEXTS = ("name", "handle", "description", "source", "source_id")
#: Fields of a request that no variant takes from its family.
OWN = ("sku", "product_codes", "inventory", "source_variant_id")


class Products:
    """The catalogue: reads, and writes through the API."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account
        self.feed = ProductFeed(world, "Product", self._changed)
        self.inventory = Inventory(world, account, self.feed)
        self.attributes = Feed(world, "Variant attribute")
        self._skus = 10_000

    def list_products(self, query: Json) -> Json:
        """Answer the list; with ``sku``, ``name`` or ``family_name`` all else is ignored."""
        for name, field in (("sku", "sku"), ("name", "variant_name"), ("family_name", "name")):
            if query.get(name):
                rows = [row for row in self.feed.live() if row.data[field] == query[name]]
                span = {
                    "min": rows[0].version if rows else None,
                    "max": rows[-1].version if rows else None,
                }
                return {"data": [self.feed.render(row) for row in rows], "version": span}
        page = self.feed.page(query)
        if not flag(query, "include_images", default=True):
            for product in page["data"]:
                del product["images"]
        return page

    def create(self, body: Json) -> Json:
        """Answer a new family; the ids of its rows are all that comes back."""
        name = text(body, "name", most=255, needed=True)
        variants = objects(body, "variants")
        self._check_name(name, family="")
        shared = self._shared(body) | {"name": name, "family_id": self.world.new_id()}
        shared.setdefault("handle", name.lower().replace(" ", "-"))
        base = {key: value for key, value in body.items() if key not in OWN}
        rows = [self._fields(base | one, one) for one in variants or [body]]
        stocks = [self._stocks(one) for one in variants or [body]]
        ids: list[str] = []
        for fields, stock in zip(rows, stocks, strict=True):
            parent = {"variant_parent_id": ids[0] if ids else None, "has_variants": bool(variants)}
            row = self.feed.put(_defaults() | shared | fields | parent | self._sku(fields))
            ids.append(row.id)
            self.inventory.open(row.id)
            self._count(row.id, stock)
        return {"data": ids}

    def update(self, product_id: str, body: Json) -> Json:
        """Answer a change: ``common`` for the family, ``details`` for this variant."""
        row = self.feed.find(product_id)
        common, details = mapping(body, "common"), mapping(body, "details")
        if not common and not details:
            raise refused("common or details is required.")
        shared = self._shared(common)
        if "track_inventory" in common:
            shared["has_inventory"] = flag(common, "track_inventory")
        if "name" in shared:
            self._check_name(shared["name"], family=row.data["family_id"])
        own, stock = self._fields(details, None, known=row.data), self._stocks(details)
        if shared:
            family = row.data["family_id"]
            for one in [r for r in self.feed.live() if r.data["family_id"] == family]:
                own_part = own if one.id == row.id else {}
                self.feed.put(one.data | shared | own_part, one.id)
        elif own:
            self.feed.put(row.data | own, row.id)
        self._count(row.id, stock)
        return self.feed.read(product_id)

    def delete(self, product_id: str) -> None:
        """Delete one row, and its levels."""
        self.feed.delete(product_id)
        self.inventory.forget(product_id)

    def create_attribute(self, body: Json) -> Json:
        """Answer a new attribute; names are taken once."""
        name = text(body, "name", most=255, needed=True)
        if any(row.data["name"].lower() == name.lower() for row in self.attributes.live()):
            raise refused(f"There is an attribute called {name} already.")
        return {"data": self.attributes.render(self.attributes.put({"name": name}))}

    def add_attribute(self, name: str) -> str:
        """Add an attribute variants differ in, e.g. Size, and return its id."""
        return self.attributes.put({"name": name}).id

    def _shared(self, body: Json) -> Json:
        """Return the fields of a family that a request sets; tags show as ``categories``."""
        fields: Json = {one: text(body, one, most=5_000) for one in FAMILY_TEXTS if body.get(one)}
        if body.get("brand_id"):
            brand = self.account.brands.needed(body["brand_id"], "brand_id")
            fields["brand"] = {"id": brand.id, "name": brand.data["name"]}
            fields["brand_id"] = brand.id
        category_id = body.get("product_category_id") or body.get("product_type_id")
        if category_id:
            kind = self.account.product_types.needed(category_id, "product_category_id")
            category = {"id": kind.id, **kind.data}
            fields |= {"type": category, "product_category": category, "product_type_id": kind.id}
        if "tag_ids" in body:
            tags = [self.account.tags.needed(one, "tag_ids") for one in array(body, "tag_ids")]
            fields["tag_ids"] = [tag.id for tag in tags]
            fields["categories"] = [{"id": tag.id, "name": tag.data["name"]} for tag in tags]
        return fields

    def _fields(self, body: Json, variant: Json | None, *, known: Json | None = None) -> Json:
        """Return the fields of one row that a request sets."""
        fields = self._prices(body)
        if body.get("sku"):
            fields["sku"] = text(body, "sku", most=255)
        if "product_codes" in body:
            fields["product_codes"] = self._codes(objects(body, "product_codes"))
            own = next((c["code"] for c in fields["product_codes"] if c["type"] == "CUSTOM"), None)
            fields |= {"sku": own} if own and known is not None else {}
        if "is_active" in body:
            active = flag(body, "is_active")
            fields |= {"active": active, "is_active": active}
        if "supply_price" in body:
            fields["supply_price"] = number(body, "supply_price")
        if "source_variant_id" in body:
            fields["source_variant_id"] = text(body, "source_variant_id")
        if known is not None and "variant_attribute_values" in body:
            values = objects(body, "variant_attribute_values")
            fields["variant_options"] = self._changed_options(known["variant_options"], values)
        if variant is not None and "variant_definitions" in variant:
            fields["variant_options"] = self._options(objects(variant, "variant_definitions"))
        return fields

    def _prices(self, body: Json) -> Json:
        """Return both prices of a row from the one that is given."""
        given = [name for name in PRICES if body.get(name) is not None]
        if len(given) > 1:
            raise refused("Send price_including_tax or price_excluding_tax, not both.")
        if not given:
            return {}
        price = number(body, given[0])
        if given[0] == "price_including_tax":
            both = (price, self.world.without_tax(price))
        else:
            both = (self.world.with_tax(price), price)
        return dict(zip(PRICES, both, strict=True))

    def _codes(self, given: list[Json]) -> list[Json]:
        codes: list[Json] = []
        for one in given:
            kind = text(one, "type", needed=True).upper()
            if kind not in CODE_TYPES:
                raise invalid(f"{kind} is not a type of product code.")
            code = text(one, "code", most=255, needed=True)
            codes.append({"id": self.world.new_id(), "type": kind, "code": code})
        return codes

    def _options(self, given: list[Json]) -> list[Json]:
        if len(given) > MAX_ATTRIBUTES:
            raise invalid(f"A variant has at most {MAX_ATTRIBUTES} attributes.")
        return [
            {
                "name": self.attributes.needed(one.get("attribute_id"), "attribute_id").data[
                    "name"
                ],
                "value": text(one, "value", needed=True),
            }
            for one in given
        ]

    def _changed_options(self, known: list[Json], given: list[Json]) -> list[Json]:
        """Return the options of a variant after a change; its family's attributes stay."""
        names = [self.attributes.needed(one.get("attribute_id"), "attribute_id") for one in given]
        values = {
            row.data["name"]: text(one, "attribute_value", needed=True)
            for row, one in zip(names, given, strict=True)
        }
        if values.keys() - {one["name"] for one in known}:
            raise refused("The attribute is not one of the product family.")
        return [one | {"value": values.get(one["name"], one["value"])} for one in known]

    def _check_name(self, name: str, family: str) -> None:
        """Refuse a name of another family: it is what holds a family together."""
        taken = self.feed.live() if self.world.behaviour.unique_names else []
        for row in taken:
            if row.data["name"] == name and row.data["family_id"] != family:
                raise refused(f"There is a product called {name} already.")

    def _sku(self, fields: Json) -> Json:
        """Return the SKU and the product codes of a new row; without a SKU the next number."""
        codes = list(fields.get("product_codes", []))
        own = next((one["code"] for one in codes if one["type"] == "CUSTOM"), "")
        sku = fields.get("sku") or own
        if not sku:
            self._skus += 1
            sku = str(self._skus)
        if not own:
            codes.insert(0, {"id": self.world.new_id(), "type": "CUSTOM", "code": sku})
        return {"sku": sku, "product_codes": codes}

    def _stocks(self, body: Json) -> list[tuple[str, Decimal]]:
        """Return the levels a request sets, by outlet."""
        return [
            (
                self.account.outlets.needed(one.get("outlet_id"), "outlet_id").id,
                number(one, "current_amount"),
            )
            for one in objects(body, "inventory")
        ]

    def _count(self, product_id: str, stock: list[tuple[str, Decimal]]) -> None:
        for outlet_id, amount in stock:
            self.inventory.count(product_id, outlet_id, amount)

    def _changed(self, row: Row) -> None:
        shown = self.feed.render(row)
        names = ("id", "name", "handle", "sku", "supply_price", "active", "deleted_at", "version")
        payload = {name: shown[name] for name in names}
        self.world.emit("product.update", payload | {"price": shown["price_excluding_tax"]})


class ProductFeed(Feed):
    """Products by version, with the name of the variant made of its options."""

    def put(self, data: Json, row_id: str = "") -> Row:
        """Store a product with its full name."""
        values: list[Any] = [one["value"] for one in data["variant_options"]]
        return super().put(data | {"variant_name": " / ".join([data["name"], *values])}, row_id)


def _defaults() -> Json:
    return {
        "description": "",
        "is_composite": False,
        "active": True,
        "is_active": True,
        "has_inventory": True,
        "price_excluding_tax": Decimal(0),
        "price_including_tax": Decimal(0),
        "supply_price": Decimal(0),
        "variant_options": [],
        "brand": {},
        "brand_id": None,
        "type": {},
        "product_category": None,
        "product_type_id": None,
        "categories": [],
        "tag_ids": [],
        "images": [],
        "source": "USER",
        "source_id": None,
        "source_variant_id": None,
    }
