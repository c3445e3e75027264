"""What lies in the log table after a story: how many items of each kind, and how large they are."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.aws.ledger import kind_of
from local.aws.units import item_bytes

ITEM_EXTRA_BYTES = 100  #: DynamoDB, pricing: overhead of each item, and of each entry of an index
INDEXES = (("lp", "ls"), ("wp", "ws"))


@dataclass(kw_only=True)
class Stored:
    """Items of one kind."""

    items: int = 0
    bytes: int = 0
    billed_bytes: int = 0  #: with DynamoDB's overhead and the entries in indexes
    largest: int = 0

    def add(self, item: Mapping[str, Any]) -> None:
        """Count one item."""
        size = item_bytes(item)
        entries = [names for names in INDEXES if all(name in item for name in names)]
        self.items += 1
        self.bytes += size
        self.largest = max(self.largest, size)
        self.billed_bytes += size + ITEM_EXTRA_BYTES
        for names in entries:
            entry = {name: item[name] for name in ("pk", "sk", *names)}
            self.billed_bytes += item_bytes(entry) + ITEM_EXTRA_BYTES


def read_stored(client: Any, table: str) -> dict[str, Stored]:
    """Count all items of the log by kind."""
    found: defaultdict[str, Stored] = defaultdict(Stored)
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            found[kind_of(item["pk"]["S"], item["sk"]["S"])].add(item)
    return dict(found)
