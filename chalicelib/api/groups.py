"""The route of groups: what failed alike, what rows wait for."""

from typing import Any

from chalicelib.api.answers import GroupAnswer
from chalicelib.api.paging import LIMIT_MOST, page_json, read_paging, slice_page
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.serializers import groups_json
from chalicelib.domain.log import Page

routes = Routes(__name__, "Groups")


@routes.add("GET", "/v1/consumers/{consumer}/groups", query=PAGING, answer=Page[GroupAnswer])
def list_groups(call: Call) -> Any:
    """List failure groups and held causes with their counts, largest first.

    The log takes the key of one as the filter ``group`` or ``cause``.
    """
    log, consumer = call.services.log, call.consumer.id
    found = groups_json(log.list_groups(consumer), log.list_causes(consumer))
    paging = read_paging(call.query, usual=LIMIT_MOST)
    return page_json(slice_page(found, paging, question="groups"), lambda group: group)
