"""Answering for a page: who may open it is declared, and checked before its function runs.

A page function gets a ``Visit`` and returns a response. What the API refuses becomes a page that
says so, with the same status; a stranger is sent to sign in and comes back afterwards.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import auth, errors
from chalicelib.console import sessions
from chalicelib.console.routes import Page
from chalicelib.console.visits import Visit, prefix_of, read_form, read_query

WORD_FIELD = "word"  #: the hidden field of every form
PACKAGE = "chalicelib.console.pages"
_OWN_SITES = ("same-origin", "none")

PageFunction = Callable[[Visit], Response]

STALE_FORM = "This form is no longer valid. Open the page again and repeat what you did."


def answer(page: Page, request: Request, params: Mapping[str, str]) -> Response:
    """Answer a request for a page; what the API refuses becomes a page that says so."""
    visit = _open(request, params, page.area)
    try:
        return _answer(visit, request, page)
    except errors.KNOWN as error:
        return _error_page(visit, errors.said_of(error))


def show_refusal(request: Request, said: errors.ApiError) -> Response:
    """Return the page of a refusal that came about before, or beside, a page of ours."""
    return _error_page(_open(request, {}, ""), said)


def load(function: str) -> PageFunction:
    """Return the function that ``routes`` names; its module is loaded on first use."""
    found: PageFunction = _find(function)
    return found


def _find(function: str) -> Any:
    module, _, name = function.partition(".")
    return getattr(import_module(f"{PACKAGE}.{module}"), name)


def _answer(visit: Visit, request: Request, page: Page) -> Response:
    visit.check_size()
    if not page.is_public and not _recognise(visit):
        return _to_sign_in(visit, page)
    if request.method == "POST":
        visit.form = read_form(request, limit=wiring.settings().max_body_bytes)
        _check_word(visit)
    if visit.principal is not None and "consumer" in visit.params:
        visit.consumer = auth.find_consumer(
            visit.services, visit.principal, visit.params["consumer"]
        )
    return load(page.function)(visit)


def _open(request: Request, params: Mapping[str, str], area: str) -> Visit:
    cookies = sessions.read_cookies(request.headers)
    return Visit(
        services=wiring.services(),
        request=request,
        prefix=prefix_of(request),
        params={name: unquote(value) for name, value in params.items()},
        query=read_query(request),
        form={},
        cookies=cookies,
        word=sessions.word_of(cookies),
        area=area,
    )


def _recognise(visit: Visit) -> bool:
    """Find whose session it is; one read of the registry."""
    services = visit.services
    text = visit.cookies.get(sessions.COOKIE, "")
    session = sessions.unseal(text, services.vault, now=services.now())
    visit.principal = sessions.find_principal(services, session) if session else None
    visit.word = session.word if session else ""
    return visit.principal is not None


def _to_sign_in(visit: Visit, page: Page) -> Response:
    here = visit.here if visit.request.method == "GET" else ""
    back = _find(page.back)(visit) if page.back else here
    visit.sign_out()
    return visit.redirect(visit.url("/sign-in", {"next": back}))


def _check_word(visit: Visit) -> None:
    """Refuse a form that another site sent, or that is older than its session.

    Browsers say where a request comes from (Fetch Metadata); one too old to say it brings the word.
    """
    site = visit.request.headers.get("sec-fetch-site", _OWN_SITES[0])
    given = (visit.form.get(WORD_FIELD) or [""])[-1]
    if site not in _OWN_SITES or not sessions.is_word(given, visit.word):
        raise errors.forbidden(STALE_FORM)


def _error_page(visit: Visit, said: errors.ApiError) -> Response:
    """Return a page that says no, and what to do; without the menu where a store is in trouble."""
    is_bare = said.status >= 500
    return visit.render("error.html", status=said.status, error=said, is_bare=is_bare)
