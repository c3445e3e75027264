"""Connections as pages show them, and forms of connections as the API reads them.

A secret goes into a form and never comes out of one: its field is always empty.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.console.parts.problems import problem_of
from chalicelib.console.visits import Visit, encode
from chalicelib.flows.setup.errors import Problem

WEBHOOKS: Mapping[str, str] = {
    "registered": "Webhooks are registered.",
    "missing": "Webhooks are not registered; polls find what changed.",
    "unknown": "Not known before a check succeeds.",
}


def shown_connection(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a connection with its page and the words for how it stands."""
    address = visit.at(f"/connections/{encode(one['name'])}")
    return {
        **one,
        "address": address,
        "title": label_of_account(visit, one["platform"], one["name"]),
        "health_said": _health_said(one),
        "webhooks_said": WEBHOOKS[one["webhooks"]],
        "webhooks_why": "" if one["webhooks_detail"] in one["detail"] else one["webhooks_detail"],
        "needs": needs_address(visit, one["platform"]),
        "platforms_page": visit.platforms_page(one["platform"], one["name"]),
    }


#: Behind the help of a field.
_SIGN_IN = " Signing in at the platform fills it in."


def label_of_account(visit: Visit, platform: str, name: str) -> str:
    """Return what people call an account; a second one of a platform is named with it."""
    label = visit.label(platform)
    return label if name in (platform, label) else f"{label} ({name})"


def needs_address(visit: Visit, platform: str) -> str:
    """Return the page that says what a platform's account needs."""
    return visit.at(f"/connections/needs/{encode(platform)}")


def _health_said(one: Mapping[str, Any]) -> str:
    if one["health"] == "unchecked":
        return "Not known" if one["checked_at"] else "Not checked yet"
    return str(one["health"]).capitalize()


def form_fields(
    fields: Sequence[Mapping[str, Any]],
    connection: Mapping[str, Any],
    typed: Mapping[str, Sequence[str]],
    problems: Sequence[Problem],
) -> list[dict[str, Any]]:
    """Return the fields of a form, with what was typed, or what stands, and what is wrong.

    Args:
        connection: as the API shows it; empty for a new one.
        typed: the form that was sent; empty where none was.
    """
    return [_field(one, connection, typed, problems) for one in fields]


def _field(
    one: Mapping[str, Any],
    connection: Mapping[str, Any],
    typed: Mapping[str, Sequence[str]],
    problems: Sequence[Problem],
) -> dict[str, Any]:
    name = field_name(one)
    is_set = one["name"] in connection.get("credentials", ())
    stands = connection.get("settings", {}).get(one["name"])
    usual = f" Usually {one['default']}." if one["default"] else ""
    return {
        "name": name,
        "label": one["label"],
        "secret": one["secret"],
        "required": one["required"] and not is_set and not one["by_sign_in"],
        "help": f"{one['help']}{usual}{_SIGN_IN if one['by_sign_in'] else ''}".strip(),
        "value": "" if one["secret"] else typed.get(name, [_text(stands)])[-1],
        "is_set": is_set,
        "can_remove": is_set and not one["required"],
        "problem": problem_of(name, problems),
        "is_main": one["required"] or one["secret"],
    }


def field_name(one: Mapping[str, Any]) -> str:
    """Return the name of a field in forms: the one that the API calls it by in its problems."""
    return f"{'credentials' if one['secret'] else 'settings'}.{one['name']}"


def new_body(visit: Visit, platform: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a new connection: what was filled in."""
    given = {one["name"]: visit.field(field_name(one)) for one in platform["fields"]}
    secret = {one["name"] for one in platform["fields"] if one["secret"]}
    address = visit.field("base_url")
    return {
        "platform": platform["name"],
        "settings": {name: text for name, text in given.items() if text and name not in secret},
        "credentials": {name: text for name, text in given.items() if text and name in secret},
        **({"base_url": address} if address else {}),
    }


def changes_of(visit: Visit, connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a change; empty if the form changes nothing.

    An empty secret stays as it is; an empty setting is taken away.
    """
    body: dict[str, Any] = {"settings": {}, "credentials": {}}
    for one in connection["fields"]:
        name, text = one["name"], visit.field(field_name(one))
        if not one["secret"]:
            if text != _text(connection["settings"].get(name)):
                body["settings"][name] = text or None
        elif text:
            body["credentials"][name] = text
        elif visit.field(f"remove.{name}"):
            body["credentials"][name] = None
    if visit.field("base_url") != connection["base_url"]:
        body["base_url"] = visit.field("base_url")
    return {name: value for name, value in body.items() if value or name == "base_url"}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
