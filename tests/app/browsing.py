"""The console as a browser without scripts sees it: pages, forms, cookies, redirects."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from chalice.app import Chalice
from chalice.test import Client

from app import app
from chalicelib.domain.setup import Role
from tests.app.toy_world import World

FORM = "application/x-www-form-urlencoded"
HOSTILE = "<script>alert(1)</script>"


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of a page: where it goes, and its fields as they stand."""

    action: str
    method: str
    fields: dict[str, list[str]]
    buttons: list[str]  #: what its buttons say
    button_actions: list[str]  #: addresses of buttons that go elsewhere


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A page that came back."""

    status: int
    html: str
    headers: dict[str, str]
    text: str  #: what a person reads, without the menu's markup
    links: list[tuple[str, str]]  #: (text, address)
    forms: list[Form]

    @property
    def location(self) -> str:
        """Where a redirect leads; empty if it is none."""
        return self.headers.get("Location", "")

    def link(self, text: str) -> str:
        """Return the address of the one link that says so."""
        [address] = {address for said, address in self.links if said == text}
        return address

    def form(self, button: str) -> Form:
        """Return the first form with a button that says so."""
        return next(form for form in self.forms if button in form.buttons)


@dataclass
class Browser:
    """One person's browser."""

    app: Chalice
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Seen:
        """Open a page."""
        return self._send("GET", address, b"", {})

    def submit(self, form: Form, **fields: str | list[str]) -> Seen:
        """Send a form with some fields filled in; a redirect is not followed."""
        body = urlencode({**form.fields, **fields}, doseq=True)
        if form.method == "get":
            return self.get(f"{form.action}?{body}")
        return self.post(form.action, body)

    def post(self, address: str, body: str, **headers: str) -> Seen:
        """Post a body as it is."""
        return self._send("POST", address, body.encode(), {"Content-Type": FORM, **headers})

    def follow(self, seen: Seen) -> Seen:
        """Go where a redirect leads."""
        assert seen.status == 303, (seen.status, seen.text[:500])
        return self.get(seen.location)

    def sign_in(self, key: str) -> Seen:
        """Sign in as people do; returns the page one lands on."""
        seen = self.submit(self.get("/console/sign-in").form("Sign in"), key=key)
        while seen.status == 303:
            seen = self.follow(seen)
        return seen

    def _send(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Seen:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**headers, "Cookie": cookies} if cookies else headers
        with Client(self.app) as client:
            answer = client.http.request(method, address.partition("#")[0], headers=sent, body=body)
        self._keep(answer.headers.get("Set-Cookie", []))
        return read_page(answer.status_code, dict(answer.headers), answer.body.decode())

    def _keep(self, lines: str | list[str]) -> None:
        for line in [lines] if isinstance(lines, str) else lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]


def signed_in(world: World, consumer: str | None, role: Role) -> Browser:
    """Return the browser of somebody with a key: a consumer's, or the operator's if None."""
    opened = Browser(app)
    opened.sign_in(world.key(consumer, role))
    return opened


def post(browser: Browser, address: str, **fields: str) -> Seen:
    """Post what no button of a page would; the form's word is right."""
    form = browser.get("/console/consumers/acme/settings").form("Sign out")
    return browser.submit(replace(form, action=address), **fields)


def read_page(status: int, headers: dict[str, str], html: str) -> Seen:
    """Read a page as far as tests look at it."""
    reader = _Reader()
    reader.feed(html)
    return Seen(
        status=status,
        html=html,
        headers=headers,
        text=" ".join("".join(reader.text).split()),
        links=[(" ".join(said.split()), address) for said, address in reader.links],
        forms=[
            Form(
                action=one["action"],
                method=one["method"],
                fields=one["fields"],
                buttons=[" ".join(said.split()) for said in one["buttons"]],
                button_actions=one["button_actions"],
            )
            for one in reader.forms
        ],
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[list[str]] = []
        self.forms: list[dict] = []
        self._in_link = self._in_button = self._in_form = self._unread = False
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "a":
            self._in_link = True
            self.links.append(["", given.get("href", "")])
        elif tag == "form":
            self._in_form = True
            made = {"action": given.get("action", ""), "method": given.get("method", "get")}
            self.forms.append({**made, "fields": {}, "buttons": [], "button_actions": []})
        elif self._in_form:
            self._read_field(tag, given)
        self._unread = self._unread or tag in ("script", "style")

    def _read_field(self, tag: str, given: dict[str, str]) -> None:
        if tag == "button" and given.get("type") != "button":
            self._in_button = True
            self.forms[-1]["buttons"].append("")
            elsewhere = given.get("formaction")
            self.forms[-1]["button_actions"] += [elsewhere] if elsewhere else []
        elif tag == "input":
            is_box = given.get("type") in ("checkbox", "radio")
            if given.get("name") and (not is_box or "checked" in given):
                self._add(given["name"], given.get("value", "on" if is_box else ""))
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option":
            fields = self.forms[-1]["fields"]
            if "selected" in given or self._select not in fields:
                fields[self._select] = [given.get("value", "")]
        elif tag == "textarea":
            self._area = given["name"]
            self._add(self._area, "")

    def handle_endtag(self, tag: str) -> None:
        self._in_link = self._in_link and tag != "a"
        self._in_form = self._in_form and tag != "form"
        self._in_button = self._in_button and tag != "button"
        self._select = "" if tag == "select" else self._select
        self._area = "" if tag == "textarea" else self._area
        self._unread = self._unread and tag not in ("script", "style")
        if tag in ("p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "div", "option", "a"):
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        self.text.append(data)
        if self._in_link:
            self.links[-1][0] += data
        if self._in_button:
            self.forms[-1]["buttons"][-1] += data
        if self._area:
            self.forms[-1]["fields"][self._area][-1] += data

    def _add(self, name: str, value: str) -> None:
        self.forms[-1]["fields"].setdefault(name, []).append(value)
