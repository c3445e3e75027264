"""Attempts, exchanges, snapshots and links."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.log import Attempt, CursorError, Exchange
from tests.builders import (
    CONSUMER,
    NOW,
    make_attempt,
    make_exchange,
    make_link,
    make_name,
)
from tests.contract import stores as under_contract
from tests.contract.stores import World, read_all

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world

MONTH_S = 30 * 24 * 3600


def attempts(world: World, record: str = "1007", *, limit: int = 2) -> list[Attempt]:
    return read_all(
        lambda cursor: world.log.list_attempts(make_name(record), limit=limit, cursor=cursor)
    )


def exchanges(world: World, *, limit: int = 2, **query: Any) -> list[str]:
    consumer = query.pop("consumer", CONSUMER)
    found: list[Exchange] = read_all(
        lambda cursor: world.log.list_exchanges(consumer, limit=limit, cursor=cursor, **query)
    )
    return [one.id for one in found]


def test_attempts_of_a_row_come_newest_first_and_whole(world: World) -> None:
    made = [make_attempt(number=number, exchanges=("x1", "x2")) for number in (1, 2, 3)]
    made[0] = make_attempt(
        number=1, by="person", execution="e1", correlation="r1", detail="é" * 5000, code=None
    )
    world.log.put_traces(made, [])

    assert attempts(world) == made[::-1]
    assert attempts(world, "1008") == []


def test_the_same_attempt_written_again_is_one_attempt(world: World) -> None:
    world.log.put_traces([make_attempt()], [make_exchange()])
    world.log.put_traces([make_attempt()], [make_exchange()])

    assert len(attempts(world)) == 1
    assert exchanges(world) == ["x1"]


def test_attempts_and_exchanges_expire_and_the_row_and_its_record_do_not(world: World) -> None:
    row = world.sync()
    world.log.put_snapshots([(row.name, {"name": "Shirt"})])
    world.log.put_traces([make_attempt()], [make_exchange()])
    world.clock.pass_s(MONTH_S - 1)
    assert (len(attempts(world)), exchanges(world)) == (1, ["x1"])

    world.clock.pass_s(10)

    assert (attempts(world), exchanges(world)) == ([], [])
    assert world.log.read_exchanges(CONSUMER, ["x1"]) == [None]
    assert world.read() == row
    assert world.log.read_snapshot(row.name) == {"name": "Shirt"}


def test_an_exchange_comes_back_whole(world: World) -> None:
    exchange = make_exchange(
        request_headers={"content-type": "application/json"},
        request_body='{"name": "Tee"}',
        response_headers={"x-request-id": "1"},
        response_body="✓" * 4000,
        execution="e1",
        serves="1007",
        correlations=("r1", "r2"),
    )
    unanswered = make_exchange("x2", status=None, error="no answer within 20 s")
    world.log.put_traces([], [exchange, unanswered])

    assert world.log.read_exchanges(CONSUMER, ["x2", "none", "x1"]) == [unanswered, None, exchange]


def test_another_consumers_exchange_is_not_read(world: World) -> None:
    world.log.put_traces([], [make_exchange("x1", consumer="another")])

    assert world.log.read_exchanges(CONSUMER, ["x1"]) == [None]
    assert exchanges(world) == []
    assert exchanges(world, consumer="another") == ["x1"]


def test_exchanges_are_listed_by_time_platform_and_code(world: World) -> None:
    made = [
        make_exchange("a", at=NOW + timedelta(seconds=1)),
        make_exchange("b", at=NOW + timedelta(seconds=2), platform="brightpearl"),
        make_exchange("c", at=NOW + timedelta(seconds=3), status=404),
        make_exchange("d", at=NOW + timedelta(seconds=3), status=429, platform="brightpearl"),
        make_exchange("e", at=NOW + timedelta(seconds=4), status=404),
    ]
    world.log.put_traces([], made)

    assert exchanges(world) in (["e", "c", "d", "b", "a"], ["e", "d", "c", "b", "a"])
    assert exchanges(world, platforms=["square"]) == ["e", "c", "a"]
    assert sorted(exchanges(world, platforms=["square", "brightpearl"])) == list("abcde")
    assert exchanges(world, codes=[404]) == ["e", "c"]
    assert exchanges(world, codes=[200]) == ["b", "a"]
    assert exchanges(world, codes=[500]) == []
    assert exchanges(world, platforms=["xero"]) == []
    assert exchanges(
        world, at_from=NOW + timedelta(seconds=2), at_to=NOW + timedelta(seconds=3)
    ) == ["b"]


def test_several_codes_are_a_union_and_no_answer_is_one_of_them(world: World) -> None:
    statuses = (200, 404, 429, None, 201)
    made = [
        make_exchange(f"x{number}", at=NOW + timedelta(seconds=number), status=status)
        for number, status in enumerate(statuses)
    ]
    world.log.put_traces([], made)

    assert exchanges(world, codes=[404, 429]) == ["x2", "x1"]
    assert exchanges(world, codes=[404, 404]) == ["x1"]
    assert exchanges(world, codes=[200, 404]) == ["x1", "x0"]
    assert exchanges(world, codes=[None]) == ["x3"]
    assert exchanges(world, codes=[None, 429]) == ["x3", "x2"]


def test_exchanges_of_an_execution_are_found_among_many_others(world: World) -> None:
    made = [
        make_exchange(
            f"x{number:03}",
            at=NOW + timedelta(seconds=number),
            status=404 if number % 2 else 200,
            execution="run-1" if number in (7, 8, 640) else "run-2" if number % 3 else None,
        )
        for number in range(650)
    ]
    world.log.put_traces([], made)
    first = world.log.list_exchanges(CONSUMER, execution="run-1", codes=[200], limit=2)

    assert exchanges(world, execution="run-1") == ["x640", "x008", "x007"]
    assert exchanges(world, execution="run-1", codes=[404]) == ["x007"]
    assert ([one.id for one in first.items], first.next is not None) == (["x640"], True)
    assert exchanges(world, execution="run-3") == []
    assert exchanges(
        world, execution="run-1", at_from=NOW + timedelta(seconds=8), at_to=NOW + timedelta(hours=1)
    ) == ["x640", "x008"]


def test_a_cursor_of_other_exchanges_is_refused(world: World) -> None:
    world.log.put_traces([], [make_exchange("a"), make_exchange("b")])
    cursor = world.log.list_exchanges(CONSUMER, limit=1).next

    with pytest.raises(CursorError):
        world.log.list_exchanges(CONSUMER, codes=[404], limit=1, cursor=cursor)


def test_a_snapshot_is_the_last_record_as_it_was_given(world: World) -> None:
    name = make_name()
    record = {"lines": [{"sku": "S-1", "net": "9.90"}], "customer": {"email": "ann@example.com"}}
    assert world.log.read_snapshot(name) is None

    world.log.put_snapshots([(name, {"lines": []})])
    world.log.put_snapshots([(name, record)])

    assert world.log.read_snapshot(name) == record
    assert world.log.read_snapshot(make_name("1008")) is None


def test_personal_data_of_a_snapshot_is_not_readable_in_the_table(world: World) -> None:
    name = make_name()
    world.log.put_snapshots([(name, {"email": "ann@example.com"})])

    stored = world.stores.log_table.query(f"R|{CONSUMER}|{name.flow}|{name.record}", limit=9)

    assert stored
    assert "ann" not in repr(stored)


def test_an_unchanged_snapshot_is_not_written_again(world: World) -> None:
    name = make_name()
    pk = f"R|{CONSUMER}|{name.flow}|{name.record}"
    world.log.put_snapshots([(name, {"a": 1, "b": 2})])
    before = world.stores.log_table.query(pk, limit=9)

    world.log.put_snapshots([(name, {"b": 2, "a": 1})])
    assert world.stores.log_table.query(pk, limit=9) == before
    world.log.put_snapshots([(name, {"b": 2, "a": 3})])

    assert world.stores.log_table.query(pk, limit=9) != before


def test_a_link_is_found_from_either_side(world: World) -> None:
    link = make_link("1007", "VAR7", parent_id="ITEM7")
    world.log.put_links([link, make_link("1008", "VAR8")])

    there = world.log.read_links(
        CONSUMER, "brightpearl", "square", "product", ["1007", "1009", "1007"]
    )
    back = world.log.read_links(CONSUMER, "square", "brightpearl", "product", ["VAR8"])

    assert there == {"1007": link}
    assert back["VAR8"].other_id == "1008"


def test_links_of_another_consumer_kind_or_platform_are_not_found(world: World) -> None:
    world.log.put_links([make_link("1007", "VAR7")])

    for consumer, one, other, kind in (
        ("another", "brightpearl", "square", "product"),
        (CONSUMER, "brightpearl", "square", "order"),
        (CONSUMER, "brightpearl", "woocommerce", "product"),
        (CONSUMER, "square", "brightpearl", "product"),
    ):
        assert world.log.read_links(consumer, one, other, kind, ["1007"]) == {}


def test_one_record_is_linked_with_several_platforms(world: World) -> None:
    links = [make_link(), make_link(other_platform="woocommerce", other_id="W7")]
    world.log.put_links(links)

    found = [
        world.log.read_links(CONSUMER, "brightpearl", other, "product", ["1007"])["1007"]
        for other in ("square", "woocommerce")
    ]

    assert found == links


def test_a_link_that_is_put_again_is_replaced(world: World) -> None:
    world.log.put_links([make_link("1007", "OLD", parent_id="ITEM")])
    world.log.put_links([make_link("1007", "NEW")])

    found = world.log.read_links(CONSUMER, "brightpearl", "square", "product", ["1007"])

    assert found == {"1007": make_link("1007", "NEW")}


def test_a_deleted_link_is_gone_from_both_sides_and_a_newer_one_stays(world: World) -> None:
    world.log.put_links([make_link("1", "A"), make_link("2", "B")])
    world.log.put_links([make_link("2", "C")])

    world.log.delete_links([make_link("1", "A"), make_link("2", "B")])

    there = world.log.read_links(CONSUMER, "brightpearl", "square", "product", ["1", "2"])
    back = world.log.read_links(CONSUMER, "square", "brightpearl", "product", ["A", "B", "C"])
    assert {one: link.other_id for one, link in there.items()} == {"2": "C"}
    assert list(back) == ["C"]
