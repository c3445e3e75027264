"""Pages of lists: limit and cursor in, ``items``, ``next`` and ``previous`` out."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.log import CursorError, Page
from chalicelib.flows.setup.errors import InvalidError, Problem

T = TypeVar("T")

LIMIT_MOST = 200
LIMIT_USUAL = 50


@dataclass(frozen=True, kw_only=True)
class Paging:
    """Which page of a list is wanted."""

    limit: int
    cursor: str | None


def read_paging(query: Mapping[str, Sequence[str]], *, usual: int = LIMIT_USUAL) -> Paging:
    """Read limit and cursor of a query.

    Raises:
        InvalidError: the limit is no whole number from 1 to 200.
    """
    text = query.get("limit", [str(usual)])[-1]
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= limit <= LIMIT_MOST:
        message = f"Give a whole number from 1 to {LIMIT_MOST}."
        raise InvalidError([Problem(field="limit", message=message)])
    return Paging(limit=limit, cursor=query.get("cursor", [""])[-1] or None)


def page_json(page: Page[T], to_json: Callable[[T], Any]) -> dict[str, Any]:
    """Return a page as JSON."""
    items = [to_json(item) for item in page.items]
    return {"items": items, "next": page.next, "previous": page.previous}


def slice_page(items: Sequence[T], paging: Paging, *, question: str) -> Page[T]:
    """Return a page of a list that is read whole because it is short by nature.

    Raises:
        CursorError: the cursor was not made for this question.
    """
    start = _read_offset(paging.cursor, question) if paging.cursor else 0
    end = start + paging.limit
    return Page(
        items=items[start:end],
        next=_cursor(question, end) if end < len(items) else None,
        previous=_cursor(question, max(0, start - paging.limit)) if start > 0 else None,
    )


def _cursor(question: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{question}:{offset}".encode()).decode().rstrip("=")


def _read_offset(cursor: str, question: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        asked, _, offset = base64.urlsafe_b64decode(padded).decode().rpartition(":")
    except (UnicodeError, binascii.Error) as error:
        raise CursorError(cursor) from error
    if asked != question or not offset.isdecimal():
        raise CursorError(cursor)
    return int(offset)
