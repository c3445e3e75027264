"""What axe-core finds on a page: what keeps people out who see, hear or move otherwise."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_RUN = """
async (tags) => {
  const found = await axe.run(document, {
    runOnly: { type: "tag", values: tags },
    resultTypes: ["violations"],
  });
  return found.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help,
    nodes: nodes.map(({ target, failureSummary }) => [target.flat().join(" "), failureSummary]),
  }));
}
"""


def violations(page: Page) -> list[str]:
    """Return every violation with the elements it is about; an empty list is good.

    The browser runs the script itself, so no policy of the page forbids it.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_script())
    return [_told(one) for one in page.evaluate(_RUN, list(TAGS))]


@cache
def _script() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def _told(violation: dict[str, Any]) -> str:
    where = [f"  {target}: {' '.join(why.split())}" for target, why in violation["nodes"]]
    return "\n".join([f"{violation['id']} ({violation['impact']}): {violation['help']}", *where])
