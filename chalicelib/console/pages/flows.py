"""Flows: the switch, what is missing, settings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.accounts import label_of_account
from chalicelib.console.parts.fixes import mapping_at
from chalicelib.console.parts.flow_form import (
    Choices,
    changes_of,
    fields_of,
    lists_of,
    read_choices,
    silent_of,
)
from chalicelib.console.parts.problems import problems_of
from chalicelib.console.parts.rows import by_pair, label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import KINDS_IN_MENU, STATUSES, count_of
from chalicelib.flows.setup.errors import InvalidError, MovedOnError, Problem

FLOWS = "/v1/consumers/{consumer}/flows"
FLOW = f"{FLOWS}/{{flow}}"
CONNECTIONS = "/v1/consumers/{consumer}/connections"
MAPPINGS = "/v1/consumers/{consumer}/mappings"

SAVED = "Saved. Rows that waited for it go on."
UNCHANGED = "Nothing was changed."


def show_flows(visit: Visit) -> Response:
    """Show a card for each flow, by the accounts between which it goes."""
    connections, mappings = _read_connections(visit), visit.api.get(MAPPINGS)["items"]
    found = visit.api.get(FLOWS)["items"]
    cards = {one["name"]: card_of(visit, one, connections, mappings) for one in found}
    groups = {
        heading: [cards[name] for name in names]
        for heading, names in by_pair(visit, list(cards)).items()
    }
    return visit.render("flows.html", groups=groups, is_moving=_is_moving(list(cards.values())))


def show_flow(visit: Visit) -> Response:
    """Show a flow with its settings."""
    flow, connections = visit.api.get(FLOW, flow=visit.params["flow"]), _read_connections(visit)
    return _flow_page(visit, flow, connections, read_choices(visit, flow, connections))


def save_settings(visit: Visit) -> Response:
    """Save the settings that were changed; what cannot be used is said beside its field."""
    visit.need("admin")
    name = visit.params["flow"]
    flow, connections = visit.api.get(FLOW, flow=name), _read_connections(visit)
    choices = read_choices(visit, flow, connections)
    changes, problems = changes_of(visit, fields_of(visit, flow, choices))
    if problems:
        return _flow_page(visit, flow, connections, choices, problems)
    try:
        if changes:
            visit.api.send("PUT", FLOW, {"settings": changes}, flow=name)
    except (InvalidError, MovedOnError) as error:
        return _flow_page(visit, flow, connections, choices, problems_of(error))
    said = SAVED if changes else UNCHANGED
    return visit.redirect(visit.at(f"/flows/{encode(name)}"), said=said)


def switch(visit: Visit) -> Response:
    """Switch a flow on or off and go back to where the switch is."""
    name, enabled = visit.params["flow"], visit.field("enabled") == "on"
    flow = visit.api.send("PUT", FLOW, {"enabled": enabled}, flow=name)
    label = label_of_flow(visit, name)
    if not enabled:
        said = f"{label}: off. Nothing new is read or sent; its rows stay where they are."
    elif flow["ready"]:
        said = f"{label}: on. Rows that waited for it go on."
    else:
        said = f"{label}: on. It begins as soon as nothing is missing."
    return visit.redirect(visit.back(visit.at("/flows")), said=said)


def card_of(
    visit: Visit,
    flow: Mapping[str, Any],
    connections: Mapping[str, Any],
    mappings: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return a flow as cards and its own page show it."""
    name = flow["name"]
    own = [one for one in mappings if one["flow"] == name]
    down = [connections[side] for side in _sides(flow) if _is_down(connections.get(side))]
    address = visit.at(f"/flows/{encode(name)}")
    return {
        **flow,
        "label": label_of_flow(visit, name),
        "kind": KINDS_IN_MENU.get(flow["kind"], flow["kind"]),
        "source": _account(visit, flow["source"], connections),
        "target": _account(visit, flow["target"], connections),
        "address": address,
        "switch": f"{address}/switch",
        "state": _state(flow, stopped=bool(down)),
        "needs": [
            *_needs(visit, flow, address, connections),
            *_needs_around(visit, down, own),
        ],
        "counts": _counts(visit, flow),
        "every": _every(flow["polled_every_s"]),
        "is_due": _is_due(visit, flow["next_poll_at"]),
        "last": _last_run(visit, flow["last_execution"]),
        "mappings": [_mapping_link(visit, one) for one in own],
        "shares": _shared(visit, flow["shares"], mappings),
        "logs": visit.at("/logs", {"flow": name}),
    }


