"""The report's page: numbers that hold, and behind each of them exactly its rows."""

import re
from html import unescape

import pytest

from app import app
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Outcome, Status
from tests.app.browsing import Browser
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

REPORT = "/console/consumers/acme/report"


def left_alone(world: World, record: str) -> Row:
    row = world.request("acme", STOCK, record)
    return world.end(row, status=Status.SYNCED, reason=None, outcome=Outcome.NOT_APPLICABLE)


def accepted(world: World, record: str) -> Row:
    """A row that the target took with 200, or knew with 409 where its name says so."""
    row = world.request("acme", ORDERS, record)
    code, outcome = (
        (409, Outcome.ALREADY_THERE) if record.startswith("K") else (200, Outcome.CREATED)
    )
    return world.end(row, status=Status.SYNCED, reason=None, outcome=outcome, code=code)


def fill(browser: Browser, world: World) -> None:
    """Make rows on three days, then sign in again: sessions do not last so long."""
    for day in range(3):
        for turn in range(2):
            left_alone(world, f"A{day}{turn}")
            world.synced("acme", STOCK, f"S{day}{turn}")
            world.failed("acme", PRODUCTS, f"P{day}{turn}")
            world.end(world.request("acme", PRODUCTS, f"N{day}{turn}"), status=Status.FAILED)
            accepted(world, f"O{day}{turn}")
            accepted(world, f"K{day}{turn}")
            world.request("acme", ORDERS, f"W{day}{turn}")
            world.advance(hours=12)
    browser.sign_in(world.key())


def numbers_of(html: str) -> list[tuple[int, str]]:
    """Return every number that is a link, with its address."""
    found = re.findall(r'<a [^>]*?href="([^"]*/logs\?[^"]*since[^"]*)"[^>]*>(.*?)</a>', html)
    return [(int(re.sub(r"<[^>]*>|,", "", said)), unescape(address)) for address, said in found]


def assert_lines_add_up(html: str) -> None:
    """Each line is its sum, then the numbers of its columns."""
    lines = [numbers_of(line) for line in html.split("<tr>")[1:]]
    whole = [[count for count, _ in line] for line in lines if line]
    assert whole
    assert [line[0] for line in whole] == [sum(line[1:]) for line in whole]


def rows_behind(browser: Browser, address: str) -> int:
    """Count the rows of a list by their links, page by page."""
    count = 0
    while address:
        seen = browser.get(address)
        assert seen.status == 200
        assert 'role="alert"' not in seen.html
        count += seen.html.count('<th scope="row"')
        older = [there for said, there in seen.links if said == "Older"]
        address = older[0] if older else ""
    return count


def test_list_behind_each_number_has_exactly_that_many_rows(browser: Browser, world: World) -> None:
    fill(browser, world)
    seen = browser.get(REPORT)
    assert_lines_add_up(seen.html)
    numbers = numbers_of(seen.html)
    assert len(numbers) > 30
    for count, address in dict.fromkeys(numbers):
        assert rows_behind(browser, address) == count, address


def test_codes_are_named_and_rows_without_one_say_so(browser: Browser, world: World) -> None:
    fill(browser, world)
    text = browser.get(REPORT).text
    assert "Synced 200 OK Verified at the target." in text
    assert "Synced 409 Conflict It was there already, and is equal." in text
    assert "Failed 400 Bad Request The target refused what was sent." in text
    assert "Pending no answer yet Waiting." in text


def test_rows_left_alone_have_a_line_of_their_own(browser: Browser, world: World) -> None:
    fill(browser, world)
    seen = browser.get(f"{REPORT}?kind=stock")
    assert "Not applicable no answer needed A rule leaves them alone" in seen.text
    assert "Synced 6 Not applicable 6" in seen.text


def test_sums_are_those_of_their_lines_and_orders_stand_beside_them(
    browser: Browser, world: World
) -> None:
    fill(browser, world)
    seen = browser.get(REPORT)
    assert "42 rows · 18 distinct orders" in seen.text
    assert "Products 12" in seen.text
    assert "Inventory 12" in seen.text
    assert "Orders 18" in seen.text
    assert "Distinct orders 18" in seen.text
    assert "Till" in seen.text


