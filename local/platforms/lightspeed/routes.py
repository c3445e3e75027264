"""The paths the simulated Lightspeed answers: method, path, scope, and what answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.customers import Customers
from local.platforms.lightspeed.errors import LightspeedError
from local.platforms.lightspeed.feed import Feed
from local.platforms.lightspeed.fields import Json
from local.platforms.lightspeed.oauth import Token
from local.platforms.lightspeed.products import Products
from local.platforms.lightspeed.sales import Sales
from local.platforms.lightspeed.search import SCOPES as SEARCH_SCOPES
from local.platforms.lightspeed.search import Search
from local.platforms.lightspeed.webhooks import Webhooks


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything routes may ask."""

    account: Account
    products: Products
    customers: Customers
    sales: Sales
    search: Search
    webhooks: Webhooks


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, taken apart: ``query`` holds the first value of each parameter."""

    body: Json
    query: Json
    queries: dict[str, list[str]]
    token: Token
    id: str = ""  #: the id inside the path


@dataclass(frozen=True, kw_only=True)
class Route:
    """One call of the API, below the version; ``status`` is that of its success."""

    method: str
    pattern: re.Pattern[str]
    handler: Callable[[Parts, Asked], Any]
    scope: str = ""
    status: int = field(default=200)


def _route(
    call: str, scope: str, handler: Callable[[Parts, Asked], Any], status: int = 200
) -> Route:
    """Make a route of e.g. ``GET sales/{id}``."""
    method, _, path = call.partition(" ")
    pattern = re.compile(path.replace("{id}", "(?P<id>[^/]+)") + "$")
    return Route(method=method, pattern=pattern, handler=handler, scope=scope, status=status)


def _listed(path: str, scope: str, feed_of: Callable[[Parts], Feed]) -> tuple[Route, Route]:
    """Make the routes of a collection that is listed by version and read by id."""
    return (
        _route(f"GET {path}", scope, lambda p, a: feed_of(p).page(a.query)),
        _route(f"GET {path}/{{id}}", scope, lambda p, a: feed_of(p).read(a.id)),
    )


def _search(parts: Parts, asked: Asked) -> Json:
    """Answer a search; its scope depends on what is searched."""
    scope = SEARCH_SCOPES.get(asked.query.get("type", ""), "")
    if scope and scope not in asked.token.scopes:
        raise LightspeedError(403, f"The access token lacks the scope {scope}.")
    return parts.search.find(asked.queries)


def _give_back(parts: Parts, asked: Asked) -> Json:
    """Answer the return call, which needs to read users too."""
    if "users:read" not in asked.token.scopes:
        raise LightspeedError(403, "The access token lacks the scope users:read.")
    return parts.sales.give_back(asked.id)


def _reasons(parts: Parts) -> Feed:
    return parts.products.inventory.reasons


ROUTES = (
    _route("GET retailer", "retailer:read", lambda p, a: p.account.retailer()),
    *_listed("outlets", "outlets:read", lambda p: p.account.outlets),
    *_listed("registers", "registers:read", lambda p: p.account.registers),
    *_listed("users", "users:read", lambda p: p.account.users),
    _route("GET taxes", "taxes:read", lambda p, a: p.account.taxes.page(a.query)),
    _route(
        "GET payment_types",
        "payment_types:read",
        lambda p, a: p.account.payment_types.page(a.query),
    ),
    *_listed("brands", "products:read", lambda p: p.account.brands),
    _route(
        "POST brands", "products:write", lambda p, a: p.account.add_named(p.account.brands, a.body)
    ),
    *_listed("tags", "products:read", lambda p: p.account.tags),
    _route("POST tags", "products:write", lambda p, a: p.account.add_named(p.account.tags, a.body)),
    *_listed("product_types", "products:read", lambda p: p.account.product_types),
    _route("GET product_categories", "products:read", lambda p, a: p.account.list_categories()),
    *_listed("variant_attributes", "products:read", lambda p: p.products.attributes),
    _route(
        "POST variant_attributes",
        "products:write",
        lambda p, a: p.products.create_attribute(a.body),
        201,
    ),
    *_listed("price_books", "products:read:price_books", lambda p: p.account.price_books),
    _route("GET products", "products:read", lambda p, a: p.products.list_products(a.query)),
    _route("POST products", "products:write", lambda p, a: p.products.create(a.body)),
    _route("GET products/{id}", "products:read", lambda p, a: p.products.feed.read(a.id)),
    _route("PUT products/{id}", "products:write", lambda p, a: p.products.update(a.id, a.body)),
    _route("DELETE products/{id}", "products:write", lambda p, a: p.products.delete(a.id), 204),
    _route(
        "POST inventory", "inventory:read", lambda p, a: p.products.inventory.list_levels(a.body)
    ),
    _route(
        "POST inventory_levels",
        "inventory:read",
        lambda p, a: p.products.inventory.list_by_place(a.body),
    ),
    _route(
        "GET inventory/{id}",
        "inventory:read",
        lambda p, a: p.products.inventory.levels_of(a.id, a.query),
    ),
    _route(
        "GET stock_adjustments",
        "inventory:write",
        lambda p, a: p.products.inventory.adjustments.page({"page_size": "100"} | a.query),
    ),
    _route(
        "POST stock_adjustments",
        "inventory:write",
        lambda p, a: p.products.inventory.adjust(a.body),
        201,
    ),
    _route(
        "GET custom_inventory_adjustment_reasons",
        "inventory:write",
        lambda p, a: _reasons(p).page({"page_size": "100"} | a.query),
    ),
    _route(
        "POST custom_inventory_adjustment_reasons",
        "inventory:write",
        lambda p, a: p.products.inventory.add_reason(a.body),
    ),
    *_listed("customers", "customers:read", lambda p: p.customers.feed),
    _route("POST customers", "customers:write", lambda p, a: p.customers.create(a.body), 201),
    _route("PUT customers/{id}", "customers:write", lambda p, a: p.customers.update(a.id, a.body)),
    _route(
        "DELETE customers/{id}", "customers:write", lambda p, a: p.customers.feed.delete(a.id), 204
    ),
    *_listed("sales", "sales:read", lambda p: p.sales.feed),
    _route("POST sales", "sales:write", lambda p, a: p.sales.create(a.body)),
    _route("PUT sales/{id}", "sales:write", lambda p, a: p.sales.update(a.id, a.body)),
    _route("POST sales/{id}/actions/return", "sales:write", _give_back),
    _route("GET search", "", _search),
    _route("GET webhooks", "webhooks", lambda p, a: p.webhooks.list_all()),
    _route(
        "POST webhooks",
        "webhooks",
        lambda p, a: p.webhooks.create(a.body, signed=bool(a.token.grant)),
        201,
    ),
    _route("GET webhooks/{id}", "webhooks", lambda p, a: p.webhooks.read(a.id)),
    _route("PUT webhooks/{id}", "webhooks", lambda p, a: p.webhooks.update(a.id, a.body)),
    _route("DELETE webhooks/{id}", "webhooks", lambda p, a: p.webhooks.feed.delete(a.id), 204),
)


def find_route(method: str, path: str) -> tuple[Route | None, str, bool]:
    """Return the route, the id in its path, and whether another method would have been right."""
    other = False
    for route in ROUTES:
        found = route.pattern.match(path)
        if found is not None and route.method == method:
            return route, found.groupdict().get("id", ""), False
        other = other or found is not None
    return None, "", other
