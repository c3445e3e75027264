"""Why a flow, a record or a row does not sync, asked through the API."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.causes import connection_cause, flow_cause, record_cause
from chalicelib.domain.log import Execution, ExecutionState, Message, RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Health, PollState, Role
from chalicelib.domain.statuses import Outcome, Status
from tests.app.asking import Answered, Api
from tests.app.toy_world import START, World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

ACME = "/v1/consumers/acme"
ORDER_OF_CHECKS = [
    "consumer",
    "source_connection",
    "target_connection",
    "flow_on",
    "ready",
    "start_date",
    "poll",
]


def set_up(world: World, **settings: str) -> None:
    """Connect both platforms, complete both flows, and let their polls have run just now."""
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7", **settings)
    world.switch_on("acme", STOCK)
    for flow in (PRODUCTS, STOCK):
        polled(world, flow)


def polled(world: World, flow: str = PRODUCTS, **changes: Any) -> None:
    """Note what a poll left behind: it ended now, unless said otherwise."""
    registry = world.services.registry
    known = registry.read_poll("acme", flow) or PollState(consumer="acme", flow=flow)
    following = {"finished_at": world.time, "next_at": world.time, **changes}
    assert registry.save(Change(puts=[replace(known, **following)]))


def refuse(world: World, name: str) -> None:
    """Let a platform refuse the account."""
    found = world.services.registry.read_connection("acme", name)
    assert found is not None
    down = replace(found, health=Health.DOWN, health_detail="The token was revoked.")
    assert world.services.registry.save(Change(puts=[down]))


def ask(api: Api, **query: Any) -> Any:
    answered = api.get(f"{ACME}/diagnosis", **{"flow": PRODUCTS, **query})
    assert answered.status == 200, answered.json
    return answered.json


def of_row(api: Api, row: Row) -> Any:
    answered = api.get(f"{ACME}/logs/{row.name.id}/diagnosis")
    assert answered.status == 200, answered.json
    return answered.json


def check_of(diagnosis: Any, name: str) -> Any:
    [found] = [check for check in diagnosis["checks"] if check["check"] == name]
    return found


def names_of(diagnosis: Any) -> list[str]:
    return [check["check"] for check in diagnosis["checks"]]


def test_where_all_is_well_there_is_no_cause(api: Api, world: World) -> None:
    set_up(world, start_date="2026-11-01")

    found = ask(api)

    assert found["cause"] is None
    assert names_of(found) == [*ORDER_OF_CHECKS, "held", "failed"]
    assert all(check["ok"] and check["remedy"] is None for check in found["checks"])


def test_each_thing_that_is_missing_is_the_cause_in_its_turn(api: Api, world: World) -> None:
    causes = [ask(api)["cause"]]
    world.connect("acme", "shop")
    causes.append(ask(api)["cause"])
    world.connect("acme", "till")
    causes.append(ask(api)["cause"])
    world.switch_on("acme", PRODUCTS)
    causes.append(ask(api)["cause"])
    world.switch_on("acme", PRODUCTS, price_list="7")
    causes.append(ask(api)["cause"])

    assert [cause and cause["check"] for cause in causes] == [
        "source_connection",
        "target_connection",
        "flow_on",
        "ready",
        None,
    ]
    assert causes[0]["sentence"] == "Shop is not connected: there is no connection shop."
    assert causes[3]["evidence"]["missing"] == ["price_list"]
    assert "Price list" in causes[3]["remedy"]


def test_a_refused_account_is_named_with_what_it_said(api: Api, world: World) -> None:
    set_up(world)
    refuse(world, "till")

    found = ask(api)

    assert found["cause"]["check"] == "target_connection"
    assert found["cause"]["sentence"] == "Till refused the account. The token was revoked."
    assert found["cause"]["evidence"]["last_error"] == "The token was revoked."
    assert check_of(found, "poll")["ok"] is False


def test_a_record_never_seen_was_not_received_and_polls_say_when_they_looked(
    api: Api, world: World
) -> None:
    set_up(world, start_date="2026-11-01")
    world.advance(minutes=1)
    polled(world, next_at=world.time.replace(minute=36))

    found = ask(api, record="P404")

    assert found["cause"] == check_of(found, "row")
    assert found["cause"]["sentence"] == (
        "P404 was not received: no webhook, poll or import has named it."
        " The last poll ended at 2026-11-02 09:31 GMT. The next is due at 2026-11-02 09:36 GMT."
        " Nothing from before 2026-11-01 00:00 GMT is synced."
    )
    assert found["cause"]["remedy"].startswith("See that it is at Shop")
    assert check_of(found, "poll")["evidence"]["last_polled_at"] == "2026-11-02T09:31:00.000Z"


@pytest.mark.parametrize(
    ("date", "is_older"),
    [
        ("2026-10-31", True),
        ("2026-11-01", False),
        ("2026-11-01T00:59", True),
        ("2026-11-01T01:00", False),
        ("2026-10-31T23:30:00Z", True),
        ("2026-11-01T02:00:00+01:00", False),
    ],
)
def test_what_happened_before_the_start_date_is_not_synced(
    api: Api, world: World, date: str, *, is_older: bool
) -> None:
    set_up(world, start_date="2026-11-01T01:00")  # in London, as the consumer is

    for more in ({}, {"record": "P404"}):
        found = ask(api, date=date, **more)
        cause = found["cause"] and found["cause"]["check"]
        assert (cause == "start_date") == is_older
    assert check_of(found, "start_date")["ok"] is not is_older
    assert check_of(found, "start_date")["evidence"]["start_date"] == "2026-11-01T01:00:00.000Z"


def test_a_failing_poll_is_the_cause_of_a_record_that_did_not_come(api: Api, world: World) -> None:
    set_up(world)
    run = Execution(
        id="run-1",
        consumer="acme",
        flow=PRODUCTS,
        type=RunType.POLL,
        trigger=Trigger.SCHEDULE,
        by="poll",
        state=ExecutionState.ERROR,
        started_at=world.time,
        messages=[Message(at=world.time, text="Shop could not be asked what changed: 500.")],
    )
    assert world.services.log.save_execution(run)
    polled(world, finished_at=None)

    cause = ask(api, record="P404")["cause"]

    assert cause["check"] == "poll"
    assert cause["sentence"].startswith("The last poll failed. Shop could not be asked")
    assert cause["evidence"]["execution"] == "run-1"


def test_a_poll_that_does_not_begin_is_the_cause(api: Api, world: World) -> None:
    set_up(world)
    world.advance(minutes=14)
    in_time = ask(api)["cause"]
    world.advance(minutes=2)
    late = ask(api)["cause"]
    polled(world, next_at=None)
    unplanned = ask(api)["cause"]

    assert in_time is None
    assert late["sentence"].startswith("It should have begun at 2026-11-02 09:30 GMT.")
    assert unplanned["sentence"].startswith("No poll is planned.")


def test_a_held_row_says_what_it_waits_for_and_what_waits_with_it(api: Api, world: World) -> None:
    set_up(world)
    row = world.held_by_category("acme", "P1", "Hats")
    world.held_by_category("acme", "P2", "Hats")
    world.held_by_category("acme", "P3", "Shirts")
    polled(world, finished_at=None, next_at=None)  # no cause of a row that is there

    found = of_row(api, row)

    assert names_of(found)[-1] == "row"
    assert found["cause"]["check"] == "row"
    assert found["cause"]["sentence"].endswith("2 rows wait for the same.")
    assert found["cause"]["remedy"] == Reason.NEEDS_MAPPING.rule.remedy
    evidence = found["cause"]["evidence"]
    assert (evidence["reason"], evidence["cause"], evidence["rows_alike"]) == (
        "needs_mapping",
        row.cause,
        2,
    )
    assert ask(api, record="P1") == found


def test_a_failed_row_says_why_and_how_many_failed_alike(api: Api, world: World) -> None:
    set_up(world)
    row = world.failed("acme", PRODUCTS, "P1")
    world.failed("acme", PRODUCTS, "P2")

    cause = of_row(api, row)["cause"]

    assert cause["sentence"] == (
        "The target refused the record. The name is too long. 2 rows failed alike."
    )
    assert (cause["evidence"]["attempts"], cause["evidence"]["group"]) == (1, row.fingerprint)


def test_a_row_that_no_worker_takes_says_so_after_a_while(api: Api, world: World) -> None:
    set_up(world)
    row = world.request("acme", PRODUCTS, "P1")
    world.advance(minutes=14)
    at_first = of_row(api, row)["cause"]
    world.advance(minutes=2)
    later = of_row(api, row)["cause"]

    assert at_first["sentence"] == "Waiting for a worker."
    assert later["sentence"] == "Waiting for a worker. No worker took it for too long."
    assert later["remedy"].startswith("See whether Synclog's workers run")


def test_a_row_that_waits_for_a_record_has_that_records_cause(api: Api, world: World) -> None:
    set_up(world)
    needed = world.failed("acme", PRODUCTS, "P1")
    cause = record_cause("product", "P1")
    row = world.held("acme", STOCK, "P1", cause, Reason.NEEDS_RECORD)

    found = of_row(api, row)

    assert names_of(found)[-2:] == ["needed_record", "row"]
    assert found["cause"]["check"] == "needed_record"
    assert found["cause"]["evidence"]["row"] == needed.name.id
    assert found["cause"]["sentence"].startswith("It waits for product P1: The target refused")


def test_of_two_accounts_the_one_that_lacks_the_record_is_named(api: Api, world: World) -> None:
    set_up(world)
    world.connect("acme", "till-2")
    second = f"{PRODUCTS}@till-2"
    world.switch_on("acme", second, price_list="7")
    world.synced("acme", PRODUCTS, "P1")
    needed = world.failed("acme", second, "P1")
    row = world.held("acme", STOCK, "P1", record_cause("product", "P1"), Reason.NEEDS_RECORD)

    assert of_row(api, row)["cause"]["evidence"]["row"] == needed.name.id


def test_a_row_that_waits_for_a_record_nobody_knows_says_so(api: Api, world: World) -> None:
    set_up(world)
    row = world.held("acme", STOCK, "P1", record_cause("product", "P1"), Reason.NEEDS_RECORD)

    cause = of_row(api, row)["cause"]

    assert cause["sentence"] == "It waits for product P1, which was never received."
    assert cause["remedy"].startswith("Import that record")


def test_what_stops_the_flow_goes_before_the_rows_own_reason(api: Api, world: World) -> None:
    set_up(world)
    row = world.held("acme", PRODUCTS, "P1", connection_cause("till"), Reason.CONNECTION_DOWN)
    world.held("acme", STOCK, "P1", connection_cause("till"), Reason.CONNECTION_DOWN)
    refuse(world, "till")

    found = of_row(api, row)

    assert found["cause"]["check"] == "target_connection"
    assert check_of(found, "row")["evidence"]["rows_alike"] == 2


def test_a_synced_row_has_no_cause_and_one_a_rule_left_alone_says_the_rule(
    api: Api, world: World
) -> None:
    set_up(world)
    synced = world.synced("acme", PRODUCTS, "P1")
    row = world.request("acme", PRODUCTS, "P2")
    left = {"status": Status.SYNCED, "reason": None, "outcome": Outcome.NOT_APPLICABLE}
    skipped = world.end(row, **left, detail="It is from before the start date.")

    done, cause = of_row(api, synced), of_row(api, skipped)["cause"]

    assert done["cause"] is None
    assert check_of(done, "row")["sentence"] == (
        "It is synced and was verified at the target, last written at 2026-11-02 09:30 GMT."
    )
    assert cause["sentence"] == "A rule left it alone. It is from before the start date."


def test_a_flow_says_what_is_held_and_what_failed_in_it_alone(api: Api, world: World) -> None:
    set_up(world)
    for record in ("P1", "P2"):
        world.held_by_category("acme", record, "Hats")
    world.held_by_category("acme", "P3", "Shirts")
    world.failed("acme", PRODUCTS, "P4")
    world.failed("acme", STOCK, "P5")
    world.held("acme", STOCK, "P6", flow_cause(STOCK), Reason.FLOW_OFF)

    found = ask(api)

    assert found["cause"]["check"] == "held"
    assert found["cause"]["sentence"].startswith("3 rows wait for 2 things, most of them: ")
    assert [one["rows"] for one in found["cause"]["evidence"]["groups"]] == [2, 1]
    assert check_of(found, "failed")["sentence"].startswith("1 row failed: The target")


def test_rows_that_begin_alike_are_named_where_an_id_is_wrong(api: Api, world: World) -> None:
    set_up(world)
    row = world.synced("acme", PRODUCTS, "P1", order_number="SHOP-1001")
    world.synced("acme", STOCK, "P1", order_number="SHOP-1001")

    cause = ask(api, record="shop-1001")["cause"]

    assert cause["evidence"]["alike"] == [row.name.id]


def test_no_platform_is_asked(api: Api, world: World) -> None:
    set_up(world)
    row = world.failed("acme", PRODUCTS, "P1")
    before = {name: platform.calls for name, platform in world.platforms.items()}

    ask(api)
    ask(api, record="P404")
    of_row(api, row)

    assert {name: platform.calls for name, platform in world.platforms.items()} == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "flow"),
        ({"flow": [PRODUCTS, STOCK]}, "flow"),
        ({"flow": PRODUCTS, "record": "x" * 401}, "record"),
        ({"flow": PRODUCTS, "date": "yesterday"}, "date"),
        ({"flow": PRODUCTS, "date": "10000-01-01"}, "date"),
        ({"flow": PRODUCTS, "date": "0001-01-01T00:00+10:00"}, "date"),
        ({"flow": PRODUCTS, "kind": "product"}, "kind"),
    ],
)
def test_what_does_not_fit_is_named(api: Api, query: dict[str, Any], field: str) -> None:
    answered = api.get(f"{ACME}/diagnosis", **query)

    assert (answered.status, answered.fields) == (422, [field])


def test_what_there_is_not_is_404(api: Api, world: World) -> None:
    def status(path: str, **query: str) -> Answered:
        return api.get(path, **query)

    assert status(f"{ACME}/diagnosis", flow="no-such-flow").status == 404
    assert status(f"{ACME}/diagnosis", flow=f"{ORDERS}@shop-2").status == 404
    assert status(f"{ACME}/logs/{PRODUCTS}.P404/diagnosis").status == 404


def test_a_viewer_may_ask_about_its_own_consumer_alone(api: Api, world: World) -> None:
    viewer = api.using(world.key("acme", Role.VIEWER))
    row = world.failed("bistro", PRODUCTS, "P1")

    assert viewer.get(f"{ACME}/diagnosis", flow=PRODUCTS).status == 200
    assert viewer.get("/v1/consumers/bistro/diagnosis", flow=PRODUCTS).status == 404
    assert viewer.get(f"/v1/consumers/bistro/logs/{row.name.id}/diagnosis").status == 404
    assert world.time == START


@pytest.mark.parametrize("record", ["|" * 400, "\U0001f455" * 400, "a/b %7C", "\x00", " "])
def test_any_text_is_a_record_that_may_not_have_come(api: Api, world: World, record: str) -> None:
    set_up(world)

    assert ask(api, record=record)["cause"]["check"] == "row"
