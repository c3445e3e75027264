"""What moves of rows and questions about rows cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.domain.closings import postpone
from chalicelib.domain.log import RowQuery
from chalicelib.domain.protocol import park, request, sweep
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Outcome, Status
from tests.builders import CONSUMER, ORDERS, PRODUCTS, make_name, make_request
from tests.contract.stores import row_of
from tests.referee.costs import Cases
from tests.referee.measured import Measured

cases = Cases()

COLUMNS = {"name": "Linen shirt, long sleeves", "sku": "SHIRT-BLUE-M", "source": "Brightpearl"}
ORDER_COLUMNS = {
    "order_id": "SALE-2026-11-22-0042",
    "target_order_id": "104217",
    "total": {"amount": "258.71", "currency": "GBP"},
    "source": "Square",
    "email": "someone.with.a.long.name@corner-shirts.example",
}
SYNCED = {"status": Status.SYNCED, "reason": None, "outcome": Outcome.UPDATED, "columns": COLUMNS}
FAILED = {"status": Status.FAILED, "reason": Reason.REJECTED_BY_TARGET, "fingerprint": "fp1"}
HELD = {"status": Status.PENDING, "reason": Reason.NEEDS_SETTINGS, "cause": "setting:f:channel"}
WRITE = "request, claim, complete, park, sweep"
LIST = "rows of a consumer by lanes, statuses, times, newest first, both ways"
FILTERED = "… by reason, code, outcome, execution, Pending or Processing"
WAITING = "… of a failure group or cause, by the time they came to it"
SLOTS = "counts by quarter of an hour between two times"
FOUND = "… whose SKU, order number, id or e-mail starts with a text, by word"


def claimed(house: Measured, record: str = "1007") -> Row:
    """A row that a worker has."""
    house.world.request(record, columns=COLUMNS)
    return row_of(house.world.claim(record))


def ended(house: Measured, **changes: Any) -> Callable[[], Any]:
    """The end of a claim."""
    row = claimed(house)
    return lambda: house.world.finish(row, **changes)


def fill(house: Measured, count: int = 60) -> None:
    """Rows of one lane, Pending, with all that follows."""
    now = house.clock()
    asked = [make_request(f"P{number:04d}", columns=COLUMNS) for number in range(count)]
    house.log.write_rows([request(one, now) for one in asked])
    house.follow()


def page(house: Measured, **query: Any) -> Callable[[], Any]:
    """A page of 50 rows."""
    return lambda: house.log.list_rows(RowQuery(consumer=CONSUMER, **query), limit=50)


# Moves: the row and KB, two for an index entry that moves, one for an entry that comes or goes.


@cases.costs(WRITE, "1 w, 1 w list, 1 w wait")
def request_of_a_new_row(house: Measured) -> Callable[[], Any]:
    return lambda: house.world.request(columns=COLUMNS)


@cases.costs(WRITE, "1 w, 2 w list, 1 w wait")
def request_of_a_synced_row(house: Measured) -> Callable[[], Any]:
    house.world.sync(columns=COLUMNS)
    return lambda: house.world.request()


@cases.costs(WRITE, "1 w, 2 w list, 2 w wait")
def request_of_a_failed_row(house: Measured) -> Callable[[], Any]:
    house.world.fail(columns=COLUMNS)
    return lambda: house.world.request()


@cases.costs(WRITE, "1 w, 2 w wait")
def request_of_a_held_row(house: Measured) -> Callable[[], Any]:
    house.world.hold()
    return lambda: house.world.request()


@cases.costs(WRITE, "1 w")
def request_of_an_owed_row_is_refused_and_waits(house: Measured) -> Callable[[], Any]:
    house.world.request()
    return lambda: house.world.request()


@cases.costs(WRITE, "2 w")
def request_of_a_leased_row_is_refused_and_counted(house: Measured) -> Callable[[], Any]:
    claimed(house)
    return lambda: house.world.request()


@cases.costs(WRITE, "10 w, 10 w list, 10 w wait")
def ten_requests_at_once(house: Measured) -> Callable[[], Any]:
    now = house.clock()
    writes = [request(make_request(f"R{number}"), now) for number in range(10)]
    return lambda: house.log.write_rows(writes)


@cases.costs(WRITE, "1 w, 1 w list, 1 w wait")
def request_of_an_order_with_all_its_columns(house: Measured) -> Callable[[], Any]:
    name = make_name("SALE-2026-11-22-0042", flow=ORDERS)
    return lambda: house.world.request(name, columns=ORDER_COLUMNS)


@cases.costs(WRITE, "1 w")
def claim_of_a_requested_row(house: Measured) -> Callable[[], Any]:
    house.world.request(columns=COLUMNS)
    return lambda: house.world.claim()


@cases.costs(WRITE, "1 w")
def claim_that_is_refused(house: Measured) -> Callable[[], Any]:
    claimed(house)
    return lambda: house.world.claim(lease="lease-2")


@cases.costs(WRITE, "1 w, 2 w list, 1 w wait")
def end_as_synced(house: Measured) -> Callable[[], Any]:
    return ended(house, **SYNCED)


@cases.costs(WRITE, "1 w, 2 w list, 2 w wait")
def end_as_failed(house: Measured) -> Callable[[], Any]:
    return ended(house, failed_at=house.clock(), **FAILED)


@cases.costs(WRITE, "1 w, 2 w list, 2 w wait")
def end_of_an_order_with_all_a_row_can_hold(house: Measured) -> Callable[[], Any]:
    name = make_name("SALE-2026-11-22-0042", flow=ORDERS)
    house.world.request(name, columns=ORDER_COLUMNS)
    row, now = house.world.claim(name).row, house.clock()
    facts = {
        "detail": "The channel 'Web shop' is not known in this account: choose one for the flow.",
        "fingerprint": f"{ORDERS}|rejected_by_target|CMNC-404|channelId",
        "code": 400,
        "target_id": "104217",
        "sent_hash": "a" * 32,
        "record_hash": "b" * 32,
        "platform_updated_at": now,
        "failed_at": now,
    }
    return lambda: house.world.finish(row, **(FAILED | facts))


@cases.costs(WRITE, "1 w, 2 w wait")
def end_under_a_cause(house: Measured) -> Callable[[], Any]:
    return ended(house, **HELD)


@cases.costs(WRITE, "2 w, 2 w wait")
def end_of_a_row_that_was_requested_again(house: Measured) -> Callable[[], Any]:
    row = claimed(house)
    house.clock.pass_s(1)
    house.world.request()
    return lambda: house.world.finish(row, **SYNCED)


@cases.costs(WRITE, "1 w, 2 w wait")
def a_retry_later(house: Measured) -> Callable[[], Any]:
    row, at = claimed(house), house.clock() + timedelta(seconds=30)
    changes = {"status": Status.PENDING, "reason": Reason.RETRYING}
    write = postpone(row, changes, house.clock(), next_attempt_at=at)
    return lambda: house.log.write_rows([write])


@cases.costs(WRITE, "1 w, 2 w wait")
def a_row_that_is_parked(house: Measured) -> Callable[[], Any]:
    house.world.request()
    cause, now = "rate:square:write:0", house.clock()
    write = park(make_name(), cause=cause, reason=Reason.THROTTLED, now=now)
    return lambda: house.log.write_rows([write])


@cases.costs(WRITE, "1 w, 2 w wait")
def a_row_that_is_swept(house: Measured) -> Callable[[], Any]:
    row = row_of(house.world.request())
    house.clock.pass_s(400)
    return lambda: house.log.write_rows([sweep(row, house.clock())])


# Reads: half a unit for 4 KB of index entries, about thirty of them; half a unit a row.


@cases.costs("rows by name", "10 r")
def ten_rows_by_name(house: Measured) -> Callable[[], Any]:
    fill(house, 5)
    return lambda: house.log.read_rows([make_name(f"P{number:04d}") for number in range(10)])


@cases.costs(LIST, "25 r, 1 r list")
def a_page_of_one_lane_and_status(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house, lanes=[PRODUCTS], statuses=[Status.PENDING])


@cases.costs(LIST, "25 r, 1 r list")
def a_page_between_two_times(house: Measured) -> Callable[[], Any]:
    fill(house)
    now = house.clock()
    times = {"listed_from": now - timedelta(days=1), "listed_to": now + timedelta(days=1)}
    return page(house, lanes=[PRODUCTS], statuses=[Status.PENDING], **times)


@cases.costs(LIST, "25 r, 1 r list")
def the_page_after_it(house: Measured) -> Callable[[], Any]:
    fill(house, 110)
    query = RowQuery(consumer=CONSUMER, lanes=[PRODUCTS], statuses=[Status.PENDING])
    first = house.log.list_rows(query, limit=50)
    return lambda: house.log.list_rows(query, limit=50, cursor=first.next)


@cases.costs(LIST, "25 r, 2.5 r list")
def a_page_of_one_lane_and_all_four_shelves(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house, lanes=[PRODUCTS])


@cases.costs(LIST, "26 r, 2.5 r list")
def a_page_of_all_lanes_reads_which_there_are(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house)


@cases.costs(LIST, "0.5 r list")
def an_empty_page(house: Measured) -> Callable[[], Any]:
    return page(house, lanes=[PRODUCTS], statuses=[Status.FAILED])


@cases.costs(FILTERED, "30 r, 1.5 r list")
def a_page_by_code_looks_at_all_that_may_answer(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house, lanes=[PRODUCTS], statuses=[Status.PENDING], codes=[404])


@cases.costs(FILTERED, "27 r")
def a_page_of_the_rows_of_a_run(house: Measured) -> Callable[[], Any]:
    fill(house)
    names = [make_name(f"P{number:04d}") for number in range(50)]
    house.log.put_execution_rows(CONSUMER, "e1", names)
    return page(house, execution="e1")


@cases.costs(WAITING, "25 r, 1 r wait")
def a_page_of_a_failure_group(house: Measured) -> Callable[[], Any]:
    for number in range(60):
        house.world.fail(f"P{number:04d}")
    return page(house, group="fp1")


@cases.costs(WAITING, "25 r, 1 r wait")
def a_page_of_rows_under_a_cause(house: Measured) -> Callable[[], Any]:
    for number in range(60):
        house.world.hold(f"P{number:04d}")
    return page(house, cause="setting:f:channel")


@cases.costs(FOUND, "1.5 r")
def a_search_that_finds_one_row(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house, text="P0042")


@cases.costs(FOUND, "32 r")
def a_search_that_finds_sixty_rows(house: Measured) -> Callable[[], Any]:
    fill(house)
    return page(house, text="shirt-blue")


@cases.costs("owed rows past their due time", "8 r wait")
def all_sixteen_shards_with_nothing_due(house: Measured) -> Callable[[], Any]:
    before = house.clock()
    return lambda: [house.log.list_due(shard, before=before, limit=100) for shard in range(16)]


@cases.costs("rows held under a cause, oldest first", "1 r wait")
def fifty_names_under_a_cause(house: Measured) -> Callable[[], Any]:
    for number in range(60):
        house.world.hold(f"P{number:04d}")
    return lambda: house.log.list_held(CONSUMER, "setting:f:channel", limit=50)


@cases.costs("failure groups, held causes", "3 r")
def both_lists_of_twenty(house: Measured) -> Callable[[], Any]:
    for number in range(20):
        house.world.fail(f"F{number}", fingerprint=f"fp{number}")
        house.world.hold(f"H{number}", cause=f"setting:f:{number}")
    house.follow()
    return lambda: (house.log.list_groups(CONSUMER), house.log.list_causes(CONSUMER))


@cases.costs("counts now", "1 r")
def counts_of_a_consumer(house: Measured) -> Callable[[], Any]:
    fill(house, 5)
    return lambda: house.log.count_now(CONSUMER)


@cases.costs(SLOTS, "9 r")
def quarters_of_eight_days_with_rows_in_one(house: Measured) -> Callable[[], Any]:
    begin = house.clock()
    for number in range(32):
        house.world.sync(f"P{number:04d}")
        house.clock.pass_s(15 * 60)
    house.follow()
    week = {"listed_from": begin, "listed_to": begin + timedelta(days=7)}
    return lambda: house.log.count_slots(CONSUMER, **week)


@cases.costs("mend the counts", "1 r, 2 r list")
def a_recount_that_agrees(house: Measured) -> Callable[[], Any]:
    fill(house, 20)
    return lambda: house.log.mend_counts(CONSUMER)


@cases.costs("oldest waiting row of a lane", "10 r, 0.5 r list")
def the_oldest_of_thirty_rows(house: Measured) -> Callable[[], Any]:
    for number in range(30):
        house.world.request(f"P{number:04d}")
    return lambda: house.log.read_oldest_due(CONSUMER, PRODUCTS)
