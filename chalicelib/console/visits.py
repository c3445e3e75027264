"""One request of a person: who it is, what was asked, and the ways to answer it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from chalice.app import Request, Response

from chalicelib.api import auth, errors, requests
from chalicelib.api.auth import Principal
from chalicelib.console import rendering, sessions
from chalicelib.console.asking import Asking, Query, to_lists
from chalicelib.console.routes import ROOT
from chalicelib.console.times import Times
from chalicelib.console.words import KINDS_IN_MENU
from chalicelib.domain.setup import Consumer, Role
from chalicelib.flows.services import Services

CONNECT_ROOT = "/connect"  #: platforms send people back to below it
SAID_COOKIE = "synclog_said"  #: a sentence for the next page, after something was done
TROUBLE_COOKIE = "synclog_trouble"  #: the same, after something was not to be done
START_COOKIE = "synclog_start"  #: what a person who is at a platform's page brings back
#: Where a session is sent along: nowhere else, and the API knows no cookies.
_SESSION_ROOTS = (CONNECT_ROOT, ROOT)
_SAID_LASTS = timedelta(minutes=1)
_SAID_LONGEST = 500
_FIELDS_AT_MOST = 5000
VALUES_AT_MOST = 100  #: of an address: each filter in force is a link with all the others
_LETTERS_AT_MOST = 10_000  #: of an address; API Gateway takes no more either
TOO_MUCH_ASKED = f"The address has too many filters: {VALUES_AT_MOST} values are the most."
TOO_LONG = f"The address is too long: {_LETTERS_AT_MOST:,} letters are the most."
#: A stage or a base path; nothing that a browser would take for another host.
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~$+!*'()-]+)+")
FORM_TYPE = "application/x-www-form-urlencoded"

Headers = dict[str, str | list[str]]


@dataclass(kw_only=True)
class Visit:
    """What a page function works with; templates know it as ``visit``."""

    services: Services
    request: Request
    prefix: str  #: what stands before our addresses: the stage of API Gateway, or nothing
    params: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    form: Mapping[str, Sequence[str]]
    cookies: Mapping[str, str]
    principal: Principal | None = None
    word: str = ""  #: what forms carry
    consumer: Consumer | None = None
    area: str = ""  #: which entry of the menu this page belongs to
    set_cookies: list[str] = field(default_factory=list)

    @property
    def api(self) -> Asking:
        """The API as this person may use it."""
        assert self.principal is not None  # noqa: S101 - pages for strangers do not ask
        return Asking(
            services=self.services,
            request=self.request,
            principal=self.principal,
            known=self.consumer,
        )

    @property
    def times(self) -> Times:
        """Times as people read them, in the consumer's zone."""
        zone = self.consumer.time_zone if self.consumer else "UTC"
        return Times(now=self.services.now(), zone=zone)

    @property
    def is_secure(self) -> bool:
        """Whether the person came over HTTPS."""
        # Each proxy on the way may add what it was asked by; the person's own comes first.
        said = str(self.request.headers.get("x-forwarded-proto", "")).partition(",")[0]
        return said.strip().lower() == "https"

    @property
    def is_operator(self) -> bool:
        """Whether the key is one of the operator, for all consumers."""
        return self.principal is not None and self.principal.consumer is None

    def may(self, role: str) -> bool:
        """Whether the key's role allows what ``role`` may do; buttons are shown by it."""
        return self.principal is not None and self.principal.role.allows(Role(role))

    def need(self, role: str) -> None:
        """Refuse a smaller role, where a page may end without asking the API, which refuses too.

        Raises:
            ApiError: 403.
        """
        assert self.principal is not None  # noqa: S101 - pages for strangers need no role
        auth.require_role(self.principal, Role(role))

    def label(self, platform: str) -> str:
        """Return a platform's name as it writes itself."""
        offer = self.services.offers.get(platform.partition("@")[0])
        return offer.label if offer else platform

    # what came with the request

    def check_size(self) -> None:
        """Refuse an address with more in it than any page of ours puts into one.

        Raises:
            ApiError: 400.
        """
        if sum(map(len, self.query.values())) > VALUES_AT_MOST:
            raise errors.bad_request(TOO_MUCH_ASKED)
        if sum(len(value) for values in self.query.values() for value in values) > _LETTERS_AT_MOST:
            raise errors.bad_request(TOO_LONG)

    def one(self, name: str) -> str:
        """Return the last value of a parameter of the address; empty if there is none."""
        return (self.query.get(name) or [""])[-1].strip()

    def many(self, name: str) -> list[str]:
        """Return the values of a parameter of the address that are not empty."""
        return [value for value in self.query.get(name, ()) if value.strip()]

    def number(self, name: str) -> int | None:
        """Return a whole number of the address, of 8 digits at most; None for anything else."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

    def field(self, name: str) -> str:
        """Return the last value of a field of the form; empty if there is none."""
        return (self.form.get(name) or [""])[-1].strip()

    # addresses

    def url(self, path: str, query: Query | None = None) -> str:
        """Return the address of a page below the console; parts of the path are given encoded."""
        text = urlencode(to_lists(query or {}), doseq=True)
        return f"{self.prefix}{ROOT}{path}" + (f"?{text}" if text else "")

    def at(self, path: str = "", query: Query | None = None) -> str:
        """Return the address of a page of the consumer."""
        assert self.consumer is not None  # noqa: S101 - asked for by pages of a consumer alone
        return self.url(f"/consumers/{encode(self.consumer.id)}{path}", query)

    def row(self, row_id: str) -> str:
        """Return the address of a row's page."""
        return self.at(f"/logs/{encode(row_id)}")

    def platforms_page(self, platform: str, name: str) -> str:
        """Return the address that leads to a platform's own page, to connect an account there."""
        assert self.consumer is not None  # noqa: S101 - asked for by pages of a consumer alone
        consumer = self.consumer.id
        ticket = sessions.ticket_of(self.word, consumer, name)
        query = urlencode({"consumer": consumer, "connection": name, "ticket": ticket})
        return f"{self.prefix}{CONNECT_ROOT}/{encode(platform)}/start?{query}"

    def static(self, name: str) -> str:
        """Return the address of a style sheet or script, which changes with its content."""
        return self.url(f"/static/{name}", {"v": rendering.version_of(name)})

    def back(self, otherwise: str) -> str:
        """Return the page of ours that a form names in ``back``; another one if it names none."""
        given = self.field("back")
        return self.prefix + given if is_own(given) else otherwise

    @property
    def here(self) -> str:
        """The address of this page, without the prefix, as ``next`` of the sign-in page has it."""
        path = str((self.request.context or {}).get("path", ""))
        text = urlencode(self.query, doseq=True)
        return path[len(self.prefix) :] + (f"?{text}" if text else "")

    # answers

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        said, trouble = self._take_told(SAID_COOKIE), self._take_told(TROUBLE_COOKIE)
        text = rendering.render(template, visit=self, said=said, trouble=trouble, **values)
        return Response(body=text, status_code=status, headers=self._headers())

    def redirect(self, address: str, *, said: str = "", trouble: str = "") -> Response:
        """Send the person on with GET, as every form does; ``said`` stands on the next page.

        So does ``trouble``: why something was not done.
        """
        for name, text in ((SAID_COOKIE, said), (TROUBLE_COOKIE, trouble)):
            if text:
                self._set_cookie(name, quote(text[:_SAID_LONGEST]), _SAID_LASTS)
        headers = {**self._headers(), "Location": address}
        return Response(body="", status_code=303, headers=headers)

    def keep(self, session: sessions.Session) -> None:
        """Sign the person in."""
        sealed = sessions.seal(session, self.services.vault)
        for root in _SESSION_ROOTS:
            self._set_cookie(sessions.COOKIE, sealed, sessions.LASTS, root=root)

    def sign_out(self) -> None:
        """Take the session away."""
        for root in _SESSION_ROOTS:
            self._set_cookie(sessions.COOKIE, "", timedelta(0), root=root)

    def keep_start(self, platform: str, kept: str, lasts: timedelta) -> None:
        """Keep what somebody who goes to a platform's page has to bring back."""
        root = f"{CONNECT_ROOT}/{encode(platform)}"
        self._set_cookie(START_COOKIE, kept, lasts, root=root)

    def forget_start(self, platform: str) -> None:
        """Take away what ``keep_start`` kept."""
        self.keep_start(platform, "", timedelta(0))

    def forget(self, *names: str) -> None:
        """Take cookies away."""
        for name in names:
            self._set_cookie(name, "", timedelta(0))

    def keep_word(self, word: str) -> None:
        """Keep the word of the sign-in form."""
        self._set_cookie(sessions.SIGN_IN_COOKIE, word, sessions.LASTS)

    def _take_told(self, name: str) -> str:
        """Return a sentence that was left for this page, and take it away."""
        told = unquote(self.cookies.get(name, ""))
        if told:
            self._set_cookie(name, "", timedelta(0))
        return told

    def _set_cookie(self, name: str, value: str, lasts: timedelta, *, root: str = ROOT) -> None:
        path = f"{self.prefix}{root}"
        made = sessions.cookie(name, value, path=path, secure=self.is_secure, lasts=lasts)
        self.set_cookies.append(made)

    def _headers(self) -> Headers:
        headers: Headers = dict(rendering.HEADERS)
        if self.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if self.set_cookies:
            headers["Set-Cookie"] = list(self.set_cookies)
        return headers

    # what the menu and several pages need

    @cached_property
    def counts(self) -> Mapping[str, Any]:
        """How the rows of the consumer stand now, as the API counts them; read once a page."""
        found: Mapping[str, Any] = self.api.get("/v1/consumers/{consumer}/counts")
        return found

    def menu_kinds(self) -> list[tuple[str, str, int]]:
        """Return kinds with their labels and how many rows failed: those the consumer has."""
        return [
            (kind, label, self.count(kinds=[kind], statuses=["Failed"]))
            for kind, label in KINDS_IN_MENU.items()
            if kind in self.counts["kinds"]
        ]

    def count(
        self,
        *,
        kinds: Sequence[str] = (),
        flows: Sequence[str] = (),
        statuses: Sequence[str] = (),
    ) -> int:
        """Return how many rows there are now; what is empty does not restrict."""
        return sum(
            int(one["count"])
            for one in self.counts["items"]
            if (not kinds or one["kind"] in kinds)
            and (not flows or one["flow"] in flows)
            and (not statuses or one["status"] in statuses)
        )


