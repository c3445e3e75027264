"""Who may open the console's pages, and what a session, a form and a stranger may do."""

from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.console.pages.sign_in import NOT_KNOWN, TOO_MANY, TRIES
from chalicelib.console.routing import STALE_FORM
from chalicelib.domain.ports import BusyError
from chalicelib.domain.setup import Role
from chalicelib.flows.keys import revoke_key
from tests.app.browsing import FORM, Browser, Seen, signed_in
from tests.app.gateway import GatewayBrowser
from tests.app.toy_world import World
from tests.app.toys import PRODUCTS

OWN = "/console/consumers/acme"
PUBLIC = {"/console", "/console/sign-in", "/console/static/{name}"}


def routes(method: str) -> list[str]:
    """Every address of the console that takes a method."""
    return sorted(
        path for path, by in app.routes.items() if path.startswith("/console") and method in by
    )


def filled(path: str, consumer: str) -> str:
    """An address with something in the place of each name."""
    return path.replace("{consumer}", consumer).replace("{", "").replace("}", "")


OF_CONSUMERS = [path for path in routes("GET") if "{consumer}" in path]
FORMS = [path for path in routes("POST") if path != "/console/sign-in"]


# strangers


@pytest.mark.parametrize("path", [path for path in routes("GET") if path not in PUBLIC])
def test_a_stranger_is_sent_to_sign_in(world: World, path: str) -> None:
    seen = Browser(app).get(filled(path, "acme"))
    assert seen.status == 303
    assert seen.location.startswith("/console/sign-in?next=%2Fconsole")
    assert "acme" not in seen.html


@pytest.mark.parametrize("path", FORMS)
def test_a_strangers_form_does_nothing(world: World, path: str) -> None:
    seen = Browser(app).post(filled(path, "acme"), "word=")
    assert (seen.status, seen.location) == (303, "/console/sign-in")


def test_after_signing_in_one_comes_back_to_the_page_one_wanted(world: World) -> None:
    browser = Browser(app)
    form = browser.follow(browser.get(f"{OWN}/logs?kind=order&q=1042")).form("Sign in")
    seen = browser.submit(form, key=world.key())
    assert seen.location == f"{OWN}/logs?kind=order&q=1042"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/console@evil", "/consoles", ""],
)
def test_signing_in_leads_to_no_other_site(world: World, address: str) -> None:
    browser = Browser(app)
    form = browser.get("/console/sign-in").form("Sign in")
    seen = browser.submit(form, key=world.key(), next=address)
    assert (seen.status, seen.location) == (303, "/console")


# keys


@pytest.mark.parametrize("key", ["", "sk_wrong", "Bearer", "ключ", "x" * 1500])
def test_a_wrong_key_is_refused_in_words(world: World, key: str) -> None:
    seen = Browser(app).sign_in(key)
    assert (seen.status, NOT_KNOWN in seen.text) == (401, True)
    assert "synclog_session" not in "".join(seen.headers.get("Set-Cookie", ""))


def test_a_revoked_key_ends_its_sessions(browser: Browser, world: World) -> None:
    key = world.services.registry.list_keys(limit=1).items[0]
    assert browser.get(f"{OWN}/logs").status == 200
    revoke_key(world.services, key.id, by="the test")
    assert browser.get(f"{OWN}/logs").status == 303
    assert Browser(app).sign_in(world.key()).status == 401


def test_wrong_keys_are_counted_until_no_key_helps(world: World) -> None:
    browser = GatewayBrowser(app)
    for _ in range(TRIES):
        assert try_key(browser, "sk_wrong").status == 401
    refused = try_key(browser, world.key())
    assert (refused.status, TOO_MANY in refused.text) == (429, True)


def test_other_addresses_are_not_refused_with_it_and_it_ends(world: World) -> None:
    browser = GatewayBrowser(app)
    for _ in range(TRIES + 1):
        try_key(browser, "sk_wrong")
    assert try_key(GatewayBrowser(app, ip="198.51.100.9"), world.key()).status == 303
    world.advance(minutes=5)
    assert try_key(browser, world.key()).status == 303


