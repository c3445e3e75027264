"""Redrive, prune and the list of dead letters."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.log import CursorError
from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.protocol import Request
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.door import request_many
from chalicelib.flows.redrive import (
    CONSUMERS_A_PAGE,
    GROUPS_READ,
    ROWS_OF_A_GROUP,
    RedriveResult,
    list_dead,
    prune,
    read_oldest_dead,
    redrive,
)
from chalicelib.flows.setup.consumers import add_consumer
from tests.toy import CONSUMER, Toy, open_toy

OTHER = "other-shirts"


@pytest.fixture
def toy() -> Iterator[Toy]:
    with open_toy() as toy:
        toy.set_up()
        yield toy


def ask(toy: Toy, *records: str, by: str = "webhook", consumer: str = CONSUMER) -> None:
    names = [toy.name(record, consumer=consumer) for record in records]
    request_many(toy.services, [Request(name=n, kind=Kind.PRODUCT, by=by) for n in names])


def fail(toy: Toy, *records: str, consumer: str = CONSUMER) -> None:
    for record in records:
        toy.shop.edit(record)
        toy.fail(record)
    ask(toy, *records, consumer=consumer)
    toy.work()


def run(toy: Toy, **changes: object) -> RedriveResult:
    given = {"most": 100, "per_second": 1000, "sleep": lambda seconds: None, **changes}
    return redrive(toy.services, **given)  # type: ignore[arg-type]


def test_redrive_requests_failed_rows_and_empties_the_queue(toy: Toy) -> None:
    fail(toy, "1", "2")
    toy.till.fails.clear()
    assert run(toy) == RedriveResult(received=2, requested=2, dropped=0)
    toy.work()
    assert [toy.row(id_).status for id_ in "12"] == [Status.SYNCED] * 2
    assert toy.messages("records-dlq") == 0


def test_redrive_after_a_resync_finds_nothing_to_do(toy: Toy) -> None:
    fail(toy, "1")
    toy.till.fails.clear()
    ask(toy, "1", by="person")
    toy.work()
    assert run(toy) == RedriveResult(received=1, requested=0, dropped=1)
    assert (toy.row("1").is_owed, toy.row("1").attempts) == (False, 2)
    assert toy.messages("records-dlq") == 0


def test_redrive_acts_only_on_the_failure_its_message_tells_of(toy: Toy) -> None:
    fail(toy, "1")
    ask(toy, "1", by="person")
    toy.work()  # it failed again: two letters, one of them old
    assert toy.messages("records-dlq") == 2
    assert run(toy) == RedriveResult(received=2, requested=1, dropped=1)
    assert toy.messages() == 1


def test_redriving_the_same_message_twice_requests_once(toy: Toy) -> None:
    fail(toy, "1")
    handled = toy.row("1").handled
    toy.services.queue.send_many("records-dlq", [QueueMessage(name=toy.name("1"), handled=handled)])
    assert run(toy) == RedriveResult(received=2, requested=1, dropped=1)


def test_message_that_the_queue_moved_itself_is_sent_again_if_its_row_is_owed(toy: Toy) -> None:
    toy.shop.edit("1")
    toy.shop.edit("2")
    ask(toy, "1", "2")
    toy.work()
    toy.shop.edit("1")
    ask(toy, "1")
    moved = [QueueMessage(name=toy.name(record)) for record in ("1", "2", "ghost")]
    toy.services.queue.send_many("records-dlq", moved)
    before = toy.messages()
    assert run(toy) == RedriveResult(received=3, requested=1, dropped=2)
    assert toy.messages() == before + 1


def test_redrive_of_one_consumer_leaves_the_letters_of_others(toy: Toy) -> None:
    toy.set_up(OTHER)
    fail(toy, "1")
    fail(toy, "1", consumer=OTHER)
    assert run(toy, consumer=CONSUMER) == RedriveResult(received=2, requested=1, dropped=0)
    assert toy.row("1").is_owed
    assert not toy.row("1", consumer=OTHER).is_owed
    assert toy.messages("records-dlq") == 1
    toy.pass_s(61)
    assert run(toy, consumer=OTHER).requested == 1  # visible again by itself


def test_redrive_is_bounded_by_its_number_and_its_rate(toy: Toy) -> None:
    fail(toy, *(str(number) for number in range(25)))
    slept: list[float] = []
    result = run(toy, most=20, per_second=10, sleep=slept.append)
    assert result == RedriveResult(received=20, requested=20, dropped=0)
    assert sum(slept) == pytest.approx(2)
    assert toy.messages("records-dlq") == 5


def test_redrive_stops_in_time_for_whoever_waits(toy: Toy) -> None:
    fail(toy, *(str(number) for number in range(5)))
    result = run(toy, per_second=1, sleep=toy.pass_s, until=toy.soon(2))
    assert result.requested == 2
    assert toy.messages("records-dlq") == 3


@pytest.mark.parametrize("wrong", [{"most": 0}, {"per_second": 0}, {"per_second": -1}])
def test_redrive_without_number_or_rate_is_refused(toy: Toy, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one message"):
        run(toy, **wrong)


def test_prune_deletes_letters_whose_row_recovered_or_failed_anew(toy: Toy) -> None:
    fail(toy, "still", "recovered", "anew")
    del toy.till.fails["recovered"]
    ask(toy, "recovered", "anew", by="person")
    toy.work()
    toy.services.queue.send_many("records-dlq", [QueueMessage(name=toy.name("ghost"), handled=1)])
    assert toy.messages("records-dlq") == 5
    assert prune(toy.services) == 3
    toy.pass_s(61)
    assert run(toy) == RedriveResult(received=2, requested=2, dropped=0)


def test_prune_deletes_letters_whose_row_was_requested_since(toy: Toy) -> None:
    fail(toy, "1")
    ask(toy, "1", by="person")
    assert prune(toy.services) == 1


def test_prune_keeps_letters_whose_row_is_owed(toy: Toy) -> None:
    toy.shop.edit("1")
    ask(toy, "1")
    toy.services.queue.send_many("records-dlq", [QueueMessage(name=toy.name("1"))])
    assert prune(toy.services) == 0


def test_dead_letters_are_listed_from_the_rows_without_taking_them(toy: Toy) -> None:
    fail(toy, "1", "2")
    page = list_dead(toy.services, CONSUMER, 50)
    assert {row.name.record for row in page.items} == {"1", "2"}
    assert run(toy).received == 2


def test_list_over_all_consumers_shows_each_row_once(toy: Toy) -> None:
    toy.set_up(OTHER)
    toy.set_up("quiet-shirts")
    fail(toy, "1", "2", "3")
    fail(toy, "4", "5", consumer=OTHER)
    seen, cursor = [], None
    for _ in range(10):
        page = list_dead(toy.services, None, 2, cursor)
        assert len(page.items) <= 2
        seen += [(row.name.consumer, row.name.record) for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert sorted(seen) == [*((CONSUMER, id_) for id_ in "123"), (OTHER, "4"), (OTHER, "5")]


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[1, 2]", '[1, "a", null, false]', "7"])
def test_cursor_that_is_none_of_the_list_is_refused(toy: Toy, cursor: str) -> None:
    with pytest.raises(CursorError):
        list_dead(toy.services, None, 10, cursor)


def fail_alike(toy: Toy, error_code: str, *records: str) -> None:
    """Let rows fail with an error of the till, which is a group of its own."""
    for record in records:
        toy.shop.edit(record)
        detail = "The till refused it."
        toy.till.fails[record] = SyncFailure(
            Reason.REJECTED_BY_TARGET, detail, code=400, error_code=error_code
        )
    ask(toy, *records)
    toy.work()


def mend(toy: Toy, *records: str) -> None:
    for record in records:
        del toy.till.fails[record]
    ask(toy, *records, by="person")
    toy.work()


def test_oldest_dead_is_none_while_nothing_fails(toy: Toy) -> None:
    assert read_oldest_dead(toy.services, CONSUMER) is None
    fail(toy, "1")
    mend(toy, "1")
    assert read_oldest_dead(toy.services, CONSUMER) is None
    assert read_oldest_dead(toy.services, "nobody") is None


def test_oldest_dead_is_the_row_that_failed_first_and_still_does(toy: Toy) -> None:
    times = []
    for record, code in (("1", "A"), ("2", "A"), ("3", "B")):
        times.append(toy.pass_s(60))
        fail_alike(toy, code, record)
    assert read_oldest_dead(toy.services, CONSUMER) == times[0]
    mend(toy, "1")  # its group goes on, with a younger row
    assert read_oldest_dead(toy.services, CONSUMER) == times[1]
    mend(toy, "2")
    assert read_oldest_dead(toy.services, CONSUMER) == times[2]


def test_a_group_that_began_later_may_hold_the_oldest(toy: Toy) -> None:
    fail_alike(toy, "A", "1")
    toy.pass_s(60)
    fail_alike(toy, "B", "2")
    second = toy.now()
    toy.pass_s(60)
    fail_alike(toy, "A", "3")
    mend(toy, "1")
    assert read_oldest_dead(toy.services, CONSUMER) == second


def test_a_large_group_counts_from_when_it_began(toy: Toy) -> None:
    began = toy.now()
    fail_alike(toy, "A", "first")
    toy.pass_s(60)
    fail_alike(toy, "A", *(f"{number}" for number in range(ROWS_OF_A_GROUP)))
    mend(toy, "first")
    assert read_oldest_dead(toy.services, CONSUMER) == began + timedelta(seconds=60)
    fail_alike(toy, "A", "one more")
    assert read_oldest_dead(toy.services, CONSUMER) == began


def test_beyond_the_groups_that_are_read_one_counts_from_when_it_began(toy: Toy) -> None:
    began = []
    for number in range(GROUPS_READ + 1):
        began.append(toy.pass_s(1))
        fail_alike(toy, f"code-{number}", f"old-{number}")
    toy.pass_s(60)
    for number in range(GROUPS_READ + 1):
        fail_alike(toy, f"code-{number}", f"new-{number}")
    mend(toy, *(f"old-{number}" for number in range(GROUPS_READ + 1)))
    assert read_oldest_dead(toy.services, CONSUMER) == began[-1]


def test_oldest_dead_of_all_consumers_is_looked_for_where_they_are_few(toy: Toy) -> None:
    toy.set_up(OTHER)
    fail(toy, "1", consumer=OTHER)
    first = toy.now()
    second = toy.pass_s(60)
    fail(toy, "2")
    assert read_oldest_dead(toy.services, None) == first
    assert read_oldest_dead(toy.services, CONSUMER) == second
    for number in range(CONSUMERS_A_PAGE - 1):
        add_consumer(toy.services, id=f"shop-{number}", name="Shop", time_zone="UTC", by="test")
    assert read_oldest_dead(toy.services, None) is None
    assert read_oldest_dead(toy.services, OTHER) == first