def encode(part: str) -> str:
    """Return a part of a path, encoded."""
    return quote(part, safe="")


def is_own(address: str) -> bool:
    """Whether an address is one of our pages: what a request brings may name another site."""
    is_ours = address == ROOT or address.startswith((f"{ROOT}/", f"{ROOT}?"))
    return is_ours and address.isascii() and address.isprintable() and "\\" not in address


def prefix_of(request: Request) -> str:
    """Return what a gateway put before the path: its stage, or the base path of a domain."""
    context = request.context or {}
    asked = str(context.get("path", "")).split("/")
    declared = str(context.get("resourcePath", "")).split("/")
    # A slash at the end may be one part more; then the word of our addresses stands earlier.
    for more in range(len(asked) - len(declared), 0, -1):
        prefix = "/".join(asked[: 1 + more])
        if asked[1 + more : 2 + more] == declared[1:2] and _PREFIX.fullmatch(prefix):
            return prefix
    return ""


def read_form(request: Request, *, limit: int) -> dict[str, list[str]]:
    """Return the fields of a form.

    Raises:
        ApiError: 400 when it is no form, 413 when it is too large.
    """
    raw = requests.read_raw_body(request, limit=limit)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if raw and kind != FORM_TYPE:
        raise errors.bad_request("This is no form that can be read. Open the page again.")
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=_FIELDS_AT_MOST,
        )
    except ValueError:
        raise errors.bad_request(
            f"The form has too many fields: {_FIELDS_AT_MOST} are the most."
        ) from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def read_query(request: Request) -> dict[str, list[str]]:
    """Return the parameters of the address."""
    given = request.query_params
    return {name: given.getlist(name) for name in given} if given else {}
