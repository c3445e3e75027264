"""The template of each stage, produced once by the real Chalice; and how to read it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.parts import STAGES
from infra.template import produce

Template = dict[str, Any]

FUNCTIONS = (
    "APIHandler",
    "SyncRecords",
    "SyncStock",
    "DispatchDue",
    "PollSources",
    "SweepOverdue",
    "FollowChanges",
)


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    return {stage: produce(stage, architecture="arm64", runtime="python3.13") for stage in STAGES}


@pytest.fixture(params=STAGES)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    found: Template = templates[request.param]
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # a copy of the same type


@pytest.fixture
def properties(template: Template) -> Callable[[str], Template]:
    """Return what gives the properties of a resource."""

    def read(name: str) -> Template:
        found: Template = template["Resources"][name]["Properties"]
        return found

    return read


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
