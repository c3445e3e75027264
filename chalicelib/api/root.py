"""Routes without a key, and the list of all routes there are."""

from functools import cache
from typing import Any

from chalicelib.api import (
    connections,
    consumers,
    counts,
    diagnosis,
    dlq,
    executions,
    export,
    flows,
    groups,
    history,
    keys,
    logs,
    mappings,
    platforms,
    report,
    resyncs,
    standings,
    transactions,
    webhooks,
)
from chalicelib.api.requests import answer_in_our_shape
from chalicelib.api.routing import Call, Route, Routes
from chalicelib.api.serializers import time_json
from chalicelib.api.service_answers import HealthAnswer

routes = Routes(__name__, "Service")
routes.blueprint.register_middleware(answer_in_our_shape, "http")

MODULES = (
    routes,
    webhooks.routes,
    consumers.routes,
    standings.routes,
    platforms.routes,
    connections.routes,
    flows.routes,
    counts.routes,
    mappings.routes,
    logs.routes,
    export.routes,
    resyncs.routes,
    groups.routes,
    executions.routes,
    transactions.routes,
    history.routes,
    report.routes,
    diagnosis.routes,
    dlq.routes,
    keys.routes,
)

BLUEPRINTS = tuple(module.blueprint for module in MODULES)


@routes.add("GET", "/v1/health", role=None, answer=HealthAnswer)
def show_health(call: Call) -> Any:
    """Say that the service answers."""
    return {"status": "ok", "time": time_json(call.services.now())}


@routes.add("GET", "/v1/openapi.json", role=None, answer=dict[str, Any])
def show_openapi(call: Call) -> Any:
    """Describe all routes, as an OpenAPI document."""
    return document()


@cache
def route_of(method: str, path: str) -> Route:
    """Return the route of a method and a path as declared.

    Raises:
        LookupError: there is none.
    """
    for route in all_routes():
        if (route.method, route.path) == (method, path):
            return route
    raise LookupError(f"there is no route {method} {path}")


def all_routes() -> list[Route]:
    """Return every route of the API."""
    return [route for module in MODULES for route in module.table]


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document of all routes."""
    from chalicelib.api.openapi import build_document  # with it come pydantic and every model

    return build_document(all_routes())
