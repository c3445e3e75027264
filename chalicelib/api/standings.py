"""The route of the operator's first page: how each consumer stands."""

from typing import Any

from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import StandingAnswer
from chalicelib.api.setup_serializers import standing_json
from chalicelib.domain.log import Page
from chalicelib.flows.setup.consumers import read_consumer

routes = Routes(__name__, "Standings")

MOST = 50  #: consumers of a page, for each costs several queries
USUAL = 20


@routes.add("GET", "/v1/standings", query=("q", *PAGING), answer=Page[StandingAnswer])
def list_standings(call: Call) -> Any:
    """List the consumers with how they stand: connections, failures, what waits, silent flows.

    ``q`` finds a part of an id or a name; a page has 20 consumers, or as many as ``limit`` says up
    to 50. A consumer's own key sees that consumer alone. ``silent`` are flows that run for a day or
    longer and brought no change for a day.
    """
    # Here, not at the top: of all functions only the API's answers for consumers.
    from chalicelib.flows import standings

    paging = read_paging(call.query, usual=USUAL)
    if call.principal.consumer is not None:
        own = read_consumer(call.services, call.principal.consumer)
        page = Page(items=standings.read_standings(call.services, [own]))
    else:
        text = call.query.get("q", [""])[-1]
        page = standings.list_standings(
            call.services, text=text, limit=min(paging.limit, MOST), cursor=paging.cursor
        )
    return page_json(page, standing_json)
