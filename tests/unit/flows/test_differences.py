"""What an attempt sent differently from the one before it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.log import Attempt, Exchange
from chalicelib.flows.differences import (
    CHANGES_AT_MOST,
    VALUE_AT_MOST,
    FieldChange,
    changes_by_attempt,
    compare,
    part_of,
)
from tests.builders import make_attempt, make_exchange, make_row

ROW = make_row("1007", target_id="T1", columns={"sku": "S-1"})
URL = "https://till.example/v2/items"


def told(old: Any, new: Any) -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.old, one.new) for one in compare(old, new)]


def changed(field: str, old: str | None, new: str | None) -> FieldChange:
    return FieldChange(field=field, old=old, new=new)


class Calls:
    """Attempts of one row with the calls they made."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.exchanges: dict[str, Exchange] = {}

    def attempt(self, *calls: Mapping[str, Any]) -> "Calls":
        """Add an attempt that made these calls, for this record alone unless one says otherwise."""
        ids = []
        for call in calls:
            id_ = f"x{len(self.exchanges) + 1}"
            body = call["body"] if isinstance(call["body"], str) else json.dumps(call["body"])
            given = {"url": URL, "serves": "1007", **call, "request_body": body}
            del given["body"]
            self.exchanges[id_] = make_exchange(id_, **given)
            ids.append(id_)
        number = len(self.attempts) + 1
        self.attempts.insert(0, make_attempt(number=number, exchanges=ids))
        return self

    def changes(self) -> dict[int, list[FieldChange]]:
        return changes_by_attempt(ROW, self.attempts, self.exchanges)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"name": "Shirt"}, {"name": "Shirt blue"}, [("name", "Shirt", "Shirt blue")]),
        ({"name": "Shirt"}, {"name": "Shirt"}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", "1", "2")]),
        ({"a": 1}, {"a": 1, "b": "x"}, [("b", None, "x")]),
        ({"a": 1, "b": "x"}, {"a": 1}, [("b", "x", None)]),
        ({}, {"price": {"amount": 5, "currency": "GBP"}},
         [("price.amount", None, "5"), ("price.currency", None, "GBP")]),
        ({"a": None}, {"a": ""}, [("a", "null", "")]),
        ({"on": True}, {"on": False}, [("on", "true", "false")]),
        ({"tags": ["a", "b"]}, {"tags": ["a"]}, [("tags", '["a", "b"]', '["a"]')]),
        ({"lines": [{"n": 1}]}, {"lines": [{"n": 2}]}, [("lines.n", "1", "2")]),
        ({"lines": [{"n": 1}, {"n": 1}]}, {"lines": [{"n": 1}, {"n": 2}]},
         [("lines.1.n", "1", "2")]),
        ({"lines": [{"n": 1}]}, {"lines": [{"n": 1}, {"n": 2}]}, [("lines.1.n", None, "2")]),
        ({"a": {"b": 1}}, {"a": "text"}, [("a", '{"b": 1}', "text")]),
        ([{"n": 1}], [{"n": 2}], [("n", "1", "2")]),
        ([1, 2], [1], [("body", "[1, 2]", "[1]")]),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}], [("1.n", "2", "3")]),
        ({}, {"lines": [{"n": 1}]}, [("lines.n", None, "1")]),
    ],
    ids=["text", "equal", "nested", "came", "went", "part came", "null", "yes and no",
         "plain list", "one line", "one of two lines", "another line", "another shape",
         "list of one", "bare list",
         "list of two", "list came"],
)  # fmt: skip
def test_fields_that_differ_are_told_with_both_values(
    old: Any, new: Any, changes: list[tuple[str, str | None, str | None]]
) -> None:
    assert told(old, new) == changes


@pytest.mark.parametrize(
    "name",
    ["idempotency_key", "idempotencyKey", "version", "catalog_version", "requestId", "nonce",
     "updated_at", "createdOn", "X-Request-Id", "etag", "occurred_at"],
)  # fmt: skip
def test_what_differs_in_each_call_is_left_out(name: str) -> None:
    assert told({"deep": {name: "a"}}, {"deep": {name: "b"}}) == []