def test_right_keys_are_never_too_many(world: World) -> None:
    for _ in range(2 * TRIES):
        assert try_key(GatewayBrowser(app), world.key()).status == 303


def try_key(browser: Browser, key: str) -> Seen:
    stage = getattr(browser, "stage", "")
    return browser.submit(browser.get(f"{stage}/console/sign-in").form("Sign in"), key=key)


# sessions


def test_the_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(world: World) -> None:
    lines = {
        line.partition("=")[0]: line
        for line in try_key(GatewayBrowser(app), world.key()).headers[""]
    }
    parts = lines["synclog_session"].split("; ")[1:]
    assert parts == ["Path=/api/console", "Max-Age=43200", "HttpOnly", "SameSite=Lax", "Secure"]


def test_the_key_is_in_no_cookie_and_no_page(world: World) -> None:
    browser = Browser(app)
    seen = browser.sign_in(world.key())
    everything = seen.html + "".join(browser.cookies.values())
    assert world.key() not in everything


def test_a_session_ends_after_twelve_hours(browser: Browser, world: World) -> None:
    world.advance(hours=11, minutes=59)
    assert browser.get(f"{OWN}/logs").status == 200
    world.advance(minutes=2)
    assert browser.get(f"{OWN}/logs").status == 303


@pytest.mark.parametrize("change", ["flip", "cut", "empty", "odd", "long"])
def test_a_changed_cookie_is_no_session(browser: Browser, change: str) -> None:
    text = browser.cookies["synclog_session"]
    middle = len(text) // 2
    flipped = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    changed = {"flip": flipped, "cut": text[:-4], "empty": "", "odd": "é%%", "long": text * 99}
    browser.cookies["synclog_session"] = changed[change]
    assert browser.get(f"{OWN}/logs").status == 303


def test_signing_out_ends_the_session(browser: Browser) -> None:
    seen = browser.submit(browser.get(f"{OWN}/logs").form("Sign out"))
    assert "You are signed out." in browser.follow(seen).text
    assert browser.get(f"{OWN}/logs").status == 303


# forms


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("body", ["", "word=", "word=guessed", "word=guessed&word="])
def test_a_form_without_its_word_is_refused(browser: Browser, path: str, body: str) -> None:
    seen = browser.post(filled(path, "acme"), body)
    assert (seen.status, STALE_FORM in seen.text) == (403, True)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_that_another_site_sends_is_refused(browser: Browser, site: str) -> None:
    form = browser.get(f"{OWN}/logs").form("Sign out")
    body = f"word={form.fields['word'][0]}"
    assert browser.post(form.action, body, **{"Sec-Fetch-Site": site}).status == 403
    assert browser.post(form.action, body, **{"Sec-Fetch-Site": "same-origin"}).status == 303


def test_the_sign_in_form_needs_its_word_too(world: World) -> None:
    browser = Browser(app)
    browser.get("/console/sign-in")
    assert browser.post("/console/sign-in", f"key={world.key()}").status == 403
    assert Browser(app).post("/console/sign-in", f"key={world.key()}&word=").status == 403


def test_one_sessions_word_is_none_in_another(browser: Browser, world: World) -> None:
    other = signed_in(world, None, Role.ADMIN)
    word = other.get(f"{OWN}/logs").form("Sign out").fields["word"][0]
    assert browser.post("/console/sign-out", f"word={word}").status == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{}", "application/json", 400),
        ("&".join("a=1" for _ in range(400)), FORM, 403),
        ("a=" + "x" * 4000, FORM, 413),
        ("%ff=%fe", FORM, 403),
    ],
    ids=["json", "many fields", "too large", "no UTF-8"],
)
def test_what_is_no_form_of_ours_is_refused(
    browser: Browser, body: str, kind: str, status: int
) -> None:
    assert browser.post("/console/sign-out", body, **{"Content-Type": kind}).status == status


# tenants and roles


