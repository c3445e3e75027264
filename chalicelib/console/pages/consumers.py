"""All consumers on one page, for the operator; adding one, and its name and time zone."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from chalice.app import Response

from chalicelib.api.errors import ApiError
from chalicelib.console.parts.problems import by_field
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.flows.setup.errors import InvalidError, TakenError

CONSUMERS = "/v1/consumers"
CONSUMER = "/v1/consumers/{consumer}"
STANDINGS = "/v1/standings"
NEW, SETTINGS = "consumer_new.html", "consumer_settings.html"
OVERVIEW = "overview"  #: where the menu has the pages about one consumer
NAMED = 3  #: connections or flows that are named; more are counted
_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def show_all(visit: Visit) -> Response:
    """Show how each consumer stands; a consumer's own key is sent to its overview."""
    if visit.principal is not None and visit.principal.consumer is not None:
        own = encode(visit.principal.consumer)
        return visit.redirect(visit.url(f"/consumers/{own}"))
    text = visit.one("q")
    page = visit.api.get(STANDINGS, {"q": text, "cursor": visit.one("cursor")})
    return visit.render(
        "consumers.html",
        page=page,
        q=text,
        standings=[_shown(visit, one) for one in page["items"]],
        troubled=sum(_needs_somebody(one) for one in page["items"]),
    )


def show_new(visit: Visit) -> Response:
    """Ask for what a consumer needs."""
    if not (visit.is_operator and visit.may("admin")):
        raise ApiError(403, "forbidden", "Adding a consumer needs an admin's key of the operator.")
    return _form(visit, NEW, {"id": "", "name": "", "time_zone": "UTC"})


def add(visit: Visit) -> Response:
    """Add a consumer and open its overview."""
    values = {name: visit.field(name) for name in ("id", "name", "time_zone")}
    try:
        made = visit.api.send("POST", CONSUMERS, values)
    except InvalidError as error:
        return _form(visit, NEW, values, by_field(error.problems), status=422)
    except TakenError as error:
        return _form(visit, NEW, values, {"id": str(error)}, status=409)
    said = f"{made['name']} is added. Connect its platforms next."
    return visit.redirect(visit.url(f"/consumers/{encode(made['id'])}"), said=said)


def show_settings(visit: Visit) -> Response:
    """Show name and time zone of a consumer, to change for those who may."""
    visit.area = OVERVIEW
    return _form(visit, SETTINGS, visit.api.get(CONSUMER))


def change(visit: Visit) -> Response:
    """Change name and time zone of a consumer."""
    visit.area = OVERVIEW
    values = {name: visit.field(name) for name in ("name", "time_zone")}
    try:
        visit.api.send("PATCH", CONSUMER, values)
    except InvalidError as error:
        return _form(visit, SETTINGS, values, by_field(error.problems), status=422)
    return visit.redirect(visit.at("/settings"), said="Name and time zone are saved.")


def _shown(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a consumer as the list shows it: each number with the page behind it."""
    id_ = one["consumer"]["id"]

    def at(path: str, **query: str) -> str:
        return visit.url(f"/consumers/{encode(id_)}{path}", query)

    down = [{"label": visit.label(name), "name": name} for name in one["down"][:NAMED]]
    return {
        **one,
        "id": id_,
        "name": one["consumer"]["name"],
        "state": _state_of(one),
        "address": at(""),
        "down": [{**each, "address": at(f"/connections/{encode(each['name'])}")} for each in down],
        "down_more": len(one["down"]) - len(down),
        "connected": sum(one["connections"].values()),
        "failed_at": at("/logs", status="Failed"),
        "pending_at": at("/logs", status="Pending"),
        "flows_at": at("/flows"),
        "not_ready": _named(visit, one["not_ready"]),
        "silent": _named(visit, one["silent"]),
    }


def _named(visit: Visit, flows: Sequence[str]) -> str:
    """Return the first flows by what people call them, and how many more there are."""
    labels = [label_of_flow(visit, name) for name in flows[:NAMED]]
    more = len(flows) - len(labels)
    return ", ".join([*labels, f"{more} more"] if more else labels)


def _needs_somebody(one: Mapping[str, Any]) -> bool:
    return bool(one["down"] or one["failed"] or one["not_ready"] or one["silent"])


def _state_of(one: Mapping[str, Any]) -> dict[str, str]:
    """Return the state with its word; ``status`` chooses colour and icon."""
    if _needs_somebody(one):
        return {"status": "Failed", "label": "Needs somebody"}
    if one["flows_on"]:
        return {"status": "healthy", "label": "Runs"}
    return {"status": "unchecked", "label": "Not set up"}


def _form(
    visit: Visit,
    template: str,
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    return visit.render(
        template,
        status=status,
        values=values,
        problems=problems or {},
        zones=time_zones(),
    )


@cache
def time_zones() -> Sequence[str]:
    """Return the time zones that people are offered: those of places, and UTC."""
    places = [one for one in available_timezones() if one.partition("/")[0] in _REGIONS]
    return ("UTC", *sorted(places))
