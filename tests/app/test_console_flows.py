"""The pages of flows: the switch, what is missing, settings."""

from dataclasses import replace

import pytest

from app import app
from chalicelib.domain.causes import flow_cause, setting_cause
from chalicelib.domain.platforms import Choice
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import FlowSetup, Role
from chalicelib.flows.setup.platforms import check_connection
from tests.app.asking import Api
from tests.app.browsing import HOSTILE, Browser, Seen, signed_in
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

AT = "/console/consumers/acme"
FLOWS = f"{AT}/flows"
FLOW = f"{FLOWS}/{PRODUCTS}"
SAVE = "Save the settings"


def setup_of(world: World, flow: str = PRODUCTS) -> FlowSetup:
    found = world.services.registry.read_flow("acme", flow)
    return found or FlowSetup(consumer="acme", flow=flow)


def card_of(seen: Seen, flow: str) -> str:
    """Return the markup of one card."""
    parts = seen.html.split('<section class="card"')
    return next(part for part in parts[1:] if f"/flows/{flow}/switch" in part)


@pytest.fixture
def ready(world: World) -> World:
    """A merchant with both accounts and a flow that is on and ready."""
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7")
    return world


def test_a_card_says_from_where_to_where_and_how_its_rows_stand(
    browser: Browser, ready: World
) -> None:
    ready.failed("acme", PRODUCTS, "P1")
    ready.advance(minutes=2)
    seen = browser.get(FLOWS)

    assert "Products to the till" in seen.text
    assert "Shop → Till" in seen.text
    assert "Running" in card_of(seen, PRODUCTS)
    assert "due now, every 5 minutes" in card_of(seen, PRODUCTS)
    assert f"{AT}/logs?flow={PRODUCTS}&amp;status=Failed" in card_of(seen, PRODUCTS)
    assert f"{AT}/mappings/{PRODUCTS}/category" in card_of(seen, PRODUCTS)


