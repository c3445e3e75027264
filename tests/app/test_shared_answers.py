"""A flow that uses another's answers: readiness, what the API, the console and checks say."""

from collections.abc import Iterator

import pytest

from app import app
from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Role
from tests.app.asking import Api
from tests.app.browsing import Browser, signed_in
from tests.app.toy_refunds import REFUNDS, open_refunds
from tests.app.toy_world import World
from tests.app.toys import ORDERS

FLOWS = "/v1/consumers/acme/flows"
FIRST = "Set up Orders to the shop first: its answers are used here."
PAGES = "/console/consumers/acme"


@pytest.fixture
def world() -> Iterator[World]:
    with open_refunds() as opened:
        opened.connect("acme", "shop", "till")
        yield opened


@pytest.fixture
def api(world: World) -> Api:
    return Api(app, key=world.key())


@pytest.fixture
def browser(world: World) -> Browser:
    return signed_in(world, None, Role.ADMIN)


def lacks(api: Api, flow: str = REFUNDS) -> list[tuple[str, str]]:
    return [(one["what"], one["name"]) for one in api.get(f"{FLOWS}/{flow}").json["missing"]]


def is_ready(api: Api, flow: str = REFUNDS) -> bool:
    return bool(api.get(f"{FLOWS}/{flow}").json["ready"])


def next_poll(api: Api, flow: str = REFUNDS) -> str | None:
    found: str | None = api.get(f"{FLOWS}/{flow}").json["next_poll_at"]
    return found


# what the API says


def test_a_flow_says_whose_answers_it_uses(api: Api, world: World) -> None:
    world.connect("acme", "till-2")
    api.put(f"{FLOWS}/{REFUNDS}@till-2", {"enabled": False})
    shares = {one["name"]: one["shares"] for one in api.get(FLOWS).json["items"]}

    assert shares[REFUNDS] == ORDERS
    assert shares[f"{REFUNDS}@till-2"] == f"{ORDERS}@till-2"
    assert {shares[name] for name in shares if not name.startswith(REFUNDS)} == {None}


# readiness


def test_a_flow_is_not_ready_before_the_one_whose_answers_it_uses(api: Api) -> None:
    answered = api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True}).json

    assert not answered["ready"]
    assert answered["missing"] == [{"what": "flow", "name": ORDERS, "sentence": FIRST}]


def test_orders_that_lack_a_setting_are_not_set_up_yet(api: Api) -> None:
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    api.put(f"{FLOWS}/{ORDERS}", {"enabled": True})

    assert lacks(api) == [("flow", ORDERS)]
    assert (is_ready(api), next_poll(api)) == (False, None)


def test_set_up_of_the_orders_completes_the_flow_that_waited_for_it(api: Api, world: World) -> None:
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    world.advance(hours=1)
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})

    assert is_ready(api)
    assert next_poll(api) == "2026-11-02T10:30:00.000Z"
    assert next_poll(api, ORDERS) is None


def test_flow_that_is_off_is_completed_and_not_polled(api: Api) -> None:
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": False})
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})

    assert (is_ready(api), next_poll(api)) == (True, None)


def test_orders_need_not_be_switched_on_to_answer(api: Api) -> None:
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})
    answered = api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True}).json

    assert answered["ready"]
    assert FIRST not in [one["sentence"] for one in answered["missing"]]


def test_one_new_connection_completes_both(api: Api) -> None:
    api.delete("/v1/consumers/acme/connections/till")
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    api.put(f"{FLOWS}/{ORDERS}", {"enabled": True, "settings": {"walk_in_customer": "500"}})
    before = (is_ready(api, ORDERS), is_ready(api), lacks(api))
    account = {
        "platform": "till",
        "settings": {"account": "acme"},
        "credentials": {"access_token": "good-token"},
    }
    api.put("/v1/consumers/acme/connections/till", account)

    assert before == (False, False, [("connection", "till"), ("flow", ORDERS)])
    assert (is_ready(api, ORDERS), is_ready(api)) == (True, True)
    assert next_poll(api) == "2026-11-02T09:30:00.000Z"


def test_orders_of_another_account_complete_nothing(api: Api, world: World) -> None:
    world.connect("acme", "till-2")
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    api.put(f"{FLOWS}/{ORDERS}@till-2", {"settings": {"walk_in_customer": "900"}})

    assert not is_ready(api)
    assert lacks(api, f"{REFUNDS}@till-2") == []


def test_orders_of_another_account_let_a_running_poll_be(api: Api, world: World) -> None:
    world.connect("acme", "till-2")
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    before = next_poll(api)
    world.advance(hours=1)
    api.put(f"{FLOWS}/{ORDERS}@till-2", {"settings": {"walk_in_customer": "900"}})

    assert before is not None
    assert next_poll(api) == before


