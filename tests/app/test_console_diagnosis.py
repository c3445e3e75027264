"""The page that says why something is not there."""

from dataclasses import replace

import pytest

from app import app
from chalicelib.domain.log import RunType, Trigger
from chalicelib.domain.ports import Change
from chalicelib.domain.setup import Health, PollState, Role
from chalicelib.flows import runs
from tests.app.browsing import HOSTILE, Browser, Seen
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

PAGE = "/console/consumers/acme/diagnosis"


def set_up(world: World, **settings: str) -> None:
    """Connect both platforms and let the flow run."""
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7", **settings)
    known = PollState(consumer="acme", flow=PRODUCTS)
    found = world.services.registry.read_poll("acme", PRODUCTS) or known
    polled = replace(found, finished_at=world.time, next_at=world.time)
    assert world.services.registry.save(Change(puts=[polled]))


def ask(browser: Browser, **fields: str) -> Seen:
    return browser.submit(browser.get(PAGE).form("Find out"), **{"flow": PRODUCTS, **fields})


def test_nothing_is_said_before_it_is_asked(browser: Browser) -> None:
    seen = browser.get(PAGE)

    assert seen.status == 200
    assert "Products to the till" in seen.text
    assert "What was checked" not in seen.text


def test_the_first_thing_that_is_not_well_stands_on_top(browser: Browser, world: World) -> None:
    seen = ask(browser)

    cause = seen.text.index("What stops it")
    told = seen.text.index("Shop is not connected: there is no connection shop.")
    assert cause < told < seen.text.index("What was checked, in this order")
    assert seen.link("Open the connections") == "/console/consumers/acme/connections"
    assert "Not OK" in seen.text


def test_a_connection_that_is_down_leads_to_its_page(browser: Browser, world: World) -> None:
    set_up(world)
    found = world.services.registry.read_connection("acme", "till")
    assert found is not None
    down = replace(found, health=Health.DOWN, health_detail="The token was revoked.")
    assert world.services.registry.save(Change(puts=[down]))
    seen = ask(browser)

    assert "Till refused the account. The token was revoked." in seen.text
    assert seen.link("Open the connection") == "/console/consumers/acme/connections/till"


def test_a_flow_that_is_off_leads_to_its_page(browser: Browser, world: World) -> None:
    world.connect("acme", "shop", "till")
    seen = ask(browser)

    assert "The flow is switched off." in seen.text
    assert seen.link("Open the flow") == f"/console/consumers/acme/flows/{PRODUCTS}"


def test_where_all_is_well_it_is_said(browser: Browser, world: World) -> None:
    set_up(world)
    seen = ask(browser)

    assert "Nothing stops it" in seen.text
    assert "Not OK" not in seen.text
    assert "Last poll ended Mon 2 Nov 2026, 09:30:00 GMT" in seen.text


def test_a_record_without_a_row_is_answered(browser: Browser, world: World) -> None:
    set_up(world)
    seen = ask(browser, record="P404")

    assert "P404 was not received: no webhook, poll or import has named it." in seen.text
    assert "The last poll ended at 2026-11-02 09:30 GMT." in seen.text
    runs = "/console/consumers/acme/executions"
    assert seen.link("Import it by its id") == f"{runs}?flow={PRODUCTS}&ids=P404#import"
    form = browser.get(seen.link("Import it by its id")).form("Import now")
    assert (form.fields["flow"], form.fields["ids"]) == ([PRODUCTS], ["P404"])


def test_a_wrong_id_is_led_to_the_row_it_may_have_meant(browser: Browser, world: World) -> None:
    set_up(world)
    row = world.synced("acme", PRODUCTS, "P1", sku="SH-1000")
    seen = ask(browser, record="SH-1000")

    assert seen.link(f"Was it {row.name.id}?") == f"/console/consumers/acme/logs/{row.name.id}"


