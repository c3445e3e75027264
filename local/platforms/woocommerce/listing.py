"""Lists: pages and their headers, dates, ids, and the order of rows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from local.platforms.server import Request, Response
from local.platforms.woocommerce.errors import Json, invalid_param
from local.platforms.woocommerce.fields import parse_date
from local.platforms.woocommerce.world import Post, World

MOST = 100
Row = TypeVar("Row", bound=Post)


class Query:
    """The query string as PHP reads it: the last value of a name counts, ``a[]`` makes a list."""

    def __init__(self, given: Mapping[str, list[str]]) -> None:
        self.given = given

    def text(self, name: str, default: str = "") -> str:
        """Return one value."""
        return self.given.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        """Return a switch."""
        return self.text(name).lower() in ("true", "1")

    def many(self, name: str) -> list[str]:
        """Return a list: with commas, or repeated as ``name[]`` or ``name[0]``."""
        found = self.text(name).split(",") if name in self.given else []
        for key, values in self.given.items():
            if key.startswith(f"{name}["):
                found += values
        return [one.strip() for one in found if one.strip()]

    def whole(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """Return a number within its bounds."""
        text = self.text(name, str(default))
        if not text.lstrip("-").isdecimal():
            raise invalid_param(name, f"{name} is not of type integer")
        number = int(text)
        if number < least or (most is not None and number > most):
            bounds = f"between {least} (inclusive) and {most} (inclusive)" if most else f">={least}"
            raise invalid_param(name, f"{name} must be {bounds}", "rest_out_of_bounds")
        return number

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of ``allowed``, or refuse."""
        value = self.text(name, default)
        if value not in allowed:
            text = f"{name} is not one of {', '.join(allowed)}."
            raise invalid_param(name, text, "rest_not_in_enum")
        return value


def filter_posts(world: World, query: Query, rows: Iterable[Row]) -> list[Row]:
    """Return what the filters of every list leave: dates, ``include``, ``exclude``.

    Dates are compared strictly, in whole seconds; ``meta_key`` is ignored as the vendor does.
    """
    is_gmt = query.flag("dates_are_gmt")
    found = list(rows)
    for name, field, later in (
        ("modified_after", "modified", True),
        ("modified_before", "modified", False),
        ("after", "created", True),
        ("before", "created", False),
    ):
        value = query.text(name)
        if value:
            limit = parse_date(name, value, world.zone, is_gmt=is_gmt).replace(microsecond=0)
            found = [row for row in found if _is_beyond(getattr(row, field), limit, later)]
    include, exclude = query.many("include"), query.many("exclude")
    if include:
        found = [row for row in found if str(row.id) in include]
    return [row for row in found if str(row.id) not in exclude]


def sort_posts(query: Query, rows: list[Row]) -> list[Row]:
    """Order rows by date (default), modified, id, title or slug; ties by id."""
    by = query.one_of("orderby", ("date", "modified", "id", "include", "title", "slug"), "date")
    newest_first = query.one_of("order", ("asc", "desc"), "desc") == "desc"
    keys: dict[str, Callable[[Row], Any]] = {
        "id": lambda row: row.id,
        "date": lambda row: row.created,
        "modified": lambda row: row.modified,
        "title": lambda row: str(row.data.get("name", "")),
        "slug": lambda row: str(row.data.get("slug", "")),
    }
    if by == "include":
        place = {number: at for at, number in enumerate(query.many("include"))}
        return sorted(rows, key=lambda row: place.get(str(row.id), 0))
    first = keys[by]
    return sorted(rows, key=lambda row: (first(row), row.id), reverse=newest_first)


def page_of(
    world: World, request: Request, rows: list[Any], view: Callable[[Any], Json]
) -> Response:
    """Return one page with ``X-WP-Total``, ``X-WP-TotalPages`` and ``Link``."""
    query = Query(request.query)
    page = query.whole("page", 1, least=1)
    per_page = query.whole("per_page", 10, least=1, most=MOST)
    start = query.whole("offset", (page - 1) * per_page)
    pages = -(-len(rows) // per_page)
    links = [f'<{world.home}/wp-json/>; rel="https://api.w.org/"']
    for rel, number in (("prev", page - 1), ("next", page + 1)):
        if 1 <= number <= pages:
            links.append(f'<{_address(world, request, number)}>; rel="{rel}"')
    headers = {
        "X-WP-Total": str(len(rows)),
        "X-WP-TotalPages": str(pages),
        "Link": ", ".join(links),
    }
    return Response(200, [view(row) for row in rows[start : start + per_page]], headers)


def _is_beyond(at: datetime, limit: datetime, later: bool) -> bool:
    return at > limit if later else at < limit


def _address(world: World, request: Request, page: int) -> str:
    scheme, _, rest = world.home.partition("://")
    kept = {
        name: values[-1]
        for name, values in request.query.items()
        if not name.startswith(("oauth_", "consumer_"))
    }
    query = urlencode(kept | {"page": str(page)})
    return f"{scheme}://{rest.partition('/')[0]}{quote(request.path)}?{query}"
