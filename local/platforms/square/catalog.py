"""The catalogue of the simulated Square: what is stored, since when it shows, how it is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from local.platforms.square.errors import SquareError, not_found
from local.platforms.square.fields import Json, array, stamp
from local.platforms.square.paging import page_of
from local.platforms.square.world import World

MAX_RETRIEVED = 1_000
MAX_DELETED = 200
LIST_PAGE = 100


@dataclass(kw_only=True)
class Stored:
    """One version of one object; an item's variations are objects of their own."""

    id: str
    type: str
    data: Json  #: the `<type>_data`, without an item's variations
    presence: Json  #: present_at_all_locations and its two lists
    version: int
    updated_at: datetime
    live_at: datetime | None  #: when reads begin to return it; None: never
    number: int  #: order of creation
    deleted: bool = False
    before: "Stored | None" = None  #: what reads return until this one is live

    @property
    def data_field(self) -> str:
        """Return the name of the payload's field."""
        return data_field(self.type)


def data_field(object_type: str) -> str:
    """Return the field that holds the payload of a type, e.g. ``item_data``."""
    return f"{object_type.lower()}_data"


class Catalog:
    """All objects by id, and the reads; `local.platforms.square.catalog_writes` changes them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.objects: dict[str, Stored] = {}
        self.children: dict[str, list[str]] = {}  #: variation ids by item id, in order
        self.busy = False  #: a write is going on; others get 429
        self.updated_at = world.now()
        self._version = 0

    def next_version(self) -> int:
        """Return the version of the next write: milliseconds, always rising."""
        self._version = max(self._version + 1, int(self.world.now().timestamp() * 1000))
        return self._version

    def put(self, stored: Stored) -> None:
        """Store a new version, and remember what reads return until it is live."""
        known = self.objects.get(stored.id)
        if known is not None and self._shows(known, self.world.behaviour.search_lag_s):
            known.before = None
        stored.before = known
        self.objects[stored.id] = stored
        item_id = stored.data.get("item_id") if stored.type == "ITEM_VARIATION" else None
        if item_id is not None and stored.id not in self.children.setdefault(item_id, []):
            self.children[item_id].append(stored.id)

    def touched(self) -> None:
        """Note that the catalogue changed, and tell subscribers so."""
        self.updated_at = self.world.now()
        content = {"catalog_version": {"updated_at": stamp(self.updated_at)}}
        self.world.emit("catalog.version.updated", "catalog_version", "", content)

    def current(self, object_id: str) -> Stored | None:
        """Return the newest version of an object that is not deleted, shown or not."""
        stored = self.objects.get(object_id)
        return None if stored is None or stored.deleted else stored

    def view(self, object_id: str, *, lag_s: float = 0.0) -> Stored | None:
        """Return the version reads may see now, deleted ones included; searches lag behind."""
        stored = self.objects.get(object_id)
        while stored is not None and not self._shows(stored, lag_s):
            stored = stored.before
        return stored

    def views(self, *, deleted: bool = False, lag_s: float = 0.0) -> list[Stored]:
        """Return all objects reads may see now."""
        seen = (self.view(object_id, lag_s=lag_s) for object_id in self.objects)
        return [one for one in seen if one is not None and (deleted or not one.deleted)]

    def variations(self, item_id: str, *, lag_s: float = 0.0) -> list[Stored]:
        """Return the variations of an item that reads may see now, in order."""
        seen = (self.view(one, lag_s=lag_s) for one in self.children.get(item_id, []))
        return [one for one in seen if one is not None and not one.deleted]

    def render(self, stored: Stored, variations: list[Stored] | None = None) -> Json:
        """Return an object as answers show it, an item with its variations inside."""
        data = dict(stored.data)
        if stored.type == "ITEM" and not stored.deleted:
            nested = self.variations(stored.id) if variations is None else variations
            data["variations"] = [self.render(one) for one in nested]
        return {
            "type": stored.type,
            "id": stored.id,
            "updated_at": stamp(stored.updated_at),
            "version": stored.version,
            "is_deleted": stored.deleted,
            **stored.presence,
            stored.data_field: data,
        }

    def retrieve(self, object_id: str, *, related: bool) -> Json:
        """Answer RetrieveCatalogObject; 404 when unknown, deleted or not live yet."""
        stored = self.view(object_id)
        if stored is None or stored.deleted:
            raise not_found("Catalog object", object_id)
        answer: Json = {"object": self.render(stored)}
        return answer | (self._related([stored]) if related else {})

    def batch_retrieve(self, body: Json) -> Json:
        """Answer BatchRetrieveCatalogObjects; unknown ids are left out."""
        ids = array(body, "object_ids", most=MAX_RETRIEVED, needed=True)
        keep_deleted = body.get("include_deleted_objects") is True
        seen = [self.view(object_id) for object_id in ids if isinstance(object_id, str)]
        found = [one for one in seen if one is not None and (keep_deleted or not one.deleted)]
        answer: Json = {"objects": [self.render(one) for one in found]} if found else {}
        return answer | (self._related(found) if body.get("include_related_objects") else {})

    def list_objects(self, types: str, query: Json) -> Json:
        """Answer ListCatalog: never deleted objects, pages of 100."""
        wanted = {one.strip().upper() for one in types.split(",") if one.strip()}
        rows = [
            one
            for one in self.views()
            if (one.type in wanted if wanted else one.type != "ITEM_VARIATION")
        ]
        page, cursor = page_of(
            self.world, rows, lambda one: f"{one.number:012d}", query, limit=LIST_PAGE
        )
        answer: Json = {"objects": [self.render(one) for one in page]} if page else {}
        if self.world.behaviour.unknown_enums and not wanted and not cursor:
            answer.setdefault("objects", []).append(_object_of_tomorrow(self.updated_at))
        return answer | ({"cursor": cursor} if cursor else {})

    def batch_delete(self, body: Json) -> Json:
        """Answer BatchDeleteCatalogObjects: what was deleted, variations of items included."""
        if self.busy:
            raise locked()
        ids = array(body, "object_ids", most=MAX_DELETED, needed=True)
        return self.delete([one for one in ids if isinstance(one, str)])

    def delete(self, ids: list[str]) -> Json:
        """Delete objects and their variations; unknown ids are left out of the answer."""
        gone: list[str] = []
        version = self.next_version()
        for object_id in ids:
            for one in [object_id, *self.children.get(object_id, [])]:
                if self.current(one) is not None:
                    self.bury(one, version)
                    gone.append(one)
        if gone:
            self.touched()
        return {"deleted_object_ids": gone, "deleted_at": stamp(self.world.now())}

    def bury(self, object_id: str, version: int) -> None:
        """Leave a deleted version in the place of an object."""
        known, now = self.objects[object_id], self.world.now()
        fields = vars(known) | {
            "version": version,
            "updated_at": now,
            "live_at": now,
            "deleted": True,
        }
        self.put(Stored(**fields))

    def _shows(self, stored: Stored, lag_s: float) -> bool:
        now = self.world.now()
        return stored.live_at is not None and stored.live_at + timedelta(seconds=lag_s) <= now

    def _related(self, found: list[Stored]) -> Json:
        """Return the categories of items and the items of variations."""
        ids: dict[str, None] = {}
        for one in found:
            ids |= dict.fromkeys(entry["id"] for entry in one.data.get("categories") or [])
            if one.type == "ITEM_VARIATION":
                ids[one.data["item_id"]] = None
        seen = [self.view(object_id) for object_id in ids]
        shown = [self.render(one) for one in seen if one is not None and not one.deleted]
        return {"related_objects": shown} if shown else {}


def locked() -> SquareError:
    """Return the refusal of a write while another one of the same seller is going on."""
    detail = "Another request to update the catalog of this seller is being processed."
    return SquareError(429, "RATE_LIMITED", detail)


def catalog_info() -> Json:
    """Answer CatalogInfo: the limits of this version."""
    return {
        "limits": {
            "batch_upsert_max_objects_per_batch": 1_000,
            "batch_upsert_max_total_objects": 10_000,
            "batch_retrieve_max_object_ids": MAX_RETRIEVED,
            "search_max_page_limit": 1_000,
            "batch_delete_max_object_ids": MAX_DELETED,
            "update_item_taxes_max_item_ids": 1_000,
            "update_item_taxes_max_taxes_to_enable": 1_000,
            "update_item_taxes_max_taxes_to_disable": 1_000,
            "update_item_modifier_lists_max_item_ids": 1_000,
            "update_item_modifier_lists_max_modifier_lists_to_enable": 1_000,
            "update_item_modifier_lists_max_modifier_lists_to_disable": 1_000,
        }
    }


def _object_of_tomorrow(at: datetime) -> Json:
    return {"type": "TYPE_OF_TOMORROW", "id": "TOMORROW1", "version": 1, "updated_at": stamp(at)}
