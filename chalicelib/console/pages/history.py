"""The history: who changed what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.filter_words import filters_of_spec, said_filters
from chalicelib.console.parts.fixes import mapping_at
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.rendering import bytes_of, clip
from chalicelib.console.visits import Visit, encode
from chalicelib.domain.rows import RowName
from chalicelib.flows.declare import base_name

HISTORY = "/v1/consumers/{consumer}/history"
LINES = 20  #: of a page, so that it stays below 50 KB
CHANGES = 8  #: of one line; a page of its own shows more
CHANGES_MOST = 200
ROOM = 20_000  #: bytes for the changes of all lines of a page
LOOK_THROUGH = 200  #: lines in which one is looked for
_VALUE = 60  #: characters of a value
_SUBJECT = 80
_DEEPEST = 4

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_MARKUP = 120  #: bytes around the texts of one change

ChangeShown = Mapping[str, str | None]  #: field, old and new
Path = tuple[str, ...]  #: names of a field, from the outside in


def show(visit: Visit) -> Response:
    """Show what people changed and did, newest first; ``at`` shows one moment's lines whole."""
    at, cursor = visit.one("at"), visit.one("cursor")
    limit = LOOK_THROUGH if at else LINES
    page = visit.api.get(HISTORY, {"cursor": cursor, "limit": limit})
    lines = [line for line in page["items"] if not at or line["at"] == at][:LINES]
    told = [_changes(visit, line) for line in lines]
    most = fitting(told, CHANGES_MOST if at else CHANGES)
    return visit.render(
        "history.html",
        page=page,
        lines=[
            {
                **_shown(visit, line, cursor),
                "changes": changes[:most],
                "more": max(0, len(changes) - most),
            }
            for line, changes in zip(lines, told, strict=True)
        ],
        at=at,
    )


def _in_words(visit: Visit, line: Mapping[str, Any]) -> Any:
    """Return what a line says is new; the filter of a re-sync as the log's own page says it."""
    if line["what"] == "re-sync" and isinstance(line["new"], Mapping):
        return dict(said_filters(visit, filters_of_spec(visit, line["new"])))
    if line["what"] == "import" and isinstance(line["new"], Mapping):
        return {name: value for name, value in line["new"].items() if value}
    return line["new"]


def _changes(visit: Visit, line: Mapping[str, Any]) -> list[ChangeShown]:
    """Return what a line changed; times as all other pages tell them."""
    return [
        {
            "field": change["field"],
            "old": _told_time(visit, change["old"]),
            "new": _told_time(visit, change["new"]),
        }
        for change in changes_of(line["old"], _in_words(visit, line))
    ]


def _told_time(visit: Visit, text: str | None) -> str | None:
    if text is None or not _TIME.fullmatch(text):
        return text
    try:
        return visit.times.exact(text)
    except (ValueError, OverflowError):
        return text


def _shown(visit: Visit, line: Mapping[str, Any], cursor: str) -> dict[str, Any]:
    return {
        **line,
        "subject": _subject_of(visit, line["what"], line["subject"]),
        "more_at": visit.at("/history", {"at": line["at"], "cursor": cursor}),
    }


def fitting(told: Sequence[Sequence[ChangeShown]], most: int) -> int:
    """Return how many changes of each line have room on one page: up to ``most``, at least one."""
    sizes = [[_size_of(change) for change in changes[:most]] for changes in told]
    while most > 1 and sum(sum(line[:most]) for line in sizes) > ROOM:
        most -= 1
    return most


def _size_of(change: ChangeShown) -> int:
    """Return about how many bytes a change takes on the page."""
    texts = [text for text in change.values() if text is not None]
    return _MARKUP + sum(map(bytes_of, texts))


def changes_of(old: Any, new: Any) -> list[ChangeShown]:
    """Return what differs between two values, field by field; None: it was not there.

    ``{"settings": {"start_date": "2026-11-01"}}`` has the field "start date".
    """
    before, after = dict(_flat(old)), dict(_flat(new))
    return [
        {"field": _label_of(path), "old": before.get(path), "new": after.get(path)}
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    ]


def _flat(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the fields of a value with their texts; what is empty is no field."""
    if isinstance(value, Mapping) and len(path) < _DEEPEST:
        for key, inner in value.items():
            yield from _flat(inner, (*path, key))
    elif value is not None and value != "" and value != [] and value != {}:
        yield path, _text_of(value)


def _label_of(path: Path) -> str:
    """Return a field in words: names of ours without their signs, values of merchants quoted."""
    match path:
        case ("entries", value):
            return f"“{clip(value, _VALUE)}”" if value else "without a value"
        case ("records", record):
            return f"record {clip(record, _VALUE)}"
        case ("settings", *names):
            return clip(" ".join(names).replace("_", " "), _VALUE)
    return clip(" ".join(path).replace("_", " "), _VALUE)


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return clip(", ".join(map(str, value)), _VALUE)
    return clip(value, _VALUE)


def _subject_of(visit: Visit, what: str, subject: str) -> dict[str, str]:
    """Return what something was done to, and its page where it has one."""
    first, _, second = subject.partition(" ")
    if what.startswith("connection "):
        return _link(visit.label(subject), visit.at(f"/connections/{encode(subject)}"))
    if what.startswith("consumer "):
        return _link(subject, visit.at("/settings"))
    if what == "re-sync cancelled":
        return _link("a re-sync", visit.at(f"/resyncs/{encode(subject)}"))
    if what.startswith("key "):
        address = visit.url("/keys") if visit.is_operator and visit.may("admin") else ""
        return _link(f"key {subject}", address)
    if what == "re-sync" and first.endswith(","):
        return _link(_said_flows(visit, subject.split(", ")), "")
    if base_name(first) in visit.services.flows:
        return _flow_link(visit, what, first, second)
    return _row_link(visit, subject)


def _flow_link(visit: Visit, what: str, flow: str, second: str) -> dict[str, str]:
    """Return a link to a flow, or to what of it was meant: a mapping, a run, its rows."""
    label = label_of_flow(visit, flow.rstrip(","))
    if what == "mapping saved":
        address = mapping_at(visit, flow, second)
        return _link(f"{label}: {second.replace('_', ' ')}", address)
    if what == "import" and second:
        return _link(label, visit.at(f"/executions/{encode(second)}"))
    return _link(label, visit.at(f"/flows/{encode(flow)}"))


def _said_flows(visit: Visit, flows: Sequence[str]) -> str:
    """Return several flows by what people call them."""
    is_all = set(flows) >= set(visit.services.flows)
    return "all flows" if is_all else ", ".join(label_of_flow(visit, name) for name in flows)


def _row_link(visit: Visit, subject: str) -> dict[str, str]:
    """Return a link to a row; a subject that is none, such as several flows, stays text."""
    try:
        name = RowName.from_id(_consumer_of(visit), subject)
    except ValueError:
        return _link(subject, "")
    if base_name(name.flow) not in visit.services.flows:
        return _link(subject, "")
    return _link(f"{name.record} ({label_of_flow(visit, name.flow)})", visit.row(subject))


def _consumer_of(visit: Visit) -> str:
    assert visit.consumer is not None  # noqa: S101 - a page of a consumer
    return visit.consumer.id


def _link(text: str, address: str) -> dict[str, str]:
    return {"text": clip(text, _SUBJECT), "address": address}
