"""Connecting an account at the platform's own page, from the console and back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import app
from chalicelib.console.visits import START_COOKIE
from chalicelib.domain.setup import Health
from chalicelib.flows.tokens import PREVIOUS, tend
from tests.app.asking import Api
from tests.app.sign_in_world import (
    CONNECT,
    RECONNECT,
    SignInWorld,
    open_sign_in_world,
    page_of,
    start,
)


@pytest.fixture
def there() -> Iterator[SignInWorld]:
    with open_sign_in_world() as opened:
        yield opened


def test_an_account_is_connected_without_anybody_typing_a_token(there: SignInWorld) -> None:
    browser = there.browser()
    new = browser.get("/console/consumers/acme/connections/new?platform=square")
    ours = {f"credentials.{name}": value for name, value in there.ours.items()}
    form = new.form("Connect and check")
    saved = browser.submit(form, base_url=there.shop.square.base_url, **ours)
    waiting = browser.follow(saved)

    away = browser.get(waiting.link(CONNECT))
    seen = browser.follow(browser.get(there.answer(away.location)))

    assert "Access token (needed)" not in new.text
    assert "Saved. Sign in at Square to finish." in waiting.text
    assert "Connected: Square answers. It is the account of London Soho." in seen.text
    assert there.read().health is Health.HEALTHY
    assert "Healthy" in seen.text
    assert seen.link(RECONNECT)


def test_what_signing_in_brought_is_kept_and_told(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()

    browser.follow(browser.get(there.answer(start(browser).location)))

    secrets, kept = there.secrets(), there.read()
    assert secrets["access_token"] in there.oauth.tokens
    assert secrets["refresh_token"] in there.oauth.grants
    assert secrets["merchant_id"] == there.oauth.world.merchant_id
    assert secrets.items() >= there.ours.items()
    assert kept.tokens_expire_at == there.shop.clock() + timedelta(days=30)
    assert kept.tokens_refreshed_at == there.shop.clock()
    assert ("admin of acme", "connection signed in", "square") in there.world.history("acme")
    assert "connection:square" in there.world.releases()


def test_the_webhooks_are_registered_on_connecting(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()

    browser.follow(browser.get(there.answer(start(browser).location)))

    assert there.read().webhooks_at == there.shop.clock()
    [one] = there.shop.square.webhooks.list_all(disabled=True)["subscriptions"]
    assert one["notification_url"].startswith("https://hooks.example/webhooks/square/")


def test_an_application_without_a_secret_is_connected_by_its_proof(there: SignInWorld) -> None:
    there.save(client_id=there.oauth.client_id)
    browser = there.browser()
    away = start(browser)

    seen = browser.follow(browser.get(there.answer(away.location)))

    assert "code_challenge=" in away.location
    assert "Connected: Square answers." in seen.text
    assert there.oauth.grants[there.secrets()["refresh_token"]].pkce


def test_a_second_account_is_connected_as_itself(there: SignInWorld) -> None:
    there.save()
    there.save(name="square-2")
    browser = there.browser()

    away = start(browser, page=page_of("square-2"))
    browser.get(there.answer(away.location))

    assert there.read("square-2").health is Health.HEALTHY
    assert "access_token" not in there.secrets("square")


def test_a_connection_that_is_down_is_reconnected_and_its_rows_go_on(there: SignInWorld) -> None:
    there.save(**there.ours, access_token="ended", refresh_token="dead")
    browser = there.browser()
    browser.submit(browser.get(page_of()).form("Check now"))
    assert there.read().health is Health.DOWN
    before = there.world.releases().count("connection:square")

    away = start(browser, RECONNECT)
    seen = browser.follow(browser.get(there.answer(away.location)))

    assert "Healthy" in seen.text
    assert there.secrets()["access_token"] != "ended"
    assert there.world.releases().count("connection:square") > before


def test_nothing_of_the_tokens_before_is_left(there: SignInWorld) -> None:
    tokens = there.oauth.add_grant()
    pair = {name: tokens[name] for name in ("access_token", "refresh_token")}
    there.save(**there.ours, **pair)
    assert tend(there.world.services, there.read())
    assert PREVIOUS in there.secrets()
    browser = there.browser()

    browser.get(there.answer(start(browser, RECONNECT).location))

    assert PREVIOUS not in there.secrets()
    assert there.secrets()["refresh_token"] != pair["refresh_token"]
    assert not tend(there.world.services, there.read())


def test_rows_go_on_even_if_square_is_away_right_after_the_exchange(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()
    back = there.answer(start(browser).location)
    before = there.world.releases().count("connection:square")
    there.shop.square.fail_next(503, path="/oauth2/token/status")

    browser.get(back)

    assert there.read().health is Health.UNCHECKED
    assert there.secrets()["access_token"] in there.oauth.tokens
    assert there.world.releases().count("connection:square") > before


def test_the_operator_may_connect_for_a_merchant(there: SignInWorld) -> None:
    there.save()
    browser = there.browser(consumer=None)

    browser.get(there.answer(start(browser).location))

    assert there.read().health is Health.HEALTHY
    line = ("admin of the operator", "connection signed in", "square")
    assert line in there.world.history("acme")


# no


def test_who_declines_reads_why_and_loses_nothing(there: SignInWorld) -> None:
    there.save(**there.ours, access_token=there.shop.merchant.token)
    there.oauth.consents = False
    browser = there.browser()

    away = start(browser, RECONNECT)
    seen = browser.follow(browser.get(there.answer(away.location)))

    assert "Square gave no access: it was declined there" in seen.text
    assert "Sign in again, and agree." in seen.text
    assert there.secrets()["access_token"] == there.shop.merchant.token
    assert seen.link(RECONNECT)
    assert START_COOKIE not in browser.cookies


def test_a_wrong_secret_is_told_with_its_mend(there: SignInWorld) -> None:
    there.save(client_id=there.oauth.client_id, client_secret="wrong")
    browser = there.browser()

    seen = browser.follow(browser.get(there.answer(start(browser).location)))

    assert "Square refused the exchange" in seen.text
    assert "Developer Console" in seen.text
    assert "access_token" not in there.secrets()


def test_a_code_that_is_over_is_told_with_its_mend(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()
    back = there.answer(start(browser).location)
    there.shop.clock.advance(301)

    seen = browser.follow(browser.get(back))

    assert "the code was used or is over" in seen.text


def test_a_platform_that_is_away_is_told_with_what_to_do(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()
    back = there.answer(start(browser).location)
    there.shop.square.fail_next(503)

    seen = browser.follow(browser.get(back))

    assert "Square could not do it now: it answered 503" in seen.text
    assert "Sign in again." in seen.text
    assert "access_token" not in there.secrets()


def test_other_noes_of_the_platform_are_told_without_its_words(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()
    state = there.answer(start(browser).location).partition("state=")[2]

    seen = browser.follow(
        browser.get(f"/connect/square/callback?error=server_error&x=<b>&state={state}")
    )

    assert "Square sent you back without access." in seen.text
    assert "server_error" not in seen.text


def test_a_connection_that_was_removed_meanwhile_is_not_found(there: SignInWorld) -> None:
    there.save()
    browser = there.browser()
    back = there.answer(start(browser).location)
    browser.submit(browser.get(f"{page_of()}/delete").form("Disconnect Square"))

    assert browser.get(back).status == 404


# before


def test_the_page_says_what_has_to_be_filled_in_first(there: SignInWorld) -> None:
    there.save(access_token=there.shop.merchant.token)

    seen = there.browser().get(page_of())

    assert "Fill in and save first: Application id." in seen.text
    assert RECONNECT not in [said for said, _ in seen.links]


def test_the_page_names_the_redirect_address_to_register(there: SignInWorld) -> None:
    there.save()

    assert "https://hooks.example/connect/square/callback" in there.browser().get(page_of()).text


def test_a_form_without_what_signing_in_needs_still_asks_for_the_token(there: SignInWorld) -> None:
    browser = there.browser()
    form = browser.get("/console/consumers/acme/connections/new?platform=square").form(
        "Connect and check"
    )

    seen = browser.submit(form, base_url=there.shop.square.base_url)

    assert seen.status == 422
    assert "Access token is needed." in seen.text
    assert "leave the tokens empty" in seen.text


def test_the_api_tells_what_is_missing_and_what_to_register(there: SignInWorld) -> None:
    there.save()
    api = Api(app, key=there.world.key("acme"))

    found = api.get("/v1/consumers/acme/connections/square").json

    assert found["sign_in"] == {
        "missing": [],
        "awaited": True,
        "redirect_address": "https://hooks.example/connect/square/callback",
    }
    assert (found["health"], found["detail"]) == (
        "down",
        "Nobody has signed in at Square for this connection yet.",
    )
    by_sign_in = [one["name"] for one in found["fields"] if one["by_sign_in"]]
    assert by_sign_in == ["access_token", "refresh_token"]


def test_where_chalice_itself_says_no_it_is_a_page(there: SignInWorld) -> None:
    seen = there.browser().post("/connect/square/callback", "")

    assert seen.status == 405
    assert "text/html" in seen.headers["Content-Type"]
