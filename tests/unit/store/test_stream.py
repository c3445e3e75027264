"""What follows from changed items: pure, from pairs to writes."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from chalicelib.store.stream import EMPTIED_KEPT_S, Pair, follow, slot_of, words_of
from chalicelib.store.table import Item, Key, Write, applied, holds

ROW = {
    "pk": "R|shop|orders|S1",
    "sk": "~",
    "lp": "shop|orders|P|0",
    "k": "order",
    "s": "Pending",
    "r": "queued",
    "la": "2026-11-22T06:51:00.000000Z",
    "ua": "2026-11-22T06:51:00.000000Z",
}


def row(record: str = "S1", **changes: Any) -> Item:
    item = {**ROW, "pk": f"R|shop|orders|{record}", **changes}
    return {name: value for name, value in item.items() if value is not None}


def failed(record: str, at: str = "2026-11-22T07:00:00.000000Z", **changes: Any) -> Item:
    facts = {"s": "Failed", "r": "conflict", "fp": "aa", "fa": at, "lp": "shop|orders|F|0"}
    return row(record, **{**facts, **changes})


def carried_out(writes: Sequence[Write], items: dict[Key, Item] | None = None) -> dict[Key, Item]:
    """Return what a table holds after writes."""
    held = dict(items or {})
    for write in writes:
        for choice in write.choices:
            if holds(held.get(write.key), choice.when):
                after = applied(write.key, held.get(write.key), choice.make())
                held.pop(write.key, None)
                if after is not None:
                    held[write.key] = after
                break
    return held


def told(*batches: Sequence[Pair]) -> dict[Key, Item]:
    """Follow batches one after the other."""
    held: dict[Key, Item] = {}
    for batch in batches:
        held = carried_out(follow(batch), held)
    return held


def test_a_new_row_is_counted_now_and_in_its_quarter_of_an_hour() -> None:
    held = told([(None, row())])

    assert held["N|shop|now", "orders"]["P"] == 1
    slot = held["N|shop|2026-11-22", "06:45|orders"]
    assert (slot["Pending."], slot["k"]) == (1, "order")


def test_a_batch_costs_one_write_for_each_counter_it_touches() -> None:
    batch: list[Pair] = [(None, row(str(number), co={})) for number in range(100)]

    keys = Counter(write.key for write in follow(batch) if not write.key[0].startswith("Q|"))

    assert keys == {("N|shop|now", "orders"): 1, ("N|shop|2026-11-22", "06:45|orders"): 1}


def test_a_closed_row_is_counted_by_status_and_code_and_not_twice() -> None:
    done = row(s="Synced", c=200, lp="shop|orders|S|0", r=None)

    held = told([(None, row())], [(row(), done)], [(done, {**done, "ti": "T1"})])

    now = held["N|shop|now", "orders"]
    assert (now["P"], now["S"]) == (0, 1)
    slot = held["N|shop|2026-11-22", "06:45|orders"]
    assert (slot["Pending."], slot["Synced.200"]) == (0, 1)


def test_a_row_a_rule_left_alone_is_counted_by_itself() -> None:
    skipped = row(s="Synced", o="not_applicable", lp="shop|orders|S|0", r=None)

    held = told([(None, skipped)])

    assert held["N|shop|now", "orders"]["na"] == 1
    assert held["N|shop|2026-11-22", "06:45|orders"]["Synced..na"] == 1


def test_a_row_that_moves_in_time_leaves_its_old_slot() -> None:
    later = row(la="2026-11-23T00:00:00.000000Z")

    held = told([(None, row())], [(row(), later)])

    assert held["N|shop|2026-11-22", "06:45|orders"]["Pending."] == 0
    assert held["N|shop|2026-11-23", "00:00|orders"]["Pending."] == 1


@pytest.mark.parametrize(
    ("time", "slot"),
    [
        ("2026-11-22T06:00:00.000000Z", "2026-11-22T06:00"),
        ("2026-11-22T06:14:59.999999Z", "2026-11-22T06:00"),
        ("2026-11-22T23:59:59.000000Z", "2026-11-22T23:45"),
    ],
)
def test_a_slot_is_a_quarter_of_an_hour(time: str, slot: str) -> None:
    assert slot_of(time) == slot


def test_rows_that_failed_alike_make_one_group_with_its_first_and_last() -> None:
    first, mid, last = (f"2026-11-22T{hour}:00:00.000000Z" for hour in ("07", "08", "09"))
    times = {"1": mid, "2": first, "3": last}

    held = told([(row(one), failed(one, at)) for one, at in times.items()])

    group = held["G|shop", "aa"]
    assert (group["n"], group["first"], group["last"]) == (3, first, last)
    assert (group["r"], group["ex"]) == ("conflict", "orders.3")


def test_a_group_that_the_last_row_left_goes_after_a_day() -> None:
    both: list[Pair] = [(row(one), failed(one)) for one in "12"]
    out: list[Pair] = [(failed(one), row(one)) for one in "12"]

    left = told(both, out[:1])["G|shop", "aa"]
    assert (left["n"], "ttl" in left) == (1, False)
    for emptied in (told(both, out), told(both, out[:1], out[1:])):
        group = emptied["G|shop", "aa"]
        left_at = datetime.fromisoformat(row("1")["ua"]).timestamp()
        assert (group["n"], group["ttl"]) == (0, int(left_at) + EMPTIED_KEPT_S)


def test_a_group_that_fills_again_begins_anew_and_stays() -> None:
    early, late = "2026-11-22T07:00:00.000000Z", "2026-11-22T09:00:00.000000Z"

    group = told(
        [(row("1"), failed("1", early))],
        [(failed("1", early), row("1"))],
        [(row("2"), failed("2", late))],
    )["G|shop", "aa"]

    assert (group["n"], group["first"], "ttl" in group) == (1, late, False)


def test_a_batch_that_comes_again_counts_once() -> None:
    out: list[Pair] = [(failed("1"), row("1"))]
    both: list[Pair] = [(row(one), failed(one)) for one in "12"]
    held = carried_out(follow(both, batch="first"), {})
    held = carried_out(follow(out, batch="second"), held)

    again = carried_out(follow(both, batch="first"), held)
    again = carried_out(follow(out, batch="second"), again)

    assert again == held
    assert held["G|shop", "aa"]["n"] == 1


def test_a_counter_that_was_erased_is_not_made_again_by_rows_that_go() -> None:
    assert told([(row("1"), None)]) == {}


def test_a_group_that_was_never_there_is_not_made_by_a_row_that_leaves() -> None:
    assert ("G|shop", "aa") not in told([(failed("1"), row("1"))])


def test_a_held_row_is_counted_under_its_cause() -> None:
    held_row = row("1", ca="connection:square", r="connection_down")

    held = told([(row("1"), held_row)])

    cause = held["H|shop", "connection:square"]
    assert (cause["key"], cause["n"], cause["fl"]) == ("connection:square", 1, "orders")


def test_words_come_from_ids_and_columns_in_lower_case_and_once_each() -> None:
    columns = {"sku": " SKU-Red ", "order_id": "S100", "email": "Ann@Shop.example", "total": "9"}

    words = words_of(row("S100", co=columns, ti="100123"))

    assert sorted(words.values()) == ["100123", "ann@shop.example", "s100", "sku-red"]
    assert {pk for pk, _ in words} == {"Q|shop|100", "Q|shop|ann", "Q|shop|s10", "Q|shop|sku"}


def test_short_empty_and_missing_values_are_no_words() -> None:
    columns = {"sku": "ab", "order_id": None, "email": "", "order_number": {"a": 1}}

    assert words_of(row("12", co=columns)) == {}


def test_a_changed_word_replaces_the_old_one_and_the_others_stay() -> None:
    old, new = row("S100", co={"sku": "old-1"}), row("S100", co={"sku": "new-1"})

    held = told([(None, old)], [(old, new)])

    assert sorted(key[0] for key in held if key[0].startswith("Q|")) == ["Q|shop|new", "Q|shop|s10"]


def test_a_row_that_is_erased_takes_counts_words_and_group_along() -> None:
    there = failed("S100", co={"sku": "sku-1"}, c=400)

    held = told([(None, there)], [(there, None)])

    assert [key for key in held if key[0][0] == "Q"] == []
    assert held["G|shop", "aa"]["n"] == 0
    assert held["N|shop|now", "orders"]["F"] == 0


def test_other_items_are_left_alone() -> None:
    snapshot = {"pk": "R|shop|orders|S1", "sk": "~~record", "h": "1"}
    window = {"pk": "W|shop|square", "sk": "~", "n": 1}

    assert follow([(None, snapshot), (None, window), (window, None)]) == []


def test_a_call_makes_its_platform_known() -> None:
    call = {"pk": "X|x1", "sk": "~", "c": "shop", "platform": "square"}

    held = told([(None, call), (None, {**call, "pk": "X|x2"})], [(call, call)])

    assert held["N|shop|calls", "square"]["n"] == 2


def test_a_group_is_as_old_as_its_first_row_and_as_new_as_its_last_in_whatever_order() -> None:
    early, middle, late = (f"2026-11-22T0{hour}:00:00.000000Z" for hour in (7, 8, 9))
    batch = [
        (row(name), failed(name, at)) for name, at in zip("abc", (middle, late, early), strict=True)
    ]

    group = told(batch)["G|shop", "aa"]

    assert (group["n"], group["first"], group["last"]) == (3, early, late)


def test_an_emptied_group_is_kept_from_when_its_last_row_left() -> None:
    early, late = "2026-11-22T08:00:00.000000Z", "2026-11-22T09:00:00.000000Z"
    came: list[Pair] = [(row(name), failed(name)) for name in "ab"]
    left: list[Pair] = [
        (failed("a"), row("a", ua=late)),
        (failed("b"), row("b", ua=early)),
    ]

    group = told(came, left)["G|shop", "aa"]

    assert group["n"] == 0
    assert group["ttl"] == int(datetime.fromisoformat(late).timestamp()) + EMPTIED_KEPT_S


def test_a_target_id_that_came_later_is_a_word() -> None:
    held = told([(None, row())], [(row(), row(ti="INV-77"))])

    assert any(key[0] == "Q|shop|inv" for key in held)


def test_a_word_is_bounded() -> None:
    ((_, sk),) = [key for key in words_of(row(ti="Y" * 5000)) if key[0] == "Q|shop|yyy"]

    assert len(sk) < 200
