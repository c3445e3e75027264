"""``store.table.Table`` on DynamoDB.

A conditional write is one request: the choice that is the likeliest stands first. Where its
condition fails, the answer brings the item, so the right choice is known at once and a second
request makes it; its condition also says that no choice before it holds.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib.store.dynamo_refusals import in_our_words, is_refused, item_of, refused_of
from chalicelib.store.dynamo_requests import (
    METHODS,
    Chosen,
    batch_request,
    first_of,
    fitting,
    may_be_key,
    range_request,
    sort_writes,
    to_key,
    trim_request,
    write_request,
)
from chalicelib.store.table import (
    HIGHEST,
    LIST_KEEPS,
    TRANSACT_AT_MOST,
    Choice,
    Entry,
    Index,
    Item,
    Key,
    LimitError,
    Result,
    TableBusyError,
    Write,
)
from chalicelib.store.wire import item_from_wire

T = TypeVar("T")

GET_AT_ONCE = 100  #: keys of one BatchGetItem
WRITE_AT_ONCE = 25  #: items of one BatchWriteItem
ROUNDS = 8  #: tries of a request whose answer is partial, or whose item others write too
FIRST_PAUSE_S = 0.05
_INDEX_KEYS = {Index.LIST: ("lp", "ls"), Index.WAIT: ("wp", "ws")}


@dataclass(frozen=True)
class DynamoTable:
    """One table. ``threads`` make requests that do not depend on each other at the same time."""

    client: Any
    name: str
    now: Callable[[], datetime]
    threads: Executor | None = None
    pause: Callable[[float], None] = time.sleep

    def together(self, works: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Do what does not depend on each other at once; see ``Table``.

        No work may come here itself: waiting for threads in one of these threads can last for ever.
        """
        if self.threads is None or len(works) < 2:
            return [work() for work in works]
        done = [self.threads.submit(work) for work in works]
        wait(done)  # nothing goes on after an error was reported
        return [one.result() for one in done]

    def get_many(
        self, keys: Sequence[Key], *, consistent: bool = True
    ) -> Sequence[dict[str, Any] | None]:
        """Read items by key; see ``Table``."""
        wanted = [key for key in dict.fromkeys(keys) if may_be_key(key)]
        works = [
            partial(self._get_chunk, chunk, consistent) for chunk in _chunks(wanted, GET_AT_ONCE)
        ]
        found = {key: item for part in self.together(works) for key, item in part.items()}
        return [dict(found[key]) if key in found else None for key in keys]

    def _get_chunk(self, keys: Sequence[Key], consistent: bool) -> dict[Key, dict[str, Any]]:
        asked: Any = {
            self.name: {"Keys": [to_key(key) for key in keys], "ConsistentRead": consistent}
        }
        found: dict[Key, dict[str, Any]] = {}
        for _ in self._rounds("BatchGetItem"):
            answer = self._call("batch_get_item", {"RequestItems": asked})
            items = map(item_from_wire, answer["Responses"].get(self.name, ()))
            found |= {(item["pk"], item["sk"]): item for item in self._live(items)}
            asked = answer.get("UnprocessedKeys")
            if not asked:
                break
        return found

    def query(
        self, pk: str, *, low: str = "", high: str = HIGHEST, forward: bool = True, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Items of a partition; see ``Table``."""
        if low >= high:  # DynamoDB refuses a range that ends before it begins
            return []
        asked, more = range_request(("pk", "sk"), pk, low, high)
        asked |= {"ConsistentRead": True, "ScanIndexForward": forward, "Limit": limit + more}
        found: list[dict[str, Any]] = []
        for items in self._pages(asked):
            found += self._live(item for item in items if item["sk"] < high)
            if len(found) >= limit:
                break
        return found[:limit]

    def query_index(
        self,
        index: Index,
        pk: str,
        *,
        low: str = "",
        high: str = HIGHEST,
        forward: bool = True,
        limit: int,
    ) -> Sequence[Entry]:
        """Entries of an index partition, also of items that have expired; see ``Table``."""
        if low >= high:
            return []
        names = _INDEX_KEYS[index]
        asked, more = range_request(names, pk, low, high)
        asked |= {"IndexName": index.value, "ScanIndexForward": forward, "Limit": limit + more}
        found: list[Entry] = []
        for items in self._pages(asked):
            entries = (Entry(item[names[1]], item["pk"], item["sk"]) for item in items)
            found += [entry for entry in entries if entry.sort < high]
            if len(found) >= limit:
                break
        return found[:limit]

    def count_index(self, index: Index, pk: str) -> int:
        """How many entries an index partition has; see ``Table``."""
        asked, _ = range_request(_INDEX_KEYS[index], pk, "", HIGHEST)
        asked |= {"IndexName": index.value, "Select": "COUNT"}
        return sum(answer["Count"] for answer in self._answers(asked))

    def _pages(self, asked: Mapping[str, Any]) -> Iterator[Iterable[dict[str, Any]]]:
        return (map(item_from_wire, answer["Items"]) for answer in self._answers(asked))

    def _answers(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        parameters = {"TableName": self.name, **asked}
        while True:
            answer = self._call("query", parameters)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write_many(self, writes: Sequence[Write]) -> Sequence[Result]:
        """Carry out each write by itself; see ``Table``.

        Writes without a condition go in batches of 25, all others are a request each; what is only
        written if it differs is read in batches first.
        """
        free, looks, others = sort_writes(writes)
        works: list[Callable[[], dict[int, Result]]] = [
            partial(self._write_each, writes, places) for places in others
        ]
        works += [partial(self._write_batch, writes, one) for one in _chunks(free, WRITE_AT_ONCE)]
        seen = self.get_many([writes[place].key for place in looks])
        works += [
            partial(self._write_seen, writes, place, item)
            for place, item in zip(looks, seen, strict=True)
        ]
        results: dict[int, Result] = {}
        for part in self.together(works):
            results |= part
        return [results[place] for place in range(len(writes))]

    def _write_each(self, writes: Sequence[Write], places: Sequence[int]) -> dict[int, Result]:
        return {place: self._write(writes[place]) for place in places}

    def _write_seen(
        self, writes: Sequence[Write], place: int, item: Item | None
    ) -> dict[int, Result]:
        write = writes[place]
        return {place: self._write_fitting(write.key, list(write.choices), item)}

    def _write_batch(
        self, writes: Sequence[Write], chunk: Sequence[tuple[int, Chosen]]
    ) -> dict[int, Result]:
        asked: Any = {self.name: [batch_request(writes[at].key, one.effect) for at, one in chunk]}
        for _ in self._rounds("BatchWriteItem"):
            answer = self._call("batch_write_item", {"RequestItems": asked})
            asked = answer.get("UnprocessedItems")
            if not asked:
                break
        return {
            at: Result(one.choice.tag, None if one.effect.deletes else dict(one.effect.set))
            for at, one in chunk
        }

    def _write(self, write: Write) -> Result:
        """Try the first choice, then the one that fits the item as the refusal showed it."""
        choices = list(write.choices)
        chosen = first_of(choices)
        if chosen.effect.is_empty:  # nothing to write: a read tells whether it holds
            item = self.get_many([write.key])[0]
        else:
            done, item = self._try(write.key, chosen)
            if done:
                return Result(chosen.choice.tag, item)
        return self._write_fitting(write.key, choices, item)

    def _write_fitting(self, key: Key, choices: Sequence[Choice], item: Item | None) -> Result:
        """Make the choice that fits an item as it was seen, until it still is so."""
        for _ in range(ROUNDS):
            fits = fitting(choices, item)
            if fits is None or fits.effect.is_empty:
                return Result(fits and fits.choice.tag, item)
            done, item = self._try(key, fits)
            if done:
                return Result(fits.choice.tag, item)
        raise TableBusyError(f"others wrote the same item in each of {ROUNDS} tries")

    def _try(self, key: Key, chosen: Chosen) -> tuple[bool, dict[str, Any] | None]:
        """Return whether the condition held, and the item as it is."""
        operation, parameters = write_request(self.name, key, chosen)
        if operation == "Update":
            parameters["ReturnValues"] = "ALL_NEW"
        try:
            answer = self._call(METHODS[operation], parameters)
        except ClientError as error:
            if not is_refused(error):
                raise
            return False, item_of(error.response)
        if operation != "Update":
            return True, None if operation == "Delete" else dict(chosen.effect.set)
        item = item_from_wire(answer["Attributes"])
        for name in chosen.effect.push:
            self._trim(key, name, item)
        return True, item

    def _trim(self, key: Key, name: str, item: Item) -> None:
        """Cut a list to its last entries, once it is twice as long."""
        if len(item[name]) < 2 * LIST_KEEPS:
            return
        try:
            self._call("update_item", trim_request(self.name, key, name, item[name]))
        except ClientError as error:
            if not is_refused(error):
                raise

    def transact(self, writes: Sequence[Write]) -> bool:
        """Carry out all writes, or none; see ``Table``."""
        if len(writes) > TRANSACT_AT_MOST:
            raise LimitError(f"a transaction holds {TRANSACT_AT_MOST} writes, not {len(writes)}")
        if len({write.key for write in writes}) < len(writes):
            raise LimitError("a transaction writes an item at most once")
        if len(writes) < 2:  # without a transaction it costs half
            return all(self._write(write).tag is not None for write in writes)
        choices = [list(write.choices) for write in writes]
        chosen = [first_of(some) for some in choices]
        for _ in self._rounds("a transaction"):
            refused = self._transact_once(writes, chosen)
            if refused is None:
                return True
            for place, item in refused.items():
                fits = fitting(choices[place], item)
                if fits is None:
                    return False
                chosen[place] = fits
        raise AssertionError  # _rounds raised

    def _transact_once(
        self, writes: Sequence[Write], chosen: Sequence[Chosen]
    ) -> Mapping[int, Item | None] | None:
        """Return None if all was written, else the items whose conditions failed, by place.

        There may be none: somebody else was at an item, and it is worth another try.
        """
        asked = [
            dict([write_request(self.name, write.key, one)])
            for write, one in zip(writes, chosen, strict=True)
        ]
        try:
            self._call("transact_write_items", {"TransactItems": asked})
        except ClientError as error:
            refused = refused_of(error)
            if refused is None:
                raise
            return refused
        return None

    def _live(self, items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Leave out what has expired: DynamoDB takes up to days to delete it."""
        now = int(self.now().timestamp())
        return (item for item in items if item.get("ttl", now + 1) > now)

    def _rounds(self, what: str) -> Iterator[int]:
        """Count tries, with a pause before each but the first that grows."""
        for number in range(ROUNDS):
            if number:
                longest_s = FIRST_PAUSE_S * 2 ** (number - 1)
                self.pause(longest_s * random.uniform(0.5, 1))  # noqa: S311 - no secret
            yield number
        raise TableBusyError(f"{what} was not done in {ROUNDS} tries")

    def _call(self, method: str, parameters: Mapping[str, Any]) -> Any:
        """Make a request; what it raises is told by ``in_our_words``."""
        with in_our_words(method):
            return getattr(self.client, method)(**parameters)


def _chunks(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[at : at + size] for at in range(0, len(things), size))
