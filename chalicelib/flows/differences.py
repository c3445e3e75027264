"""What an attempt sent differently from one before it, read off the recorded calls; pure.

Only what surely belongs to the row is compared: a call made for its record alone, or the part of a
batch that names it. Where that cannot be told, or a body was cut, nothing is said.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile, zip_longest
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.domain.log import Attempt, Exchange
from chalicelib.domain.rows import Row

CHANGES_AT_MOST = 20  #: of one attempt
VALUE_AT_MOST = 200  #: characters of one value
LEAD = 20  #: characters before the first difference of two long texts that are shown with it
WHOLE = "body"  #: the field's name where bodies are compared as a whole
DEPTH_AT_MOST = 30  #: a body that nests deeper is not compared

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: A POST to an address that ends so asks for something and writes nothing.
_ASKING = frozenset({"search", "retrieve", "query", "lookup", "find", "get"})
#: Columns that name one record and no other of its flow.
_NAMING_COLUMNS = ("sku", "order_number")
_NAMING = re.compile(r"(^|_)(id|ref|reference|sku|number|code|key)$")
#: Names of a thing by its sender: where they differ, two bodies are about two things.
_ITS_OWN_NAME = re.compile(r"^(external|client|reference)_(ref|reference|id|key)$")
#: What is another in each call, whatever is sent.
_NEW_EACH_TIME = re.compile(
    r"(^|_)(idempotency_key|version|request_id|correlation_id|nonce|timestamp|etag|checksum)$"
    r"|(^|_)(created|updated|modified|changed|occurred|sent|counted)_(at|on|date|time)$"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ABSENT: Any = object()

Bodies = dict[str, Any]  #: by path
Sent = dict[tuple[str, str], Bodies]  #: by method and shape of the address


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field of a body; None stands for one that was not sent."""

    field: str  #: dotted path
    old: str | None
    new: str | None


def changes_by_attempt(
    row: Row, attempts: Sequence[Attempt], exchanges: Mapping[str, Exchange]
) -> dict[int, list[FieldChange]]:
    """Return by an attempt's number what it sent differently.

    Each write is compared with the same one (method, address without its ids) of the last attempt
    before that made it, so that an attempt which sent nothing hides no change. Of a call that was
    repeated within an attempt the last one counts. Values that changed come before fields that came
    or went: the first update after a create sends much of its own.

    Args:
        attempts: of the row, newest first.
        exchanges: those of the attempts' exchanges that are still kept, by id.
    """
    before: Sent = {}
    changes = {}
    for attempt in reversed(attempts):
        sent = _sent_by(row, attempt, exchanges)
        found = [
            change
            for call, bodies in sent.items()
            for old, new in _pairs(before.get(call, {}), bodies)
            for change in compare(old, new)
        ]
        found.sort(key=lambda change: change.old is None or change.new is None)
        changes[attempt.number] = found[:CHANGES_AT_MOST]
        before |= sent
    return changes


def compare(old: Any, new: Any) -> list[FieldChange]:
    """Return the fields in which two JSON values differ, in the order they were sent."""
    if _names_another(old, new):
        return []
    return [
        FieldChange(field=_cut(field), old=_shown(one, other), new=_shown(other, one))
        for field, one, other in _differences(old, new, "")
    ]


def part_of(row: Row, exchange: Exchange) -> Any:
    """Return what a call sent of a row; None where that cannot be told."""
    body = _parse(exchange.request_body)
    names = _names_of(row)
    if exchange.serves is not None:
        return body if exchange.serves == row.name.record else None
    if names.intersection(_segments(exchange.url)):
        return body
    return _narrowed(body, names) if _mentions(body, names) else None


def _sent_by(row: Row, attempt: Attempt, exchanges: Mapping[str, Exchange]) -> Sent:
    sent: Sent = {}
    for exchange in (exchanges[id_] for id_ in attempt.exchanges if id_ in exchanges):
        if _is_write(exchange) and (part := part_of(row, exchange)) is not None:
            path = "/".join(_segments(exchange.url))
            shape = re.sub(r"[^/]*\d[^/]*", "*", path)
            sent.setdefault((exchange.method, shape), {})[path] = part
    return sent


