"""The pages of transactions: every call to a platform, and one of them whole."""

import json
from typing import Any

import pytest

from chalicelib.console.pages.transactions import BODY_MOST, bounded
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Status
from tests.app.browsing import HOSTILE, Browser, signed_in
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS
from tests.builders import make_attempt, make_exchange

TRANSACTIONS = "/console/consumers/acme/transactions"


def record_call(world: World, id_: str, **fields: Any) -> None:
    """Record one HTTP call, a second after the one before."""
    world.advance(seconds=1)
    given = {
        "consumer": "acme",
        "connection": "till",
        "platform": "till",
        "url": f"https://till.example/{id_}",
        "at": world.time,
        "duration_ms": 1234,
    }
    world.services.log.put_traces([], [make_exchange(id_, **{**given, **fields})])


def record_attempt(world: World, row: Row, *exchanges: str) -> None:
    """Record an attempt of a row that made these calls."""
    attempt = make_attempt(row.name, status=Status.SYNCED, reason=None, exchanges=exchanges)
    world.services.log.put_traces([attempt], [])


def calls_of(html: str) -> list[str]:
    """Return the ids of the calls on a page, in its order."""
    rows = html.split('<th scope="row"')[1:]
    return [row.partition("/transactions/")[2].partition('"')[0] for row in rows]


def test_calls_are_listed_with_what_was_called_and_answered(browser: Browser, world: World) -> None:
    record_call(world, "fine")
    record_call(world, "lost", status=404, platform="shop", connection="shop-2", method="GET")
    record_call(world, "silent", status=None, error="The platform did not answer in time.")
    record_call(world, "odd", status=299)

    seen = browser.get(TRANSACTIONS)

    assert seen.status == 200
    assert calls_of(seen.html) == ["odd", "silent", "lost", "fine"]
    assert "POST https://till.example/fine 200 OK Till just now 1.2 s" in seen.text
    assert "GET https://till.example/lost 404 Not Found Shop shop-2" in seen.text
    assert "No answer The platform did not answer in time." in seen.text
    assert "299 Till" in seen.text
    assert seen.html.count('class="code good"') == 2
    assert seen.html.count('class="code bad"') == 2


def test_platform_and_codes_narrow_down_by_the_form(browser: Browser, world: World) -> None:
    record_call(world, "a", status=404)
    record_call(world, "b", status=429)
    record_call(world, "c", status=404, platform="shop")
    record_call(world, "d", status=None)
    form = browser.get(TRANSACTIONS).form("Show")

    by_codes = browser.submit(form, code="404, 429")
    by_both = browser.submit(form, code="404", platform="shop")
    unanswered = browser.submit(form, code="none")

    assert calls_of(by_codes.html) == ["c", "b", "a"]
    assert by_codes.form("Show").fields["code"] == ["404 429"]
    assert calls_of(by_both.html) == ["c"]
    assert by_both.form("Show").fields["platform"] == ["shop"]
    assert calls_of(unanswered.html) == ["d"]


def test_a_filter_can_be_taken_away(browser: Browser, world: World) -> None:
    record_call(world, "a", status=404)
    record_call(world, "b", platform="shop")

    seen = browser.get(f"{TRANSACTIONS}?platform=till&code=404")

    assert calls_of(browser.get(seen.link("Code: 404")).html) == ["a"]
    assert seen.link("Platform: Till") == f"{TRANSACTIONS}?code=404"
    assert calls_of(browser.get(seen.link("Clear")).html) == ["b", "a"]


def test_days_are_days_of_the_consumers_zone(world: World) -> None:
    browser = signed_in(world, None, Role.ADMIN)
    browser.submit(
        browser.get("/console/consumers/acme/settings").form("Save"), time_zone="Asia/Jakarta"
    )
    record_call(world, "monday")
    world.advance(hours=8)
    record_call(world, "tuesday")

    form = browser.get(TRANSACTIONS).form("Show")

    assert calls_of(browser.submit(form, since="2026-11-03").html) == ["tuesday"]
    assert calls_of(browser.submit(form, until="2026-11-02").html) == ["monday"]
    assert calls_of(browser.submit(form, since="2026-11-02", until="2026-11-03").html) == [
        "tuesday",
        "monday",
    ]


def test_exact_times_and_a_run_of_the_address_stay_when_the_form_is_used(
    browser: Browser, world: World
) -> None:
    record_call(world, "early")
    begin = world.advance(seconds=1)
    record_call(world, "late", status=404)
    address = f"{TRANSACTIONS}?from={begin:%Y-%m-%dT%H:%M:%SZ}"

    seen = browser.get(address)

    assert calls_of(seen.html) == ["late"]
    assert calls_of(browser.submit(seen.form("Show"), code="200").html) == []
    assert "No call fits these filters" in browser.get(f"{TRANSACTIONS}?execution=none-such").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("code=99", "code: "),
        ("platform=abacus", "platform: "),
        ("since=yesterday", "since: Give a day, such as 2026-11-01."),
        ("until=9999-12-31", "until: Give a day"),
        ("from=x", "from: "),
        ("execution=a&execution=b", "execution: Give one value"),
        ("cursor=x", "This page of the list is no more."),
        ("limit=1000", "No call was made yet"),
        ("code=%00&platform=%F0%9F", "code: "),
    ],
)
def test_filters_that_cannot_be_used_are_said_above_the_list(
    browser: Browser, query: str, said: str
) -> None:
    seen = browser.get(f"{TRANSACTIONS}?{query}")

    assert seen.status == 200
    assert said in seen.text


