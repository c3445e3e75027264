"""Opening SQLite: a file for people, memory for tests; readers never wait for the writer."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 30  #: how long a write waits for another process
#: A log of a million rows is read from the system's own cache without a call per page; the most
#: that SQLite maps (SQLITE_MAX_MMAP_SIZE).
MAPPED_BYTES = 0x7FFF0000


class Database:
    """One SQLite database for many threads.

    A file is in WAL mode: writes take turns, readers each have a connection while they read and see
    every write that has ended. In memory all threads share one connection and take turns.
    """

    def __init__(self, path: Path | None, schema: str) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []  # readers nobody uses; threads come and go
        self._opened: list[sqlite3.Connection] = []
        self._writer = self._open()
        if path is not None:
            self._writer.execute("PRAGMA journal_mode = WAL")
        # One commit for the whole schema; nothing changes where it is there already.
        self._writer.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(self._path) if self._path else ":memory:",
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
        self._opened.append(connection)
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to write with; commits at the end, or rolls back on an exception."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read with."""
        if self._path is None:
            with self._lock:
                yield self._writer
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        """Close every connection; nothing may be asked afterwards."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._idle.clear()
