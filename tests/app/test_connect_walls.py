"""Who may not connect an account: strangers, other people, other browsers, old answers."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from app import app
from chalicelib.console.pages.connect import NO_TICKET
from chalicelib.console.visits import START_COOKIE
from chalicelib.domain.setup import Health, Role
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.sign_in import LASTS, NO_ADDRESS, NOT_STARTED, USED
from chalicelib.ops import logging
from tests.app.browsing import Seen
from tests.app.gateway import GatewayBrowser
from tests.app.sign_in_world import (
    CALLBACK,
    CONNECT,
    SignInWorld,
    open_sign_in_world,
    page_of,
    start,
)
from tests.app.toy_world import make_settings


@pytest.fixture
def there() -> Iterator[SignInWorld]:
    with open_sign_in_world() as opened:
        opened.save()
        yield opened


def refused(there: SignInWorld, seen: Seen, sentence: str = NOT_STARTED) -> None:
    """See that an answer was refused in words, with a way back, and that nothing was changed."""
    assert seen.status == 403
    assert sentence in seen.text
    assert ("Go to the overview", "/console") in seen.links
    assert "/consumers/acme" not in seen.html
    untouched(there)


def untouched(there: SignInWorld) -> None:
    assert there.read().health is Health.DOWN
    assert set(there.secrets()) == {"client_id", "client_secret"}


# answers


def test_an_answer_is_good_once(there: SignInWorld) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    kept = browser.cookies[START_COOKIE]
    browser.get(back)
    connected = there.read()
    assert START_COOKIE not in browser.cookies

    assert browser.get(back).status == 403
    browser.cookies[START_COOKIE] = kept
    again = browser.get(back)

    assert (again.status, USED in again.text) == (403, True)
    assert there.read() == connected


def test_an_answer_that_declined_is_good_once_too(there: SignInWorld) -> None:
    browser = there.browser()
    good = there.answer(start(browser).location)
    kept = browser.cookies[START_COOKIE]
    state = parse_qs(urlsplit(good).query)["state"][0]
    browser.get(f"/connect/square/callback?error=access_denied&state={state}")
    browser.cookies[START_COOKIE] = kept

    refused(there, browser.get(good), USED)


def test_an_answer_that_nobody_started_is_refused(there: SignInWorld) -> None:
    code = there.oauth.add_code()

    refused(there, there.browser().get(f"/connect/square/callback?code={code}&state=made-up"))


def test_an_answer_with_another_state_is_refused_and_the_right_one_still_good(
    there: SignInWorld,
) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    code = there.oauth.add_code()

    refused(there, browser.get(f"/connect/square/callback?code={code}&state=made-up"))
    refused(there, browser.get(f"/connect/square/callback?code={code}"))
    browser.get(back)

    assert there.read().health is Health.HEALTHY


def test_the_answer_that_another_person_was_given_is_refused(there: SignInWorld) -> None:
    mine, theirs = there.browser(), there.browser(consumer=None)
    start(mine)
    foreign = there.answer(start(theirs).location)

    refused(there, mine.get(foreign))


def test_another_session_cannot_end_what_one_began_even_in_the_same_browser(
    there: SignInWorld,
) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    kept = browser.cookies[START_COOKIE]
    other = there.browser()
    other.cookies[START_COOKIE] = kept

    refused(there, other.get(back))


def test_an_answer_is_good_for_ten_minutes(there: SignInWorld) -> None:
    browser = there.browser()
    state = there.answer(start(browser).location).partition("state=")[2]
    there.shop.clock.advance(LASTS.total_seconds())

    code = there.oauth.add_code()
    refused(there, browser.get(f"/connect/square/callback?code={code}&state={state}"))


@pytest.mark.parametrize("kept", ["", "x", "x" * 5000, "ü", "eyJhIjoxfQ"])
def test_what_a_browser_kept_is_worthless_when_changed(there: SignInWorld, kept: str) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    browser.cookies[START_COOKIE] = kept

    refused(there, browser.get(back))


def test_an_answer_of_one_platform_is_none_of_another(there: SignInWorld) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)

    refused(there, browser.get(back.replace("/connect/square/", "/connect/brightpearl/")))


def test_a_session_is_no_start_and_a_start_no_session(there: SignInWorld) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    kept, session = browser.cookies[START_COOKIE], browser.cookies["synclog_session"]

    browser.cookies[START_COOKIE] = session
    refused(there, browser.get(back))
    browser.cookies |= {START_COOKIE: kept, "synclog_session": kept}
    assert browser.get(back).status == 303
    untouched(there)


# people


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admin_connects(there: SignInWorld, role: Role) -> None:
    browser = there.browser(role=role)
    page = browser.get(page_of())

    assert CONNECT not in [said for said, _ in page.links]
    seen = browser.get("/connect/square/start?consumer=acme&connection=square&ticket=x")
    assert (seen.status, START_COOKIE in browser.cookies) == (403, False)
    assert "role admin" in seen.text


def test_only_an_admin_ends_what_an_admin_began(there: SignInWorld) -> None:
    admin, viewer = there.browser(), there.browser(role=Role.VIEWER)
    back = there.answer(start(admin).location)
    viewer.cookies[START_COOKIE] = admin.cookies[START_COOKIE]

    seen = viewer.get(back)

    assert (seen.status, "role admin" in seen.text) == (403, True)
    untouched(there)


def test_another_merchants_connection_is_not_found(there: SignInWorld) -> None:
    address = there.browser().get(page_of()).link(CONNECT)

    seen = there.browser("bistro").get(address)

    assert seen.status == 404
    assert "There is no such consumer." in seen.text


def test_who_is_not_signed_in_signs_in_and_is_back_at_the_connection(there: SignInWorld) -> None:
    address = there.browser().get(page_of()).link(CONNECT)
    browser = there.stranger()

    asked = browser.get(address)
    form = browser.follow(asked).form("Sign in")
    seen = browser.submit(form, key=there.world.key("acme"))

    assert (asked.status, seen.location) == (303, page_of())
    assert browser.follow(seen).link(CONNECT) != address


def test_who_comes_back_and_is_signed_out_signs_in_and_is_back_at_the_connection(
    there: SignInWorld,
) -> None:
    browser = there.browser()
    back = there.answer(start(browser).location)
    del browser.cookies["synclog_session"]

    seen = browser.get(back)

    assert (seen.status, "code" in seen.location) == (303, False)
    form = browser.follow(seen).form("Sign in")
    assert browser.submit(form, key=there.world.key("acme")).location == page_of()
    untouched(there)


def test_a_stranger_who_comes_back_from_nowhere_learns_nothing(there: SignInWorld) -> None:
    seen = there.stranger().get("/connect/square/callback?code=c&state=s")

    assert (seen.status, seen.location) == (303, "/console/sign-in")
    untouched(there)


# links that others made


@pytest.mark.parametrize("ticket", ["", "&ticket=", "&ticket=made-up"])
def test_a_link_of_others_starts_nothing(there: SignInWorld, ticket: str) -> None:
    browser = there.browser()

    seen = browser.get(f"/connect/square/start?consumer=acme&connection=square{ticket}")

    assert (seen.location, START_COOKIE in browser.cookies) == (page_of(), False)
    assert NO_TICKET in browser.follow(seen).text


def test_a_ticket_is_good_for_one_connection(there: SignInWorld) -> None:
    there.save(name="square-2")
    browser = there.browser()
    address = browser.get(page_of()).link(CONNECT)

    seen = browser.get(address.replace("connection=square", "connection=square-2"))

    assert seen.location == page_of("square-2")


def test_the_sessions_word_stands_in_no_address(there: SignInWorld) -> None:
    page = there.browser().get(page_of())
    [word] = {word for form in page.forms for word in form.fields.get("word", [])}

    assert word not in page.link(CONNECT)


def test_no_form_leads_to_the_platform(there: SignInWorld) -> None:
    page = there.browser().get(page_of())

    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert not [form for form in page.forms if "/connect/" in form.action]


@pytest.mark.parametrize(
    "query", ["", "?consumer=acme", "?consumer=acme&connection=none", "?connection=square"]
)
def test_a_start_of_nothing_is_not_found(there: SignInWorld, query: str) -> None:
    assert there.browser().get(f"/connect/square/start{query}").status == 404


def test_a_start_at_another_platform_is_not_found(there: SignInWorld) -> None:
    address = there.browser().get(page_of()).link(CONNECT)
    browser = there.browser()

    assert browser.get(address.replace("/connect/square/", "/connect/till/")).status == 404


def test_a_start_that_lacks_something_says_what(there: SignInWorld) -> None:
    browser = there.browser()
    address = browser.get(page_of()).link(CONNECT)
    token = {"access_token": "t", "client_id": None}
    save_connection(
        there.world.services, "acme", "square", Given(credentials=token), loopback=True, by="Ann"
    )

    seen = browser.follow(browser.get(address))

    assert "Fill in first: Application id. Save, then sign in." in seen.text


def test_a_platform_without_a_page_of_its_own_has_no_button(there: SignInWorld) -> None:
    there.world.connect("acme", "till")
    browser = there.browser()
    page = browser.get(page_of("till"))
    ticket_of_square = browser.get(page_of()).link(CONNECT)

    assert "Sign in at" not in page.text
    wanted = ticket_of_square.replace("square", "till")
    assert browser.get(wanted).location == page_of("till")


def test_without_a_public_address_nobody_is_sent_away() -> None:
    with open_sign_in_world() as there:
        there.save()
        browser = there.browser()
        address = browser.get(page_of()).link(CONNECT)
        with there.without_public_address():
            assert NO_ADDRESS[:40] in browser.get(page_of()).text
            assert NO_ADDRESS in browser.follow(browser.get(address)).text


# traces


def test_neither_log_nor_recorded_calls_hold_a_code_or_a_state(
    there: SignInWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure(make_settings())
    browser = there.browser()
    away = start(browser)
    back = there.answer(away.location)
    browser.get(back)
    browser.get(back)
    there.stranger().get(back)
    said = parse_qs(urlsplit(back).query)
    told = capsys.readouterr().err
    log = there.world.services.log
    listed = log.list_exchanges("acme", limit=50).items
    calls = log.read_exchanges("acme", [one.id for one in listed])

    assert "/connect/{platform}/callback" in told
    for secret in (said["code"][0], said["state"][0]):
        assert secret not in told
        assert secret not in f"{calls}"
    assert "/oauth2/token" in [urlsplit(one.url).path for one in calls if one]


# gateways


def test_behind_a_stage_everything_keeps_its_stage() -> None:
    with open_sign_in_world("https://hooks.example/api") as there:
        there.save()
        browser = GatewayBrowser(app)
        form = browser.get("/api/console/sign-in").form("Sign in")
        signed = browser.submit(form, key=there.world.key("acme"))
        away = browser.get(browser.get(f"/api{page_of()}").link(CONNECT))
        seen = browser.get(there.answer(away.location))

        sessions = [line for line in signed.headers[""] if line.startswith("synclog_session=")]
        assert [line.split("; ")[1] for line in sessions] == [
            "Path=/api/connect",
            "Path=/api/console",
        ]
        [kept] = [line for line in away.headers[""] if line.startswith(START_COOKIE)]
        assert kept.split("; ")[1:] == [
            "Path=/api/connect/square",
            "Max-Age=600",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
        ]
        assert seen.location == f"/api{page_of()}"
        assert there.read().health is Health.HEALTHY


def test_signing_out_takes_the_session_away_everywhere(there: SignInWorld) -> None:
    browser = GatewayBrowser(app)
    form = browser.get("/api/console/sign-in").form("Sign in")
    browser.submit(form, key=there.world.key("acme"))

    out = browser.submit(browser.get(f"/api{page_of()}").form("Sign out"))

    lines = [line for line in out.headers[""] if line.startswith("synclog_session=;")]
    assert sorted(line.split("; ")[1] for line in lines) == [
        "Path=/api/connect",
        "Path=/api/console",
    ]


def test_both_steps_name_the_same_redirect_address(there: SignInWorld) -> None:
    away = start(there.browser())

    assert parse_qs(urlsplit(away.location).query)["redirect_uri"] == [CALLBACK]
