"""Times and numbers as Brightpearl writes them, and as it accepts them."""

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

FOUR_PLACES = Decimal("0.0001")
LARGEST = Decimal(10) ** 15


def parse_time(value: object) -> datetime:
    """Return an ISO 8601 time with offset as aware UTC; a ValueError says what is wrong."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value!r} is out of range") from None


def format_time(at: datetime, zone: tzinfo) -> str:
    """Write a time with the account's offset: ``2026-07-02T12:30:00.000+01:00``, ``Z`` for zero."""
    return at.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_decimal(value: object, *, places: int | None = None) -> Decimal:
    """Return a number given as text or as JSON number; a ValueError says what is wrong."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"{value!r} is not a decimal")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal") from None
    if not number.is_finite() or abs(number) > LARGEST:
        raise ValueError(f"{str(value)[:40]!r} is not a number of that size")
    exponent = int(number.as_tuple().exponent)
    if places is not None and -exponent > places:
        raise ValueError(f"{value!r} has more than {places} decimals")
    return number


def parse_whole(text: str) -> int | None:
    """Return a number of plain digits, or None when the text is something else."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def four_places(number: Decimal) -> str:
    """Write an amount as answers carry it: ``16.67`` becomes ``16.6700``."""
    return str(number.quantize(FOUR_PLACES))
