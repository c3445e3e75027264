"""The page of all consumers, adding one, and its name and time zone."""

import pytest

from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.browsing import HOSTILE, Browser, Seen, post, signed_in
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS

CONSUMERS = "/console/consumers"
ADD = "/console/add-consumer"
SETTINGS = "/console/consumers/acme/settings"


def add(browser: Browser, **fields: str) -> Seen:
    return browser.submit(browser.get(ADD).form("Add the consumer"), **fields)


def change(browser: Browser, **fields: str) -> Seen:
    return browser.submit(browser.get(SETTINGS).form("Save"), **fields)


def stored(world: World, consumer: str) -> tuple[str, str] | None:
    found = world.services.registry.read_consumer(consumer)
    return (found.name, found.time_zone) if found else None


def test_each_consumer_is_shown_with_its_id_and_how_it_stands(world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)
    world.switch_on("acme", PRODUCTS)
    world.advance(hours=25)
    world.failed("acme", PRODUCTS, "1")
    world.request("acme", PRODUCTS, "2")
    world.advance(hours=2)

    seen = signed_in(world, None, Role.ADMIN).get(CONSUMERS)

    assert seen.status == 200
    assert "1 of 2 needs somebody." in seen.text
    assert "Acme acme Needs somebody 2 not checked yet 1 1 2 hours ago 2 on" in seen.text
    assert "Not ready: Products to the till" in seen.text
    assert "Silent for a day: Orders to the shop" in seen.text
    assert "Bistro bistro Not set up none yet 0 0" in seen.text
    assert 'data-copy="acme"' in seen.html


