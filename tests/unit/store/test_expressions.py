"""Terms and effects as text for DynamoDB; what the text means is judged in the contract suite."""

import pytest

from chalicelib.domain.writes import MISSING, OWED, Field, Op, Term
from chalicelib.store.expressions import ALWAYS, Words, condition, update
from chalicelib.store.table import EXISTS, Effect

NEVER = "(attribute_exists(pk) AND attribute_not_exists(pk))"


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (MISSING, "attribute_not_exists(pk)"),
        (EXISTS, "attribute_exists(pk)"),
        (Term("n", Op.EQ, 1), "#n = :0"),
        (OWED, "#requested > #handled"),
        (Term("n", Op.LE_OR_ABSENT, 1), "(attribute_not_exists(#n) OR #n <= :0)"),
        (Term("n", Op.LT_OR_ABSENT, Field("m")), "(attribute_not_exists(#n) OR #n < #m)"),
        (Term("n", Op.EQ_OR_MISSING, 1), "(attribute_not_exists(pk) OR #n = :0)"),
        (Term("r", Op.IN, ("a", "b")), "#r IN (:0, :1)"),
        (Term("r", Op.NOT_IN, ("a",)), "(NOT #r IN (:0))"),
        (Term("b", Op.LACKS, "a"), "(NOT contains(#b, :0))"),
    ],
    ids=str,
)
def test_a_term_is_a_condition(term: Term, text: str) -> None:
    assert condition(Words(), [term]) == text


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Op.EQ, NEVER),
        (Op.GT, NEVER),
        (Op.IN, NEVER),
        (Op.EQ_OR_MISSING, "attribute_not_exists(pk)"),
        (Op.LE_OR_ABSENT, "attribute_not_exists(#n)"),
        (Op.LT_OR_ABSENT, "attribute_not_exists(#n)"),
        (Op.NOT_IN, "attribute_not_exists(#n)"),
        (Op.LACKS, "attribute_not_exists(#n)"),
    ],
)
def test_nothing_compares_with_none(op: Op, text: str) -> None:
    words = Words()

    assert condition(words, [Term("n", op, None)]) == text
    assert words.names == ({"#n": "n"} if "#n" in text else {})  # an unused name is an error


def test_an_empty_list_holds_nothing() -> None:
    words = Words()

    assert condition(words, [Term("n", Op.IN, ())]) == NEVER
    assert condition(words, [Term("n", Op.NOT_IN, ())]) == ALWAYS
    assert words.parameters() == {}


def test_no_terms_are_no_condition() -> None:
    assert condition(Words(), []) is None


def test_what_must_not_hold_is_negated_as_a_whole_and_never_bracketed_twice() -> None:
    one, two = Term("n", Op.EQ, 1), Term("m", Op.LE_OR_ABSENT, 2)

    assert condition(Words(), [EXISTS], [[one, two], [two], [one]]) == (
        "attribute_exists(pk)"
        " AND NOT (#n = :0 AND (attribute_not_exists(#m) OR #m <= :1))"
        " AND NOT (attribute_not_exists(#m) OR #m <= :2)"
        " AND NOT (#n = :3)"
    )


def test_every_value_has_a_word_and_every_name_one() -> None:
    words = Words()
    written = [words.name(one) for one in ("n", "a.b", "n", "c-d", "a.b")]

    assert written == ["#n", "#1", "#n", "#2", "#1"]
    assert words.names == {"#n": "n", "#1": "a.b", "#2": "c-d"}
    assert [words.value(1), words.value(1)] == [":0", ":1"]
    assert words.parameters() == {
        "ExpressionAttributeNames": words.names,
        "ExpressionAttributeValues": {":0": {"N": "1"}, ":1": {"N": "1"}},
    }


def test_a_name_that_looks_like_a_word_of_ours_stays_itself() -> None:
    words = Words()
    written = [words.name(one) for one in ("n1", "a.b", "n2", "c.d", "é")]

    assert len(set(written)) == 5
    assert [words.names[word] for word in written] == ["n1", "a.b", "n2", "c.d", "é"]
    assert all(word[1:].isascii() for word in written)


def test_an_update_has_a_clause_for_each_sort_of_change() -> None:
    effect = Effect(
        set={"a": 1, "b": None},
        copy={"c": "d"},
        remove=["e"],
        add={"f": 2},
        defaults={"g": 3},
        push={"h": "x"},
    )

    assert update(Words(), effect) == (
        "SET #a = :0, #c = #d, #g = if_not_exists(#g, :1),"
        " #h = list_append(if_not_exists(#h, :2), :3)"
        " REMOVE #e, #b ADD #f :4"
    )


def test_an_update_names_no_clause_without_changes() -> None:
    assert update(Words(), Effect(add={"n": 1})) == "ADD #n :0"
    assert update(Words(), Effect(remove=["n"])) == "REMOVE #n"
