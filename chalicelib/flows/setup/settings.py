"""Settings of a flow as people give them: read by their type, all mistakes found at once.

They are kept as texts: a decimal as it is written, yes or no, a time in ISO 8601 with its zone.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.flows.declare import Flow, Setting
from chalicelib.flows.setup.errors import Problem

TEXT_LIMIT = 1000


class _UnfitError(ValueError):
    """A value that does not fit its setting; the message says what is wanted."""


def read_settings(
    flow: Flow, given: Mapping[str, Any], *, time_zone: str
) -> tuple[dict[str, str | None], list[Problem]]:
    """Return the texts to keep by name (None: taken away), and what is wrong.

    A time without a zone is one of the consumer's ``time_zone``; a date alone is its first moment.
    """
    known = {setting.name: setting for setting in flow.settings}
    values: dict[str, str | None] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        try:
            values[name] = _read(known.get(name), value, flow=flow, time_zone=time_zone)
        except _UnfitError as unfit:
            problems.append(Problem(field=f"settings.{name}", message=str(unfit)))
    return values, problems


def _read(setting: Setting | None, value: Any, *, flow: Flow, time_zone: str) -> str | None:
    if setting is None:
        names = ", ".join(sorted(one.name for one in flow.settings)) or "none"
        raise _UnfitError(f"The flow has no such setting. It has: {names}.")
    if value is None or value == "":
        return None
    if setting.type == "time":
        return _read_time(value, time_zone)
    return _READERS.get(setting.type, _read_text)(setting, value)


def _read_text(setting: Setting, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _UnfitError("Give a text, or null to take it away.")
    text = str(value).strip()
    if not 1 <= len(text) <= TEXT_LIMIT:
        raise _UnfitError(f"Give 1 to {TEXT_LIMIT} characters, or null to take it away.")
    if setting.pattern and not re.fullmatch(setting.pattern, text):
        raise _UnfitError(f"This is no fit value. {setting.help}".strip())
    return text


def _read_choice(setting: Setting, value: Any) -> str:
    text = _read_text(setting, value)
    if setting.options and text not in setting.options:
        raise _UnfitError(f"Give one of: {', '.join(setting.options)}.")
    return text


def _read_decimal(setting: Setting, value: Any) -> str:
    try:
        number = Decimal(_read_text(setting, value))
    except InvalidOperation:
        raise _UnfitError("Give a number, such as 0.05.") from None
    if not number.is_finite():
        raise _UnfitError("Give a number, such as 0.05.")
    return format(number, "f")


def _read_yes_no(setting: Setting, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.lower() in ("yes", "no"):
        return value.lower()
    raise _UnfitError("Give yes or no.")


def _read_time(value: Any, time_zone: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
        local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))
        return local.astimezone(UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        raise _UnfitError("Give a date or time, such as 2026-11-01 or 2026-11-01T09:30Z.") from None


_READERS: Mapping[str, Callable[[Setting, Any], str]] = {
    "choice": _read_choice,
    "decimal": _read_decimal,
    "text": _read_text,
    "yes_no": _read_yes_no,
}
