"""Rows of searches are read by column name, whatever their order."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.brightpearl.client import Api, Reply
from chalicelib.connectors.brightpearl.search import search, search_all
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.setup import Connection

PAYLOADS = Path(__file__).parents[3] / "payloads" / "brightpearl" / "connector"


class Scripted(Api):
    """Answers calls from a list of values and keeps the parameters."""

    def __init__(self, *values: Any) -> None:
        connection = Connection(consumer="c", name="b", platform="brightpearl")
        super().__init__(Account(connection=connection, credentials={}, http=None))
        self.values = list(values)
        self.asked: list[dict[str, str]] = []

    def get(self, path: str, params: Any = None) -> Reply:
        self.asked.append(dict(params or {}))
        return Reply(value=self.values.pop(0))


def page(*ids: int, more: bool) -> dict[str, Any]:
    meta = {"morePagesAvailable": more, "columns": [{"name": "productId"}]}
    return {"metaData": meta, "results": [[id_] for id_ in ids]}


def test_rows_follow_the_columns_and_not_their_place() -> None:
    found = json.loads((PAYLOADS / "search_shuffled_columns.json").read_text())["response"]
    (row,) = search(Scripted(found), "product-search", {}).rows
    assert (row["productId"], row["SKU"]) == (2044, "MUG-RED")


def test_all_pages_are_read() -> None:
    api = Scripted(page(1, 2, more=True), page(3, more=False))
    assert [row["productId"] for row in search_all(api, "x", {})] == [1, 2, 3]
    assert [asked["firstResult"] for asked in api.asked] == ["1", "3"]


def test_pages_that_never_end_are_left_after_ten() -> None:
    api = Scripted(*[page(1, more=True)] * 20)
    assert len(search_all(api, "x", {})) == 10


def test_empty_page_that_promises_more_ends_the_search() -> None:
    assert search_all(Scripted(page(more=True)), "x", {}) == []


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"metaData": {}},
        {"metaData": {"columns": [{"name": "a"}]}, "results": [[1, 2]]},
        {"metaData": {"columns": [{}]}, "results": []},
        {"metaData": {"columns": []}, "results": None},
        {"metaData": None, "results": []},
    ],
)
def test_answer_without_readable_rows_is_tried_again(value: Any) -> None:
    with pytest.raises(SyncFailure) as caught:
        search(Scripted(value), "x", {})
    assert caught.value.error_code == "not_json"
