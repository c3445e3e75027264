"""The paths below ``/wp-json/wc/v3`` and what answers them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.platforms.server import Request, Response
from local.platforms.woocommerce import batch, searches
from local.platforms.woocommerce.categories import Categories
from local.platforms.woocommerce.customers import Customers
from local.platforms.woocommerce.errors import Json, no_route
from local.platforms.woocommerce.listing import Query, page_of
from local.platforms.woocommerce.orders import Orders
from local.platforms.woocommerce.products import Product, Products
from local.platforms.woocommerce.refunds import Refunds
from local.platforms.woocommerce.shipments import NAMESPACES, Shipments
from local.platforms.woocommerce.site import Answer, site_routes
from local.platforms.woocommerce.webhooks import Webhooks
from local.platforms.woocommerce.world import World


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All parts of the shop."""

    world: World
    products: Products
    categories: Categories
    orders: Orders
    refunds: Refunds
    customers: Customers
    webhooks: Webhooks
    shipments: Shipments

    def product_view(self, found: Product) -> Json:
        """Return a product with the names of its categories."""
        shown = self.products.view(found)
        if "categories" in shown:
            shown["categories"] = self.categories.named(shown["categories"])
        return shown


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call: the request, its body, and the numbers in its path."""

    request: Request
    body: Json
    ids: tuple[int, ...]
    word: str = ""  #: the last part of a path that ends with a word

    @property
    def id(self) -> int:
        """The last number of the path."""
        return self.ids[-1]

    @property
    def query(self) -> Query:
        """The query string."""
        return Query(self.request.query)

    @property
    def force(self) -> bool:
        """Whether a deletion is for good."""
        return self.query.flag("force") or self.body.get("force") is True


Handler = Callable[[Parts, Asked], Json | list[Json] | Response]
Table = dict[tuple[str, str], Handler]


#: Beginning of paths that are not below ``wc/v3``.
OTHER = "/"


def find(method: str, path: str) -> tuple[Handler, tuple[int, ...], str]:
    """Return the handler of a call, and the numbers and the word in its path, or refuse."""
    method = "PUT" if method == "PATCH" else method
    for pattern, handlers in _COMPILED:
        match = pattern.fullmatch(path)
        if match and method in handlers:
            word = match.groupdict().get("word") or ""
            return handlers[method], tuple(int(n) for n in match.groups() if n != word), word
    raise no_route()


def _made(body: object) -> Response:
    return Response(201, body)


def _products() -> Table:
    return {
        ("GET", "products"): lambda p, a: page_of(
            p.world, a.request, searches.products(p.world, p.products, a.query), p.product_view
        ),
        ("POST", "products"): lambda p, a: _made(p.product_view(p.products.create(a.body))),
        ("POST", "products/batch"): lambda p, a: batch.run(a.body, _product_verbs(p)),
        ("GET", "products/#"): lambda p, a: p.product_view(p.products.product(a.id)),
        ("PUT", "products/#"): lambda p, a: p.product_view(p.products.update(a.id, a.body)),
        ("DELETE", "products/#"): lambda p, a: p.products.delete(
            p.products.product(a.id), force=a.force
        ),
    }


def _product_verbs(p: Parts) -> batch.Verbs:
    return batch.Verbs(
        create=lambda body: p.product_view(p.products.create(body)),
        update=lambda number, body: p.product_view(p.products.update(number, body)),
        delete=lambda number: p.products.delete(p.products.product(number), force=True),
        invalid_id="woocommerce_rest_product_invalid_id",
    )


def _variations() -> Table:
    base = "products/#/variations"
    return {
        ("GET", base): lambda p, a: page_of(
            p.world,
            a.request,
            searches.variations(p.world, p.products, a.id, a.query),
            p.products.view,
        ),
        ("POST", base): lambda p, a: _made(p.products.view(p.products.create(a.body, a.id))),
        ("POST", f"{base}/batch"): lambda p, a: batch.run(a.body, _variation_verbs(p, a.id)),
        ("GET", f"{base}/#"): lambda p, a: p.products.view(p.products.variation(*a.ids)),
        ("PUT", f"{base}/#"): lambda p, a: p.products.view(
            p.products.update_variation(*a.ids, a.body)
        ),
        ("DELETE", f"{base}/#"): lambda p, a: p.products.delete(
            p.products.variation(*a.ids), force=a.force
        ),
    }


def _variation_verbs(p: Parts, parent: int) -> batch.Verbs:
    products = p.products
    return batch.Verbs(
        create=lambda body: products.view(products.create(body, parent)),
        update=lambda number, body: products.view(products.update_variation(parent, number, body)),
        delete=lambda number: products.delete(products.variation(parent, number), force=True),
        invalid_id="woocommerce_rest_product_variation_invalid_id",
    )


def _orders() -> Table:
    return {
        ("GET", "orders"): lambda p, a: page_of(
            p.world,
            a.request,
            searches.orders(p.world, p.orders, a.query),
            lambda row: p.orders.view(row, _places(a)),
        ),
        ("POST", "orders"): lambda p, a: _made(p.orders.view(p.orders.create(a.body), _places(a))),
        ("POST", "orders/batch"): lambda p, a: batch.run(a.body, _order_verbs(p)),
        ("GET", "orders/statuses"): lambda p, _: [
            {"slug": one, "name": one.replace("-", " ").capitalize()} for one in p.orders.statuses()
        ],
        ("GET", "orders/#"): lambda p, a: p.orders.view(p.orders.one(a.id), _places(a)),
        ("PUT", "orders/#"): lambda p, a: p.orders.view(p.orders.update(a.id, a.body), _places(a)),
        ("DELETE", "orders/#"): lambda p, a: p.orders.delete(a.id, force=a.force),
        ("GET", "orders/#/notes"): lambda p, a: searches.notes(p.orders.one(a.id), a.query),
        ("POST", "orders/#/notes"): lambda p, a: _made(p.orders.post_note(a.id, a.body)),
        ("GET", "orders/#/notes/#"): lambda p, a: p.orders.note(*a.ids),
        ("DELETE", "orders/#/notes/#"): lambda p, a: p.orders.delete_note(*a.ids, force=a.force),
    }


def _places(asked: Asked) -> int | None:
    """Return the decimals asked for; None: those of the shop."""
    return asked.query.whole("dp", 2, most=12) if asked.query.text("dp") else None


def _order_verbs(p: Parts) -> batch.Verbs:
    return batch.Verbs(
        create=lambda body: p.orders.view(p.orders.create(body)),
        update=lambda number, body: p.orders.view(p.orders.update(number, body)),
        delete=lambda number: p.orders.delete(number, force=True),
        invalid_id="woocommerce_rest_shop_order_invalid_id",
    )


def _refunds() -> Table:
    base = "orders/#/refunds"
    return {
        ("GET", base): lambda p, a: page_of(
            p.world, a.request, searches.refunds_of(p.orders.one(a.id)), p.refunds.view
        ),
        ("POST", base): lambda p, a: _made(p.refunds.view(p.refunds.create(a.id, a.body))),
        ("GET", f"{base}/#"): lambda p, a: p.refunds.view(p.refunds.one(*a.ids)),
        ("DELETE", f"{base}/#"): lambda p, a: p.refunds.delete(*a.ids),
        ("GET", "refunds"): lambda p, a: page_of(
            p.world,
            a.request,
            searches.refunds(p.world, p.refunds, a.query),
            lambda row: p.refunds.view(row, with_parent=True),
        ),
    }


def _fulfilments() -> Table:
    base = "orders/#/fulfillments"
    return {
        ("GET", base): lambda p, a: p.shipments.list_fulfilments(a.id),
        ("POST", base): lambda p, a: _made(p.shipments.fulfil(a.id, a.body)),
        ("PUT", f"{base}/#"): lambda p, a: p.shipments.refill(*a.ids, a.body),
    }


def _trackings(namespace: str) -> Table:
    base = f"{OTHER}{namespace}/orders/#/shipment-trackings"
    return {
        ("GET", f"{OTHER}{namespace}/shipment-trackings/providers"): lambda p, _: (
            p.shipments.providers(namespace)
        ),
        ("GET", base): lambda p, a: p.shipments.list_trackings(namespace, a.id),
        ("POST", base): lambda p, a: _made(p.shipments.track(namespace, a.id, a.body)),
        ("DELETE", f"{base}/@"): lambda p, a: p.shipments.untrack(namespace, a.id, a.word),
    }


def _categories() -> Table:
    base = "products/categories"
    return {
        ("GET", base): lambda p, a: page_of(
            p.world, a.request, searches.categories(p.categories, a.query), p.categories.view
        ),
        ("POST", base): lambda p, a: _made(p.categories.view(p.categories.create(a.body))),
        ("GET", f"{base}/#"): lambda p, a: p.categories.view(p.categories.one(a.id)),
        ("PUT", f"{base}/#"): lambda p, a: p.categories.view(p.categories.update(a.id, a.body)),
        ("DELETE", f"{base}/#"): lambda p, a: p.categories.delete(a.id, force=a.force),
    }


def _customers() -> Table:
    return {
        ("GET", "customers"): lambda p, a: page_of(
            p.world, a.request, searches.customers(p.customers, a.query), p.customers.view
        ),
        ("POST", "customers"): lambda p, a: _made(p.customers.view(p.customers.create(a.body))),
        ("GET", "customers/#"): lambda p, a: p.customers.view(p.customers.one(a.id)),
        ("PUT", "customers/#"): lambda p, a: p.customers.view(p.customers.update(a.id, a.body)),
        ("DELETE", "customers/#"): lambda p, a: p.customers.delete(a.id, force=a.force),
    }


def _webhooks() -> Table:
    return {
        ("GET", "webhooks"): lambda p, a: page_of(
            p.world, a.request, searches.webhooks(p.webhooks, a.query), p.webhooks.view
        ),
        ("POST", "webhooks"): lambda p, a: _made(p.webhooks.view(p.webhooks.create(a.body))),
        ("GET", "webhooks/#"): lambda p, a: p.webhooks.view(p.webhooks.one(a.id)),
        ("PUT", "webhooks/#"): lambda p, a: p.webhooks.view(p.webhooks.update(a.id, a.body)),
        ("DELETE", "webhooks/#"): lambda p, a: p.webhooks.delete(a.id, force=a.force),
    }


def _site() -> Table:
    return {("GET", path): _told(answer) for path, answer in site_routes().items()}


def _told(answer: Answer) -> Handler:
    return lambda p, _: answer(p.world)


def _compile(*tables: Table) -> list[tuple[re.Pattern[str], dict[str, Handler]]]:
    by_path: dict[str, dict[str, Handler]] = {}
    for table in tables:
        for (method, path), handler in table.items():
            by_path.setdefault(path, {})[method] = handler
    return [(re.compile(_pattern(path)), verbs) for path, verbs in by_path.items()]


def _pattern(path: str) -> str:
    return path.replace("#", r"(\d+)").replace("@", r"(?P<word>[\w-]+)")


_COMPILED = _compile(
    _products(),
    _variations(),
    _orders(),
    _refunds(),
    _categories(),
    _customers(),
    _webhooks(),
    _fulfilments(),
    *(_trackings(one) for one in NAMESPACES.values()),
    _site(),
)


def paths() -> list[str]:
    """Return the paths there are, as patterns."""
    return [p.pattern for p, _ in _COMPILED if not p.pattern.startswith(OTHER)]
