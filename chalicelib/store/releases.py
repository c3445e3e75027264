"""Releases: the outbox of causes that went away, the same in both stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.setup import Release
from chalicelib.store import keys
from chalicelib.store.table import Index, Item, Key, Table, delete, put

PARTITION = "Z|release"  #: of the table and of index ``wait``


@dataclass(frozen=True)
class Outbox:
    """The releases of one table."""

    table: Table

    def put_many(self, releases: Sequence[Release]) -> None:
        """Write or replace releases."""
        if releases:
            self.table.write_many([put(to_item(release)) for release in releases])

    def list_due(self, *, due_before: datetime, limit: int) -> Sequence[Release]:
        """Releases that are due, oldest first; the index may lag, the items are checked."""
        entries = self.table.query_index(
            Index.WAIT, PARTITION, high=keys.time_text(due_before), limit=limit
        )
        items = self.table.get_many([(entry.pk, entry.sk) for entry in entries])
        releases = [_to_release(item) for item in items if item]
        return [release for release in releases if release.due_at < due_before]

    def delete(self, release: Release) -> None:
        """Remove a release."""
        self.table.write_many([delete(key_of(release))])


def key_of(release: Release) -> Key:
    """Key of a release."""
    return PARTITION, f"{keys.escape(release.consumer)}|{keys.escape(release.id)}"


def to_item(release: Release) -> Item:
    """Return the item of a release."""
    pk, sk = key_of(release)
    item: dict[str, Any] = {
        "pk": pk,
        "sk": sk,
        "lp": keys.others_pk(release.consumer),
        "ls": f"{pk}|{sk}",
        "wp": PARTITION,
        "ws": f"{keys.time_text(release.due_at)}|{sk}",
        "consumer": release.consumer,
        "cause": release.cause,
        "id": release.id,
        "due_at": keys.time_text(release.due_at),
        "runs": release.runs,
    }
    return item if release.cursor is None else {**item, "cursor": release.cursor}


def _to_release(item: Item) -> Release:
    return Release(
        consumer=item["consumer"],
        cause=item["cause"],
        id=item["id"],
        due_at=datetime.fromisoformat(item["due_at"]),
        runs=item["runs"],
        cursor=item.get("cursor"),
    )
