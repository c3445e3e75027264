"""What needs a person: rows that failed alike, and what rows wait for."""

from chalice.app import Response

from chalicelib.console.parts.groups import shown_group
from chalicelib.console.visits import Visit

GROUPS = "/v1/consumers/{consumer}/groups"
SHOWN = 30  #: of a page, so that it stays below 50 KB


def show_groups(visit: Visit) -> Response:
    """Show what failed alike, then what rows wait for; each with what mends it."""
    page = visit.api.get(GROUPS, {"cursor": visit.one("cursor"), "limit": str(SHOWN)})
    shown = [shown_group(visit, group) for group in page["items"]]
    return visit.render(
        "groups.html",
        page=page,
        failures=[one for one in shown if one["type"] == "failure"],
        causes=[one for one in shown if one["type"] == "cause" and not one["goes_on"]],
        followers=[one for one in shown if one["goes_on"]],
    )
