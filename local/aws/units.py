"""What a write costs by DynamoDB's own rules, from the item before and after it.

Source: Amazon DynamoDB, "Item sizes and formats" and "Read and write operations". A write unit is
1 KB of the larger of the two images. An index of keys alone is touched only where one of its keys
changes: one unit for an entry that comes or goes, two for one that moves.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import ceil
from typing import Any

Image = Mapping[str, Mapping[str, Any]]  #: an item as attribute values

WRITE_UNIT_BYTES = 1024
TABLE = ""  #: stands beside the names of indexes
INDEX_KEYS = {"list": ("lp", "ls"), "wait": ("wp", "ws")}
_COLLECTION_BYTES = 3
_ENTRY_BYTES = 1  #: each entry of a list or map


def write_units(before: Image | None, after: Image | None) -> dict[str, int]:
    """Map the table and each index that is touched to the units of one write outside of a
    transaction; None is no item."""
    units = {TABLE: max(_units(item_bytes(before or {})), _units(item_bytes(after or {})), 1)}
    for index, names in INDEX_KEYS.items():
        gone, come = _entry(before, names), _entry(after, names)
        if gone != come:
            units[index] = _units(item_bytes(gone)) + _units(item_bytes(come))
    return units


def item_bytes(item: Image) -> int:
    """Return the size of an item as DynamoDB counts it."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _units(size: int) -> int:
    return ceil(size / WRITE_UNIT_BYTES)


def _entry(item: Image | None, names: tuple[str, str]) -> Image:
    """Return what an index of keys alone holds of an item; nothing if it lacks a key."""
    if item is None or any(name not in item for name in names):
        return {}
    return {name: item[name] for name in ("pk", "sk", *names)}


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return _number_bytes(held)
    if kind in ("M", "L"):
        return _COLLECTION_BYTES + sum(_ENTRY_BYTES + size for size in _entries(kind, held))
    return len(held) if kind == "B" else 1  # BOOL, NULL


def _entries(kind: str, held: Any) -> Iterator[int]:
    if kind == "L":
        return map(_value_bytes, held)
    return (len(name.encode()) + _value_bytes(value) for name, value in held.items())


def _number_bytes(text: str) -> int:
    """A byte, one for every two digits (pairs begin at the decimal point), one for a minus."""
    number = Decimal(text).normalize()
    if not number:
        return 1
    sign, digits, exponent = number.as_tuple()
    return 1 + (len(digits) + int(exponent) % 2 + 1) // 2 + sign
