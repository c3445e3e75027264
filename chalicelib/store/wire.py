"""JSON values as DynamoDB's attribute values and back: ``7`` is ``{"N": "7"}``.

boto3 has a serializer of its own; it turns numbers into decimals and refuses floats, so values
would come back as something else than was stored.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

Wire = dict[str, Any]

#: Attribute of bytes that are text everywhere else (base64): stored so, they are a quarter less.
_PACKED = "z"

#: Stands for the empty name, which DynamoDB refuses inside a map: "no category" is a value too.
_NO_NAME = "\x00"


def to_wire(value: Any) -> Wire:
    """Return a JSON value as an attribute value.

    Raises:
        TypeError: it is no JSON value.
    """
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is bool:
        return {"BOOL": value}
    if kind is int or kind is float:
        return {"N": repr(value)}
    if value is None:
        return {"NULL": True}
    return _from_collection(value)


def _from_collection(value: Any) -> Wire:
    if isinstance(value, Mapping):
        return {"M": {name or _NO_NAME: to_wire(one) for name, one in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [to_wire(one) for one in value]}
    if isinstance(value, str):  # a member of an enum
        return {"S": str(value)}
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def item_to_wire(item: Mapping[str, Any]) -> Wire:
    """Return an item as attribute values; what is None is left out, as in an absent attribute."""
    wire = {name: to_wire(value) for name, value in item.items() if value is not None}
    if _PACKED in wire:
        wire[_PACKED] = {"B": b64decode(item[_PACKED])}
    return wire


def from_wire(wire: Mapping[str, Any]) -> Any:
    """Read an attribute value."""
    ((kind, value),) = wire.items()
    if kind == "S" or kind == "BOOL":
        return value
    if kind == "N":
        return float(value) if any(mark in value for mark in ".eE") else int(value)
    if kind == "NULL":
        return None
    if kind == "B":  # text already, where Lambda hands it on
        return value if isinstance(value, str) else b64encode(value).decode()
    if kind == "M":
        return {"" if name == _NO_NAME else name: from_wire(one) for name, one in value.items()}
    return [from_wire(one) for one in value]


def item_from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read an item."""
    return {name: from_wire(value) for name, value in item.items()}