def _is_write(exchange: Exchange) -> bool:
    last = _segments(exchange.url)[-1]
    return exchange.method in WRITING and not _ASKING.intersection(re.split(r"[^a-z]+", last))


def _segments(url: str) -> list[str]:
    return [unquote(part) for part in urlsplit(url).path.split("/")]


def _pairs(before: Bodies, bodies: Bodies) -> Iterator[tuple[Any, Any]]:
    """Pair bodies by their paths; single ones also where only an id in the path differs."""
    if len(before) == len(bodies) == 1:
        yield from zip(before.values(), bodies.values(), strict=True)
        return
    yield from ((before[path], body) for path, body in bodies.items() if path in before)


def _parse(body: str) -> Any:
    """Return a JSON object or list; None for anything else, as what is left of a longer one."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and not _is_deep(value) else None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH_AT_MOST):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _names_of(row: Row) -> frozenset[str]:
    columns = (row.columns.get(name) for name in _NAMING_COLUMNS)
    names = (row.name.record, row.target_id, *columns)
    return frozenset(name for name in names if isinstance(name, str) and name)


def _mentions(value: Any, names: frozenset[str]) -> bool:
    if isinstance(value, dict) and _is_named(value, names):
        return True
    return any(_mentions(child, names) for child in _children(value))


def _is_named(value: Mapping[str, Any], names: frozenset[str]) -> bool:
    """Whether a field that names things holds one of the names; a price of 1007 does not."""
    return any(
        isinstance(inner, str | int) and str(inner) in names and _NAMING.search(_words(name))
        for name, inner in value.items()
    )


def _narrowed(value: Any, names: frozenset[str]) -> Any:
    """Leave out of lists the members that do not name the row, where others do."""
    if isinstance(value, dict) and not _is_named(value, names):
        return {name: _narrowed(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        mine = [one for one in value if _mentions(one, names)]
        return [_narrowed(one, names) for one in mine or value]
    return value


def _names_another(old: Any, new: Any) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    shared = old.keys() & new.keys()
    return any(_ITS_OWN_NAME.search(_words(name)) and old[name] != new[name] for name in shared)


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, str | None, str | None]]:
    old, new = _like(old, new), _like(new, old)
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            if not _NEW_EACH_TIME.search(_words(name)):
                field = f"{path}.{name}" if path else name
                yield from _differences(old.get(name, _ABSENT), new.get(name, _ABSENT), field)
    elif _is_list(old) and _is_list(new):
        is_one = max(len(old), len(new)) == 1
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue=_ABSENT)):
            field = path if is_one else f"{path}.{number}".lstrip(".")
            yield from _differences(one, other, field)
    elif _text(old) != _text(new):
        yield path or WHOLE, _text(old), _text(new)


def _like(value: Any, other: Any) -> Any:
    """Return an empty thing of the other's kind for one that is absent: its fields are told."""
    if value is not _ABSENT:
        return value
    if isinstance(other, dict) and other:
        return {}
    return [] if other and _is_list(other) else value


def _is_list(value: Any) -> bool:
    """Whether it is a list of records; one of plain values is compared as a whole."""
    return isinstance(value, list) and all(isinstance(one, dict | list) for one in value)


@lru_cache(maxsize=2048)  # the same few names in every body
def _words(name: str) -> str:
    """Return a field's name in one way of writing: ``externalRef`` is ``external_ref``."""
    return "_".join(_WORD.findall(name)).lower()


def _text(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(text: str | None, other: str | None) -> str | None:
    return None if text is None else _cut(text, other or "")


def _cut(text: str, other: str = "") -> str:
    """Cut a long text; what it has in common with the other goes first."""
    if len(text) <= VALUE_AT_MOST:
        return text
    pairs = zip(text, other, strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = alike - LEAD if alike > VALUE_AT_MOST - LEAD else 0
    shown = ("…" if start else "") + text[start:]
    return shown if len(shown) <= VALUE_AT_MOST else shown[: VALUE_AT_MOST - 1] + "…"
