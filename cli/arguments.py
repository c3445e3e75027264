"""What people type, turned into what the API takes: pairs, times, log filters."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from cli.text import clean, read_time

AGO = re.compile(r"(\d{1,6})(s|m|h|d)")
AGO_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
TIME_FORMS = "2026-11-01, 2026-11-01T09:30, 2026-11-01T09:30+02:00, or back from now: 90m, 24h, 7d"
REPEATED = ("kind", "flow", "status", "reason", "code", "outcome", "group", "cause", "execution")


class Moment(click.ParamType[datetime | timedelta]):
    """A time; without a zone it is UTC, and a date alone is its first moment."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """Return the moment, or how far it lies back."""
        if isinstance(value, datetime | timedelta):
            return value
        match = AGO.fullmatch(value)
        if match:
            return timedelta(**{AGO_UNITS[match[2]]: int(match[1])})
        moment = read_time(value)
        if moment is None:
            self.fail(f"{value!r} is no time. Write {TIME_FORMS}.", param, ctx)
        return moment


def utc(moment: datetime | timedelta | None, now: datetime) -> str | None:
    """Write a typed time as the API wants it: ISO 8601 in UTC.

    Raises:
        click.UsageError: it lies before the calendar begins.
    """
    if moment is None:
        return None
    try:
        point = now - moment if isinstance(moment, timedelta) else moment
        return point.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError as error:
        raise click.UsageError(f"That time is out of the calendar. Write {TIME_FORMS}.") from error


def period_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--from`` and ``--to``, given to the command as ``since`` and ``until``."""
    function = click.option("--to", "until", type=Moment(), help="Before this time.")(function)
    return click.option("--from", "since", type=Moment(), help=f"Since: {TIME_FORMS}.")(function)


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add every filter of the log; those that may repeat arrive as tuples."""
    function = period_options(function)
    function = click.option("--q", help="Start of a SKU, order number, id or e-mail.")(function)
    for name in reversed(REPEATED):
        function = click.option(f"--{name}", multiple=True, help="May repeat.")(function)
    return function


def filters_of(options: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Build the API's filter from ``filter_options``, without what was not given."""
    found: dict[str, Any] = {name: list(options[name]) for name in REPEATED if options[name]}
    rest = {"q": options["q"], "from": utc(options["since"], now), "to": utc(options["until"], now)}
    return found | {name: value for name, value in rest.items() if value}


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Read ``name=text`` and ``name:=JSON`` (numbers, lists, true, null) into a mapping.

    Raises:
        click.UsageError: a text is no pair, its JSON is broken, or a name came twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, value = split_pair(text)
        if name.endswith(":"):
            name, value = name[:-1], _from_json(name[:-1], value)
        _add(found, name, value)
    return found


def read_credentials(texts: Iterable[str], ask: Callable[[str], str]) -> dict[str, str]:
    """Read ``name=value``, ``name=@file`` and ``name`` alone, which is asked for.

    No error repeats a value: what was typed may be the secret itself.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name:
            raise click.UsageError("A --credential needs a name before its `=`.")
        if not sign:
            value = ask(name)
        elif value.startswith("@"):
            value = _from_file(name, Path(value[1:]))
        _add(found, name, value)
    return found


def read_entries(texts: Iterable[str], removed: Iterable[str]) -> dict[str, str | None]:
    """Read ``source=target`` pairs of a mapping; a removed source maps to None."""
    found: dict[str, str | None] = {}
    for text in texts:
        source, target = split_pair(text)
        if not target:
            raise click.UsageError(f"{source!r} has no target. To remove it: --remove {source!r}.")
        _add(found, source, target)
    for source in removed:
        _add(found, source, None)
    return found


def split_pair(text: str) -> tuple[str, str]:
    r"""Split at the first ``=`` that no backslash precedes; ``\=`` stands for the sign itself."""
    name, *rest = re.split(r"(?<!\\)=", text, maxsplit=1)
    if not rest:
        raise click.UsageError(f"{clean(text)!r} is no pair. Write name=value.")
    return name.replace("\\=", "="), rest[0].replace("\\=", "=")


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    if name in found:
        raise click.UsageError(f"{clean(name)!r} was given twice.")
    found[name] = value


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(
            f"The value of {clean(name)!r} is no JSON. Write name=text for a plain text."
        ) from error


def _from_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise click.UsageError(f"The file for {clean(name)!r} cannot be read: {path}") from error