def test_a_connection_that_is_down_is_named_and_linked(
    api: Api, browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till")
    world.platforms["till"].knows = "another-token"
    for name in ("shop", "till"):
        api.post(f"/v1/consumers/acme/connections/{name}/check")

    seen = browser.get(CONSUMERS)

    assert seen.link("Till is down") == f"{CONSUMERS}/acme/connections/till"
    assert "1 healthy" in seen.text
    assert "1 of 2 needs somebody." in seen.text


def test_numbers_lead_to_the_rows_they_count(browser: Browser, world: World) -> None:
    world.failed("acme", PRODUCTS, "1")
    world.failed("acme", PRODUCTS, "2")
    world.request("acme", PRODUCTS, "3")

    seen = browser.get(CONSUMERS)

    assert seen.link("2") == f"{CONSUMERS}/acme/logs?status=Failed"
    assert seen.link("1") == f"{CONSUMERS}/acme/logs?status=Pending"
    assert seen.link("Acme") == f"{CONSUMERS}/acme"


def test_a_consumer_without_trouble_runs(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", ORDERS)

    seen = browser.get(f"{CONSUMERS}?q=acme")

    assert "Runs" in seen.text
    assert "None of these needs anybody." in seen.text


@pytest.mark.parametrize("q", ["BIS", "istro", " bistro "])
def test_consumers_are_found_by_a_part_of_name_or_id(browser: Browser, q: str) -> None:
    search = browser.get(CONSUMERS).form("Search")

    seen = browser.submit(search, q=q)

    assert "bistro" in seen.text
    assert "acme" not in seen.text


def test_a_search_without_a_hit_says_what_to_do(browser: Browser) -> None:
    seen = browser.get(f"{CONSUMERS}?q=nobody")

    assert "No consumer fits" in seen.text
    assert {address for said, address in seen.links if said == "Show all"} == {CONSUMERS}


def test_many_consumers_are_paged_and_keep_the_page_small(browser: Browser, world: World) -> None:
    for number in range(25):
        world.add_consumer(f"shop-{number:02d}-{'x' * 40}")
    first = browser.get(f"{CONSUMERS}?q=shop")
    second = browser.get(first.link("Next"))
    back = browser.get(second.link("Previous"))

    assert first.html.count('scope="row"') == 20
    assert second.html.count('scope="row"') == 5
    assert back.html.count('scope="row"') == 20
    assert len(first.html.encode()) < 50_000


def test_a_consumers_key_goes_to_its_own_page(world: World) -> None:
    seen = signed_in(world, "acme", Role.VIEWER).get(CONSUMERS)

    assert (seen.status, seen.location) == (303, f"{CONSUMERS}/acme")


def test_a_name_is_never_markup(browser: Browser) -> None:
    add(browser, id="evil", name=HOSTILE, time_zone="UTC")

    for page in (f"{CONSUMERS}?q={HOSTILE}", f"{CONSUMERS}/evil/settings"):
        seen = browser.get(page)
        assert HOSTILE not in seen.html
        assert HOSTILE in seen.text or HOSTILE in str(seen.forms)


def test_an_admin_adds_a_consumer_and_lands_on_its_page(browser: Browser, world: World) -> None:
    done = add(browser, id="corner", name="Corner Shop", time_zone="Asia/Jakarta")

    assert (done.status, done.location) == (303, f"{CONSUMERS}/corner")
    assert stored(world, "corner") == ("Corner Shop", "Asia/Jakarta")


def test_what_cannot_be_used_is_said_beside_its_field_and_stays_typed(
    browser: Browser, world: World
) -> None:
    seen = add(browser, id="corner shop", name="", time_zone="Moon/Tycho")

    form = seen.form("Add the consumer")
    assert seen.status == 422
    assert form.fields["id"] == ["corner shop"]
    assert form.fields["time_zone"] == ["Moon/Tycho"]
    assert seen.html.count('aria-invalid="true"') == 3
    assert "Give a name of 1 to 200 characters." in seen.text
    assert stored(world, "corner shop") is None


def test_an_id_in_use_is_said_beside_the_id(browser: Browser, world: World) -> None:
    seen = add(browser, id="acme", name="Another", time_zone="UTC")

    assert seen.status == 409
    assert "The id acme is in use, or was. Choose another." in seen.text
    assert stored(world, "acme") == ("Acme", "Europe/London")


@pytest.mark.parametrize(
    ("consumer", "role"), [(None, Role.VIEWER), (None, Role.OPERATOR), ("acme", Role.ADMIN)]
)
def test_only_admins_of_the_operator_add_consumers(
    world: World, consumer: str | None, role: Role
) -> None:
    browser = signed_in(world, consumer, role)

    posted = post(browser, CONSUMERS, id="corner", name="Corner", time_zone="UTC")

    assert "Add a consumer" not in browser.get(CONSUMERS).text
    assert browser.get(ADD).status == 403
    assert posted.status == 403
    assert stored(world, "corner") is None


def test_name_and_time_zone_are_changed(browser: Browser, world: World) -> None:
    done = change(browser, name="Acme & Sons", time_zone="Europe/Paris")

    assert stored(world, "acme") == ("Acme & Sons", "Europe/Paris")
    assert "Name and time zone are saved." in browser.follow(done).text


def test_an_unknown_time_zone_is_said_beside_its_field(browser: Browser, world: World) -> None:
    seen = change(browser, name="Acme 2", time_zone="Moon/Tycho")

    assert seen.status == 422
    assert "Give a name of the IANA list" in seen.text
    assert seen.form("Save").fields["name"] == ["Acme 2"]
    assert stored(world, "acme") == ("Acme", "Europe/London")


def test_a_viewer_reads_name_and_time_zone_and_changes_nothing(world: World) -> None:
    browser = signed_in(world, "acme", Role.VIEWER)
    seen = browser.get(SETTINGS)

    posted = post(browser, SETTINGS, name="X", time_zone="UTC")

    assert "Europe/London" in seen.text
    assert [form.buttons for form in seen.forms] == [["Find it"], ["Sign out"]]
    assert posted.status == 403
    assert stored(world, "acme") == ("Acme", "Europe/London")


def test_settings_of_another_consumer_are_not_found(world: World) -> None:
    assert signed_in(world, "bistro", Role.ADMIN).get(SETTINGS).status == 404


def test_the_forms_stay_small_with_all_time_zones(browser: Browser) -> None:
    for page in (ADD, SETTINGS):
        seen = browser.get(page)
        assert "<option>Europe/London</option>" in seen.html
        assert len(seen.html.encode()) < 50_000
