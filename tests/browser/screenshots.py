"""Photographs the pages of the console, all or the ones named.

Pictures go to build/screenshots/<page>-<light|dark|phone>.png. A line for each tells what its HTML
weighs and how long it took to load.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Browser

from tests.browser.chromium import NoChromiumError, launched
from tests.browser.home import Home, furnished, options_of_a_phone
from tests.browser.pages import MISSING, OPEN, PAGES
from tests.browser.signing import sign_in
from tests.browser.watch import Watch, opened

FOLDER = Path(__file__).parents[2] / "build/screenshots"
WIDE = {"viewport": {"width": 1280, "height": 800}}
MODES: Mapping[str, dict[str, Any]] = {
    "light": {**WIDE, "color_scheme": "light"},
    "dark": {**WIDE, "color_scheme": "dark"},
    "phone": {**options_of_a_phone(), "color_scheme": "light"},
}
HEAVIEST = 50_000  #: bytes of HTML


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What was seen of a page while it was photographed."""

    page: str
    mode: str
    status: int
    kind: str  #: content type
    size: int  #: bytes of HTML
    took_ms: float  #: until everything was loaded
    wider_by: int  #: pixels that a person would have to scroll sideways
    problems: Sequence[str]  #: behind the page

    @property
    def faults(self) -> list[str]:
        """What no page may do, in words."""
        wanted = 404 if self.page in MISSING else 200
        found = [
            told
            for is_so, told in (
                (self.status != wanted, f"answers {self.status}"),
                (not self.kind.startswith("text/html"), f"is {self.kind or 'nothing'}"),
                (self.size >= HEAVIEST, "too heavy"),
                (self.wider_by > 0, f"{self.wider_by} px too wide"),
            )
            if is_so
        ]
        return [*found, *self.problems]


def main(arguments: Sequence[str] | None = None) -> int:
    """Photograph the pages; 1 if one does what no page may do, 2 without a browser."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="page", help=", ".join(PAGES))
    parser.add_argument("--mode", action="append", choices=MODES, help="only this one")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.pages) - set(PAGES))
    if unknown:
        parser.error(f"there is no page {', '.join(unknown)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with launched() as browser, tempfile.TemporaryDirectory() as folder:
            say("The demo's story is told first; that takes half a minute.")
            with furnished(Path(folder)) as home:
                return _photograph(browser, home, asked.pages or list(PAGES), asked.mode or MODES)
    except NoChromiumError as error:
        say(str(error))
        return 2


def say(text: str) -> None:
    """Tell the person who started it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _photograph(browser: Browser, home: Home, names: Sequence[str], modes: Sequence[str]) -> int:
    paths = {name: PAGES[name](home) for name in names}
    faulty = []
    for mode in modes:
        with _signed_in(browser, home, mode) as (stranger, person):
            for name, path in paths.items():
                shot = _shoot(stranger if name in OPEN else person, name, path, mode)
                say(_line_of(shot))
                faulty += [shot] if shot.faults else []
    say(f"The pictures are in {FOLDER}; {len(faulty)} of {len(paths) * len(modes)} have a fault.")
    return 1 if faulty else 0


@contextmanager
def _signed_in(browser: Browser, home: Home, mode: str) -> Iterator[tuple[Watch, Watch]]:
    """Open a context where nobody is signed in, and one with the operator."""
    options = MODES[mode]
    with (
        opened(browser, home.url, **options) as stranger,
        opened(browser, home.url, **options) as person,
    ):
        stranger.context.new_page()
        sign_in(person.context.new_page(), home.operator_key)
        yield stranger, person


def _shoot(watch: Watch, name: str, path: str, mode: str) -> Shot:
    page = watch.context.pages[0]
    started = monotonic()
    response = page.goto(path, wait_until="load")
    took_ms = (monotonic() - started) * 1000
    page.screenshot(path=FOLDER / f"{name}-{mode}.png", full_page=True)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return Shot(
        page=name,
        mode=mode,
        status=response.status if response else 0,
        kind=response.headers.get("content-type", "") if response else "",
        size=len(response.body()) if response else 0,
        took_ms=took_ms,
        wider_by=int(page.evaluate(width)),
        problems=watch.take(),
    )


def _line_of(shot: Shot) -> str:
    told = f"{shot.page:<22} {shot.mode:<6} {shot.size:>7} bytes {shot.took_ms:>6.0f} ms"
    return "\n    ".join([told, *shot.faults])


if __name__ == "__main__":
    sys.exit(main())
