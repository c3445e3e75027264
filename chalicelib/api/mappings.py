"""Routes of mappings."""

from typing import TYPE_CHECKING, Any

from chalicelib.api.paging import LIMIT_MOST, page_json, read_paging, slice_page
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import MappingAnswer
from chalicelib.api.setup_serializers import mapping_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.mappings import (
    Answers,
    describe_mapping,
    describe_mappings,
    save_mapping,
)

if TYPE_CHECKING:
    from chalicelib.api.bodies import MappingBody

routes = Routes(__name__, "Mappings")

ALL = "/v1/consumers/{consumer}/mappings"
ONE = "/v1/consumers/{consumer}/mappings/{flow}/{name}"


@routes.add("GET", ALL, query=PAGING, answer=Page[MappingAnswer])
def list_mappings(call: Call) -> Any:
    """List the mappings of all flows, with the values that rows wait for."""
    paging = read_paging(call.query, usual=LIMIT_MOST)
    views = describe_mappings(call.services, call.consumer.id)
    return page_json(slice_page(views, paging, question="mappings"), mapping_json)


@routes.add("GET", ONE, answer=MappingAnswer)
def show(call: Call) -> Any:
    """Show a mapping with what both platforms have to choose from.

    The platforms are asked now; one that does not answer is named under ``problems``.
    """
    flow, name = call.params["flow"], call.params["name"]
    return mapping_json(describe_mapping(call.services, call.consumer.id, flow, name))


@routes.add("PUT", ONE, role=Role.ADMIN, body="MappingBody", answer=MappingAnswer)
def save(call: Call) -> Any:
    """Lay entries over a mapping; the rows that waited for them go on by themselves.

    An entry of null is removed. ``default`` answers every value without an entry; null takes it
    away. ``records`` answer for single records.
    """
    body: MappingBody = call.body
    answers = Answers(
        entries=body.entries,
        records=body.records,
        default=body.default,
        sets_default="default" in body.model_fields_set,
    )
    flow, name = call.params["flow"], call.params["name"]
    save_mapping(call.services, call.consumer.id, flow, name, answers, by=call.by)
    views = describe_mappings(call.services, call.consumer.id)
    return next(
        mapping_json(view) for view in views if (view.table.flow, view.table.name) == (flow, name)
    )
