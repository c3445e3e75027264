"""The call a handler receives, and the table that finds the handler of a path."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from local.platforms.brightpearl.auth import Principal
from local.platforms.brightpearl.faults import BODY_MISSING, VendorFault, invalid, not_found
from local.platforms.brightpearl.formats import format_time, parse_whole
from local.platforms.brightpearl.idsets import IdSet, parse_id_set
from local.platforms.brightpearl.state.orders import Order
from local.platforms.brightpearl.world import World

MAX_IDS = 200
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One authorised call; ``args`` are the variable parts of the path."""

    world: World
    principal: Principal
    args: tuple[str, ...]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def ids(self, index: int = 0, *, limit: int = MAX_IDS) -> IdSet:
        """Return the id set in the path; more than ``limit`` ids are refused."""
        try:
            ids = parse_id_set(self.args[index])
        except ValueError as error:
            raise invalid("CMNC-000", str(error)) from None
        if ids.count > limit:
            raise invalid("CMNC-000", f"At most {limit} ids may be asked for, not {ids.count}")
        return ids

    def id(self, index: int = 0) -> int:
        """Return the single id in the path."""
        number = parse_whole(self.args[index])
        if number is None:
            raise not_found(f"Resource {self.args[index]!r}")
        return number

    def order(self, index: int = 0) -> Order:
        """Return the order named in the path, or raise a 404."""
        order = self.world.orders.by_id.get(self.id(index))
        if order is None:
            raise not_found(f"Order {self.args[index]}")
        return self.world.settled(order)

    def document(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        return self._json(dict)

    def items(self) -> list[dict[str, Any]]:
        """Return the body, which must be a list of JSON objects."""
        items = self._json(list)
        if not all(isinstance(item, dict) for item in items):
            raise invalid(BODY_MISSING, "The body must be a list of JSON objects")
        return items

    def _json(self, kind: type[T]) -> T:
        if not self.body.strip():
            raise VendorFault(400, (BODY_MISSING, "JSON body missing"))
        try:
            found = json.loads(self.body, parse_float=Decimal)
        except ValueError:
            raise invalid(BODY_MISSING, "The body is not JSON") from None
        if not isinstance(found, kind):
            raise invalid(BODY_MISSING, f"The body must be a JSON {kind.__name__}")
        return found


Handler = Callable[[Call], dict[str, object]]


@dataclass(frozen=True)
class Route:
    """A path without account, such as ``order-service/order/{}/row``."""

    method: str
    path: str
    handler: Handler


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [
            (re.compile(route.path.replace("{}", "([^/]+)")), route) for route in routes
        ]

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
        """Return handler and variable parts, or raise a 404 (405 for another method)."""
        known = False
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match and route.method == method:
                return route.handler, match.groups()
            known = known or match is not None
        if known:
            raise VendorFault(405, ("CMNC-000", f"{method} is not possible here"))
        raise not_found(f"Resource /{path}")


def answer(value: object) -> dict[str, object]:
    """Wrap a value as Brightpearl does."""
    return {"response": value}


def written(world: World) -> Callable[[Any], str]:
    """Return the function that writes times in the account's zone."""
    return lambda at: format_time(at, world.zone)


def without_nulls(document: Mapping[str, object]) -> dict[str, object]:
    """Leave null fields out, as Brightpearl's answers do."""
    return {name: value for name, value in document.items() if value is not None}
