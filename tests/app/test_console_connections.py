"""The pages of connections."""

from urllib.parse import urlencode

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health, Role
from chalicelib.flows.setup.credentials import open_credentials
from tests.app.browsing import Browser, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

ACME = "/console/consumers/acme"
ALL = f"{ACME}/connections"
SHOP = f"{ALL}/shop"
NEEDS = "The plan must include the API."
SECRET = "s3cret-of-the-merchant"


def read(world: World, name: str = "shop") -> Connection:
    found = world.services.registry.read_connection("acme", name)
    assert found is not None
    return found


def secrets_of(world: World, name: str = "shop") -> dict[str, str]:
    return dict(open_credentials(world.services, read(world, name)))


def post(browser: Browser, address: str, **fields: str) -> Seen:
    word = browser.get("/console/consumers/acme/logs").forms[0].fields["word"][0]
    return browser.post(address, urlencode({**fields, "word": word}))


def test_cards_tell_health_webhooks_and_what_an_account_needs(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till")
    browser.submit(browser.get(SHOP).form("Check now"))

    seen = browser.get(ALL)

    assert "Shop Healthy" in seen.text
    assert "Webhooks are registered." in seen.text
    assert "Till Not checked yet" in seen.text
    assert "Not known before a check succeeds." in seen.text
    assert NEEDS in seen.text
    assert seen.link("Shop") == SHOP


def test_without_connections_the_page_says_what_to_do(browser: Browser, world: World) -> None:
    seen = browser.get(ALL)

    assert "Nothing is connected yet" in seen.text
    assert seen.link("Connect a platform") == f"{ALL}/new"
    assert "Ask an admin" in signed_in(world, "acme", Role.VIEWER).get(ALL).text


def test_a_check_says_whose_account_it_is(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")

    done = browser.submit(browser.get(ALL).form("Check now"))
    seen = browser.follow(done)

    assert done.location == SHOP
    assert "Checked: Shop answers. It is the account of shop of the toys." in seen.text
    assert read(world).health is Health.HEALTHY


def test_a_check_that_fails_says_why_and_what_the_platform_needs(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop")
    world.platforms["shop"].knows = "another-token"

    seen = browser.follow(browser.submit(browser.get(SHOP).form("Check now")))

    assert "The token was refused. Connect again." in seen.text
    assert "Down" in seen.text
    assert "answers" not in seen.text
    assert NEEDS in seen.text
    assert "Reconnect" in seen.text
    assert browser.get(seen.link("All about connecting Shop")).status == 200


def test_a_platform_that_is_away_leaves_the_health_open(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "The platform is away.")

    seen = browser.follow(browser.submit(browser.get(SHOP).form("Check now")))

    assert "Not known" in seen.text
    assert "The platform is away." in seen.text


def test_webhooks_that_are_missing_are_told_with_the_reason(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    failure = SyncFailure(Reason.REJECTED_BY_TARGET, "No webhooks in this plan.")
    world.platforms["shop"].webhooks_fail = failure

    seen = browser.follow(browser.submit(browser.get(SHOP).form("Check now")))

    assert "Healthy" in seen.text
    assert "Webhooks are not registered; polls find what changed." in seen.text
    assert seen.text.count("No webhooks in this plan.") == 1

    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "The platform is away.")
    seen = browser.follow(browser.submit(browser.get(SHOP).form("Check now")))
    assert "The platform is away." in seen.text
    assert seen.text.count("No webhooks in this plan.") == 1


def test_the_page_of_one_shows_settings_and_never_a_secret(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")

    seen = browser.get(SHOP)
    form = seen.form("Save and check")

    assert form.fields["settings.account"] == ["acme"]
    assert form.fields["credentials.access_token"] == [""]
    assert "good-token" not in seen.html
    assert "Token set" in seen.text
    assert "Signature key set" not in seen.text


def test_a_change_keeps_what_was_not_typed(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")

    done = browser.submit(form, **{"settings.account": "acme-2", "settings.calls_per_minute": "9"})

    assert "Saved: Shop answers." in browser.follow(done).text
    assert dict(read(world).settings) == {"account": "acme-2", "calls_per_minute": "9"}
    assert secrets_of(world)["access_token"] == "good-token"
    assert ("admin of the operator", "connection changed", "shop") in world.history("acme")


def test_an_emptied_setting_is_taken_away(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")
    browser.submit(form, **{"settings.calls_per_minute": "9"})

    again = browser.get(SHOP).form("Save and check")
    browser.submit(again, **{"settings.calls_per_minute": ""})

    assert dict(read(world).settings) == {"account": "acme"}


def test_an_emptied_address_is_the_platforms_own_again(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    for address in ("https://shop.example", ""):
        form = browser.get(SHOP).form("Save and check")
        browser.submit(form, **{"base_url": address, "credentials.access_token": "good-token"})
        assert read(world).base_url == address


def test_a_moved_address_wants_its_credentials(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")

    seen = browser.submit(browser.get(SHOP).form("Save and check"), base_url="https://x.example")

    assert (seen.status, "Give the credentials again" in seen.text) == (422, True)
    assert read(world).base_url == ""


def test_a_form_that_changes_nothing_only_checks(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    before = world.history("acme")

    seen = browser.follow(browser.submit(browser.get(SHOP).form("Save and check")))

    assert "Checked: Shop answers." in seen.text
    assert world.history("acme") == before


def test_a_secret_is_replaced_and_removed_and_never_comes_back(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")
    typed = {"credentials.access_token": SECRET, "credentials.signature_key": SECRET}
    seen = browser.follow(browser.submit(form, **typed))

    assert secrets_of(world)["access_token"] == SECRET
    assert SECRET not in seen.html
    assert "The token was refused." in seen.text

    form = browser.get(SHOP).form("Save and check")
    browser.submit(form, **{"remove.signature_key": "yes"})
    assert "signature_key" not in secrets_of(world)
    assert "remove.access_token" not in seen.html  # it is needed


def test_what_cannot_be_used_stands_beside_its_field_and_is_kept(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")
    typed = {
        "settings.account": "",
        "settings.calls_per_minute": "many",
        "base_url": "ftp://shop.example",
        "credentials.access_token": SECRET,
    }

    seen = browser.submit(form, **typed)

    assert seen.status == 422
    assert "Account is needed. As on the invoice." in seen.text
    assert "Give a number above 0" in seen.text
    assert "Give an address that starts with https://" in seen.text
    assert "Nothing was saved" in seen.text
    again = seen.form("Save and check").fields
    assert again["settings.calls_per_minute"] == ["many"]
    assert again["base_url"] == ["ftp://shop.example"]
    assert '<details class="more" open>' in seen.html
    assert SECRET not in seen.html
    assert secrets_of(world)["access_token"] == "good-token"


def test_an_address_with_a_password_is_not_repeated(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")

    seen = browser.submit(form, base_url=f"https://me:{SECRET}@shop.example")

    assert seen.status == 422
    assert SECRET not in seen.html


def test_a_platform_is_connected_and_checked(browser: Browser, world: World) -> None:
    choose = browser.get(f"{ALL}/new")
    assert NEEDS in choose.text
    page = browser.get(choose.link("Connect Till"))
    assert NEEDS in page.text

    typed = {"settings.account": "acme", "credentials.access_token": "good-token"}
    done = browser.submit(page.form("Connect and check"), **typed)

    assert done.location == f"{ALL}/till"
    assert "Connected: Till answers." in browser.follow(done).text
    assert read(world, "till").health is Health.HEALTHY
    assert secrets_of(world, "till")["access_token"] == "good-token"


def test_a_connect_that_fails_shows_what_the_platform_needs(browser: Browser, world: World) -> None:
    page = browser.get(f"{ALL}/new?platform=till")
    form = page.form("Connect and check")

    empty = browser.submit(form)
    refused = browser.submit(form, **{"settings.account": "a", "credentials.access_token": SECRET})
    seen = browser.follow(refused)

    assert empty.status == 422
    assert "Token is needed." in empty.text
    assert NEEDS in empty.text
    assert "The token was refused." in seen.text
    assert NEEDS in seen.text
    assert SECRET not in seen.html


def test_a_second_account_gets_a_name_of_its_own(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "shop-2")
    page = browser.get(browser.get(f"{ALL}/new").link("Connect a second Shop account"))
    form = page.form("Connect and check")
    typed = {"settings.account": "third", "credentials.access_token": "good-token"}

    taken = browser.submit(form, **typed, name="shop")
    unfit = browser.submit(form, **typed, name="Corner Shop")
    done = browser.submit(form, **typed)

    assert form.fields["name"] == ["shop-3"]
    assert (taken.status, unfit.status) == (422, 422)
    assert "There is a connection of this name." in taken.text
    assert "Call it shop, or shop-2" in unfit.text
    assert taken.form("Connect and check").fields["settings.account"] == ["third"]
    assert read(world).settings["account"] == "acme"
    assert done.location == f"{ALL}/shop-3"


def test_a_connection_is_deleted_after_a_page_that_asks(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS)

    page = browser.get(browser.get(SHOP).link("Disconnect Shop …"))
    assert "These flows are on and stop" in page.text
    assert "Products to the till" in page.text
    assert "Stock to the till" not in page.text
    assert read(world)

    seen = browser.follow(browser.submit(page.form("Disconnect Shop")))

    assert "shop is disconnected." in seen.text
    assert world.services.registry.read_connection("acme", "shop") is None
    assert browser.get(SHOP).status == 404


def test_a_viewer_reads_and_has_no_button(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    viewer = signed_in(world, "acme", Role.VIEWER)

    seen = viewer.get(SHOP)

    assert seen.status == viewer.get(ALL).status == 200
    assert "Account acme" in seen.text
    assert "Token set" in seen.text
    assert [form.buttons for form in seen.forms] == [["Find it"], ["Sign out"]]
    assert [form.buttons for form in viewer.get(ALL).forms] == [["Find it"], ["Sign out"]]
    assert "/webhooks/" not in seen.html
    assert viewer.get(f"{ALL}/needs/shop").status == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admin_changes_connections(browser: Browser, world: World, role: Role) -> None:
    world.connect("acme", "shop")
    person = signed_in(world, "acme", role)
    typed = {"platform": "till", "name": "till", "settings.account": "x"}

    assert person.get(f"{ALL}/new").status == 403
    assert person.get(f"{SHOP}/delete").status == 403
    assert post(person, ALL, **typed).status == 403
    assert post(person, SHOP, **{"settings.account": "x"}).status == 403
    assert post(person, f"{SHOP}/delete").status == 403
    assert read(world).settings["account"] == "acme"
    assert world.services.registry.read_connection("acme", "till") is None


def test_an_operator_checks_and_a_viewer_does_not(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")

    assert post(signed_in(world, "acme", Role.VIEWER), f"{SHOP}/check").status == 403
    assert read(world).checked_at is None
    assert post(signed_in(world, "acme", Role.OPERATOR), f"{SHOP}/check").status == 303
    assert read(world).checked_at == world.time


@pytest.mark.parametrize("page", ["", "/new", "/shop", "/shop/delete", "/needs/shop"])
def test_a_key_of_another_consumer_finds_nothing(browser: Browser, world: World, page: str) -> None:
    world.connect("acme", "shop")
    stranger = signed_in(world, "bistro", Role.ADMIN)

    assert stranger.get(f"{ALL}{page}").status == 404
    assert stranger.get(f"/console/consumers/bistro/connections{page}").status in (200, 404)


def test_what_is_not_there_is_not_found(browser: Browser, world: World) -> None:
    assert browser.get(SHOP).status == 404
    assert browser.get(f"{SHOP}/delete").status == 404
    assert browser.get(f"{ALL}/new?platform=moon").status == 404
    assert browser.get(f"{ALL}/needs/moon").status == 404
    assert post(browser, ALL, platform="moon", name="moon").status == 404
    assert post(browser, f"{SHOP}/check").status == 404


def test_settings_from_strangers_are_text(browser: Browser, world: World) -> None:
    world.connect("acme", "shop")
    form = browser.get(SHOP).form("Save and check")
    browser.submit(form, **{"settings.account": "<script>alert(1)</script>"})

    for person in (browser, signed_in(world, "acme", Role.VIEWER)):
        seen = person.get(SHOP)
        assert "<script>alert" not in seen.html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen.html


def test_many_connections_are_pages_of_a_small_size(browser: Browser, world: World) -> None:
    world.connect("acme", *(f"shop-{number}" for number in range(30)))
    world.platforms["shop"].away = SyncFailure(Reason.RETRYING, "<b>" * 160)
    for number in range(30):
        post(browser, f"{ALL}/shop-{number}/check")

    pages = [browser.get(ALL)]
    while "Older" in [said for said, _ in pages[-1].links]:
        pages.append(browser.get(pages[-1].link("Older")))

    assert max(len(seen.html.encode()) for seen in pages) < 50_000
    assert [seen.text.count("Check now") for seen in pages] == [12, 12, 6]
