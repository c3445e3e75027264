"""What needs a person: groups that failed alike, and what rows wait for."""

import pytest

from chalicelib.domain.causes import (
    connection_cause,
    flow_cause,
    mapping_cause,
    rate_cause,
    record_cause,
    setting_cause,
)
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Status
from tests.app.asking import Api
from tests.app.browsing import Browser, Form, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS, STOCK

GROUPS = "/console/consumers/acme/groups"


def fail(world: World, count: int) -> list[Row]:
    return [world.failed("acme", PRODUCTS, f"P{number}") for number in range(count)]


def resyncs_of(seen: Seen) -> list[Form]:
    return [form for form in seen.forms if form.action.endswith("/acme/resyncs")]


def test_what_several_flows_wait_for_does_not_claim_to_be_of_one(
    browser: Browser, world: World
) -> None:
    for record in ("S1", "S2"):
        world.held("acme", STOCK, record, record_cause("product", "P1"), Reason.NEEDS_RECORD)
    assert "Such as: Stock to the till" in browser.get(GROUPS).text


def test_group_says_what_happened_what_to_do_and_which_rows(browser: Browser, world: World) -> None:
    fail(world, 3)
    world.advance(hours=2)
    world.failed("acme", PRODUCTS, "P9")
    seen = browser.get(GROUPS)
    assert "The target refused the record. The name is too long." in seen.text
    assert "Mend what the sentence names at the source, then re-sync." in seen.text
    assert "Products to the till" in seen.text
    assert "2 hours ago last just now" in seen.text
    assert "Failed alike" in seen.text
    assert "Waiting for" not in seen.text
    behind = browser.get(seen.link("4 rows"))
    assert behind.html.count('<th scope="row"') == 4


def test_one_time_is_said_where_the_other_reads_alike(browser: Browser, world: World) -> None:
    fail(world, 1)
    world.advance(seconds=1)
    world.failed("acme", PRODUCTS, "P9")
    assert "last just now" not in browser.get(GROUPS).text


def test_group_leads_to_an_example(browser: Browser, world: World) -> None:
    [row] = fail(world, 1)
    address = browser.get(GROUPS).link("P0")
    assert address == f"/console/consumers/acme/logs/{row.name.id}"


def test_button_resyncs_exactly_the_group(browser: Browser, api: Api, world: World) -> None:
    rows = fail(world, 3)
    other = world.request("acme", PRODUCTS, "P9")
    world.end(other, status=Status.FAILED, reason=Reason.CONFLICT, fingerprint="another")
    form = next(
        one for one in resyncs_of(browser.get(GROUPS)) if one.buttons == ["Re-sync these 3"]
    )
    assert browser.submit(form).status == 303
    [run] = api.get("/v1/consumers/acme/resyncs").json["items"]
    wanted = run["spec"]["filter"]
    assert (wanted["group"], wanted["statuses"]) == (rows[0].fingerprint, ["Failed"])


def test_one_row_is_called_one(browser: Browser, world: World) -> None:
    fail(world, 1)
    [form] = resyncs_of(browser.get(GROUPS))
    assert form.buttons == ["Re-sync this one"]


def test_row_that_is_tried_again_leaves_its_group(browser: Browser, world: World) -> None:
    fail(world, 2)
    world.synced("acme", PRODUCTS, "P0")
    seen = browser.get(GROUPS)
    assert browser.get(seen.link("1 row")).html.count('<th scope="row"') == 1


def test_viewer_sees_no_button(world: World) -> None:
    fail(world, 3)
    seen = signed_in(world, "acme", Role.VIEWER).get(GROUPS)
    assert seen.status == 200
    assert "The name is too long." in seen.text
    assert resyncs_of(seen) == []
    assert "Re-sync these" not in seen.text


