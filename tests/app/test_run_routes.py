"""Runs through the API: bulk re-syncs, imports, groups, dead letters."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.serializers import time_json
from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.log import Execution, ExecutionState, RunType, Trigger
from chalicelib.domain.ports import Change, QueueMessage
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import PollState
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

ACME = "/v1/consumers/acme"
RESYNCS = f"{ACME}/resyncs"
IMPORTS = f"{ACME}/flows/{ORDERS}/executions"


def make_run(world: World, id_: str, type_: RunType, **more: Any) -> Execution:
    run = Execution(
        id=id_,
        consumer="acme",
        flow=ORDERS,
        type=type_,
        trigger=Trigger.SCHEDULE,
        by="the poller",
        started_at=world.advance(seconds=1),
        **more,
    )
    assert world.services.log.save_execution(run)
    return run


def bury(world: World, row: Row) -> None:
    message = QueueMessage(name=row.name, handled=row.handled)
    world.services.queue.send_many("records-dlq", [message])


def switch_on(world: World, api: Api, flow: str = ORDERS) -> None:
    world.connect("acme", "shop", "till")
    assert api.put(f"{ACME}/flows/{flow}", {"enabled": True}).json["ready"]


def test_a_dry_run_counts_the_failed_rows_and_starts_nothing(api: Api, world: World) -> None:
    for number in range(3):
        world.failed("acme", PRODUCTS, f"P{number}")
    world.synced("acme", PRODUCTS, "P9")
    world.failed("bistro", PRODUCTS, "P9")

    answered = api.post(RESYNCS, {"filter": {}, "dry_run": True})

    assert (answered.status, answered.json) == (200, {"count": 3, "exact": True})
    assert api.get(RESYNCS).json["items"] == []


def test_a_filter_of_a_re_sync_has_the_words_of_the_log(api: Api, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", sku="SKU-1")
    world.failed("acme", ORDERS, "O1")
    world.synced("acme", PRODUCTS, "P2", sku="SKU-2")

    def count(**filter_: Any) -> int:
        answered = api.post(RESYNCS, {"filter": filter_, "dry_run": True})
        assert answered.status == 200, answered.json
        return int(answered.json["count"])

    assert count(kind="product") == 1
    assert count(kind=["product", "order"]) == 2
    assert count(status=["Failed", "Synced"]) == 3
    assert count(code=400, flow=PRODUCTS) == 1
    assert count(q="SKU", status=["Synced"]) == 1
    assert count(kind="refund") == 0


def test_a_re_sync_is_started_shown_listed_and_cancelled(api: Api, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1")
    started = api.post(RESYNCS, {"filter": {"kind": "product"}})
    path = f"{RESYNCS}/{started.json['id']}"
    shown = api.get(path)
    cancelled = api.post(f"{path}/cancel")
    again = api.post(f"{path}/cancel")

    assert (started.status, started.json["state"]) == (202, "Running")
    assert (started.json["trigger"], started.json["by"]) == ("person", "admin of the operator")
    assert set(started.json["counts"]) == {
        "found",
        "requested",
        "done",
        "synced",
        "failed",
        "held",
        "skipped",
    }
    assert shown.json["id"] == started.json["id"]
    assert api.get(RESYNCS).ids == [started.json["id"]]
    assert cancelled.json["state"] == "Cancelled"
    assert (again.status, again.code) == (409, "conflict")
    assert ("admin of the operator", "re-sync cancelled", shown.json["id"]) in world.history("acme")


@pytest.mark.parametrize(
    ("filter_", "field"),
    [
        ({"kind": "inventory"}, "filter.kind"),
        ({"statuss": "Failed"}, "filter.statuss"),
        ({"q": True}, "filter.q"),
        ({"flow": {"a": 1}}, "filter.flow"),
        ({"q": "ab"}, "filter.q"),
        ({"from": "soon"}, "filter.from"),
        ({"limit": 5}, "filter.limit"),
    ],
)
def test_a_filter_that_does_not_fit_starts_nothing(
    api: Api, filter_: dict[str, Any], field: str
) -> None:
    for dry_run in (True, False):
        answered = api.post(RESYNCS, {"filter": filter_, "dry_run": dry_run})
        assert (answered.status, answered.fields) == (422, [field])
    assert api.get(RESYNCS).json["items"] == []


def test_a_re_sync_that_no_flow_matches_is_refused(api: Api) -> None:
    assert api.post(RESYNCS, {"filter": {"kind": "refund"}}).status == 422


def test_a_run_of_another_kind_is_no_re_sync(api: Api, world: World) -> None:
    make_run(world, "poll-1", RunType.POLL)

    assert api.get(f"{RESYNCS}/poll-1").status == 404
    assert api.post(f"{RESYNCS}/poll-1/cancel").status == 404
    assert api.get(f"{ACME}/executions/poll-1").json["type"] == "poll"


def test_re_syncs_are_found_among_many_polls(api: Api, world: World) -> None:
    make_run(world, "resync-1", RunType.RESYNC)
    for number in range(7):
        make_run(world, f"poll-{number}", RunType.POLL)

    found, cursor, pages = [], None, 0
    while pages < 20:
        page = api.get(RESYNCS, limit=1, cursor=cursor).json
        found += [item["id"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
        if cursor is None:
            break

    assert found == ["resync-1"]


def test_executions_are_listed_by_consumer_and_by_flow(api: Api, world: World) -> None:
    make_run(world, "run-1", RunType.POLL)
    assert world.services.log.save_execution(
        replace(make_run(world, "run-2", RunType.POLL), id="run-3", flow=PRODUCTS)
    )

    assert sorted(api.get(f"{ACME}/executions").ids) == ["run-1", "run-2", "run-3"]
    assert sorted(api.get(IMPORTS).ids) == ["run-1", "run-2"]
    assert api.get(f"{ACME}/flows/no-such/executions").status == 404
    assert api.get(f"{ACME}/executions/no-such").status == 404


def test_the_last_execution_stands_at_its_flow(api: Api, world: World) -> None:
    make_run(world, "run-1", RunType.POLL, state=ExecutionState.SUCCESS)

    flow = api.get(f"{ACME}/flows/{ORDERS}").json

    assert flow["last_execution"]["id"] == "run-1"
    assert flow["last_polled_at"] is None
    assert api.get(f"{ACME}/flows/{PRODUCTS}").json["last_execution"] is None


def test_a_poll_that_found_nothing_stands_at_its_flow_too(api: Api, world: World) -> None:
    state = PollState(consumer="acme", flow=ORDERS, finished_at=world.time)
    assert world.services.registry.save(Change(puts=[state]))

    assert api.get(f"{ACME}/flows/{ORDERS}").json["last_polled_at"] == time_json(world.time)


def test_an_import_of_ids_is_started_and_a_second_one_waits(api: Api, world: World) -> None:
    switch_on(world, api)
    started = api.post(IMPORTS, {"ids": ["S1", "S2"]})
    second = api.post(IMPORTS, {"ids": ["S3"]})

    assert (started.status, started.json["type"]) == (202, "import")
    assert started.json["by"] == "admin of the operator"
    subject = f"{ORDERS} {started.json['id']}"
    assert ("admin of the operator", "import", subject) in world.history("acme")
    assert (second.status, second.code) == (409, "conflict")
    assert second.json["error"]["details"] == {"execution": started.json["id"]}


def test_an_import_of_a_period_ends_now_unless_it_is_said(api: Api, world: World) -> None:
    switch_on(world, api)

    answered = api.post(IMPORTS, {"from": "2026-11-01"})

    assert answered.status == 202
    assert answered.json["spec"]["to"].startswith("2026-11-02T09:30:00")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": ["S1"], "from": "2026-11-01"}, "ids"),
        ({"to": "2026-11-01"}, "from"),
        ({"from": "soon"}, "from"),
        ({"from": "2026-11-01", "to": "late"}, "to"),
        ({"ids": "S1"}, "ids"),
        ({"ids": [1]}, "ids.0"),
    ],
)
def test_an_import_says_what_it_needs(api: Api, body: dict[str, Any], field: str) -> None:
    answered = api.post(IMPORTS, body)

    assert answered.status == 422
    assert answered.fields == [field]


def test_an_import_of_a_flow_that_is_not_ready_is_refused_with_what_it_lacks(api: Api) -> None:
    answered = api.post(IMPORTS, {"ids": ["S1"]})

    assert answered.status == 422
    assert "switch" in answered.json["error"]["message"]


def test_groups_hold_failures_and_causes_with_counts_and_remedies(api: Api, world: World) -> None:
    first = world.failed("acme", PRODUCTS, "P1")
    world.failed("acme", PRODUCTS, "P2")
    world.held_by_category("acme", "P3", "1")
    cause = mapping_cause(PRODUCTS, "category", "1")

    failure, held = api.get(f"{ACME}/groups").json["items"]

    assert (failure["type"], failure["key"], failure["count"]) == ("failure", first.fingerprint, 2)
    assert (failure["group"], failure["cause"]) == (first.fingerprint, None)
    assert failure["reason"] == "rejected_by_target"
    assert failure["remedy"].startswith("Mend what")
    assert (held["type"], held["key"], held["count"]) == ("cause", cause, 1)
    assert (held["group"], held["cause"]) == (None, cause)
    assert api.get(f"{ACME}/logs", group=failure["key"]).status == 200
    assert len(api.get(f"{ACME}/logs", cause=held["key"]).json["items"]) == 1


def test_groups_are_paged(api: Api, world: World) -> None:
    for number in range(5):
        world.held_by_category("acme", f"P{number}", f"{number}")
    first = api.get(f"{ACME}/groups", limit=3).json
    second = api.get(f"{ACME}/groups", limit=3, cursor=first["next"]).json
    back = api.get(f"{ACME}/groups", limit=3, cursor=second["previous"]).json

    keys = [item["key"] for item in [*first["items"], *second["items"]]]
    assert len(set(keys)) == 5
    assert second["next"] is None
    assert back["items"] == first["items"]


def test_dead_letters_are_listed_and_counted_without_being_taken(api: Api, world: World) -> None:
    bury(world, world.failed("acme", PRODUCTS, "P1"))
    bury(world, world.failed("bistro", PRODUCTS, "P2"))

    everything = api.get("/v1/dlq").json
    acmes = api.get("/v1/dlq", consumer="acme").json

    assert everything["counts"] == {"records": 2, "stock": 0}
    assert sorted(item["consumer"] for item in everything["items"]) == ["acme", "bistro"]
    assert [item["row"] for item in acmes["items"]] == [f"{PRODUCTS}.P1"]
    assert acmes["items"][0]["reason"] == "rejected_by_target"
    assert api.get("/v1/dlq").json["counts"] == {"records": 2, "stock": 0}


def test_the_oldest_dead_letter_is_told_for_the_whole_list(api: Api, world: World) -> None:
    assert api.get("/v1/dlq").json["oldest_at"] is None
    bury(world, world.failed("bistro", PRODUCTS, "P1"))
    world.advance(hours=1)
    for number in range(3):
        bury(world, world.failed("acme", PRODUCTS, f"P{number}"))
        world.advance(hours=1)

    everything = api.get("/v1/dlq", limit=1).json
    following = api.get("/v1/dlq", limit=1, cursor=everything["next"]).json

    assert everything["oldest_at"] == following["oldest_at"] == "2026-11-02T09:30:00.000Z"
    assert api.get("/v1/dlq", consumer="acme").json["oldest_at"] == "2026-11-02T10:30:00.000Z"
    assert api.get("/v1/dlq", consumer="nobody").json["oldest_at"] is None


def test_a_redrive_requests_what_still_fails_and_drops_the_rest(api: Api, world: World) -> None:
    failing = world.failed("acme", PRODUCTS, "P1")
    mended = world.failed("acme", PRODUCTS, "P2")
    bury(world, failing)
    bury(world, mended)
    world.request("acme", PRODUCTS, "P2")

    answered = api.post("/v1/dlq/redrive", {"max": 10, "per_second": 1000})

    assert answered.json == {"received": 2, "requested": 1, "dropped": 1}
    assert api.get("/v1/dlq").json["counts"] == {"records": 0, "stock": 0}
    assert ("admin of the operator", "redrive", "dlq") in world.history("")


def test_pruning_deletes_letters_of_rows_that_no_longer_fail(api: Api, world: World) -> None:
    bury(world, world.failed("acme", PRODUCTS, "P1"))
    mended = world.failed("acme", PRODUCTS, "P2")
    bury(world, mended)
    world.request("acme", PRODUCTS, "P2")

    assert api.post("/v1/dlq/prune").json == {"deleted": 1}
    assert api.get("/v1/dlq").json["counts"] == {"records": 1, "stock": 0}
    assert ("admin of the operator", "prune", "dlq") in world.history("")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max": 0}, "max"),
        ({"max": 10_001}, "max"),
        ({"per_second": 0}, "per_second"),
        ({"max": "all"}, "max"),
        ({"consumer": 1}, "consumer"),
    ],
)
def test_a_redrive_out_of_bounds_is_refused(api: Api, body: dict[str, Any], field: str) -> None:
    assert api.post("/v1/dlq/redrive", body).fields == [field]


def test_a_redrive_of_a_consumer_that_is_not_there_is_not_found(api: Api) -> None:
    assert api.post("/v1/dlq/redrive", {"consumer": "nobody"}).status == 404
