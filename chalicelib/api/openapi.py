"""The API's own description, built from the table of routes."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter

from chalicelib.api import bodies
from chalicelib.api.browser_routes import CONNECT_ROUTES, BrowserRoute
from chalicelib.api.filters import LOG_FILTERS, TRANSACTION_FILTERS
from chalicelib.api.routing import Route
from chalicelib.api.service_answers import ErrorAnswer
from chalicelib.domain.log import Page
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome, Status

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{model}"

Json = dict[str, Any]

_PARAMETERS: dict[str, tuple[Json, str]] = {
    "limit": ({"type": "integer", "minimum": 1, "maximum": 200}, "Items of a page."),
    "cursor": ({"type": "string"}, "`next` or `previous` of another page of the same list."),
    "days": ({"enum": [7, 14, 30], "default": 7}, "How many days, with today."),
    "record": ({"type": "string"}, "A record's id at the source."),
    "date": ({"type": "string"}, "When it happened; without a zone in the consumer's own."),
    "q": ({"type": "string"}, "What to search for."),
    "consumer": ({"type": "string"}, "Only this consumer's."),
    "kind": ({"enum": [kind.value for kind in Kind]}, "Stock is what people call inventory."),
    "flow": ({"type": "string"}, "A flow as it is set up."),
    "status": ({"enum": [status.value for status in Status]}, "Where rows stand."),
    "reason": ({"enum": [reason.value for reason in Reason]}, "Why rows are not Synced."),
    "code": (
        {"anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"const": "none"}]},
        "The HTTP status of the answer; `none`: there is none.",
    ),
    "outcome": ({"enum": [outcome.value for outcome in Outcome]}, "How rows came to be Synced."),
    "group": ({"type": "string"}, "Key of a failure group."),
    "cause": ({"type": "string"}, "Key of a held cause."),
    "execution": ({"type": "string"}, "Id of the run they are of."),
    "from": ({"type": "string", "format": "date-time"}, "Listed, or made, then or later."),
    "to": ({"type": "string", "format": "date-time"}, "Listed, or made, before this time."),
    "platform": ({"type": "string"}, "A platform as `connections` names it."),
}
_SINGLE = ("from", "to", "q", "group", "cause", "execution")
_REPEATED = {*LOG_FILTERS, *TRANSACTION_FILTERS} - {*_SINGLE}
_NOT_REPEATED_AT = {("/v1/consumers/{consumer}/diagnosis", "flow")}


def build_document(routes: Sequence[Route]) -> Json:
    """Return the OpenAPI document of these routes."""
    schemas: Json = {}
    paths: Json = {}
    for route in routes:
        operations = paths.setdefault(route.path, {})
        operations[route.method.lower()] = _operation(route, schemas)
    paths |= {one.path: {"get": _browser_operation(one)} for one in CONNECT_ROUTES}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Synclog", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: Json) -> Json:
    operation: Json = {
        "operationId": f"{route.tag.lower().replace(' ', '-')}.{route.name}",
        "tags": [route.tag],
        "summary": route.summary,
        "security": [{"key": []}] if route.role else [],
        "parameters": [
            *_path_parameters(route.path),
            *(_query_parameter(route, name) for name in route.query),
        ],
        "responses": _responses(route, schemas),
    }
    if route.description or route.role:
        operation["description"] = _description(route)
    if route.body is not None:
        schema = _schema(bodies.model_of(route.body), schemas)
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"content": content}
    return operation


def _browser_operation(route: BrowserRoute) -> Json:
    """Return an operation that a person's browser does, with the session of the console."""
    page = {"text/html": {"schema": {"type": "string"}}}
    location = {"description": "Where it goes on.", "schema": {"type": "string"}}
    return {
        "operationId": f"connections.{route.function.partition('.')[2]}_signing_in",
        "tags": ["Connections"],
        "summary": route.summary,
        "description": route.description,
        "security": [],
        "parameters": [
            *_path_parameters(route.path),
            *(
                {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
                for name, text in route.query
            ),
        ],
        "responses": {
            "3XX": {"description": route.summary, "headers": {"Location": location}},
            "default": {"description": "A page that says no.", "content": page},
        },
    }


def _description(route: Route) -> str:
    whose = " of the operator" if route.operator_only else ""
    needs = f"Needs a key{whose} with the role {route.role}." if route.role else ""
    return " ".join(part for part in (route.description, needs) if part)


def _path_parameters(path: str) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(route: Route, name: str) -> Json:
    schema, description = _PARAMETERS[name]
    if name in _REPEATED and (route.path, name) not in _NOT_REPEATED_AT:
        schema = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _responses(route: Route, schemas: Json) -> Json:
    """Return the answers of a route; every one that says no has the same shape."""
    yes: Json = {"description": route.summary}
    if route.answer is not None:
        yes["content"] = {route.media: {"schema": _answer_schema(route.answer, schemas)}}
    if route.headers:
        yes["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in route.headers.items()
        }
    no = {"application/json": {"schema": _schema(ErrorAnswer, schemas)}}
    return {
        f"{route.status // 100}XX": yes,
        "default": {"description": "An answer that says no.", "content": no},
    }


def _answer_schema(answer: Any, schemas: Json) -> Json:
    if get_origin(answer) is not Page:
        return _schema(answer, schemas)
    cursor = {"type": ["string", "null"]}
    items = {"type": "array", "items": _schema(get_args(answer)[0], schemas)}
    return {
        "type": "object",
        "required": ["items", "next", "previous"],
        "properties": {"items": items, "next": cursor, "previous": cursor},
    }


def _schema(model: Any, schemas: Json) -> Json:
    """Return a reference to a model's schema, which is added to the components with its parts."""
    schema = TypeAdapter(model).json_schema(ref_template=REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    title = schema.get("title")
    if title is None:
        return schema
    schemas[title] = schema
    return {"$ref": REFERENCE.format(model=title)}
