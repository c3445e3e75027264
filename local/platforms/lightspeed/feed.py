"""Collections ordered by version: each change moves its row to the end of the line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.platforms.lightspeed.errors import invalid, not_found
from local.platforms.lightspeed.fields import Json, flag, integer, offset_stamp
from local.platforms.lightspeed.world import World

NO_ROWS: Json = {"min": None, "max": None}


@dataclass(kw_only=True)
class Row:
    """One object, its fields and the version of its last change."""

    id: str
    data: Json
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class Feed:
    """All objects of one kind by id; ``changed`` is told of every change."""

    def __init__(
        self,
        world: World,
        what: str,
        changed: Callable[[Row], None] | None = None,
        *,
        dated: bool = True,
    ) -> None:
        self.world = world
        self.what = what
        self.changed = changed
        self.dated = dated  #: whether answers tell when rows were made and changed
        self.rows: dict[str, Row] = {}

    def put(self, data: Json, row_id: str = "") -> Row:
        """Store an object, new or changed, with the next version."""
        now, key = self.world.now(), row_id or self.world.new_id()
        known = self.rows.get(key)
        row = Row(
            id=key,
            data=data,
            version=self.world.next_version(),
            created_at=known.created_at if known else now,
            updated_at=now,
            deleted_at=known.deleted_at if known else None,
        )
        self.rows[key] = row
        self._tell(row)
        return row

    def touch(self, row: Row) -> None:
        """Note that ``row`` was changed in place."""
        row.version = self.world.next_version()
        row.updated_at = self.world.now()
        self._tell(row)

    def delete(self, row_id: str) -> None:
        """Mark an object as deleted; 404 when it is not there."""
        row = self.find(row_id)
        row.deleted_at = self.world.now()
        self.touch(row)

    def get(self, row_id: Any) -> Row | None:
        """Return an object that is not deleted."""
        row = self.rows.get(row_id) if isinstance(row_id, str) else None
        return None if row is None or row.deleted_at is not None else row

    def find(self, row_id: str) -> Row:
        """Return an object that is not deleted, or refuse the request with 404."""
        row = self.get(row_id)
        if row is None:
            raise not_found(self.what, row_id)
        return row

    def needed(self, row_id: Any, name: str) -> Row:
        """Return the object a field of a request names, or refuse the request with 400."""
        row = self.get(row_id)
        if row is None:
            raise invalid(f"{name} does not name a known {self.what.lower()}.")
        return row

    def read(self, row_id: str) -> Json:
        """Answer the call for one object."""
        row = self.rows.get(row_id) if self.world.behaviour.shows_deleted else None
        return {"data": self.render(row or self.find(row_id))}

    def live(self, *, deleted: bool = False) -> list[Row]:
        """Return what is there, by version."""
        rows = (row for row in self.rows.values() if deleted or row.deleted_at is None)
        return sorted(rows, key=lambda row: row.version)

    def page(self, query: Json) -> Json:
        """Answer the call for a page: ``after``, ``before``, ``page_size`` and ``deleted``."""
        after, before = integer(query, "after", 0), integer(query, "before", 0)
        behaviour = self.world.behaviour
        asked = integer(query, "page_size", behaviour.default_page_size, least=1)
        rows = [
            row
            for row in self.live(deleted=flag(query, "deleted"))
            if row.version > after and (not before or row.version < before)
        ]
        page = rows[: min(asked, behaviour.max_page_size)]
        if behaviour.short_pages > 0 and len(page) > 1:
            behaviour.short_pages -= 1
            page = page[: len(page) // 2]
        span = {"min": page[0].version, "max": page[-1].version} if page else dict(NO_ROWS)
        return {"data": [self.render(row) for row in page], "version": span}

    def render(self, row: Row) -> Json:
        """Return an object as answers show it."""
        dates = {
            "created_at": offset_stamp(row.created_at),
            "updated_at": offset_stamp(row.updated_at),
        }
        return {
            "id": row.id,
            **row.data,
            **(dates if self.dated else {}),
            "deleted_at": offset_stamp(row.deleted_at) if row.deleted_at else None,
            "version": row.version,
        }

    def _tell(self, row: Row) -> None:
        if self.changed is not None:
            self.changed(row)
