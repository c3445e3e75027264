"""The bench counts what it says, fills logs as life would, and tells it in plain tables."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.__main__ import main, run_part
from bench.counting import Tally, counted_port, counted_table
from bench.errors import ToolMissingError
from bench.filling import KINDS, SHARES, fill, sku_of
from bench.merchant import CONSUMER, ORDERS, PRODUCTS
from bench.pages import measure_pages
from bench.sheet import Sheet, write_json
from chalicelib.domain.log import RowQuery
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Status
from chalicelib.store.table import put, update
from chalicelib.wiring import utc_now
from local.sqlite.stores import Stores, open_stores

ROWS = 60


@pytest.fixture
def stores() -> Iterator[Stores]:
    with closing(open_stores(None, now=utc_now)) as opened:
        yield opened


@pytest.fixture
def tally() -> Tally:
    return Tally()


def test_a_hundred_reads_are_one_request_and_each_conditional_write_is_its_own(
    stores: Stores, tally: Tally
) -> None:
    table = counted_table(stores.log_table, "log", tally)
    keys = [("p", str(number)) for number in range(101)]

    table.get_many(keys)
    table.write_many([put({"pk": "p", "sk": str(number)}) for number in range(26)])
    table.write_many([update(key, add={"n": 1}) for key in keys[:3]])

    assert tally.tables == {"log.get_many": 1, "log.write_many": 2}
    assert tally.requests == 2 + 2 + 3


def test_ten_messages_are_one_send(stores: Stores, tally: Tally) -> None:
    queue = counted_port(stores.queue, "queue", tally)
    name = RowName(consumer="c", flow="f", record="1")

    queue.send_many("records", [QueueMessage(name=name)] * 11)

    assert tally.ports == {"queue.send_many": 1}
    assert tally.requests == 2
    assert queue.count("records") == 11


def test_a_filled_log_answers_like_one_that_lived(stores: Stores) -> None:
    fill(stores, ROWS)

    every = RowQuery(consumer=CONSUMER, lanes=tuple(KINDS))
    rows = stores.log.list_rows(every, limit=200).items
    times = [row.listed_at for row in rows if row.listed_at is not None]
    assert len(rows) == ROWS
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == ROWS
    failed = RowQuery(consumer=CONSUMER, lanes=(ORDERS,), statuses=(Status.FAILED,))
    assert len(stores.log.list_rows(failed, limit=200).items) == ROWS // 3 * 2 // len(SHARES)
    assert sum(one.count for one in stores.log.count_now(CONSUMER)) == ROWS
    assert sum(one.count for one in stores.log.list_groups(CONSUMER)) == ROWS * 2 // len(SHARES)
    assert sum(one.count for one in stores.log.list_causes(CONSUMER)) == ROWS // len(SHARES)
    found = RowQuery(consumer=CONSUMER, lanes=(PRODUCTS,), text=sku_of(0))
    assert [row.columns["sku"] for row in stores.log.list_rows(found, limit=9).items] == [sku_of(0)]


def test_pages_are_asked_for_as_often_in_a_larger_log(tmp_path: Path) -> None:
    [sheet] = measure_pages(tmp_path, sizes=(1000, 1100), rounds=2)

    by_page: dict[str, set[float]] = {}
    for row in sheet.rows:
        by_page.setdefault(row["page"], set()).add(row["requests"])
    assert by_page["one kind"] == {5}
    assert all(len(requests) == 1 for requests in by_page.values())


def test_a_table_has_its_numbers_to_the_right_and_its_remarks_below(tmp_path: Path) -> None:
    rows = [{"work": "a", "ms": 1.5, "x": None}, {"work": "bb", "ms": 1234.5, "x": 2}]
    sheet = Sheet(title="Costs", columns=("work", "ms", "x"), rows=rows, notes=("A remark.",))

    assert sheet.text().splitlines() == [
        "",
        "Costs",
        "",
        "work    ms  x",
        "----  ----  -",
        "a     1.50",
        "bb    1234  2",
        "  A remark.",
    ]
    write_json(tmp_path / "b.json", [sheet], {"python": "3"})
    written = json.loads((tmp_path / "b.json").read_text())
    assert written["python"] == "3"
    assert written["tables"][0]["rows"] == rows


def test_a_table_for_a_page_has_its_numbers_to_the_right() -> None:
    rows = [{"work": "a", "ms": 1.5}, {"work": "b", "ms": None}]

    assert Sheet(title="Costs", columns=("work", "ms"), rows=rows).markdown().splitlines() == [
        "**Costs**",
        "",
        "| work | ms |",
        "| --- | ---: |",
        "| a | 1.50 |",
        "| b |  |",
    ]


def test_a_part_that_needs_what_is_missing_is_left_out_unless_it_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def part(_: Path) -> list[Sheet]:
        raise ToolMissingError("DynamoDB Local needs Java 17")

    assert run_part("aws", part, is_asked_for=False) == []
    assert capsys.readouterr().err == "\naws is left out: DynamoDB Local needs Java 17\n"
    with pytest.raises(ToolMissingError):
        run_part("aws", part, is_asked_for=True)


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--json", "/no/such/folder/figures.json"])

    assert left.value.code == 2
    assert "'/no/such/folder/figures.json' is not a file" in capsys.readouterr().err
