"""Reads fields of request bodies and writes those of answers; amounts are decimals in between."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from local.platforms.lightspeed.errors import invalid

Json = dict[str, Any]


def decoded(body: bytes) -> Any:
    """Parse a JSON body, numbers with a point as decimals; 400 when it is not JSON."""
    try:
        return json.loads(body, parse_float=Decimal) if body else {}
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None


def encoded(body: object) -> bytes:
    """Return the JSON of an answer; decimals become numbers, as the vendor sends them."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def text(body: Json, name: str, *, most: int = 0, needed: bool = False) -> str:
    """Return a string field, ``""`` when absent; ``most`` is its longest length."""
    value = body.get(name)
    if value in (None, ""):
        if needed:
            raise invalid(f"{name} is required.")
        return ""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string.")
    if most and len(value) > most:
        raise invalid(f"{name} must have at most {most} characters.")
    return value


def array(body: Json, name: str) -> list[Any]:
    """Return a list field, empty when absent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"{name} must be an array.")
    return value


def objects(body: Json, name: str) -> list[Json]:
    """Return a list of objects, empty when absent."""
    found = array(body, name)
    if not all(isinstance(one, dict) for one in found):
        raise invalid(f"{name} must hold objects.")
    return found


def mapping(body: Json, name: str, *, needed: bool = False) -> Json:
    """Return an object field, empty when absent."""
    value = body.get(name)
    if value is None and not needed:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object." if value is not None else f"{name} is required.")
    return value


def flag(body: Json, name: str, *, default: bool = False) -> bool:
    """Return a field that is true or false; query parameters arrive as text."""
    value = body.get(name)
    if value in (None, ""):
        return default
    if isinstance(value, bool):
        return value
    if value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    raise invalid(f"{name} must be true or false.")


def integer(body: Json, name: str, default: int, *, least: int = 0) -> int:
    """Return a whole number; query parameters arrive as text."""
    value = body.get(name)
    if value in (None, ""):
        return default
    try:
        found = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ValueError:
        found = None
    if found is None or found < least:
        raise invalid(f"{name} must be a whole number of at least {least}.")
    return found


def number(body: Json, name: str, default: Decimal | None = None) -> Decimal:
    """Return a JSON number; text is refused, and so is absence without a ``default``."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid(f"{name} must be a number." if value is not None else f"{name} is required.")
    return Decimal(value)


def number_text(body: Json, name: str) -> Decimal:
    """Return a number written as text, which is how some calls want quantities."""
    try:
        found = Decimal(text(body, name, needed=True))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise invalid(f"{name} must be a number written as text.")
    return found


def instant(body: Json, name: str) -> datetime | None:
    """Return a time as aware UTC, None when absent; RFC 3339 with a zone is needed."""
    value = text(body, name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(f"{name} must be an RFC 3339 time.")
    return found.astimezone(UTC)


def stamp(at: datetime) -> str:
    """Return a time as sales show it, e.g. ``2026-08-01T10:02:11Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def offset_stamp(at: datetime) -> str:
    """Return a time as all other objects show it, e.g. ``2026-01-08T20:41:50+00:00``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def whole(amount: Decimal) -> Decimal | int:
    """Return a quantity as the vendor shows it: without a point where none is needed."""
    return int(amount) if amount == amount.to_integral_value() else amount
