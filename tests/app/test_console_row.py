"""The page of one row: where it stands, what happened, and the buttons."""

import json
from datetime import timedelta

import pytest

from chalicelib.domain import protocol
from chalicelib.domain.causes import record_cause, setting_cause
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Outcome, Status
from tests.app.browsing import Browser, signed_in
from tests.app.row_pages import LOGS, address, look, make_call, put_attempt
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

# where it stands


def test_a_failed_row_says_why_and_what_to_do(browser: Browser, world: World) -> None:
    seen = look(browser, world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1"))

    assert "The target refused the record. The name is too long." in seen.text
    remedy = seen.text.index("Mend what the sentence names at the source, then re-sync.")
    assert remedy < seen.text.index("What was checked")
    assert "Code 400 Bad Request (last answer" in seen.text
    assert "Products to the till" in seen.text
    assert 'data-refresh="10"' in seen.html  # it may be mended at its source meanwhile


def test_ids_lead_to_the_platforms_and_times_are_exact(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    seen = look(browser, world.synced("acme", PRODUCTS, "P1", name="Shirt"))

    assert seen.link("P1") == "https://shop.example/acme/product/P1"
    assert seen.link("T-P1") == "https://till.example/acme/product/T-P1"
    assert "Received Mon 2 Nov 2026, 09:30:00 GMT" in seen.text
    assert "Synced Mon 2 Nov 2026, 09:30:00 GMT" in seen.text
    assert 'data-copy="T-P1"' in seen.html


def test_a_target_without_the_record_is_named(browser: Browser, world: World) -> None:
    assert "Till not there yet" in look(browser, world.failed("acme", PRODUCTS, "P1")).text


def test_a_held_row_leads_to_what_mends_it(browser: Browser, world: World) -> None:
    row = world.held_by_category("acme", "P1", "Shirts", name="Shirt")
    seen = look(browser, row)

    place = f"/console/consumers/acme/mappings/{PRODUCTS}/category"
    assert seen.link("Open the mapping") == f"{place}?value=Shirts#waiting"
    assert seen.text.index("Open the mapping") < seen.text.index("Where it stands")
    assert seen.link("Give this record its own answer") == f"{place}?record=P1#record"


@pytest.mark.parametrize(
    ("cause", "reason", "label"),
    [
        (setting_cause(PRODUCTS, "price_list"), Reason.NEEDS_SETTINGS, "Open the setting"),
        (record_cause("product", "P9"), Reason.NEEDS_RECORD, "Look at that record"),
    ],
    ids=["setting", "record"],
)
def test_other_causes_offer_no_answer_for_the_record(
    browser: Browser, world: World, cause: str, reason: Reason, label: str
) -> None:
    seen = look(browser, world.held("acme", PRODUCTS, "P1", cause, reason))

    assert seen.link(label)
    assert "own answer" not in seen.text


def test_what_a_row_waits_for_is_found_out(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P2")
    seen = look(browser, world.failed("acme", PRODUCTS, "P1"))

    assert "What stops it first: Shop is not connected" in seen.text
    assert seen.link("Open the connections") == "/console/consumers/acme/connections"
    assert "What was checked" in seen.text
    assert "Open its row" not in seen.text
    assert "group=" in seen.link("2 rows failed alike")


def test_a_record_it_waits_for_is_one_click_away(browser: Browser, world: World) -> None:
    needed = world.held_by_category("acme", "P7", "Shirts", name="Shirt")
    row = world.held("acme", STOCK, "P7", record_cause("product", "P7"), Reason.NEEDS_RECORD)

    assert address(needed) in [link for _, link in look(browser, row).links]


def test_a_record_it_waits_for_that_never_came_can_be_imported(
    browser: Browser, world: World
) -> None:
    row = world.held("acme", STOCK, "P7", record_cause("product", "P7"), Reason.NEEDS_RECORD)

    runs = "/console/consumers/acme/executions"
    assert look(browser, row).link("Import it by its id") == f"{runs}?ids=P7#import"


def test_nothing_is_asked_about_a_synced_row(browser: Browser, world: World) -> None:
    seen = look(browser, world.synced("acme", PRODUCTS, "P1"))

    assert "What was checked" not in seen.text
    assert "data-refresh" not in seen.html
    assert "Created at the target." in seen.text


def test_a_page_updates_itself_while_something_runs(browser: Browser, world: World) -> None:
    seen = look(browser, world.request("acme", PRODUCTS, "P1"))

    assert 'data-refresh="3"' in seen.html
    assert "Waiting for a worker." in seen.text
    assert "Asked for: the next attempt is coming." in seen.text
    assert "It was not read yet." in seen.text


def test_a_row_that_is_being_sent_has_lost_no_attempt(browser: Browser, world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1")
    deadline = world.time + timedelta(minutes=1)
    claim = protocol.claim(row.name, lease_id="a", deadline=deadline, settle_s=60, now=world.time)
    world.services.log.write_rows([claim])
    seen = look(browser, row)

    assert "A worker is sending it." in seen.text
    assert 'data-refresh="3"' in seen.html
    assert "Older attempts" not in seen.text


# buttons


def test_a_failed_row_is_synced_again_from_its_page(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    after = browser.follow(browser.submit(look(browser, row).form("Re-sync")))

    assert "It is being synced again." in after.text
    assert "Waiting for a worker." in after.text
    assert world.history("acme")[-1] == ("admin of the operator", "re-sync", row.name.id)


def test_a_synced_row_can_be_synced_again(browser: Browser, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "P1")
    browser.submit(look(browser, row).form("Sync again"))

    [now] = world.services.log.read_rows([row.name])
    assert now is not None
    assert now.is_owed


def test_a_row_on_its_way_has_no_button(browser: Browser, world: World) -> None:
    buttons = [form.buttons for form in look(browser, world.request("acme", STOCK, "P1")).forms]

    assert buttons == [["Find it"], ["Sign out"]]


def test_a_viewer_sees_the_row_and_no_button(world: World) -> None:
    viewer = signed_in(world, "acme", Role.VIEWER)
    row = world.held_by_category("acme", "P1", "Shirts")
    seen = look(viewer, row)

    assert [form.buttons for form in seen.forms] == [["Find it"], ["Sign out"]]
    assert "own answer" not in seen.text
    word = seen.form("Sign out").fields["word"][0]
    assert viewer.post(f"{address(row)}/resync", f"word={word}").status == 403
    [now] = world.services.log.read_rows([row.name])
    assert now is not None
    assert not now.is_owed


def test_a_viewer_sees_no_button_on_a_synced_row_either(world: World) -> None:
    viewer = signed_in(world, "acme", Role.VIEWER)

    assert "Sync again" not in look(viewer, world.synced("acme", PRODUCTS, "P1")).text


def test_a_row_of_another_merchant_is_not_there(world: World) -> None:
    stranger = signed_in(world, "bistro", Role.ADMIN)
    row = world.failed("acme", PRODUCTS, "P1", name="Secret shirt")
    seen = stranger.get(address(row))

    assert seen.status == 404
    assert "Secret shirt" not in seen.text


@pytest.mark.parametrize("row_id", [f"{PRODUCTS}.P404", "no-row", f"{PRODUCTS}.~ZZ", "%3Cb%3E.x"])
def test_a_row_that_is_not_there_says_where_to_look(browser: Browser, row_id: str) -> None:
    seen = browser.get(f"{LOGS}/{row_id}")

    assert seen.status == 404
    assert "There is no such row" in seen.text
    assert seen.link("Ask why it is not there").startswith("/console/consumers/acme/diagnosis")
    assert "<b>.x" not in seen.html


def test_a_missing_record_is_asked_about_by_its_name(browser: Browser) -> None:
    seen = browser.get(f"{LOGS}/{PRODUCTS}.P404")

    asked = seen.link("Ask why it is not there").partition("?")[2]
    assert asked == f"flow={PRODUCTS}&record=P404"


# what happened


def test_attempts_come_newest_first_with_how_they_ended(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(
        world,
        row,
        1,
        status=Status.PENDING,
        reason="retrying",
        detail="It answered 503.",
        outcome=None,
        by="webhook",
    )
    put_attempt(world, row, 2, status=Status.SYNCED, reason=None, outcome="updated", by="person")
    text = look(browser, row).text

    first, second = text.index("Attempt 2"), text.index("Attempt 1")
    assert first < second < text.index("First received")
    assert "Updated at the target." in text
    assert "the next one is planned. It answered 503." in text
    assert "a webhook came" in text[second:]
    assert "a person asked" in text[first:second]


def test_an_attempt_shows_its_calls_and_what_they_said(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(
        world, row, 1, make_call(world, "c1"), make_call(world, "c2", status=None, error="Gone")
    )
    seen = look(browser, row)

    assert "POST https://till.example/items 400 Bad Request Till, 12 ms" in seen.text
    assert "authorization: [hidden]" in seen.text
    assert '<b>"error"</b>: <i>"too long"</i>' in seen.html
    assert "No answer" in seen.text
    assert "Gone" in seen.text
    assert f"{LOGS.removesuffix('/logs')}/transactions/c1" in [link for _, link in seen.links]


def test_what_failed_calls_said_is_shown_before_what_others_said(
    browser: Browser, world: World
) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    long = json.dumps([f"value {number}" for number in range(400)])
    calls = [make_call(world, f"c{n}", status=200, response_body=long) for n in range(12)]
    refused = make_call(world, "failed", response_body=long.replace("value", "refused"))
    put_attempt(world, row, 1, refused, *calls)
    seen = look(browser, row)

    assert "refused 1" in seen.text
    assert "value 1" in seen.text
    assert "Cut here." in seen.text
    assert "value 399" not in seen.text
    assert len([None for text, _ in seen.links if text == "Open this transaction"]) < 13


def test_what_an_attempt_sent_differently_is_shown(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(world, row, 1, make_call(world, "c1"))
    put_attempt(world, row, 2, make_call(world, "c2", request_body='{"name": "Hat", "sku": "H"}'))
    seen = look(browser, row)

    assert '<del class="old">Shirt</del> → <ins class="new">Hat</ins>' in seen.html
    assert "sku nothing → H" in seen.text


def test_what_people_did_stands_among_the_attempts(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(world, row, 1)
    world.advance(seconds=5)
    browser.submit(look(browser, row).form("Re-sync"))
    put_attempt(world, row, 2)
    text = look(browser, row).text

    second = text.index("Attempt 2")
    person = text.index("admin of the operator asked for a re-sync")
    assert second < person < text.index("Attempt 1", second)


def test_attempts_that_expired_are_said_to_be_gone(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1", name="Shirt")
    gone = look(browser, row)
    put_attempt(world, row, 1)

    assert "Older attempts are not kept any more" in gone.text
    assert "Older attempts" not in look(browser, row).text


def test_of_many_attempts_old_ones_are_a_line_that_opens_them(
    browser: Browser, world: World
) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    for number in range(1, 21):
        put_attempt(world, row, number, make_call(world, f"c{number}"))
    newest = look(browser, row)
    older = look(browser, row, newest.link("Attempt 5"))

    assert "/transactions/c20" in newest.html
    assert "/transactions/c5" not in newest.html.replace("/transactions/c5?", "")
    assert '"/console/consumers/acme/transactions/c5"' in older.html
    assert '"/console/consumers/acme/transactions/c20"' not in older.html
    assert older.link("Attempt 20")


@pytest.mark.parametrize("query", ["?attempt=0", "?attempt=-1", "?attempt=x", "?attempt=²&part=٣"])
def test_an_attempt_that_is_none_shows_the_newest(
    browser: Browser, world: World, query: str
) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(world, row, 1, make_call(world, "c1"))

    assert "400 Bad Request" in look(browser, row, query).text


def test_rows_of_the_same_order_are_related(browser: Browser, world: World) -> None:
    stock = world.failed("acme", STOCK, "P1", name="Shirt (stock)", sku="SH-1")
    seen = look(browser, world.synced("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1"))

    assert seen.link("Shirt (stock)") == address(stock)
    assert "Shirt (stock) Inventory, Shop → Till Failed" in seen.text


def test_a_crowded_attempt_says_that_calls_are_left_out(browser: Browser, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    put_attempt(world, row, 1, make_call(world, "first"))
    put_attempt(world, row, 2, *(make_call(world, f"c{number}") for number in range(60)))
    seen = look(browser, row)
    other = look(browser, row, seen.link("show attempt 1 with its calls"))

    assert "more calls did not fit here" in seen.text
    assert '"/console/consumers/acme/transactions/first"' in other.html


def test_a_rule_that_left_it_alone_is_said(browser: Browser, world: World) -> None:
    row = world.end(
        world.request("acme", PRODUCTS, "P1"),
        status=Status.SYNCED,
        reason=None,
        outcome=Outcome.NOT_APPLICABLE,
        detail="It is archived.",
    )

    seen = look(browser, row)

    assert "There is nothing to do. It is archived." in seen.text
    assert "Till none needed" in seen.text
    assert "no answer needed" in seen.text
    assert '<span class="st synced">' not in seen.html


def test_an_order_is_called_one_beside_its_id(browser: Browser, world: World) -> None:
    seen = look(browser, world.synced("acme", ORDERS, "S1", order_id="S1"))

    assert '<h1 dir="auto">Order S1</h1>' in seen.html
