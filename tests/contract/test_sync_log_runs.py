"""Executions and their rows."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.log import Execution, ExecutionState, Message
from chalicelib.domain.statuses import Status
from tests.builders import CONSUMER, NOW, ORDERS, PRODUCTS, make_execution, make_name
from tests.contract import stores as under_contract
from tests.contract.stores import World, read_all

clock, stores, world = under_contract.clock, under_contract.stores, under_contract.world


def listed(world: World, *, consumer: str = CONSUMER, flow: str | None = None) -> list[str]:
    found: list[Execution] = read_all(
        lambda cursor: world.log.list_executions(consumer, flow=flow, limit=2, cursor=cursor)
    )
    return [one.id for one in found]


def saved(world: World, execution: Execution) -> Execution:
    assert world.log.save_execution(execution)
    found = world.log.read_execution(execution.consumer, execution.id)
    assert found is not None
    return found


def test_an_execution_comes_back_whole(world: World) -> None:
    execution = make_execution(
        counts={"found": 3, "failed": 1},
        messages=[Message(at=NOW, text="2 skipped", row="f.1"), Message(at=NOW, text="done")],
        spec={"ids": ["1", "2"], "from": None},
        cursor="c",
        watch_cursor="w",
        cancelled=True,
        ended_at=NOW + timedelta(seconds=5),
        state=ExecutionState.CANCELLED,
        collecting=False,
    )

    assert saved(world, execution) == replace(execution, version=1)
    assert world.log.read_execution("another", execution.id) is None
    assert world.log.read_execution(CONSUMER, "none") is None


def test_a_save_over_an_older_version_is_refused(world: World) -> None:
    first = saved(world, make_execution())
    second = saved(world, replace(first, counts={"found": 1}))

    assert second.version == 2
    assert not world.log.save_execution(replace(first, counts={"found": 9}))
    assert not world.log.save_execution(make_execution())
    assert not world.log.save_execution(make_execution("e2", version=3))
    assert world.log.read_execution(CONSUMER, "e1") == second


def test_executions_are_listed_newest_first_for_all_flows_or_one(world: World) -> None:
    for number in range(5):
        flow = ORDERS if number % 2 else PRODUCTS
        started = NOW + timedelta(seconds=number)
        world.log.save_execution(make_execution(f"e{number}", flow=flow, started_at=started))
    world.log.save_execution(make_execution("resync", flow="", started_at=NOW))
    world.log.save_execution(make_execution("other", consumer="another"))

    assert listed(world) == ["e4", "e3", "e2", "e1", "resync", "e0"]
    assert listed(world, flow=ORDERS) == ["e3", "e1"]
    assert listed(world, flow="") == ["resync"]
    assert listed(world, consumer="another") == ["other"]
    assert listed(world, flow="none") == []


def test_a_saved_execution_stays_where_it_was_in_the_list(world: World) -> None:
    first = saved(world, make_execution("e1"))
    saved(world, make_execution("e2", started_at=NOW + timedelta(seconds=1)))

    saved(world, replace(first, counts={"found": 1}))

    assert listed(world) == listed(world, flow=PRODUCTS) == ["e2", "e1"]


def test_running_executions_of_all_consumers_are_known_until_they_end(world: World) -> None:
    running = saved(world, make_execution("e1"))
    saved(world, make_execution("e|2", consumer="an|other", started_at=NOW + timedelta(seconds=1)))
    assert world.log.list_running(limit=5) == [(CONSUMER, "e1"), ("an|other", "e|2")]
    assert world.log.list_running(limit=1) == [(CONSUMER, "e1")]

    world.log.save_execution(replace(running, ended_at=NOW, state=ExecutionState.SUCCESS))

    assert world.log.list_running(limit=5) == [("an|other", "e|2")]


def test_the_rows_of_a_run_are_listed_once_in_a_stable_order(world: World) -> None:
    world.log.save_execution(make_execution())
    names = [make_name(f"{number}|") for number in range(7)]
    world.log.put_execution_rows(CONSUMER, "e1", names)
    world.log.put_execution_rows(CONSUMER, "e1", names[:3])
    world.log.put_execution_rows(CONSUMER, "e2", [make_name("other")])

    for limit in (1, 3, 50):
        found = read_all(
            lambda cursor, limit=limit: world.log.list_execution_rows(
                CONSUMER, "e1", limit=limit, cursor=cursor
            )
        )
        assert found == names
    assert world.log.list_execution_rows("another", "e1", limit=5).items == []


def test_an_execution_expires_with_its_rows(world: World) -> None:
    world.log.save_execution(make_execution())
    world.log.put_execution_rows(CONSUMER, "e1", [make_name()])

    world.clock.pass_s(31 * 24 * 3600)

    assert listed(world) == listed(world, flow=PRODUCTS) == []
    assert world.log.list_execution_rows(CONSUMER, "e1", limit=5).items == []


def test_rows_of_a_run_are_its_own_whichever_run_requested_them_last(world: World) -> None:
    for record in ("1", "2", "3"):
        world.request(record, execution="e1")
    world.fail("1", code=400)
    world.log.put_execution_rows(CONSUMER, "e1", [make_name(one) for one in ("1", "2", "3")])
    world.log.put_execution_rows(CONSUMER, "e2", [make_name("2")])
    world.request("2", execution="e2")

    assert sorted(world.records(execution="e1")) == ["1", "2", "3"]
    assert world.records(execution="e2") == ["2"]
    assert world.records(execution="e1", statuses=[Status.FAILED]) == ["1"]
    assert world.records(execution="e1", lanes=["no-such-flow"]) == []
    assert world.records(execution="no-such-run") == []
