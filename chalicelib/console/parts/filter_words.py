"""Filters in words, so that people see what a button or a file is about before they use it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.console.parts.filters import Filters, chips_of
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit
from chalicelib.console.words import KIND_SINGULAR
from chalicelib.domain.causes import parts_of

#: What each filter is called; in the order in which they are told.
_LABELS: Mapping[str, str] = {
    "kind": "Log",
    "flow": "Flow",
    "status": "Status",
    "reason": "Reason",
    "code": "Code",
    "outcome": "Outcome",
    "group": "Failed alike, group",
    "cause": "Waiting for",
    "execution": "Requested by the run",
    "platform": "Platform",
    "since": "From the day",
    "until": "To the day",
    "from": "From",
    "to": "Before",
    "q": "Begins with",
}
#: Names of a run's filter, as it is stored, and of the log's.
_OF_SPEC: Mapping[str, str] = {
    "lanes": "flow",
    "statuses": "status",
    "reasons": "reason",
    "codes": "code",
    "outcomes": "outcome",
    "group": "group",
    "cause": "cause",
    "execution": "execution",
    "listed_from": "from",
    "listed_to": "to",
    "text": "q",
}


def said_filters(visit: Visit, filters: Filters) -> list[tuple[str, str]]:
    """Return each filter with its values in words; several of one are alternatives."""
    return [
        (label, " or ".join(_in_words(visit, name, value) for value in filters[name]))
        for name, label in _LABELS.items()
        if filters.get(name)
    ]


def said_chips(
    visit: Visit, filters: Filters, *, hidden: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return each value of a filter in words, with the filters that stay when it is taken away."""
    return [
        {
            "label": _LABELS[chip.name],
            "value": _in_words(visit, chip.name, chip.value),
            "without": chip.without,
        }
        for chip in chips_of(filters, hidden=hidden)
    ]


def filters_of_spec(visit: Visit, spec: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the log's filters that a run's stored filter means; all flows are no filter."""
    given = {_OF_SPEC[name]: _texts(value) for name, value in spec.items() if name in _OF_SPEC}
    if set(given.get("flow", ())) >= set(visit.services.flows):
        given.pop("flow", None)
    return given


def _texts(value: Any) -> list[str]:
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return ["none" if one is None else str(one) for one in values]


def _in_words(visit: Visit, name: str, value: str) -> str:
    match name:
        case "kind":
            return KIND_SINGULAR.get(value, value)
        case "flow":
            return label_of_flow(visit, value)
        case "platform":
            return visit.label(value)
        case "reason" | "outcome":
            return value.replace("_", " ")
        case "cause":
            return said_cause(visit, value)
        case "from" | "to":
            return _time_in_words(visit, value)
    return value


def said_cause(visit: Visit, cause: str) -> str:
    """Return what rows wait for, in words."""
    match parts_of(cause):
        case ("mapping", flow, name, value):
            return f"an answer for {value or 'a record'} in {name}, {label_of_flow(visit, flow)}"
        case ("setting", flow, name):
            return f"the setting {name} of {label_of_flow(visit, flow)}"
        case ("connection", name):
            return f"the connection {name}"
        case ("flow", flow):
            return f"{label_of_flow(visit, flow)} to be switched on"
        case ("record", kind, record):
            return f"{KIND_SINGULAR.get(kind, kind).lower()} {record}"
    return cause


def _time_in_words(visit: Visit, text: str) -> str:
    try:
        return visit.times.exact(text)
    except (ValueError, OverflowError):
        return text
