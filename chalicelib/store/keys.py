"""Every key of both tables: how it is built and how it is read back.

Parts are joined by ``|``; inside a part ``%``, ``|``, ``/`` and control characters are
percent-encoded.
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote
from zlib import crc32

from chalicelib.domain.rows import RowName
from chalicelib.store.table import Key, LimitError

ROW = "~"  #: sort key of a row, and of any item that is alone in its partition
SNAPSHOT = "~~record"
DUE_SHARDS = 16
LETTERS = ("P", "W", "F", "S")
PREFIX_LENGTH = 3  #: letters a search must have

_RESERVED = re.compile(r"[%|/\x00-\x1f\x7f]")
_LONGEST_PART = 600  #: bytes of a part of a sort key; a longer one ends in its hash


@lru_cache(maxsize=4096)
def escape(text: str) -> str:
    """Encode a part of a key; ``A|B`` becomes ``A%7CB``."""
    if _RESERVED.search(text) is None:
        return text
    return _RESERVED.sub(lambda match: f"%{ord(match.group()):02X}", text)


def unescape(text: str) -> str:
    """Decode a part of a key."""
    return unquote(text) if "%" in text else text


def join(*parts: str) -> str:
    """Return a key made of parts."""
    return "|".join(escape(part) for part in parts)


def bounded(text: str) -> str:
    """Encode a part that only has to be unique: a very long one is cut and ends in its hash."""
    part = escape(text)
    if len(part) * 4 <= _LONGEST_PART or len(part.encode()) <= _LONGEST_PART:
        return part
    start = part.encode()[: _LONGEST_PART - 65].decode(errors="ignore")
    return f"{start}~{hashlib.sha256(text.encode()).hexdigest()}"


@lru_cache(maxsize=1024)  # one moment is written many times in a batch
def time_text(time: datetime) -> str:
    """Return a time as text of fixed width, so that texts compare as the times do."""
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise ValueError(f"{time} has no time zone: times are aware UTC")
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:26] + "Z"


def row_pk(name: RowName) -> str:
    """Partition of a row, its snapshot and its attempts."""
    if not (name.consumer and name.flow and name.record):
        raise LimitError(f"a part of the name of row {name.id!r} is empty")
    start = f"R|{escape(name.consumer)}|{escape(name.flow)}|{escape(name.record)}"
    return start if name.step is None else f"{start}|{escape(name.step)}"


def row_key(name: RowName) -> Key:
    """Key of a row."""
    return row_pk(name), ROW


def name_of(pk: str) -> RowName:
    """Read a row's name from its partition key."""
    parts = pk.split("|")[1:]
    if "%" in pk:
        parts = [unquote(part) for part in parts]
    step = parts[3] if len(parts) == 4 else None
    return RowName(consumer=parts[0], flow=parts[1], record=parts[2], step=step)


def lane_part(lane: str) -> str:
    """Encode a lane: a flow, or flow/step."""
    return "/".join(escape(part) for part in lane.split("/"))


def list_pk(consumer: str, lane: str, letter: str, shard: int) -> str:
    """Partition of index ``list`` for the rows of a lane on one shelf."""
    return f"{escape(consumer)}|{lane_part(lane)}|{letter}|{shard}"


def list_sort(listed_at: str, record: str) -> str:
    """Sort key of a row in index ``list``."""
    return f"{listed_at}|{bounded(record)}"


def list_shard(record: str, shards: int) -> int:
    """Shard of a row in index ``list``; the number of shards may only grow."""
    return crc32(record.encode()) % shards if shards > 1 else 0


def due_pk(shard: int) -> str:
    """Partition of index ``wait`` for owed rows."""
    return f"D|{shard}"


def due_shard(pk: str) -> int:
    """Shard of an owed row, from its partition key."""
    return crc32(pk.encode()) % DUE_SHARDS


def cause_pk(consumer: str, cause: str) -> str:
    """Partition of index ``wait`` for the rows held under a cause."""
    return f"{escape(consumer)}|C|{bounded(cause)}"


def group_pk(consumer: str, fingerprint: str) -> str:
    """Partition of index ``wait`` for the rows that failed alike."""
    return f"{escape(consumer)}|F|{escape(fingerprint)}"


def wait_sort(time: str, name: RowName) -> str:
    """Sort key of a held or failed row in index ``wait``, unique within its partition."""
    return f"{time}|{bounded(name.record)}|{bounded(name.lane)[:300]}"


def exchange_pk(consumer: str, platform: str, code: int | None = None) -> str:
    """Partition of an exchange: of index ``list``, or with a code of index ``wait``."""
    last = "0" if code is None else str(code)
    return f"{join(consumer, 'X', platform)}|{last}"


def others_pk(consumer: str) -> str:
    """Partition of index ``list`` for items that only an erasure has to find."""
    return f"{escape(consumer)}|O"


def text_hash(text: str) -> str:
    """Return the hash a secret is looked up by."""
    return hashlib.sha256(text.encode()).hexdigest()


def word_pk(consumer: str, word: str) -> str:
    """Partition of search words that begin alike; ``word`` is in lower case."""
    return join("Q", consumer, word[:PREFIX_LENGTH])


def word_sort(word: str, field: str, row: str) -> str:
    """Sort key of a search word; ``row`` is short and different for each row."""
    return f"{escape(word)}|{field}|{row}"
