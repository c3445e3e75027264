"""The pages of executions, and imports by hand."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.domain.log import Execution, ExecutionState, Message, RunType, Trigger
from chalicelib.domain.setup import Role
from tests.app.browsing import Browser, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

ACME = "/console/consumers/acme"
RUNS = f"{ACME}/executions"


def make_run(world: World, id_: str, **more: Any) -> Execution:
    facts = {
        "type": RunType.POLL,
        "flow": ORDERS,
        "trigger": Trigger.SCHEDULE,
        "by": "poll",
        "started_at": world.advance(seconds=1),
        **more,
    }
    run = Execution(id=id_, consumer="acme", **facts)
    assert world.services.log.save_execution(run)
    return run


def ended(world: World, **more: Any) -> dict[str, Any]:
    facts = {"state": ExecutionState.SUCCESS, "ended_at": world.time + timedelta(seconds=91)}
    return {**facts, **more}


def switch_on(world: World, flow: str = ORDERS) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", flow)


def import_now(browser: Browser, **fields: str) -> Seen:
    return browser.submit(browser.get(RUNS).form("Import now"), **fields)


def newest(world: World) -> Execution:
    found = world.services.log.list_executions("acme", limit=1).items
    return found[0]


def test_runs_are_listed_newest_first_with_what_came_of_them(
    browser: Browser, world: World
) -> None:
    counts = {"found": 5, "requested": 5, "done": 5, "synced": 1, "failed": 4}
    make_run(world, "older", **ended(world, state=ExecutionState.ERROR, counts=counts))
    make_run(world, "newer", type=RunType.IMPORT, trigger=Trigger.PERSON, by="Ann", flow=PRODUCTS)

    seen = browser.get(RUNS)

    assert seen.text.index("Import: Products to the till") < seen.text.index("Poll: Orders")
    assert "by Ann" in seen.text
    assert "Running" in seen.text
    assert "4 of 5 failed." in seen.text
    assert seen.link("Poll: Orders to the shop") == f"{RUNS}/older"
    assert seen.link("4") == f"{ACME}/logs?execution=older&status=Failed"
    assert 'data-refresh="5"' in seen.html


def test_a_list_in_which_nothing_runs_stays_as_it_is(browser: Browser, world: World) -> None:
    make_run(world, "one", **ended(world))

    seen = browser.get(RUNS)

    assert "Nothing found." in seen.text
    assert "1 min 30 s" in seen.text
    assert "data-refresh" not in seen.html


def test_a_poll_that_could_not_ask_says_why_in_the_list(browser: Browser, world: World) -> None:
    messages = [Message(at=world.time, text="Till could not be asked.")]
    make_run(world, "one", **ended(world, state=ExecutionState.ERROR, messages=messages))

    seen = browser.get(RUNS)

    assert "Till could not be asked." in seen.text
    assert "Nothing found" not in seen.text


def test_runs_of_one_flow_and_re_syncs_have_tabs(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1")
    make_run(world, "orders", **ended(world))
    make_run(world, "products", **ended(world, flow=PRODUCTS))
    make_run(world, "again", **ended(world, type=RunType.RESYNC, flow=""))
    start = browser.get(RUNS)

    products = browser.get(start.link("Products to the till"))
    resyncs = browser.get(start.link("Re-syncs"))

    assert f"{RUNS}/orders" in [to for _, to in start.links]
    assert products.link("Poll: Products to the till") == f"{RUNS}/products"
    assert "Poll: Orders" not in products.text
    assert resyncs.link("Re-sync: All flows") == f"{ACME}/resyncs/again"
    assert "Poll:" not in resyncs.text
    assert 'aria-current="true">Re-syncs<' in resyncs.html
    assert 'aria-current="true">Products to the till<' in products.html
    assert 'aria-current="true">All<' in start.html
    assert browser.get(f"{RUNS}?flow=no-such").status == 404


def test_without_runs_the_page_says_what_to_do(browser: Browser, world: World) -> None:
    seen = browser.get(RUNS)

    assert "Nothing ran yet" in seen.text
    assert "No flow is on and ready." in seen.text
    assert seen.link("Look at the flows") == f"{ACME}/flows"


def test_older_runs_are_a_page_further(browser: Browser, world: World) -> None:
    for number in range(30):
        make_run(world, f"run-{number:02}", **ended(world))

    first = browser.get(RUNS)
    second = browser.get(first.link("Older"))

    assert f"{RUNS}/run-29" in [to for _, to in first.links]
    assert f"{RUNS}/run-04" in [to for _, to in second.links]
    assert browser.get(f"{RUNS}?cursor=x").status == 422


def test_one_run_shows_counts_messages_and_where_its_rows_are(
    browser: Browser, world: World
) -> None:
    counts = {"found": 9, "requested": 8, "skipped": 1, "done": 8, "synced": 7, "failed": 1}
    messages = [Message(at=world.time, text="The name is too long.", row=f"{ORDERS}.O1")]
    state = ExecutionState.ERROR
    make_run(world, "one", **ended(world, state=state, counts=counts, messages=messages))

    seen = browser.get(f"{RUNS}/one")

    assert "1 of 8 failed." in seen.text
    assert "Found 9" in seen.text
    assert "Skipped 1" in seen.text
    assert seen.link("7") == f"{ACME}/logs?execution=one&status=Synced"
    assert "its list, how they stand now" in seen.text
    assert seen.link("O1") == f"{ACME}/logs/{ORDERS}.O1"
    assert seen.link("Rows of this run") == f"{ACME}/logs?execution=one"
    assert seen.link("Calls made for it") == f"{ACME}/transactions?execution=one"
    assert seen.link("Orders to the shop") == f"{ACME}/flows/{ORDERS}"
    assert "What changed since the poll before" in seen.text
    assert "the schedule (poll)" in seen.text
    assert "data-refresh" not in seen.html


def test_a_run_under_way_shows_how_far_it_is(browser: Browser, world: World) -> None:
    make_run(world, "one", counts={"found": 8, "requested": 8, "done": 2, "synced": 2})

    seen = browser.get(f"{RUNS}/one")

    assert "2 of 8 done." in seen.text
    assert '<progress value="2" max="8"' in seen.html
    assert 'data-refresh="3"' in seen.html


def test_held_rows_are_told_with_those_that_synced(browser: Browser, world: World) -> None:
    counts = {"found": 3, "requested": 3, "done": 3, "synced": 1, "held": 2}
    make_run(world, "one", **ended(world, counts=counts))

    seen = browser.get(f"{RUNS}/one")

    assert "1 of 3 synced, 2 held." in seen.text
    assert seen.link("2") == f"{ACME}/logs?execution=one&status=Pending"


def test_a_re_sync_leads_to_its_own_page(browser: Browser, world: World) -> None:
    make_run(world, "again", type=RunType.RESYNC)

    assert browser.get(f"{RUNS}/again").location == f"{ACME}/resyncs/again"


def test_an_import_of_ids_is_started(browser: Browser, world: World) -> None:
    switch_on(world)

    done = import_now(browser, ids=" S1 \r\n  \r\nS2\r\n")
    seen = browser.follow(done)

    run = newest(world)
    rows = world.services.log.list_execution_rows("acme", run.id, limit=10, cursor=None).items
    assert done.location == f"{RUNS}/{run.id}"
    assert "The import has begun." in seen.text
    assert "Import: Orders to the shop" in seen.text
    assert "2 records given by id" in seen.text
    assert (run.flow, run.by) == (ORDERS, "admin of the operator")
    assert sorted(row.record for row in rows) == ["S1", "S2"]


def test_an_import_of_days_has_them_in_the_merchants_zone(browser: Browser, world: World) -> None:
    world.add_consumer("tokyo", time_zone="Asia/Tokyo")
    world.connect("tokyo", "shop", "till")
    world.switch_on("tokyo", ORDERS)
    world.advance(days=3)
    browser.sign_in(world.key())  # the session is over
    form = browser.get(RUNS.replace("acme", "tokyo")).form("Import now")

    seen = browser.follow(browser.submit(form, since="2026-11-03", until="2026-11-04"))

    [run] = world.services.log.list_executions("tokyo", limit=10).items
    assert run.spec["from"] == "2026-11-02T15:00:00+00:00"
    assert run.spec["to"] == "2026-11-04T15:00:00+00:00"
    assert "from Tue 3 Nov 2026, 00:00:00 JST to Thu 5 Nov 2026, 00:00:00 JST" in seen.text


@pytest.mark.parametrize("until", ["", "2026-11-02", "2026-12-24"])
def test_an_import_ends_now_at_the_latest(browser: Browser, world: World, until: str) -> None:
    switch_on(world)
    import_now(browser, since="2026-11-02", until=until)

    assert newest(world).spec["to"].startswith("2026-11-02T09:30")


def test_an_import_that_runs_is_named_with_a_link(browser: Browser, world: World) -> None:
    switch_on(world)
    import_now(browser, ids="S1")
    first = newest(world)

    seen = import_now(browser, ids="S2")

    assert seen.status == 409
    assert "An import of this flow is running." in seen.text
    assert seen.link("Look at the import that runs") == f"{RUNS}/{first.id}"
    assert seen.form("Import now").fields["ids"] == ["S2"]
    assert newest(world) == first


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Say from which day, or give ids below."),
        ({"until": "2026-11-01"}, "Say from which day, or give ids below."),
        ({"ids": "S1", "since": "2026-11-01"}, "Give days or ids, not both."),
        ({"since": "soon"}, "Give a day, such as 2026-11-01."),
        ({"since": "2026-11-02", "until": "2026-11-99"}, "Give a day, such as 2026-11-01."),
        ({"since": "2026-11-03", "until": "2026-11-01"}, "swap from and to"),
        ({"ids": "S1", "flow": ""}, "Choose a flow."),
        ({"ids": "S1", "flow": "no-such"}, "There is no such flow."),
        ({"ids": "S1", "flow": PRODUCTS}, "switch"),
        ({"ids": "S" * 201}, "Give ids of 1 to 200 characters."),
    ],
)
def test_an_import_that_does_not_fit_is_said_and_what_was_typed_stays(
    browser: Browser, world: World, typed: dict[str, str], said: str
) -> None:
    switch_on(world)

    seen = import_now(browser, **typed)

    assert seen.status == 422
    assert said in seen.text
    assert "The import was not started." in seen.text
    fields = seen.form("Import now").fields
    for name, value in typed.items():
        assert fields[name] == [value]
    assert world.services.log.list_executions("acme", limit=1).items == []


def test_the_only_flow_that_can_run_is_chosen_already(browser: Browser, world: World) -> None:
    switch_on(world)
    assert browser.get(RUNS).form("Import now").fields["flow"] == [ORDERS]

    world.switch_on("acme", PRODUCTS, price_list="7")
    assert browser.get(RUNS).form("Import now").fields["flow"] == [""]
    chosen = browser.get(f"{RUNS}?flow={PRODUCTS}").form("Import now")
    assert chosen.fields["flow"] == [PRODUCTS]


def test_a_viewer_sees_runs_and_starts_none(browser: Browser, world: World) -> None:
    switch_on(world)
    make_run(world, "one", **ended(world))
    viewer = signed_in(world, "acme", Role.VIEWER)

    seen = viewer.get(RUNS)
    word = seen.form("Sign out").fields["word"][0]
    body = urlencode({"word": word, "flow": ORDERS, "ids": "S1"})

    assert [form.buttons for form in seen.forms] == [["Find it"], ["Sign out"]]
    assert "Import now" not in seen.text
    assert viewer.get(f"{RUNS}/one").status == 200
    assert viewer.post(RUNS, body).status == 403
    assert newest(world).id == "one"


def test_a_key_of_another_consumer_finds_nothing(browser: Browser, world: World) -> None:
    make_run(world, "one")
    stranger = signed_in(world, "bistro", Role.ADMIN)

    assert stranger.get(RUNS).status == 404
    assert stranger.get(f"{RUNS}/one").status == 404
    assert stranger.get("/console/consumers/bistro/executions/one").status == 404
    assert browser.get(f"{RUNS}/no-such").status == 404


def test_pages_full_of_hostile_texts_stay_small_and_harmless(
    browser: Browser, world: World
) -> None:
    evil = "<script>alert(1)</script>" * 20
    messages = [
        Message(at=world.time, text=f"{evil}", row=f"{ORDERS}.{'<' * 80}{number}")
        for number in range(100)
    ]
    for number in range(30):
        facts = {"by": evil, "messages": messages, "trigger": Trigger.PERSON}
        make_run(world, f"run-{number}", **ended(world, state=ExecutionState.ERROR, **facts))

    for address in (RUNS, f"{RUNS}/run-0"):
        seen = browser.get(address)
        assert "<script>alert" not in seen.html
        assert "<script>alert(1)</script>" in seen.text
        assert len(seen.html.encode()) < 50_000
    assert "70 messages more" in browser.get(f"{RUNS}/run-0").text
