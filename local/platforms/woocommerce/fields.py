"""Values in bodies and answers: amounts as strings, whole numbers, dates without a zone."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from local.platforms.woocommerce.errors import Json, invalid_param

_AMOUNT = re.compile(r"^-?\d*\.?\d*$")
_WHOLE = re.compile(r"^-?\d+$")
TRUE = ("true", "1", 1, True)
FALSE = ("false", "0", 0, False, "")


def encode(body: object) -> bytes:
    """Write JSON as PHP does: ``/`` and everything beyond ASCII escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def string(body: Mapping[str, Any], name: str, label: str = "") -> str:
    """Return a text; null and absent are empty, a number is refused."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid_param((label or name).split("[")[0], f"{label or name} is not of type string")
    return value


def price(body: Mapping[str, Any], name: str, label: str = "") -> str:
    """Return an amount as the string it must be; empty means unset."""
    value = string(body, name, label).strip()
    return value if _AMOUNT.match(value) and value not in (".", "-", "-.") else ""


def whole(body: Mapping[str, Any], name: str, label: str = "") -> int:
    """Return a whole number, which may come as text; 2.5 is refused."""
    value = body.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and _WHOLE.match(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_param(
            (label or name).split("[")[0], f"{label or name} is not of type integer"
        )
    return value


def boolean(body: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """Return a switch, which may come as text."""
    value = body.get(name, default)
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise invalid_param(name, f"{name} is not of type boolean")


def choice(body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """Return one of ``allowed``, or refuse and list them."""
    value = body.get(name)
    if value in allowed:
        return str(value)
    raise invalid_param(name, f"{name} is not one of {', '.join(allowed)}.", "rest_not_in_enum")


def objects(body: Mapping[str, Any], name: str) -> list[Json]:
    """Return a list of objects; empty when absent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid_param(name, f"{name} is not of type array")
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            raise invalid_param(name, f"{name}[{number}] is not of type object")
    return value


def decimal(value: object) -> Decimal:
    """Return a number written in any form; zero for what is none."""
    try:
        found = Decimal(str(value or 0))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Round half up, as shops do."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def money(value: Decimal, places: int = 2) -> str:
    """Write an amount with the decimals of the shop."""
    amount = rounded(value, places)
    return f"{amount if amount else abs(amount):f}"


def plain(value: Decimal) -> str:
    """Write a number without trailing zeros: the scale of taxes inside lines."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def dates(name: str, at: datetime | None, zone: ZoneInfo) -> Json:
    """Return a date in the site's zone and in GMT, both without saying so."""
    if at is None:
        return {name: None, f"{name}_gmt": None}
    form = "%Y-%m-%dT%H:%M:%S"
    local = at.astimezone(zone).strftime(form)
    return {name: local, f"{name}_gmt": at.astimezone(UTC).strftime(form)}


def parse_date(name: str, value: str, zone: ZoneInfo, *, is_gmt: bool) -> datetime:
    """Read a date of a filter: in the site's zone unless it is said to be GMT."""
    try:
        found = datetime.fromisoformat(value.replace(" ", "+").replace("Z", "+00:00"))
    except ValueError:
        raise invalid_param(name, "Invalid date.", "rest_invalid_date") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC if is_gmt else zone)
    return found.astimezone(UTC)


def slug(text: str) -> str:
    """Return the part of an address made of a name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
