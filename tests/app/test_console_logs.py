"""The pages of the logs: what they show, find and do."""

import re
from typing import Any

import pytest

from app import app
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Kind, Outcome, Status
from tests.app.browsing import HOSTILE, Browser, Seen
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

LOGS = "/console/consumers/acme/logs"
POUNDS = {"amount": "58.71", "currency": "GBP"}


def viewer(world: World) -> Browser:
    browser = Browser(app)
    browser.sign_in(world.key("acme", Role.VIEWER))
    return browser


def rows_shown(seen: Seen) -> int:
    return seen.html.count("<tr>") - 1


def test_each_row_has_a_link_that_says_view(world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1", name="Shirt")
    assert viewer(world).get(LOGS).link("View") == f"{LOGS}/{row.name.id}"


# finding a record


def test_a_record_is_found_from_every_page_but_the_log_which_has_its_own_search(
    browser: Browser, world: World
) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="shirt-1")
    form = browser.get("/console/consumers/acme").form("Find it")
    found = browser.submit(form, q="shirt")
    assert rows_shown(found) == 1
    assert "Find it" not in {button for form in found.forms for button in form.buttons}
    assert found.html.count('type="search"') == 1
    assert "Find it" not in {
        button for form in browser.get("/console/consumers").forms for button in form.buttons
    }