def test_flows_stand_together_by_the_accounts_between_which_they_go(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till", "till-2")
    world.switch_on("acme", f"{PRODUCTS}@till-2", price_list="7")
    html = browser.get(FLOWS).html

    first, second = html.index(">Shop and Till<"), html.index(">Shop and Till (till-2)<")
    assert first < html.index(f"/flows/{ORDERS}") < second < html.index(f"{PRODUCTS}%40till-2")


def test_what_a_flow_lacks_is_named_each_with_the_page_that_mends_it(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "till")
    seen = browser.get(FLOWS)
    card = card_of(seen, PRODUCTS)

    assert "Connect Shop: there is no connection shop yet." in card
    assert f'href="{AT}/connections/new">Connect it' in card
    assert f'href="{FLOW}#f-price_list">Fill it in' in card
    assert "connection till" not in card
    assert 'id="f-price_list"' in browser.get(FLOW).html


def test_values_without_an_answer_and_accounts_that_refuse_us_are_named(
    browser: Browser, ready: World
) -> None:
    ready.held_by_category("acme", "P1", "1")
    ready.held_by_category("acme", "P2", "1")
    ready.platforms["till"].knows = "another-token"
    check_connection(ready.services, "acme", "till")
    card = card_of(browser.get(FLOWS), PRODUCTS)

    assert "Categories: 1 value has no answer; 2 rows wait." in card
    assert f"{AT}/mappings/{PRODUCTS}/category#waiting" in card
    assert "The account till does not work. The token was refused." in card
    assert "Stopped" in card


def test_the_switch_stops_a_flow_keeps_its_rows_and_starts_it_again(
    browser: Browser, ready: World
) -> None:
    ready.failed("acme", PRODUCTS, "P1")
    form = next(one for one in browser.get(FLOWS).forms if f"{PRODUCTS}/switch" in one.action)
    off = browser.submit(replace(form, fields={**form.fields, "enabled": []}))
    assert off.location == FLOWS
    assert not setup_of(ready).enabled
    page = browser.follow(off)
    assert "off. Nothing new is read or sent; its rows stay where they are." in page.text
    assert "1 Failed of Products to the till" in page.html

    on = browser.submit(form, enabled="on")
    assert setup_of(ready).enabled
    assert "on. Rows that waited for it go on." in browser.follow(on).text
    assert flow_cause(PRODUCTS) in ready.releases()


def test_a_flow_that_lacks_something_may_be_switched_on_and_says_what_it_waits_for(
    browser: Browser, world: World
) -> None:
    form = next(one for one in browser.get(FLOW).forms if "/switch" in one.action)
    assert "enabled" not in form.fields
    back = browser.submit(form, enabled="on")

    assert back.location == FLOW
    seen = browser.follow(back)
    assert "It begins as soon as nothing is missing." in seen.text
    assert "Waits for what is missing" in seen.text


def test_a_setting_is_picked_from_what_the_platform_has(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    seen = browser.get(FLOW)
    assert '<option value="7">Retail' in seen.html
    saved = browser.submit(seen.form(SAVE), price_list="7", tolerance="0.5", archived="hide")

    assert saved.location == FLOW
    assert setup_of(world).settings == {"price_list": "7", "tolerance": "0.5", "archived": "hide"}
    assert "Saved. Rows that waited for it go on." in browser.follow(saved).text
    assert setting_cause(PRODUCTS, "price_list") in world.releases()


def test_only_what_was_changed_is_sent(browser: Browser, ready: World) -> None:
    form = browser.get(FLOW).form(SAVE)
    ready.switch_on("acme", PRODUCTS, note="of somebody else")
    browser.submit(form, tolerance="2")
    lines = len(ready.history("acme"))
    same = browser.submit(browser.get(FLOW).form(SAVE))

    assert setup_of(ready).settings["note"] == "of somebody else"
    assert setup_of(ready).settings["tolerance"] == "2"
    assert "Nothing was changed." in browser.follow(same).text
    assert len(ready.history("acme")) == lines


def test_an_emptied_setting_is_taken_away(browser: Browser, ready: World) -> None:
    ready.switch_on("acme", PRODUCTS, note="old")
    browser.submit(browser.get(FLOW).form(SAVE), note="")

    assert "note" not in setup_of(ready).settings


def test_a_start_date_is_read_and_shown_in_the_merchants_zone(
    browser: Browser, ready: World
) -> None:
    browser.submit(browser.get(FLOW).form(SAVE), start_date="2026-07-01T09:30")
    seen = browser.get(FLOW)

    assert setup_of(ready).settings["start_date"] == "2026-07-01T08:30:00+00:00"
    assert seen.form(SAVE).fields["start_date"] == ["2026-07-01T09:30"]
    assert 'value="2026-07-01T09:30" type="datetime-local"' in seen.html
    assert "Europe/London" in seen.text


def test_bad_values_are_marked_beside_their_fields_and_what_was_typed_stays(
    browser: Browser, ready: World
) -> None:
    form = browser.get(FLOW).form(SAVE)
    seen = browser.submit(form, tolerance="much", start_date="yesterday", note="kept")

    assert seen.status == 422
    assert "Give a number, such as 0.05." in seen.text
    assert "Give a date or time" in seen.text
    assert seen.form(SAVE).fields["tolerance"] == ["much"]
    assert seen.form(SAVE).fields["start_date"] == ["yesterday"]
    assert seen.form(SAVE).fields["note"] == ["kept"]
    assert "datetime-local" not in seen.html  # such a field would not show it
    assert seen.html.count('aria-invalid="true"') == 2
    assert "note" not in setup_of(ready).settings
    again = browser.submit(seen.form(SAVE), tolerance="1", start_date="")
    assert again.status == 303
    assert setup_of(ready).settings["note"] == "kept"


def test_without_an_answer_of_the_platform_its_id_stands_in_a_text(
    browser: Browser, ready: World
) -> None:
    ready.platforms["shop"].away = SyncFailure(Reason.RETRYING, "No answer.")
    seen = browser.get(FLOW)
    assert seen.status == 200
    assert "The names cannot be shown now: No answer." in seen.text
    assert seen.form(SAVE).fields["price_list"] == ["7"]
    browser.submit(seen.form(SAVE), price_list="8")

    assert setup_of(ready).settings["price_list"] == "8"


def test_an_account_that_is_not_there_yet_is_not_asked(browser: Browser, world: World) -> None:
    seen = browser.get(FLOW)

    assert "The account is not connected yet." in seen.text
    assert world.platforms["shop"].calls == 0


def test_from_many_choices_people_pick_by_name(browser: Browser, ready: World) -> None:
    many = [Choice(id=f"L{number}", name=f"List {number:03}") for number in range(700)]
    ready.platforms["shop"].choices["price_lists"] = many
    seen = browser.get(FLOW)
    assert len(seen.html.encode()) < 50_000
    assert '<option value="List 003">' in seen.html
    wrong = browser.submit(seen.form(SAVE), price_list="List 9")
    assert wrong.status == 422
    assert "There is no “List 9” to choose." in wrong.text
    browser.submit(wrong.form(SAVE), price_list="list  699")

    assert setup_of(ready).settings["price_list"] == "L699"
    assert browser.get(FLOW).form(SAVE).fields["price_list"] == ["List 699"]


def test_a_value_that_is_no_choice_any_more_stays_until_it_is_changed(
    browser: Browser, ready: World
) -> None:
    ready.switch_on("acme", PRODUCTS, price_list="gone")
    seen = browser.get(FLOW)

    assert seen.form(SAVE).fields["price_list"] == ["gone"]
    assert "gone (not there any more)" in seen.text


def test_viewers_see_words_instead_of_switches_and_fields(world: World, ready: World) -> None:
    viewer = signed_in(world, "acme", Role.VIEWER)
    cards, page = viewer.get(FLOWS), viewer.get(FLOW)
    word = f"word={cards.form('Sign out').fields['word'][0]}"

    assert "/switch" not in cards.html + page.html
    assert "On" in cards.text
    assert SAVE not in [button for form in page.forms for button in form.buttons]
    assert "Price list Retail" in page.text
    assert "Import now" not in page.text
    assert viewer.post(FLOW, f"{word}&note=x").status == 403
    assert viewer.post(FLOW, word).status == 403
    assert viewer.post(f"{FLOW}/switch", word).status == 403
    assert setup_of(world).enabled


def test_flows_of_another_consumer_are_not_found(world: World) -> None:
    stranger = signed_in(world, "bistro", Role.ADMIN)
    word = (
        f"word={stranger.get('/console/consumers/bistro/flows').form('Sign out').fields['word'][0]}"
    )

    assert [stranger.get(one).status for one in (FLOWS, FLOW)] == [404, 404]
    assert stranger.post(FLOW, f"{word}&note=x").status == 404
    assert stranger.post(f"{FLOW}/switch", f"{word}&enabled=on").status == 404
    assert not setup_of(world).enabled


def test_a_flow_that_is_not_declared_is_not_found(browser: Browser) -> None:
    assert browser.get(f"{FLOWS}/no-such-flow").status == 404


def test_a_flow_on_a_second_account_has_a_page_and_a_name_of_its_own(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "shop", "till", "till-2")
    world.switch_on("acme", f"{ORDERS}@till-2")
    seen = browser.get(FLOWS)
    address = seen.link("Orders to the shop (till-2)")

    assert "Till (till-2) → Shop" in seen.text
    assert address.endswith(f"{ORDERS}%40till-2")
    assert browser.get(address).status == 200


def test_a_flow_without_settings_says_so(browser: Browser, world: World) -> None:
    assert "This flow has no settings." in browser.get(f"{FLOWS}/{STOCK}").text


def test_hostile_names_are_shown_as_text(browser: Browser, ready: World) -> None:
    ready.platforms["shop"].choices["price_lists"] = [Choice(id="7", name=HOSTILE)]
    browser.submit(browser.get(FLOW).form(SAVE), note=f'">{HOSTILE}')
    seen = browser.get(FLOW)

    assert "&lt;script&gt;alert(1)" in seen.html
    assert HOSTILE not in seen.html
    assert seen.form(SAVE).fields["note"] == [f'">{HOSTILE}']


def test_a_page_of_flows_updates_itself_while_one_runs(browser: Browser, ready: World) -> None:
    assert "data-refresh" not in browser.get(FLOWS).html
    key = ready.key("acme", Role.OPERATOR)
    started = Api(app, key=key).post(
        f"/v1/consumers/acme/flows/{PRODUCTS}/executions", {"ids": ["1"]}
    )
    assert started.status == 202

    assert 'data-refresh="5"' in browser.get(FLOWS).html
    assert 'data-refresh="5"' in browser.get(FLOW).html