@pytest.mark.parametrize("path", OF_CONSUMERS)
def test_a_consumers_key_opens_no_page_of_another(world: World, path: str) -> None:
    seen = signed_in(world, "bistro", Role.ADMIN).get(filled(path, "acme"))
    assert seen.status == 404
    assert "Acme" not in seen.html
    assert seen.html == signed_in_page_of_nobody(world, path, seen)


def signed_in_page_of_nobody(world: World, path: str, like: Seen) -> str:
    """The page of a consumer that does not exist, its words of forms made equal."""
    other = signed_in(world, "bistro", Role.ADMIN).get(filled(path, "nobody"))
    return other.html.replace(
        other.form("Sign out").fields["word"][0], like.form("Sign out").fields["word"][0]
    )


@pytest.mark.parametrize("path", [path for path in FORMS if "{consumer}" in path])
def test_a_consumers_key_changes_nothing_of_another(world: World, path: str) -> None:
    browser = signed_in(world, "bistro", Role.ADMIN)
    word = browser.get("/console/consumers/bistro/logs").form("Sign out").fields["word"][0]
    assert browser.post(filled(path, "acme"), f"word={word}").status == 404
    assert world.history("acme") == [("the test", "consumer added", "acme")]


@pytest.mark.parametrize("path", ["/console/dead-letters", "/console/keys"])
def test_a_consumers_key_opens_no_page_of_the_operator(world: World, path: str) -> None:
    seen = signed_in(world, "acme", Role.ADMIN).get(path)
    assert (seen.status, "needs a key of the operator" in seen.text) == (403, True)


# what every page has


def test_a_page_runs_no_foreign_script_and_is_shown_in_no_frame(browser: Browser) -> None:
    headers = browser.get(f"{OWN}/logs").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_behind_a_gateway_every_address_has_its_stage(world: World) -> None:
    world.failed("acme", PRODUCTS, "P1", name="Shirt")
    browser = GatewayBrowser(app)
    assert try_key(browser, world.key()).location == "/api/console"
    seen = browser.get(f"/api{OWN}/logs?kind=product")
    assert seen.headers["Strict-Transport-Security"] == "max-age=31536000"
    addresses = [address for _, address in seen.links] + [form.action for form in seen.forms]
    ours = [one for one in addresses if not one.startswith(("#", "https://")) and one]
    assert ours
    assert [one for one in ours if not one.startswith("/api/console")] == []
    assert browser.follow(browser.submit(seen.form("Re-sync the 1 failed"))).status == 200


# pages that say no


@pytest.mark.parametrize("path", ["/console/nowhere", f"{OWN}/nowhere"])
def test_a_page_that_is_not_there_says_so(browser: Browser, path: str) -> None:
    seen = browser.get(path)
    assert (seen.status, "There is no such page." in seen.text) == (404, True)


class Broken:
    """A registry with a defect, or one that is busy."""

    def __init__(self, real: Any, error: Exception) -> None:
        self._real, self._error = real, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def list_flows(self, consumer: str) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (BusyError("throttled"), 503, "The service is busy."),
        (KeyError("a defect"), 500, "noted under"),
    ],
    ids=["busy", "defect"],
)
def test_what_goes_wrong_is_said_on_a_page(
    browser: Browser, world: World, error: Exception, status: int, says: str
) -> None:
    broken: Any = Broken(world.services.registry, error)
    with wiring.use(replace(world.services, registry=broken), world.settings):
        seen = browser.get(f"{OWN}/logs")
    assert (seen.status, says in seen.text) == (status, True)
    assert seen.headers["Content-Type"].startswith("text/html")
    assert "a defect" not in seen.html


@pytest.mark.parametrize(
    ("name", "kind"),
    [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_static_files_keep_in_the_browser(world: World, name: str, kind: str) -> None:
    seen = Browser(app).get(f"/console/static/{name}")
    assert seen.status == 200
    assert seen.headers["Content-Type"].startswith(kind)
    assert "immutable" in seen.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.css", "..%2Frouting.py", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_given_out(world: World, name: str) -> None:
    assert Browser(app).get(f"/console/static/{name}").status == 404
