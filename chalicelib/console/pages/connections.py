"""Connections: health, check, webhooks, prerequisites; for admins the forms."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from chalice.app import Response

from chalicelib.api import errors
from chalicelib.console.parts import accounts
from chalicelib.console.parts.problems import problem_of
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.flows.setup.errors import InvalidError, Problem, UnknownError

ALL = "/v1/consumers/{consumer}/connections"
ONE = "/v1/consumers/{consumer}/connections/{name}"
CARDS = 12  #: of a page, so that it stays below 50 KB


def show_all(visit: Visit) -> Response:
    """Show how each connection stands."""
    page = visit.api.get(ALL, {"limit": CARDS, "cursor": visit.one("cursor")})
    shown = [accounts.shown_connection(visit, one) for one in page["items"]]
    return visit.render("connections.html", page=page, connections=shown)


def show_new(visit: Visit) -> Response:
    """Show what can be connected, or the form of one platform."""
    visit.need("admin")
    name = visit.one("platform")
    if name:
        return _new_form(visit, _platform(visit, name))
    taken = {one["platform"] for one in visit.api.get(ALL)["items"]}
    platforms = [
        {**one, "is_second": one["name"] in taken}
        for one in visit.api.get("/v1/platforms")["items"]
    ]
    return visit.render("connection_choose.html", platforms=platforms)


def connect(visit: Visit) -> Response:
    """Connect a platform, and try whether it works."""
    visit.need("admin")
    platform, name = _platform(visit, visit.field("platform")), visit.field("name")
    try:
        _refuse_taken(visit, name)
        visit.api.send("PUT", ONE, accounts.new_body(visit, platform), name=name)
    except InvalidError as error:
        return _new_form(visit, platform, problems=error.problems)
    if _is_sign_in_awaited(visit, name):
        said = f"Saved. Sign in at {platform['label']} to finish."
        return visit.redirect(visit.at(f"/connections/{encode(name)}"), said=said)
    return _check(visit, name, done="Connected")


def show_needs(visit: Visit) -> Response:
    """Say what an account of a platform needs before it can be connected."""
    return visit.render("connection_needs.html", platform=_platform(visit))


def show_one(visit: Visit) -> Response:
    """Show all of a connection; of its credentials only which are set."""
    return _page(visit, _read(visit))


def change(visit: Visit) -> Response:
    """Change a connection, and try whether it works."""
    found = _read(visit)
    body = accounts.changes_of(visit, found)
    try:
        if body:
            visit.api.send("PUT", ONE, body, name=found["name"])
    except InvalidError as error:
        return _page(visit, found, problems=error.problems)
    return _check(visit, found["name"], done="Saved" if body else "Checked")


def check(visit: Visit) -> Response:
    """Ask the platform whether the connection works."""
    return _check(visit, visit.params["name"], done="Checked")


def ask_to_delete(visit: Visit) -> Response:
    """Say what stops when a connection goes."""
    visit.need("admin")
    found = _read(visit)
    flows = [
        label_of_flow(visit, one["name"])
        for one in visit.api.get("/v1/consumers/{consumer}/flows")["items"]
        if found["name"] in (one["source"], one["target"]) and one["enabled"]
    ]
    shown = accounts.shown_connection(visit, found)
    return visit.render("connection_delete.html", connection=shown, flows=flows)


def delete(visit: Visit) -> Response:
    """Remove a connection with its credentials."""
    name = visit.params["name"]
    visit.api.send("DELETE", ONE, name=name)
    return visit.redirect(visit.at("/connections"), said=f"{name} is disconnected.")


def _read(visit: Visit) -> Mapping[str, Any]:
    found: Mapping[str, Any] = visit.api.get(ONE, name=visit.params["name"])
    return found


def _is_sign_in_awaited(visit: Visit, name: str) -> bool:
    """Whether a connection is complete but for what signing in at the platform brings."""
    sign_in = visit.api.get(ONE, name=name)["sign_in"]
    return sign_in is not None and bool(sign_in["awaited"])


def _platform(visit: Visit, name: str | None = None) -> Mapping[str, Any]:
    wanted = visit.params["platform"] if name is None else name
    for one in visit.api.get("/v1/platforms")["items"]:
        if one["name"] == wanted:
            found: Mapping[str, Any] = one
            return found
    raise errors.not_found("There is no such platform. Choose one under Connections.")


def _refuse_taken(visit: Visit, name: str) -> None:
    """Refuse a name in use: saving under it would change the connection that has it."""
    try:
        visit.api.get(ONE, name=name)
    except UnknownError:
        return
    message = "There is a connection of this name. Choose another, or change that one."
    raise InvalidError([Problem(field="name", message=message)])


def _check(visit: Visit, name: str, *, done: str) -> Response:
    """Try a connection; its page then tells what does not work."""
    checked = visit.api.send("POST", f"{ONE}/check", name=name)
    account = f" It is the account of {checked['account']}." if checked["account"] else ""
    said = f"{done}: {checked['label']} answers.{account}" if checked["ok"] else ""
    return visit.redirect(visit.at(f"/connections/{encode(name)}"), said=said)


def _page(visit: Visit, found: Mapping[str, Any], *, problems: Sequence[Problem] = ()) -> Response:
    fields = accounts.form_fields(found["fields"], found, visit.form, problems)
    return visit.render(
        "connection.html",
        status=422 if problems else 200,
        connection=accounts.shown_connection(visit, found),
        form=_form(visit, fields, problems, address=found["base_url"]),
    )


def _new_form(
    visit: Visit, platform: Mapping[str, Any], *, problems: Sequence[Problem] = ()
) -> Response:
    fields = accounts.form_fields(platform["fields"], {}, visit.form, problems)
    name = visit.field("name") if visit.form else _free_name(visit, platform["name"])
    return visit.render(
        "connection_new.html",
        status=422 if problems else 200,
        platform=platform,
        name=name,
        name_problem=problem_of("name", problems),
        form=_form(visit, fields, problems, address=""),
    )


def _form(
    visit: Visit,
    fields: Sequence[Mapping[str, Any]],
    problems: Sequence[Problem],
    *,
    address: str,
) -> dict[str, Any]:
    """Return what the template of the form needs; an address with a password is not repeated."""
    typed = visit.field("base_url") if visit.form else address
    more = [one for one in fields if not one["is_main"]]
    address_problem = problem_of("base_url", problems)
    beside = {"name", "base_url", *(one["name"] for one in fields)}
    return {
        "main": [one for one in fields if one["is_main"]],
        "more": more,
        "is_more_open": bool(address_problem or any(one["problem"] for one in more)),
        "base_url": "" if "@" in typed else typed,
        "base_url_problem": address_problem,
        "problems": [one.message for one in problems if one.field not in beside],
        "is_wrong": bool(problems),
    }


def _free_name(visit: Visit, platform: str) -> str:
    """Return a name for a connection: that of the platform, or with a number behind it."""
    taken = {one["name"] for one in visit.api.get(ALL)["items"]}
    numbered = (f"{platform}-{number}" for number in count(2))
    return platform if platform not in taken else next(n for n in numbered if n not in taken)
