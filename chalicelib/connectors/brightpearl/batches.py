"""Calls for many ids at once, in which one bad id never fails its neighbours."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from chalicelib.connectors.brightpearl.client import Reply
from chalicelib.connectors.brightpearl.idsets import (
    IDS_PER_CALL,
    Chunk,
    split_into_chunks,
)
from chalicelib.domain.reasons import Reason, SyncFailure

T = TypeVar("T")

#: A refusal that belongs to a single id is found by halving; one that belongs to all would cost two
#: calls an id, so it stops after this many.
SPLITS_AT_MOST = 20

#: After these no further call of the batch has a chance.
ENDS_THE_BATCH = frozenset({Reason.THROTTLED, Reason.CONNECTION_DOWN})


def fetch_by_ids(
    ids: Iterable[str],
    fetch: Callable[[Chunk], Mapping[str, T | SyncFailure]],
    *,
    at_most: int = IDS_PER_CALL,
) -> dict[str, T | SyncFailure]:
    """Read ids in chunks; a chunk that is refused is halved until the bad ids stand alone.

    A failure of a whole call is given to all ids of that call; when the quota is used up or the
    account is refused, to the ids not yet asked for as well.
    """
    waiting = split_into_chunks(ids, at_most=at_most)
    found: dict[str, T | SyncFailure] = {}
    splits = 0
    while waiting:
        chunk = waiting.pop(0)
        try:
            found.update(fetch(chunk))
        except SyncFailure as failure:
            if failure.reason in ENDS_THE_BATCH:
                for left in (chunk, *waiting):
                    found.update(dict.fromkeys(left.ids, failure))
                break
            halves = _halves(chunk) if splits < SPLITS_AT_MOST else []
            if failure.reason is Reason.REJECTED_BY_TARGET and halves:
                splits += 1
                waiting = [*halves, *waiting]
            else:
                found.update(dict.fromkeys(chunk.ids, failure))
    return found


def fail_the_rest(reply: Reply, chunk: Chunk, what: str) -> dict[str, SyncFailure]:
    """Return a failure for each id of a partial answer, to be overlaid by what it does hold.

    Empty where the answer is whole, or says that the others do not exist: those are absent.
    """
    if reply.explains_absence:
        return {}
    error = reply.errors[0]
    failure = SyncFailure(
        Reason.RETRYING,
        f"Brightpearl could not read a part of the {what}: {error.message} ({error.code}).",
        code=207,
        error_code=error.code,
    )
    return dict.fromkeys(chunk.ids, failure)


def _halves(chunk: Chunk) -> list[Chunk]:
    if len(chunk.ids) < 2:
        return []
    return split_into_chunks(chunk.ids, at_most=(len(chunk.ids) + 1) // 2)
