"""What hostile requests, cookies, gateways and platforms cannot do to the console."""

from time import process_time
from urllib.parse import quote, urlencode

import pytest

from app import app
from chalicelib.console.pages.sign_in import TRIES
from chalicelib.console.parts.mapping_form import CANNOT_READ
from chalicelib.console.parts.picks import Picks
from chalicelib.console.visits import TOO_LONG, TOO_MUCH_ASKED, VALUES_AT_MOST
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import Role
from chalicelib.flows.setup.consumers import delete_consumer
from tests.app.browsing import Browser, Seen, signed_in
from tests.app.gateway import GatewayBrowser
from tests.app.test_console_access import FORMS, filled, try_key
from tests.app.test_console_transactions import record_attempt, record_call
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

OWN = "/console/consumers/acme"
CATEGORY = f"{OWN}/mappings/{PRODUCTS}/category"


def word_of(browser: Browser) -> str:
    """Return what the forms of a session carry."""
    return browser.get(f"{OWN}/logs").form("Sign out").fields["word"][0]


# what platforms answer

HOSTILE_ANSWERS = {
    "half an emoji": '{"name": "Shirt \\ud83d"}',
    "deep list": "[" * 16_000,
    "deep object": '{"a":' * 3000,
    "deep and whole": "[" * 4000 + "]" * 4000,
}


@pytest.mark.parametrize("body", HOSTILE_ANSWERS.values(), ids=HOSTILE_ANSWERS)
def test_whatever_a_platform_answers_is_shown(browser: Browser, world: World, body: str) -> None:
    record_call(world, "odd", response_body=body, request_body=body)
    row = world.failed("acme", PRODUCTS, "P1", name="Shirt")
    record_attempt(world, row, "odd")
    call = browser.get(f"{OWN}/transactions/odd")
    assert (call.status, body[0] in call.text) == (200, True)
    assert browser.get(f"{OWN}/logs/{quote(row.name.id)}").status == 200


def test_a_text_that_never_ends_takes_no_time(browser: Browser, world: World) -> None:
    record_call(world, "long", response_body='{"html": "' + 'x\\" ' * 4000 + "…")
    browser.get(f"{OWN}/transactions/long")
    begun = process_time()
    assert browser.get(f"{OWN}/transactions/long").status == 200
    assert process_time() - begun < 0.5


# addresses and forms


@pytest.mark.parametrize("name", ["kind", "q", "code", "columns", "nonsense"])
@pytest.mark.parametrize("page", ["logs", "export", "transactions", "report", "resyncs/new"])
def test_an_address_with_very_many_values_is_refused(
    browser: Browser, page: str, name: str
) -> None:
    fits = browser.get(f"{OWN}/{page}?" + "&".join([f"{name}=abc"] * VALUES_AT_MOST))
    assert TOO_MUCH_ASKED not in fits.text
    seen = browser.get(f"{OWN}/{page}?" + "&".join([f"{name}=abc"] * (VALUES_AT_MOST + 1)))
    assert (seen.status, TOO_MUCH_ASKED in seen.text) == (400, True)


def test_a_very_long_address_is_refused(browser: Browser) -> None:
    assert browser.get(f"{OWN}/logs?q={'x' * 10_000}").status == 200
    seen = browser.get(f"{OWN}/logs?q={'x' * 10_000}&cursor=x")
    assert (seen.status, TOO_LONG in seen.text) == (400, True)


def test_a_stranger_cannot_ask_for_very_much_either(world: World) -> None:
    many = "&".join(["next=a"] * (VALUES_AT_MOST + 1))
    assert Browser(app).get(f"/console/sign-in?{many}").status == 400
    assert Browser(app).get(f"{OWN}/logs?{many}").status == 400


@pytest.mark.parametrize(
    "value", ["[" * 1500, "[", "1", "null", ""], ids=["deep", "open", "number", "null", "empty"]
)
def test_a_mappings_value_that_no_page_sent_is_refused(
    browser: Browser, world: World, value: str
) -> None:
    world.held_by_category("acme", "P1", "Hats")
    seen = browser.post(CATEGORY, f"word={word_of(browser)}&to-0=x&was-0=&value-0={value}")
    assert (seen.status, CANNOT_READ in seen.text) == (400, True)


