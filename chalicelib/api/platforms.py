"""The route of the platforms there are, each with the form of a connection to it."""

from typing import Any

from chalicelib.api.paging import LIMIT_MOST, page_json, read_paging, slice_page
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import PlatformAnswer
from chalicelib.api.setup_serializers import platform_json
from chalicelib.domain.log import Page

routes = Routes(__name__, "Connections")


@routes.add("GET", "/v1/platforms", query=PAGING, answer=Page[PlatformAnswer])
def list_platforms(call: Call) -> Any:
    """List the platforms that can be connected, with the fields and prerequisites of each."""
    offers = [offer for _, offer in sorted(call.services.offers.items())]
    paging = read_paging(call.query, usual=LIMIT_MOST)
    page = slice_page(offers, paging, question="platforms")
    return page_json(page, lambda offer: platform_json(call.services, offer))
