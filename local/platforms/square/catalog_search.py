"""SearchCatalogObjects: by SKU or name, by time of change, deleted ones included on request."""

from collections.abc import Callable
from typing import Any

from local.platforms.square.catalog import Catalog, Stored
from local.platforms.square.errors import invalid
from local.platforms.square.fields import Json, array, instant, integer, mapping, stamp, text
from local.platforms.square.paging import page_of
from local.platforms.square.world import World

MAX_PAGE = 1_000
DEFAULT_PAGE = 100
MAX_SET_VALUES = 250

Match = Callable[[Stored], bool]


class CatalogSearch:
    """The search index, which may lag behind the catalogue."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self.world = world
        self.catalog = catalog

    def search(self, body: Json) -> Json:
        """Answer SearchCatalogObjects; a page size out of range is ignored."""
        lag_s = self.world.behaviour.search_lag_s
        deleted = body.get("include_deleted_objects") is True
        types = array(body, "object_types")
        since = instant(body, "begin_time")
        matches = _matcher(mapping(body, "query"))
        rows = [
            one
            for one in self.catalog.views(deleted=deleted, lag_s=lag_s)
            if (one.type in types if types else one.type != "ITEM_VARIATION")
            and (since is None or one.updated_at > since)
            and matches(one)
        ]
        limit = integer(body, "limit", DEFAULT_PAGE)
        page, cursor = page_of(
            self.world,
            rows,
            lambda one: f"{one.number:012d}",
            body,
            limit=limit if 1 <= limit <= MAX_PAGE else DEFAULT_PAGE,
        )
        answer: Json = {"latest_time": stamp(self._latest(lag_s))}
        if page:
            answer["objects"] = [
                self.catalog.render(one, self.catalog.variations(one.id, lag_s=lag_s))
                for one in page
            ]
        return answer | ({"cursor": cursor} if cursor else {})

    def _latest(self, lag_s: float) -> Any:
        """Return when what the index shows was last changed."""
        seen = self.catalog.views(deleted=True, lag_s=lag_s)
        return max((one.updated_at for one in seen), default=self.catalog.updated_at)


def _matcher(query: Json) -> Match:
    """Return the test a query makes; several or unknown queries are refused."""
    known = [name for name in _QUERIES if query.get(name) is not None]
    if len(known) > 1 or len(known) != len([one for one in query.values() if one is not None]):
        raise invalid("The query must be exactly one of the supported kinds.", "query")
    return _QUERIES[known[0]](mapping(query, known[0])) if known else lambda one: True


def _value(stored: Stored, attribute: str) -> str:
    return str(stored.data.get(attribute) or "").casefold()


def _set_query(query: Json) -> Match:
    name = text(query, "attribute_name", needed=True)
    values = array(query, "attribute_values", most=MAX_SET_VALUES, needed=True)
    wanted = {str(value).casefold() for value in values}
    return lambda one: _value(one, name) in wanted


def _exact_query(query: Json) -> Match:
    """Match in any case, and parts of a value too: the field's own text says so."""
    name = text(query, "attribute_name", needed=True)
    wanted = text(query, "attribute_value", needed=True).casefold()
    return lambda one: wanted in _value(one, name)


def _prefix_query(query: Json) -> Match:
    name = text(query, "attribute_name", needed=True)
    prefix = text(query, "attribute_prefix", needed=True).casefold()
    return lambda one: _value(one, name).startswith(prefix)


def _text_query(query: Json) -> Match:
    words = [str(one).casefold() for one in array(query, "keywords", most=3, needed=True)]
    fields = ("name", "sku", "upc", "description")
    return lambda one: all(any(word in _value(one, name) for name in fields) for word in words)


_QUERIES: dict[str, Callable[[Json], Match]] = {
    "set_query": _set_query,
    "exact_query": _exact_query,
    "prefix_query": _prefix_query,
    "text_query": _text_query,
}
