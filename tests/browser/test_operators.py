"""What operators do in the console: all merchants, dead letters, keys."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.home import Home
from tests.browser.signing import open_from_menu

SignIn = Callable[..., Page]


def test_the_operator_sees_all_merchants_and_finds_one(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """What is unhealthy stands out, and the search takes what a client says of itself."""
    signed_in(page, house.operator_key)
    expect(page.get_by_role("row").filter(has_text="Bistro Nord")).to_contain_text(
        re.compile("square", re.IGNORECASE)
    )
    page.get_by_role("searchbox").fill("bistro")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Bistro Nord", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bistro Nord")
    expect(page.locator("header")).to_contain_text("bistro-nord")


def test_dead_letters_are_tried_again_and_pruned(
    page: Page, house: Home, signed_in: SignIn
) -> None:
    """Both say how many letters it was about."""
    signed_in(page, house.operator_key)
    open_from_menu(page, "Dead letters")
    expect(page.get_by_role("heading", name="Rows that failed")).to_be_visible()
    page.get_by_role("button", name="Prune now").click()
    expect(page.get_by_role("status").first).to_contain_text("delete")
    page.get_by_label("Letters at most").fill("many")
    page.get_by_role("button", name="Redrive").click()
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was redriven")
    page.get_by_label("Letters at most").fill("100")
    page.get_by_role("button", name="Redrive").click()
    expect(page.get_by_role("status").first).to_contain_text("letter")
    house.settle()


def test_a_key_is_made_shown_once_used_and_revoked(
    page: Page, context: BrowserContext, house: Home, signed_in: SignIn
) -> None:
    """A viewer's key opens pages and shows no buttons; revoked, it opens nothing."""
    signed_in(page, house.operator_key)
    open_from_menu(page, "Keys")
    page.get_by_label("Name").fill("a viewer")
    page.get_by_role("radio", name=re.compile("One consumer's")).check()
    page.get_by_label("Consumer id").fill(house.consumer)
    page.get_by_label("Role").select_option(value="viewer")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_text(re.compile(r"^sk_[\w-]{40,}$")).first.inner_text()
    open_from_menu(page, "Keys")
    expect(page.locator("body")).not_to_contain_text(key)
    context.clear_cookies()
    signed_in(page, key)
    open_from_menu(page, "Products")
    expect(page.get_by_role("button", name=re.compile("Re-sync"))).to_have_count(0)
    made = next(one for one in house.operator.items("/v1/keys") if one["name"] == "a viewer")
    viewer = page.url
    context.clear_cookies()
    signed_in(page, house.operator_key)
    page.goto(f"/console/keys/{made['id']}/revoke")
    page.get_by_role("button", name=re.compile("Revoke")).click()
    context.clear_cookies()
    page.goto(viewer)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
