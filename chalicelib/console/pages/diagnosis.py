"""Why a flow or a record does not sync."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.checks import shown_check, shown_checks
from chalicelib.console.parts.problems import by_field
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.rendering import clip
from chalicelib.console.visits import Visit
from chalicelib.flows.setup.errors import InvalidError, Problem, UnknownError

DIAGNOSIS = "/v1/consumers/{consumer}/diagnosis"
FLOWS = "/v1/consumers/{consumer}/flows"
FLOWS_AT_MOST = "200"
NO_FLOW = "There is no such flow. Choose one of the list."


def show_diagnosis(visit: Visit) -> Response:
    """Ask which flow and record it is about; once asked, say what stops it."""
    asked = {name: visit.one(name) for name in ("flow", "record", "date")}
    found, problems = _read(visit, asked)
    listed = visit.api.get(FLOWS, {"limit": FLOWS_AT_MOST})["items"]
    return visit.render(
        "diagnosis.html",
        status=422 if problems else 200,
        asked=asked,
        flows=[{"id": one["name"], "name": label_of_flow(visit, one["name"])} for one in listed],
        found=_shown(visit, asked, found) if found else None,
        problems=problems,
        problem_of=by_field(problems),
    )


def _read(visit: Visit, asked: Mapping[str, str]) -> tuple[Mapping[str, Any] | None, list[Problem]]:
    """Return the answer, or what is wrong with the question; neither before a flow was asked of."""
    if "flow" not in visit.query:
        return None, []
    try:
        return visit.api.get(DIAGNOSIS, asked), []
    except InvalidError as error:
        return None, list(error.problems)
    except UnknownError:
        return None, [Problem(field="flow", message=NO_FLOW)]


def _shown(visit: Visit, asked: Mapping[str, str], found: Mapping[str, Any]) -> dict[str, Any]:
    flow, record = asked["flow"], asked["record"]
    cause, label = found["cause"], label_of_flow(visit, flow)
    about = f"{clip(record)} of the flow {label}" if record else f"The flow {label}"
    return {
        "about": about,
        "cause": shown_check(visit, flow, cause) if cause else None,
        "checks": shown_checks(visit, flow, found["checks"]),
        "all_well": _all_well(record),
    }


def _all_well(record: str) -> str:
    if record:
        return "The record is synced, and its flow runs."
    return "The flow runs, nothing of it waits for a person and nothing failed."
