"""Categories of products: named once below each parent, removed for good."""

from dataclasses import dataclass

from local.platforms.woocommerce.errors import Json, WooError, missing_params, no_trash
from local.platforms.woocommerce.fields import slug, string, whole
from local.platforms.woocommerce.products import Products
from local.platforms.woocommerce.world import World


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
