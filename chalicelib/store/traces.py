"""Attempts, exchanges and snapshots of the sync log."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chalicelib.domain.log import Attempt, Exchange, Page
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Status
from chalicelib.domain.writes import Op, Term
from chalicelib.store import keys
from chalicelib.store.packing import USUAL, from_text, pack_call, to_json, to_text, unpack_call
from chalicelib.store.paging import Listing, from_index, from_partition
from chalicelib.store.part import LogPart
from chalicelib.store.table import (
    HIGHEST,
    NOTHING,
    Choice,
    Effect,
    Index,
    Item,
    Key,
    Write,
    choice,
    put,
    starting_with,
)

PLATFORMS_AT_MOST = 100
_BULKY = ("url", "request_headers", "request_body", "response_headers", "response_body", "error")


class TracePart(LogPart):
    """See ``domain.ports.TraceStore``."""

    def put_traces(self, attempts: Sequence[Attempt], exchanges: Sequence[Exchange]) -> None:
        """Write attempts and exchanges; the same again changes nothing."""
        items = [self._exchange_item(exchange) for exchange in exchanges]
        items += [self._attempt_item(attempt) for attempt in attempts]
        if items:
            self.table.write_many([put(item) for item in items])

    def _expiry(self, at: datetime) -> int:
        return int((at + self.retention).timestamp())

    def _attempt_item(self, attempt: Attempt) -> Item:
        started = keys.time_text(attempt.started_at)
        item = {
            "pk": keys.row_pk(attempt.name),
            "sk": f"A|{started}|{attempt.number:09d}",
            "n": attempt.number,
            "end": keys.time_text(attempt.ended_at),
            "s": attempt.status.value,
            "r": attempt.reason,
            "o": attempt.outcome,
            "d": attempt.detail,
            "c": attempt.code,
            "x": list(attempt.exchanges),
            "by": attempt.by,
            "ex": attempt.execution,
            "cr": attempt.correlation,
            "ttl": self._expiry(attempt.started_at),
        }
        return {name: value for name, value in item.items() if value is not None}

    def list_attempts(
        self, name: RowName, *, limit: int, cursor: str | None = None
    ) -> Page[Attempt]:
        """Attempts of a row, newest first."""
        pk = keys.row_pk(name)
        low, high = starting_with("A|")
        return Listing(
            question=("attempts", pk),
            parts={pk: from_partition(self.table, pk)},
            examine=lambda items: [_to_attempt(name, item) for item in items],
            low=low,
            high=high,
        ).read_page(limit=limit, cursor=cursor)

    def _exchange_item(self, exchange: Exchange) -> Item:
        at = keys.time_text(exchange.at)
        facts = asdict(exchange)
        item = {
            "pk": keys.join("X", exchange.id),
            "sk": keys.ROW,
            "lp": keys.exchange_pk(exchange.consumer, exchange.platform),
            "ls": f"{at}|{keys.bounded(exchange.id)}",
            "c": exchange.consumer,
            "connection": exchange.connection,
            "platform": exchange.platform,
            "method": exchange.method,
            "at": at,
            "duration_ms": exchange.duration_ms,
            "z": pack_call({name: facts[name] for name in _BULKY}),
            "u": USUAL,
            "ttl": self._expiry(exchange.at),
        }
        for name in ("execution", "serves"):
            if facts[name] is not None:
                item[name] = facts[name]
        if exchange.correlations:
            item["cr"] = list(exchange.correlations)
        if exchange.status is not None:
            item["status"] = exchange.status
            if exchange.status >= 400:
                item["wp"] = keys.exchange_pk(exchange.consumer, exchange.platform, exchange.status)
                item["ws"] = item["ls"]
        return item

    def read_exchanges(self, consumer: str, ids: Sequence[str]) -> Sequence[Exchange | None]:
        """Read exchanges by id; None for one of another consumer or one that expired."""
        return self._read_exchanges(consumer, [(keys.join("X", one), keys.ROW) for one in ids])

    def _read_exchanges(self, consumer: str, found: Sequence[Key]) -> list[Exchange | None]:
        items = self.table.get_many(found, consistent=False)
        return [_to_exchange(item) if item and item["c"] == consumer else None for item in items]

    def list_exchanges(
        self,
        consumer: str,
        *,
        platforms: Sequence[str] = (),
        codes: Sequence[int | None] = (),
        execution: str | None = None,
        at_from: datetime | None = None,
        at_to: datetime | None = None,
        limit: int,
        cursor: str | None = None,
    ) -> Page[Exchange]:
        """Exchanges of a consumer, newest first."""
        have_failed = bool(codes) and all(code is not None and code >= 400 for code in codes)
        index = Index.WAIT if have_failed else Index.LIST
        partitions = [
            keys.exchange_pk(consumer, platform, code)
            for platform in platforms or self.read_platforms(consumer)
            for code in (set(codes) if have_failed else {None})
        ]

        def answers(one: Exchange) -> bool:
            return (not codes or one.status in codes) and execution in (None, one.execution)

        def examine(found: Sequence[Key]) -> list[Exchange | None]:
            exchanges = self._read_exchanges(consumer, found)
            return [one if one and answers(one) else None for one in exchanges]

        return Listing(
            question=("exchanges", consumer, sorted(platforms), sorted(map(str, codes)), execution),
            parts={pk: from_index(self.table, index, pk) for pk in partitions},
            together=self.table.together,
            examine=examine,
            low=keys.time_text(at_from) if at_from else "",
            high=keys.time_text(at_to) if at_to else HIGHEST,
            filters=execution is not None or (bool(codes) and not have_failed),
        ).read_page(limit=limit, cursor=cursor)

    def read_platforms(self, consumer: str) -> list[str]:
        """Platforms a consumer's connections have called."""
        pk = f"N|{keys.escape(consumer)}|calls"
        items = self.table.query(pk, limit=PLATFORMS_AT_MOST)
        return [keys.unescape(item["sk"]) for item in items]

    def put_snapshots(self, records: Sequence[tuple[RowName, Mapping[str, Any]]]) -> None:
        """Keep last canonical records beside their rows, sealed; written only when they changed."""
        self.table.write_many([self._snapshot(name, record) for name, record in records])

    def _snapshot(self, name: RowName, record: Mapping[str, Any]) -> Write:
        plain = to_json(record)
        key = (keys.row_pk(name), keys.SNAPSHOT)
        digest = hashlib.sha256(plain).hexdigest()[:32]

        def make() -> Effect:
            sealed = self.vault.seal(zlib.compress(plain), context=_context(name))
            item = {"pk": key[0], "sk": key[1], "h": digest, "z": to_text(sealed)}
            return Effect(set=item, replaces=True)

        same = choice("same", (Term("h", Op.EQ, digest),), NOTHING)
        return Write(key, (same, Choice("changed", (), make)))

    def read_snapshot(self, name: RowName) -> Mapping[str, Any] | None:
        """The last canonical record of a row."""
        item = self.table.get_many([(keys.row_pk(name), keys.SNAPSHOT)], consistent=False)[0]
        if item is None:
            return None
        plain = zlib.decompress(self.vault.open(from_text(item["z"]), context=_context(name)))
        record: Mapping[str, Any] = json.loads(plain)
        return record


def _context(name: RowName) -> dict[str, str]:
    """One context per consumer, so that one data key opens all of its snapshots."""
    return {"consumer": name.consumer, "purpose": "snapshot"}


def _to_attempt(name: RowName, item: Item) -> Attempt:
    return Attempt(
        name=name,
        number=item["n"],
        started_at=datetime.fromisoformat(item["sk"].split("|")[1]),
        ended_at=datetime.fromisoformat(item["end"]),
        status=Status(item["s"]),
        reason=item.get("r"),
        outcome=item.get("o"),
        detail=item["d"],
        code=item.get("c"),
        exchanges=tuple(item["x"]),
        by=item.get("by"),
        execution=item.get("ex"),
        correlation=item.get("cr"),
    )


def _to_exchange(item: Item) -> Exchange:
    return Exchange(
        id=keys.unescape(item["pk"].split("|")[1]),
        consumer=item["c"],
        connection=item["connection"],
        platform=item["platform"],
        method=item["method"],
        at=datetime.fromisoformat(item["at"]),
        duration_ms=item["duration_ms"],
        status=item.get("status"),
        execution=item.get("execution"),
        serves=item.get("serves"),
        correlations=tuple(item.get("cr", ())),
        **unpack_call(item["z"], item.get("u")),
    )
