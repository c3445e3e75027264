"""The pages of the logs."""

from tests.app.browsing import Browser
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

LOGS = "/console/consumers/acme/logs"


def test_a_failed_row_says_why_in_the_list(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt", sku="SH-1")
    seen = browser.get(f"{LOGS}?kind=product")
    assert seen.status == 200
    assert "The target refused the record. The name is too long." in seen.text
