"""The overview of a consumer: what needs a person, flows, connections, the last seven days."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.causes import rate_cause, record_cause
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Outcome, Status
from chalicelib.flows.setup.consumers import change_consumer
from tests.app.asking import Api
from tests.app.browsing import Browser, Form, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import FLOWS, ORDERS, PRODUCTS, STOCK

HOME = "/console/consumers/acme"


def set_up(world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7")


def line_of(seen: Seen, label: str) -> str:
    """Return the words of a flow's line."""
    table = seen.html.partition('id="flow-lines"')[2].partition("</table>")[0]
    lines = [re.sub(r"<[^>]*>", " ", line) for line in table.split("<tr>")[1:]]
    return next(" ".join(line.split()) for line in lines if label in line)


def resyncs_of(seen: Seen) -> list[Form]:
    return [form for form in seen.forms if form.action.endswith("/acme/resyncs")]


def rows_of(seen: Seen) -> int:
    return seen.html.count('<th scope="row"')


def test_consumer_is_named_with_its_id_to_copy(browser: Browser) -> None:
    seen = browser.get(HOME)
    assert seen.status == 200
    assert "Consumer acme · times in Europe/London" in seen.text
    assert 'data-copy="acme"' in seen.html.partition("<main")[2]


def test_new_consumer_is_told_the_steps(browser: Browser, world: World) -> None:
    seen = browser.get(HOME)
    assert "To do 1. Connect both accounts" in seen.text
    assert "To do 2. Set up a flow" in seen.text
    assert "To do 3. Switch it on" in seen.text
    assert "Nothing needs you" not in seen.text
    assert "Last Execution" not in seen.text
    assert seen.link("Switch a flow on") == f"{HOME}/flows"


