"""All stores of one machine, opened together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.domain.ports import Vault
from chalicelib.store.registry import TableRegistry
from chalicelib.store.stream import follow
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.table import Table
from local.sqlite.queue import SqliteQueue
from local.sqlite.table import SqliteTable
from local.sqlite.vault import FileVault


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The stores of one folder, and the tables under them."""

    log: TableSyncLog
    registry: TableRegistry
    queue: SqliteQueue
    vault: FileVault
    log_table: SqliteTable
    registry_table: SqliteTable

    def close(self) -> None:
        """Close the files; nothing may be asked afterwards."""
        self.log_table.close()
        self.registry_table.close()
        self.queue.close()


def open_stores(
    folder: Path | None, *, now: Callable[[], datetime], retention_days: int = 30
) -> Stores:
    """Open the stores in a folder, which is made if missing; None keeps everything in memory."""

    def path(name: str) -> Path | None:
        return folder / name if folder else None

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    log_table = SqliteTable(path("log.db"), now=now, follow=follow)
    registry_table = SqliteTable(path("registry.db"), now=now)
    queue = SqliteQueue(path("queue.db"), now=now)
    vault = FileVault(path("vault.key"))
    return Stores(
        log=build_log(log_table, vault, retention_days=retention_days),
        registry=TableRegistry(table=registry_table),
        queue=queue,
        vault=vault,
        log_table=log_table,
        registry_table=registry_table,
    )


def build_log(
    table: Table, vault: Vault, *, retention_days: int = 30, shards: int = 1
) -> TableSyncLog:
    """Return the sync log on a table that follows its changes."""
    retention = timedelta(days=retention_days)
    return TableSyncLog(table=table, vault=vault, retention=retention, shards=shards)
