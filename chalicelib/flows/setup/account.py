"""What is wrong with an account as a person gives it; everything is found at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.addresses import fault_of_form, fault_of_host
from chalicelib.domain.paces import is_fit_for
from chalicelib.domain.platforms import Field, Offer
from chalicelib.domain.setup import Connection
from chalicelib.flows.setup.errors import Problem

NAME_FORM = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
TEXT_LIMIT = 8000  #: characters of one setting or credential; tokens are the longest


@dataclass(frozen=True, kw_only=True)
class Given:
    """A connection as a person gives it; None and absent mean: as it is."""

    platform: str | None = None
    base_url: str | None = None  #: empty: the platform's own address
    settings: Mapping[str, Any] = field(default_factory=dict)  #: a value of None removes one
    credentials: Mapping[str, str | None] = field(default_factory=dict)


def problems_of(
    name: str,
    offer: Offer | None,
    given: Given,
    *,
    platforms: Sequence[str],
    platform_before: str | None,
    resulting: Mapping[str, Any],
    loopback: bool,
) -> list[Problem]:
    """Return everything that is wrong.

    Args:
        offer: the platform, or None if there is no such platform.
        platform_before: the platform of the connection of this name, if there is one.
        resulting: settings and credentials as they would be afterwards, by name.
    """
    problems = list(_problems_of_address(given.base_url, loopback=loopback))
    if offer is None:
        message = f"There is no such platform. Known are: {', '.join(sorted(platforms))}."
        return [Problem(field="platform", message=message), *problems]
    problems += _problems_of_name(name, offer, platform_before)
    problems += _problems_of_fields(offer, given)
    problems += _problems_of_gaps(offer, resulting)
    return problems


def moved_field(offer: Offer | None, before: Connection, given: Given) -> str:
    """Return the field that would send known credentials to another host; empty if none does.

    A person can enter credentials and not read them: an address of their own would tell them.
    The platform's own address, and another folder of the same host, are fine.
    """
    if given.base_url and _place_of(given.base_url) != _place_of(before.base_url):
        return "base_url"
    for one in offer.fields if offer is not None else ():
        address = given.settings.get(one.name)
        if one.gets_secrets and address and address != before.settings.get(one.name):
            return f"settings.{one.name}"
    return ""


def problem_of_move(field: str) -> Problem:
    """Return the problem of an address that was moved without credentials for it."""
    return Problem(
        field=field,
        message="Give the credentials again, too: the known ones are for the address of before, and"
        " are sent to no other.",
    )


def _place_of(address: str) -> tuple[str, int]:
    """Return host and port; an address that cannot be read is told of elsewhere."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").removeprefix("www."), parts.port or 443
    except ValueError:
        return "", 0


def _problems_of_name(name: str, offer: Offer, platform_before: str | None) -> Iterator[Problem]:
    if platform_before is not None and platform_before != offer.name:
        message = f"This connection is one to {platform_before}. Delete it, or choose another name."
        yield Problem(field="platform", message=message)
    elif not NAME_FORM.fullmatch(name) or not name.startswith(offer.name):
        message = (
            f"Call it {offer.name}, or {offer.name}-2 and the like for a second account:"
            " lower-case letters, digits and hyphens, at most 40."
        )
        yield Problem(field="name", message=message)


def _problems_of_address(base_url: str | None, *, loopback: bool) -> Iterator[Problem]:
    """Refuse what would not be called, or is more than the start of an address.

    Its text is not repeated, it may hold a password; only of a plain one its host or port is.
    """
    if not base_url:
        return
    if not _is_plain(base_url) or fault_of_form(base_url, loopback=loopback):
        besides = ", or http://127.0.0.1 with a port" if loopback else ""
        message = f"Give an address that starts with https://{besides}, without user name or query."
        yield Problem(field="base_url", message=message)
    elif fault := fault_of_host(base_url, loopback=loopback):
        yield Problem(field="base_url", message=fault)


def _is_plain(address: str) -> bool:
    """Whether an address has no more than host, port and path; a wrong one is judged elsewhere."""
    if not address.isascii() or any(sign.isspace() for sign in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not (parts.query or parts.fragment)


def _problems_of_fields(offer: Offer, given: Given) -> Iterator[Problem]:
    known = {one.name: one for one in offer.fields}
    for name, value in given.settings.items():
        one = known.get(name)
        message = _problem_of_setting(offer, one, value)
        if message:
            yield Problem(field=f"settings.{name}", message=message)
    for name in given.credentials:
        if name not in known:
            message = _unknown(offer)
            yield Problem(field=f"credentials.{name}", message=message)
    for name, secret in given.credentials.items():
        if secret is not None and not 1 <= len(secret) <= TEXT_LIMIT:
            message = f"Give 1 to {TEXT_LIMIT} characters, or null to remove it."
            yield Problem(field=f"credentials.{name}", message=message)


def _problem_of_setting(offer: Offer, one: Field | None, value: Any) -> str:
    if one is None:
        return _unknown(offer)
    if one.secret:
        return "This is secret: give it under credentials."
    if not (value is None or isinstance(value, str | int | float | bool)):
        return "Give a text, a number, true, false, or null to remove it."
    if not is_fit_for(one.name, value):
        return "Give a number above 0, or null to remove it."
    return "" if len(str(value)) <= TEXT_LIMIT else f"Give at most {TEXT_LIMIT} characters."


def _unknown(offer: Offer) -> str:
    names = ", ".join(sorted(one.name for one in offer.fields))
    return f"{offer.label} knows no such field. Known are: {names}."


def is_sign_in_awaited(offer: Offer, known: Mapping[str, Any]) -> bool:
    """Whether all that is missing comes when somebody signs in at the platform's page."""
    return offer.sign_in is not None and offer.sign_in.is_awaited(known)


def _problems_of_gaps(offer: Offer, resulting: Mapping[str, Any]) -> Iterator[Problem]:
    comes = offer.sign_in.gives if offer.sign_in and is_sign_in_awaited(offer, resulting) else ()
    for one in offer.fields:
        if one.name in comes:
            continue
        if one.required and one.default is None and resulting.get(one.name) in (None, ""):
            place = "credentials" if one.secret else "settings"
            message = f"{one.label} is needed. {one.help}".strip()
            yield Problem(field=f"{place}.{one.name}", message=message)
