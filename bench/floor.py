"""Floors: the bare library calls that a piece of work cannot do without, measured here and now."""

import hashlib
import hmac
import json
import sqlite3
import time
from pathlib import Path

ROUNDS = 300


def webhook_floor_ms(folder: Path, body: bytes, row_bytes: int = 900) -> float:
    """Return the CPU of taking one webhook by hand, in milliseconds.

    One signature, one JSON document, one row read and written with a commit, one message written
    with a commit: two files of SQLite in WAL mode, as safe (``FULL``) as ours.
    """
    rows, queue = _open(folder / "floor-rows.db"), _open(folder / "floor-queue.db")
    text = json.dumps({"columns": "x" * row_bytes})
    started = time.process_time()
    for number in range(ROUNDS):
        hmac.compare_digest(hmac.digest(b"key", body, hashlib.sha256), b"0" * 32)
        json.loads(body)
        _write(rows, number, text)
        _write(queue, number, "name")
    spent = time.process_time() - started
    rows.close()
    queue.close()
    return spent / ROUNDS * 1000


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT)")
    return db


def _write(db: sqlite3.Connection, number: int, text: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("SELECT body FROM items WHERE id = ?", (number,)).fetchone()
    db.execute("INSERT INTO items VALUES (?, ?)", (number, text))
    db.execute("COMMIT")
