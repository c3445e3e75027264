"""The simulated Lightspeed as a server: versions in the path, who may call, how often.

Attributes of `Behaviour` are attributes of the simulator; the verbs of people (``sell``,
``take_back`` …) are its methods and its ``/_sim`` controls.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from local.platforms.lightspeed import controls
from local.platforms.lightspeed.account import Account
from local.platforms.lightspeed.customers import Customers
from local.platforms.lightspeed.errors import LightspeedError, invalid, too_many
from local.platforms.lightspeed.fields import Json, decoded, encoded
from local.platforms.lightspeed.limits import Window, http_date
from local.platforms.lightspeed.oauth import SCOPES, OAuth, Token
from local.platforms.lightspeed.products import Products
from local.platforms.lightspeed.routes import Asked, Parts, Route, find_route
from local.platforms.lightspeed.sales import Sales
from local.platforms.lightspeed.search import Search
from local.platforms.lightspeed.till import Till
from local.platforms.lightspeed.webhooks import RETRY_DELAYS_S, Webhooks
from local.platforms.lightspeed.world import Behaviour, World
from local.platforms.server import Clock, Request, Response, Simulator, WebhookSender, wall_clock

WINDOW_S = 300
CALLS_PER_REGISTER = 300
CALLS_BESIDES = 50
FIRST_DATE_VERSION = "2026-01"
_PATH = re.compile(r"/api/(?P<version>\d{4}-(01|04|07|10))/(?P<path>.+)$")


class LightspeedSimulator(Simulator, Behaviour):
    """One retailer's Lightspeed on 127.0.0.1; Python callers use it from any thread."""

    def __init__(self, *, clock: Clock = wall_clock, sender: WebhookSender | None = None) -> None:
        sender = sender or WebhookSender(clock=clock, retry_delays_s=RETRY_DELAYS_S)
        Simulator.__init__(self, clock=clock, sender=sender)
        self.world = World(clock=clock, behaviour=self, emit=self._emit)
        self.oauth = OAuth(self.world)
        self.webhooks = Webhooks(self.world, self.sender)
        self.account = Account(self.world)
        self.products = Products(self.world, self.account)
        self.inventory = self.products.inventory
        self.customers = Customers(self.world)
        self.sales = Sales(self.world, self.account, self.inventory, self.customers)
        self.till = Till(self.world, self.account, self.sales)
        self._parts = Parts(
            account=self.account,
            products=self.products,
            customers=self.customers,
            sales=self.sales,
            search=Search(self.products, self.customers, self.sales),
            webhooks=self.webhooks,
        )
        self.calls_per_window: int | None = None  #: None: what the registers allow
        #: what people do at the till just after the next change of a product.
        self.after_next_change: Callable[[], object] | None = None
        self._windows: dict[str, Window] = {}
        self.controls |= controls.controls_of(self)

    def respond(self, request: Request) -> Response:
        """Answer one call of Lightspeed's API."""
        try:
            return self._answer(request)
        except LightspeedError as error:
            return Response(error.status, error.as_json())

    def error_body(self, status: int) -> object:
        """Return Lightspeed's error body for a fault with ``status``."""
        return LightspeedError(status, "The simulator was asked to fail this call.").as_json()

    def _answer(self, request: Request) -> Response:
        if self.user_agent_required and not _names_somebody(request):
            raise invalid("A User-Agent header that names the application is required.")
        if (request.method, request.path) == ("GET", "/connect"):
            return self.oauth.connect({name: one[0] for name, one in request.query.items()})
        if (request.method, request.path) == ("POST", "/api/1.0/token"):
            return self.oauth.answer(request)
        route, found_id = self._route(request)
        token = self.oauth.check(request, route.scope)
        window, limit = self._window(token), self.call_limit()
        if not window.take(limit, self.clock()):
            wait = window.retry_after(self.retry_after_form, self.clock())
            headers = window.headers(limit) | {"Retry-After": wait, "Date": http_date(self.clock())}
            return Response(429, too_many().as_json(), headers)
        return self._work(route, found_id, request, token, window.headers(limit))

    def _route(self, request: Request) -> tuple[Route, str]:
        """Return the route of a call; a version too old is served, one too new is not there."""
        found = _PATH.match(request.path)
        if found is None or found["version"] > self.newest_version:
            raise LightspeedError(404, "There is no such resource.")
        route, found_id, other_method = find_route(request.method, found["path"])
        if route is None:
            status = 405 if other_method else 404
            raise LightspeedError(status, "There is no such resource.")
        return route, found_id

    def _work(
        self, route: Route, found_id: str, request: Request, token: Token, headers: dict[str, str]
    ) -> Response:
        try:
            asked = Asked(
                body=_body(request),
                query={name: values[0] for name, values in request.query.items()},
                queries=dict(request.query),
                token=token,
                id=found_id,
            )
            result = route.handler(self._parts, asked)
            self._go_on(request)
        except LightspeedError as error:
            return Response(error.status, error.as_json(), headers)
        return Response(route.status, b"" if result is None else encoded(result), headers)

    def _go_on(self, request: Request) -> None:
        """Let people do what they do meanwhile."""
        if request.method == "PUT" and "/products/" in request.path:
            doing, self.after_next_change = self.after_next_change, None
            if doing is not None:
                doing()

    def _window(self, token: Token) -> Window:
        """Return the window of an application: one for OAuth, one for each personal token."""
        key = "" if token.grant else token.value
        made = Window(length_s=WINDOW_S, started=self.clock())
        return self._windows.setdefault(key, made)

    def call_limit(self) -> int:
        """Return the calls free in one window: 300 for each register, and 50."""
        if self.calls_per_window is not None:
            return self.calls_per_window
        return CALLS_PER_REGISTER * len(self.account.registers.live()) + CALLS_BESIDES

    def _emit(self, event: str, payload: Json) -> None:
        self.webhooks.emit(event, payload, self.oauth.client_secret)

    def add_outlet(self, name: str, register: str = "", prefix: str = "") -> str:
        """Open an outlet with one register (named like it unless told) and return its id."""
        with self.lock:
            outlet_id = self.account.add_outlet(name)
            self.account.add_register(outlet_id, register or name, prefix)
            for product in self.products.feed.live():
                self.inventory.count(product.id, outlet_id, Decimal(0))
            return outlet_id

    def add_token(self, scopes: str = SCOPES) -> str:
        """Make a personal token."""
        with self.lock:
            return self.oauth.add_personal(scopes)

    def grant(self, scopes: str = SCOPES) -> Json:
        """Let the retailer agree to the application; returns its tokens."""
        with self.lock:
            return self.oauth.add_grant(scopes)

    def add_product(self, name: str, **fields: Any) -> list[str]:
        """Make a family of the API's fields and return the ids of its rows."""
        with self.lock:
            return list(self.products.create({"name": name} | _exact(fields))["data"])

    def add_customer(self, **fields: Any) -> str:
        """Make a customer of the API's fields and return the id."""
        with self.lock:
            body = {"first_name": None, "last_name": None} | fields
            return str(self.customers.create(body)["data"]["id"])

    def delete(self, kind: str, object_id: str) -> None:
        """Delete one of the ``products``, ``customers``, ``outlets`` or ``registers``."""
        with self.lock:
            if kind == "products":
                self.products.delete(object_id)
                return
            others = {"outlets": self.account.outlets, "registers": self.account.registers}
            (others | {"customers": self.customers.feed})[kind].delete(object_id)

    def set_stock(self, product: str, outlet: str, amount: Decimal | int | str) -> None:
        """Count a product as a person at the outlet would."""
        with self.lock:
            self.products.feed.find(product)
            self.account.outlets.find(outlet)
            self.inventory.count(product, outlet, Decimal(str(amount)))

    def stock(self, product: str, outlet: str) -> Decimal:
        """Return what is in stock."""
        with self.lock:
            return self.inventory.level(product, outlet)

    def sell(self, register: str, quantity_by_sku: dict[str, Any], **options: Any) -> str:
        """Ring up a sale; see `Till.sell`."""
        with self.lock:
            return self.till.sell(register, quantity_by_sku, **options)

    def change_sale(self, sale: str, state: str, *, paid: bool = False) -> None:
        """Put a sale into another state, e.g. ``voided``; see `Till.change`."""
        with self.lock:
            self.till.change(sale, state, paid=paid)

    def take_back(self, sale: str, quantity_by_sku: dict[str, Any] | None = None) -> str:
        """Return a sale or some of it; see `Till.take_back`."""
        with self.lock:
            return self.till.take_back(sale, quantity_by_sku)


def _names_somebody(request: Request) -> bool:
    """Whether a call says whose it is, and not only which library made it."""
    named = request.headers.get("user-agent", "")
    return bool(named) and not named.startswith("python-")


def _body(request: Request) -> Json:
    body = decoded(request.body)
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object.")
    return body


def _exact(fields: Json) -> Json:
    """Return fields with decimals for floats, as bodies of requests have them."""
    return dict(decoded(encoded(fields)))
