"""The console as Chalice knows it: every page of ``routes``, loaded when it is first asked for."""

from collections.abc import Callable, Mapping

from chalice.app import Blueprint, Request, Response

from chalicelib.api import errors, requests
from chalicelib.console.routes import CONNECT_PAGES, PAGES, ROOT, Page

blueprint = Blueprint(__name__)

_CONNECT = tuple(page.path for page in CONNECT_PAGES)


def _view_of(page: Page) -> Callable[..., Response]:
    def view(**params: str) -> Response:
        from chalicelib.console.routing import answer

        return answer(page, requests.current(), params)

    return view


def answer_in_pages(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: below the console, what Chalice says by itself becomes a page."""
    response = get_response(request)
    if not str((request.context or {}).get("resourcePath", "")).startswith((ROOT, *_CONNECT)):
        return response
    from chalicelib import wiring
    from chalicelib.console.routing import show_refusal

    shaped = errors.reshape(response, request_id=wiring.services().correlation() or "")
    if not isinstance(shaped.body, Mapping):
        return response
    told = shaped.body["error"]
    said = errors.ApiError(shaped.status_code, told["code"], told["message"], told["details"])
    page = show_refusal(request, said)
    if "Allow" in response.headers:  # the methods that the address takes
        page.headers["Allow"] = response.headers["Allow"]
    return page


blueprint.register_middleware(answer_in_pages, "http")

for _page in (*PAGES, *CONNECT_PAGES):
    blueprint.route(
        _page.root + _page.path,
        methods=[_page.method],
        content_types=["*/*"],
        name=f"console_{_page.function.replace('.', '_')}",
    )(_view_of(_page))
