"""Transactions through the API: the calls platforms saw, by platform, code, run and time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.log import Attempt, Execution, RunType, Trigger
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Status
from chalicelib.flows import runs
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS
from tests.builders import make_exchange

TRANSACTIONS = "/v1/consumers/acme/transactions"


def record_call(world: World, id_: str, **fields: Any) -> None:
    """Record one HTTP call, a second after the one before."""
    world.advance(seconds=1)
    till = {"consumer": "acme", "connection": "till", "platform": "till"}
    usual = {**till, "url": "https://till.example/items", "at": world.time, "duration_ms": 12}
    exchange = make_exchange(id_, **{**usual, **fields})
    world.services.log.put_traces([], [exchange])


def record_attempt(world: World, row: Row, *exchanges: str) -> None:
    """Record an attempt of a row that made these calls."""
    attempt = Attempt(
        name=row.name,
        number=1,
        started_at=world.time,
        ended_at=world.time,
        status=Status.SYNCED,
        reason=None,
        outcome="created",
        detail="",
        code=200,
        exchanges=exchanges,
    )
    world.services.log.put_traces([attempt], [])


def start_run(world: World) -> Execution:
    """Start an import, which stays Running."""
    return runs.begin(
        world.services,
        consumer="acme",
        flow=PRODUCTS,
        type=RunType.IMPORT,
        trigger=Trigger.PERSON,
        by="Kim",
    )


def ask(api: Api, **query: object) -> list[str]:
    answered = api.get(TRANSACTIONS, **query)
    assert answered.status == 200, answered.json
    return answered.ids


def test_calls_come_newest_first_of_all_platforms_and_only_ones_own(api: Api, world: World) -> None:
    record_call(world, "a")
    record_call(world, "b", platform="shop", connection="shop")
    record_call(world, "c", consumer="bistro")
    record_call(world, "d")

    assert ask(api) == ["d", "b", "a"]


def test_platforms_and_codes_narrow_down_and_may_repeat(api: Api, world: World) -> None:
    for id_, platform, status in (
        ("a", "till", 200),
        ("b", "shop", 404),
        ("c", "till", 429),
        ("d", "till", None),
    ):
        record_call(world, id_, platform=platform, status=status)

    assert ask(api, platform="till") == ["d", "c", "a"]
    assert ask(api, platform=["till", "shop"]) == ["d", "c", "b", "a"]
    assert ask(api, code=404) == ["b"]
    assert ask(api, code=[404, 429]) == ["c", "b"]
    assert ask(api, code=[200, 404], platform="till") == ["a"]
    assert ask(api, code="none") == ["d"]


def test_a_period_holds_its_beginning_and_not_its_end(api: Api, world: World) -> None:
    for id_ in ("a", "b", "c"):
        record_call(world, id_)
    begin, end = world.time - timedelta(seconds=1), world.time

    assert ask(api, from_=begin.isoformat(), to=end.isoformat()) == ["b"]


def test_calls_of_a_run_are_found_among_others_and_long_after(api: Api, world: World) -> None:
    record_call(world, "before")
    run = start_run(world)
    record_call(world, "ours", execution=run.id)
    record_call(world, "other", execution="another-run")
    record_call(world, "ours-too", execution=run.id, status=404)
    running = ask(api, execution=run.id)
    run = world.services.log.read_execution("acme", run.id)  # type: ignore[assignment]  # it is there
    world.services.log.save_execution(replace(run, ended_at=world.time))
    world.advance(days=2)
    for number in range(600):
        record_call(world, f"later-{number}")

    assert running == ["ours-too", "ours"]
    assert ask(api, execution=run.id) == ["ours-too", "ours"]
    assert ask(api, execution=run.id, code=404) == ["ours-too"]
    assert ask(api, execution=run.id, from_=world.time.isoformat()) == []
    assert ask(api, execution="no-such-run") == []


def test_pages_go_to_the_end_and_hold_each_call_once(api: Api, world: World) -> None:
    for number in range(7):
        record_call(world, f"x{number}", platform=("till", "shop")[number % 2])
    seen, cursor = [], None
    while True:
        page = api.get(TRANSACTIONS, limit=3, cursor=cursor)
        seen += page.ids
        cursor = page.json["next"]
        if cursor is None:
            break

    assert seen == [f"x{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"platform": "abacus"}, "platform"),
        ({"code": "99"}, "code"),
        ({"code": list(range(400, 420))}, "code"),
        ({"execution": ["a", "b"]}, "execution"),
        ({"from_": "yesterday"}, "from"),
        ({"cursor": "x"}, "cursor"),
        ({"status": "Failed"}, "status"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_named(api: Api, query: dict[str, Any], field: str) -> None:
    answered = api.get(TRANSACTIONS, **query)

    assert (answered.status, answered.fields) == (422, [field])


def test_headers_and_bodies_are_in_the_single_view_alone(api: Api, world: World) -> None:
    record_call(
        world,
        "a",
        request_headers={"authorization": "…"},
        request_body='{"name": "Shirt"}',
        response_headers={"x-request-id": "77"},
        response_body='{"id": 1}',
        correlations=("request-1",),
    )

    [listed] = api.get(TRANSACTIONS).json["items"]
    shown = api.get(f"{TRANSACTIONS}/a").json

    assert "Shirt" not in str(listed)
    assert (listed["status"], listed["duration_ms"]) == (200, 12)
    assert (listed["method"], listed["url"]) == ("POST", "https://till.example/items")
    assert listed["correlations"] == ["request-1"]
    assert shown["request"] == {"headers": {"authorization": "…"}, "body": '{"name": "Shirt"}'}
    assert shown["response"] == {"headers": {"x-request-id": "77"}, "body": '{"id": 1}'}
    assert {name: shown[name] for name in listed} == listed


def test_a_call_for_one_record_names_the_rows_whose_attempts_made_it(
    api: Api, world: World
) -> None:
    world.connect("acme", "shop", "till")
    row = world.synced("acme", PRODUCTS, "P1")
    world.synced("acme", PRODUCTS, "P2")
    record_call(world, "ours", serves="P1")
    record_call(world, "of-an-attempt-that-expired", serves="P2")
    record_call(world, "of-a-batch")
    record_attempt(world, row, "ours", "of-a-batch")

    [served] = api.get(f"{TRANSACTIONS}/ours").json["rows"]

    assert served["id"] == row.name.id
    assert api.get(f"{TRANSACTIONS}/of-an-attempt-that-expired").json["rows"] == []
    assert api.get(f"{TRANSACTIONS}/of-a-batch").json["rows"] is None


def test_what_is_not_there_or_anothers_is_not_found(api: Api, world: World) -> None:
    record_call(world, "theirs", consumer="bistro")
    viewer = api.using(world.key("acme", Role.VIEWER))

    assert viewer.get(f"{TRANSACTIONS}/theirs").status == 404
    assert viewer.get(f"{TRANSACTIONS}/{'x' * 3000}").status == 404
    assert viewer.get("/v1/consumers/bistro/transactions/theirs").status == 404
    assert viewer.get(TRANSACTIONS).status == 200
