"""Which changes of the log table reach the reader of its stream: as the template says."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

FUNCTIONS = Path(__file__).parents[2] / "infra" / "functions.yaml"


def stream_filter() -> Callable[[Any], bool]:
    """Return what says whether Lambda would hand a record to the reader, by the template."""
    template = yaml.safe_load(FUNCTIONS.read_text(encoding="utf-8"))
    event = template["Resources"]["FollowChanges"]["Properties"]["Events"][
        "FollowChangesDynamodbEventSource"
    ]
    patterns = [
        json.loads(one["Pattern"]) for one in event["Properties"]["FilterCriteria"]["Filters"]
    ]
    return lambda record: any(matches(pattern, record) for pattern in patterns)


def matches(pattern: Any, value: Any) -> bool:
    """Say whether a value has what a pattern of Lambda's filters asks for."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            matches(inner, value.get(name)) for name, inner in pattern.items()
        )
    return any(_is(one, value) for one in pattern)


def _is(wanted: Any, value: Any) -> bool:
    """One of the words of a filter: a value, or ``prefix``, ``exists``, ``anything-but``."""
    if not isinstance(wanted, Mapping):
        return bool(wanted == value)
    [(word, what)] = wanted.items()
    if word == "prefix":
        return isinstance(value, str) and value.startswith(what)
    if word == "exists":
        return (value is not None) == what
    if word == "anything-but":
        return value is not None and value not in (what if isinstance(what, list) else [what])
    raise ValueError(f"the bench does not know the filter word {word!r}")
