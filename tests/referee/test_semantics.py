"""What our adapter believes about DynamoDB: conditions, updates, ranges, indexes."""

from typing import Any

import pytest

from tests.referee.desk import Desk, key, number, refusal, text

HIGHEST = "\U0010ffff"


# Conditions


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n = :x", True),
        ("n < :x", False),
        ("gone < :x", False),  # nothing compares with what is absent …
        ("gone = :x", False),
        ("NOT (gone = :x)", True),  # … so its opposite holds
        ("NOT (n = :x AND gone = :x)", True),
        ("NOT (n = :x AND attribute_exists(pk))", False),
        ("attribute_not_exists(gone) OR gone <= :x", True),
        ("word < :x", False),  # a text is neither below a number …
        ("word > :x", False),  # … nor above it
        ("n = m", True),  # 7 and 7.0 are one number
        ("n IN (:x, :x)", True),
        ("NOT contains(ring, :part)", True),  # a list contains whole entries
        ("contains(ring, :entry)", True),
        ("NOT contains(gone, :entry)", True),
    ],
)
def test_a_condition_holds_as_we_believe(desk: Desk, condition: str, holds: bool) -> None:
    ring = {"L": [text("abc")]}
    desk.put(key(), n=number(7), m=number("7.0"), word=text("7"), ring=ring)
    known = {"x": number(7), "part": text("ab"), "entry": text("abc")}
    used = {name: value for name, value in known.items() if f":{name}" in condition}

    assert desk.holds(condition, **used) is holds


def test_without_an_item_only_absence_holds(desk: Desk) -> None:
    assert not desk.holds("attribute_exists(pk)")
    assert not desk.holds("n = :x", x=number(1))
    assert desk.holds("attribute_not_exists(pk)")
    assert not desk.holds("attribute_not_exists(pk)")


def test_a_refused_write_brings_the_item_that_is_there(desk: Desk) -> None:
    unknown = refusal(
        lambda: desk.update("SET n = :n", "n = :n", n=number(1)), "ConditionalCheckFailedException"
    )
    desk.put(key(), n=number(7))
    known = refusal(
        lambda: desk.update("SET n = :n", "n = :n", n=number(1)), "ConditionalCheckFailedException"
    )

    assert "Item" not in unknown
    assert known["Item"] == {**key(), "n": number(7)}


def test_at_most_100_values_stand_in_one_in(desk: Desk) -> None:
    values = {f"v{place}": number(place) for place in range(101)}
    words = [f":{name}" for name in values]
    desk.put(key(), n=number(50))

    fewer = dict(list(values.items())[:100])
    assert desk.holds(f"n IN ({', '.join(words[:100])})", **fewer)
    refusal(lambda: desk.holds(f"n IN ({', '.join(words)})", **values))


# Updates


def test_an_update_makes_the_item_it_does_not_find(desk: Desk) -> None:
    assert desk.update("ADD n :n SET s = :s", n=number(2), s=text("")) == {
        **key(),
        "n": number(2),
        "s": text(""),  # an attribute that is no key may be empty
    }


def test_a_copy_is_of_the_value_before_the_write(desk: Desk) -> None:
    desk.put(key(), n=number(1))

    after = desk.update("SET n = :n, m = n", n=number(9))

    assert (after["n"], after["m"]) == (number(9), number(1))


def test_a_copy_of_what_is_absent_is_an_error(desk: Desk) -> None:
    desk.put(key())

    refusal(lambda: desk.update("SET m = n"))


def test_one_attribute_is_changed_once_in_a_write(desk: Desk) -> None:
    refusal(lambda: desk.update("SET n = :n ADD n :n", n=number(1)))


def test_a_list_grows_from_nothing_and_loses_its_first_entries(desk: Desk) -> None:
    push = "SET r = list_append(if_not_exists(r, :none), :new)"
    none: dict[str, Any] = {"L": []}
    for entry in ("a", "b", "c"):
        desk.update(push, none=none, new={"L": [text(entry)]})

    # Places are those before the write; one beyond the end is no error.
    assert desk.update("REMOVE r[0], r[1], r[9]")["r"] == {"L": [text("c")]}


def test_numbers_come_back_as_they_were_written(desk: Desk) -> None:
    for written in ("1795340160123456789", "-0.5", "1.0", "1e-05"):
        assert desk.update("SET n = :n", n=number(written))["n"] == number(written)
    refusal(lambda: desk.update("SET n = :n", n=number("1" * 39)))


# Ranges and order


def test_between_includes_both_ends(desk: Desk) -> None:
    for sort in ("a", "b", "c", "d"):
        desk.put(key(sk=sort))

    assert desk.sorts("pk = :p AND sk BETWEEN :l AND :h", p="a", l="b", h="c") == ["b", "c"]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("pk = :p AND sk BETWEEN :l AND :h", {"l": "c", "h": "b"}),
        ("pk = :p AND sk BETWEEN :l AND :h", {"l": "", "h": "b"}),
        ("pk = :p AND sk < :h", {"h": "b" * 1025}),
        ("pk = :p AND sk >= :l AND sk < :h", {"l": "b", "h": "c"}),
    ],
    ids=["upside down", "from the empty text", "to more than a key holds", "two comparisons"],
)
def test_a_range_is_refused(desk: Desk, condition: str, values: dict[str, str]) -> None:
    refusal(lambda: desk.query(condition, p="a", **values))


def test_keys_are_ordered_by_their_bytes(desk: Desk) -> None:
    ordered = ["\x01", "A", "a", "a|", "~", "~~", "é", "\uffff", "\U00010000", "\U0010fffe"]
    for sort in reversed(ordered):
        desk.put(key(sk=sort))

    assert desk.sorts("pk = :p AND sk < :h", p="a", h=HIGHEST) == ordered


def test_a_page_ends_at_1_mb(desk: Desk) -> None:
    for sort in ("1", "2", "3", "4"):
        desk.put(key(sk=sort), b=text("x" * 350 * 1024))

    first = desk.query("pk = :p", p="a")

    assert [item["sk"]["S"] for item in first["Items"]] == ["1", "2", "3"]
    assert first["LastEvaluatedKey"] == key(sk="3")


# Indexes


def test_an_index_of_keys_knows_both_pairs_of_keys(desk: Desk) -> None:
    desk.put(key(), lp=text("l"), ls=text("1"), n=number(1))
    desk.put(key("half"), lp=text("l"))

    # At once: DynamoDB Local is never late, unlike DynamoDB. The unruly stand-in plays that.
    assert desk.query("lp = :p", "list", p="l")["Items"] == [
        {**key(), "lp": text("l"), "ls": text("1")}
    ]


def test_an_index_is_not_read_consistently(desk: Desk) -> None:
    refusal(
        lambda: desk.client.query(
            TableName=desk.table,
            IndexName="list",
            ConsistentRead=True,
            KeyConditionExpression="lp = :p",
            ExpressionAttributeValues={":p": text("l")},
        )
    )
