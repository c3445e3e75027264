"""Values of the API as short, harmless text: times, money, settings, names."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def clean(value: Any) -> str:
    """Return ``value`` as one line without control characters; None is the empty text.

    A product's name comes from strangers: an escape sequence in it must not reach the terminal.
    """
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text)


def read_time(value: Any) -> datetime | None:
    """Read a time of the API (ISO 8601); None when there is none or it is not a time."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ago(value: Any, now: datetime) -> str:
    """Say how long a time of the API is away: ``3 min ago``, ``in 2 h``, or nothing without one."""
    moment = read_time(value)
    if moment is None:
        return clean(value)
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def span(seconds: float) -> str:
    """Write a length of time in its largest unit, rounded down: 150 s are ``2 min``."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def took(started: Any, ended: Any) -> str:
    """Say how long something took, from two times of the API; empty while it runs."""
    begin, end = read_time(started), read_time(ended)
    if begin is None or end is None:
        return ""
    return span(max(0.0, (end - begin) / timedelta(seconds=1)))


def plain(value: Any) -> str:
    """Write any value of the API in one line, as a person would: money, lists, yes and no."""
    if isinstance(value, Mapping):
        if set(value) == {"amount", "currency"}:
            return clean(f"{value['amount']} {value['currency']}")
        return ", ".join(f"{clean(name)}: {plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(value)


def pick(item: Mapping[str, Any], *names: str) -> Any:
    """Return the first of ``names`` that ``item`` holds with a value, else None."""
    return next((item[name] for name in names if item.get(name) is not None), None)


def as_json(value: Any) -> str:
    """Write one JSON document, readable and with every letter as it is."""
    return json.dumps(value, indent=2, ensure_ascii=False)
