"""Routes of flows: switch, settings, what is missing."""

from typing import Any

from chalicelib.api.paging import LIMIT_MOST, page_json, read_paging, slice_page
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.setup_answers import FlowAnswer
from chalicelib.api.setup_serializers import flow_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.flows import describe_flow, describe_flows, save_flow

routes = Routes(__name__, "Flows")

ALL = "/v1/consumers/{consumer}/flows"
ONE = "/v1/consumers/{consumer}/flows/{flow}"


@routes.add("GET", ALL, query=PAGING, answer=Page[FlowAnswer])
def list_flows(call: Call) -> Any:
    """List the flows: enabled, ready or what is missing, last run, counts by status."""
    paging = read_paging(call.query, usual=LIMIT_MOST)
    views = describe_flows(call.services, call.consumer.id)
    return page_json(slice_page(views, paging, question="flows"), flow_json)


@routes.add("GET", ONE, answer=FlowAnswer)
def show(call: Call) -> Any:
    """Show a flow with its settings."""
    return flow_json(describe_flow(call.services, call.consumer.id, call.params["flow"]))


@routes.add("PUT", ONE, role=Role.ADMIN, body="FlowBody", answer=FlowAnswer)
def save(call: Call) -> Any:
    """Switch a flow on or off, or change settings.

    What is absent stays; a setting of null is taken away. A flow that is on and not ready runs
    nothing, and ``missing`` says what it needs.
    """
    body, name = call.body, call.params["flow"]
    save_flow(
        call.services,
        call.consumer,
        name,
        enabled=body.enabled,
        settings=body.settings,
        by=call.by,
    )
    return flow_json(describe_flow(call.services, call.consumer.id, name))
