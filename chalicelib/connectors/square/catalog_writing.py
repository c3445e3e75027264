"""Writes listings into Square's catalogue: one upsert for many, merged, with versions.

The upsert is all or nothing, so what is refused is halved (``batches.py``); an item whose
variations end up in different halves is made by the first and joined by the second.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from chalicelib.connectors.square.batches import Sent
from chalicelib.connectors.square.catalog import CatalogReader, Holding, count_variations
from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.failures import (
    KEY_REUSED,
    VERSION_MISMATCH,
    Call,
    errors_in,
    failure_of_errors,
    retry_soon,
)
from chalicelib.connectors.square.listings import (
    VARIATIONS_AT_MOST,
    Placing,
    find_variation,
    merge,
    new_id,
)
from chalicelib.domain.platforms import Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing

OBJECTS_A_CALL = 1_000  #: BatchUpsertCatalogObjects, objects of one batch
MERGES_AT_MOST = 3  #: how often a batch is merged anew after somebody else changed the catalogue
LOCKED_S = (
    2  #: Square lets one catalogue write of a seller in at a time; a write takes about so long
)
ITEMS_WRITE = "ITEMS_WRITE"

Write = tuple[Wanted[Listing], Found | None]


@dataclass(frozen=True, kw_only=True)
class Written:
    """Where a listing went, by Square's answer; nothing is verified yet."""

    item_id: str
    variation_id: str
    version: int


@dataclass(kw_only=True)
class _Group:
    """The writes of a batch that share an item, and what they make of it."""

    item_id: str
    item: Json | None
    writes: list[Write] = field(default_factory=list)

    def placings(self) -> list[Placing]:
        return [
            Placing(listing=wanted.desired, variation_id=_variation_id(wanted, found))
            for wanted, found in self.writes
        ]


@dataclass(kw_only=True)
class CatalogWriting:
    """One ``write_many``: items as last seen, and which item each product group went into."""

    client: SquareClient
    reader: CatalogReader
    items: dict[str, Json] = field(default_factory=dict)
    item_by_key: dict[str, str] = field(default_factory=dict)

    def prepare(self, writes: Sequence[Write]) -> None:
        """Learn the items of what was found, and read those that new variations are to join."""
        for wanted, found in writes:
            if found is not None and isinstance(found.state, Holding):
                self._remember(found.state.item)
                self.item_by_key.setdefault(wanted.desired.item_key, found.state.item_id)
        parents = {
            wanted.desired.item_key: wanted.parent_id
            for wanted, found in writes
            if found is None and wanted.parent_id
        }
        unread = [one for one in parents.values() if one not in self.items]
        self.items |= self.reader.read_items(unread) if unread else {}
        for item_key, item_id in parents.items():
            if item_id in self.items:
                self.item_by_key.setdefault(item_key, item_id)

    def send(self, writes: Sequence[Write]) -> Sent[Write, Written | SyncFailure]:
        """Upsert a batch, merged anew while others change the same items.

        Raises:
            SyncFailure: the batch as a whole was not done, or its fate is unknown.
        """
        for attempt in range(MERGES_AT_MOST):
            groups, impossible = self._group(writes)
            try:
                answer = self._upsert(groups, attempt) if groups else {}
            except SyncFailure as failure:
                if failure.error_code != VERSION_MISMATCH or attempt + 1 == MERGES_AT_MOST:
                    raise
                self._read_again(groups)
            else:
                return self._sent(groups, impossible, answer)
        raise AssertionError("the last attempt returns or raises")

    def _group(
        self, writes: Sequence[Write]
    ) -> tuple[list[_Group], list[tuple[Write, SyncFailure]]]:
        """Sort writes by item; those that no item can take get their failure at once."""
        groups: dict[str, _Group] = {}
        impossible: list[tuple[Write, SyncFailure]] = []
        for write in writes:
            item_id = self._item_id(*write)
            group = groups.setdefault(
                item_id, _Group(item_id=item_id, item=self.items.get(item_id))
            )
            failure = _obstacle(group, *write)
            if failure is None:
                group.writes.append(write)
            else:
                impossible.append((write, failure))
        return [group for group in groups.values() if group.writes], impossible

    def _item_id(self, wanted: Wanted[Listing], found: Found | None) -> str:
        if found is not None and isinstance(found.state, Holding):
            return found.state.item_id
        key = wanted.desired.item_key
        return self.item_by_key.get(key) or new_id("item", key)

    def _upsert(self, groups: Sequence[_Group], attempt: int) -> Json:
        objects = [merge(group.item, group.item_id, group.placings()) for group in groups]
        writes = [write for group in groups for write in group.writes]
        body: Json = {"batches": [{"objects": objects}]}
        key = _key(writes, attempt)
        creates = any(found is None for _, found in writes)
        try:
            return self._post(key, body, creates=creates)
        except SyncFailure as failure:
            if failure.reason is Reason.THROTTLED:
                raise retry_soon(failure, after_s=LOCKED_S) from None
            if failure.error_code == KEY_REUSED and _was_looked_for(writes):
                return self._post(_key_of_body(key, body), body, creates=creates)
            raise

    def _post(self, key: str, body: Json, *, creates: bool) -> Json:
        whole = {"idempotency_key": key} | body
        path = "/v2/catalog/batch-upsert"
        return self.client.write(path, ITEMS_WRITE, body=whole, creates=creates)

    def _read_again(self, groups: Sequence[_Group]) -> None:
        ids = [group.item_id for group in groups if group.item is not None]
        fresh = self.reader.read_items(ids)
        for item_id in ids:
            self.items.pop(item_id, None)
        self.items |= fresh

    def _sent(
        self,
        groups: Sequence[_Group],
        impossible: Sequence[tuple[Write, SyncFailure]],
        answer: Json,
    ) -> Sent[Write, Written | SyncFailure]:
        ids = {
            one.get("client_object_id"): one.get("object_id")
            for one in answer.get("id_mappings") or []
        }
        for item in answer.get("objects") or []:
            self.items[item["id"]] = item
        done: list[tuple[Write, Written | SyncFailure]] = list(impossible)
        left_out: list[Write] = []
        answered = {one["id"] for one in answer.get("objects") or []}
        for group in groups:
            item_id = ids.get(group.item_id, group.item_id)
            if item_id not in answered:
                left_out += group.writes
                continue
            for wanted, found in group.writes:
                self.item_by_key[wanted.desired.item_key] = item_id
                temporary = _variation_id(wanted, found)
                written = self._written(item_id, ids.get(temporary, temporary))
                done.append(((wanted, found), written))
        return Sent(done=done, left_out=left_out, failure=self._why(answer, left_out))

    def _written(self, item_id: str, variation_id: str) -> Written:
        variation = find_variation(self.items[item_id], variation_id) or {}
        version = int(variation.get("version") or 0)
        return Written(item_id=item_id, variation_id=variation_id, version=version)

    def _why(self, answer: Json, left_out: Sequence[Write]) -> SyncFailure | None:
        """Say why a 200 did not do everything; without a reason nobody knows what it did."""
        if not left_out:
            return None
        errors = errors_in(answer)
        if errors:
            call = Call(connection=self.client.connection, needs=ITEMS_WRITE, writes=True)
            return failure_of_errors(errors, call)
        return SyncFailure(
            Reason.OUTCOME_UNKNOWN,
            "Square's answer to the write names neither what it did nor an error.",
            code=200,
            error_code="incomplete_answer",
        )

    def _remember(self, item: Json) -> None:
        known = self.items.get(item["id"])
        if known is None or (known.get("version") or 0) < (item.get("version") or 0):
            self.items[item["id"]] = item


