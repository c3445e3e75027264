"""The route of the operator's first page: how each consumer stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.api.paging import Paging, page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import StandingAnswer
from chalicelib.api.setup_serializers import standing_json
from chalicelib.domain.log import Page
from chalicelib.flows import standings
from chalicelib.flows.setup.consumers import read_consumer
from chalicelib.flows.setup.errors import InvalidError, Problem

routes = Routes(__name__, "Standings")

LIMIT_MOST = 50  #: each consumer costs several queries
LIMIT_USUAL = 20


@routes.add("GET", "/v1/standings", query=("q", *PAGING), answer=Page[StandingAnswer])
def list_standings(call: Call) -> Any:
    """List the consumers with how they stand: connections, failures, what waits, silent flows.

    ``q`` finds a part of an id or a name; a page has 20 consumers, or up to 50 by ``limit``. A
    consumer's own key sees that consumer alone. ``silent`` are flows that run for a day or longer
    and brought no change for a day.
    """
    paging = _read_paging(call.query)
    if call.principal.consumer is not None:
        own = read_consumer(call.services, call.principal.consumer)
        page = Page(items=standings.read_standings(call.services, [own]))
    else:
        text = call.query.get("q", [""])[-1]
        page = standings.list_standings(
            call.services, text=text, limit=paging.limit, cursor=paging.cursor
        )
    return page_json(page, standing_json)


def _read_paging(query: Mapping[str, Sequence[str]]) -> Paging:
    """Read limit and cursor; the limit is lower here than elsewhere."""
    if query.get("limit", ["1"])[-1] not in map(str, range(1, LIMIT_MOST + 1)):
        message = f"Give a whole number from 1 to {LIMIT_MOST}."
        raise InvalidError([Problem(field="limit", message=message)])
    return read_paging(query, usual=LIMIT_USUAL)
