"""The ports of the service's own stores: promises every implementation keeps, and what they cost.

Costs are requests on DynamoDB, SQS or KMS; ``store/README.md`` has them with keys and indexes.
Every list is a page. All times are aware UTC. Sequences are answered in the order given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.domain.log import (
    Attempt,
    Counts,
    Exchange,
    Execution,
    Group,
    Link,
    Page,
    RowQuery,
    SlotCounts,
    Units,
)
from chalicelib.domain.rows import Row, RowName
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
from chalicelib.domain.writes import RowWrite


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of a row write: the tag of the alternative that was applied, or None for none.

    ``row`` is the row after the write (as it stands, if none was applied; None if there is no row).
    """

    tag: str | None
    row: Row | None


class RowStore(Protocol):
    """Rows and the questions about them."""

    def write_rows(self, writes: Sequence[RowWrite]) -> Sequence[Written]:
        """Carry out each conditional write by itself; one write unit a row (SQLite: one commit for
        all).
        """

    def read_rows(self, names: Sequence[RowName]) -> Sequence[Row | None]:
        """Read rows by name, strongly consistent; one request per 100."""

    def list_rows(self, query: RowQuery, *, limit: int, cursor: str | None = None) -> Page[Row]:
        """Return rows newest first by ``listed_at``, paged both ways, stable on ties.

        One query per lane, status and shard, then one batch read; a page may be short and still
        carry a cursor. Raises ``CursorError`` for a cursor that is not of this question.
        """

    def list_due(self, shard: int, *, before: datetime, limit: int) -> Sequence[RowName]:
        """Names of owed rows of one of 16 shards whose due time is past, oldest first. May lag."""

    def list_held(
        self, consumer: str, cause: str, *, limit: int, cursor: str | None = None
    ) -> Page[RowName]:
        """Names of rows held under a cause, oldest first. May lag."""

    def list_groups(self, consumer: str) -> Sequence[Group]:
        """Failure groups with their counts, largest first; at most 200."""

    def list_causes(self, consumer: str) -> Sequence[Group]:
        """Held causes with their counts, largest first; at most 200."""

    def count_now(self, consumer: str) -> Sequence[Counts]:
        """Rows by flow, kind and status, now. May lag by the stream."""

    def count_slots(
        self, consumer: str, *, listed_from: datetime, listed_to: datetime
    ) -> Sequence[SlotCounts]:
        """Rows of all lanes by the quarters of an hour that begin in the period, by ``listed_at``.

        One query for each day of UTC that the period touches. May lag by the stream.
        """

    def mend_counts(self, consumer: str) -> int:
        """Compare the counts of now with the lists; returns how many lanes were mended.

        A difference is noted first, and mended when a later call finds the same one again.
        """

    def read_oldest_due(self, consumer: str, lane: str) -> Row | None:
        """The oldest Pending row of a lane; None if nothing waits."""


class TraceStore(Protocol):
    """Attempts, exchanges and snapshots: what happened, expiring except the snapshot."""

    def put_traces(self, attempts: Sequence[Attempt], exchanges: Sequence[Exchange]) -> None:
        """Write attempts and exchanges, in batches of 25."""

    def list_attempts(
        self, name: RowName, *, limit: int, cursor: str | None = None
    ) -> Page[Attempt]:
        """Attempts of a row, newest first."""

    def read_exchanges(self, consumer: str, ids: Sequence[str]) -> Sequence[Exchange | None]:
        """Read exchanges by id; None for one of another consumer or one that expired."""

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
        """Exchanges of a consumer, newest first; the code None is a call that got no answer.

        Codes below 400 and an execution are compared after the read, so a page may be short: give
        the time of the execution, so that little is read.
        """

    def put_snapshots(self, records: Sequence[tuple[RowName, Mapping[str, Any]]]) -> None:
        """Keep last canonical records (JSON values) beside their rows; only where they changed."""

    def read_snapshot(self, name: RowName) -> Mapping[str, Any] | None:
        """The last canonical record of a row."""


