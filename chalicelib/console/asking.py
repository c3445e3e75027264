"""Asking the API from within: the same routes, checks, roles and histories as over HTTP.

The console has no query of its own. What a page shows is what the API answers to the same key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalice.app import Request, Response

from chalicelib.api import requests
from chalicelib.api.auth import Principal
from chalicelib.api.root import route_of
from chalicelib.api.routing import Call, Route, admit, check_query
from chalicelib.domain.setup import Consumer
from chalicelib.flows.services import Services

#: Filters and the like: one value, or several under one name. None and empty text are left out.
Query = Mapping[str, str | int | Sequence[str] | None]


@dataclass(kw_only=True)
class Asking:
    """The API as one person may use it, while one page is made."""

    services: Services
    request: Request
    principal: Principal
    known: Consumer | None = None  #: the consumer this person was let through to

    def get(self, path: str, query: Query | None = None, **params: str) -> Any:
        """Return what ``GET`` answers; the path is written as the API declares it.

        Raises:
            ApiError: and the other errors of ``api.errors.KNOWN``, where the API says no.
        """
        return self._ask("GET", path, params, query=query)

    def send(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Change something; raises as ``get`` does."""
        return self._ask(method, path, params, body=body)

    def get_response(self, path: str, query: Query | None = None, **params: str) -> Response:
        """Return an answer with its headers, of a route that is no JSON."""
        answered = self._perform(route_of("GET", path), params, query=query)
        assert isinstance(answered, Response)  # noqa: S101 - such routes return nothing else
        return answered

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        *,
        query: Query | None = None,
        body: Any = None,
    ) -> Any:
        answered = self._perform(route_of(method, path), params, query=query, body=body)
        return answered.body if isinstance(answered, Response) else answered

    def _perform(
        self,
        route: Route,
        params: Mapping[str, str],
        *,
        query: Query | None = None,
        body: Any = None,
    ) -> Any:
        given = self._with_consumer(route, params)
        found = admit(route, self.services, self.principal, given, known=self.known)
        call = Call(
            services=self.services,
            request=self.request,
            principal=self.principal,
            params=given,
            query=check_query(route, to_lists(query or {})),
            body=_read_body(route, body),
            found=found,
        )
        return route.function(call)

    def _with_consumer(self, route: Route, params: Mapping[str, str]) -> Mapping[str, str]:
        """Return the parts of an address; its consumer is the page's unless another is named."""
        if "{consumer}" in route.path and "consumer" not in params and self.known is not None:
            return {"consumer": self.known.id, **params}
        return params


def to_lists(query: Query) -> dict[str, list[str]]:
    """Return a query as the API reads one."""
    lists = {
        name: [str(value)] if isinstance(value, str | int) else list(value or ())
        for name, value in query.items()
    }
    return {
        name: kept for name, values in lists.items() if (kept := [one for one in values if one])
    }


def _read_body(route: Route, body: Any) -> Any:
    if route.body is None:
        return None
    from chalicelib.api import bodies

    return requests.read_json(json.dumps(body or {}).encode(), bodies.model_of(route.body))