def test_a_mappings_form_has_no_more_answers_than_a_page_shows(
    browser: Browser, world: World
) -> None:
    world.held_by_category("acme", "P1", "Hats")
    many = "&".join(f"to-{number}=" for number in range(101))
    seen = browser.post(CATEGORY, f"word={word_of(browser)}&{many}")
    assert (seen.status, CANNOT_READ in seen.text) == (400, True)


def test_many_mistyped_names_take_little_time() -> None:
    names = [f"hats {number:030}" for number in range(5000)]
    picks = Picks(choices=[{"id": name, "name": name} for name in names])
    picks.find("hats")
    begun = process_time()
    told = [picks.why_not(f"hots {number:030}") for number in range(10)]
    assert process_time() - begun < 2
    assert "Is it one of these?" in told[0]


# cookies


@pytest.mark.parametrize(
    "foreign",
    ['analytics={"a":1}', "a[b]=1", "path=/", "$Version=1", "odd", "=", ";;", 'q="', "é=ü"],
)
def test_cookies_of_others_on_this_host_do_not_end_a_session(
    browser: Browser, foreign: str
) -> None:
    session = browser.cookies["synclog_session"]
    browser.cookies = {}
    sent = {"Cookie": f"{foreign}; synclog_session={session}; other=1"}
    assert browser._send("GET", f"{OWN}/logs", b"", sent).status == 200


@pytest.mark.parametrize(
    "word",
    [
        '"a\\015\\012X-Evil: 1"',
        '"a\\073 Domain=evil.example"',
        '"\\303\\251"',
        "chosen",
        "x" * 500,
    ],
)
def test_a_planted_word_is_not_taken_for_the_sign_in_form(world: World, word: str) -> None:
    browser = Browser(app, cookies={"synclog_form": word})
    form = browser.get("/console/sign-in").form("Sign in")
    assert browser.cookies["synclog_form"] == form.fields["word"][0]
    assert "evil" not in str(form).lower()
    assert len(form.fields["word"][0]) == 32
    planted = Browser(app, cookies={"synclog_form": word})
    body = urlencode({"key": world.key(), "word": word.strip('"')})
    assert planted.post("/console/sign-in", body).status == 403


def test_the_word_of_an_open_sign_in_form_stays(world: World) -> None:
    browser = Browser(app)
    first = browser.get("/console/sign-in").form("Sign in")
    browser.get("/console/sign-in")
    assert browser.submit(first, key=world.key()).status == 303


# gateways


@pytest.mark.parametrize("stage", ["/api", "/a/b", "/console"])
@pytest.mark.parametrize("end", ["", "/"])
def test_addresses_keep_their_stage_whatever_ends_them(world: World, stage: str, end: str) -> None:
    browser = GatewayBrowser(app, stage=stage)
    seen = open_as_asked(browser, f"{stage}/console/sign-in", end)
    assert seen.form("Sign in").action == f"{stage}/console/sign-in"
    assert f"Path={stage}/console;" in "".join(seen.headers[""])


def open_as_asked(browser: GatewayBrowser, address: str, end: str) -> Seen:
    """Open a page whose address a gateway takes with a slash at its end, too."""
    return browser._send("GET", address, b"", {}, end=end)


@pytest.mark.parametrize("stage", ["http://evil.example", "//evil.example", "/a b", "/\\evil"])
def test_no_address_leads_to_another_host(world: World, stage: str) -> None:
    seen = GatewayBrowser(app, stage=stage).get(f"{stage}/console/sign-in")
    assert seen.form("Sign in").action == "/console/sign-in"
    assert "evil" not in seen.html
    assert "Path=/console;" in "".join(seen.headers[""])


