"""The machine's own Chromium, as the tests and the screenshots start it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # Nothing but this machine has an address, whatever a page or the browser asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class NoChromiumError(Exception):
    """There is no browser to start; the message says how to get one."""


def find_chromium() -> str:
    """Return the program to start: CHROMIUM, or the first one found on the path.

    Raises:
        NoChromiumError: there is none.
    """
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else NAMES:
        found = shutil.which(name)
        if found:
            return found
    wrong = f"CHROMIUM names {named}, which is no" if named else f"None of {', '.join(NAMES)} is a"
    raise NoChromiumError(
        f"{wrong} program here. Install Chromium (Debian: `apt-get install chromium`), or name "
        "one: `CHROMIUM=/path/to/chromium make test-browser`."
    )


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a headless Chromium with a new profile until the block ends."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
