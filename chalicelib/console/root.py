"""All pages there are, and what people see where there is none."""

from collections.abc import Callable, Mapping

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import errors
from chalicelib.console.pages import (
    connections,
    consumers,
    dead_letters,
    diagnosis,
    executions,
    export,
    flows,
    groups,
    history,
    keys,
    logs,
    mappings,
    overview,
    report,
    resyncs,
    row,
    sign_in,
    static,
    transactions,
)
from chalicelib.console.routing import Pages, error_page
from chalicelib.console.visits import ROOT, Visit, prefix_of

pages = Pages(__name__)

MODULES = (
    pages,
    static.pages,
    sign_in.pages,
    consumers.pages,
    overview.pages,
    logs.pages,
    row.pages,
    resyncs.pages,
    export.pages,
    groups.pages,
    flows.pages,
    mappings.pages,
    connections.pages,
    executions.pages,
    transactions.pages,
    report.pages,
    history.pages,
    diagnosis.pages,
    dead_letters.pages,
    keys.pages,
)

BLUEPRINTS = tuple(module.blueprint for module in MODULES)


def answer_in_pages(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware: below the console, what Chalice says by itself becomes a page."""
    response = get_response(request)
    if not str((request.context or {}).get("resourcePath", "")).startswith(ROOT):
        return response
    services = wiring.services()
    shaped = errors.reshape(response, request_id=services.correlation() or "")
    if not isinstance(shaped.body, Mapping):
        return response
    visit = Visit(
        services=services,
        request=request,
        prefix=prefix_of(request),
        params={},
        query={},
        form={},
        cookies={},
    )
    told = shaped.body["error"]
    return error_page(
        visit, errors.ApiError(shaped.status_code, told["code"], told["message"], told["details"])
    )


pages.blueprint.register_middleware(answer_in_pages, "http")

NO_SUCH_PAGE = "There is no such page. The menu lists those there are."


@pages.get("/{page}")
@pages.get("/consumers/{consumer}/{page}")
def show_nothing(visit: Visit) -> Response:
    """Say that there is no such page."""
    raise errors.not_found(NO_SUCH_PAGE)
