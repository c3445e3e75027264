"""The stream reader: what DynamoDB says of changed items, turned into counts and search words."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.store.stream import Pair, follow
from chalicelib.store.table import Table
from chalicelib.store.wire import item_from_wire


def follow_changes(table: Table, records: Sequence[Mapping[str, Any]]) -> None:
    """Bring counts, groups and search words in step with one batch of the log table's stream.

    Args:
        records: as in the ``Records`` of Lambda's event, with both images. The same batch may come
            again, whole, and counts once.

    Raises:
        TableBusyError: some writes may be missing; the batch has to come again.
    """
    if records:
        table.write_many(follow(map(_pair, records), batch=_name_of(records)))


def _pair(record: Mapping[str, Any]) -> Pair:
    change = record["dynamodb"]
    return _image(change.get("OldImage")), _image(change.get("NewImage"))


def _image(image: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return item_from_wire(image) if image else None


def _name_of(records: Sequence[Mapping[str, Any]]) -> str:
    """Return a short name: a counter keeps dozens of them."""
    ends = (records[0], records[-1])
    numbers = "|".join(str(record["dynamodb"]["SequenceNumber"]) for record in ends)
    return hashlib.sha256(numbers.encode()).hexdigest()[:10]
