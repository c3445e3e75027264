"""One row whole: what each attempt sent differently, and what people did to the row."""

import json
from typing import Any

import pytest

from chalicelib.domain.log import Exchange
from chalicelib.domain.ports import Change
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.saving import entry
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS
from tests.builders import make_attempt

ACME = "/v1/consumers/acme"
LOGS = f"{ACME}/logs"
MAPPING = f"{ACME}/mappings/{PRODUCTS}"


def send(world: World, row: Row, number: int, body: Any, *, serves: str | None = None) -> None:
    """Leave the traces of an attempt that sent this body."""
    at = world.advance(seconds=5)
    call = Exchange(
        id=f"call-{number}",
        consumer="acme",
        connection="till",
        platform="till",
        method="POST",
        url="https://till.example/items",
        at=at,
        duration_ms=12,
        status=400,
        request_body=body if isinstance(body, str) else json.dumps(body),
        serves=serves,
    )
    attempt = make_attempt(row.name, number, started_at=at, ended_at=at, exchanges=(call.id,))
    world.services.log.put_traces([attempt], [call])


def show(api: Api, row: Row) -> Any:
    answered = api.get(f"{LOGS}/{row.name.id}")
    assert answered.status == 200, answered.json
    return answered.json


def changes(api: Api, row: Row) -> list[Any]:
    return [attempt["changes"] for attempt in show(api, row)["attempts"]]


def history(api: Api, row: Row) -> list[tuple[str, Any, Any]]:
    return [(line["what"], line["old"], line["new"]) for line in show(api, row)["history"]]


def test_an_attempt_says_what_it_sent_differently(api: Api, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    send(world, row, 1, {"name": "Shirt", "price": 5, "version": 1}, serves="P1")
    send(world, row, 2, {"name": "Shirt blue", "price": 5, "version": 2}, serves="P1")
    send(world, row, 3, {"name": "Shirt blue", "sku": "S-1", "version": 3}, serves="P1")

    assert changes(api, row) == [
        [{"field": "price", "old": "5", "new": None}, {"field": "sku", "old": None, "new": "S-1"}],
        [{"field": "name", "old": "Shirt", "new": "Shirt blue"}],
        [],
    ]


def test_of_a_batch_only_the_rows_own_part_is_compared(api: Api, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1", sku="S-1")
    send(world, row, 1, {"items": [{"sku": "S-9", "n": 1}, {"sku": "S-1", "n": 1}]})
    send(world, row, 2, {"items": [{"sku": "S-1", "n": 2}, {"sku": "S-8", "n": 7}]})
    send(world, row, 3, {"items": [{"sku": "S-8", "n": 8}]})

    assert changes(api, row) == [[], [{"field": "items.n", "old": "1", "new": "2"}], []]


@pytest.mark.parametrize("body", ['{"name": "Shir…', "[" * 9_000, "name=Shirt", ""])
def test_of_a_body_that_is_no_json_nothing_is_said(api: Api, world: World, body: str) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    send(world, row, 1, body, serves="P1")
    send(world, row, 2, {"name": "Shirt blue"}, serves="P1")

    assert changes(api, row) == [[], []]


def test_what_people_did_to_a_row_is_with_it_newest_first(api: Api, world: World) -> None:
    row, other = world.failed("acme", PRODUCTS, "P1"), world.failed("acme", PRODUCTS, "P2")
    api.post(f"{LOGS}/{other.name.id}/resync")
    api.post(f"{LOGS}/{row.name.id}/resync")
    world.advance(seconds=1)
    api.put(f"{MAPPING}/category", {"records": {"P1": "C9"}})
    world.advance(seconds=1)
    api.put(f"{MAPPING}/category", {"records": {"P1": None, "P2": "C9"}})

    removed, answered, resynced = show(api, row)["history"]

    assert (resynced["what"], resynced["subject"]) == ("re-sync", row.name.id)
    assert (resynced["who"], resynced["at"]) == (
        "admin of the operator",
        "2026-11-02T09:30:00.000Z",
    )
    assert (answered["what"], answered["new"]["records"]) == ("mapping saved", {"P1": "C9"})
    assert removed["old"]["records"]["P1"] == "C9"
    assert removed["new"]["records"]["P1"] is None


@pytest.mark.parametrize(
    ("mapping", "body"),
    [
        (f"{PRODUCTS}/category", {"entries": {"P1": "C9"}}),
        (f"{PRODUCTS}/category", {"default": "C9"}),
        (f"{PRODUCTS}/category", {"records": {"P10": "C9"}}),
    ],
    ids=["for a value", "for every value", "for another record"],
)
def test_an_answer_that_is_not_for_the_record_alone_is_not_with_its_row(
    api: Api, world: World, mapping: str, body: Any
) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    assert api.put(f"{ACME}/mappings/{mapping}", body).status == 200

    assert history(api, row) == []


@pytest.mark.parametrize(
    ("what", "subject", "new"),
    [
        ("mapping saved", f"{ORDERS} category", {"records": {"P1": "C9"}}),
        ("mapping saved", f"{PRODUCTS}@second category", {"records": {"P1": "C9"}}),
        ("mapping saved", f"{PRODUCTS} category", {"records": ["P1"]}),
        ("mapping saved", f"{PRODUCTS} category", "P1"),
        ("mapping saved", f"{PRODUCTS} category", None),
        ("import", f"{PRODUCTS} category", {"records": {"P1": "C9"}}),
    ],
    ids=["other flow", "other account", "list", "text", "nothing", "no mapping"],
)
def test_a_line_of_another_kind_is_not_with_the_row(
    api: Api, world: World, what: str, subject: str, new: Any
) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    line = entry(world.services, "acme", by="Kim", what=what, subject=subject, new=new)
    world.services.registry.save(Change(history=[line]))

    assert history(api, row) == []


def test_the_same_row_of_another_merchant_has_its_own_history(api: Api, world: World) -> None:
    ours, theirs = world.failed("acme", PRODUCTS, "P1"), world.failed("bistro", PRODUCTS, "P1")
    api.post(f"/v1/consumers/bistro/logs/{theirs.name.id}/resync")

    assert history(api, ours) == []
    assert api.using(world.key("acme", Role.VIEWER)).get(f"{LOGS}/{ours.name.id}").status == 200


def test_only_the_newest_lines_are_looked_through(api: Api, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    world.advance(seconds=1)
    api.post(f"{LOGS}/{row.name.id}/resync")
    for number in range(199):
        world.advance(seconds=1)
        line = entry(world.services, "acme", by="Kim", what="import", subject=f"{number}")
        world.services.registry.save(Change(history=[line]))
    assert [what for what, _, _ in history(api, row)] == ["re-sync"]

    world.advance(seconds=1)
    api.patch(ACME, {"name": "Acme Ltd"})

    assert history(api, row) == []