@pytest.mark.parametrize(
    ("cause", "reason", "label", "address"),
    [
        (
            mapping_cause(PRODUCTS, "category", "Hats"),
            Reason.NEEDS_MAPPING,
            "Open the mapping",
            f"/mappings/{PRODUCTS}/category?value=Hats#waiting",
        ),
        (
            setting_cause(PRODUCTS, "note"),
            Reason.NEEDS_SETTINGS,
            "Open the setting",
            f"/flows/{PRODUCTS}#f-note",
        ),
        (
            connection_cause("till"),
            Reason.CONNECTION_DOWN,
            "Open the connection",
            "/connections/till",
        ),
        (flow_cause(PRODUCTS), Reason.FLOW_OFF, "Open the flow", f"/flows/{PRODUCTS}"),
    ],
    ids=["mapping", "setting", "connection", "flow"],
)
def test_what_rows_wait_for_leads_to_the_page_that_mends_it(
    browser: Browser, world: World, cause: str, reason: Reason, label: str, address: str
) -> None:
    for record in ("P1", "P2"):
        world.held("acme", PRODUCTS, record, cause, reason)
    world.synced("acme", PRODUCTS, "P3")
    seen = browser.get(GROUPS)
    assert "Waiting for something" in seen.text
    assert seen.link(label) == f"/console/consumers/acme{address}"
    assert browser.get(seen.link("2 rows")).html.count('<th scope="row"') == 2
    assert resyncs_of(seen) == []


def test_rows_after_another_or_without_free_calls_go_on_by_themselves(
    browser: Browser, world: World
) -> None:
    world.held("acme", STOCK, "S1", record_cause("product", "P1"), Reason.NEEDS_RECORD)
    world.held("acme", STOCK, "S2", rate_cause("till", 1, 0), Reason.THROTTLED)
    seen = browser.get(GROUPS)
    assert "Waiting for their turn" in seen.text
    assert "Waiting for something" not in seen.text
    assert "Goes on by itself" in seen.text
    assert seen.link("Look at that record").endswith("/acme/logs?kind=product&q=P1")


def test_record_without_a_value_is_named_to_its_mapping(browser: Browser, world: World) -> None:
    world.held_by_category("acme", "P7", "")
    assert "record=P7" in browser.get(GROUPS).link("Open the mapping")


def test_nothing_to_do_is_said(browser: Browser, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1")
    assert "Nothing needs you" in browser.get(GROUPS).text


def test_names_of_merchants_are_text(browser: Browser, world: World) -> None:
    world.held_by_category("acme", "<b>P1</b>", "<script>alert(1)</script>")
    row = world.request("acme", PRODUCTS, "P2")
    refused = {"status": Status.FAILED, "reason": Reason.REJECTED_BY_TARGET}
    detail = "<script>alert(2)</script> is no name."
    world.end(row, **refused, detail=detail, fingerprint="as-its-name")
    html = browser.get(GROUPS).html
    assert "&lt;script&gt;alert(2)" in html
    assert "<script>alert" not in html
    assert "<b>P1" not in html
    assert "&lt;b&gt;P1" in html


def test_many_groups_are_paged_and_a_page_stays_below_50_kb(browser: Browser, world: World) -> None:
    fail(world, 2)
    for number in range(70):
        world.held_by_category("acme", f"P{number:03}", f"Category of {number:03} " + "long " * 20)
    first = browser.get(GROUPS)
    second = browser.get(first.link("Older"))
    third = browser.get(second.link("Older"))
    pages = [first, second, third]
    assert max(len(page.html.encode()) for page in pages) < 50_000
    shown = [label for page in pages for label, _ in page.links if label == "Open the mapping"]
    assert len(shown) == 70
    assert ["Failed alike" in page.text for page in pages] == [True, False, False]


def test_cursor_of_another_list_is_refused(browser: Browser) -> None:
    assert browser.get(f"{GROUPS}?cursor=bm8tc3VjaA").status == 422


def test_key_of_another_consumer_finds_nothing(world: World) -> None:
    assert signed_in(world, "bistro", Role.ADMIN).get(GROUPS).status == 404