def _variation_id(wanted: Wanted[Listing], found: Found | None) -> str:
    return found.target_id if found is not None else new_id("variation", wanted.record)


def _obstacle(group: _Group, wanted: Wanted[Listing], found: Found | None) -> SyncFailure | None:
    """Say why an item cannot take a write: the variation has gone, or there is no room."""
    if found is not None:
        gone = group.item is None or find_variation(group.item, found.target_id) is None
        return _gone() if gone else None
    added = sum(1 for _, one in group.writes if one is None)
    if count_variations(group.item) + added < VARIATIONS_AT_MOST:
        return None
    return SyncFailure(
        Reason.REJECTED_BY_TARGET,
        f"Square allows {VARIATIONS_AT_MOST} variations of one item, and this item has as many:"
        " split the product group at the source.",
        error_code="too_many_variations",
        field="variations",
    )


def _gone() -> SyncFailure:
    return SyncFailure(
        Reason.RETRYING,
        "The variation was deleted at Square while it was being written: it is looked up again.",
        error_code="gone",
        retry_after_s=LOCKED_S,
    )


def _was_looked_for(writes: Sequence[Write]) -> bool:
    """Whether this is one record alone, searched for after the settle time and not there."""
    return len(writes) == 1 and writes[0][1] is None and writes[0][0].unclear


def _key(writes: Sequence[Write], attempt: int) -> str:
    """Return the idempotency key: made of the records' own keys as long as something is created.

    An update has a fresh one: with a key of its body, the way A, B, A would replay an old answer.
    """
    keys = sorted(wanted.key for wanted, found in writes if found is None)
    if not keys:
        return str(uuid4())
    if len(keys) == len(writes) == 1 and attempt == 0:
        return keys[0]
    return hashlib.sha256("|".join([*keys, str(attempt)]).encode()).hexdigest()[:45]


def _key_of_body(key: str, body: Mapping[str, object]) -> str:
    text = json.dumps(body, sort_keys=True)
    return hashlib.sha256(f"{key}|{text}".encode()).hexdigest()[:45]
