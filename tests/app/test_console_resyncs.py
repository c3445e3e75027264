"""The pages of bulk re-syncs."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from app import app
from chalicelib.domain.log import Execution, ExecutionState, Message, RunType, Trigger
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Status
from chalicelib.flows import runs
from chalicelib.flows.bulk import continue_resync
from tests.app.browsing import Browser, Seen
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

ACME = "/console/consumers/acme"
NEW = f"{ACME}/resyncs/new"


def start(browser: Browser, query: str = "kind=product") -> Seen:
    """Press the button of the page that asks first."""
    page = browser.get(f"{NEW}?{query}")
    [form] = [one for one in page.forms if one.action == f"{ACME}/resyncs"]
    return browser.submit(form)


def read_run(world: World, address: str) -> Execution:
    run = world.services.log.read_execution("acme", address.rpartition("/")[2])
    assert run is not None
    return run


def go_on(world: World, address: str) -> None:
    """Let the background request what is left."""
    world.advance(seconds=1)
    until = world.time + timedelta(seconds=30)
    continue_resync(world.services, read_run(world, address), until=until)


def row_of(world: World, flow: str, record: str) -> Row:
    [row] = world.services.log.read_rows([RowName(consumer="acme", flow=flow, record=record)])
    assert row is not None
    return row


def failed_products(world: World, count: int) -> None:
    for number in range(count):
        world.failed("acme", PRODUCTS, f"P{number}")


def test_the_page_before_says_how_many_and_which(browser: Browser, world: World) -> None:
    failed_products(world, 3)
    world.failed("acme", STOCK, "P1")
    world.synced("acme", PRODUCTS, "P9")

    seen = browser.get(f"{NEW}?kind=product")

    assert "3 rows" in seen.text
    assert "Log Product" in seen.text
    assert "Status Failed" in seen.text
    assert seen.form("Re-sync 3 rows").fields["kind"] == ["product"]
    assert seen.form("Re-sync 3 rows").fields["status"] == ["Failed"]
    assert seen.link("Back to the logs") == f"{ACME}/logs?kind=product&status=Failed"


def test_the_page_before_starts_nothing(browser: Browser, world: World) -> None:
    failed_products(world, 1)
    browser.get(f"{NEW}?kind=product")

    assert world.services.log.list_executions("acme", limit=10).items == []


def test_a_re_sync_requests_the_whole_filter_and_nothing_else(
    browser: Browser, world: World
) -> None:
    failed_products(world, 2)
    world.failed("acme", STOCK, "P1")

    started = start(browser)
    go_on(world, started.location)

    assert started.status == 303
    assert row_of(world, PRODUCTS, "P0").status is Status.PENDING
    assert row_of(world, PRODUCTS, "P1").status is Status.PENDING
    assert row_of(world, STOCK, "P1").status is Status.FAILED


def test_the_buttons_of_the_logs_lead_to_the_progress(browser: Browser, world: World) -> None:
    failed_products(world, 2)
    form = browser.get(f"{ACME}/logs?kind=product").form("Re-sync all 2 failed")

    seen = browser.follow(browser.submit(form))

    assert seen.status == 200
    assert "Running" in seen.text
    assert 'data-refresh="' in seen.html


def test_progress_counts_what_is_done_and_the_result_stays(browser: Browser, world: World) -> None:
    failed_products(world, 3)
    address = start(browser).location
    assert "Looking for what to sync." in browser.get(address).text
    go_on(world, address)
    assert "3 rows requested, none done yet." in browser.get(address).text

    world.end(row_of(world, PRODUCTS, "P0"), status=Status.SYNCED, synced_at=world.time)
    runs.watch(world.services, read_run(world, address))
    half = browser.get(address)
    assert "1 of 3 done." in half.text
    assert '<progress value="1" max="3"' in half.html

    world.end(row_of(world, PRODUCTS, "P1"), status=Status.SYNCED, synced_at=world.time)
    world.failed("acme", PRODUCTS, "P2")
    world.advance(minutes=1)
    runs.watch(world.services, read_run(world, address))

    seen = browser.get(address)
    assert "1 of 3 failed." in seen.text
    assert "Cancel this re-sync" not in seen.text
    assert "data-refresh" not in seen.html
    assert "Started by admin of the operator" in seen.text
    id_ = address.rpartition("/")[2]
    assert f"{ACME}/logs?execution={id_}&status=Failed" in [to for _, to in seen.links]
    assert seen.link("P2") == f"{ACME}/logs/{PRODUCTS}.P2"


def test_a_re_sync_is_cancelled_while_it_runs(browser: Browser, world: World) -> None:
    failed_products(world, 1)
    address = start(browser).location

    form = browser.get(address).form("Cancel this re-sync")
    seen = browser.follow(browser.submit(form))
    again = browser.follow(browser.submit(form))

    assert read_run(world, address).state is ExecutionState.CANCELLED
    assert "Stopped. Rows that were requested already are still synced." in seen.text
    assert "Cancelled" in seen.text
    assert "It has ended already." in again.text
    assert row_of(world, PRODUCTS, "P0").status is Status.FAILED


def test_two_clicks_request_each_row_once_and_the_second_run_says_so(
    browser: Browser, world: World
) -> None:
    failed_products(world, 2)
    page = browser.get(f"{NEW}?kind=product")
    first = browser.submit(page.form("Re-sync 2 rows"))
    second = browser.submit(page.form("Re-sync 2 rows"))
    go_on(world, first.location)
    go_on(world, second.location)

    assert read_run(world, first.location).counts["requested"] == 2
    assert "There was nothing left to sync" in browser.get(second.location).text
    assert "Success" in browser.get(second.location).text


def test_nothing_to_sync_is_said_and_has_no_button(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1")

    seen = browser.get(f"{NEW}?kind=product")

    assert "No row fits this filter" in seen.text
    assert f"{ACME}/resyncs" not in [form.action for form in seen.forms]


def post(browser: Browser, **fields: str) -> Seen:
    word = browser.get(f"{ACME}/logs").forms[0].fields["word"][0]
    return browser.post(f"{ACME}/resyncs", urlencode({**fields, "word": word}))


def test_a_filter_that_no_flow_has_starts_nothing(browser: Browser, world: World) -> None:
    seen = post(browser, kind="refund")

    assert seen.status == 422
    assert "No flow of this consumer matches the filter." in seen.text
    assert world.services.log.list_executions("acme", limit=10).items == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "inventory"), ("since", "soon"), ("from", "late"), ("q", "ab"), ("code", "9")],
)
def test_a_filter_that_does_not_fit_is_named_and_starts_nothing(
    browser: Browser, world: World, name: str, value: str
) -> None:
    failed_products(world, 1)

    for seen in (browser.get(f"{NEW}?{name}={value}"), post(browser, **{name: value})):
        assert seen.status == 422
        assert f"{name}: Give" in seen.text
    assert world.services.log.list_executions("acme", limit=10).items == []


def test_days_are_those_of_the_merchant(browser: Browser, world: World) -> None:
    failed_products(world, 1)

    assert "1 row" in browser.get(f"{NEW}?since=2026-11-02&until=2026-11-02").text
    assert "No row fits" in browser.get(f"{NEW}?until=2026-11-01").text
    seen = browser.follow(start(browser, "since=2026-11-02"))
    assert "From Mon 2 Nov 2026, 00:00:00 GMT" in seen.text


def test_the_filter_of_a_run_is_told_in_words(browser: Browser, world: World) -> None:
    world.held_by_category("acme", "P1", "<b>Hats</b>")
    cause = row_of(world, PRODUCTS, "P1").cause or ""
    query = urlencode({"cause": cause, "status": "Pending"})

    before = browser.get(f"{NEW}?{query}")
    seen = browser.follow(start(browser, query))

    for page in (before, seen):
        assert "an answer for <b>Hats</b> in category, Products to the till" in page.text
        assert "<b>Hats" not in page.html


def test_a_viewer_watches_and_cannot_start_or_stop(browser: Browser, world: World) -> None:
    failed_products(world, 1)
    address = start(browser).location
    form = browser.get(address).form("Cancel this re-sync")
    viewer = Browser(app)
    viewer.sign_in(world.key("acme", Role.VIEWER))

    seen = viewer.get(address)
    word = seen.form("Sign out").fields["word"][0]

    assert seen.status == 200
    assert "Cancel" not in seen.text
    assert viewer.get(f"{NEW}?kind=product").status == 403
    assert viewer.post(f"{ACME}/resyncs", urlencode({"word": word})).status == 403
    assert viewer.post(form.action, urlencode({"word": word})).status == 403
    assert read_run(world, address).state is ExecutionState.RUNNING


def test_a_key_of_another_consumer_finds_nothing(browser: Browser, world: World) -> None:
    failed_products(world, 1)
    address = start(browser).location
    stranger = Browser(app)
    stranger.sign_in(world.key("bistro", Role.ADMIN))

    assert stranger.get(address).status == 404
    assert stranger.get(f"{NEW}?kind=product").status == 404
    assert stranger.get(address.replace("acme", "bistro")).status == 404
    word = stranger.get("/console/consumers/bistro/logs").forms[0].fields["word"][0]
    assert stranger.post(f"{address}/cancel", urlencode({"word": word})).status == 404
    assert read_run(world, address).state is ExecutionState.RUNNING


def test_a_run_that_is_no_re_sync_has_no_such_page(browser: Browser, world: World) -> None:
    run = make_run(world, type=RunType.POLL)

    assert browser.get(f"{ACME}/resyncs/{run.id}").status == 404
    assert browser.get(f"{ACME}/resyncs/no-such").status == 404
    assert browser.get(f"{ACME}/resyncs").location == f"{ACME}/executions?type=resync"


def test_a_result_with_many_long_messages_is_a_small_page(browser: Browser, world: World) -> None:
    evil = "<script>alert(1)</script>" * 20
    messages = [
        Message(at=world.time, text=evil, row=f"{PRODUCTS}.{'P' * 150}{number}")
        for number in range(100)
    ]
    counts = {"found": 100, "requested": 100, "done": 100, "failed": 100}
    run = make_run(world, state=ExecutionState.ERROR, messages=messages, counts=counts, by=evil)

    seen = browser.get(f"{ACME}/resyncs/{run.id}")

    assert "<script>alert" not in seen.html
    assert "70 messages more" in seen.text
    assert len(seen.html.encode()) < 50_000


def make_run(world: World, **more: object) -> Execution:
    facts = {"type": RunType.RESYNC, "flow": ORDERS, "by": "a person", **more}
    run = Execution(
        id=f"run-{world.services.new_id()}",
        consumer="acme",
        trigger=Trigger.PERSON,
        started_at=world.advance(seconds=1),
        **facts,  # type: ignore[arg-type]  # what a test says of a run
    )
    assert world.services.log.save_execution(run)
    return run
