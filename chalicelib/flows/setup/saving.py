"""Saving what people set up: built on what stands now, with history and releases in one write."""

from collections.abc import Callable
from typing import Any

from chalicelib.domain.ports import Change
from chalicelib.domain.setup import HistoryEntry, Release
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import MovedOnError

NOTHING = Change()
TRIES = 5  #: how often a change is built again because something else was saved in between


def save(services: Services, consumer: str, build: Callable[[], Change]) -> Change:
    """Save what ``build`` returns; it is called again, and reads again, when another save won.

    A change that holds nothing is not saved.

    Raises:
        MovedOnError: others won every time.
    """
    for _ in range(TRIES):
        change = build()
        if change == NOTHING:
            return change
        if services.registry.save(change):
            services.cache.forget(consumer)
            return change
    raise MovedOnError


def entry(
    services: Services,
    consumer: str,
    *,
    by: str,
    what: str,
    subject: str,
    old: Any = None,
    new: Any = None,
) -> HistoryEntry:
    """Build one line of the history, dated now."""
    return HistoryEntry(
        consumer=consumer,
        at=services.now(),
        who=by,
        what=what,
        subject=subject,
        old=old,
        new=new,
    )


def note(services: Services, consumer: str, *, by: str, what: str, subject: str, new: Any) -> None:
    """Write down what a person did where nothing else is saved in the registry."""
    line = entry(services, consumer, by=by, what=what, subject=subject, new=new)
    services.registry.save(Change(history=[line]))


def release(services: Services, consumer: str, cause: str) -> Release:
    """Build the release of a cause, due now."""
    return Release(consumer=consumer, cause=cause, id=services.new_id(), due_at=services.now())
