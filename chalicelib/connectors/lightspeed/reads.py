"""Reads many things, one call each or many a call, so that a bad one fails alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.failures import stops_all
from chalicelib.domain.reasons import SyncFailure

T = TypeVar("T")
R = TypeVar("R")

IDS_A_SEARCH = 50  #: keeps an address short enough for everybody on the way
ROWS_A_SEARCH = 1000  #: the most a search hands out


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most ``size``, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))


def for_each(
    items: Sequence[T], work: Callable[[T], R], key: Callable[[T], str]
) -> dict[str, R | SyncFailure]:
    """Do work for each thing, and return each result or failure by key.

    After a failure of the account, or none to answer, the rest is not tried and fails alike.
    """
    results: dict[str, R | SyncFailure] = {}
    stopped: SyncFailure | None = None
    for item in items:
        if stopped is not None:
            results[key(item)] = stopped
            continue
        try:
            results[key(item)] = work(item)
        except SyncFailure as failure:
            results[key(item)] = failure
            stopped = failure if stops_all(failure) else None
    return results


def read_each(
    client: LightspeedClient, path: str, needs: str, ids: Sequence[str]
) -> dict[str, Json | SyncFailure | None]:
    """Read things by their ids as they are now, a call each; None where there is nothing."""
    distinct = [one for one in dict.fromkeys(ids) if _is_id(one)]
    read: dict[str, Json | SyncFailure | None] = dict.fromkeys(ids)
    read.update(for_each(distinct, lambda one: client.read_one(f"{path}/{one}", needs), str))
    return read


def search(
    client: LightspeedClient, kind: str, needs: str, name: str, values: Sequence[str]
) -> list[Json]:
    """Search for rows by several values of one filter, fifty a call.

    The search may be some seconds behind: what it finds may have changed, and what it does not find
    may be there.
    """
    found: list[Json] = []
    for part in chunks(list(dict.fromkeys(values)), IDS_A_SEARCH):
        query = [("type", kind), ("page_size", str(ROWS_A_SEARCH))]
        found += client.read_data("search", needs, [*query, *((name, one) for one in part)])
    return found


def find_by_id(
    client: LightspeedClient, kind: str, needs: str, ids: Sequence[str]
) -> Mapping[str, Json]:
    """Return things of which an older state will do, by id: searched together, else read singly.

    Whether the search takes several ids is not documented, so what it leaves out is read.
    """
    wanted = [one for one in dict.fromkeys(ids) if _is_id(one)]
    found: dict[str, Json] = {}
    if len(wanted) > 1:
        rows = search(client, kind, needs, "_id", wanted)
        found = {row["id"]: row for row in rows if row.get("id") in wanted}
    for one, row in read_each(
        client, kind, needs, [one for one in wanted if one not in found]
    ).items():
        if isinstance(row, SyncFailure):
            raise row
        if row is not None:
            found[one] = row
    return found


def _is_id(text: str) -> bool:
    """Whether a text can be part of an address as it is; ids are UUIDs."""
    return bool(text) and text.isascii() and text.replace("-", "").isalnum()