class LinkStore(Protocol):
    """Which record of one side is which of the other."""

    def put_links(self, links: Sequence[Link]) -> None:
        """Store each link under both of its sides."""

    def read_links(
        self, consumer: str, platform: str, other_platform: str, kind: str, ids: Sequence[str]
    ) -> Mapping[str, Link]:
        """Links from one side to another by the ids at the one; ids without a link are absent.

        One request per 100.
        """

    def delete_links(self, links: Sequence[Link]) -> None:
        """Remove both sides of each link: the target confirmed that the record is gone."""


class RunStore(Protocol):
    """Executions and the rows they requested."""

    def save_execution(self, execution: Execution) -> bool:
        """Write an execution if it stands at ``execution.version``, and raise that; False if it
        moved on.
        """

    def read_execution(self, consumer: str, execution_id: str) -> Execution | None:
        """One execution."""

    def list_executions(
        self, consumer: str, *, flow: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[Execution]:
        """Executions newest first."""

    def list_running(self, *, limit: int) -> Sequence[tuple[str, str]]:
        """(consumer, id) of executions that have not ended."""

    def put_execution_rows(
        self, consumer: str, execution_id: str, names: Sequence[RowName]
    ) -> None:
        """Note which rows a run requested."""

    def list_execution_rows(
        self, consumer: str, execution_id: str, *, limit: int, cursor: str | None = None
    ) -> Page[RowName]:
        """Rows of a run, in a stable order."""


class PaceStore(Protocol):
    """Rate windows, writer leases, backlogs, releases, pending units."""

    def take_calls(
        self,
        consumer: str,
        connection: str,
        count: int,
        *,
        limit: int,
        window_s: int,
        now: datetime,
    ) -> bool:
        """Take ``count`` vendor calls of the window that ``now`` falls in; False if they are not
        there.
        """

    def set_calls_left(
        self,
        consumer: str,
        connection: str,
        left: int,
        *,
        limit: int,
        window_s: int,
        now: datetime,
    ) -> None:
        """Correct the window by the vendor's own word."""

    def flag_backlog(self, consumer: str, connection: str, *, now: datetime) -> None:
        """Flag a connection whose rows wait for calls, or say again that it is.

        While it is flagged, requests go under its rate cause.
        """

    def clear_backlog(self, consumer: str, connection: str, *, flagged_before: datetime) -> None:
        """Remove the flag, unless somebody flagged the connection since that moment."""

    def is_backlogged(self, consumer: str, connection: str) -> bool:
        """Whether the flag stands."""

    def list_backlogged(self, *, limit: int) -> Sequence[tuple[str, str]]:
        """(consumer, connection) of flagged connections."""

    def take_lease(self, key: str, holder: str, *, until: datetime, now: datetime) -> bool:
        """Take or renew a lease (one writer per seller, one poll per flow); False while another
        holds it.
        """

    def end_lease(self, key: str, holder: str) -> None:
        """Give a lease back, if it is still the holder's."""

    def put_releases(self, releases: Sequence[Release]) -> None:
        """Write or replace releases in the log's own outbox."""

    def list_releases(self, *, due_before: datetime, limit: int) -> Sequence[Release]:
        """Releases that are due, oldest first."""

    def delete_release(self, release: Release) -> None:
        """Remove a release after its second run."""

    def put_units(
        self, consumer: str, connection: str, record: str, units: Sequence[Units]
    ) -> None:
        """Set the goods of one order that the ERP has not taken; none clears them."""

    def list_units(self, consumer: str, connection: str, *, limit: int) -> Sequence[Units]:
        """Goods sold at a till and not taken by the ERP. Strongly consistent."""


class SyncLog(RowStore, TraceStore, LinkStore, RunStore, PaceStore, Protocol):
    """The large store: rows, attempts, links, executions, counts."""

    def erase_consumer(self, consumer: str, *, limit: int) -> bool:
        """Erase some of a consumer's items, personal data first; True when nothing is left."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One save in the registry: puts, history, and the causes it removes, in one write."""

    puts: Sequence[Consumer | Connection | FlowSetup | MappingTable | ApiKey | PollState] = ()
    deletes: Sequence[Connection | FlowSetup | MappingTable | PollState] = ()
    history: Sequence[HistoryEntry] = ()
    releases: Sequence[Release] = ()


class Registry(Protocol):
    """The small, precious store: what a merchant set up."""

    def save(self, change: Change) -> bool:
        """Write all of a change or nothing.

        Each put with a ``version`` must still stand at it (0: must be new); the stored version is
        one higher. False if something moved on meanwhile: read again.
        """

    def read_consumer(self, consumer: str) -> Consumer | None:
        """A consumer, also a deleted one."""

    def list_consumers(
        self, *, text: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[Consumer]:
        """Consumers by id; ``text`` finds a part of id or name, any case."""

    def read_connection(self, consumer: str, name: str) -> Connection | None:
        """One connection."""

    def list_connections(self, consumer: str) -> Sequence[Connection]:
        """A consumer's connections, by name; at most 100."""

    def find_connection(self, webhook_token: str) -> Connection | None:
        """The connection whose webhook address holds this secret; looked up by its hash."""

    def read_flow(self, consumer: str, flow: str) -> FlowSetup | None:
        """One flow's set-up."""

    def list_flows(self, consumer: str) -> Sequence[FlowSetup]:
        """A consumer's flow set-ups; at most 100."""

    def read_mapping(self, consumer: str, flow: str, name: str) -> MappingTable | None:
        """One mapping."""

    def list_mappings(self, consumer: str) -> Sequence[MappingTable]:
        """A consumer's mappings; at most 200."""

    def find_key(self, key_hash: str) -> ApiKey | None:
        """The key with this hash, also a revoked one."""

    def read_key(self, key_id: str) -> ApiKey | None:
        """A key by its id."""

    def list_keys(self, *, limit: int, cursor: str | None = None) -> Page[ApiKey]:
        """Keys, newest first."""

    def read_poll(self, consumer: str, flow: str) -> PollState | None:
        """How far a flow's polls have come."""

    def list_due_polls(self, *, before: datetime, limit: int) -> Sequence[PollState]:
        """Polls whose time has come, oldest first."""

    def list_history(
        self, consumer: str, *, limit: int, cursor: str | None = None
    ) -> Page[HistoryEntry]:
        """What people changed and did, newest first."""

    def list_releases(self, *, due_before: datetime, limit: int) -> Sequence[Release]:
        """Releases in the registry's outbox that are due, oldest first."""

    def put_release(self, release: Release) -> None:
        """Replace a release after its first run, or between its pages."""

    def delete_release(self, release: Release) -> None:
        """Remove a release after its second run."""


@dataclass(frozen=True, kw_only=True)
class QueueMessage:
    """The name of a row on its way; never data. ``handled`` only in a dead-letter queue."""

    name: RowName
    delay_s: int = 0
    handled: int | None = None
    receipt: str = ""
    receives: int = 0


class BusyError(Exception):
    """A store, queue or vault refused or lost a request (throttling, 500, timeout).

    Whether it was carried out is unknown, and asking again is safe.
    """


class QueueBusyError(BusyError):
    """Some messages may not have been sent, taken or deleted."""


class VaultBusyError(BusyError):
    """The key service did not answer, so nothing was sealed or opened."""


class WorkQueue(Protocol):
    """The work queues ``records`` and ``stock``, and their dead-letter queues ``records-dlq``,
    ``stock-dlq``.
    """

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Send messages, delayed by at most 900 s, grouped by consumer; ten a request."""

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        """Take messages for ``visibility_s``; a message taken too often (10) moves to the DLQ."""

    def delete_many(self, queue: str, receipts: Sequence[str]) -> None:
        """Delete messages that were taken."""

    def count(self, queue: str) -> int:
        """About how many messages are in the queue."""


class Vault(Protocol):
    """Seals credentials and personal fields."""

    def seal(self, plain: bytes, *, context: Mapping[str, str]) -> bytes:
        """Encrypt under a context (consumer, platform …) that must be given again to open."""

    def open(self, sealed: bytes, *, context: Mapping[str, str]) -> bytes:
        """Decrypt. Raises ``ValueError`` for another context or changed bytes. No request while
        cached.
        """