def test_steps_that_are_done_say_so_and_all_go_once_a_flow_is_on(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till")
    seen = browser.get(HOME)
    assert "Done 1. Connect both accounts" in seen.text
    assert "To do 3. Switch it on" in seen.text
    world.switch_on("acme", PRODUCTS, price_list="7")
    assert "Three steps" not in browser.get(HOME).text


def test_flow_that_is_on_and_not_ready_stands_out_with_what_is_missing(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop")
    world.switch_on("acme", PRODUCTS)
    seen = browser.get(HOME)
    alarm = seen.html.partition('class="problem"')[2].partition("</p>")[0]
    assert "Products to the till is on and runs nothing." in alarm
    assert "Connect Till" in alarm
    assert seen.link("Open the flow") == f"{HOME}/flows/{PRODUCTS}"
    assert "Nothing needs you" not in seen.text
    assert "Mend what is said above" in seen.text
    assert "On, not ready" in line_of(seen, "Products to the till")
    assert "Fill in the setting Price list" in line_of(seen, "Products to the till")


def test_flow_line_says_switch_and_when_it_last_ran(
    browser: Browser, api: Api, world: World
) -> None:
    set_up(world)
    line = line_of(browser.get(HOME), "Products to the till")
    assert "On, ready – never ran due now – no rows – nothing waits" in line
    started = api.post(f"/v1/consumers/acme/flows/{PRODUCTS}/executions", {"ids": ["P1"]})
    assert started.status == 202
    world.advance(minutes=3)
    seen = browser.get(HOME)
    assert "On, ready 3 minutes ago Running" in line_of(seen, "Products to the till")
    assert seen.link("3 minutes ago") == f"{HOME}/executions/{started.json['id']}"
    assert 'data-refresh="5"' in seen.html


def test_flow_line_says_when_changes_are_asked_for(browser: Browser, world: World) -> None:
    set_up(world)
    asked, then = world.time - timedelta(minutes=2), world.time + timedelta(minutes=3)
    begun = world.services.registry.read_poll("acme", PRODUCTS)
    assert begun is not None
    polled = replace(begun, finished_at=asked, next_at=then)
    assert world.services.registry.save(Change(puts=[polled]))
    line = line_of(browser.get(HOME), "Products to the till")
    assert "last looked 2 minutes ago in 3 minutes" in line


def test_flow_without_polls_runs_as_changes_come_in(browser: Browser, world: World) -> None:
    set_up(world)
    unpolled = {**FLOWS, PRODUCTS: replace(FLOWS[PRODUCTS], poll_every_s=None)}
    with wiring.use(replace(world.services, flows=unpolled), world.settings):
        seen = browser.get(HOME)
    assert "as changes come in" in line_of(seen, "Products to the till")


def test_flow_that_is_off_and_was_used_stays_and_others_are_a_page_away(
    browser: Browser, world: World
) -> None:
    set_up(world)
    world.synced("acme", ORDERS, "SALE1")
    seen = browser.get(HOME)
    assert "Off" in line_of(seen, "Orders to the shop")
    assert "Stock to the till" not in seen.text
    assert seen.link("See 1 more flow that can be set up") == f"{HOME}/flows"


def test_counts_of_a_flow_lead_to_exactly_their_rows(browser: Browser, world: World) -> None:
    for number in range(4):
        world.synced("acme", STOCK, f"S{number}")
    for number in range(3):
        row = world.request("acme", STOCK, f"A{number}")
        world.end(row, status=Status.SYNCED, reason=None, outcome=Outcome.NOT_APPLICABLE)
    world.failed("acme", STOCK, "F1")
    world.request("acme", STOCK, "W1")
    world.request("acme", STOCK, "W2")
    world.failed("acme", PRODUCTS, "F1")
    seen = browser.get(HOME)
    line = line_of(seen, "Stock to the till")
    assert "4 Synced 3 Not applicable 2 Pending 1 Failed" in line
    for said in ("4 Synced", "3 Not applicable", "2 Pending"):
        assert rows_of(browser.get(seen.link(said))) == int(said[0]), said


def test_oldest_waiting_row_is_named_and_leads_to_those_that_wait(
    browser: Browser, world: World
) -> None:
    world.request("acme", ORDERS, "SALE1")
    world.advance(minutes=40)
    world.request("acme", ORDERS, "SALE2")
    world.synced("acme", ORDERS, "SALE3")
    seen = browser.get(HOME)
    assert rows_of(browser.get(seen.link("40 minutes ago"))) == 2


def test_what_needs_a_person_comes_first_with_its_mend(browser: Browser, world: World) -> None:
    for number in range(3):
        world.held_by_category("acme", f"P{number}", "Hats")
    for number in range(2):
        world.failed("acme", PRODUCTS, f"F{number}")
    world.held("acme", STOCK, "S1", record_cause("product", "P1"), Reason.NEEDS_RECORD)
    world.held("acme", STOCK, "S2", rate_cause("till", 1, 0), Reason.THROTTLED)
    seen = browser.get(HOME)
    assert seen.link("Open the mapping").startswith(f"{HOME}/mappings/{PRODUCTS}/category")
    [form] = resyncs_of(seen)
    assert form.buttons == ["Re-sync these 2"]
    assert seen.html.index("value=Hats") < seen.html.index("The name is too long.")
    assert "Look at that record" not in seen.text
    assert rows_of(browser.get(seen.link("3 rows"))) == 3


def test_five_largest_groups_are_shown_and_the_rest_counted(browser: Browser, world: World) -> None:
    for number in range(7):
        for turn in range(number + 1):
            world.held_by_category("acme", f"P{number}-{turn}", f"Category {number}")
    seen = browser.get(HOME)
    values = re.findall(r"value=Category\+(\d)", seen.html)
    assert values == ["6", "5", "4", "3", "2"]
    assert seen.link("See 2 more groups") == f"{HOME}/groups"


def test_nothing_to_do_is_said(browser: Browser, world: World) -> None:
    set_up(world)
    assert "Nothing needs you." in browser.get(HOME).text


def test_viewer_sees_all_of_it_and_no_button(world: World) -> None:
    world.failed("acme", PRODUCTS, "P1")
    seen = signed_in(world, "acme", Role.VIEWER).get(HOME)
    assert (seen.status, "The name is too long." in seen.text) == (200, True)
    assert resyncs_of(seen) == []


def test_connection_that_is_down_is_said_above_all_and_in_its_place(
    browser: Browser, api: Api, world: World
) -> None:
    set_up(world)
    assert browser.get(HOME).text.count("unchecked") == 2
    world.platforms["till"].knows = "another-token"
    api.post("/v1/consumers/acme/connections/till/check")
    api.post("/v1/consumers/acme/connections/shop/check")
    seen = browser.get(HOME)
    alarm = seen.html.partition('class="problem"')[2].partition("</p>")[0]
    assert "The connection Till is down." in alarm
    assert "On, stopped A connection is down." in line_of(seen, "Products to the till")
    assert "The token was refused." in alarm
    assert seen.link("Open the connection") == f"{HOME}/connections/till"
    assert "Shop healthy" in seen.text
    assert "Till down" in seen.text
    assert "good-token" not in seen.html


def test_chart_counts_a_week_by_status_and_its_numbers_lead_to_rows(
    browser: Browser, world: World
) -> None:
    for number in range(2):
        row = world.request("acme", STOCK, f"A{number}")
        world.end(row, status=Status.SYNCED, reason=None, outcome=Outcome.NOT_APPLICABLE)
    world.failed("acme", PRODUCTS, "P1")
    for number in range(3):
        world.synced("acme", PRODUCTS, f"S{number}")
    seen = browser.get(HOME)
    assert "<title>Mon 2 Nov: 3 Synced, 2 Not applicable, 1 Failed</title>" in seen.html
    assert "Synced 3 Not applicable 2 Failed 1" in seen.text
    assert "Mon 2 Nov 3 2 1" in seen.text
    numbers = re.findall(r'href="([^"]*since[^"]*)"[^>]*>(\d+)<', seen.html)
    assert len(numbers) == 6
    for address, said in numbers:
        assert rows_of(browser.get(address.replace("&amp;", "&"))) == int(said)


def test_page_updates_itself_only_while_something_is_on_its_way(
    browser: Browser, world: World
) -> None:
    world.synced("acme", PRODUCTS, "P1")
    assert "data-refresh" not in browser.get(HOME).html
    row = world.request("acme", PRODUCTS, "P2")
    world.end(row, status=Status.PROCESSING, reason=Reason.AWAITING_TARGET)
    assert 'data-refresh="5"' in browser.get(HOME).html


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "قميص " * 20, "🧦" * 100],
    ids=["markup", "arabic", "emoji"],
)
def test_any_name_is_text(browser: Browser, world: World, name: str) -> None:
    change_consumer(world.services, "acme", name=name, time_zone=None, by="the test")
    world.held_by_category("acme", "P1", name)
    seen = browser.get(HOME)
    assert seen.status == 200
    assert "<script>alert" not in seen.html
    assert name.strip()[:60] in seen.text


def test_busy_week_keeps_the_page_below_50_kb(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    for _ in range(7):
        for flow in (PRODUCTS, STOCK, ORDERS):
            for number in range(6):
                at = f"{world.time:%d}-{number}"
                ends: dict[str, Any] = {"status": list(Status)[number % 4]}
                if number > 3:
                    ends = {"status": Status.SYNCED, "outcome": Outcome.NOT_APPLICABLE}
                world.end(world.request("acme", flow, at), **ends)
            world.held_by_category("acme", f"{world.time:%d}", "Long category " * 10)
        world.advance(days=1)
    world.advance(days=-1)
    browser.sign_in(world.key())
    assert len(browser.get(HOME).html.encode()) < 50_000


def test_key_of_another_consumer_finds_nothing(world: World) -> None:
    assert signed_in(world, "bistro", Role.ADMIN).get(HOME).status == 404
