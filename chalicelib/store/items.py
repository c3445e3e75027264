"""Rows as items and back: short attribute names, bounded texts, times as text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName, letter_of
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.domain.writes import Alternative, Field, Op, RowWrite, Term
from chalicelib.store import keys
from chalicelib.store.table import EXISTS, Choice, Effect, Item, Write

TEXT_AT_MOST = 200  #: characters of a text in ``columns``
DETAIL_AT_MOST = 300

#: Field of ``Row`` -> attribute of its item.
ATTRIBUTES: Mapping[str, str] = {
    "kind": "k",
    "status": "s",
    "reason": "r",
    "detail": "d",
    "code": "c",
    "outcome": "o",
    "cause": "ca",
    "fingerprint": "fp",
    "columns": "co",
    "requested": "q",
    "handled": "h",
    "lease_id": "li",
    "lease_until": "lu",
    "next_attempt_at": "na",
    "due_at": "du",
    "due_every_s": "de",
    "tries": "t",
    "starts": "st",
    "attempts": "at",
    "unclear": "un",
    "awaited": "aw",
    "forced": "fo",
    "awaiting_since": "as",
    "source_version": "sv",
    "sent_version": "xv",
    "sent_hash": "xh",
    "record_hash": "rh",
    "has_units": "hu",
    "target_id": "ti",
    "target_version": "tv",
    "agreed": "ag",
    "generation": "g",
    "requested_by": "by",
    "execution": "ex",
    "correlation": "cr",
    "received_at": "ra",
    "requested_at": "qa",
    "synced_at": "sa",
    "updated_at": "ua",
    "failed_at": "fa",
    "listed_at": "la",
    "platform_updated_at": "pa",
}
_TIMES = ("lease_until", "next_attempt_at", "due_at", "awaiting_since")

_DECODERS: dict[str, Callable[[Any], Any]] = {
    **{name: datetime.fromisoformat for name in ATTRIBUTES if name.endswith("_at")},
    **dict.fromkeys(_TIMES, datetime.fromisoformat),
    "kind": {kind.value: kind for kind in Kind}.__getitem__,
    "status": {status.value: status for status in Status}.__getitem__,
    "reason": {reason.value: reason for reason in Reason}.__getitem__,
    "outcome": {outcome.value: outcome for outcome in Outcome}.__getitem__,
}
#: Attribute -> field and how it is read.
_FIELDS = {short: (name, _DECODERS.get(name)) for name, short in ATTRIBUTES.items()}


def to_row(item: Item) -> Row:
    """Read a row from its item."""
    fields: dict[str, Any] = {"name": keys.name_of(item["pk"]), "reason": None}
    for short, value in item.items():
        known = _FIELDS.get(short)
        if known is not None:
            name, decode = known
            fields[name] = value if decode is None else decode(value)
    return Row(**fields)


def to_write(write: RowWrite, *, shards: int = 1) -> Write:
    """Turn a conditional write of a row into one of its item."""
    key = keys.row_key(write.name)
    return Write(key, _RowChoices(write, key[0], shards))


@dataclass(frozen=True, slots=True)
class _RowChoices:
    """The alternatives of a row's write, each translated only when it is tried."""

    write: RowWrite
    pk: str
    shards: int

    def __iter__(self) -> Iterator[Choice]:
        for one in self.write.alternatives:
            yield Choice(
                one.tag,
                _terms(one),
                partial(_effect, one, self.write, self.pk, self.shards),
            )


def _terms(one: Alternative) -> list[Term]:
    terms = [_term(term) for term in one.when]
    # A row is made only where the alternative says that it may be missing.
    return terms if one.may_make else [EXISTS, *terms]


def _term(term: Term) -> Term:
    if term.op is Op.MISSING:
        return term
    value = term.value
    if type(value) is Field:
        value = _field(value)
    elif type(value) is not int:
        value = tuple(map(plain, value)) if type(value) is tuple else plain(value)
    return Term(ATTRIBUTES[term.field], term.op, value)


def _field(other: Field) -> Field:
    return Field(ATTRIBUTES[other.name])


def plain(value: Any) -> Any:
    """Return a field's value as stored: times as text, enums as their values."""
    if type(value) is datetime:
        return keys.time_text(value)
    return value.value if isinstance(value, Enum) else value


def _effect(one: Alternative, write: RowWrite, pk: str, shards: int) -> Effect:
    set_: dict[str, Any] = {}
    copy: dict[str, str] = {}
    remove: list[str] = []
    for name, value in one.changes.items():
        short = ATTRIBUTES[name]
        if value is None:
            remove.append(short)
        elif type(value) is Field:
            copy[short] = ATTRIBUTES[value.name]
        else:
            set_[short] = _stored(name, value)
    _set_indexes(set_, remove, one, write.name, pk, shards)
    adds = {ATTRIBUTES[name]: count for name, count in one.adds.items()}
    defaults = _defaults(one, write) if one.may_make else {}
    defaults = {short: value for short, value in defaults.items() if short not in set_}
    return Effect(set=set_, copy=copy, remove=remove, add=adds, defaults=defaults)


def _stored(name: str, value: Any) -> Any:
    if name == "columns":
        return bounded(value)
    return shortened(value, DETAIL_AT_MOST) if name == "detail" else plain(value)


def _defaults(one: Alternative, write: RowWrite) -> dict[str, Any]:
    """Attributes of a row that is new."""
    if write.kind is None:
        raise ValueError(f"the write that may make row {write.name.id} names no kind")
    made = {ATTRIBUTES[name]: _stored(name, value) for name, value in one.defaults.items()}
    made["k"] = write.kind.value
    if "la" in made:
        made["ls"] = keys.list_sort(made["la"], write.name.record)
    return made


def _set_indexes(
    set_: dict[str, Any],
    remove: list[str],
    one: Alternative,
    name: RowName,
    pk: str,
    shards: int,
) -> None:
    """Add the index attributes that follow from the changes; what they do not touch stays."""
    if "status" in one.changes:
        letter = letter_of(one.changes["status"], one.changes.get("reason"))
        shard = keys.list_shard(name.record, shards)
        set_["lp"] = keys.list_pk(name.consumer, name.lane, letter, shard)
    if "la" in set_:
        set_["ls"] = keys.list_sort(set_["la"], name.record)
    waits = _wait_keys(set_, name, pk)
    if waits is not None:
        set_["wp"], set_["ws"] = waits
    elif "du" in remove or "ca" in remove:
        remove += ["wp", "ws"]


def _wait_keys(set_: Mapping[str, Any], name: RowName, pk: str) -> tuple[str, str] | None:
    """A row is owed, held or Failed, never two of them: one sparse index serves all three."""
    if "du" in set_:
        return keys.due_pk(keys.due_shard(pk)), set_["du"]
    time = set_.get("fa") or set_.get("ua") or ""
    if "ca" in set_:
        return keys.cause_pk(name.consumer, set_["ca"]), keys.wait_sort(time, name)
    if "fp" in set_:
        return keys.group_pk(name.consumer, set_["fp"]), keys.wait_sort(time, name)
    return None


def shortened(text: str, at_most: int) -> str:
    """Cut a text, with an ellipsis where something was cut."""
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def bounded(value: Any) -> Any:
    """Return JSON values with each text cut to what a row may hold; the snapshot has it whole."""
    if isinstance(value, str):
        return shortened(value, TEXT_AT_MOST)
    if isinstance(value, Mapping):
        return {key: bounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [bounded(one) for one in value]
    return value
