"""How long a handler may go on, from what Lambda says of its time."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.flows.services import Services

SPARE_S = 3  #: for the writes that close what was begun
ASSUMED_MS = 60_000  #: where nobody says: the time of a function as we deploy it


def deadline_of(services: Services, context: Any) -> datetime:
    """Return the last moment at which a handler may send anything, a little before its end."""
    ask = getattr(context, "get_remaining_time_in_millis", None)
    left_ms = ask() if ask is not None else ASSUMED_MS
    return services.now() + timedelta(milliseconds=left_ms) - timedelta(seconds=SPARE_S)
