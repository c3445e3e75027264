"""Keys of the API, for the operator's admins."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from chalicelib.api.errors import not_found
from chalicelib.console.parts.problems import by_field
from chalicelib.console.visits import Visit, encode
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.errors import InvalidError

KEYS = "/v1/keys"
ROWS = 50  #: of a page, so that it stays below 50 KB
MOST = 200  #: of one answer, where one key is looked for
OPERATOR = "operator"  #: whose a key is that is no consumer's

ROLES: Mapping[Role, str] = {
    Role.VIEWER: "Viewer: reads",
    Role.OPERATOR: "Operator: re-syncs, redrives, starts and cancels runs",
    Role.ADMIN: "Admin: connections, flows, mappings, keys, consumers",
}


def show_all(visit: Visit) -> Response:
    """Show the keys, and the form for another one."""
    consumer = visit.one("consumer")
    whose = "consumer" if consumer else ""
    return _page(visit, {"whose": whose, "consumer": consumer, "role": "viewer", "name": ""}, {})


def make(visit: Visit) -> Response:
    """Make a key; the page that answers is the only one that shows it."""
    values = {name: visit.field(name) for name in ("name", "role", "whose", "consumer")}
    is_operators = values["whose"] == OPERATOR
    problem = _problem_of(values)
    if problem:
        return _page(visit, values, problem, status=422)
    body = {
        "name": values["name"],
        "role": values["role"],
        "consumer": None if is_operators else values["consumer"],
    }
    try:
        made = visit.api.send("POST", KEYS, body)
    except InvalidError as error:
        problems = by_field(error.problems)
        if "role" in problems:
            problems["role"] = "Choose one of these roles."
        return _page(visit, values, problems, status=422)
    return visit.render("key_made.html", status=201, made=_shown(visit, made), plain=made["key"])


def ask_to_revoke(visit: Visit) -> Response:
    """Ask whether a key is to be revoked."""
    key = _find(visit, visit.params["id"])
    return visit.render("key_revoke.html", key=_shown(visit, key))


def revoke(visit: Visit) -> Response:
    """Make a key useless from now on."""
    gone = visit.api.send("DELETE", f"{KEYS}/{{id}}", id=visit.params["id"])
    return visit.redirect(visit.url("/keys"), said=f"The key “{gone['name']}” is revoked.")


def _page(
    visit: Visit, values: Mapping[str, str], problems: Mapping[str, str], *, status: int = 200
) -> Response:
    page = visit.api.get(KEYS, {"cursor": visit.one("cursor"), "limit": ROWS})
    return visit.render(
        "keys.html",
        status=status,
        page=page,
        keys=[_shown(visit, key) for key in page["items"]],
        roles={role.value: label for role, label in ROLES.items()},
        values=values,
        problems=problems,
    )


def _problem_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with whose the key shall be: that is never left to a default."""
    if values["whose"] not in (OPERATOR, "consumer"):
        return {"whose": "Choose whose key it is."}
    if values["whose"] == "consumer" and not values["consumer"]:
        return {"consumer": "Give the id of the consumer."}
    return {}


def _shown(visit: Visit, key: Mapping[str, Any]) -> dict[str, Any]:
    consumer = key["consumer"]
    return {
        **key,
        "consumer_at": visit.url(f"/consumers/{encode(consumer)}") if consumer else "",
        "revoke_at": visit.url(f"/keys/{encode(key['id'])}/revoke"),
        "is_like_mine": _is_like_mine(visit, key),
    }


def _is_like_mine(visit: Visit, key: Mapping[str, Any]) -> bool:
    """Whether a key may be the one of this session: only its hash would tell for certain."""
    me = visit.principal
    return (
        me is not None
        and key["revoked_at"] is None
        and (key["consumer"], key["role"], key["name"]) == (me.consumer, me.role.value, me.name)
    )


def _find(visit: Visit, id_: str) -> Mapping[str, Any]:
    """Return a key of the list; there are few, and one answer has most of them."""
    cursor: str | None = None
    while True:
        page = visit.api.get(KEYS, {"limit": MOST, "cursor": cursor})
        for key in page["items"]:
            if key["id"] == id_:
                return dict(key)
        cursor = page["next"]
        if cursor is None:
            raise not_found("There is no such key.")
