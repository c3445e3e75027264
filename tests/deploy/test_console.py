"""The console of the deployed stage: signing in, pages whose addresses keep the stage, a button."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.deploy.stage import Stage
from tests.journey.house import House

ADDRESS = re.compile(r'(?:href|action|formaction|src)="([^"]*)"')
WORD = re.compile(r'name="word" value="([^"]+)"')


@pytest.fixture
def browser(stage: Stage) -> Iterator[httpx.Client]:
    """Somebody's browser: keeps cookies, follows redirects."""
    with httpx.Client(trust_env=False, timeout=60, follow_redirects=True) as opened:
        yield opened


def sign_in(browser: httpx.Client, stage: Stage) -> httpx.Response:
    """Sign in as the operator; returns the page after it."""
    form = browser.get(f"{stage.url}/console/sign-in")
    made = stage.operator.post("/v1/keys", {"role": "admin", "name": "a browser"})
    fields = {"word": word_of(form), "key": made["key"]}
    return browser.post(f"{stage.url}/console/sign-in", data=fields)


def word_of(page: httpx.Response) -> str:
    """Return what the forms of a page carry."""
    found = WORD.search(page.text)
    assert found is not None, page.text[:500]
    return found[1]


def test_pages_keep_the_stage_and_their_forms_work(
    stage: Stage, house: House, browser: httpx.Client
) -> None:
    product = house.add_product("Mug <b>", "MUG-1")
    row = house.wait_for("product", product, "Synced")

    landed = sign_in(browser, stage)
    log = browser.get(f"{stage.url}/console/consumers/{house.consumer}/logs?kind=product")
    shown = browser.get(f"{stage.url}/console/consumers/{house.consumer}/logs/{row['id']}")

    assert [page.status_code for page in (landed, log, shown)] == [200, 200, 200]
    assert "Mug &lt;b&gt;" in log.text
    for page in (landed, log, shown):
        inside = [one for one in ADDRESS.findall(page.text) if one.startswith("/")]
        assert inside
        assert [one for one in inside if not one.startswith("/api/console")] == []
    again = browser.post(
        f"{stage.url}/console/consumers/{house.consumer}/logs/{row['id']}/resync",
        data={"word": word_of(shown)},
    )
    assert (again.status_code, "It is being synced again." in again.text) == (200, True)
    house.wait_for("product", product, "Synced", fits=lambda one: one["attempts"] > row["attempts"])


def test_style_and_script_are_in_the_package(stage: Stage, browser: httpx.Client) -> None:
    page = browser.get(f"{stage.url}/console/sign-in")
    root = stage.url.removesuffix("/api")
    files = [one for one in ADDRESS.findall(page.text) if "/static/" in one]

    kinds = [browser.get(root + one).headers["content-type"] for one in files]

    assert sorted(kind.partition(";")[0] for kind in kinds) == [
        "image/svg+xml",
        "text/css",
        "text/javascript",
    ]


def test_a_stranger_sees_no_page(stage: Stage, browser: httpx.Client) -> None:
    page = browser.get(f"{stage.url}/console/consumers")

    assert str(page.url).startswith(f"{stage.url}/console/sign-in")