@pytest.mark.parametrize(
    "name", ["conversion", "pricetag", "present_at", "category_id", "date", "version_name"]
)
def test_names_that_only_look_alike_stay(name: str) -> None:
    assert told({name: "a"}, {name: "b"}) == [(name, "a", "b")]


def test_bodies_that_name_two_things_are_not_compared() -> None:
    assert told({"externalRef": "line-1", "n": 1}, {"externalRef": "line-2", "n": 2}) == []


def test_a_long_value_is_cut() -> None:
    [change] = compare({"text": "a" * 5000}, {"text": "b"})
    assert change.old == "a" * (VALUE_AT_MOST - 1) + "…"


@pytest.mark.parametrize("longer", ["c", "b" * 4000], ids=["end", "middle"])
def test_of_two_long_values_the_difference_is_shown(longer: str) -> None:
    [change] = compare({"text": "a" * 3000}, {"text": "a" * 3000 + longer})
    assert change.old == "…" + "a" * 20
    assert change.new is not None
    assert change.new.startswith("…" + "a" * 20 + longer[0])
    assert len(change.new) <= VALUE_AT_MOST


def test_a_long_field_name_is_cut() -> None:
    [change] = compare({}, {"n" * 5000: 1})
    assert len(change.field) == VALUE_AT_MOST


def test_each_attempt_is_compared_with_the_one_before() -> None:
    calls = Calls()
    for name in ("Shirt", "Shirt blue", "Shirt red"):
        calls.attempt({"body": {"name": name}})
    assert calls.changes() == {
        1: [],
        2: [changed("name", "Shirt", "Shirt blue")],
        3: [changed("name", "Shirt blue", "Shirt red")],
    }


def test_an_attempt_that_sent_nothing_hides_no_change() -> None:
    calls = Calls().attempt({"body": {"name": "A"}}).attempt().attempt({"body": {"name": "B"}})
    assert calls.changes() == {1: [], 2: [], 3: [changed("name", "A", "B")]}


def test_the_last_of_repeated_calls_counts() -> None:
    calls = Calls().attempt({"body": {"n": 1}}, {"body": {"n": 2}}).attempt({"body": {"n": 3}})
    assert calls.changes()[2] == [changed("n", "2", "3")]


def test_calls_are_compared_by_method_and_address() -> None:
    order, payment = {"url": f"{URL}/T1"}, {"url": f"{URL}/T1/payments"}
    calls = Calls().attempt({**order, "body": {"n": 1}})
    calls.attempt({**order, "body": {"n": 2}}, {**payment, "body": {"n": 3}})
    calls.attempt({**order, "method": "PUT", "body": {"n": 4}})
    calls.attempt({**payment, "body": {"n": 5}})
    assert calls.changes() == {
        1: [],
        2: [changed("n", "1", "2")],
        3: [],
        4: [changed("n", "3", "5")],
    }


def test_an_address_with_another_id_is_the_same_call() -> None:
    calls = Calls().attempt({"url": f"{URL}/T1?a=1", "body": {"n": 1}})
    calls.attempt({"url": f"{URL}/T2?a=2", "body": {"n": 2}})
    assert calls.changes()[2] == [changed("n", "1", "2")]


def test_calls_for_several_things_of_an_attempt_are_compared_each_with_its_own() -> None:
    calls = Calls()
    for attempt in ({"L1": 1, "L2": 2}, {"L2": 3, "L1": 1}, {"L1": 4}):
        calls.attempt(*({"url": f"{URL}/{id_}", "body": {"n": n}} for id_, n in attempt.items()))
    assert calls.changes()[2] == [changed("n", "2", "3")]
    assert calls.changes()[3] == [changed("n", "1", "4")]


