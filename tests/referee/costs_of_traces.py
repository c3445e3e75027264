"""What attempts, exchanges, snapshots and links cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.builders import (
    CONSUMER,
    make_attempt,
    make_exchange,
    make_link,
    make_name,
)
from tests.referee.costs import Cases
from tests.referee.measured import Measured

cases = Cases()

TRACES = "write attempts and exchanges"
EXCHANGES = "exchanges by time, platform, code"
BY_CODE = "… by a code below 400, no answer, execution"
SNAPSHOTS = "keep, read the record"
LINKS = "links of many ids"
#: Compressed to about half a KB.
RECORD = {"id": "1", "lines": [{"sku": f"SHIRT-{n}", "quantity": n} for n in range(20)]}

Asked = Callable[[], Any]


# Attempts and exchanges


@cases.costs(TRACES, "10 w")
def ten_attempts(house: Measured) -> Asked:
    attempts = [make_attempt(make_name(f"P{number}")) for number in range(10)]
    return lambda: house.log.put_traces(attempts, [])


@cases.costs(TRACES, "1 w, 1 w list")
def an_exchange(house: Measured) -> Asked:
    exchange = make_exchange(request_body='{"id": 1}', response_body='{"id": 2}')
    return lambda: house.log.put_traces([], [exchange])


@cases.costs(TRACES, "1 w, 1 w list, 1 w wait")
def an_exchange_that_failed(house: Measured) -> Asked:
    return lambda: house.log.put_traces([], [make_exchange(status=400)])


@cases.costs("attempts of a row", "1 r")
def ten_attempts_of_a_row(house: Measured) -> Asked:
    house.log.put_traces([make_attempt(number=number) for number in range(1, 11)], [])
    return lambda: house.log.list_attempts(make_name(), limit=50)


def exchanges(house: Measured) -> None:
    """Forty exchanges, ten of them failed."""
    for number in range(40):
        at = house.clock() + timedelta(seconds=number)
        status = 400 if number % 4 == 0 else 200
        house.log.put_traces([], [make_exchange(f"x{number}", at=at, status=status)])
    house.follow()


@cases.costs("exchanges by id", "5 r")
def ten_exchanges_by_id(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.read_exchanges(CONSUMER, [f"x{number}" for number in range(10)])


@cases.costs(EXCHANGES, "20 r, 0.5 r list")
def exchanges_of_a_platform(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.list_exchanges(CONSUMER, platforms=["square"], limit=50)


@cases.costs(EXCHANGES, "21 r, 0.5 r list")
def exchanges_of_all_platforms_reads_which_there_are(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.list_exchanges(CONSUMER, limit=50)


@cases.costs(EXCHANGES, "5 r, 0.5 r wait")
def exchanges_that_failed(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.list_exchanges(CONSUMER, platforms=["square"], codes=[400], limit=50)


@cases.costs(BY_CODE, "20 r, 0.5 r list")
def exchanges_of_a_code_that_is_no_failure(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.list_exchanges(CONSUMER, platforms=["square"], codes=[200], limit=50)


@cases.costs(BY_CODE, "20 r, 0.5 r list")
def exchanges_of_an_execution(house: Measured) -> Asked:
    exchanges(house)
    return lambda: house.log.list_exchanges(
        CONSUMER, platforms=["square"], execution="run-1", limit=50
    )


# Snapshots and links


@cases.costs(SNAPSHOTS, "1 w, 1 r")
def a_new_record_is_looked_for_and_kept(house: Measured) -> Asked:
    return lambda: house.log.put_snapshots([(make_name(), RECORD)])


@cases.costs(SNAPSHOTS, "1 r")
def a_record_that_is_the_same_is_looked_at(house: Measured) -> Asked:
    house.log.put_snapshots([(make_name(), RECORD)])
    return lambda: house.log.put_snapshots([(make_name(), RECORD)])


@cases.costs(SNAPSHOTS, "0.5 r")
def a_record_that_is_read(house: Measured) -> Asked:
    house.log.put_snapshots([(make_name(), RECORD)])
    return lambda: house.log.read_snapshot(make_name())


@cases.costs(LINKS, "2 w, 2 w list")
def a_new_link_under_both_sides(house: Measured) -> Asked:
    return lambda: house.log.put_links([make_link()])


@cases.costs(LINKS, "2 w")
def a_link_that_is_known(house: Measured) -> Asked:
    house.log.put_links([make_link()])
    return lambda: house.log.put_links([make_link()])


@cases.costs(LINKS, "2 w, 2 w list")
def a_link_that_goes(house: Measured) -> Asked:
    house.log.put_links([make_link()])
    return lambda: house.log.delete_links([make_link()])


@cases.costs(LINKS, "10 r")
def links_of_ten_ids(house: Measured) -> Asked:
    house.log.put_links([make_link()])
    ids = [str(1000 + number) for number in range(10)]
    return lambda: house.log.read_links(CONSUMER, "brightpearl", "square", "product", ids)
