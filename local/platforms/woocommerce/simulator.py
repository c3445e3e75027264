"""The simulated WooCommerce as a server: who may call, what the site does to it, people's verbs."""

from typing import Any

from local.platforms.limits import RateLimit
from local.platforms.server import Clock, Request, Response, Simulator, wall_clock
from local.platforms.woocommerce import controls, routes
from local.platforms.woocommerce.auth import Key, Keys
from local.platforms.woocommerce.categories import Categories
from local.platforms.woocommerce.customers import Customers
from local.platforms.woocommerce.errors import CRITICAL, Json, PageError, WooError
from local.platforms.woocommerce.fields import encode
from local.platforms.woocommerce.listing import Query
from local.platforms.woocommerce.orders import Orders
from local.platforms.woocommerce.products import Products
from local.platforms.woocommerce.refunds import Refunds
from local.platforms.woocommerce.shipments import Shipments
from local.platforms.woocommerce.site import index
from local.platforms.woocommerce.webhooks import HookSender, Webhooks
from local.platforms.woocommerce.world import Behaviour, World

API = "/wp-json/wc/v3/"
MAINTENANCE = "Briefly unavailable for scheduled maintenance. Check back in a minute."
JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8", "X-Robots-Tag": "noindex"}


class WooCommerceSimulator(Simulator, Behaviour):
    """One shop on 127.0.0.1, at its root or below ``folder`` (such as ``/shop``).

    With ``https_only`` (as shops do) a call over http has to be signed with OAuth 1.0a; without it
    the shop takes every call for HTTPS, and Basic works on this machine.
    """

    def __init__(
        self,
        *,
        clock: Clock = wall_clock,
        sender: HookSender | None = None,
        https_only: bool = True,
        folder: str = "",
    ) -> None:
        hooks = sender or HookSender(clock=clock)
        Simulator.__init__(self, clock=clock, sender=hooks)
        self.https_only = https_only
        self.folder = folder.rstrip("/")
        self.world = World(clock=clock, behaviour=self, emit=self._emit)
        self.keys = Keys(self.world)
        self.products = Products(self.world)
        self.orders = Orders(self.world, self.products)
        self.parts = routes.Parts(
            world=self.world,
            products=self.products,
            categories=Categories(self.world, self.products),
            orders=self.orders,
            refunds=Refunds(self.world, self.orders),
            customers=Customers(self.world),
            webhooks=Webhooks(self.world, hooks, self._resource),
            shipments=Shipments(self.world, self.orders),
        )
        self.limit: RateLimit | None = None
        self.controls |= controls.controls_of(self)

    @property
    def shop_url(self) -> str:
        """The address of the shop, which a connection stores."""
        return self.base_url + self.folder

    def start(self, port: int = 0) -> str:
        """Serve and return the base url of the server."""
        found = super().start(port)
        self.world.home = self.shop_url
        return found

    def respond(self, request: Request) -> Response:
        """Answer one call of the REST API, or a page of the site."""
        try:
            self._meet_the_site()
            answer = self._answer(request)
        except PageError as page:
            return Response(page.status, page.page(), page.headers, after_s=self.slow_s)
        except WooError as refused:
            answer = Response(refused.status, refused.body())
        body = encode(_trimmed(answer.body, Query(request.query)))
        if self.plugin == "notice":
            body = b"<br />\n<b>Notice</b>: Undefined index in <b>plugin.php</b><br />\n" + body
        return Response(
            answer.status, body, JSON_HEADERS | dict(answer.headers), after_s=self.slow_s
        )

    def error_body(self, status: int) -> object:
        """Return WordPress's envelope for a fault with ``status``."""
        return WooError(status, "internal_server_error", CRITICAL).body()

    def _meet_the_site(self) -> None:
        """Let maintenance, a firewall or a plugin answer before WooCommerce does."""
        if self.maintenance:
            raise PageError(503, MAINTENANCE, {"Retry-After": "600"})
        if self.limit is not None and not self.limit.take(self.clock()):
            raise PageError(429, "Too many requests.", self.limit.headers())
        if self.plugin == "page":
            raise PageError(403, "Checking your browser before you can enter.")

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix(self.folder)
        if not request.path.startswith(f"{self.folder}/"):
            raise PageError(404, "Page not found.")
        if path == "/" and "rest_route" in request.query:
            self.keys.check(None, request.method)
        if path.rstrip("/") == "/wp-json":
            return Response(200, index(self.world, routes.paths()))
        if not path.startswith("/wp-json/"):
            raise PageError(404, "Page not found.")
        caller = self.keys.identify(request)
        below = path.removeprefix("/wp-json")
        name = path.removeprefix(API) if path.startswith(API) else below
        handler, ids, word = routes.find(request.method, name.rstrip("/"))
        self.keys.check(caller, request.method)
        asked = routes.Asked(request=request, body=_body(request), ids=ids, word=word)
        result = handler(self.parts, asked)
        return result if isinstance(result, Response) else Response(200, result)

    def _resource(self, resource: str, number: int) -> Json:
        """Return what a webhook says of a resource now, be it that it is gone."""
        with self.lock:
            try:
                if resource == "order":
                    return self.orders.view(self.orders.one(number))
                if resource == "customer":
                    return self.parts.customers.view(self.parts.customers.one(number))
                return self.parts.product_view(self.products.product(number))
            except WooError as refused:
                return refused.body()

    def _emit(self, resource: str, event: str, number: int) -> None:
        self.parts.webhooks.emit(resource, event, number)

    def add_key(self, permissions: str = "read_write") -> Key:
        """Make a REST key: ``read``, ``write`` or ``read_write``."""
        with self.lock:
            return self.keys.add(permissions)

    def limit_calls(self, per_s: float | None, *, retry_after_s: int | None = None) -> None:
        """Answer 429 beyond ``per_s`` calls a second (None: never), as a host's firewall does."""
        with self.lock:
            self.limit = RateLimit(per_s, retry_after_s, self.clock()) if per_s else None

    def add_product(self, **fields: Any) -> int:
        """Make a product of the API's fields and return its id."""
        with self.lock:
            return self.products.create(fields).id

    def add_variation(self, parent: int, **fields: Any) -> int:
        """Make a variation of the API's fields and return its id."""
        with self.lock:
            return self.products.create(fields, parent).id

    def set_stock(self, product: int, quantity: int) -> None:
        """Count a product or a variation as a person does at the dashboard."""
        with self.lock:
            found = self.products.product(product)
            self.products.move_stock(product, quantity - (found.data["stock_quantity"] or 0))

    def restore_product(self, product: int) -> None:
        """Take a product out of the trash."""
        with self.lock:
            self.products.restore(product)

    def buy(self, lines: list[Json], **fields: Any) -> int:
        """Place a paid order at the checkout and return its id."""
        order = {"payment_method": "bacs", "status": "processing", "created_via": "checkout"}
        with self.lock:
            return self.orders.create({**order, "line_items": lines, **fields}).id

    def set_order_status(self, order: int, status: str) -> None:
        """Move an order as a person does at the dashboard."""
        with self.lock:
            self.orders.update(order, {"status": status})

    def refund(self, order: int, **fields: Any) -> int:
        """Refund an order at the dashboard, no money moved unless asked; returns its id."""
        with self.lock:
            return self.parts.refunds.create(order, {"api_refund": False, **fields})[1].id


def _body(request: Request) -> Json:
    try:
        body = request.json()
    except ValueError:
        text = "Invalid JSON body passed."
        raise WooError(400, "rest_invalid_json", text) from None
    return body if isinstance(body, dict) else {}


def _trimmed(body: object, query: Query) -> object:
    """Leave what ``_fields`` names."""
    fields = query.many("_fields")
    if not fields:
        return body
    if isinstance(body, list):
        return [_trimmed(one, query) for one in body]
    if isinstance(body, dict) and "code" not in body:
        return {name: value for name, value in body.items() if name in fields}
    return body
