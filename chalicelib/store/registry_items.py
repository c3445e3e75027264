"""Set-ups as items of the registry and back, with their keys."""

import base64
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from chalicelib.domain.setup import (
    ApiKey,
    Connection,
    Consumer,
    FlowSetup,
    Health,
    HistoryEntry,
    MappingTable,
    PollState,
    Role,
)
from chalicelib.store import keys
from chalicelib.store.packing import to_json
from chalicelib.store.table import Item, Key

CONSUMERS = "C"  #: partition of all consumers
KEYS = "K"  #: partition of index ``list`` for all API keys, newest first
DUE_POLLS = "P"  #: partition of index ``wait`` for polls by the time of their next run

Saved = Consumer | Connection | FlowSetup | MappingTable | ApiKey | PollState
S = TypeVar("S", Consumer, Connection, FlowSetup, MappingTable, ApiKey, PollState, HistoryEntry)


def consumer_pk(consumer: str) -> str:
    """Partition of what a consumer has set up."""
    return keys.join("S", consumer)


def connection_sk(name: str) -> str:
    """Sort key of a connection."""
    return keys.join("connection", name)


def flow_sk(flow: str) -> str:
    """Sort key of a flow's set-up."""
    return keys.join("flow", flow)


def mapping_sk(flow: str, name: str) -> str:
    """Sort key of a mapping."""
    return keys.join("mapping", flow, name)


def poll_sk(flow: str) -> str:
    """Sort key of a poll's state."""
    return keys.join("poll", flow)


def api_key_pk(key_hash: str) -> str:
    """Partition of an API key."""
    return keys.join("K", key_hash)


def api_key_id_pk(key_id: str) -> str:
    """Partition of index ``wait`` for an API key by its id."""
    return keys.join("K", key_id)


def token_pk(webhook_token: str) -> str:
    """Partition of index ``list`` for the connection with a webhook token, by the token's hash."""
    return keys.join("T", keys.text_hash(webhook_token))


def history_pk(consumer: str) -> str:
    """Partition of a consumer's history; the operator's own has an empty consumer."""
    return keys.join("H", consumer)


def key_of(saved: Saved) -> Key:
    """Key of anything that is saved."""
    match saved:
        case Consumer():
            return CONSUMERS, keys.escape(saved.id)
        case Connection():
            return consumer_pk(saved.consumer), connection_sk(saved.name)
        case FlowSetup():
            return consumer_pk(saved.consumer), flow_sk(saved.flow)
        case MappingTable():
            return consumer_pk(saved.consumer), mapping_sk(saved.flow, saved.name)
        case PollState():
            return consumer_pk(saved.consumer), poll_sk(saved.flow)
        case ApiKey():
            return api_key_pk(saved.hash), keys.ROW


def to_item(saved: Saved) -> dict[str, Any]:
    """Return the item of anything that is saved; its version is one higher."""
    pk, sk = key_of(saved)
    item: dict[str, Any] = {"pk": pk, "sk": sk, **_plain(saved), **_indexed(saved)}
    if not isinstance(saved, ApiKey):
        item["version"] = saved.version + 1
    return item


def _indexed(saved: Saved) -> dict[str, str]:
    match saved:
        case Connection() if saved.webhook_token:
            return {"lp": token_pk(saved.webhook_token), "ls": keys.ROW}
        case ApiKey():
            created = keys.time_text(saved.created_at)
            return {
                "lp": KEYS,
                "ls": f"{created}|{keys.bounded(saved.id)}",
                "wp": api_key_id_pk(saved.id),
                "ws": keys.ROW,
            }
        case PollState() if saved.next_at is not None:
            place = keys.join(saved.consumer, saved.flow)
            return {"wp": DUE_POLLS, "ws": f"{keys.time_text(saved.next_at)}|{place}"}
    return {}


def history_item(entry: HistoryEntry, place: int) -> dict[str, Any]:
    """Return the item of a history entry; ``place`` is its number within one save."""
    facts = _plain(entry)
    digest = keys.text_hash(to_json(facts).decode())[:12]
    sk = f"{keys.time_text(entry.at)}|{place:03d}|{digest}"
    return {"pk": history_pk(entry.consumer), "sk": sk, **facts}


def _plain(value: Any) -> dict[str, Any]:
    """Return a dataclass's fields as JSON values, without those that are None."""
    plain = {}
    for one in fields(value):
        held = getattr(value, one.name)
        if isinstance(held, datetime):
            held = keys.time_text(held)
        elif isinstance(held, bytes):
            held = base64.b64encode(held).decode()
        elif isinstance(held, Enum):
            held = held.value
        elif isinstance(held, Mapping):
            held = dict(held)
        elif isinstance(held, tuple):
            held = list(held)
        if held is not None:
            plain[one.name] = held
    return plain


def from_item(kind: type[S], item: Item) -> S:
    """Read a set-up from its item."""
    # None is not stored; where a field has no default it is None again.
    held: dict[str, Any] = {
        one.name: item.get(one.name)
        for one in fields(kind)
        if one.name in item or one.default is one.default_factory is MISSING
    }
    for name, value in held.items():
        if value is None:
            continue
        if name.endswith("_at") or (name, kind) in _TIMES:
            held[name] = datetime.fromisoformat(value)
        elif name in _READERS:
            held[name] = _READERS[name](value)
    return kind(**held)


_TIMES = {("cursor", PollState), ("at", HistoryEntry), ("tokens_expire_at", Connection)}
_READERS: Mapping[str, Any] = {
    "sealed_credentials": base64.b64decode,
    "credential_names": tuple,
    "health": Health,
    "role": Role,
}
