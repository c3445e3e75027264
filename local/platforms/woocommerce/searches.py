"""Which rows a list returns: the filters of each resource."""

from typing import Any

from local.platforms.woocommerce.categories import Categories, Category
from local.platforms.woocommerce.customers import Customers
from local.platforms.woocommerce.errors import Json, invalid_param
from local.platforms.woocommerce.listing import Query, filter_posts, sort_posts
from local.platforms.woocommerce.orders import Order, Orders, Refund
from local.platforms.woocommerce.product_fields import KINDS
from local.platforms.woocommerce.products import Product, Products
from local.platforms.woocommerce.refunds import Refunds
from local.platforms.woocommerce.webhooks import STATUSES, Hook, Webhooks
from local.platforms.woocommerce.world import Post, World

PRODUCT_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")


def products(world: World, source: Products, query: Query) -> list[Product]:
    """Return products; variations only for ``sku`` and ``search_sku``, trash only when asked."""
    status = query.one_of("status", PRODUCT_STATUSES, "any")
    kind = query.one_of("type", ("", *KINDS), "")
    by_sku = _skus(query)
    part = query.text("search_sku").lower()
    rows = [
        one
        for one in source.by_id.values()
        if _has_status(one, status)
        and (by_sku or part or not one.parent_id)
        and (not by_sku or one.sku.lower() in by_sku)
        and part in one.sku.lower()
        and kind in ("", one.kind)
    ]
    rows = [one for one in rows if _is_shown(source, query, one)]
    return sort_posts(query, filter_posts(world, query, rows))


def variations(world: World, source: Products, parent: int, query: Query) -> list[Product]:
    """Return the variations of a product."""
    source.product(parent)
    status = query.one_of("status", PRODUCT_STATUSES, "any")
    by_sku = _skus(query)
    rows = [
        one
        for one in source.variations_of(parent)
        if _has_status(one, status) and (not by_sku or one.sku.lower() in by_sku)
    ]
    return sort_posts(query, filter_posts(world, query, rows))


def orders(world: World, source: Orders, query: Query) -> list[Order]:
    """Return orders; there is no filter by meta data, and asking for one is not refused."""
    wanted = query.many("status") or ["any"]
    allowed = ("any", "trash", *source.statuses())
    for one in wanted:
        if one not in allowed:
            text = f"status[0] is not one of {', '.join(allowed)}."
            raise invalid_param("status", text, "rest_not_in_enum")
    via, customer, product = (
        query.many("created_via"),
        query.text("customer"),
        query.text("product"),
    )
    search = query.text("search").lower()
    rows = [
        one
        for one in source.by_id.values()
        if (one.status in wanted or ("any" in wanted and one.status != "trash"))
        and (not via or one.data["created_via"] in via)
        and customer in ("", str(one.data["customer_id"]))
        and (not product or any(product == str(x.product_id) for x in one.of("line_items")))
        and (not search or search in _searched(one))
    ]
    return sort_posts(query, filter_posts(world, query, rows))


def refunds_of(order: Order) -> list[tuple[Order, Refund]]:
    """Return the refunds of an order, newest first."""
    return [(order, one) for one in reversed(order.refunds)]


def refunds(world: World, source: Refunds, query: Query) -> list[tuple[Order, Refund]]:
    """Return the refunds of all orders."""
    order_by_refund = {one.id: order for order, one in source.all()}
    rows = sort_posts(query, filter_posts(world, query, [one for _, one in source.all()]))
    return [(order_by_refund[one.id], one) for one in rows]


def notes(order: Order, query: Query) -> list[Json]:
    """Return the notes of an order, newest first; they have no pages."""
    wanted = query.one_of("type", ("any", "customer", "internal"), "any")
    rows = list(reversed(order.notes))
    if wanted == "any":
        return rows
    return [one for one in rows if one["customer_note"] is (wanted == "customer")]


def categories(source: Categories, query: Query) -> list[Category]:
    """Return categories by name, slug or id; other orders are taken for the name's."""
    by = query.one_of("orderby", ("id", "include", "name", "slug", "count"), "name")
    search, slug, parent = query.text("search").lower(), query.text("slug"), query.text("parent")
    rows = [
        one
        for one in source.by_id.values()
        if search in one.name.lower()
        and slug in ("", one.slug)
        and parent in ("", str(one.parent))
        and _is_included(query, one.id)
    ]
    descending = query.one_of("order", ("asc", "desc"), "asc") == "desc"
    rows.sort(
        key=lambda one: ({"id": "", "slug": one.slug}.get(by, one.name), one.id),
        reverse=descending,
    )
    return rows


def customers(source: Customers, query: Query) -> list[Post]:
    """Return registered customers."""
    email = query.text("email").lower()
    search = query.text("search").lower()
    return [
        one
        for one in source.by_id.values()
        if email in ("", str(one.data["email"]).lower())
        and search in f"{one.data['email']} {one.data['username']}".lower()
        and _is_included(query, one.id)
    ]


def webhooks(source: Webhooks, query: Query) -> list[Hook]:
    """Return webhooks, newest first."""
    status = query.one_of("status", ("all", *STATUSES), "all")
    rows = [one for one in source.by_id.values() if status in ("all", one.status)]
    return rows if query.text("order") == "asc" else rows[::-1]


def _skus(query: Query) -> list[str]:
    """Return the SKUs asked for; the database compares them in any case."""
    return [one.lower() for one in query.many("sku")]


def _has_status(one: Product, status: str) -> bool:
    return one.status != "trash" if status == "any" else one.status == status


def _is_shown(source: Products, query: Query, one: Product) -> bool:
    search, category = query.text("search").lower(), query.text("category")
    stock, slug = query.text("stock_status"), query.text("slug")
    listed: list[Any] = one.data.get("categories", [])
    return (
        search in str(one.data["name"]).lower()
        and (not category or any(str(c.get("id")) == category for c in listed))
        and stock in ("", source.view(one)["stock_status"])
        and slug in ("", one.data["slug"])
    )


def _is_included(query: Query, number: int) -> bool:
    include = query.many("include")
    return (not include or str(number) in include) and str(number) not in query.many("exclude")


def _searched(order: Order) -> str:
    fields = (*order.data["billing"].values(), *order.data["shipping"].values(), str(order.id))
    return " ".join(fields).lower()
