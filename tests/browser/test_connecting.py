"""Connecting an account at the platform's own page, in a browser that keeps its rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app import app
from local.demo.api import Api
from local.platforms.square import SquareSimulator, demo_merchant
from local.run import running
from tests.browser.signing import sign_in
from tests.browser.watch import opened

CONSUMER = "corner-shirts"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A product with one merchant, and a Square that knows our application."""

    url: str
    key: str
    square: SquareSimulator


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    kind = app.__class__
    square = SquareSimulator()
    demo_merchant(square, ["Shirts"])
    square.start()
    with running({"SYNCLOG_LOG_LEVEL": "ERROR"}, folder=tmp_path) as product:
        operator = Api(product.url, product.first_key or "")
        operator.post("/v1/consumers", {"id": CONSUMER, "name": "Corner", "time_zone": "UTC"})
        square.oauth.redirect_url = f"{product.url}/connect/square/callback"
        body = {"consumer": CONSUMER, "role": "admin", "name": "Browser"}
        key = str(operator.post("/v1/keys", body)["key"])
        yield Place(url=product.url, key=key, square=square)
        operator.close()
    square.stop()
    app.__class__ = kind


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(browser: Browser, place: Place, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of somebody who is signed in; fails the test if anything goes wrong behind it."""
    with opened(browser, place.url, java_script_enabled=request.param) as watch:
        watch.allow(place.square.base_url)  # leaving for it is what these tests are about
        found = watch.context.new_page()
        sign_in(found, place.key)
        yield found
        watch.check()


def save_application(page: Page, place: Place) -> None:
    """Connect Square without a token: the application's id and secret are enough."""
    page.goto(f"/console/consumers/{CONSUMER}/connections/new?platform=square")
    page.get_by_label("Application id").fill(place.square.oauth.client_id)
    page.get_by_label("Application secret").fill(place.square.oauth.client_secret)
    page.get_by_text("More settings").click()
    page.get_by_label("Address of the API").fill(place.square.base_url)
    page.get_by_role("button", name="Connect and check").click()
    expect(page.get_by_role("status")).to_have_text("Saved. Sign in at Square to finish.")


def test_an_account_is_connected_there_and_back(page: Page, place: Place) -> None:
    save_application(page, place)

    page.get_by_role("link", name="Connect with Square").click()

    expect(page.get_by_role("status")).to_contain_text("Connected: Square answers.")
    assert page.url == f"{place.url}/console/consumers/{CONSUMER}/connections/square"
    kept = [one for one in page.context.cookies() if one["name"] == "synclog_start"]
    assert kept == []


def test_who_declines_there_reads_why_here(page: Page, place: Place) -> None:
    save_application(page, place)
    place.square.oauth.consents = False

    page.get_by_role("link", name="Connect with Square").click()

    expect(page.get_by_role("alert")).to_contain_text("Square gave no access")
