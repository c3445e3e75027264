"""The registry over one table: what merchants set up, its history, and its outbox of releases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from chalicelib.domain.log import Page
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import (
    ApiKey,
    Connection,
    Consumer,
    FlowSetup,
    HistoryEntry,
    MappingTable,
    PollState,
    Release,
)
from chalicelib.domain.writes import MISSING, Op, Term
from chalicelib.store import keys, releases
from chalicelib.store.paging import Listing, from_index, from_partition
from chalicelib.store.registry_items import (
    CONSUMERS,
    DUE_POLLS,
    KEYS,
    S,
    Saved,
    api_key_id_pk,
    api_key_pk,
    connection_sk,
    consumer_pk,
    flow_sk,
    from_item,
    history_item,
    history_pk,
    key_of,
    mapping_sk,
    poll_sk,
    to_item,
    token_pk,
)
from chalicelib.store.table import (
    TRANSACT_AT_MOST,
    Index,
    Item,
    Key,
    LimitError,
    Table,
    Write,
    delete,
    put,
    starting_with,
)

SETUPS_AT_MOST = 100
MAPPINGS_AT_MOST = 200


@dataclass(frozen=True, kw_only=True)
class TableRegistry:
    """``domain.ports.Registry`` on any table."""

    table: Table

    def save(self, change: Change) -> bool:
        """Write all of a change or nothing; see ``Registry``.

        One write holds 100 items. Releases beyond that go before it, in writes of their own: a
        release that comes too early finds its rows still held and runs again, one that is missing
        would leave them held.
        """
        writes = [_put(saved) for saved in change.puts]
        writes += [delete(key_of(saved)) for saved in change.deletes]
        writes += [put(history_item(entry, n)) for n, entry in enumerate(change.history)]
        if len(writes) > TRANSACT_AT_MOST:
            raise LimitError(f"one save holds {TRANSACT_AT_MOST} changes, not {len(writes)}")
        outbox = [put(releases.to_item(release)) for release in change.releases]
        room = TRANSACT_AT_MOST - len(writes)
        early, together = outbox[room:], outbox[:room]
        if early:
            self.table.write_many(early)
        return self.table.transact(writes + together)

    def _read(self, kind: type[S], key: Key) -> S | None:
        item = self.table.get_many([key])[0]
        return from_item(kind, item) if item else None

    def _list(self, kind: type[S], consumer: str, word: str, limit: int) -> list[S]:
        low, high = starting_with(f"{word}|")
        items = self.table.query(consumer_pk(consumer), low=low, high=high, limit=limit)
        return [from_item(kind, item) for item in items]

    def read_consumer(self, consumer: str) -> Consumer | None:
        """A consumer, also a deleted one."""
        return self._read(Consumer, (CONSUMERS, keys.escape(consumer)))

    def list_consumers(
        self, *, text: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[Consumer]:
        """Consumers by id; ``text`` finds a part of id or name, any case."""
        wanted = (text or "").strip().lower()

        def examine(items: Sequence[Item]) -> list[Consumer | None]:
            consumers = [from_item(Consumer, item) for item in items]
            return [
                one if wanted in one.id.lower() or wanted in one.name.lower() else None
                for one in consumers
            ]

        return Listing(
            question=("consumers", wanted),
            parts={CONSUMERS: from_partition(self.table, CONSUMERS)},
            examine=examine,
            newest_first=False,
            filters=bool(wanted),
        ).read_page(limit=limit, cursor=cursor)

    def read_connection(self, consumer: str, name: str) -> Connection | None:
        """One connection."""
        return self._read(Connection, (consumer_pk(consumer), connection_sk(name)))

    def list_connections(self, consumer: str) -> Sequence[Connection]:
        """A consumer's connections, by name."""
        return self._list(Connection, consumer, "connection", SETUPS_AT_MOST)

    def find_connection(self, webhook_token: str) -> Connection | None:
        """The connection whose webhook address holds this secret; looked up by its hash."""
        if not webhook_token:
            return None
        entries = self.table.query_index(Index.LIST, token_pk(webhook_token), limit=1)
        found = self._read(Connection, (entries[0].pk, entries[0].sk)) if entries else None
        # The index may be late: the item says whether the token is still its own.
        if found and compare_digest(found.webhook_token.encode(), webhook_token.encode()):
            return found
        return None

    def read_flow(self, consumer: str, flow: str) -> FlowSetup | None:
        """One flow's set-up."""
        return self._read(FlowSetup, (consumer_pk(consumer), flow_sk(flow)))

    def list_flows(self, consumer: str) -> Sequence[FlowSetup]:
        """A consumer's flow set-ups, by name."""
        return self._list(FlowSetup, consumer, "flow", SETUPS_AT_MOST)

    def read_mapping(self, consumer: str, flow: str, name: str) -> MappingTable | None:
        """One mapping."""
        return self._read(MappingTable, (consumer_pk(consumer), mapping_sk(flow, name)))

    def list_mappings(self, consumer: str) -> Sequence[MappingTable]:
        """A consumer's mappings, by flow and name."""
        return self._list(MappingTable, consumer, "mapping", MAPPINGS_AT_MOST)

    def find_key(self, key_hash: str) -> ApiKey | None:
        """The key with this hash, also a revoked one."""
        return self._read(ApiKey, (api_key_pk(key_hash), keys.ROW)) if key_hash else None

    def read_key(self, key_id: str) -> ApiKey | None:
        """A key by its id."""
        entries = self.table.query_index(Index.WAIT, api_key_id_pk(key_id), limit=1)
        return self._read(ApiKey, (entries[0].pk, entries[0].sk)) if entries else None

    def list_keys(self, *, limit: int, cursor: str | None = None) -> Page[ApiKey]:
        """Keys, newest first."""

        def examine(found: Sequence[Key]) -> list[ApiKey | None]:
            items = self.table.get_many(found)
            return [from_item(ApiKey, item) if item else None for item in items]

        return Listing(
            question="keys",
            parts={KEYS: from_index(self.table, Index.LIST, KEYS)},
            examine=examine,
        ).read_page(limit=limit, cursor=cursor)

    def read_poll(self, consumer: str, flow: str) -> PollState | None:
        """How far a flow's polls have come."""
        return self._read(PollState, (consumer_pk(consumer), poll_sk(flow)))

    def list_due_polls(self, *, before: datetime, limit: int) -> Sequence[PollState]:
        """Polls whose time has come, oldest first."""
        entries = self.table.query_index(
            Index.WAIT, DUE_POLLS, high=keys.time_text(before), limit=limit
        )
        items = self.table.get_many([(entry.pk, entry.sk) for entry in entries])
        polls = [from_item(PollState, item) for item in items if item]
        return [poll for poll in polls if poll.next_at and poll.next_at < before]

    def list_history(
        self, consumer: str, *, limit: int, cursor: str | None = None
    ) -> Page[HistoryEntry]:
        """What people changed and did, newest first."""
        pk = history_pk(consumer)
        return Listing(
            question=("history", consumer),
            parts={pk: from_partition(self.table, pk)},
            examine=lambda items: [from_item(HistoryEntry, item) for item in items],
        ).read_page(limit=limit, cursor=cursor)

    @property
    def _outbox(self) -> releases.Outbox:
        return releases.Outbox(self.table)

    def list_releases(self, *, due_before: datetime, limit: int) -> Sequence[Release]:
        """Releases in the registry's outbox that are due, oldest first."""
        return self._outbox.list_due(due_before=due_before, limit=limit)

    def put_release(self, release: Release) -> None:
        """Replace a release after its first run, or between its pages."""
        self._outbox.put_many([release])

    def delete_release(self, release: Release) -> None:
        """Remove a release after its second run."""
        self._outbox.delete(release)


def _put(saved: Saved) -> Write:
    if isinstance(saved, ApiKey):
        return put(to_item(saved))
    stands = Term("version", Op.EQ, saved.version) if saved.version else MISSING
    return put(to_item(saved), stands)
