"""The harness itself: what a page must not do is seen, and axe works under a strict policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import violations
from tests.browser.chromium import NoChromiumError, find_chromium
from tests.browser.watch import watched

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"
GOOD = "<title>Good</title><main><h1>Good</h1></main>"
BODIES = {
    "/favicon.ico": "",
    "/good": GOOD,
    "/speechless": "<title>Speechless</title><main><h1>Form</h1><input></main>",
    "/said": f"{GOOD}<script src=/says.js></script>",
    "/says.js": "console.error('something is wrong')",
    "/thrown": f"{GOOD}<script src=/throws.js></script>",
    "/throws.js": "throw new Error('thrown at the top')",
    "/inline": f"{GOOD}<script>document.title = 'Bad'</script>",
    "/styled": f"{GOOD}<p style='color: red'>Red</p>",
    "/missing-styled": f"{GOOD}<p style='color: red'>Red</p>",
    "/broken": f"{GOOD}<script src=/missing.js></script>",
    "/foreign": f"{GOOD}<a href=http://other.example/>Away</a>",
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = BODIES.get(self.path)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_response(404 if body is None or "missing" in self.path else 200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(
            f"<!doctype html><html lang=en>{body}".encode()
            if kind == "text/html"
            else (body or "").encode()
        )

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A few small pages under a strict policy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/said", "something is wrong"),
        ("/thrown", "thrown at the top"),
        ("/inline", "Content Security Policy"),
        ("/styled", "Content Security Policy"),
        ("/missing-styled", "Content Security Policy"),
        ("/broken", "answered 404: GET"),
    ],
)
def test_what_goes_wrong_behind_a_page_fails(
    browser: Browser, site: str, path: str, told: str
) -> None:
    with pytest.raises(AssertionError, match=told), watched(browser, site) as watch:
        watch.context.new_page().goto(path)


def test_request_to_another_host_fails_and_goes_nowhere(browser: Browser, site: str) -> None:
    def leave() -> None:
        with watched(browser, site) as watch:
            page = watch.context.new_page()
            page.goto("/foreign")
            with page.expect_event("requestfailed"):
                page.get_by_role("link").click()

    with pytest.raises(AssertionError, match=r"foreign host: http://other\.example/"):
        leave()


@pytest.mark.parametrize("path", ["/good", "/nothing-here"])
def test_good_pages_and_pages_that_are_not_there_pass(
    browser: Browser, site: str, path: str
) -> None:
    with watched(browser, site) as watch:
        watch.context.new_page().goto(path)


def test_problem_that_a_test_allows_passes(browser: Browser, site: str) -> None:
    with watched(browser, site) as watch:
        watch.allow("something is wrong")
        watch.context.new_page().goto("/said")


def test_axe_finds_an_input_without_a_label_in_spite_of_the_policy(
    browser: Browser, site: str
) -> None:
    with watched(browser, site) as watch:
        page = watch.context.new_page()
        page.goto("/speechless")
        assert "label (critical)" in "\n".join(violations(page))
        page.goto("/good")
        assert violations(page) == []


def test_page_can_be_read_without_scripts(browser: Browser, site: str) -> None:
    with watched(browser, site, java_script_enabled=False) as watch:
        page = watch.context.new_page()
        page.goto("/said")
        assert page.get_by_role("heading", name="Good").is_visible()


def test_missing_chromium_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/no/such/chromium")
    with pytest.raises(
        NoChromiumError, match=r"/no/such/chromium, which is no program.*apt-get install chromium"
    ):
        find_chromium()
