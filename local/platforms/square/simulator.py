"""The simulated Square as a server: who may call, how often, with which key, and people's verbs.

Attributes of `Behaviour` (``catalog_live_after_s``, ``search_lag_s`` …) are attributes of the
simulator; the verbs of the till (``sell``, ``pay`` …) are its methods and its ``/_sim`` controls.
"""

import hashlib
import json
import re
from collections import OrderedDict
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.platforms.limits import RateLimit
from local.platforms.server import Clock, Request, Response, Simulator, WebhookSender, wall_clock
from local.platforms.square import controls
from local.platforms.square.catalog import Catalog
from local.platforms.square.catalog_search import CatalogSearch
from local.platforms.square.catalog_writes import CatalogWriter
from local.platforms.square.customers import Customers
from local.platforms.square.desk import Desk
from local.platforms.square.errors import (
    SquareError,
    SquareErrors,
    envelope,
    envelope_for,
    invalid,
)
from local.platforms.square.fields import Json, text
from local.platforms.square.inventory import IN_STOCK, Change, Inventory
from local.platforms.square.oauth import OAuth
from local.platforms.square.orders import Orders
from local.platforms.square.refunds import Refunds
from local.platforms.square.routes import Asked, Parts, Route, find_route
from local.platforms.square.till import Till
from local.platforms.square.webhooks import RETRY_DELAYS_S, Webhooks, retry_headers
from local.platforms.square.world import Behaviour, Location, World

