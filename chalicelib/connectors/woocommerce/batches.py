"""Writes many things in one call, and reads the answer of each; pure but for the call handed in."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.failures import failure_of_item
from chalicelib.domain.reasons import Reason, SyncFailure

BATCH = 100  #: entries of one batch, all three lists together

_ID = re.compile(r"[1-9][0-9]{0,17}")

T = TypeVar("T")
#: ``create`` or ``update``, and the entry.
Entry = tuple[str, Json]

_FOR_ALL = (Reason.THROTTLED, Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)


def chunks(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most ``size``, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))


def write_batches(
    client: WooClient, path: str, entries: Sequence[Entry]
) -> list[Json | SyncFailure]:
    """Write entries in batches; returns for each what the shop holds now, or its own failure.

    A batch that is refused as a whole is halved until the bad entry stands alone. After a failure
    of the account the rest is not sent.
    """
    results: list[Json | SyncFailure] = []
    stopped: SyncFailure | None = None
    pending = [list(part) for part in chunks(entries)]
    while pending:
        part = pending.pop(0)
        if stopped is not None:
            results += [stopped] * len(part)
            continue
        try:
            results += _write(client, path, part)
        except SyncFailure as failure:
            if failure.reason is Reason.REJECTED_BY_TARGET and len(part) > 1:
                middle = len(part) // 2
                pending[:0] = [part[:middle], part[middle:]]
                continue
            stopped = failure if failure.reason in _FOR_ALL else None
            results += [failure] * len(part)
    return results


def _write(client: WooClient, path: str, part: Sequence[Entry]) -> list[Json | SyncFailure]:
    body = {
        verb: [entry for is_verb, entry in part if is_verb == verb] for verb in ("create", "update")
    }
    is_new = bool(body["create"])
    sent = {verb: rows for verb, rows in body.items() if rows}
    answer = client.write("POST", f"{path}/batch", sent, creates=is_new)
    told = {verb: _told(answer.get(verb), len(rows)) for verb, rows in sent.items()}
    call = client.call_of(creates=is_new)
    return [_result(next(told[verb]), call) for verb, _ in part]


def _told(rows: Any, count: int) -> Iterator[Any]:
    """Yield what was told of each entry, in the order sent; nothing, where less was told."""
    found = list(rows) if isinstance(rows, list) else []
    return iter(found[:count] + [None] * (count - len(found)))


def _result(told: Any, call: Any) -> Json | SyncFailure:
    if not isinstance(told, dict) or not ("error" in told or _has_id(told)):
        return SyncFailure(
            Reason.OUTCOME_UNKNOWN,
            "The shop did not say what became of this entry of the batch.",
            error_code="not_told",
        )
    if "error" in told:
        return failure_of_item(told["error"], call)
    return told


def real_ids(ids: Iterable[str]) -> list[str]:
    """Return what can be ids of a shop, each once: whole numbers above 0."""
    return [one for one in dict.fromkeys(ids) if _ID.fullmatch(one)]


def _has_id(told: Json) -> bool:
    number = told.get("id")
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def read_by_ids(
    ids: Sequence[str], read: Callable[[Sequence[str]], Iterator[Json]]
) -> dict[str, Json]:
    """Read rows by id, a hundred a call; what is no id of a shop is not asked for."""
    found: dict[str, Json] = {}
    for part in chunks(real_ids(ids)):
        found |= {str(row.get("id")): row for row in read(part)}
    return found
