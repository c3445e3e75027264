"""The paths the simulated Square answers: method, path, scope, and what answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.platforms.server import Request, Response
from local.platforms.square.catalog import Catalog, catalog_info
from local.platforms.square.catalog_search import CatalogSearch
from local.platforms.square.catalog_writes import CatalogWriter
from local.platforms.square.customers import Customers
from local.platforms.square.fields import Json
from local.platforms.square.inventory import Inventory
from local.platforms.square.oauth import OAuth
from local.platforms.square.orders import Orders
from local.platforms.square.refunds import Refunds
from local.platforms.square.webhooks import Webhooks
from local.platforms.square.world import World


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything routes may ask."""

    world: World
    catalog: Catalog
    writer: CatalogWriter
    searcher: CatalogSearch
    inventory: Inventory
    orders: Orders
    customers: Customers
    refunds: Refunds
    oauth: OAuth
    webhooks: Webhooks


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, taken apart: ``query`` holds the first value of each parameter."""

    request: Request
    body: Json
    query: Json
    id: str = ""  #: the id inside the path

    @property
    def authorization(self) -> str:
        """Return the header that says who asks."""
        return self.request.headers.get("authorization", "")


Handler = Callable[[Parts, Asked], Json | Response]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One call of the API; ``key_length`` > 0 where an idempotency key of that length is needed."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    scope: str = ""
    is_open: bool = False  #: no access token needed
    key_length: int = 0
    is_catalog_write: bool = False


def _route(
    call: str,
    handler: Handler,
    *,
    scope: str = "",
    is_open: bool = False,
    key_length: int = 0,
    is_catalog_write: bool = False,
) -> Route:
    method, _, path = call.partition(" ")
    pattern = re.compile("^" + path.replace("{id}", "(?P<id>[^/]+)") + "$")
    return Route(
        method=method,
        pattern=pattern,
        handler=handler,
        scope=scope,
        is_open=is_open,
        key_length=key_length,
        is_catalog_write=is_catalog_write,
    )


def _retrieve_object(parts: Parts, asked: Asked) -> Json:
    related = asked.query.get("include_related_objects") == "true"
    return parts.catalog.retrieve(asked.id, related=related)


def _counts_of(parts: Parts, asked: Asked) -> Json:
    locations, cursor = asked.query.get("location_ids", ""), asked.query.get("cursor", "")
    return parts.inventory.counts_of(asked.id, locations, cursor)


def _list_subscriptions(parts: Parts, asked: Asked) -> Json:
    return parts.webhooks.list_all(disabled=asked.query.get("include_disabled") == "true")


_CATALOG = "/v2/catalog"
_HOOKS = "/v2/webhooks/subscriptions"

ROUTES = (
    _route("GET /oauth2/authorize", lambda p, a: p.oauth.authorize(a.query), is_open=True),
    _route("POST /oauth2/token", lambda p, a: p.oauth.obtain(a.body), is_open=True),
    _route("POST /oauth2/token/status", lambda p, a: p.oauth.status(a.authorization)),
    _route(
        "POST /oauth2/revoke", lambda p, a: p.oauth.revoke(a.authorization, a.body), is_open=True
    ),
    _route(
        "GET /v2/locations",
        lambda p, a: p.world.list_locations(),
        scope="MERCHANT_PROFILE_READ",
    ),
    _route(
        "GET /v2/locations/{id}",
        lambda p, a: p.world.read_location(a.id),
        scope="MERCHANT_PROFILE_READ",
    ),
    _route(
        f"POST {_CATALOG}/batch-upsert",
        lambda p, a: p.writer.batch_upsert(a.body),
        scope="ITEMS_WRITE",
        key_length=128,
        is_catalog_write=True,
    ),
    _route(
        f"POST {_CATALOG}/object",
        lambda p, a: p.writer.upsert(a.body),
        scope="ITEMS_WRITE",
        key_length=128,
        is_catalog_write=True,
    ),
    _route(
        f"POST {_CATALOG}/batch-delete",
        lambda p, a: p.catalog.batch_delete(a.body),
        scope="ITEMS_WRITE",
        is_catalog_write=True,
    ),
    _route(f"GET {_CATALOG}/object/{{id}}", _retrieve_object, scope="ITEMS_READ"),
    _route(
        f"POST {_CATALOG}/batch-retrieve",
        lambda p, a: p.catalog.batch_retrieve(a.body),
        scope="ITEMS_READ",
    ),
    _route(f"POST {_CATALOG}/search", lambda p, a: p.searcher.search(a.body), scope="ITEMS_READ"),
    _route(
        f"GET {_CATALOG}/list",
        lambda p, a: p.catalog.list_objects(a.query.get("types", ""), a.query),
        scope="ITEMS_READ",
    ),
    _route(f"GET {_CATALOG}/info", lambda p, a: catalog_info(), scope="ITEMS_READ"),
    _route(
        "POST /v2/inventory/changes/batch-create",
        lambda p, a: p.inventory.batch_change(a.body),
        scope="INVENTORY_WRITE",
        key_length=128,
    ),
    _route(
        "POST /v2/inventory/counts/batch-retrieve",
        lambda p, a: p.inventory.batch_counts(a.body),
        scope="INVENTORY_READ",
    ),
    _route("GET /v2/inventory/{id}", _counts_of, scope="INVENTORY_READ"),
    _route("POST /v2/orders/search", lambda p, a: p.orders.search(a.body), scope="ORDERS_READ"),
    _route(
        "POST /v2/orders/batch-retrieve",
        lambda p, a: p.orders.batch_retrieve(a.body),
        scope="ORDERS_READ",
    ),
    _route("GET /v2/orders/{id}", lambda p, a: p.orders.retrieve(a.id), scope="ORDERS_READ"),
    _route("GET /v2/payments", lambda p, a: p.orders.list_payments(a.query), scope="PAYMENTS_READ"),
    _route(
        "GET /v2/payments/{id}",
        lambda p, a: p.orders.retrieve_payment(a.id),
        scope="PAYMENTS_READ",
    ),
    _route("GET /v2/refunds", lambda p, a: p.refunds.list_refunds(a.query), scope="PAYMENTS_READ"),
    _route("GET /v2/refunds/{id}", lambda p, a: p.refunds.retrieve(a.id), scope="PAYMENTS_READ"),
    _route(
        "POST /v2/customers/search",
        lambda p, a: p.customers.search(a.body),
        scope="CUSTOMERS_READ",
    ),
    _route(
        "POST /v2/customers/bulk-retrieve",
        lambda p, a: p.customers.bulk_retrieve(a.body),
        scope="CUSTOMERS_READ",
    ),
    _route(
        "GET /v2/customers/{id}", lambda p, a: p.customers.retrieve(a.id), scope="CUSTOMERS_READ"
    ),
    _route(f"GET {_HOOKS}", _list_subscriptions),
    _route(f"POST {_HOOKS}", lambda p, a: p.webhooks.create(a.body)),
    _route(f"GET {_HOOKS}/{{id}}", lambda p, a: p.webhooks.retrieve(a.id)),
    _route(f"PUT {_HOOKS}/{{id}}", lambda p, a: p.webhooks.update(a.id, a.body)),
    _route(f"DELETE {_HOOKS}/{{id}}", lambda p, a: p.webhooks.delete(a.id)),
    _route(f"POST {_HOOKS}/{{id}}/signature-key", lambda p, a: p.webhooks.rotate(a.id)),
    _route(f"POST {_HOOKS}/{{id}}/test", lambda p, a: p.webhooks.test(a.id, a.body)),
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