def test_answer_that_is_taken_away_later_changes_nothing(api: Api) -> None:
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": None}})

    assert is_ready(api)
    assert FIRST not in [one["sentence"] for one in api.get(f"{FLOWS}/{REFUNDS}").json["missing"]]


# what its records belong to

SWITCH = "Switch on Orders to the shop: rows here wait for what it brings."


def test_a_running_flow_says_that_its_orders_do_not_come(api: Api) -> None:
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})
    off = api.put(f"{FLOWS}/{REFUNDS}", {"settings": {"restock": "no"}}).json
    on = api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True}).json

    assert (off["ready"], off["missing"]) == (True, [])
    assert (on["ready"], on["missing"]) == (
        True,
        [{"what": "flow", "name": ORDERS, "sentence": SWITCH}],
    )
    assert on["next_poll_at"] is not None


def test_orders_that_are_switched_on_are_missed_no_more(api: Api) -> None:
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    before = [one["sentence"] for one in api.get(f"{FLOWS}/{REFUNDS}").json["missing"]]
    api.put(f"{FLOWS}/{ORDERS}", {"enabled": True, "settings": {"walk_in_customer": "500"}})

    assert before == [FIRST]
    assert lacks(api) == []


def test_diagnosis_of_a_flow_that_runs_names_the_one_to_switch_on(api: Api) -> None:
    api.put(f"{FLOWS}/{ORDERS}", {"settings": {"walk_in_customer": "500"}})
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    found = api.get("/v1/consumers/acme/diagnosis", flow=REFUNDS).json
    [ready] = [check for check in found["checks"] if check["check"] == "ready"]

    assert (ready["ok"], ready["evidence"]["missing"]) == (True, [ORDERS])
    assert ready["sentence"].endswith(SWITCH)


# diagnosis


def test_diagnosis_names_the_flow_to_set_up_first(api: Api) -> None:
    api.put(f"{FLOWS}/{REFUNDS}", {"enabled": True})
    cause = api.get("/v1/consumers/acme/diagnosis", flow=REFUNDS).json["cause"]

    assert (cause["check"], cause["evidence"]["missing"]) == ("ready", [ORDERS])
    assert cause["sentence"] == f"The set-up is not complete. {FIRST}"
    assert cause["remedy"] == FIRST


# the console


def test_the_page_of_a_flow_leads_to_the_answers_it_uses(browser: Browser) -> None:
    seen = browser.get(f"{PAGES}/flows/{REFUNDS}")

    assert "Taxes, payment methods and places are answered at Orders to the shop" in seen.text
    assert "its mappings and settings are used here, too." in seen.text
    assert seen.link("Orders to the shop") == f"{PAGES}/flows/{ORDERS}"
    assert seen.link("Taxes") == f"{PAGES}/mappings/{ORDERS}/tax"
    assert seen.link("Reasons") == f"{PAGES}/mappings/{REFUNDS}/why"
    assert "are answered at" not in browser.get(f"{PAGES}/flows/{ORDERS}").text


def test_the_page_of_a_flow_on_a_second_account_leads_to_the_answers_there(
    browser: Browser, world: World
) -> None:
    world.connect("acme", "till-2")
    seen = browser.get(f"{PAGES}/flows/{REFUNDS}%40till-2")

    assert seen.link("Orders to the shop (till-2)") == f"{PAGES}/flows/{ORDERS}%40till-2"


def test_a_card_leads_to_the_flow_that_has_to_be_set_up_first(browser: Browser) -> None:
    seen = browser.get(f"{PAGES}/flows")

    assert FIRST in seen.text
    assert seen.link("Open that flow") == f"{PAGES}/flows/{ORDERS}"


def test_a_row_that_waits_for_a_shared_answer_leads_to_where_it_is_given(
    browser: Browser, world: World
) -> None:
    cause = mapping_cause(ORDERS, "tax", "VAT")
    row = world.held("acme", REFUNDS, "R1", cause, Reason.NEEDS_MAPPING)
    seen = browser.get(f"{PAGES}/logs/{row.name.id}")
    address = f"{PAGES}/mappings/{ORDERS}/tax?value=VAT#waiting"

    assert address in [link for _, link in seen.links]
    assert "1 row" in browser.get(address).text


def test_a_mapping_that_holds_nothing_says_what_becomes_of_the_rest(
    api: Api, browser: Browser
) -> None:
    said = "A status without an answer changes nothing at Till."
    path = f"/consumers/acme/mappings/{ORDERS}"
    assert api.get(f"/v1{path}/order_status_back").json["without_answer"] == said
    page = browser.get(f"/console{path}/order_status_back").text

    assert said in page
    assert "wait" not in page.partition("Order statuses, the other way")[2]
    assert "Answers for single records" not in page


def test_a_mapping_that_holds_rows_says_that_they_wait(browser: Browser) -> None:
    page = browser.get(f"{PAGES}/mappings/{ORDERS}/tax").text

    assert "Rows wait for these" in page
    assert "Answers for single records" in page
