"""Executions: what ran, and starting an import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalice.app import Response

from chalicelib.api.errors import ApiError
from chalicelib.console.asking import Query
from chalicelib.console.parts.filters import to_api
from chalicelib.console.parts.rows import in_order, label_of_flow
from chalicelib.console.parts.runs import address_of, run_shown
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import count_of
from chalicelib.flows.setup.errors import InvalidError, Problem, UnknownError

ALL = "/v1/consumers/{consumer}/executions"
OF_FLOW = "/v1/consumers/{consumer}/flows/{flow}/executions"
RESYNCS = "/v1/consumers/{consumer}/resyncs"
RUNS = 25  #: of a page, so that it stays below 50 KB

#: Fields of the API's body as the form calls them.
_IN_FORM = {"from": "since", "to": "until"}


@dataclass(frozen=True, kw_only=True)
class _Refused:
    """An import that was not started: why, by field; ``running`` is the run that is in its way."""

    status: int
    problems: Mapping[str, str] = field(default_factory=dict)
    running: str = ""


def show_all(visit: Visit) -> Response:
    """Show what ran, newest first."""
    return _page(visit)


def import_now(visit: Visit) -> Response:
    """Start an import of some days, or of given ids."""
    try:
        run = visit.api.send("POST", OF_FLOW, _read_import(visit), flow=visit.field("flow"))
    except InvalidError as error:
        problems = {_IN_FORM.get(one.field, one.field): one.message for one in error.problems}
        return _page(visit, _Refused(status=422, problems=problems))
    except UnknownError as error:
        return _page(visit, _Refused(status=422, problems={"flow": str(error)}))
    except ApiError as error:
        if error.status not in (409, 422):
            raise
        told = error.details if isinstance(error.details, Mapping) else {}
        running = str(told.get("execution", ""))
        refused = _Refused(status=error.status, problems={"": error.message}, running=running)
        return _page(visit, refused)
    return visit.redirect(address_of(visit, run), said="The import has begun.")


def show_one(visit: Visit) -> Response:
    """Show one run: how far it is, what came of it, what it said."""
    run = visit.api.get(f"{ALL}/{{id}}", id=visit.params["id"])
    if run["type"] == "resync":
        return visit.redirect(address_of(visit, run))
    return visit.render(
        "execution.html",
        run=run_shown(visit, run),
        asked=_asked(visit, run["spec"]),
        flow=visit.at(f"/flows/{encode(run['flow'])}") if run["flow"] else "",
    )


def _page(visit: Visit, refused: _Refused | None = None) -> Response:
    page = _read_runs(visit)
    runs = [run_shown(visit, one) for one in page["items"]]
    return visit.render(
        "executions.html",
        status=refused.status if refused else 200,
        page=page,
        runs=runs,
        view={"flow": visit.one("flow"), "type": visit.one("type")},
        tabs=_tabs(visit),
        is_moving=any(one["is_running"] for one in runs),
        form=_form(visit, refused) if visit.may("operator") else None,
    )


def _read_runs(visit: Visit) -> Mapping[str, Any]:
    query: Query = {"limit": RUNS, "cursor": visit.one("cursor")}
    flow = visit.one("flow")
    found: Mapping[str, Any]
    if visit.one("type") == "resync":
        found = visit.api.get(RESYNCS, query)
    elif flow:
        found = visit.api.get(OF_FLOW, query, flow=flow)
    else:
        found = visit.api.get(ALL, query)
    return found


def _tabs(visit: Visit) -> list[dict[str, Any]]:
    """Return a tab for all runs, for each flow that has rows, and for the re-syncs."""
    flow, type_ = visit.one("flow"), visit.one("type")
    names = {str(one["flow"]) for one in visit.counts["items"]}
    named = in_order(visit, names | {flow} if flow else names)
    tabs: list[tuple[str, dict[str, str]]] = [
        ("All", {}),
        *((label_of_flow(visit, name), {"flow": name}) for name in named),
        ("Re-syncs", {"type": "resync"}),
    ]
    here = {"type": type_} if type_ else {"flow": flow} if flow else {}
    return [
        {"label": label, "address": visit.at("/executions", query), "is_here": query == here}
        for label, query in tabs
    ]


def _form(visit: Visit, refused: _Refused | None) -> dict[str, Any]:
    """Return what the form shows: flows that can run, what was typed, what is wrong."""
    flows = visit.api.get("/v1/consumers/{consumer}/flows")["items"]
    ready = [one for one in flows if one["enabled"] and one["ready"]]
    return {
        "flows": [{"id": one["name"], "name": label_of_flow(visit, one["name"])} for one in ready],
        "flow": visit.field("flow") if visit.form else visit.one("flow") or _only(ready),
        "since": visit.field("since"),
        "until": visit.field("until"),
        "ids": visit.field("ids") if visit.form else visit.one("ids"),
        "problems": refused.problems if refused else {},
        "running": visit.at(f"/executions/{encode(refused.running)}")
        if refused and refused.running
        else "",
    }


def _only(flows: Sequence[Mapping[str, Any]]) -> str:
    return str(flows[0]["name"]) if len(flows) == 1 else ""


def _read_import(visit: Visit) -> dict[str, Any]:
    """Return the body of an import; the last day ends at its end, or now.

    Raises:
        InvalidError: no flow is chosen, or there are neither days nor ids, or both.
    """
    ids = [id_ for line in visit.field("ids").splitlines() if (id_ := line.strip())]
    days = {name: [day] for name in ("since", "until") if (day := visit.field(name))}
    if not visit.field("flow"):
        raise InvalidError([Problem(field="flow", message="Choose a flow.")])
    if ids and days:
        raise InvalidError([Problem(field="ids", message="Give days or ids, not both.")])
    if not ids and "since" not in days:
        message = "Say from which day, or give ids below."
        raise InvalidError([Problem(field="since", message=message)])
    if ids:
        return {"ids": ids}
    period = to_api(days, visit.times.zone)
    now = visit.services.now().astimezone(UTC)
    return {
        name: moment
        for name, [moment] in period.items()
        if name == "from" or datetime.fromisoformat(moment) < now
    }


def _asked(visit: Visit, spec: Mapping[str, Any]) -> str:
    """Return what a run was to do, in words."""
    if "ids" in spec:
        return f"{count_of(spec['ids'], 'record')} given by id"
    if "from" in spec and "to" in spec:
        exact = visit.times.exact
        return f"What changed from {exact(spec['from'])} to {exact(spec['to'])}"
    return "What changed since the poll before"
