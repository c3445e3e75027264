"""Routes of executions: what ran, and starting an import."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.api import errors
from chalicelib.api.answers import ExecutionAnswer
from chalicelib.api.filters import read_time_field
from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.serializers import execution_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import Role
from chalicelib.flows.imports import ImportRefusedError, RunningError, start_import
from chalicelib.flows.setup.errors import InvalidError, Problem
from chalicelib.flows.setup.flows import find_flow
from chalicelib.flows.setup.saving import note

if TYPE_CHECKING:
    from chalicelib.api.bodies import ImportBody

routes = Routes(__name__, "Executions")

OF_FLOW = "/v1/consumers/{consumer}/flows/{flow}/executions"


@routes.add(
    "GET", "/v1/consumers/{consumer}/executions", query=PAGING, answer=Page[ExecutionAnswer]
)
def list_executions(call: Call) -> Any:
    """List the runs of a consumer, newest first."""
    paging = read_paging(call.query)
    page = call.services.log.list_executions(
        call.consumer.id, limit=paging.limit, cursor=paging.cursor
    )
    return page_json(page, execution_json)


@routes.add("GET", "/v1/consumers/{consumer}/executions/{id}", answer=ExecutionAnswer)
def show(call: Call) -> Any:
    """Show a run with its counts and messages; the log's filter ``execution`` lists its rows."""
    run = call.services.log.read_execution(call.consumer.id, call.params["id"])
    if run is None:
        raise errors.not_found("There is no such execution.")
    return execution_json(run)


@routes.add("GET", OF_FLOW, query=PAGING, answer=Page[ExecutionAnswer])
def list_of_flow(call: Call) -> Any:
    """List the runs of a flow, newest first."""
    flow = call.params["flow"]
    find_flow(call.services, call.consumer.id, flow)
    paging = read_paging(call.query)
    page = call.services.log.list_executions(
        call.consumer.id, flow=flow, limit=paging.limit, cursor=paging.cursor
    )
    return page_json(page, execution_json)


@routes.add(
    "POST", OF_FLOW, role=Role.OPERATOR, body="ImportBody", status=202, answer=ExecutionAnswer
)
def start(call: Call) -> Any:
    """Import given records, or what changed in a period.

    A period without an end goes on to now. One import of a flow runs at a time: while one does, the
    answer is 409 and names it.
    """
    flow, body = call.params["flow"], call.body
    find_flow(call.services, call.consumer.id, flow)
    period = _read_period(call)
    try:
        run = start_import(
            call.services, call.consumer.id, flow, ids=body.ids, period=period, by=call.by
        )
    except RunningError as running:
        message = "An import of this flow is running. Wait until it has ended."
        raise errors.conflict(message, {"execution": running.execution_id}) from None
    except ImportRefusedError as refused:
        raise errors.ApiError(422, "invalid", str(refused)) from None
    subject, new = (
        f"{flow} {run.id}",
        {"ids": len(body.ids or ()), "from": body.from_, "to": body.to},
    )
    note(call.services, call.consumer.id, by=call.by, what="import", subject=subject, new=new)
    return execution_json(run)


def _read_period(call: Call) -> tuple[datetime, datetime] | None:
    """Return the period of the body, None where ids are given instead."""
    body: ImportBody = call.body
    since, until = read_time_field("from", body.from_), read_time_field("to", body.to)
    if (body.ids is None) == (since is None) or (until is not None and since is None):
        message = "Give ids, or a period that begins with from."
        raise InvalidError([Problem(field="ids" if until is None else "from", message=message)])
    return None if since is None else (since, until or call.services.now())
