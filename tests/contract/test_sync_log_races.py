"""Many threads, late indexes, lost answers, values that are changed afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chalicelib.domain.log import RowQuery
from chalicelib.domain.protocol import DUE_AFTER_S
from chalicelib.domain.statuses import Status
from chalicelib.store import keys
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.table import Entry, Index, LimitError, TableBusyError
from local.sqlite.unruly import UnrulyStores, open_unruly_stores
from tests.builders import CONSUMER, PRODUCTS, Clock, make_exchange, make_name
from tests.contract import stores as under_contract
from tests.contract.counting import CountingTable
from tests.contract.dynamo import MotoStores
from tests.contract.stores import World, row_of

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world

THREADS = 8


def at_once(call: Callable[[int], Any]) -> list[Any]:
    """Call a function from many threads and return what they got."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def test_one_of_many_claims_wins(world: World) -> None:
    for record in ("1", "2", "3"):
        world.request(record)

        tags = at_once(lambda n, record=record: world.claim(record, lease=f"lease-{n}").tag)

        assert sorted(tags, key=str) == [None] * (THREADS - 1) + ["claimed"]


def test_the_same_delivery_many_times_at_once_sends_once(world: World) -> None:
    tags = at_once(lambda n: world.request("1", source_version=7).tag)

    assert Counter(tags) == {"send": 1, "joined": THREADS - 1}
    assert row_of(world.claim("1")).requested == 1


def test_counts_stay_right_under_many_threads(world: World) -> None:
    at_once(lambda n: [world.sync(f"{n}-{number}") for number in range(4)])

    assert [one.count for one in world.log.count_now(CONSUMER)] == [4 * THREADS]
    assert len(world.records()) == 4 * THREADS


def test_one_of_many_takes_the_last_call_and_the_lease(world: World) -> None:
    now = world.clock()
    options: dict[str, Any] = {"limit": 3, "window_s": 60, "now": now}

    taken = at_once(lambda n: world.log.take_calls(CONSUMER, "square", 1, **options))
    leased = at_once(lambda n: world.log.take_lease("k", str(n), until=now, now=now))

    assert taken.count(True) == 3
    assert len(leased) == THREADS


def test_what_was_given_or_got_cannot_change_the_store(world: World) -> None:
    columns: dict[str, Any] = {"name": "Shirt", "locations": [{"quantity": "1"}]}
    written = row_of(world.request(columns=columns))
    exchange = make_exchange(request_headers={"a": "1"})
    world.log.put_traces([], [exchange])
    before = world.read()
    assert before is not None

    columns["locations"][0]["quantity"] = "2"
    written.columns["name"] = "changed"  # type: ignore[index]
    before.columns["locations"].append("more")
    exchange.request_headers["a"] = "2"  # type: ignore[index]

    after = world.read()
    assert after is not None
    assert after.columns == {"name": "Shirt", "locations": [{"quantity": "1"}]}
    assert world.log.read_exchanges(CONSUMER, ["x1"]) == [
        replace(exchange, request_headers={"a": "1"})
    ]


@pytest.mark.parametrize("record", ["x" * 2100, "日" * 700, ""], ids=["letters", "bytes", "empty"])
def test_a_name_the_store_cannot_hold_is_refused_with_a_reason(world: World, record: str) -> None:
    if record:
        with pytest.raises(LimitError, match="at most 2048"):
            world.request(record)
    else:
        with pytest.raises(LimitError, match="empty"):
            world.request(record)

    assert world.records() == []


def test_an_item_over_400_kb_is_refused(world: World) -> None:
    big = {f"c{number}": "é" * 200 for number in range(1100)}

    with pytest.raises(LimitError, match="at most 409600"):
        world.request("2", columns=big)

    if not isinstance(world.stores, MotoStores):  # moto keeps an item of keys alone
        assert world.read("2") is None


@pytest.fixture
def unruly(clock: Clock) -> Iterator[UnrulyStores]:
    with closing(open_unruly_stores(now=clock, rng=Random(7))) as opened:
        yield opened


@pytest.fixture
def lagging(unruly: UnrulyStores, clock: Clock) -> World:
    return World(unruly, clock)


def test_a_late_index_shows_no_row_under_a_status_it_left(
    lagging: World, unruly: UnrulyStores
) -> None:
    lagging.fail("1")
    unruly.log_table.lag_indexes = True
    lagging.sync("1")
    lagging.sync("2")

    assert lagging.records(statuses=[Status.FAILED]) == []
    assert lagging.records(group="fp1") == []
    assert lagging.records() == ["1"]
    unruly.log_table.catch_up()

    assert sorted(lagging.records()) == ["1", "2"]
    assert sorted(lagging.records(statuses=[Status.SYNCED])) == ["1", "2"]


class HalfMovedTable(CountingTable):
    """An index that shows a row's new entry and still the old one."""

    def query_index(self, index: Index, pk: str, **options: Any) -> list[Entry]:
        entries = list(super().query_index(index, pk, **options))
        if "|P|" in pk:
            row = keys.row_pk(make_name("1"))
            entries.append(Entry("2026-11-21T00:00:00.000000Z|1", row, keys.ROW))
        return entries


def test_a_row_with_two_entries_is_shown_once(world: World) -> None:
    world.sync("1")
    log = TableSyncLog(table=HalfMovedTable(world.stores.log_table), vault=world.stores.vault)

    assert len(log.list_rows(RowQuery(consumer=CONSUMER), limit=5).items) == 1


def test_a_late_index_names_rows_that_are_due_no_more(lagging: World, unruly: UnrulyStores) -> None:
    lagging.request("1")
    lagging.clock.pass_s(DUE_AFTER_S + 1)
    unruly.log_table.lag_indexes = True
    lagging.sync("1")

    def due() -> int:
        return sum(
            len(lagging.log.list_due(shard, before=lagging.clock(), limit=5)) for shard in range(16)
        )

    assert due() == 1
    unruly.log_table.lag_indexes = False
    assert due() == 0


def test_a_list_may_show_a_row_as_it_was_and_a_read_by_name_never_does(
    lagging: World, unruly: UnrulyStores
) -> None:
    lagging.request("1")
    unruly.log_table.lag_indexes = True
    unruly.log_table.stale_reads = True
    lagging.claim("1")

    listed = lagging.log.list_rows(RowQuery(consumer=CONSUMER, lanes=[PRODUCTS]), limit=5).items

    assert [row.status for row in listed] == [Status.PENDING]
    row = lagging.read("1")
    assert row is not None
    assert row.status is Status.PROCESSING


def test_a_throttled_write_wrote_nothing_and_a_lost_answer_did(
    lagging: World, unruly: UnrulyStores
) -> None:
    unruly.log_table.fail_next("write_many")
    with pytest.raises(TableBusyError, match="throttled"):
        lagging.request("1")
    assert lagging.read("1") is None

    unruly.log_table.fail_next("write_many", after=True)
    with pytest.raises(TableBusyError, match="lost"):
        lagging.request("1")

    assert lagging.request("1").tag == "joined"


@pytest.mark.parametrize("method", ["get_many", "query", "query_index", "transact"])
def test_each_request_can_be_made_to_fail_once(unruly: UnrulyStores, method: str) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "get_many": lambda: unruly.log_table.get_many([]),
        "query": lambda: unruly.log_table.query("x", limit=1),
        "query_index": lambda: unruly.log.list_running(limit=1),
        "transact": lambda: unruly.log_table.transact([]),
    }
    unruly.log_table.fail_next(method)

    with pytest.raises(TableBusyError):
        calls[method]()
    calls[method]()
