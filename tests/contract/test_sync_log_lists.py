"""Lists of rows: order, filters, pages both ways, cursors, search."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.closings import leave_unknown
from chalicelib.domain.log import CursorError, RowQuery
from chalicelib.domain.protocol import request
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.store import keys
from chalicelib.store.sync_log import TableSyncLog
from tests.builders import CONSUMER, ORDERS, PRODUCTS, make_name, make_request
from tests.contract import stores as under_contract
from tests.contract.counting import CountingTable
from tests.contract.stores import World, records_of, row_of

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def fill(world: World, count: int, **name: Any) -> list[str]:
    """Request rows a second apart and return their records, newest first."""
    names = [make_name(f"{number:04d}", **name) for number in range(count)]
    world.log.write_rows([request(make_request(one), world.clock.pass_s(1)) for one in names])
    world.clock.pass_s(1)
    return [one.record for one in names][::-1]


def there_and_back(
    world: World, query: RowQuery, limit: int
) -> tuple[list[list[RowName]], list[list[RowName]]]:
    """Names by page, first to last and last to first."""
    page = world.log.list_rows(query, limit=limit)
    assert page.previous is None
    there = [[row.name for row in page.items]]
    while page.next:
        page = world.log.list_rows(query, limit=limit, cursor=page.next)
        there.append([row.name for row in page.items])
    back = [there[-1]]
    while page.previous:
        page = world.log.list_rows(query, limit=limit, cursor=page.previous)
        back.append([row.name for row in page.items])
    return there, back


def test_rows_come_newest_first(world: World) -> None:
    newest_first = fill(world, 5)

    assert world.records() == newest_first


def test_an_empty_filter_is_no_restriction_and_a_missing_value_finds_nothing(world: World) -> None:
    fill(world, 3)

    assert len(world.records(lanes=(), statuses=(), reasons=(), codes=())) == 3
    assert world.records(lanes=["no-such-flow"]) == []
    assert world.records(codes=[418]) == []
    assert world.records(execution="no-such-run") == []
    assert world.records(consumer="nobody") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_lead_to_the_end_and_back(world: World, limit: int) -> None:
    expected = fill(world, 7)
    fill(world, 7, flow=ORDERS)
    query = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS])

    there, back = there_and_back(world, query, limit)

    assert [name.record for names in there for name in names] == expected
    assert back == there[::-1]


def test_rows_of_the_same_moment_keep_one_order_over_pages_and_lanes(world: World) -> None:
    for flow in (PRODUCTS, ORDERS):
        for number in range(6):
            world.request(make_name(str(number), flow=flow))

    whole = [row.name for row in world.pages(limit=50)]

    assert len(set(whole)) == 12
    for limit in (1, 5, 11):
        there, back = there_and_back(world, RowQuery(consumer=CONSUMER), limit)
        assert [name for names in there for name in names] == whole
        assert back == there[::-1]


def test_rows_that_arrive_while_paging_are_seen_once_or_later_and_none_is_lost(
    world: World,
) -> None:
    expected = fill(world, 9)
    query = RowQuery(consumer=CONSUMER)
    seen: list[str] = []
    page = world.log.list_rows(query, limit=2)
    while True:
        seen += records_of(page.items)
        world.request(f"new-{len(seen)}")
        world.clock.pass_s(1)
        if page.next is None:
            break
        page = world.log.list_rows(query, limit=2, cursor=page.next)
    back: list[str] = []
    while page.previous:
        page = world.log.list_rows(query, limit=2, cursor=page.previous)
        back = records_of(page.items) + back

    assert seen == expected
    assert back == ["new-9", "new-8", "new-6", "new-4", "new-2", *expected[:-1]]


def test_the_way_back_ends_on_the_first_page_and_leads_on_again(world: World) -> None:
    expected = fill(world, 4)
    query = RowQuery(consumer=CONSUMER)
    second = world.log.list_rows(query, limit=2, cursor=world.log.list_rows(query, limit=2).next)
    first = world.log.list_rows(query, limit=2, cursor=second.previous)

    assert records_of(first.items) == expected[:2]
    assert first.previous is None
    again = world.log.list_rows(query, limit=2, cursor=first.next)
    assert records_of(again.items) == expected[2:]


def test_a_page_whose_rows_went_away_is_empty_and_leads_back(world: World) -> None:
    for record in "123":
        world.fail(record)
        world.clock.pass_s(1)
    query = RowQuery(consumer=CONSUMER, statuses=[Status.FAILED])
    first = world.log.list_rows(query, limit=2)
    world.request("1")  # the last of the list

    empty = world.log.list_rows(query, limit=2, cursor=first.next)
    back = world.log.list_rows(query, limit=1, cursor=empty.previous)

    assert (records_of(empty.items), empty.next) == ([], None)
    assert records_of(back.items) == ["2"]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "bm90IGpzb24", "W10", "WzEsMiwzLDQsNV0", "é", "A" * 5000, "[" * 2000],
    ids=["empty", "letter", "not-json", "empty-list", "numbers", "no-ascii", "long", "brackets"],
)
def test_a_broken_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(CursorError, match="start again without it"):
        world.log.list_rows(RowQuery(consumer=CONSUMER), limit=2, cursor=cursor)


def test_a_cursor_of_another_question_is_refused(world: World) -> None:
    fill(world, 4)
    cursor = world.log.list_rows(RowQuery(consumer=CONSUMER), limit=2).next
    others = [
        RowQuery(consumer="another"),
        RowQuery(consumer=CONSUMER, statuses=[Status.FAILED]),
        RowQuery(consumer=CONSUMER, lanes=[PRODUCTS]),
        RowQuery(consumer=CONSUMER, text="000"),
        RowQuery(consumer=CONSUMER, listed_from=world.clock()),
    ]

    for other in others:
        with pytest.raises(CursorError, match="another list"):
            world.log.list_rows(other, limit=2, cursor=cursor)


def test_a_cursor_does_not_depend_on_the_order_of_values_or_the_limit(world: World) -> None:
    fill(world, 4)
    both = [Status.PENDING, Status.FAILED]
    page = world.log.list_rows(RowQuery(consumer=CONSUMER, statuses=both), limit=1)

    again = RowQuery(consumer=CONSUMER, statuses=tuple(reversed(both)))

    assert len(world.log.list_rows(again, limit=3, cursor=page.next).items) == 3


def test_a_cursor_stays_good_when_a_new_flow_comes_up(world: World) -> None:
    expected = fill(world, 4)
    query = RowQuery(consumer=CONSUMER)
    first = world.log.list_rows(query, limit=2)
    world.request(make_name("new", flow=ORDERS))

    second = world.log.list_rows(query, limit=2, cursor=first.next)

    assert records_of(second.items) == expected[2:]


def test_a_page_needs_a_limit(world: World) -> None:
    with pytest.raises(ValueError, match="at least one"):
        world.log.list_rows(RowQuery(consumer=CONSUMER), limit=0)


def test_a_row_is_listed_under_its_present_status_alone(world: World) -> None:
    world.sync("synced")
    world.fail("failed")
    world.request("queued")
    world.request("leased")
    world.claim("leased")
    world.request("waiting")
    row = row_of(world.claim("waiting"))
    world.log.write_rows([leave_unknown(row, {}, world.clock())])
    world.hold("held")

    found = {status: sorted(world.records(statuses=[status])) for status in Status}

    assert found == {
        Status.PENDING: ["held", "queued"],
        Status.PROCESSING: ["leased", "waiting"],
        Status.SYNCED: ["synced"],
        Status.FAILED: ["failed"],
    }
    assert sorted(world.records(statuses=[Status.SYNCED, Status.FAILED])) == ["failed", "synced"]


def test_filters_for_reason_and_code_restrict_together(world: World) -> None:
    world.fail("1", code=400)
    world.fail("2", code=404)
    world.fail("3", code=400, reason=Reason.CONFLICT)
    world.request("4")
    world.request("5")

    assert world.records(codes=[400, 404], reasons=["rejected_by_target"]) == ["2", "1"]
    assert world.records(reasons=["conflict", "queued"]) == ["5", "4", "3"]
    assert world.records(reasons=["queued"], statuses=[Status.FAILED]) == []


def test_rows_without_an_answer_and_rows_of_an_outcome_are_found(world: World) -> None:
    world.sync("P-1", code=200)
    world.sync("P-2", outcome=Outcome.NOT_APPLICABLE)
    world.request("P-1")  # it keeps the code and the outcome of before

    assert world.records(codes=[None]) == ["P-2"]
    assert sorted(world.records(codes=[None, 200])) == ["P-1", "P-2"]
    assert world.records(text="P-1", outcomes=["updated", "not_applicable"]) == []


def test_times_include_their_start_and_exclude_their_end(world: World) -> None:
    fill(world, 6)
    start = world.clock() - timedelta(seconds=6)

    def between(first: int, end: int) -> list[str]:
        return world.records(
            listed_from=start + timedelta(seconds=first), listed_to=start + timedelta(seconds=end)
        )

    assert between(2, 4) == ["0003", "0002"]
    assert between(0, 6) == world.records()
    assert between(4, 4) == []


def test_lanes_are_flows_and_steps(world: World) -> None:
    world.request(make_name("1", flow="shopee-orders-to-dealpos"))
    world.request(make_name("1", flow="shopee-orders-to-dealpos", step="add_payment"))
    world.request(make_name("1"))

    assert len(world.records(lanes=["shopee-orders-to-dealpos"])) == 1
    assert len(world.records(lanes=["shopee-orders-to-dealpos/add_payment"])) == 1
    assert len(world.records(lanes=["shopee-orders-to-dealpos", PRODUCTS])) == 2
    assert len(world.records()) == 3


def test_a_rare_row_among_many_is_found_by_pages_that_may_be_short(world: World) -> None:
    world.fail("rare", code=404)
    world.clock.pass_s(1)
    fill(world, 600)
    query = RowQuery(consumer=CONSUMER, codes=[404])

    first = world.log.list_rows(query, limit=10)

    assert first.items == []
    assert first.next is not None
    assert world.records(codes=[404]) == ["rare"]


def test_another_consumers_rows_are_never_seen(world: World) -> None:
    world.request(make_name("mine"))
    for other in ("corner-shirts2", "corner", "corner-shirts|", "CORNER-SHIRTS"):
        world.request(make_name("other", consumer=other))

    assert world.records() == ["mine"]
    assert world.records(text="other") == []
    assert world.records(consumer="corner-shirts|") == ["other"]


ODD_RECORDS = [
    "a|b",
    "a/b",
    "a%7Cb",
    "a b",
    "~",
    "日本語のレコード",
    "🧵" * 100,
    "x" * 200,
    "tab\tand\x01control",
    "é",
    "e\u0301",
    "%",
    "..",
]


def test_odd_names_stay_apart_and_come_back_whole(world: World) -> None:
    names = [make_name(record) for record in ODD_RECORDS]
    names += [make_name("a", flow="f|a", step="b"), make_name("b", flow="f", step="a|b")]
    for name in names:
        world.sync(name)

    rows = world.pages(limit=4)

    assert {row.name for row in rows} == set(names)
    assert len(rows) == len(names)
    assert [row.name for row in map(world.read, names) if row] == names


@pytest.mark.parametrize(
    "columns",
    [
        {"sku": "SHIRT-Red"},
        {"order_id": "shirt-red-9"},
        {"target_order_id": "SHIRT-RED-9"},
        {"email": "Shirt-Red@example.com"},
    ],
    ids=["sku", "order", "order-at-the-target", "e-mail"],
)
def test_a_search_finds_a_row_by_the_start_of(world: World, columns: dict[str, str]) -> None:
    world.request("1", columns=columns)
    world.request("2", columns={"sku": "SHIRT-BLUE"})

    assert world.records(text="shirt-r") == ["1"]
    assert world.records(text=" SHIRT-R ") == ["1"]
    assert world.records(text="hirt-r") == []


def test_a_search_finds_a_row_by_either_id(world: World) -> None:
    world.sync("SALE42", target_id="100123")

    assert world.records(text="sale") == world.records(text="1001") == ["SALE42"]


def test_a_search_follows_a_changed_word(world: World) -> None:
    world.sync("1", columns={"sku": "OLD-1"})
    world.sync("1", columns={"sku": "NEW-1"})

    assert world.records(text="old") == []
    assert world.records(text="new") == ["1"]


def test_a_search_shows_a_row_once_and_pages_to_the_end(world: World) -> None:
    for number in range(7):
        world.request(f"sku-{number}", columns={"sku": f"SKU-{number}-A", "order_id": "sku-x"})

    for limit in (1, 2, 3, 50):
        found = world.records(text="sku", limit=limit)
        assert sorted(found) == [f"sku-{number}" for number in range(7)]


def test_a_search_goes_with_other_filters(world: World) -> None:
    world.fail("1", columns={"sku": "SKU-1"})
    world.sync("2", columns={"sku": "SKU-2"})

    assert world.records(text="sku", statuses=[Status.FAILED]) == ["1"]
    assert world.records(text="sku", lanes=[ORDERS]) == []
    assert world.records(text="sku", listed_from=world.clock() + timedelta(1)) == []
    assert world.records(text="sku", listed_to=world.clock()) == []


def test_a_search_needs_three_letters(world: World) -> None:
    with pytest.raises(ValueError, match="at least 3 letters"):
        world.log.list_rows(RowQuery(consumer=CONSUMER, text="ab "), limit=5)


def test_a_list_of_shards_is_one_list(world: World) -> None:
    log = TableSyncLog(table=world.stores.log_table, vault=world.stores.vault, shards=4)
    sharded = World(replace(world.stores, log=log), world.clock)
    expected = fill(sharded, 9)
    used = {keys.list_shard(record, 4) for record in expected}

    assert len(used) > 1
    assert sharded.records(limit=2) == expected
    oldest = log.read_oldest_due(CONSUMER, PRODUCTS)
    assert oldest is not None
    assert oldest.name.record == expected[-1]


def test_a_page_makes_as_many_requests_however_many_rows_there_are(world: World) -> None:
    table = CountingTable(world.stores.log_table)
    log = TableSyncLog(table=table, vault=world.stores.vault)
    query = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS])

    def requests_of_a_page() -> dict[str, int]:
        table.calls.clear()
        log.list_rows(query, limit=20)
        return dict(table.calls)

    fill(world, 21)
    few = requests_of_a_page()
    fill(world, 400)

    assert requests_of_a_page() == few == {"query_index": 4, "get_many": 1}
