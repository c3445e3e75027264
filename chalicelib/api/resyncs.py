"""Routes of bulk re-syncs: a whole filter, not a page."""

from typing import Any

from chalicelib.api import errors
from chalicelib.api.answers import CountAnswer, ExecutionAnswer
from chalicelib.api.filters import read_filter, read_row_query
from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes, answer
from chalicelib.api.serializers import execution_json
from chalicelib.domain.log import Execution, ExecutionState, Page, RowQuery, RunType
from chalicelib.domain.setup import Role
from chalicelib.flows.bulk import count_matching, start_resync, with_status
from chalicelib.flows.runs import cancel as cancel_run
from chalicelib.flows.setup.saving import note

routes = Routes(__name__, "Re-syncs")

ALL = "/v1/consumers/{consumer}/resyncs"
ONE = "/v1/consumers/{consumer}/resyncs/{id}"

ROUNDS = 5  #: pages of runs looked through for one page of re-syncs


@routes.add("GET", ALL, query=PAGING, answer=Page[ExecutionAnswer])
def list_resyncs(call: Call) -> Any:
    """List the re-syncs of a consumer, newest first.

    A page may be short and still have a ``next``.
    """
    paging = read_paging(call.query)
    log, cursor, previous = call.services.log, paging.cursor, None
    for number in range(ROUNDS):
        page = log.list_executions(call.consumer.id, limit=paging.limit, cursor=cursor)
        previous = page.previous if number == 0 else previous
        found = [one for one in page.items if one.type is RunType.RESYNC]
        cursor = page.next
        if found or cursor is None:
            break
    return page_json(Page(items=found, next=cursor, previous=previous), execution_json)


@routes.add(
    "POST",
    ALL,
    role=Role.OPERATOR,
    body="ResyncBody",
    status=202,
    answer=ExecutionAnswer | CountAnswer,
)
def start(call: Call) -> Any:
    """Sync all rows of a filter again; Failed ones if no status is named.

    ``dry_run`` only counts them, and answers 200 with ``count`` and whether it is exact.
    """
    query = _read_query(call)
    if call.body.dry_run:
        count, exact = count_matching(call.services, query) if query else (0, True)
        return answer(200, {"count": count, "exact": exact})
    if query is None:
        raise errors.ApiError(422, "invalid", "No flow of this consumer matches the filter.")
    return execution_json(start_resync(call.services, query, by=call.by))


@routes.add("GET", ONE, answer=ExecutionAnswer)
def show(call: Call) -> Any:
    """Show a re-sync: its progress, and its result once it has ended."""
    return execution_json(_read_resync(call))


@routes.add("POST", f"{ONE}/cancel", role=Role.OPERATOR, body="Nothing", answer=ExecutionAnswer)
def cancel(call: Call) -> Any:
    """Stop a re-sync; rows that were requested already are synced."""
    run = _read_resync(call)
    if run.state is not ExecutionState.RUNNING:
        raise errors.conflict("It has ended already.", {"state": run.state.value})
    stopped = cancel_run(call.services, run)
    consumer = call.consumer.id
    note(call.services, consumer, by=call.by, what="re-sync cancelled", subject=run.id, new=None)
    return execution_json(stopped)


def _read_query(call: Call) -> RowQuery | None:
    given = read_filter(call.body.filter)
    query = read_row_query(call.services, call.consumer.id, given, prefix="filter.")
    return None if query is None else with_status(query)


def _read_resync(call: Call) -> Execution:
    run = call.services.log.read_execution(call.consumer.id, call.params["id"])
    if run is None or run.type is not RunType.RESYNC:
        raise errors.not_found("There is no such re-sync.")
    return run