def test_a_record_leads_to_its_row_and_to_what_mends_it(browser: Browser, world: World) -> None:
    set_up(world)
    row = world.held_by_category("acme", "P1", "Shirts", name="Shirt")
    seen = ask(browser, record="P1")

    assert seen.link("Open its row") == f"/console/consumers/acme/logs/{row.name.id}"
    assert "value=Shirts" in seen.link("Open the mapping")


def test_what_happened_before_the_start_date_is_not_awaited(browser: Browser, world: World) -> None:
    set_up(world, start_date="2026-11-01")
    seen = ask(browser, record="P404", date="2026-10-30")

    assert "is synced, and this is from before." in seen.text
    assert seen.link("Open the setting").endswith(f"/flows/{PRODUCTS}#f-start_date")
    assert seen.form("Find out").fields["date"] == ["2026-10-30"]


def test_waiting_and_failed_rows_of_a_flow_are_linked(browser: Browser, world: World) -> None:
    set_up(world)
    for record in ("P1", "P2"):
        world.held_by_category("acme", record, "Shirts")
    world.failed("acme", PRODUCTS, "P3")
    seen = ask(browser)

    assert "cause=mapping" in seen.link(
        "2 rows: waiting for an answer for Shirts in category, Products to the till"
    )
    assert "group=" in seen.link("1 row: rejected by target")
    assert "value=Shirts" in seen.link("Open the mapping")
    assert [text for text, _ in seen.links].count("What needs you") == 2


def test_the_last_poll_can_be_opened(browser: Browser, world: World) -> None:
    set_up(world)
    run = runs.begin(
        world.services,
        consumer="acme",
        flow=PRODUCTS,
        type=RunType.POLL,
        trigger=Trigger.SCHEDULE,
        by="poll",
    )

    place = f"/console/consumers/acme/executions/{run.id}"
    assert ask(browser).link("Open the last poll") == place


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"flow": ""}, "Name the flow it is about."),
        ({"flow": "no-such-flow"}, "There is no such flow. Choose one of the list."),
        ({"record": "x" * 401}, "of at most 400 characters"),
        ({"date": "yesterday"}, "Give a date or time"),
    ],
    ids=["no flow", "unknown flow", "long record", "no date"],
)
def test_what_does_not_fit_is_said_beside_its_field(
    browser: Browser, fields: dict[str, str], said: str
) -> None:
    seen = ask(browser, **fields)

    assert seen.status == 422
    assert said in seen.text
    assert 'aria-invalid="true"' in seen.html or "field wrong" in seen.html
    assert "What was checked" not in seen.text


def test_what_was_typed_stays_and_is_text(browser: Browser) -> None:
    seen = ask(browser, record=HOSTILE, date="yesterday")

    assert seen.form("Find out").fields["record"] == [HOSTILE]
    assert seen.form("Find out").fields["flow"] == [PRODUCTS]
    assert "<script>alert" not in seen.html


def test_hostile_records_and_causes_are_text(browser: Browser, world: World) -> None:
    set_up(world)
    world.held_by_category("acme", HOSTILE, HOSTILE)

    for seen in (ask(browser), ask(browser, record=HOSTILE)):
        assert seen.status == 200
        assert "<script>alert" not in seen.html


def test_a_page_with_much_to_say_stays_below_50_kb(browser: Browser, world: World) -> None:
    set_up(world)
    for number in range(30):
        world.held_by_category("acme", f"P{number}", f"{number}" + "\u0639" * 90)

    assert len(ask(browser).html.encode()) < 50_000


def test_a_viewer_may_ask_about_its_own_consumer_alone(world: World) -> None:
    viewer = Browser(app)
    viewer.sign_in(world.key("acme", Role.VIEWER))

    assert viewer.get(f"{PAGE}?flow={PRODUCTS}").status == 200
    assert viewer.get(f"/console/consumers/bistro/diagnosis?flow={PRODUCTS}").status == 404