def test_days_are_those_of_the_merchants_zone(browser: Browser, world: World) -> None:
    world.add_consumer("warung", time_zone="Asia/Jakarta")
    world.advance(hours=8)
    world.failed("warung", PRODUCTS, "P1")
    seen = browser.get("/console/consumers/warung/report")
    assert "Days are those of Asia/Jakarta" in seen.text
    assert "Tue 3 Nov" in seen.text
    assert "since=2026-11-03&amp;until=2026-11-03" in seen.html


def test_periods_and_kinds_are_chosen_by_links(browser: Browser, world: World) -> None:
    fill(browser, world)
    month = browser.get(browser.get(REPORT).link("30 days"))
    assert "Report of the last 30 days" in month.text
    narrowed = browser.get(
        next(there for said, there in month.links if said == "Products" and "report" in there)
    )
    assert "Report of the last 30 days" in narrowed.text
    assert "Inventory 12" not in narrowed.text
    assert "12 rows" in narrowed.text


def test_month_of_many_numbers_keeps_below_50_kb_and_every_day_can_be_seen(
    browser: Browser, world: World
) -> None:
    for day in range(30):
        for flow in (PRODUCTS, STOCK, ORDERS):
            world.synced("acme", flow, f"{day}-1")
            for code in (400, 404, 409, 500, 503):
                row = world.request("acme", flow, f"{day}-{code}")
                world.end(row, status=Status.FAILED, code=code)
        world.advance(days=1)
    world.advance(days=-1)
    browser.sign_in(world.key())
    whole = browser.get(f"{REPORT}?days=30")
    one = browser.get(f"{REPORT}?days=30&kind=product")
    assert (len(whole.html.encode()) < 50_000, len(one.html.encode()) < 50_000) == (True, True)
    assert "and earlier" in whole.text
    assert "Choose fewer days or one log type to see each day by itself." in whole.text
    assert "and earlier" not in one.text
    assert one.html.count("since=2026-11-05&amp;until=2026-11-05") == 6 + 1


def test_days_that_share_a_column_lead_to_their_rows_too(browser: Browser, world: World) -> None:
    for day in range(14):
        for code in range(500, 520):
            row = world.request("acme", ORDERS, f"{day}-{code}")
            world.end(row, status=Status.FAILED, code=code)
        world.advance(days=1)
    world.advance(days=-1)
    browser.sign_in(world.key())
    seen = browser.get(f"{REPORT}?days=14")
    assert len(seen.html.encode()) < 50_000
    assert_lines_add_up(seen.html)
    shared = {
        (count, address)
        for count, address in numbers_of(seen.html)
        if "since=2026-11-02" in address and "until=2026-11-15" not in address
    }
    assert len(shared) == 20 + 1 + 1
    [of_code] = [one for one in shared if "code=504" in one[1]]
    assert rows_behind(browser, of_code[1]) == of_code[0] > 1


def test_nothing_in_the_period_says_what_to_do(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1")
    world.advance(days=10)
    browser.sign_in(world.key())
    seen = browser.get(REPORT)
    assert "No rows in these days" in seen.text
    assert seen.link("Look at the flows") == "/console/consumers/acme/flows"
    assert "1 row" in browser.get(f"{REPORT}?days=14").text


@pytest.mark.parametrize("query", ["days=8", "days=7x", "days=%00", "kind=inventory", "kind=%3Cb"])
def test_what_does_not_fit_is_named(browser: Browser, query: str) -> None:
    seen = browser.get(f"{REPORT}?{query}")
    assert seen.status == 422
    assert query.partition("=")[0] in seen.text


def test_key_of_another_consumer_finds_nothing(world: World) -> None:
    other = Browser(app)
    other.sign_in(world.key("bistro", Role.ADMIN))
    assert other.get(REPORT).status == 404


def test_viewer_reads_the_report(world: World) -> None:
    world.failed("acme", PRODUCTS, "P1")
    viewer = Browser(app)
    viewer.sign_in(world.key("acme", Role.VIEWER))
    seen = viewer.get(REPORT)
    assert (seen.status, "400 Bad Request" in seen.text) == (200, True)
