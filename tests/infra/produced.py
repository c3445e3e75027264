"""How to read a produced template."""

from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]

#: All functions, by their names in the template.
FUNCTIONS = (
    "APIHandler",
    "SyncRecords",
    "SyncStock",
    "DispatchDue",
    "PollSources",
    "SweepOverdue",
    "FollowChanges",
)


def events_of(template: Template, kind: str) -> Iterator[tuple[str, Template]]:
    """Yield each function with an event of a kind, and the event's properties."""
    for name in FUNCTIONS:
        for event in template["Resources"][name]["Properties"].get("Events", {}).values():
            if event["Type"] == kind:
                yield name, event["Properties"]


def of_type(template: Template, kind: str) -> dict[str, Template]:
    """Return the properties of all resources of a type."""
    return {
        name: one["Properties"]
        for name, one in template["Resources"].items()
        if one["Type"] == kind
    }
