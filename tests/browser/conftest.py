"""One house and one Chromium for all tests of this folder; a fresh, watched context for each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import launched
from tests.browser.home import Home, furnished
from tests.browser.signing import sign_in
from tests.browser.watch import Watch, watched

#: Where pages of failed tests are photographed.
PICTURES = Path(__file__).parents[2] / "build/browser"
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    with launched() as found:
        yield found


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The product after the demo's story; tests share it, and leave it as they found it."""
    with furnished(tmp_path_factory.mktemp("house")) as home:
        yield home


@pytest.fixture
def java_script() -> bool:
    """Whether scripts run; parametrize it to try a page without them."""
    return True


@pytest.fixture
def context_options() -> dict[str, Any]:
    """What else the context is made with; parametrize it, say for a phone or dark colours."""
    return {}


@pytest.fixture
def watch(
    browser: Browser, house: Home, java_script: bool, context_options: dict[str, Any]
) -> Iterator[Watch]:
    """What goes wrong behind the pages of a test; it fails the test when it ends."""
    options = {"java_script_enabled": java_script, **context_options}
    with watched(browser, house.url, **options) as found:
        yield found


@pytest.fixture
def context(watch: Watch) -> BrowserContext:
    """A browser of its own for a test: nobody is signed in."""
    return watch.context


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page; photographed into ``build/browser`` if the test fails."""
    found = context.new_page()
    yield found
    if request.node.stash.get(FAILED, False) and not found.is_closed():
        name = "".join(one if one.isalnum() else "-" for one in request.node.name)
        found.screenshot(path=PICTURES / f"{name[:100]}.png", full_page=True)


@pytest.fixture
def signed_in(house: Home) -> Callable[..., Page]:
    """Return ``signed_in(page, key)``: the page after signing in; the merchant's key if none."""

    def sign_page_in(page: Page, key: str | None = None) -> Page:
        sign_in(page, key or house.key)
        return page

    return sign_page_in


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember of a test that it failed, for the page's picture."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
