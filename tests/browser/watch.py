"""Notes what goes wrong behind a page: errors of the console, failed requests, foreign hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Request,
    Response,
    WebError,
)

WITHIN_MS = 10_000
#: A request the page gave up by itself, because it was left or something was downloaded.
GIVEN_UP = "net::ERR_ABORTED"
#: What Chromium's console says of every answer of 400 or more.
REPEATED = "Failed to load resource"


class Watch:
    """Watches all pages of one context; what breaks the content security policy is told too.

    A page that answers 400 or more is no problem by itself: a test may have asked for it.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self._home = urlsplit(url).netloc
        self._allowed: list[str] = []
        self._noted: list[str] = []
        self._messages: list[tuple[str, str]] = []  #: address, text
        self._answered: set[str] = set()  #: addresses, with 400 or more
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def allow(self, part: str) -> None:
        """Let problems pass that have these words in them."""
        self._allowed.append(part)

    def problems(self) -> list[str]:
        """Return what went wrong until now, a sentence each."""
        self.context.cookies()  # an answer of the browser: what it told before has arrived then
        told = [
            f"console: {text} ({url})" for url, text in self._messages if self._is_new(url, text)
        ]
        found = [*self._noted, *told]
        return [one for one in found if not any(part in one for part in self._allowed)]

    def take(self) -> list[str]:
        """Return what went wrong since the last time, and forget it."""
        problems = self.problems()
        self._noted.clear()
        self._messages.clear()
        return problems

    def check(self) -> None:
        """Fail if anything went wrong."""
        problems = self.problems()
        assert not problems, "behind the page went wrong:\n" + "\n".join(problems)

    def _is_new(self, url: str, text: str) -> bool:
        """Say whether a message does more than repeat that an address answered 400 or more."""
        return not (url in self._answered and text.startswith(REPEATED))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._messages.append((message.location.get("url", ""), message.text))

    def _on_error(self, error: WebError) -> None:
        self._noted.append(f"script: {error.error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc and parts.netloc != self._home:
            self._noted.append(f"foreign host: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self._noted.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status < 400:
            return
        self._answered.add(response.url)
        if not response.request.is_navigation_request():
            request = response.request
            self._noted.append(f"answered {response.status}: {request.method} {response.url}")


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Watch]:
    """Open a context for one site, in English and London's time unless told otherwise."""
    context = browser.new_context(
        base_url=url, **{"locale": "en-GB", "timezone_id": "Europe/London", **options}
    )
    try:
        context.set_default_timeout(WITHIN_MS)
        yield Watch(context, url)
    finally:
        context.close()


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Watch]:
    """Open a context for one site and fail at the end if anything went wrong in it."""
    with opened(browser, url, **options) as watch:
        yield watch
        watch.check()
