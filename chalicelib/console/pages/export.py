"""The export: what the filters find, as CSV."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from chalicelib.api.export import NEXT, ROWS
from chalicelib.console.parts.filter_words import said_filters
from chalicelib.console.parts.filters import is_plain, read_filters, to_api
from chalicelib.console.parts.problems import sentences_of
from chalicelib.console.visits import Visit
from chalicelib.domain.log import CursorError
from chalicelib.flows.setup.errors import InvalidError

CSV = "/v1/consumers/{consumer}/export.csv"
_PARTS_AT_MOST = 100_000  #: a number beyond it is nobody's part


def show(visit: Visit) -> Response:
    """Say what is exported, with a link to the part of it that the address names."""
    filters, cursor = read_filters(visit), visit.one("cursor")
    part, problems = _read_part(visit)
    number = _number(visit) if cursor else 1
    return visit.render(
        "export.html",
        status=422 if problems else 200,
        problems=problems,
        filters=filters,
        said_filters=said_filters(visit, filters),
        count=_count(visit, filters) if is_plain(filters) and not problems else None,
        part={
            **part,
            "number": number,
            "address": visit.at("/export.csv", {**filters, "cursor": cursor}),
            "following": visit.at(
                "/export", {**filters, "cursor": part["next"], "part": str(number + 1)}
            ),
        },
        whole=visit.at("/export.csv", filters),
        file=f"{visit.params['consumer']}-log.csv",
    )


def download(visit: Visit) -> Response:
    """Give out one part of the export, as the API does."""
    answered = _ask(visit)
    headers = {**answered.headers, "X-Content-Type-Options": "nosniff"}
    return Response(body=answered.body, headers=headers)


def _ask(visit: Visit) -> Response:
    query = to_api(read_filters(visit), visit.times.zone)
    return visit.api.get_response(CSV, {**query, "cursor": visit.one("cursor")})


def _read_part(visit: Visit) -> tuple[Mapping[str, Any], list[str]]:
    """Return how many rows this part has and where the next begins, or what is wrong."""
    try:
        headers = _ask(visit).headers
    except InvalidError as error:
        return {"rows": 0, "next": ""}, sentences_of(error)
    except CursorError:
        return {"rows": 0, "next": ""}, ["This part is no more. Begin the export again."]
    return {"rows": int(str(headers[ROWS])), "next": headers.get(NEXT, "")}, []


def _count(visit: Visit, filters: Mapping[str, list[str]]) -> int:
    return visit.count(
        kinds=filters.get("kind", []),
        flows=filters.get("flow", []),
        statuses=filters.get("status", []),
    )


def _number(visit: Visit) -> int:
    """Return which part an address with a cursor means: the second at least."""
    return min(max(visit.number("part") or 2, 2), _PARTS_AT_MOST)
