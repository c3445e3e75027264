"""Every event a log line may tell of: how loud it is, and what it means.

``docs/runbook.md`` lists them too; a test keeps the two and the code together.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """One kind of log line."""

    meaning: str
    level: int = logging.INFO


EVENTS: Mapping[str, Event] = {
    "sync.attempted": Event(meaning="one attempt at a row ended"),
    "webhook.accepted": Event(meaning="a delivery was read and its rows requested"),
    "webhook.refused": Event(
        meaning="a delivery had no known address, no right signature or no readable body",
        level=logging.WARNING,
    ),
    "poll.finished": Event(meaning="a poll has asked for all that changed, or says why not"),
    "release.run": Event(meaning="a cause went away and its rows were requested"),
    "execution.started": Event(meaning="a poll, an import or a bulk re-sync began"),
    "execution.ended": Event(meaning="it ended, with its counts"),
    "sweep.sent": Event(meaning="rows past their due time were sent again"),
    "connection.down": Event(meaning="a platform refused our access", level=logging.WARNING),
    "connection.up": Event(meaning="a connection works, for the first time or again"),
    "housekeeping.failed": Event(
        meaning="a nightly or hourly look at a platform failed", level=logging.WARNING
    ),
    "queue.unreadable": Event(meaning="a message is none of ours", level=logging.ERROR),
    "worker.crashed": Event(meaning="a defect stopped the work on a batch", level=logging.ERROR),
    "loop.crashed": Event(
        meaning="a defect stopped a turn of a thread (one machine)", level=logging.ERROR
    ),
    "api.answered": Event(meaning="a request to the API or the console was answered"),
    "api.failed": Event(meaning="a request was answered 5xx", level=logging.ERROR),
}


def level_of(event: str) -> int:
    """Return the level of an event's lines."""
    known = EVENTS.get(event)
    return known.level if known is not None else logging.INFO
