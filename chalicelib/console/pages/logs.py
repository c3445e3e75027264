"""The logs: rows by filter, with a button for each and one for all that failed."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Response

from chalicelib.console.parts.columns import Column, can_hide, chosen, columns_of
from chalicelib.console.parts.filter_words import said_chips
from chalicelib.console.parts.filters import Filters, is_plain, read_filters, read_page
from chalicelib.console.parts.rows import in_order, label_of_flow, shown, sides_of_flow
from chalicelib.console.visits import Visit
from chalicelib.console.words import KIND_SINGULAR, STATUSES
from chalicelib.domain.reasons import Reason

LOGS = "/v1/consumers/{consumer}/logs"
ROWS = 30  #: of a page, so that it stays below 50 KB
_TICKED_OF = "ticked_of"  #: says of a form: the kinds whose columns it lets people tick
_TABLE_OWN = ("kind", "status")  #: filters the page shows by itself, as ticks and tabs


def show_rows(visit: Visit) -> Response:
    """Show a page of the log; a filter that cannot be used is said above it."""
    filters, names = read_filters(visit), visit.many("columns")
    kinds = filters.get("kind", [])
    flows = _flows_of(visit, kinds, filters.get("flow", []))
    columns = _columns_of(visit, kinds, flows)
    if _TICKED_OF in visit.query:
        return visit.redirect(_address_of(visit, filters, names, columns))
    if len(kinds) == 1:
        visit.area = f"logs-{kinds[0]}"
    page, problems = read_page(visit, LOGS, filters, limit=ROWS)
    return visit.render(
        "logs.html",
        page=page,
        rows=[shown(visit, row) for row in page["items"]],
        problems=problems,
        filters=filters,
        view={**filters, "columns": names},
        chips=said_chips(visit, filters, hidden=_TABLE_OWN),
        columns=chosen(columns, names),
        optional=[one for one in columns if can_hide(one)],
        kinds=kinds,
        heading=heading_of(kinds),
        tabs=_tabs(visit, filters),
        failed=_failed(visit, filters),
        asked=_asked(filters, flows),
        flows={name: label_of_flow(visit, name) for name in _flows_of(visit, [], [])},
        reasons={reason.value: reason.rule.sentence for reason in Reason},
        is_moving=any(_is_moving(row) for row in page["items"]),
    )


def _columns_of(visit: Visit, kinds: Sequence[str], flows: Sequence[str]) -> list[Column]:
    sides = [sides_of_flow(visit, name) for name in flows]
    sources, targets = ({side[place] for side in sides} for place in (0, 1))
    return columns_of(kinds, sorted(targets), sorted(sources))


def _address_of(
    visit: Visit, filters: Filters, names: Sequence[str], columns: Sequence[Column]
) -> str:
    """Return the address of what the form asks for, fit to be shared: without empty fields.

    Columns are in it only if some were left out, and only those of the log that was looked at.
    """
    kinds = filters.get("kind", [])
    left_out = {one.name for one in columns if can_hide(one)} - set(names)
    is_chosen = left_out and visit.one(_TICKED_OF) == " ".join(kinds)
    return visit.at("/logs", {**filters, "columns": names if is_chosen else []})


def resync(visit: Visit) -> Response:
    """Sync one row again and go back to where the button was."""
    row_id = visit.params["row"]
    visit.api.send("POST", f"{LOGS}/{{row}}/resync", row=row_id)
    return visit.redirect(visit.back(visit.row(row_id)), said="It is being synced again.")


def heading_of(kinds: Sequence[str]) -> str:
    """Return the name of a log: ``Inventory Logs``; of several kinds their names."""
    known = [KIND_SINGULAR[kind] for kind in kinds if kind in KIND_SINGULAR]
    if not known:
        return "All Logs"
    return f"{' and '.join(known)} Logs"


def _flows_of(visit: Visit, kinds: Sequence[str], named: Sequence[str]) -> list[str]:
    """Return the flows that have rows of these kinds, or that are named."""
    found = {
        str(one["flow"])
        for one in visit.counts["items"]
        if (not kinds or one["kind"] in kinds) and (not named or one["flow"] in named)
    }
    return in_order(visit, found)


def _tabs(visit: Visit, filters: Filters) -> list[dict[str, Any]]:
    """Return a tab for each status with its count, where counters know it."""
    rest = {name: values for name, values in filters.items() if name != "status"}
    wanted = list(filters.get("status", []))
    is_known = is_plain(rest)
    narrowed = {"kinds": rest.get("kind", []), "flows": rest.get("flow", [])}
    return [
        {
            "label": status or "All",
            "count": visit.count(**narrowed, statuses=[status] if status else [])
            if is_known
            else None,
            "address": visit.at(
                "/logs", {**rest, "status": status, "columns": visit.many("columns")}
            ),
            "is_here": wanted == ([status] if status else []),
            "status": status,
        }
        for status in ("", *STATUSES)
    ]


def _failed(visit: Visit, filters: Filters) -> dict[str, Any] | None:
    """Return what the button for all failed rows does; None where the filter has none of them.

    ``count`` is None where only looking at the rows would tell: then a page asks first.
    """
    is_of_failed = set(filters.get("status", ["Failed"])) == {"Failed"}
    if not is_of_failed or not visit.may("operator"):
        return None
    plain = {"kinds": filters.get("kind", []), "flows": filters.get("flow", [])}
    count = visit.count(**plain, statuses=["Failed"])
    return {"count": count if is_plain(filters) else None} if count else None


def _asked(filters: Filters, flows: Sequence[str]) -> dict[str, str] | None:
    """Return what to ask of a record that was looked for; None where none was named."""
    if not filters.get("q"):
        return None
    return {"record": filters["q"][0], "flow": flows[0] if len(flows) == 1 else ""}


def _is_moving(row: Mapping[str, Any]) -> bool:
    return row["status"] == "Processing" or row["reason"] in ("queued", "retrying")
