"""The table port under both stores: what an adapter has to get right before anything else."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.writes import MISSING, Field, Op, Term
from chalicelib.store.table import (
    EXISTS,
    NOTHING,
    Effect,
    Index,
    Key,
    LimitError,
    Table,
    Write,
    choice,
    delete,
    put,
    starting_with,
    update,
)
from local.sqlite.stores import Stores
from tests.builders import NOW, Clock
from tests.contract import stores as under_contract

clock, stores = under_contract.clock, under_contract.stores

KEY = ("p", "s")


@pytest.fixture
def table(stores: Stores) -> Table:
    return stores.registry_table


def item(sk: str = "s", **attributes: Any) -> dict[str, Any]:
    return {"pk": "p", "sk": sk, **attributes}


def write(table: Table, *writes: Write) -> list[str | None]:
    return [result.tag for result in table.write_many(writes)]


def read(table: Table, key: Key = KEY) -> dict[str, Any] | None:
    return table.get_many([key])[0]


def sks(items: Any) -> list[str]:
    return [one["sk"] for one in items]


def test_items_are_read_in_the_order_asked_for(table: Table) -> None:
    write(table, put(item("a", n=1)), put(item("b", n=2)))

    found = table.get_many([("p", "b"), ("p", "none"), ("p", "a"), ("p", "b")])

    assert [one and one["n"] for one in found] == [2, None, 1, 2]
    assert table.get_many([]) == []


def test_an_item_keeps_json_values_of_every_sort(table: Table) -> None:
    whole = item(
        a="é",
        b=1,
        c=-(2**60),
        d=1.5,
        e=True,
        g=[{"h": [None]}],
        i={},
        lp="l",
        ls="m",
        ttl=2**40,
    )
    write(table, put(whole))

    assert read(table) == whole


def test_a_put_replaces_and_an_update_changes(table: Table) -> None:
    write(table, put(item(a=1, b=2, c=3)))
    write(table, update(KEY, set={"a": 9, "d": 4}, remove=["b", "none"], add={"c": 5, "new": -1}))
    assert read(table) == item(a=9, c=8, d=4, new=-1)

    write(table, put(item(y=1)))

    assert read(table) == item(y=1)


def test_an_update_makes_a_missing_item_and_a_delete_of_one_is_nothing(table: Table) -> None:
    assert write(table, update(KEY, add={"n": 2}), delete(("p", "none"))) == ["updated", "deleted"]

    assert read(table) == item(n=2)


def test_a_copied_attribute_is_as_it_was_before_the_write(table: Table) -> None:
    write(table, put(item(a=1, b=5)))
    effect = Effect(set={"x": 0}, copy={"b": "a"}, add={"a": 1})

    write(table, Write(KEY, [choice("t", (), effect)]))

    assert read(table) == item(a=2, b=1, x=0)


@pytest.mark.parametrize(
    ("term", "held"),
    [
        (Term("n", Op.EQ, 5), True),
        (Term("n", Op.EQ, 4), False),
        (Term("none", Op.EQ, None), False),
        (Term("n", Op.GT, 4), True),
        (Term("n", Op.GT, 5), False),
        (Term("none", Op.GT, 0), False),
        (Term("n", Op.LE_OR_ABSENT, 5), True),
        (Term("n", Op.LE_OR_ABSENT, 4), False),
        (Term("none", Op.LE_OR_ABSENT, 0), True),
        (Term("n", Op.LT_OR_ABSENT, 6), True),
        (Term("n", Op.LT_OR_ABSENT, 5), False),
        (Term("none", Op.LT_OR_ABSENT, 0), True),
        (Term("t", Op.IN, ("a", "b")), True),
        (Term("t", Op.IN, ("a", "c")), False),
        (Term("none", Op.IN, ("a",)), False),
        (Term("n", Op.EQ, Field("m")), True),
        (Term("n", Op.GT, Field("k")), True),
        (Term("n", Op.EQ, Field("none")), False),
        (MISSING, False),
        (EXISTS, True),
    ],
    ids=str,
)
def test_a_condition_on_an_item(table: Table, term: Term, held: bool) -> None:
    write(table, put(item(n=5, m=5, k=4, t="b")))

    assert write(table, update(KEY, term, set={"x": 1})) == ["updated" if held else None]
    assert ("x" in (read(table) or {})) is held


@pytest.mark.parametrize(
    ("term", "held"),
    [
        (MISSING, True),
        (EXISTS, False),
        (Term("n", Op.EQ, 1), False),
        (Term("n", Op.LE_OR_ABSENT, 1), True),
        (Term("n", Op.LT_OR_ABSENT, 1), True),
        (Term("n", Op.IN, (1,)), False),
    ],
    ids=str,
)
def test_a_condition_on_no_item(table: Table, term: Term, held: bool) -> None:
    assert write(table, update(KEY, term, set={"x": 1})) == ["updated" if held else None]
    assert (read(table) is not None) is held


def test_the_first_choice_that_holds_is_applied_and_its_item_answered(table: Table) -> None:
    write(table, put(item(n=5)))
    choices = [
        choice("no", (Term("n", Op.GT, 5),), Effect(set={"by": "no"})),
        choice("first", (Term("n", Op.GT, 4),), Effect(set={"by": "first"})),
        choice("second", (), Effect(set={"by": "second"})),
    ]

    (result,) = table.write_many([Write(KEY, choices)])

    assert (result.tag, result.item) == ("first", item(n=5, by="first"))
    assert read(table) == item(n=5, by="first")


def test_a_choice_without_effect_and_a_refusal_answer_with_the_item_as_it_stands(
    table: Table,
) -> None:
    write(table, put(item(n=5)))
    same = Write(KEY, [choice("same", (EXISTS,), NOTHING)])
    refused = Write(KEY, [choice("new", (MISSING,), Effect(deletes=True))])
    none = Write(("p", "none"), [choice("old", (EXISTS,), NOTHING)])

    results = table.write_many([same, refused, none])

    assert [tuple(one) for one in results] == [
        ("same", item(n=5)),
        (None, item(n=5)),
        (None, None),
    ]


def test_writes_of_one_item_happen_in_their_order(table: Table) -> None:
    tags = write(
        table,
        put(item(n=1), MISSING),
        put(item(n=2), MISSING),
        update(KEY, add={"n": 1}),
        delete(KEY, Term("n", Op.EQ, 2)),
        update(KEY, MISSING, set={"n": 7}),
    )

    assert tags == ["put", None, "updated", "deleted", "updated"]
    assert read(table) == item(n=7)


def test_a_partition_is_read_in_a_range_and_both_ways(table: Table) -> None:
    write(table, *[put(item(sk)) for sk in ("a", "aa", "ab", "b", "é", "日")])
    write(table, put({"pk": "p2", "sk": "ab"}))

    assert sks(table.query("p", limit=9)) == ["a", "aa", "ab", "b", "é", "日"]
    assert sks(table.query("p", forward=False, limit=2)) == ["日", "é"]
    assert sks(table.query("p", low="aa", high="b", limit=9)) == ["aa", "ab"]
    assert sks(table.query("p", low="aa", high="b", forward=False, limit=1)) == ["ab"]
    low, high = starting_with("a")
    assert sks(table.query("p", low=low, high=high, limit=9)) == ["a", "aa", "ab"]
    assert table.query("none", limit=9) == []


@pytest.mark.parametrize(
    ("index", "part", "sort"), [(Index.LIST, "lp", "ls"), (Index.WAIT, "wp", "ws")], ids=str
)
def test_an_index_holds_the_items_that_name_it(
    table: Table, index: Index, part: str, sort: str
) -> None:
    write(
        table,
        *[
            put(item(sk, **{part: "i", sort: order}))
            for sk, order in zip("abc", "312", strict=True)
        ],
        put(item("other", **{part: "j", sort: "1"})),
        put(item("none")),
    )

    def found(**options: Any) -> list[str]:
        entries = table.query_index(index, "i", **{"limit": 9, **options})
        assert {entry.pk for entry in entries} <= {"p"}
        return [f"{entry.sort}{entry.sk}" for entry in entries]

    assert found() == ["1b", "2c", "3a"]
    assert found(forward=False, limit=2) == ["3a", "2c"]
    assert found(low="2", high="3") == ["2c"]
    write(
        table,
        update(("p", "a"), remove=[part, sort]),
        update(("p", "b"), set={sort: "5"}),
        delete(("p", "c")),
    )
    assert found() == ["5b"]


def test_an_update_of_one_index_leaves_the_other_and_the_expiry(table: Table) -> None:
    write(table, put(item(lp="l", ls="1", wp="w", ws="1", ttl=2**40, n=0)))
    for change in ({"ws": "2"}, {"ls": "2"}, {"ttl": 2**41}, {"n": 1}):
        write(table, update(KEY, set=change))

    assert read(table) == item(lp="l", ls="2", wp="w", ws="2", ttl=2**41, n=1)
    assert table.query_index(Index.LIST, "l", limit=9)[0].sort == "2"
    assert table.query_index(Index.WAIT, "w", limit=9)[0].sort == "2"


def test_an_expired_item_is_no_more(table: Table, clock: Clock) -> None:
    expiry = int((NOW + timedelta(seconds=10)).timestamp())
    write(table, put(item(ttl=expiry, lp="l", ls="1")))
    clock.pass_s(9)
    assert read(table) is not None

    clock.pass_s(1)

    assert read(table) is None
    assert table.query("p", limit=9) == []


def test_a_transaction_writes_all_or_nothing(table: Table) -> None:
    write(table, put(item("a", n=1)))
    still = Term("n", Op.EQ, 1)

    refused = [put(item("new")), update(("p", "a"), still, add={"n": 1}), delete(KEY, EXISTS)]
    assert not table.transact(refused)
    assert sks(table.query("p", limit=9)) == ["a"]
    assert read(table, ("p", "a")) == item("a", n=1)

    assert table.transact(refused[:2])
    assert table.get_many([("p", "a"), ("p", "new")]) == [item("a", n=2), item("new")]


@pytest.mark.parametrize(
    ("writes", "says"),
    [
        ([put(item(str(number))) for number in range(101)], "holds 100 writes"),
        ([put(item()), delete(KEY)], "at most once"),
        ([put(item("a")), put({"pk": "", "sk": "s"})], "pk .* is empty"),
        ([put(item("a")), put(item(lp="", ls="1"))], "lp .* is empty"),
        ([put(item("a")), put(item("x" * 1025))], "sk .* at most 1024"),
        ([put(item("a")), put(item(wp="é" * 1025, ws="1"))], "wp .* at most 2048"),
        ([put(item("a")), put(item(body="é" * 204_900))], "at most 409600"),
    ],
    ids=["many", "twice", "empty-key", "empty-index-key", "sort-key", "index-key", "item"],
)
def test_what_the_table_cannot_hold_is_refused_whole(
    table: Table, writes: list[Write], says: str
) -> None:
    with pytest.raises(LimitError, match=says):
        table.transact(writes)

    assert table.query("p", limit=9) == []


def test_an_item_that_was_read_or_written_is_the_readers_own(table: Table) -> None:
    given = item(a=[1])
    (result,) = table.write_many([put(given)])
    got = read(table)
    assert got is not None
    given["a"].append(2)
    got["a"].append(3)
    assert result.item is not None

    assert read(table) == item(a=[1])
