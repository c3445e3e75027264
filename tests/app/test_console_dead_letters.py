"""The page of dead letters: what lies in the queues, redrive, prune."""

import pytest

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Status
from tests.app.browsing import HOSTILE, Browser, Seen, post, signed_in
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

LETTERS = "/console/dead-letters"
SAID = {
    "max": "Give a whole number from 1 to 10,000.",
    "per_second": "Give a number above 0, up to 1,000.",
    "consumer": "There is no such consumer.",
}


def bury(world: World, row: Row) -> Row:
    message = QueueMessage(name=row.name, handled=row.handled)
    world.services.queue.send_many("records-dlq", [message])
    return row


def redrive(browser: Browser, **fields: str) -> Seen:
    return browser.submit(browser.get(LETTERS).form("Redrive"), **{"per_second": "1000", **fields})


def status_of(world: World, row: Row) -> Status:
    [found] = world.services.log.read_rows([row.name])
    assert found is not None
    return found.status


def test_it_shows_how_deep_the_queues_are_since_when_and_what_is_in_them(
    browser: Browser, world: World
) -> None:
    bury(world, world.failed("bistro", PRODUCTS, "P/1"))
    world.advance(hours=2)
    bury(world, world.failed("acme", PRODUCTS, "P2"))

    seen = browser.get(LETTERS)

    assert seen.status == 200
    assert "Records 2 letters" in seen.text
    assert "Inventory 0 letters" in seen.text
    assert "Mon 2 Nov 2026, 09:30:00 UTC (2 hours ago)" in seen.text
    assert "The name is too long." in seen.text
    assert "rejected by target" in seen.text
    assert "Products to the till" in seen.text
    assert seen.link("P2") == f"/console/consumers/acme/logs/{PRODUCTS}.P2"
    assert seen.link("P/1").startswith(f"/console/consumers/bistro/logs/{PRODUCTS}.P")
    assert seen.link("bistro") == "/console/consumers/bistro"


def test_it_can_be_narrowed_to_one_consumer(browser: Browser, world: World) -> None:
    bury(world, world.failed("acme", PRODUCTS, "P1"))
    bury(world, world.failed("bistro", PRODUCTS, "P2"))

    seen = browser.submit(browser.get(LETTERS).form("Show"), consumer="bistro")

    assert "P2" in seen.text
    assert "P1" not in seen.text
    assert seen.form("Redrive").fields["consumer"] == ["bistro"]


def test_without_dead_letters_it_says_so(browser: Browser) -> None:
    assert "No row stands Failed." in browser.get(LETTERS).text
    assert "No dead letters of this consumer" in browser.get(f"{LETTERS}?consumer=nobody").text


def test_a_redrive_tries_again_what_fails_and_says_what_it_did(
    browser: Browser, world: World
) -> None:
    failing = bury(world, world.failed("acme", PRODUCTS, "P1"))
    mended = bury(world, world.failed("acme", PRODUCTS, "P2"))
    world.synced("acme", PRODUCTS, "P2")

    seen = browser.follow(redrive(browser))

    assert "2 letters received: 1 row tried again, 1 letter dropped" in seen.text
    assert status_of(world, failing) is Status.PENDING
    assert status_of(world, mended) is Status.SYNCED
    assert "Records 0 letters" in seen.text


def test_a_redrive_of_one_consumer_leaves_the_others_alone(browser: Browser, world: World) -> None:
    acmes = bury(world, world.failed("acme", PRODUCTS, "P1"))
    bistros = bury(world, world.failed("bistro", PRODUCTS, "P1"))

    done = redrive(browser, consumer="bistro")

    assert done.location == f"{LETTERS}?consumer=bistro"
    assert status_of(world, acmes) is Status.FAILED
    assert status_of(world, bistros) is Status.PENDING


def test_a_redrive_takes_no_more_than_asked(browser: Browser, world: World) -> None:
    rows = [bury(world, world.failed("acme", PRODUCTS, f"P{number}")) for number in range(3)]

    redrive(browser, max="2")

    statuses = [status_of(world, row) for row in rows]
    assert statuses.count(Status.PENDING) == 2


def test_a_redrive_of_empty_queues_says_so(browser: Browser) -> None:
    assert "No letter was received" in browser.follow(redrive(browser)).text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("max", "0"),
        ("max", "many"),
        ("max", "1.5"),
        ("max", "10001"),
        ("max", ""),
        ("max", "9" * 900),
        ("per_second", "0"),
        ("per_second", "nan"),
        ("per_second", "inf"),
        ("per_second", "1e999"),
        ("consumer", "nobody"),
    ],
)
def test_what_cannot_be_used_is_said_and_stays_typed(
    browser: Browser, world: World, field: str, typed: str
) -> None:
    row = bury(world, world.failed("acme", PRODUCTS, "P1"))

    seen = redrive(browser, **{field: typed})

    assert seen.status in (404, 422)
    assert f'id="f-{field}" name="{field}" type="text" value="{typed}" aria-desc' in seen.html
    assert seen.html.count('aria-invalid="true"') == 1
    assert "Nothing was redriven." in seen.text
    assert SAID[field] in seen.text
    assert status_of(world, row) is Status.FAILED


def test_pruning_deletes_letters_of_rows_that_recovered(browser: Browser, world: World) -> None:
    bury(world, world.failed("acme", PRODUCTS, "P1"))
    bury(world, world.failed("acme", PRODUCTS, "P2"))
    world.synced("acme", PRODUCTS, "P2")

    first = browser.follow(browser.submit(browser.get(LETTERS).form("Prune now")))
    world.advance(minutes=2)
    again = browser.follow(browser.submit(first.form("Prune now")))

    assert "1 letter deleted: the rows no longer fail." in first.text
    assert "Records 1 letter" in first.text
    assert "Nothing to delete" in again.text


@pytest.mark.parametrize(
    ("consumer", "role"), [(None, Role.VIEWER), ("acme", Role.ADMIN), ("acme", Role.OPERATOR)]
)
def test_others_than_operators_see_no_entry_and_do_nothing(
    world: World, consumer: str | None, role: Role
) -> None:
    row = bury(world, world.failed("acme", PRODUCTS, "P1"))
    browser = signed_in(world, consumer, role)

    assert "Dead letters" not in browser.get("/console/consumers/acme/settings").text
    assert browser.get(LETTERS).status == 403
    assert post(browser, f"{LETTERS}/redrive", max="10", per_second="1000").status == 403
    assert post(browser, f"{LETTERS}/prune").status == 403
    assert status_of(world, row) is Status.FAILED
    assert world.services.queue.count("records-dlq") == 1


def test_many_and_hostile_rows_keep_the_page_small_and_harmless(
    browser: Browser, world: World
) -> None:
    for number in range(40):
        bury(world, world.failed("acme", PRODUCTS, f"{number}-{HOSTILE}-{'é' * 150}"))

    first = browser.get(LETTERS)
    second = browser.get(first.link("Next"))

    assert HOSTILE not in first.html
    assert HOSTILE in first.text
    assert first.html.count('scope="row"') == 25
    assert second.html.count('scope="row"') == 15
    assert len(first.html.encode()) < 50_000


def test_a_cursor_of_no_page_is_said(browser: Browser) -> None:
    seen = browser.get(f"{LETTERS}?cursor=x")

    assert seen.status == 422
    assert "Start again without one." in seen.text
