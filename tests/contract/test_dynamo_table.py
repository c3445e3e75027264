"""The table on DynamoDB where DynamoDB is difficult: partial answers, pages, cancelled writes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.writes import MISSING, Op, Term
from chalicelib.store.dynamo import ROUNDS, DynamoTable
from chalicelib.store.table import (
    EXISTS,
    Effect,
    Index,
    LimitError,
    TableBusyError,
    Write,
    choice,
    delete,
    put,
    update,
)
from tests.builders import NOW, Clock
from tests.contract import dynamo_items
from tests.contract.dynamo_clients import Meddling, Stingy
from tests.contract.dynamo_items import fill, item, sks

LARGE = 300 * 1024  #: bytes; three of these items are a page
TOO_MUCH = 400 * 1024


clock, table = dynamo_items.clock, dynamo_items.table


# Partial answers


def test_what_a_batch_read_left_out_is_read_again(table: DynamoTable) -> None:
    items = fill(table, 9)
    stingy = replace(table, client=Stingy(table.client, at_once=2))

    keys = [(one["pk"], one["sk"]) for one in items]

    assert stingy.get_many([*keys, ("p", "none")]) == [*items, None]


def test_what_a_batch_write_left_out_is_written_again(table: DynamoTable) -> None:
    stingy = replace(table, client=Stingy(table.client, at_once=4))
    gone = item("gone")
    table.write_many([put(gone)])

    done = stingy.write_many(
        [*[put(item(f"{n:02}", n=n)) for n in range(29)], delete(("p", "gone"))]
    )

    assert [one.tag for one in done] == ["put"] * 29 + ["deleted"]
    assert sks(table.query("p", limit=99)) == [f"{n:02}" for n in range(29)]


def test_a_batch_that_never_gets_through_is_busy_and_waits_longer_each_time(
    table: DynamoTable, clock: Clock
) -> None:
    stingy = replace(table, client=Stingy(table.client, at_once=0))
    waits: list[float] = []
    stingy = replace(stingy, pause=waits.append)

    with pytest.raises(TableBusyError, match="BatchGetItem was not done in 8 tries"):
        stingy.get_many([("p", "s")])
    with pytest.raises(TableBusyError, match="BatchWriteItem was not done in 8 tries"):
        stingy.write_many([put(item())])

    assert len(waits) == 2 * (ROUNDS - 1)
    assert waits[: ROUNDS - 1] == sorted(waits[: ROUNDS - 1])
    assert 0.025 <= waits[0] <= 0.05
    assert 1.6 <= waits[ROUNDS - 2] <= 3.2
    assert table.get_many([("p", "s")]) == [None]


def test_more_items_than_a_request_takes_are_read_in_several(table: DynamoTable) -> None:
    items = [item(f"{number:03}") for number in range(205)]
    table.write_many([put(one) for one in items])
    keys = [(one["pk"], one["sk"]) for one in reversed(items)]

    assert table.get_many(keys) == items[::-1]
    assert table.get_many([*keys[:3], *keys[:3]]) == [*items[::-1][:3], *items[::-1][:3]]


# Pages and ranges


def test_a_list_over_several_pages_of_dynamodb_is_whole(table: DynamoTable) -> None:
    fill(table, 8, body="x" * LARGE)
    names = [f"{number:03}" for number in range(8)]

    assert sks(table.query("p", limit=99)) == names
    assert sks(table.query("p", limit=5)) == names[:5]
    assert sks(table.query("p", forward=False, limit=7)) == names[:0:-1]
    assert sks(table.query("p", low="001", high="007", limit=99)) == names[1:7]
    assert sks(table.query("p", low="001", high="007", forward=False, limit=5)) == names[6:1:-1]


def test_a_limit_counts_what_is_within_the_range(table: DynamoTable) -> None:
    fill(table, 6)

    for limit in range(1, 6):
        expected = [f"{number:03}" for number in (4, 3, 2, 1)][:limit]
        span = {"low": "001", "high": "005", "forward": False, "limit": limit}
        assert sks(table.query("p", **span)) == expected  # type: ignore[arg-type]  # named above
        assert sks(table.query_index(Index.LIST, "l", **span)) == expected  # type: ignore[arg-type]  # so here


def test_a_range_that_ends_before_it_begins_is_empty(table: DynamoTable) -> None:
    fill(table, 6)

    for low, high in (("004", "001"), ("003", "003"), ("9", "")):
        assert table.query("p", low=low, high=high, limit=9) == []
        assert table.query_index(Index.LIST, "l", low=low, high=high, limit=9) == []


def test_expired_items_in_front_hide_none_behind_them(table: DynamoTable, clock: Clock) -> None:
    gone, kept = int(NOW.timestamp()), int(NOW.timestamp()) + 1
    fill(table, 5, ttl=gone)
    table.write_many([put(item(f"9{number}", ttl=kept)) for number in range(3)])

    assert sks(table.query("p", limit=2)) == ["90", "91"]
    assert table.get_many([("p", "001"), ("p", "91")]) == [None, item("91", ttl=kept)]


def test_an_index_is_counted_to_its_end(table: DynamoTable) -> None:
    fill(table, 120)
    table.write_many([put(item("other", lp="m", ls="1", wp="l", ws="1"))])

    assert table.count_index(Index.LIST, "l") == 120
    assert table.count_index(Index.WAIT, "l") == 1
    assert table.count_index(Index.WAIT, "none") == 0


@pytest.mark.parametrize(
    "key", [("", "s"), ("p", ""), ("é" * 1025, "s"), ("p", "é" * 513)], ids=lambda key: key[:2]
)
def test_a_key_that_no_item_can_have_is_read_as_none(table: DynamoTable, key: Any) -> None:
    table.write_many([put(item())])

    assert table.get_many([key, ("p", "s")]) == [None, item()]


def test_the_longest_keys_are_read(table: DynamoTable) -> None:
    longest = ("é" * 1024, "é" * 512)
    table.write_many([put({"pk": longest[0], "sk": longest[1]})])

    assert table.get_many([longest])[0] is not None


# Writes


def test_a_write_answers_with_the_tag_of_its_choice(table: DynamoTable) -> None:
    whole = Effect(set=item(n=1), replaces=True)
    (made,) = table.write_many([Write(("p", "s"), [choice("made", (), whole)])])
    (gone,) = table.write_many([Write(("p", "s"), [choice("gone", (), Effect(deletes=True))])])

    assert (made.tag, made.item) == ("made", item(n=1))
    assert (gone.tag, gone.item) == ("gone", None)


def test_an_update_that_only_removes_makes_a_missing_item(table: DynamoTable) -> None:
    assert table.write_many([update(("p", "s"), remove=["n"])])[0].item == item()
    assert table.write_many([update(("p", "t"), set={"n": None})])[0].item == item("t")


def test_writes_of_one_item_keep_their_order_between_others(table: DynamoTable) -> None:
    done = table.write_many(
        [
            put(item(n=1)),
            put(item("other")),
            put(item(n=2)),
            delete(("p", "other2")),
            delete(("p", "s")),
            put(item(n=3)),
        ]
    )

    assert [one.tag for one in done] == ["put", "put", "put", "deleted", "deleted", "put"]
    assert [one.item for one in done][-1] == item(n=3)
    assert table.query("p", limit=9) == [item("other"), item(n=3)]


@pytest.mark.parametrize(
    "writes",
    [
        [put(item(body="x" * TOO_MUCH))],
        [put(item(body="x" * TOO_MUCH), MISSING)],
        [update(("p", "s"), set={"body": "x" * TOO_MUCH})],
        [update(("p", "large"), add={"n": 1}, set={"more": "x" * LARGE})],
    ],
    ids=["batch", "put", "update", "growing"],
)
def test_an_item_that_is_too_large_is_told_so(table: DynamoTable, writes: list[Write]) -> None:
    table.write_many([put(item("large", body="x" * LARGE))])

    with pytest.raises(LimitError, match="at most 409600 bytes"):
        table.write_many(writes)
    with pytest.raises(LimitError, match="at most 409600 bytes"):
        table.transact([*writes, put(item("other"))])

    assert "other" not in sks(table.query("p", limit=9))


def test_a_write_that_others_get_in_front_of_goes_by_what_they_wrote(table: DynamoTable) -> None:
    def meddle() -> None:
        table.write_many([update(("p", "s"), add={"n": 1})])

    client = Meddling(table.client, 3, meddle)
    choices = [
        choice(str(number), (Term("n", Op.EQ, number),), Effect(set={"by": number}))
        for number in (3, 2, 1)
    ]

    (result,) = replace(table, client=client).write_many([Write(("p", "s"), choices)])

    assert (result.tag, result.item) == ("3", item(n=3, by=3))


def test_a_condition_of_a_whole_item_is_judged_also_among_those_without(table: DynamoTable) -> None:
    table.write_many([put(item(n=1)), put(item("t", n=1))])
    other = Term("n", Op.EQ, 2)

    done = table.write_many(
        [put(item(n=2), MISSING), delete(("p", "t"), other), put(item("u")), put(item("v"), other)]
    )

    assert [one.tag for one in done] == [None, None, "put", None]
    assert table.query("p", limit=9) == [item(n=1), item("t", n=1), item("u")]


@pytest.mark.parametrize(
    "write",
    [
        put(item("x" * 1025)),
        put(item("x" * 1025), MISSING),
        update(("p", "x" * 1025), add={"n": 1}),
        update(("p", "s"), set={"wp": "w", "ws": "x" * 1025}),
    ],
    ids=["batch", "put", "update", "index"],
)
def test_a_key_that_is_too_long_is_never_sent(table: DynamoTable, write: Write) -> None:
    with pytest.raises(LimitError, match="has 1025 bytes; at most 1024"):
        table.write_many([write])

    assert table.query("p", limit=9) == []


def test_a_later_choice_is_not_made_once_an_earlier_one_holds(table: DynamoTable) -> None:
    table.write_many([put(item(n=0))])
    seen: list[int] = []

    def meddle() -> None:
        seen.append(len(seen))
        if len(seen) == 2:  # between the look that chose and the write
            table.write_many([put(item(n=1))])

    choices = [
        choice("one", (Term("n", Op.EQ, 1),), Effect(set={"by": "one"})),
        choice("any", (EXISTS,), Effect(set={"by": "any"})),
    ]
    client = Meddling(table.client, 9, meddle)

    (result,) = replace(table, client=client).write_many([Write(("p", "s"), choices)])

    assert (result.tag, result.item) == ("one", item(n=1, by="one"))


def test_an_item_that_others_write_all_the_time_is_busy(table: DynamoTable) -> None:
    def meddle() -> None:
        held = table.get_many([("p", "s")])[0]
        table.write_many([update(("p", "s"), set={"odd": not (held or {}).get("odd")})])

    choices = [
        choice("odd", (Term("odd", Op.EQ, True),), Effect(set={"by": "odd"})),
        choice("even", (Term("odd", Op.EQ, False),), Effect(set={"by": "even"})),
    ]
    table.write_many([put(item(odd=True))])
    client = Meddling(table.client, 99, meddle)

    with pytest.raises(TableBusyError, match="others wrote the same item"):
        replace(table, client=client).write_many([Write(("p", "s"), choices)])


# At the same time


def test_what_fails_is_raised_after_everything_else_is_done(table: DynamoTable) -> None:
    with ThreadPoolExecutor(4) as threads:
        many = replace(table, threads=threads)
        works: list[Callable[[], object]] = [
            lambda: many.write_many([put(item("a"))]),
            lambda: many.transact([put(item("x" * 2000)), put(item("y"))]),
            lambda: many.write_many([put(item("b"))]),
        ]
        with pytest.raises(LimitError, match="at most 1024"):
            many.together(works)

    assert sks(table.query("p", limit=9)) == ["a", "b"]


def test_works_answer_in_their_order(table: DynamoTable) -> None:
    items = fill(table, 5)
    with ThreadPoolExecutor(3) as threads:
        many = replace(table, threads=threads)
        found = many.together([lambda one=one: many.get_many([("p", one["sk"])]) for one in items])

    assert found == [[one] for one in items]
