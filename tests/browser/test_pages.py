"""Every page: it is there, light, told apart by axe from no page that keeps people out, and works
without scripts.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import violations
from tests.browser.home import Home, options_of_a_phone
from tests.browser.pages import MERCHANT, MISSING, OPEN, OPERATOR, PAGES
from tests.browser.signing import sign_in
from tests.browser.watch import Watch, opened

HEAVIEST = 50_000  #: bytes of HTML
WIDER_BY = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HREFS = "all => all.map(one => one.getAttribute('href'))"
DARK = {"color_scheme": "dark"}
#: Pages of every make: a list, a record, forms, a chart, an empty one.
SOME = ("overview", "logs-failed", "row-order", "mapping", "flow", "report", "empty-logs")


def open_page(watch: Watch, home: Home, name: str) -> Page:
    """Open a page in the context's first tab and hold it against what every page keeps to."""
    page = watch.context.pages[0]
    response = page.goto(PAGES[name](home), wait_until="load")
    assert response is not None
    assert response.status == (404 if name in MISSING else 200)
    assert response.headers["content-type"].startswith("text/html")
    assert len(response.body()) < HEAVIEST
    assert page.locator("h1").count() == 1
    assert page.evaluate(WIDER_BY) <= 0, "the page scrolls sideways"
    return page


@pytest.fixture(scope="module")
def watches(browser: Browser, house: Home) -> Iterator[dict[str, Watch]]:
    """Contexts in which the operator is signed in, by how they look; and a stranger's."""
    looks: dict[str, dict[str, Any]] = {
        "light": {},
        "dark": DARK,
        "phone": options_of_a_phone(),
        "no scripts": {"java_script_enabled": False},
    }
    with ExitStack() as stack:
        found = {"stranger": stack.enter_context(opened(browser, house.url))}
        found["stranger"].context.new_page()
        for name, look in looks.items():
            found[name] = stack.enter_context(opened(browser, house.url, **look))
            sign_in(found[name].context.new_page(), house.operator_key)
        yield found


def watch_for(watches: dict[str, Watch], name: str, look: str) -> Watch:
    """Return the context that a page is opened in."""
    return watches["stranger" if name in OPEN else look]


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out_of_a_page(watches: dict[str, Watch], house: Home, name: str) -> None:
    watch = watch_for(watches, name, "light")
    page = open_page(watch, house, name)
    assert violations(page) == []
    assert watch.take() == []


@pytest.mark.parametrize("look", ["dark", "phone"])
@pytest.mark.parametrize("name", SOME)
def test_nor_in_the_dark_or_on_a_phone(
    watches: dict[str, Watch], house: Home, name: str, look: str
) -> None:
    page = open_page(watches[look], house, name)
    assert violations(page) == []
    assert watches[look].take() == []


@pytest.mark.parametrize("name", [*MERCHANT, *OPERATOR])
def test_a_page_says_the_same_without_scripts(
    watches: dict[str, Watch], house: Home, name: str
) -> None:
    page = open_page(watches["no scripts"], house, name)
    assert page.locator("button[data-copy]:visible, button[data-export]:visible").count() == 0
    assert watches["no scripts"].take() == []


def test_every_link_leads_somewhere(watches: dict[str, Watch], house: Home) -> None:
    page = watches["light"].context.pages[0]
    found: dict[str, str] = {}  # address -> the page that has it
    for name in [*MERCHANT, *OPERATOR]:
        open_page(watches["light"], house, name)
        for address in page.eval_on_selector_all("a[href]", HREFS):
            if address.startswith("/console"):
                found.setdefault(address.partition("#")[0], name)
    answers = {one: page.request.get(one).status for one in sorted(found)}
    assert len(answers) > 100
    assert {one: (status, found[one]) for one, status in answers.items() if status != 200} == {}
    watches["light"].take()
