"""Brightpearl's searches: positional rows, to be read by the names in ``metaData.columns``.

Columns may be added or change places, so rows are never read by position. Filters may be looser
than they look (tokenised texts), so callers compare the value again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.domain.reasons import Reason, SyncFailure

PAGE_SIZE = 500  #: the most a page can hold (help article 212644983)


@dataclass(frozen=True, kw_only=True)
class Results:
    """One page: rows by column name, and whether there are more."""

    rows: Sequence[Mapping[str, Any]]
    more: bool


def search(
    api: Api,
    path: str,
    filters: Mapping[str, str],
    *,
    columns: Sequence[str] = (),
    sort: str = "",
    first: int = 1,
) -> Results:
    """Ask for one page of a search resource such as ``order-service/order-search``.

    Args:
        first: number of the first row wanted, counted from 1.
    """
    params = {**filters, "pageSize": str(PAGE_SIZE), "firstResult": str(first)}
    if columns:
        params["columns"] = ",".join(columns)
    if sort:
        params["sort"] = sort
    reply = api.get(path, params)
    return Results(rows=(), more=False) if reply.missing else _results(reply.as_map(), path)


def search_all(
    api: Api, path: str, filters: Mapping[str, str], *, columns: Sequence[str] = ()
) -> list[Mapping[str, Any]]:
    """Return all rows of a search that is known to be small, at most ten pages."""
    rows: list[Mapping[str, Any]] = []
    for _ in range(10):
        page = search(api, path, filters, columns=columns, first=len(rows) + 1)
        rows += page.rows
        if not page.more or not page.rows:
            break
    return rows


def _results(answer: Mapping[str, Any], path: str) -> Results:
    try:
        meta = answer["metaData"]
        names = [column["name"] for column in meta["columns"]]
        rows = [dict(zip(names, row, strict=True)) for row in answer["results"]]
    except (KeyError, TypeError, ValueError) as error:
        raise SyncFailure(
            Reason.RETRYING,
            f"Brightpearl's answer to {path} has no rows that can be read.",
            error_code="not_json",
        ) from error
    return Results(rows=rows, more=bool(meta.get("morePagesAvailable")))
