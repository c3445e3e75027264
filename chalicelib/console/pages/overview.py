"""Overview of a consumer: health, flows, what needs a person, the last seven days."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.charts import (
    LEFT_ALONE,
    STATES,
    count_days,
    count_states,
    draw,
    filter_of,
)
from chalicelib.console.parts.groups import is_by_itself, shown_group
from chalicelib.console.parts.legends import days_of, legend_of
from chalicelib.console.parts.rows import by_pair, label_of_flow
from chalicelib.console.visits import Visit, encode

OF_CONSUMER = "/v1/consumers/{consumer}"
TOP = 5  #: groups that are shown; the rest are a page away

Item = Mapping[str, Any]


def show_overview(visit: Visit) -> Response:
    """Show how a consumer stands, and what to do next."""
    connections = visit.api.get(f"{OF_CONSUMER}/connections")["items"]
    flows = visit.api.get(f"{OF_CONSUMER}/flows")["items"]
    used = [flow for flow in flows if _is_used(flow)]
    down = {one["name"] for one in connections if one["health"] == "down"}
    groups = visit.api.get(f"{OF_CONSUMER}/groups")
    needing = [group for group in groups["items"] if not is_by_itself(group)]
    report = visit.api.get(f"{OF_CONSUMER}/report")
    return visit.render(
        "overview.html",
        connections=[_shown_connection(visit, one) for one in connections],
        groups_of_flows=_by_pair(visit, used, down),
        others=len(flows) - len(used),
        troubles=_troubles(visit, connections, flows),
        steps=_steps(visit, flows),
        groups=[shown_group(visit, one) for one in _largest(needing)],
        more=max(0, len(needing) - TOP),
        chart=draw(count_days(report["days"], report["items"])),
        states=STATES,
        legend=legend_of(visit, report),
        days=days_of(visit, report),
        is_moving=any(_is_moving(flow) for flow in used),
    )


def _is_used(flow: Item) -> bool:
    """Whether a flow is one of this consumer's: set up, switched on, or with a past."""
    has_rows = any(one["count"] for one in flow["counts"])
    is_set_up = flow["enabled"] or flow["settings"] or flow["ready"]
    return bool(is_set_up or has_rows or flow["last_execution"])


def _is_moving(flow: Item) -> bool:
    last = flow["last_execution"]
    is_running = last is not None and last["state"] == "Running"
    return is_running or any(
        one["count"] for one in flow["counts"] if one["status"] == "Processing"
    )


def _largest(groups: Sequence[Item]) -> list[Item]:
    return sorted(groups, key=lambda group: -int(group["count"]))[:TOP]


def _by_pair(
    visit: Visit, flows: Sequence[Item], down: Set[str]
) -> dict[str, list[dict[str, Any]]]:
    shown = {flow["name"]: _shown_flow(visit, flow, down) for flow in flows}
    pairs = by_pair(visit, list(shown))
    return {heading: [shown[name] for name in names] for heading, names in pairs.items()}


def _shown_connection(visit: Visit, connection: Item) -> dict[str, Any]:
    return {**connection, "address": visit.at(f"/connections/{encode(connection['name'])}")}


def _shown_flow(visit: Visit, flow: Item, down: Set[str]) -> dict[str, Any]:
    """Return a flow as its line shows it; ``down`` are the connections that are refused."""
    name = flow["name"]
    waiting = {"flow": name, "status": "Pending"}
    return {
        **flow,
        "label": label_of_flow(visit, name),
        "address": _flow_page(visit, flow),
        "is_stopped": bool(down & {flow["source"], flow["target"]}),
        "lacks": [one["sentence"] for one in flow["missing"]],
        "last": _last(visit, flow["last_execution"]),
        "next": _next(visit, flow),
        "counts": _counts(visit, flow),
        "waiting": visit.at("/logs", waiting) if flow["oldest_waiting_at"] else None,
    }


def _flow_page(visit: Visit, flow: Item) -> str:
    return visit.at(f"/flows/{encode(flow['name'])}")


def _last(visit: Visit, run: Item | None) -> dict[str, Any] | None:
    if run is None:
        return None
    address = visit.at(f"/executions/{encode(run['id'])}")
    return {"state": run["state"], "at": run["started_at"], "address": address}


def _next(visit: Visit, flow: Item) -> dict[str, str]:
    """Return when the next run begins, as a time or in words."""
    at = flow["next_poll_at"]
    if at is not None and datetime.fromisoformat(at) > visit.times.now:
        return {"at": at, "said": ""}
    if at is not None:
        return {"at": "", "said": "due now"}
    is_running = flow["enabled"] and flow["ready"]
    return {"at": "", "said": "as changes come in" if is_running else ""}


def _counts(visit: Visit, flow: Item) -> list[dict[str, Any]]:
    """Return a flow's rows by state, each number with the address of its rows."""
    counts = count_states(flow["counts"])
    return [
        {
            "state": state,
            "label": label,
            "count": counts[state],
            "address": visit.at(
                "/logs",
                {"flow": flow["name"], **filter_of(state, any_left_alone=LEFT_ALONE in counts)},
            ),
        }
        for state, label in STATES.items()
        if counts[state]
    ]


def _troubles(
    visit: Visit, connections: Sequence[Item], flows: Sequence[Item]
) -> list[dict[str, str]]:
    """Return what keeps whole flows from running: accounts that are down, flows not ready."""
    down = [
        {
            "text": f"The connection {_name_of(one)} is down. {one['detail']}",
            "label": "Open the connection",
            "address": visit.at(f"/connections/{encode(one['name'])}"),
        }
        for one in connections
        if one["health"] == "down"
    ]
    not_ready = [
        {
            "text": f"{label_of_flow(visit, flow['name'])} is on and runs nothing. {_lacks(flow)}",
            "label": "Open the flow",
            "address": _flow_page(visit, flow),
        }
        for flow in flows
        if flow["enabled"] and not flow["ready"]
    ]
    return [*down, *not_ready]


def _name_of(connection: Item) -> str:
    """Return a platform's label, with the name of the account where that is another."""
    name, label = connection["name"], str(connection["label"])
    return label if name == connection["platform"] else f"{label} ({name})"


def _lacks(flow: Item) -> str:
    return " ".join(one["sentence"] for one in flow["missing"])


def _steps(visit: Visit, flows: Sequence[Item]) -> list[dict[str, Any]]:
    """Return the steps to a first flow; none once one has been switched on."""
    if any(flow["enabled"] or flow["last_execution"] for flow in flows):
        return []
    is_connected = any(
        all(one["what"] != "connection" for one in flow["missing"]) for flow in flows
    )
    is_ready = any(flow["ready"] for flow in flows)
    return [
        {
            "done": is_connected,
            "title": "Connect both accounts",
            "text": "Synclog reads from one platform and writes to the other.",
            "label": "Connections",
            "address": visit.at("/connections"),
        },
        {
            "done": is_ready,
            "title": "Set up a flow",
            "text": "Fill in its settings, and map values such as categories or locations.",
            "label": "Flows",
            "address": visit.at("/flows"),
        },
        {
            "done": False,
            "title": "Switch it on",
            "text": "From then on each change is synced, and has its row in the logs.",
            "label": "Switch a flow on",
            "address": visit.at("/flows"),
        },
    ]
