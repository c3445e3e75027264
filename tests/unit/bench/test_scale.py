"""The simulations of scale charge as DynamoDB does, and show what they are there to show."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.__main__ import main
from bench.scale.coalescing import measure_coalescing
from bench.scale.dwell import Scene, Simulation
from bench.scale.heat import CASES, is_followed, kind_of, play
from bench.scale.idle import measure_idle
from bench.scale.metering import Heat, MeteredTable, requests_of, size_of
from bench.scale.quota import rows_a_second
from bench.scale.reader import carried
from bench.scale.world import Clock
from chalicelib.domain.writes import Op, Term
from chalicelib.store.table import (
    EXISTS,
    Effect,
    Index,
    Write,
    choice,
    delete,
    put,
    update,
)

SECOND = int(Clock()().timestamp())
ITEM = {"pk": "R|c|f|1", "sk": "~", "lp": "c|f|S|0", "ls": "1", "text": "x" * 1500}


@pytest.fixture
def table() -> Iterator[MeteredTable]:
    clock = Clock()
    with closing(MeteredTable("log", Heat(now=clock), now=clock)) as opened:
        yield opened


def written(table: MeteredTable) -> dict[tuple[str, str], float]:
    units = {place: sum(by_second.values()) for place, by_second in table.heat.writes.items()}
    table.heat.clear()
    return units


def test_an_item_is_charged_by_the_kilobyte_and_its_index_entry_once(table: MeteredTable) -> None:
    table.write_many([put(ITEM)])

    assert table.heat.writes[("log", "R|c|f|1")] == {SECOND: 2}
    assert written(table) == {("log", "R|c|f|1"): 2, ("log.list", "c|f|S|0"): 1}


def test_an_index_entry_that_moves_is_a_write_of_both_partitions(table: MeteredTable) -> None:
    table.write_many([put(ITEM)])
    table.heat.clear()

    table.write_many([update(("R|c|f|1", "~"), EXISTS, set={"lp": "c|f|P|0"})])
    assert written(table) == {
        ("log", "R|c|f|1"): 2,
        ("log.list", "c|f|S|0"): 1,
        ("log.list", "c|f|P|0"): 1,
    }
    table.write_many([update(("R|c|f|1", "~"), EXISTS, set={"text": "short"})])
    assert written(table) == {("log", "R|c|f|1"): 2}


def test_a_refused_condition_costs_the_item_it_was_refused_on(table: MeteredTable) -> None:
    table.write_many([put(ITEM)])
    table.heat.clear()

    refused = Term("text", Op.EQ, "something else")
    table.write_many([update(("R|c|f|1", "~"), refused, set={"a": 1})])
    assert written(table) == {("log", "R|c|f|1"): 2}
    second = Write(
        ("R|c|f|1", "~"),
        [choice("no", (refused,), Effect()), choice("yes", (EXISTS,), Effect(set={"a": 1}))],
    )
    table.write_many([second])
    assert table.heat.requests == 2
    assert written(table) == {("log", "R|c|f|1"): 4}


def test_a_transaction_costs_twice_and_a_stale_read_half(table: MeteredTable) -> None:
    table.transact([put({"pk": "p", "sk": "1"}), put({"pk": "q", "sk": "1"})])
    assert written(table) == {("log", "p"): 2, ("log", "q"): 2}
    table.transact([put({"pk": "p", "sk": "2"})])
    assert written(table) == {("log", "p"): 1}

    table.get_many([("p", "1")], consistent=False)
    table.get_many([("q", "1")])
    table.query_index(Index.LIST, "c|f|S|0", limit=10)
    reads = {place: sum(by_second.values()) for place, by_second in table.heat.reads.items()}
    assert reads == {("log", "p"): 0.5, ("log", "q"): 1, ("log.list", "c|f|S|0"): 0.5}
    assert table.heat.requests == 3


def test_writes_without_a_condition_go_together() -> None:
    free = [put({"pk": "p", "sk": str(number)}) for number in range(26)]

    assert requests_of([*free, delete(("p", "x"))]) == 2
    assert requests_of([*free, delete(("p", "x"), EXISTS)]) == 3


def test_sizes_are_those_of_names_and_values() -> None:
    assert size_of(None) == 0
    assert size_of({"pk": "four"}) == 3 + 2 + 4 + 1
    assert size_of({"n": 123456, "yes": True, "list": ["a", "é"]}) == 3 + 7 + 5 + (4 + 1 + 3 + 5)


@pytest.mark.parametrize(
    ("pk", "kind"),
    [
        (f"R|noisy|{STOCK}|1007", "R|c|flow|record"),
        (f"noisy|{STOCK}|S|0", "c|flow|S|0"),
        ("noisy|X|square|0", "c|X|square|0"),
        ("N|noisy|2026-11-23", "N|c|day"),
        ("N|noisy|now", "N|c|now"),
        ("D|7", "D|0..15"),
        ("Z|release", "Z|release"),
    ],
)
def test_keys_of_one_kind_are_told_as_one(pk: str, kind: str) -> None:
    assert kind_of(pk) == kind


def test_the_reader_gets_rows_and_new_exchanges_alone() -> None:
    row = {"pk": "R|c|f|1", "sk": "~"}
    exchange = {"pk": "X|1", "sk": "~"}

    assert is_followed((None, row))
    assert is_followed((row, None))
    assert is_followed((None, exchange))
    assert not is_followed((exchange, None))
    assert not is_followed((None, {"pk": "R|c|f|1", "sk": "A|2026"}))
    assert not is_followed((None, {"pk": "N|c|now", "sk": "f"}))


def test_the_list_index_of_one_merchant_is_full_at_five_hundred_stock_changes_a_second() -> None:
    one, four = (play(CASES[0], rate=40, seconds=1, shards=shards) for shards in (1, 4))

    assert one.spots[0].place == "log.list"
    assert one.holds_to == pytest.approx(500)
    assert four.holds_to > 1000


def test_changes_of_one_row_join_the_sync_that_is_under_way() -> None:
    [sheet] = measure_coalescing(rate=100, seconds=3, counts=(1, 50))

    by_rows = {row["rows"]: row for row in sheet.rows}
    assert by_rows[1]["changes"] == 300
    assert by_rows[1]["messages"] <= 3
    assert by_rows[50]["messages"] <= 150


def test_fair_queues_keep_the_quiet_from_waiting_behind_the_noisy() -> None:
    scene = {"queue": "records", "workers": 20, "noisy_a_s": 1000, "seconds": 30}
    fair, mixed = (Simulation(Scene(fair=fair, **scene)).run() for fair in (True, False))

    assert fair.quantile_s(0.5) < 1
    assert mixed.quantile_s(0.5) > 5


def test_one_catalogue_has_one_writer_and_others_give_their_messages_back() -> None:
    played = Simulation(
        Scene(queue="records", workers=20, fair=True, noisy_a_s=1000, consumers=2, seconds=30)
    ).run()

    assert len(played.noisy_s) / 30 < 6
    assert played.given_back > len(played.noisy_s)


def test_more_threads_begin_the_groups_of_a_batch_sooner() -> None:
    few, many = (
        Simulation(Scene(queue="stock", workers=30, fair=True, threads=n, seconds=20)).run()
        for n in (10, 100)
    )

    assert many.quantile_s(0.99) < few.quantile_s(0.99) / 2


@pytest.mark.parametrize(
    ("flow", "batch", "rate", "stops"),
    [
        (STOCK, 100, 20_000 / 180, "Brightpearl's quota"),
        (STOCK, 1, 200 / 180, "Brightpearl's quota"),
        (ORDERS, 1, 25 / 60, "Brightpearl's quota"),
        (PRODUCTS, 10, 10 / 2.1, "one writer at a time"),
    ],
)
def test_an_account_carries_what_its_tightest_limit_lets_through(
    flow: str, batch: int, rate: float, stops: str
) -> None:
    assert rows_a_second(flow, batch) == (pytest.approx(rate), stops)


def test_a_reader_that_writes_much_carries_less() -> None:
    little = carried(1000, 1, 10, cpu_s=0.05, rows=250)
    much = carried(1000, 1, 500, cpu_s=0.05, rows=250)

    assert little["changes/s"] > 5 * much["changes/s"]
    assert little["records/s"] == pytest.approx(4 * little["changes/s"])


def test_a_poll_that_finds_nothing_costs_seven_writes_at_most() -> None:
    [sheet] = measure_idle(merchants=3)

    by_work = {row["work"]: row for row in sheet.rows}
    assert by_work["a poll that finds nothing"]["write units"] <= 7
    assert by_work["a poll that finds two records"]["write units"] > 20


def test_a_part_is_printed_and_an_unknown_one_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "quota"]) == 0
    assert "What one account carries" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--only", "luck"])
