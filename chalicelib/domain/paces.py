"""The pace of one connection: the platform's own numbers, with what the merchant set over them."""

from dataclasses import replace
from math import isfinite
from typing import Any

from chalicelib.domain.platforms import Offer, Pace
from chalicelib.domain.setup import Connection

#: Settings of a connection that set its pace; the platform's own numbers stand where one is absent.
PACE_SETTINGS = ("settle_s", "timeout_s", "awaiting_limit_s", "awaiting_every_s")

#: A worker begins nothing with less than two answers' time left, and has less than 60 s in all: a
#: longer wait for an answer would let it begin nothing ever.
TIMEOUT_AT_MOST_S = 25.0


def pace_of(offer: Offer, connection: Connection) -> Pace:
    """Return the pace of a connection: the platform's, with the connection's settings over it.

    A setting that is no number above 0 counts as absent: it must not stop the work.
    """
    settings = connection.settings
    own: dict[str, Any] = {
        name: number for name in PACE_SETTINGS if (number := _number(settings.get(name)))
    }
    if "timeout_s" in own:
        own["timeout_s"] = min(own["timeout_s"], TIMEOUT_AT_MOST_S)
    a_minute = _number(settings.get("calls_per_minute"))
    calls = max(1, int(a_minute * offer.pace.window_s / 60)) if a_minute else offer.pace.calls
    return replace(offer.pace, calls=calls, **own)


def is_fit_for(name: str, value: Any) -> bool:
    """Whether a setting can be what it says: those of the pace are numbers above 0, or absent."""
    is_pace = name in PACE_SETTINGS or name == "calls_per_minute"
    return not is_pace or value in (None, "") or _number(value) is not None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and number > 0 else None
