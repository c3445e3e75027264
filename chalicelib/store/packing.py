"""JSON values as compressed text, for items that hold long bodies."""

import base64
import json
import zlib
from typing import Any


def pack(value: Any) -> str:
    """Return JSON values as text an attribute can hold."""
    return to_text(zlib.compress(to_json(value)))


def unpack(text: str) -> Any:
    """Read what ``pack`` made."""
    return json.loads(zlib.decompress(from_text(text)))


def to_json(value: Any) -> bytes:
    """Return JSON of a canonical form: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def to_text(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def from_text(text: str) -> bytes:
    """Read bytes from text."""
    return base64.b64decode(text)
