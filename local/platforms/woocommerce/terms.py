"""Categories and customers: what has a name or an e-mail address of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.platforms.woocommerce.errors import Json, WooError, missing_params, no_trash
from local.platforms.woocommerce.fields import dates, slug, string, whole
from local.platforms.woocommerce.products import Products
from local.platforms.woocommerce.world import Post, World

ADDRESS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "postcode",
    "country",
    "state",
    "phone",
)


@dataclass(kw_only=True)
class Category:
    """One category; the first one of a shop takes products without any."""

    id: int
    name: str
    slug: str
    parent: int = 0
    description: str = ""


class Categories:
    """The categories of products."""

    def __init__(self, world: World, products: Products) -> None:
        self.world = world
        self.products = products
        self.by_id: dict[int, Category] = {}
        self.create({"name": "Uncategorized"})

    def one(self, number: int) -> Category:
        """Return a category."""
        if number not in self.by_id:
            text = "Resource does not exist."
            raise WooError(404, "woocommerce_rest_term_invalid", text)
        return self.by_id[number]

    def create(self, body: Json) -> Category:
        """Make a category; a name is unique below its parent."""
        if "name" not in body:
            raise missing_params("name")
        name = string(body, "name")
        parent = whole(body, "parent") if body.get("parent") else 0
        twins = [c for c in self.by_id.values() if (c.name, c.parent) == (name, parent)]
        if twins:
            text = "A term with the name provided already exists with this parent."
            raise WooError(400, "term_exists", text, {"status": 400, "resource_id": twins[0].id})
        made = Category(
            id=self.world.new_id("term"),
            name=name,
            slug=string(body, "slug") or slug(name),
            parent=parent,
            description=string(body, "description"),
        )
        self.by_id[made.id] = made
        return made

    def update(self, number: int, body: Json) -> Category:
        """Change a category."""
        found = self.one(number)
        found.name = string(body, "name") or found.name
        found.slug = string(body, "slug") or found.slug
        if "description" in body:
            found.description = string(body, "description")
        if "parent" in body:
            found.parent = whole(body, "parent")
        return found

    def delete(self, number: int, *, force: bool) -> Json:
        """Remove a category for good; there is no trash for them."""
        found = self.one(number)
        if not force:
            raise no_trash("Terms")
        del self.by_id[number]
        return self.view(found)

    def named(self, asked: list[Json]) -> list[Json]:
        """Return what a product shows of its categories; unknown ids are dropped."""
        numbers = [one.get("id") for one in asked]
        known = [self.by_id[n] for n in numbers if n in self.by_id]
        known = known or list(self.by_id.values())[:1]
        return [{"id": one.id, "name": one.name, "slug": one.slug} for one in known]

    def view(self, found: Category) -> Json:
        """Return the answer for a category."""
        rows = [p for p in self.products.by_id.values() if not p.parent_id and p.status != "trash"]
        count = sum(any(c.get("id") == found.id for c in p.data["categories"]) for p in rows)
        rest = {"display": "default", "image": None, "menu_order": 0, "count": count}
        return {**vars(found), **rest}


def address(body: Mapping[str, Any], name: str, known: Mapping[str, str]) -> dict[str, str]:
    """Merge an address of ``body`` into the known one."""
    given = body.get(name)
    fields = (*ADDRESS, "email") if name == "billing" else ADDRESS
    merged = {field: known.get(field, "") for field in fields}
    if isinstance(given, dict):
        merged |= {f: string(given, f, f"{name}[{f}]") for f in fields if f in given}
    return merged


class Customers:
    """Registered customers; guests are none of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id: dict[int, Post] = {}

    def one(self, number: int) -> Post:
        """Return a customer."""
        if number not in self.by_id:
            raise WooError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return self.by_id[number]

    def create(self, body: Json) -> Post:
        """Register a customer; the e-mail is required and unique."""
        if "email" not in body:
            raise missing_params("email")
        now: datetime = self.world.now()
        data = self._read(body, {}, 0)
        data["username"] = string(body, "username") or data["email"].partition("@")[0]
        number = self.world.new_id("user")
        made = Post(id=number, created=now, modified=now, status="", data=data)
        self.world.write_meta(made.meta, body)
        self.by_id[made.id] = made
        self.world.emit("customer", "created", made.id)
        return made

    def update(self, number: int, body: Json) -> Post:
        """Change a customer."""
        found = self.one(number)
        found.data |= self._read(body, found.data, number)
        self.world.write_meta(found.meta, body)
        found.modified = self.world.now()
        self.world.emit("customer", "updated", number)
        return found

    def delete(self, number: int, *, force: bool) -> Json:
        """Remove a customer for good."""
        found = self.one(number)
        if not force:
            raise no_trash("Customers")
        del self.by_id[number]
        self.world.emit("customer", "deleted", number)
        return self.view(found)

    def view(self, found: Post) -> Json:
        """Return the answer for a customer."""
        return {
            "id": found.id,
            **dates("date_created", found.created, self.world.zone),
            **dates("date_modified", found.modified, self.world.zone),
            **found.data,
            "role": "customer",
            "is_paying_customer": False,
            "meta_data": [dict(row) for row in found.meta],
        }

    def _read(self, body: Json, known: Json, own_id: int) -> Json:
        data: Json = {
            name: string(body, name) if name in body else known.get(name, "")
            for name in ("email", "first_name", "last_name")
        }
        if "@" not in data["email"]:
            raise WooError(400, "registration-error-invalid-email", "Give a valid email address.")
        same = [c for c in self.by_id.values() if c.data["email"].lower() == data["email"].lower()]
        if any(one.id != own_id for one in same):
            text = "An account is already registered with your email address."
            raise WooError(400, "registration-error-email-exists", text)
        for name in ("billing", "shipping"):
            data[name] = address(body, name, known.get(name, {}))
        return data
