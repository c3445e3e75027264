"""Signing in as a person does, a key into the form; and finding pages by the menu."""

from playwright.sync_api import Page

SIGN_IN = "/console/sign-in"


def sign_in(page: Page, key: str) -> None:
    """Fill the form in and wait for the page after it."""
    page.goto(SIGN_IN)
    page.locator("input[name=key]").fill(key)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: SIGN_IN not in url)


def open_from_menu(page: Page, name: str) -> None:
    """Open a page by what the menu calls it."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).first.click()
