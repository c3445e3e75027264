"""Reads fields of request bodies, with Square's own complaints when they are wrong."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from local.platforms.square.errors import invalid

Json = dict[str, Any]


def text(body: Json, name: str, *, most: int = 0, needed: bool = False) -> str:
    """Return a string field, ``""`` when absent; ``most`` is its longest length."""
    value = body.get(name)
    if value in (None, ""):
        if needed:
            raise invalid(f"Field `{name}` is required.", name, "MISSING_REQUIRED_PARAMETER")
        return ""
    if not isinstance(value, str):
        raise invalid(f"Expected a string for `{name}`.", name, "EXPECTED_STRING")
    if most and len(value) > most:
        raise invalid(
            f"Field `{name}` must not be greater than {most} length.", name, "VALUE_TOO_LONG"
        )
    return value


def array(body: Json, name: str, *, most: int = 0, needed: bool = False) -> list[Any]:
    """Return a list field, empty when absent; ``most`` is its greatest length."""
    value = body.get(name)
    if value is None or value == []:
        if needed:
            raise invalid(f"Field `{name}` is required.", name, "MISSING_REQUIRED_PARAMETER")
        return []
    if not isinstance(value, list):
        raise invalid(f"Expected an array for `{name}`.", name, "EXPECTED_ARRAY")
    if most and len(value) > most:
        raise invalid(
            f"Array `{name}` must have at most {most} members.", name, "ARRAY_LENGTH_TOO_LONG"
        )
    return value


def mapping(body: Json, name: str) -> Json:
    """Return an object field, empty when absent."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"Expected an object for `{name}`.", name, "EXPECTED_OBJECT")
    return value


def integer(body: Json, name: str, default: int) -> int:
    """Return an integer field; query parameters arrive as text."""
    value = body.get(name)
    if value in (None, ""):
        return default
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise invalid(f"Expected an integer for `{name}`.", name, "EXPECTED_INTEGER")
    try:
        return int(value)
    except ValueError:
        raise invalid(f"Expected an integer for `{name}`.", name, "EXPECTED_INTEGER") from None


def instant(body: Json, name: str) -> datetime | None:
    """Return a time field as aware UTC, None when absent; RFC 3339 with a zone is needed."""
    value = text(body, name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(f"`{name}` is not an RFC 3339 time.", name, "INVALID_TIME")
    return found.astimezone(UTC)


def quantity(body: Json, name: str, *, places: int) -> Decimal:
    """Return a decimal string field; numbers are refused, as Square does."""
    value = text(body, name, most=26, needed=True)
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > places:
        raise invalid(f"`{name}` is not a decimal with at most {places} places.", name)
    return found


def stamp(at: datetime) -> str:
    """Return a time as Square writes it: UTC, milliseconds, ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def money(amount: int, currency: str) -> Json:
    """Return Square's money object; ``amount`` is in minor units."""
    return {"amount": amount, "currency": currency}


def plain(number: Decimal) -> str:
    """Return a decimal as text without exponent and without trailing zeros."""
    shown = f"{number:f}"
    return (shown.rstrip("0").rstrip(".") or "0") if "." in shown else shown
