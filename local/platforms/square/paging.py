"""Pages and their cursors: a cursor belongs to one query and remembers where its page ended."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from local.platforms.square.errors import invalid
from local.platforms.square.fields import Json
from local.platforms.square.world import World

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a walk stands: key of the last row seen, and when its first page was asked for."""

    query: str
    after: str
    started: datetime


def read_cursor(world: World, value: object, query: Json) -> Cursor | None:
    """Return the cursor of a request, None on the first page.

    Raises:
        SquareError: the cursor is not ours, is of another query, or is too old.
    """
    if value in (None, ""):
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(str(value).encode()))
        cursor = Cursor(
            query=parts["q"], after=parts["a"], started=datetime.fromisoformat(parts["s"])
        )
    except (ValueError, KeyError, TypeError):
        raise invalid("The cursor is not valid.", "cursor", "INVALID_CURSOR") from None
    life_s = world.behaviour.cursor_life_s
    if life_s is not None and world.now() - cursor.started > timedelta(seconds=life_s):
        raise invalid("The cursor has expired.", "cursor", "INVALID_CURSOR")
    if cursor.query != query_hash(query):
        raise invalid("The cursor belongs to another query.", "cursor", "INVALID_CURSOR")
    return cursor


def query_hash(query: Json) -> str:
    """Name a query by all it asks for, except where to start and how much to return."""
    asked = {key: value for key, value in query.items() if key not in ("cursor", "limit")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


def page_of(
    world: World,
    rows: list[Row],
    key: Callable[[Row], str],
    query: Json,
    *,
    limit: int,
    descending: bool = False,
) -> tuple[list[Row], str]:
    """Return one page of ``rows`` in the order of ``key``, and the next cursor (``""``: no more).

    Keys must be unique, so that rows which change between two pages neither repeat nor vanish.
    """
    cursor = read_cursor(world, query.get("cursor"), query)
    ordered = sorted(rows, key=key, reverse=descending)
    if cursor is not None:
        ordered = [
            row
            for row in ordered
            if (key(row) < cursor.after if descending else key(row) > cursor.after)
        ]
    page = ordered[:limit]
    if len(ordered) <= limit or not page:
        return page, ""
    after = key(page[-1])
    if world.behaviour.repeat_pages > 0:
        world.behaviour.repeat_pages -= 1
        after = cursor.after if cursor else ("\uffff" if descending else "")
    started = cursor.started if cursor else world.now()
    return page, _encode(query_hash(query), after, started)


def _encode(query: str, after: str, started: datetime) -> str:
    parts = json.dumps({"q": query, "a": after, "s": started.isoformat()})
    return base64.urlsafe_b64encode(parts.encode()).decode()
