"""Executions of the sync log and the rows they requested."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.log import (
    Execution,
    ExecutionState,
    Message,
    Page,
    RunType,
    Trigger,
)
from chalicelib.domain.rows import RowName
from chalicelib.domain.writes import MISSING, Op, Term
from chalicelib.store import keys
from chalicelib.store.packing import pack, unpack
from chalicelib.store.paging import Listing, from_index, from_partition
from chalicelib.store.part import LogPart
from chalicelib.store.table import Index, Item, Key, Write, put, starting_with

RUNNING = "Z|running"  #: partition of index ``wait`` for executions that have not ended
_ROWS = "R|"


class RunPart(LogPart):
    """See ``domain.ports.RunStore``."""

    def save_execution(self, execution: Execution) -> bool:
        """Write an execution if it stands at its version, and raise that; False if it moved on."""
        item = self._item(execution)
        if execution.version:
            same = Term("v", Op.EQ, execution.version)
            return self.table.write_many([put(item, same)])[0].tag is not None
        pointer = {
            "pk": keys.join("E", execution.consumer),
            "sk": item["ls"],
            "id": execution.id,
            "ttl": item["ttl"],
        }
        return self.table.transact([put(item, MISSING), put(pointer)])

    def _item(self, execution: Execution) -> dict[str, Any]:
        consumer, started = execution.consumer, keys.time_text(execution.started_at)
        item: dict[str, Any] = {
            "pk": _pk(consumer, execution.id),
            "sk": keys.ROW,
            "lp": _flow_pk(consumer, execution.flow),
            "ls": f"{started}|{keys.bounded(execution.id)}",
            "ttl": int((execution.started_at + self.retention).timestamp()),
            "v": execution.version + 1,
            "flow": execution.flow,
            "type": execution.type.value,
            "trigger": execution.trigger.value,
            "by": execution.by,
            "state": execution.state.value,
            "started_at": started,
            "collecting": execution.collecting,
            "counts": dict(execution.counts),
            "z": pack(
                {
                    "messages": [
                        [keys.time_text(one.at), one.text, one.row] for one in execution.messages
                    ],
                    "spec": execution.spec,
                    "cursor": execution.cursor,
                    "watch_cursor": execution.watch_cursor,
                }
            ),
            "cancelled": execution.cancelled,
        }
        if execution.ended_at is not None:
            item["ended_at"] = keys.time_text(execution.ended_at)
        else:
            item["wp"], item["ws"] = RUNNING, f"{started}|{keys.bounded(item['pk'])}"
        return item

    def read_execution(self, consumer: str, execution_id: str) -> Execution | None:
        """One execution."""
        return self._read_executions([(_pk(consumer, execution_id), keys.ROW)])[0]

    def _read_executions(self, found: Sequence[Key]) -> list[Execution | None]:
        items = self.table.get_many(found)
        return [_to_execution(item) if item else None for item in items]

    def list_executions(
        self, consumer: str, *, flow: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[Execution]:
        """Executions newest first."""
        if flow is not None:
            pk = _flow_pk(consumer, flow)
            return Listing(
                question=("executions", consumer, flow),
                parts={pk: from_index(self.table, Index.LIST, pk)},
                examine=self._read_executions,
            ).read_page(limit=limit, cursor=cursor)
        pk = keys.join("E", consumer)
        return Listing(
            question=("executions", consumer),
            parts={pk: from_partition(self.table, pk)},
            examine=lambda found: self._read_executions(
                [(_pk(consumer, item["id"]), keys.ROW) for item in found]
            ),
        ).read_page(limit=limit, cursor=cursor)

    def list_running(self, *, limit: int) -> Sequence[tuple[str, str]]:
        """(consumer, id) of executions that have not ended, oldest first. May lag."""
        entries = self.table.query_index(Index.WAIT, RUNNING, limit=limit)
        return [_ids_of(entry.pk) for entry in entries]

    def put_execution_rows(
        self, consumer: str, execution_id: str, names: Sequence[RowName]
    ) -> None:
        """Note which rows a run requested; the same again changes nothing."""
        key = (_pk(consumer, execution_id), keys.ROW)
        execution = self.table.get_many([key], consistent=False)[0]
        expiry = {"ttl": execution["ttl"]} if execution else {}
        self.table.write_many([_row_of_run(key[0], name, expiry) for name in names])

    def list_execution_rows(
        self, consumer: str, execution_id: str, *, limit: int, cursor: str | None = None
    ) -> Page[RowName]:
        """Rows of a run, in a stable order."""
        pk, low, high = rows_of_run(consumer, execution_id)
        return Listing(
            question=("execution rows", pk),
            parts={pk: from_partition(self.table, pk)},
            examine=lambda items: [keys.name_of(item["row"]) for item in items],
            newest_first=False,
            low=low,
            high=high,
        ).read_page(limit=limit, cursor=cursor)


def rows_of_run(consumer: str, execution_id: str) -> tuple[str, str, str]:
    """Partition of a run, and the range of its rows there."""
    return _pk(consumer, execution_id), *starting_with(_ROWS)


def _pk(consumer: str, execution_id: str) -> str:
    return keys.join("E", consumer, execution_id)


def _flow_pk(consumer: str, flow: str) -> str:
    return keys.join(consumer, "E", flow)


def _ids_of(pk: str) -> tuple[str, str]:
    _, consumer, execution_id = pk.split("|")
    return keys.unescape(consumer), keys.unescape(execution_id)


def _row_of_run(pk: str, name: RowName, expiry: dict[str, int]) -> Write:
    row = keys.row_pk(name)
    return put({"pk": pk, "sk": _ROWS + keys.bounded(row), "row": row, **expiry})


def _to_execution(item: Item) -> Execution:
    packed = unpack(item["z"])
    messages = [
        Message(at=datetime.fromisoformat(at), text=text, row=row)
        for at, text, row in packed.pop("messages")
    ]
    ended = item.get("ended_at")
    consumer, execution_id = _ids_of(item["pk"])
    return Execution(
        id=execution_id,
        consumer=consumer,
        flow=item["flow"],
        type=RunType(item["type"]),
        trigger=Trigger(item["trigger"]),
        by=item["by"],
        state=ExecutionState(item["state"]),
        started_at=datetime.fromisoformat(item["started_at"]),
        ended_at=datetime.fromisoformat(ended) if ended else None,
        collecting=item["collecting"],
        counts=item["counts"],
        messages=messages,
        cancelled=item["cancelled"],
        version=item["v"],
        **packed,
    )
