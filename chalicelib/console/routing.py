"""Pages as data: who may open one is declared, checked before its function runs.

A page function gets a ``Visit`` and returns a response. What the API refuses becomes a page that
says so, with the same status; a stranger is sent to sign in and comes back afterwards.
"""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from chalice.app import Blueprint, Request, Response

from chalicelib import wiring
from chalicelib.api import auth, errors, requests
from chalicelib.console import sessions
from chalicelib.console.visits import ROOT, Visit, prefix_of, read_form, read_query

WORD_FIELD = "word"  #: the hidden field of every form
_OWN_SITES = ("same-origin", "none")

PageFunction = Callable[[Visit], Response]

STALE_FORM = "This form is no longer valid. Open the page again and repeat what you did."


class Pages:
    """The pages of one module: a Chalice blueprint."""

    def __init__(self, import_name: str, *, area: str = "") -> None:
        self.blueprint = Blueprint(import_name)
        self._area = area

    def get(self, path: str, *, public: bool = False) -> Callable[[PageFunction], PageFunction]:
        """Register a page; ``public`` ones need no session."""
        return self._add("GET", path, public=public)

    def post(self, path: str, *, public: bool = False) -> Callable[[PageFunction], PageFunction]:
        """Register what a form does; it has to bring its word."""
        return self._add("POST", path, public=public)

    def _add(
        self, method: str, path: str, *, public: bool
    ) -> Callable[[PageFunction], PageFunction]:
        def register(function: PageFunction) -> PageFunction:
            """Give the function to Chalice as its view, named by module and function."""
            module = function.__module__.rpartition(".")[2]
            self.blueprint.route(
                ROOT + path,
                methods=[method],
                content_types=["*/*"],
                name=f"console_{module}_{function.__name__}",
            )(_view_of(function, public=public, area=self._area))
            return function

        return register


def _view_of(function: PageFunction, *, public: bool, area: str) -> Callable[..., Response]:
    def view(**params: str) -> Response:
        request = requests.current()
        visit = _open(request, params, area)
        try:
            return _answer(visit, request, function, public=public)
        except errors.KNOWN as error:
            return error_page(visit, errors.said_of(error))

    return view


def _answer(visit: Visit, request: Request, function: PageFunction, *, public: bool) -> Response:
    if not public and not _recognise(visit):
        return _to_sign_in(visit)
    if request.method == "POST":
        visit.form = read_form(request, limit=wiring.settings().max_body_bytes)
        _check_word(visit)
    if visit.principal is not None and "consumer" in visit.params:
        visit.consumer = auth.find_consumer(
            visit.services, visit.principal, visit.params["consumer"]
        )
    return function(visit)


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
        word=cookies.get(sessions.SIGN_IN_COOKIE, ""),
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


def _to_sign_in(visit: Visit) -> Response:
    is_page = visit.request.method == "GET"
    visit.forget(sessions.COOKIE)
    return visit.redirect(visit.url("/sign-in", {"next": visit.here if is_page else ""}))


def _check_word(visit: Visit) -> None:
    """Refuse a form that another site sent, or that is older than its session.

    Browsers say where a request comes from (Fetch Metadata); one too old to say it brings the word.
    """
    site = visit.request.headers.get("sec-fetch-site", _OWN_SITES[0])
    given = (visit.form.get(WORD_FIELD) or [""])[-1]
    if site not in _OWN_SITES or not sessions.is_word(given, visit.word):
        raise errors.forbidden(STALE_FORM)


def error_page(visit: Visit, said: errors.ApiError) -> Response:
    """Return a page that says no, and what to do; without the menu where a store is in trouble."""
    is_bare = said.status >= 500
    return visit.render("error.html", status=said.status, error=said, is_bare=is_bare)