KEYS_KEPT = 20_000
_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class SquareSimulator(Simulator, Behaviour):
    """One merchant's Square on 127.0.0.1; Python callers use it from any thread."""

    def __init__(self, *, clock: Clock = wall_clock, sender: WebhookSender | None = None) -> None:
        sender = sender or WebhookSender(
            clock=clock, retry_delays_s=RETRY_DELAYS_S, retry_headers=retry_headers
        )
        Simulator.__init__(self, clock=clock, sender=sender)
        Behaviour.__init__(self)
        self.world = World(clock=clock, behaviour=self, emit=self._emit)
        self.catalog = Catalog(self.world)
        self.writer = CatalogWriter(self.world, self.catalog)
        self.inventory = Inventory(self.world, self.catalog)
        self.orders = Orders(self.world)
        self.customers = Customers(self.world)
        self.oauth = OAuth(self.world)
        self.webhooks = Webhooks(self.world, self.sender)
        self.refunds = Refunds(self.world)
        self.till = Till(self.world, self.catalog, self.inventory, self.orders)
        self.desk = Desk(self.world, self.till, self.orders, self.refunds)
        self._parts = Parts(
            world=self.world,
            catalog=self.catalog,
            writer=self.writer,
            searcher=CatalogSearch(self.world, self.catalog),
            inventory=self.inventory,
            orders=self.orders,
            customers=self.customers,
            refunds=self.refunds,
            oauth=self.oauth,
            webhooks=self.webhooks,
        )
        self._answers: OrderedDict[tuple[str, str], tuple[str, bytes]] = OrderedDict()
        self._limit: RateLimit | None = None
        self.controls |= controls.controls_of(self)

    def respond(self, request: Request) -> Response:
        """Answer one call of Square's API."""
        try:
            return self._answer(request)
        except SquareErrors as refused:
            return Response(refused.status, envelope(*refused.errors))
        except SquareError as refused:
            wait = self._limit.headers() if self._limit and refused.status == 429 else {}
            return Response(refused.status, envelope(refused), wait)

    def error_body(self, status: int) -> object:
        """Return Square's envelope for a fault with ``status``."""
        return envelope_for(status)

    def _answer(self, request: Request) -> Response:
        route, found_id, other_method = find_route(request.method, request.path)
        if route is None:
            status, code = (405, "METHOD_NOT_ALLOWED") if other_method else (404, "NOT_FOUND")
            raise SquareError(status, code, "Resource not found.")
        if not route.is_open:
            self.oauth.check(request.headers.get("authorization", ""), route.scope)
        if self._limit is not None and not self._limit.take(self.clock()):
            raise SquareError(429, "RATE_LIMITED", "Too many requests; slow down.")
        version = request.headers.get("square-version")
        if version is not None and not _VERSION.match(version):
            detail = "The Square-Version is not a date."
            raise invalid(detail, code="INVALID_SQUARE_VERSION_FORMAT")
        asked = Asked(
            request=request,
            body=_body(request),
            query={name: values[0] for name, values in request.query.items()},
            id=found_id,
        )
        if route.key_length:
            return self._once(route, asked)
        return self._work(route, asked)

    def _once(self, route: Route, asked: Asked) -> Response:
        """Answer a repeated idempotency key with the first result."""
        key = text(asked.body, "idempotency_key", most=route.key_length, needed=True)
        content = json.dumps(asked.body, sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()
        known = self._answers.get((asked.request.path, key))
        if known is not None and known[0] != digest:
            detail = "The idempotency key was used before with another request body."
            raise invalid(detail, "idempotency_key", "IDEMPOTENCY_KEY_REUSED")
        if known is not None:
            return Response(200, known[1])
        response = self._work(route, asked)
        self._answers[(asked.request.path, key)] = (digest, response.encoded())
        if len(self._answers) > KEYS_KEPT:
            self._answers.popitem(last=False)
        return response

    def _work(self, route: Route, asked: Asked) -> Response:
        result = route.handler(self._parts, asked)
        if isinstance(result, Response):
            return result
        body = Response(200, result).encoded()  # encoded here: state may change once unlocked
        if not route.is_catalog_write or self.catalog_write_s <= 0:
            return Response(200, body)
        self.catalog.busy = True
        return Response(200, body, after_s=self.catalog_write_s, then=self._free_catalog)

    def _free_catalog(self) -> None:
        self.catalog.busy = False

    def _emit(self, event: str, data_type: str, object_id: str, content: Json | None) -> None:
        self.webhooks.emit(event, data_type, object_id, content)

    def limit_calls(self, per_s: float | None, *, retry_after_s: int | None = None) -> None:
        """Answer 429 beyond ``per_s`` calls a second (None: never), with Retry-After if given."""
        with self.lock:
            self._limit = RateLimit(per_s, retry_after_s, self.clock()) if per_s else None

    def hold_catalog(self, held: bool = True) -> None:
        """Play somebody else's catalogue write that goes on until it is released."""
        with self.lock:
            self.catalog.busy = held

    def add_location(self, name: str, **details: Any) -> str:
        """Open a shop and return its id; ``details`` are fields of `Location`."""
        with self.lock:
            main = not self.world.locations
            location_id = details.pop("id", None) or self.world.new_id("L")[:13]
            made = Location(**{"id": location_id, "name": name, "main": main, **details})
            self.world.locations[made.id] = made
            return made.id

    def add_token(self, value: str | None = None, **details: Any) -> str:
        """Make an access token: ``scopes=(...)``, ``expires_in_s=...``."""
        with self.lock:
            return self.oauth.add_token(value, **details)

    def subscribe(self, notification_url: str, event_types: list[str] | None = None) -> str:
        """Make a webhook subscription and return its signature key."""
        with self.lock:
            return self.webhooks.subscribe(notification_url, event_types)

    def sell(self, location: str, lines: Any, **options: Any) -> str:
        """Ring up a sale at a location (id or name); see `Till.sell`."""
        with self.lock:
            return self.till.sell(self._location_id(location), lines, **options)

    def pay(self, order: str, amount: int | None = None, **options: Any) -> str:
        """Take money for an order; see `Till.pay`."""
        with self.lock:
            return self.till.pay(order, amount, **options)

    def cancel(self, order: str) -> None:
        """Cancel an order; see `Till.cancel`."""
        with self.lock:
            self.till.cancel(order)

    def edit(self, order: str, lines: Any = None, **options: Any) -> None:
        """Change an order; see `Till.edit`."""
        with self.lock:
            self.till.edit(order, lines, **options)

    def add_customer(self, **details: Any) -> str:
        """Make a customer profile of the API's fields and return its id."""
        with self.lock:
            return self.customers.add(**details)

    def change_customer(self, customer: str, **details: Any) -> None:
        """Change fields of a profile; see `Customers.change`."""
        with self.lock:
            self.customers.change(customer, **details)

    def delete_customer(self, customer: str) -> None:
        """Delete a profile."""
        with self.lock:
            self.customers.delete(customer)

    def merge_customers(self, customers: list[str], **details: Any) -> str:
        """Merge profiles into a new one and return its id; see `Customers.merge`."""
        with self.lock:
            return self.customers.merge(customers, **details)

    def refund(self, order: str, lines: Any = None, **options: Any) -> list[str]:
        """Give money back for goods or without them; see `Desk.give_back`."""
        with self.lock:
            return self.desk.give_back(order, lines, **options)

    def take_back(self, location: str, lines: Any, **options: Any) -> str:
        """Take goods back without a receipt; see `Desk.take_unlinked`."""
        with self.lock:
            return self.desk.take_unlinked(self._location_id(location), lines, **options)

    def exchange(self, order: str, back: Any, lines: Any, **options: Any) -> Json:
        """Take goods of a sale back and sell others; see `Desk.exchange`."""
        with self.lock:
            return self.desk.exchange(order, back, lines, **options)

    def settle_refund(self, refund: str, status: str = "COMPLETED") -> None:
        """Let a refund come to its end; see `Desk.settle`."""
        with self.lock:
            self.desk.settle(refund, status)

    def edit_catalog(self, object_id: str, data: Json, **presence: Any) -> int:
        """Change an object as the Dashboard would and return its new version."""
        with self.lock:
            return self.writer.edit(object_id, data, presence)

    def delete_catalog(self, *object_ids: str) -> None:
        """Delete objects as the Dashboard would."""
        with self.lock:
            self.catalog.delete(list(object_ids))

    def set_stock(
        self,
        variation: str,
        location: str,
        quantity: Decimal | int | str,
        at: datetime | None = None,
    ) -> None:
        """Count a variation as a person in the shop would."""
        with self.lock:
            place = (variation, self._location_id(location), IN_STOCK)
            amount = Decimal(str(quantity))
            counted = Change(place=place, at=at or self.clock(), is_count=True, amount=amount)
            self.inventory.record([counted])

    def stock(self, variation: str, location: str) -> Decimal:
        """Return what is in stock."""
        with self.lock:
            return self.inventory.on_hand(variation, self._location_id(location))

    def _location_id(self, location: str) -> str:
        """Return the id of a location given by id or name."""
        named = [one.id for one in self.world.locations.values() if one.name == location]
        return location if location in self.world.locations or not named else named[0]


def _body(request: Request) -> Json:
    try:
        body = request.json()
    except ValueError:
        raise invalid("The body is not valid JSON.", code="EXPECTED_JSON_BODY") from None
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object.", code="EXPECTED_OBJECT")
    return body
