"""Filters of the log as addresses carry them, and as the API reads them.

The names are the API's own, so a view can be shared, and turned into a call. Only the days of the
form are the console's: ``since`` and ``until`` are days of the merchant's zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.api.filters import LOG_FILTERS
from chalicelib.console.asking import Query
from chalicelib.console.parts.problems import sentences_of
from chalicelib.console.visits import Visit
from chalicelib.domain.log import CursorError
from chalicelib.flows.setup.errors import InvalidError, Problem

DAYS = ("since", "until")

Filters = Mapping[str, Sequence[str]]

_NOTHING: Mapping[str, Any] = {"items": [], "next": None, "previous": None}
_NO_SUCH_PART = "This page of the list is no more. Go to its beginning."


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One filter that is in force; ``without`` are the filters that stay when it goes."""

    name: str
    value: str
    without: Filters


def read_filters(visit: Visit) -> dict[str, list[str]]:
    """Return the filters of an address, as they stand in it."""
    names = (*LOG_FILTERS, *DAYS)
    return {name: values for name in names if (values := visit.many(name))}


def to_api(filters: Filters, zone: str) -> dict[str, list[str]]:
    """Return filters as the API has them; a day of the merchant becomes its first moment.

    Raises:
        InvalidError: a day is none.
    """
    found = {name: list(values) for name, values in filters.items() if name not in DAYS}
    for name, field, more in (("since", "from", 0), ("until", "to", 1)):
        if name in filters:
            moment = _start_of(filters[name][-1], name, zone, days=more)
            found[field] = [moment.astimezone(UTC).isoformat().replace("+00:00", "Z")]
    return found


def read_page(
    visit: Visit, path: str, filters: Filters, *, limit: int
) -> tuple[Mapping[str, Any], list[str]]:
    """Return a page of a list, and what is wrong with the filters if there is none."""
    try:
        paging: Query = {"cursor": visit.one("cursor"), "limit": limit}
        return visit.api.get(path, {**to_api(filters, visit.times.zone), **paging}), []
    except InvalidError as error:
        return _NOTHING, sentences_of(error)
    except CursorError:
        return _NOTHING, [_NO_SUCH_PART]


def chips_of(filters: Filters, *, hidden: Sequence[str] = ()) -> list[Chip]:
    """Return each filter that is in force with what is left without it."""
    return [
        Chip(name=name, value=value, without=_without(filters, name, value))
        for name, values in filters.items()
        if name not in hidden
        for value in values
    ]


def is_plain(filters: Filters) -> bool:
    """Whether counters know the rows of these filters: only kinds, flows and statuses."""
    return set(filters) <= {"kind", "flow", "status"}


def _without(filters: Filters, name: str, value: str) -> Filters:
    left = [one for one in filters[name] if one != value]
    return {key: left if key == name else values for key, values in filters.items()}


def _start_of(text: str, field: str, zone: str, *, days: int) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = "Give a day, such as 2026-11-01."
        raise InvalidError([Problem(field=field, message=message)]) from None