def test_pages_go_back_and_forth_and_keep_the_filters(browser: Browser, world: World) -> None:
    for number in range(50):
        record_call(world, f"x{number}", platform=("till", "shop")[number % 2])

    first = browser.get(f"{TRANSACTIONS}?code=200")
    second = browser.get(first.link("Older"))

    seen = calls_of(first.html) + calls_of(second.html)
    assert seen == [f"x{number}" for number in reversed(range(50))]
    assert "Older" not in second.text
    assert second.form("Show").fields["code"] == ["200"]
    assert calls_of(browser.get(second.link("Newest")).html) == calls_of(first.html)


def test_a_full_page_of_long_and_hostile_calls_stays_small(browser: Browser, world: World) -> None:
    url = f"https://till.example/{HOSTILE}{'ü' * 3000}"
    for number in range(60):
        record_call(world, f"{number:032}", url=url, error=HOSTILE * 20, connection="till-" * 20)

    seen = browser.get(TRANSACTIONS)

    assert HOSTILE not in seen.html
    assert HOSTILE in seen.text
    assert "Older" in seen.text
    assert len(seen.html.encode()) < 50_000


def test_without_calls_it_says_when_they_come(browser: Browser) -> None:
    assert "No call was made yet" in browser.get(TRANSACTIONS).text


def test_one_call_shows_headers_and_bodies(browser: Browser, world: World) -> None:
    record_call(
        world,
        "a",
        request_headers={"authorization": "[hidden]"},
        request_body='{"name": "Shirt"}',
        response_headers={"x-request-id": "77"},
        response_body="not <b>JSON</b>",
        correlations=("request-1",),
        execution="run-1",
        error="It was odd.",
    )

    seen = browser.get(f"{TRANSACTIONS}/a")

    assert seen.status == 200
    assert "POST 200 OK" in seen.text
    assert "authorization [hidden]" in seen.text
    assert '{ "name": "Shirt" }' in seen.text
    assert "x-request-id 77" in seen.text
    assert "not <b>JSON</b>" in seen.text
    assert "Mon 2 Nov 2026, 09:30:01 GMT" in seen.text
    assert "It was odd." in seen.text
    assert 'data-copy="request-1"' in seen.html
    assert 'data-copy="https://till.example/a"' in seen.html
    assert 'data-copy-of="request-body"' in seen.html
    assert seen.link("run-1") == "/console/consumers/acme/executions/run-1"
    assert seen.link("till") == "/console/consumers/acme/connections/till"
    assert "longer than this page shows" not in seen.text


def test_one_call_names_the_rows_it_was_made_for(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    row = world.synced("acme", PRODUCTS, "P1", name=HOSTILE)
    record_call(world, "ours", serves="P1")
    record_call(world, "forgotten", serves="P2")
    record_call(world, "batch")
    record_attempt(world, row, "ours", "batch")

    ours = browser.get(f"{TRANSACTIONS}/ours")

    assert ours.link(HOSTILE) == f"/console/consumers/acme/logs/{row.name.id}"
    assert "Synced Products to the till" in ours.text
    assert HOSTILE not in ours.html
    assert "no row tells of this call" in browser.get(f"{TRANSACTIONS}/forgotten").text
    assert "a whole batch of rows or a poll" in browser.get(f"{TRANSACTIONS}/batch").text


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([{"name": f"Shirt {number}", "price": number} for number in range(2000)]),
        '"' * 16_384,
        "<" * 16_384,
        "[" + "0," * 8000 + "0]",
        "👕" * 16_384,
    ],
    ids=["json", "quotes", "tags", "numbers", "emoji"],
)
def test_a_long_body_is_cut_with_a_note(browser: Browser, world: World, body: str) -> None:
    headers = {f"x-{number}": HOSTILE + "v" * 900 for number in range(30)}
    sides = {"request_body": body, "response_body": body, "request_headers": headers}
    record_call(world, "long", **sides)

    seen = browser.get(f"{TRANSACTIONS}/long")

    assert seen.status == 200
    assert len(seen.html.encode()) < 50_000
    assert seen.text.count("The body is longer than this page shows.") == 2
    assert "GET /v1/consumers/acme/transactions/long" in seen.text
    assert "and 10 more headers" in seen.text
    assert seen.text.count("vvv…") == 20
    assert HOSTILE not in seen.html


def test_a_body_is_cut_no_more_than_needed() -> None:
    whole, was_cut = bounded('{"a": "b"}', BODY_MOST)
    part, is_cut = bounded("x" * 20_000, BODY_MOST)

    assert (str(whole).count("<b>"), was_cut) == (1, False)
    assert (part, is_cut) == ("x" * BODY_MOST, True)


def test_another_consumers_key_finds_nothing(world: World) -> None:
    record_call(world, "a")
    record_call(world, "theirs", consumer="bistro")
    theirs = signed_in(world, "bistro", Role.ADMIN)
    ours = signed_in(world, "acme", Role.VIEWER)

    assert theirs.get(TRANSACTIONS).status == 404
    assert theirs.get(f"{TRANSACTIONS}/a").status == 404
    assert ours.get(TRANSACTIONS).status == 200
    assert ours.get(f"{TRANSACTIONS}/a").status == 200
    assert ours.get(f"{TRANSACTIONS}/theirs").status == 404
    assert ours.get(f"{TRANSACTIONS}/{'x' * 500}").status == 404