@pytest.mark.parametrize("said", ["https", "HTTPS", "https, http", "https,https"])
def test_cookies_are_secure_however_proxies_say_https(world: World, said: str) -> None:
    answer = Browser(app)._send("GET", "/console/sign-in", b"", {"X-Forwarded-Proto": said})
    assert "; Secure" in "".join(answer.headers["Set-Cookie"])


def test_addresses_of_one_network_share_their_tries(world: World) -> None:
    for number in range(TRIES):
        try_key(GatewayBrowser(app, ip=f"2001:db8:1:2::{number:x}"), "sk_wrong")
    assert try_key(GatewayBrowser(app, ip="2001:db8:1:2:ffff::1"), "sk_wrong").status == 429
    assert try_key(GatewayBrowser(app, ip="2001:db8:1:3::1"), "sk_wrong").status == 401


@pytest.mark.parametrize("ip", ["", "no address", "::ffff:192.0.2.1", "fe80::1%eth0"])
def test_odd_addresses_can_sign_in(world: World, ip: str) -> None:
    assert try_key(GatewayBrowser(app, ip=ip), world.key()).status == 303


# keys of those who left


def test_a_session_of_a_deleted_consumer_opens_nothing(world: World) -> None:
    browser = signed_in(world, "acme", Role.ADMIN)
    delete_consumer(world.services, "acme", by="the test")
    for path in ("", "/logs", "/connections", "/export.csv"):
        seen = browser.get(f"{OWN}{path}")
        assert (seen.status, seen.location.startswith("/console/sign-in")) == (303, True)
    assert Browser(app).sign_in(world.key("acme")).status == 401


# methods and roles


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/console", "/console/sign-in", f"{OWN}/logs"])
def test_other_methods_are_refused_on_a_page(browser: Browser, method: str, path: str) -> None:
    seen = browser._send(method, path, b"", {})
    assert (seen.status, "GET" in seen.headers["Allow"]) == (405, True)
    assert "does not take that method" in seen.text


@pytest.mark.parametrize("path", [path for path in FORMS if path != "/console/sign-out"])
@pytest.mark.parametrize("consumer", ["acme", None], ids=["own", "operator"])
def test_a_viewer_changes_nothing(world: World, path: str, consumer: str | None) -> None:
    world.connect("acme", "till", "shop")
    row = world.held_by_category("acme", "P1", "Hats")
    browser = signed_in(world, consumer, Role.VIEWER)
    before = world.history("acme")
    seen = browser.post(meant(path, row), f"word={word_of(browser)}&{FILLED}")
    assert seen.status == 403
    assert world.history("acme") == before


@pytest.mark.parametrize("path", [path for path in FORMS if "{consumer}" in path])
def test_a_key_of_those_who_run_it_sets_nothing_up(world: World, path: str) -> None:
    world.connect("acme", "till", "shop")
    row = world.held_by_category("acme", "P1", "Hats")
    browser = signed_in(world, "acme", Role.OPERATOR)
    before = world.history("acme")
    seen = browser.post(meant(path, row), f"word={word_of(browser)}&{FILLED}")
    is_run = path.endswith(("/check", "/executions", "/resync", "/resyncs", "/cancel"))
    assert (seen.status == 403) is not is_run
    assert is_run or world.history("acme") == before


def meant(path: str, row: Row) -> str:
    """Return an address of things that are there."""
    place = "category" if "/mappings/" in path else "till"
    address = path.replace("{row}", row.name.id).replace("{flow}", PRODUCTS)
    return filled(address.replace("{name}", place), "acme")


FILLED = urlencode(
    {
        **{"enabled": "on", "flow": PRODUCTS, "ids": "P1", "name": "x", "platform": "till"},
        **{"whose": "consumer", "consumer": "acme", "role": "admin", "max": 1, "per_second": 1},
        **{"to": "x", "record": "P1", "new": "Hats", "to-new": "x", "id": "x", "time_zone": "UTC"},
        **{"start_date": "2026-11-01", "credentials.access_token": "x", "status": "Failed"},
    }
)