def _flow_page(
    visit: Visit,
    flow: Mapping[str, Any],
    connections: Mapping[str, Any],
    choices: Choices,
    problems: Sequence[Problem] = (),
) -> Response:
    mappings = visit.api.get(MAPPINGS)["items"]
    fields = fields_of(visit, flow, choices, problems)
    card = card_of(visit, flow, connections, mappings)
    names = {f"settings.{one.name}" for one in fields}
    return visit.render(
        "flow.html",
        status=422 if problems else 200,
        card=card,
        fields=fields,
        lists=lists_of(fields),
        silent=silent_of(fields),
        problems=problems,
        elsewhere=[one.message for one in problems if one.field not in names],
        is_moving=_is_moving([card]),
    )


def _read_connections(visit: Visit) -> Mapping[str, Any]:
    """Return the connections by name."""
    return {one["name"]: one for one in visit.api.get(CONNECTIONS)["items"]}


def _sides(flow: Mapping[str, Any]) -> tuple[str, str]:
    return flow["source"], flow["target"]


def _is_down(connection: Mapping[str, Any] | None) -> bool:
    return connection is not None and connection["health"] == "down"


def _account(visit: Visit, name: str, connections: Mapping[str, Any]) -> str:
    connection = connections.get(name)
    return label_of_account(visit, connection["platform"] if connection else name, name)


def _state(flow: Mapping[str, Any], *, stopped: bool) -> tuple[str, str]:
    """Return the colour and the words of how a flow is; no colour where it is off."""
    if not flow["enabled"]:
        return "", "Ready, and switched off" if flow["ready"] else "Off"
    if not flow["ready"]:
        return "unchecked", "Waits for what is missing"
    return ("down", "Stopped") if stopped else ("healthy", "Running")


def _needs(
    visit: Visit, flow: Mapping[str, Any], address: str, connections: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """Yield what the flow lacks, each with the page that mends it."""
    for lack in flow["missing"]:
        if lack["what"] == "connection" and lack["name"] in connections:
            link = {
                "label": "Open the connection",
                "address": visit.at(f"/connections/{encode(lack['name'])}"),
            }
        elif lack["what"] == "connection":
            link = {"label": "Connect it", "address": visit.at("/connections/new")}
        elif lack["what"] == "flow":
            link = {
                "label": "Open that flow",
                "address": visit.at(f"/flows/{encode(lack['name'])}"),
            }
        else:
            link = {"label": "Fill it in", "address": f"{address}#f-{lack['name']}"}
        yield {"sentence": lack["sentence"], **link}


def _needs_around(
    visit: Visit, down: Sequence[Mapping[str, Any]], mappings: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, str]]:
    """Yield accounts that refuse us, and values without an answer."""
    for connection in down:
        yield {
            "sentence": f"The account {connection['name']} does not work. {connection['detail']}",
            "label": "Open the connection",
            "address": visit.at(f"/connections/{encode(connection['name'])}"),
        }
    for mapping in mappings:
        if mapping["unmapped"]:
            yield {
                "sentence": f"{mapping['label']}: {waiting_of(mapping)}",
                "label": "Open the mapping",
                "address": f"{mapping_at(visit, mapping['flow'], mapping['name'])}#waiting",
            }


def waiting_of(mapping: Mapping[str, Any]) -> str:
    """Return how many values of a mapping have no answer, and what waits for them."""
    values = len(mapping["unmapped"])
    rows = sum(one["rows"] for one in mapping["unmapped"])
    verb = "has" if values == 1 else "have"
    waits = "waits" if rows == 1 else "wait"
    return f"{count_of(values, 'value')} {verb} no answer; {count_of(rows, 'row')} {waits}."


def _mapping_link(visit: Visit, mapping: Mapping[str, Any]) -> dict[str, Any]:
    rows = sum(one["rows"] for one in mapping["unmapped"])
    address = mapping_at(visit, mapping["flow"], mapping["name"])
    return {"label": mapping["label"], "address": address, "rows": rows}


def _shared(
    visit: Visit, name: str | None, mappings: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return the flow whose answers are used here, with its mappings; None if there is none."""
    if name is None:
        return None
    return {
        "label": label_of_flow(visit, name),
        "address": visit.at(f"/flows/{encode(name)}"),
        "mappings": [_mapping_link(visit, one) for one in mappings if one["flow"] == name],
    }


def _counts(visit: Visit, flow: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "status": status,
            "count": count,
            "address": visit.at("/logs", {"flow": flow["name"], "status": status}),
        }
        for status in STATUSES
        if (count := sum(one["count"] for one in flow["counts"] if one["status"] == status))
    ]


def _last_run(visit: Visit, run: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "state": run["state"],
        "started_at": run["started_at"],
        "address": visit.at(f"/executions/{encode(run['id'])}"),
    }


def _is_due(visit: Visit, at: str | None) -> bool:
    return at is not None and datetime.fromisoformat(at) <= visit.times.now


def _every(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes = seconds // 60
    return count_of(minutes, "minute") if minutes else count_of(seconds, "second")


def _is_moving(cards: Sequence[Mapping[str, Any]]) -> bool:
    return any(one["last"] and one["last"]["state"] == "Running" for one in cards)