@pytest.mark.parametrize(
    "call",
    [
        {"method": "GET"},
        {"url": "https://till.example/v2/items/search"},
        {"url": "https://till.example/v2/counts/batch-retrieve"},
        {"serves": "1008"},
        {"serves": None},
        {"body": '{"name": "cut o…'},
        {"body": "name=B"},
        {"body": '"B"'},
        {"body": "[" * 40 + "]" * 40},
        {"body": "[" * 16_000},
        {"body": '{"n":' * 5_000 + "1" + "}" * 5_000},
        {"body": ""},
    ],
    ids=["read", "search", "retrieve", "another record", "nobody knows whose", "cut", "form",
         "bare text", "deep", "deep and cut", "very deep", "empty"],
)  # fmt: skip
def test_nothing_is_said_of_what_cannot_be_compared(call: Mapping[str, Any]) -> None:
    calls = Calls().attempt({"body": {"name": "A"}, **{k: call[k] for k in call if k != "body"}})
    assert calls.attempt({"body": {"name": "B"}, **call}).changes()[2] == []


def test_an_exchange_that_expired_is_passed_over() -> None:
    calls = Calls().attempt({"body": {"n": 1}}).attempt({"body": {"n": 2}})
    del calls.exchanges["x1"]
    assert calls.changes() == {1: [], 2: []}


def test_at_most_twenty_changes_of_an_attempt_are_told() -> None:
    calls = Calls()
    for value in (1, 2):
        calls.attempt({"body": {f"f{number}": value for number in range(50)}})
    assert len(calls.changes()[2]) == CHANGES_AT_MOST


def test_changed_values_come_before_fields_that_came_or_went() -> None:
    calls = Calls().attempt({"body": {"gone": 1, "name": "A"}})
    more = {f"f{number}": 1 for number in range(50)}
    calls.attempt({"body": {**more, "name": "B"}})
    told = [one.field for one in calls.changes()[2]]
    assert told[:3] == ["name", "gone", "f0"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"reference": "1007", "n": 1}, {"reference": "1007", "n": 1}),
        ({"objects": [{"sku": "S-1", "n": 1}, {"sku": "S-2"}]},
         {"objects": [{"sku": "S-1", "n": 1}]}),
        ({"key": "k", "objects": [{"name": "Item", "data": {"id": "T1"}}, {"data": {"id": "T2"}}]},
         {"key": "k", "objects": [{"name": "Item", "data": {"id": "T1"}}]}),
        ({"objects": [{"data": {"id": "T1"}, "taxes": [{"n": 1}]}, {"taxes": []}]},
         {"objects": [{"data": {"id": "T1"}, "taxes": [{"n": 1}]}]}),
        ([{"productId": 1007, "q": 2}, {"productId": 1008, "q": 3}], [{"productId": 1007, "q": 2}]),
        ({"ref": "1007", "lines": [{"sku": "S-1"}, {"sku": "S-2"}]},
         {"ref": "1007", "lines": [{"sku": "S-1"}, {"sku": "S-2"}]}),
        ({"objects": [{"sku": "S-2"}, {"sku": "S-3"}]}, None),
        ({"price": 1007, "name": "S-1"}, None),
    ],
    ids=["names it", "one of many", "within one of many", "with lists beside", "by number",
         "lines of its own", "of others", "no name of it"],
)  # fmt: skip
def test_of_a_batch_only_what_names_the_row_is_its_own(body: Any, part: Any) -> None:
    assert part_of(ROW, make_exchange(url=URL, request_body=json.dumps(body))) == part


def test_a_call_to_the_rows_own_address_is_its_own() -> None:
    call = make_exchange(url=f"{URL}/T1/status", request_body='{"status": 4}')
    assert part_of(ROW, call) == {"status": 4}


def test_the_same_record_at_another_place_of_a_batch_is_compared_with_itself() -> None:
    calls = Calls()
    mine, other = {"sku": "S-1", "name": "A"}, {"sku": "S-2", "name": "Z"}
    calls.attempt({"serves": None, "body": {"objects": [other, mine]}})
    calls.attempt({"serves": None, "body": {"objects": [{**mine, "name": "B"}]}})
    assert calls.changes()[2] == [changed("objects.name", "A", "B")]