def test_the_search_of_every_page_has_an_id_of_its_own(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    html = browser.get(f"/console/consumers/acme/mappings/{PRODUCTS}/category").html
    ids = re.findall(r' id="([^"]*)"', html)
    assert html.count('type="search"') == 2
    assert sorted(ids) == sorted(set(ids))


def test_a_record_that_is_not_found_can_be_asked_about(browser: Browser, world: World) -> None:
    world.synced("acme", ORDERS, "S1", order_id="S1", total=POUNDS)
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    seen = browser.get(f"{LOGS}?q=A%26B-1&kind=order")
    asked = browser.get(seen.link("Ask why it is not there"))
    assert asked.status == 200
    assert asked.form("Find out").fields == {"flow": [ORDERS], "record": ["A&B-1"], "date": [""]}
    asked = browser.get(browser.get(f"{LOGS}?q=A%26B-1").link("Ask why it is not there"))
    assert asked.status == 200
    assert asked.form("Find out").fields == {"flow": [""], "record": ["A&B-1"], "date": [""]}
    assert "Ask why it is not there" not in browser.get(f"{LOGS}?status=Failed").text


# what a list shows


def test_a_failed_row_says_why_in_the_list(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1")
    seen = browser.get(f"{LOGS}?kind=product")
    assert "The target refused the record. The name is too long." in seen.text
    assert "SH-1" in seen.text


def test_a_row_that_waits_leads_to_what_mends_it(browser: Browser, world: World) -> None:
    world.held_by_category("acme", "P1", "Hats & caps", name="Cap")
    seen = browser.get(f"{LOGS}?kind=product&status=Pending")
    assert (
        f"/console/consumers/acme/mappings/{PRODUCTS}/category?value=Hats+%26+caps#waiting"
        in seen.html.replace("&amp;", "&")
    )


def test_each_log_has_the_columns_merchants_know(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1", source="Shop")
    world.synced("acme", ORDERS, "S1", order_id="S1", target_order_id="SO-7", total=POUNDS)
    products = browser.get(f"{LOGS}?kind=product").text
    for label in ("Product name", "SKU", "Source", "Last updated on Till", "Received", "Attempts"):
        assert label in products
    orders = browser.get(f"{LOGS}?kind=order").text
    for text in ("Order ID", "Shop SO ID", "Order total", "SO-7", "58.71 GBP"):
        assert text in orders


def test_the_menu_has_the_logs_of_the_consumers_flows_alone(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt")
    seen = browser.get(LOGS)
    labels = [text for text, address in seen.links if "/logs?kind=" in address]
    assert [text.partition(" ")[0] for text in labels[:1]] == ["Products"]
    assert "Inventory" not in seen.text.partition("Set-up")[0]
    assert browser.get(f"{LOGS}?kind=stock").text.count("Inventory Logs") == 2  # title, heading


def test_a_name_is_shown_as_text_whatever_it_holds(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name=HOSTILE, sku='"><img src=x onerror=alert(1)>')
    html = browser.get(LOGS).html + browser.get(f"{LOGS}?kind=product").html
    assert HOSTILE not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_log_of_all_kinds_says_of_each_what_it_is(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    world.synced("acme", ORDERS, "S1", order_id="S1", total=POUNDS)
    text = browser.get(LOGS).text
    assert "Shirt P1 Product" in text
    assert "S1 58.71 GBP Order" in text


def test_what_a_rule_left_alone_is_not_just_synced(browser: Browser, world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1", columns={"name": "Shirt"})
    left = {"outcome": Outcome.NOT_APPLICABLE, "detail": "No SKU."}
    world.end(row, status=Status.SYNCED, reason=None, **left)
    seen = browser.get(LOGS)
    assert "There is nothing to do. No SKU." in seen.text
    assert '<span class="st synced">' not in seen.html


def test_a_synced_row_shows_what_it_remarks_and_no_more(browser: Browser, world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1", columns={"name": "Shirt"})
    ended = {"outcome": Outcome.UPDATED, "detail": "It is hidden there: it was archived."}
    world.end(row, status=Status.SYNCED, reason=None, **ended)
    assert "Synced It is hidden there: it was archived." in browser.get(LOGS).text


def test_rows_of_one_record_at_two_shops_say_which(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till", "till-2")
    for flow in (PRODUCTS, f"{PRODUCTS}@till-2"):
        world.switch_on("acme", flow, price_list="7")
        world.synced("acme", flow, "P1", name="Shirt", sku="SH-1", source="Shop")
    products = browser.get(f"{LOGS}?kind=product").text

    assert "Source To Status Last updated there" in products
    assert "SH-1 Shop Till Synced" in products
    assert "SH-1 Shop Till (till-2) Synced" in products
    assert "Product Shop → Till (till-2) Synced" in browser.get(LOGS).text


def test_a_column_of_two_shops_can_be_left_out(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till", "till-2")
    for flow in (PRODUCTS, f"{PRODUCTS}@till-2"):
        world.switch_on("acme", flow, price_list="7")
        world.synced("acme", flow, "P1", name="Shirt")
    kept = ("sku", "source", "synced_at", "received_at", "updated_at", "attempts", "code")
    asked = f"{LOGS}?kind=product&ticked_of=product&" + "&".join(f"columns={one}" for one in kept)
    text = browser.follow(browser.get(asked)).text
    assert "Source Status Last updated there" in text


# empty, wrong, short


def test_an_empty_log_says_what_to_do(browser: Browser) -> None:
    assert "Nothing has arrived yet" in browser.get(LOGS).text


def test_filters_that_hide_everything_can_be_taken_away(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    seen = browser.get(f"{LOGS}?kind=product&status=Failed&q=nothing")
    assert "No row fits these filters" in seen.text
    assert seen.link("Show all") == f"{LOGS}?kind=product"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("q=ab", "q: Give 3 to 200 characters"),
        ("kind=shoe", "kind: Give one of: product"),
        ("code=999", "code: Give an HTTP status"),
        ("since=yesterday", "since: Give a day"),
        ("until=9999-12-31", "until: Give a day"),
        ("cursor=nonsense", "This page of the list is no more."),
        ("reason=bad&status=Odd", "reason: Give one of"),
    ],
)
def test_a_filter_that_cannot_be_used_is_said_beside_the_others(
    browser: Browser, world: World, query: str, says: str
) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    seen = browser.get(f"{LOGS}?{query}")
    assert (seen.status, says in seen.text) == (200, True)
    assert rows_shown(seen) <= 0


def test_unknown_parameters_change_nothing(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    assert rows_shown(browser.get(f"{LOGS}?utm_source=mail&limit=1")) == 1


# filters


def test_two_kinds_are_the_union_of_both(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Shirt")
    world.synced("acme", ORDERS, "S1", order_id="S1")
    seen = browser.get(f"{LOGS}?kind=product&kind=order")
    assert rows_shown(seen) == 2
    form = seen.form("Search")
    assert sorted(form.fields["kind"]) == ["order", "product"]


def test_days_are_those_of_the_merchant(browser: Browser, world: World) -> None:
    world.synced("acme", ORDERS, "S1", order_id="S1")
    assert rows_shown(browser.get(f"{LOGS}?since=2026-11-02&until=2026-11-02")) == 1
    assert rows_shown(browser.get(f"{LOGS}?since=2026-11-03")) <= 0
    assert rows_shown(browser.get(f"{LOGS}?until=2026-11-01")) <= 0


def test_a_search_keeps_the_status_one_looks_at(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SHIRT-1")
    world.synced("acme", PRODUCTS, "P2", name="Shirt", sku="SHIRT-2")
    search = browser.get(f"{LOGS}?status=Failed").form("Search")
    seen = browser.follow(browser.submit(search, q="shirt"))
    assert rows_shown(seen) == 1
    assert "SHIRT-1" in browser.get(f"{LOGS}?kind=product&status=Failed&q=shirt").text


def test_tabs_count_what_they_show(browser: Browser, world: World) -> None:
    for number in range(3):
        world.failed("acme", PRODUCTS, f"P{number}", name="Shirt")
    world.synced("acme", PRODUCTS, "P9", name="Shirt")
    seen = browser.get(f"{LOGS}?kind=product")
    assert rows_shown(browser.get(seen.link("Failed 3"))) == 3
    assert rows_shown(browser.get(seen.link("All 4"))) == 4


def test_chosen_columns_stay_with_the_filters(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1")
    seen = browser.get(f"{LOGS}?kind=product&columns=sku")
    table = seen.html.partition("<thead>")[2].partition("</thead>")[0]
    assert [label for label in ("SKU", "Status", "Received", "Source") if label in table] == [
        "SKU",
        "Status",
    ]
    assert seen.form("Search").fields["columns"] == ["sku"]
    assert "columns=sku" in seen.link("Failed 1")


def test_the_form_leads_to_an_address_fit_to_be_shared(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1")
    form = browser.get(LOGS).form("Search")
    assert browser.submit(form, kind=["product", "order"]).location == (
        f"{LOGS}?kind=product&kind=order"
    )
    products = browser.follow(browser.submit(form, kind="product", columns=["kind"]))
    assert "SH-1" in products.text  # columns of another log hide none of this one
    form = products.form("Search")
    assert browser.submit(form, q="SH-").location == f"{LOGS}?kind=product&q=SH-"
    assert browser.submit(form, columns=["sku"]).location == f"{LOGS}?kind=product&columns=sku"
    assert browser.submit(form, columns=[]).location == f"{LOGS}?kind=product"


def test_filters_can_be_cleared_where_there_are_any(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt")
    assert browser.get(f"{LOGS}?kind=product&status=Failed").link("Clear") == f"{LOGS}?kind=product"
    assert browser.get(f"{LOGS}?q=shirt").link("Clear") == LOGS
    assert "Clear" not in dict(browser.get(f"{LOGS}?kind=product").links)


# pages


def test_pages_lead_to_the_end_and_back(browser: Browser, world: World) -> None:
    for number in range(95):
        world.request("acme", ORDERS, f"S{number:03}", columns={"order_id": f"S{number:03}"})
        world.advance(seconds=1)
    seen, counts = browser.get(f"{LOGS}?kind=order"), []
    while "Older" in dict(seen.links):
        counts.append(rows_shown(seen))
        seen = browser.get(seen.link("Older"))
    counts.append(rows_shown(seen))
    assert (sum(counts), len(counts)) == (95, 4)
    assert rows_shown(browser.get(seen.link("Newer"))) == 30
    assert "S094" in browser.get(seen.link("Newest")).text


@pytest.mark.parametrize("kind", ["", "product", "stock"])
def test_a_full_page_stays_small(browser: Browser, world: World, kind: str) -> None:
    long: Any = "A name of a product that goes on and on, as names in catalogues do. " * 8
    for number in range(60):
        world.failed("acme", PRODUCTS, f"P{number}", name=long[:500], sku=f"SKU-{number:040}")
    seen = browser.get(f"{LOGS}?kind={kind}" if kind != "stock" else f"{LOGS}?status=Failed")
    assert rows_shown(seen) == 30
    assert len(seen.html.encode()) < 50_000


# what its buttons do


def test_one_row_is_synced_again_and_one_stays_where_one_was(
    browser: Browser, world: World
) -> None:
    row = world.failed("acme", PRODUCTS, "P1", name="Shirt")
    form = browser.get(f"{LOGS}?kind=product&status=Failed").form("Re-sync")
    [action] = form.button_actions
    seen = browser.post(action, f"word={form.fields['word'][0]}&back={form.fields['back'][0]}")
    assert seen.location == f"{LOGS}?kind=product"  # the rest of the address was not encoded
    [after] = world.services.log.read_rows([row.name])
    assert after is not None
    assert after.reason is Reason.QUEUED
    assert "It is being synced again." in browser.follow(seen).text


def test_a_re_sync_leads_to_no_other_site(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt")
    form = browser.get(LOGS).form("Re-sync")
    [action] = form.button_actions
    seen = browser.post(action, f"word={form.fields['word'][0]}&back=https://evil.example")
    assert seen.location == action.removesuffix("/resync")


def test_a_viewer_sees_no_buttons_and_changes_nothing(world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1", name="Shirt")
    browser = viewer(world)
    seen = browser.get(LOGS)
    assert "Re-sync" not in seen.text
    word = seen.form("Sign out").fields["word"][0]
    refused = browser.post(f"{LOGS}/{row.name.id}/resync", f"word={word}")
    assert (refused.status, "needs a key with the role operator" in refused.text) == (403, True)
    assert world.services.log.read_rows([row.name]) == [row]


def test_a_row_that_is_not_there_cannot_be_synced(browser: Browser) -> None:
    word = browser.get(LOGS).form("Sign out").fields["word"][0]
    assert browser.post(f"{LOGS}/{PRODUCTS}.none/resync", f"word={word}").status == 404
    assert browser.post(f"{LOGS}/nonsense/resync", f"word={word}").status == 422


def test_the_button_for_all_failed_is_there_where_there_are_some(
    browser: Browser, world: World
) -> None:
    assert "Re-sync all" not in browser.get(LOGS).text
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="shirt-1")
    assert browser.get(f"{LOGS}?kind=product").form("Re-sync the 1 failed")
    world.failed("acme", PRODUCTS, "P2", name="Shirt")
    assert browser.get(f"{LOGS}?kind=product").form("Re-sync all 2 failed")
    assert "Re-sync all" not in browser.get(f"{LOGS}?q=nothing-like-it").text
    assert "Re-sync all" not in browser.get(f"{LOGS}?kind=order").text
    assert "Re-sync all" not in browser.get(f"{LOGS}?status=Synced").text
    asked = browser.get(f"{LOGS}?q=shirt").link("Re-sync all failed of this filter")
    assert asked == "/console/consumers/acme/resyncs/new?q=shirt&status=Failed"


def test_rows_on_their_way_have_no_button_and_the_page_looks_again(
    browser: Browser, world: World
) -> None:
    assert 'data-refresh="5"' not in browser.get(LOGS).html
    world.request("acme", PRODUCTS, "P1", columns={"name": "Shirt"})
    seen = browser.get(LOGS)
    assert 'data-refresh="5"' in seen.html
    assert not any("Re-sync" in form.buttons for form in seen.forms)


def test_every_kind_has_a_name_for_people() -> None:
    from chalicelib.console.words import KIND_SINGULAR, KINDS_IN_MENU

    assert set(KINDS_IN_MENU) == set(KIND_SINGULAR) == {kind.value for kind in Kind}
