"""What DynamoDB's stream says of changed items, followed: once, whatever comes again."""

from typing import Any

import pytest

from chalicelib.store.changes import follow_changes
from chalicelib.store.table import Item
from chalicelib.store.wire import item_to_wire
from local.sqlite.table import SqliteTable
from tests.builders import Clock

ROW = {
    "pk": "R|shop|orders|S1",
    "sk": "~",
    "lp": "shop|orders|P|0",
    "k": "order",
    "s": "Pending",
    "la": "2026-11-22T06:51:00.000000Z",
    "ua": "2026-11-22T06:51:00.000000Z",
}
NOW = ("N|shop|now", "orders")


@pytest.fixture
def table() -> Any:
    opened = SqliteTable(None, now=Clock())
    yield opened
    opened.close()


def record(number: str, old: Item | None, new: Item | None) -> dict[str, Any]:
    """One change, as in an event of Lambda."""
    images = {"OldImage": old, "NewImage": new}
    known = {name: item_to_wire(image) for name, image in images.items() if image}
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": number, **known}}


def row(name: str = "S1", **changes: Any) -> dict[str, Any]:
    return {**ROW, "pk": f"R|shop|orders|{name}", **changes}


def counted(table: SqliteTable) -> dict[str, int]:
    item = table.get_many([NOW])[0] or {}
    return {name: item[name] for name in ("P", "S", "F") if item.get(name)}


def test_rows_that_came_moved_and_went_are_counted(table: SqliteTable) -> None:
    synced = {"s": "Synced", "lp": "shop|orders|S|0"}
    batch = [
        record("1", None, row("S1")),
        record("2", None, row("S2")),
        record("3", row("S1"), row("S1", **synced)),
        record("4", row("S2"), None),
    ]

    follow_changes(table, batch)

    assert counted(table) == {"S": 1}


def test_a_batch_that_comes_again_counts_once(table: SqliteTable) -> None:
    batch = [record("1", None, row("S1")), record("2", None, row("S2"))]

    for _ in range(3):
        follow_changes(table, batch)

    assert counted(table) == {"P": 2}


@pytest.mark.parametrize(("first", "last"), [("1", "9"), ("8", "2")])
def test_another_batch_counts_even_if_one_of_its_ends_is_the_same(
    table: SqliteTable, first: str, last: str
) -> None:
    follow_changes(table, [record("1", None, row("S1")), record("2", None, row("S2"))])
    follow_changes(table, [record(first, None, row("S3")), record(last, None, row("S4"))])

    assert counted(table) == {"P": 4}


def test_no_changes_are_nothing_to_follow(table: SqliteTable) -> None:
    follow_changes(table, [])

    assert table.read_all() == []


def test_a_record_that_is_none_of_dynamodbs_is_a_defect(table: SqliteTable) -> None:
    with pytest.raises(KeyError):
        follow_changes(table, [{"eventName": "INSERT"}])
