"""Routes as data: what each needs is declared, checked before its function runs, and documented.

``GET /v1/openapi.json`` is built from the same table, so the document cannot drift from the routes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote

from chalice.app import Blueprint, Request, Response

from chalicelib import wiring
from chalicelib.api import auth, errors, requests
from chalicelib.api.auth import Principal
from chalicelib.domain.setup import Consumer, Role
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import Problem, refuse_if_any

NOBODY = Principal(consumer=None, role=Role.VIEWER, name="")
PAGING = ("limit", "cursor")
JSON = "application/json"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

#: Models of ``bodies``, named so that only a request with a body imports pydantic.
BodyName = Literal[
    "ConnectionBody",
    "ConsumerChange",
    "FlowBody",
    "ImportBody",
    "MappingBody",
    "NewConsumer",
    "NewKey",
    "Nothing",
    "RedriveBody",
    "ResyncBody",
]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route, as the check before it and the document know it."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    description: str
    role: Role | None  #: None: no key is needed
    operator_only: bool
    query: Sequence[str]
    body: BodyName | None
    status: int
    answer: Any  #: type of the JSON; None: no body
    media: str  #: what the body of a yes is
    headers: Mapping[str, str]  #: headers that belong to the answer, with what each says
    function: "Handler"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a route, checked: what its function may know."""

    services: Services
    request: Request
    principal: Principal
    params: Mapping[str, str]  #: parts of the address
    query: Mapping[str, Sequence[str]]
    body: Any = None  #: an object of the route's model
    found: Consumer | None = None

    @property
    def consumer(self) -> Consumer:
        """The consumer of the address, which exists and is the caller's to see."""
        if self.found is None:
            raise LookupError("the address of this route names no consumer")
        return self.found

    @property
    def by(self) -> str:
        """Who is written into the history."""
        return self.principal.name


Handler = Callable[[Call], Any]


class Routes:
    """The routes of one module: a Chalice blueprint and the table they are documented by."""

    def __init__(self, import_name: str, tag: str) -> None:
        self.blueprint = Blueprint(import_name)
        self.table: list[Route] = []
        self._tag = tag

    def add(
        self,
        method: str,
        path: str,
        *,
        role: Role | None = Role.VIEWER,
        operator_only: bool = False,
        query: Sequence[str] = (),
        body: BodyName | None = None,
        status: int = 200,
        answer: Any = None,
        media: str = JSON,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Callable[[Handler], Handler]:
        """Register a function; its docstring is the route's documentation.

        The function returns JSON values, None for an answer without a body, or a ``Response``.
        """

        def register(function: Handler) -> Handler:
            """Note the route and give the function to Chalice as its view."""
            summary, _, description = (function.__doc__ or "").strip().partition("\n")
            route = Route(
                method=method,
                path=path,
                name=function.__name__,
                tag=self._tag,
                summary=summary.rstrip("."),
                description=" ".join(description.split()),
                role=role,
                operator_only=operator_only,
                query=query,
                body=body,
                status=status,
                answer=answer,
                media=media,
                headers=headers,
                function=function,
            )
            self.table.append(route)
            # Chalice would refuse other content types in its own words; ours are said by the body.
            self.blueprint.route(path, methods=[method], content_types=["*/*"], name=route.name)(
                _view_of(route)
            )
            return function

        return register


def _view_of(route: Route) -> Callable[..., Response]:
    def view(**params: str) -> Response:
        try:
            return _respond(route, route.function(_read_call(route, requests.current(), params)))
        except errors.KNOWN as error:
            return errors.response_of(error)

    return view


def _read_call(route: Route, request: Request, raw: Mapping[str, str]) -> Call:
    """Check a request in the order that tells strangers least: key, tenant, role, then the rest."""
    services = wiring.services()
    # No value of ours holds a percent sign, so decoding what a gateway decoded changes nothing.
    params = {name: unquote(value) for name, value in raw.items()}
    principal = NOBODY if route.role is None else auth.identify(services, request.headers)
    found = admit(route, services, principal, params)
    given = request.query_params
    query = {name: given.getlist(name) for name in given} if given else {}
    return Call(
        services=services,
        request=request,
        principal=principal,
        params=params,
        query=check_query(route, query),
        body=_read_body(route, request),
        found=found,
    )


def admit(
    route: Route,
    services: Services,
    principal: Principal,
    params: Mapping[str, str],
    *,
    known: Consumer | None = None,
) -> Consumer | None:
    """Let a caller through to a route, or not; returns the consumer that its address names.

    Args:
        known: a consumer that this caller was let through to before in the same request.

    Raises:
        ApiError: 403, or 404 for a consumer that is not the caller's to see.
    """
    if route.role is None:
        return None
    found = None
    if route.operator_only:
        auth.require_operator(principal)
    elif "consumer" in params:
        is_known = known is not None and known.id == params["consumer"]
        found = known if is_known else auth.find_consumer(services, principal, params["consumer"])
    auth.require_role(principal, route.role)
    return found


def check_query(route: Route, query: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return the query; unknown names are refused, for a misspelt filter would filter nothing."""
    known = ", ".join(route.query) or "none"
    message = f"There is no such parameter here. Known are: {known}."
    unknown = [] if route.role is None else [name for name in query if name not in route.query]
    refuse_if_any([Problem(field=name[:100], message=message) for name in unknown])
    return query


def _read_body(route: Route, request: Request) -> Any:
    if route.body is None:
        return None
    from chalicelib.api import bodies

    model = bodies.model_of(route.body)
    return requests.read_body(request, model, limit=wiring.settings().max_body_bytes)


def _respond(route: Route, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    return answer(route.status, result)


def answer(status: int, body: Any) -> Response:
    """Return JSON with a status; None makes an empty body."""
    text = "" if body is None else body
    return Response(body=text, status_code=status, headers=dict(errors.HEADERS))
