"""Writing the simulated catalogue: full replacement, versions, temporary ids, all-or-nothing."""

import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from local.platforms.square import catalog_rules
from local.platforms.square.catalog import Catalog, Stored, data_field, locked
from local.platforms.square.errors import SquareError, SquareErrors, invalid
from local.platforms.square.fields import Json, array, mapping, stamp, text
from local.platforms.square.world import World

MAX_PER_BATCH = 1_000
MAX_PER_REQUEST = 10_000
_PRESENCE = ("present_at_all_locations", "present_at_location_ids", "absent_at_location_ids")


@dataclass(kw_only=True)
class Batch:
    """What one batch would write: nothing of it is stored before all of it is right."""

    version: int
    ids: dict[str, str] = field(default_factory=dict)  #: new id by temporary id
    staged: dict[str, Stored] = field(default_factory=dict)
    tops: list[Stored] = field(default_factory=list)  #: the objects of the request, in order
    nested: dict[str, list[Stored]] = field(default_factory=dict)  #: variations by item id


class CatalogWriter:
    """The upserts; one at a time for a seller."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self.world = world
        self.catalog = catalog

    def upsert(self, body: Json) -> Json:
        """Answer UpsertCatalogObject."""
        one = mapping(body, "object")
        if not one:
            raise invalid("Field `object` is required.", "object", "MISSING_REQUIRED_PARAMETER")
        answer = self.batch_upsert({"batches": [{"objects": [one]}]})
        single: Json = {"catalog_object": answer["objects"][0]}
        mappings = answer.get("id_mappings")
        return single | ({"id_mappings": mappings} if mappings else {})

    def batch_upsert(self, body: Json) -> Json:
        """Answer BatchUpsertCatalogObjects: batches succeed or fail each for itself."""
        if self.catalog.busy:
            raise locked()
        batches = [array(_object(one, "batches"), "objects") for one in _batches(body)]
        if sum(_size(one) for objects in batches for one in objects) > MAX_PER_REQUEST:
            raise invalid("More than 10000 objects.", "batches", "ARRAY_LENGTH_TOO_LONG")
        version = self.catalog.next_version()
        done: list[Batch] = []
        errors: list[SquareError] = []
        for objects in batches:
            try:
                done.append(self._write(objects, version))
            except SquareError as error:
                errors.append(error)
        if not done:
            raise SquareErrors(400, errors)
        if not self.world.behaviour.drop_catalog_writes:
            self.catalog.touched()
        return self._answer(done, errors)

    def edit(self, object_id: str, data: Json, presence: Json | None = None) -> int:
        """Change an object as the Dashboard would; returns its new version."""
        known = self.catalog.current(object_id)
        if known is None:
            raise KeyError(f"catalog object {object_id}")
        now = self.world.now()
        self.catalog.put(
            Stored(
                **vars(known)
                | {
                    "data": known.data | copy.deepcopy(data),
                    "presence": known.presence | (presence or {}),
                    "version": self.catalog.next_version(),
                    "updated_at": now,
                    "live_at": now,
                }
            )
        )
        self.catalog.touched()
        return self.catalog.objects[object_id].version

    def _write(self, objects: list[Any], version: int) -> Batch:
        if len(objects) > MAX_PER_BATCH:
            raise invalid("More than 1000 objects in a batch.", "objects", "ARRAY_LENGTH_TOO_LONG")
        batch = Batch(version=version)
        for one in objects:
            self._name(batch, _object(one, "objects"))
        for one in objects:
            batch.tops.append(self._stage(batch, one))
        for stored in batch.staged.values():
            self._check_references(batch, stored)
        if not self.world.behaviour.drop_catalog_writes:
            self._commit(batch)
        return batch

    def _name(self, batch: Batch, one: Json) -> None:
        """Give each temporary id of an object, nested ones included, its real one."""
        temporary = text(one, "id", needed=True)
        if temporary.startswith("#"):
            if temporary in batch.ids:
                raise invalid(f"Duplicate temporary ID `{temporary}`.", "id")
            batch.ids[temporary] = self.world.new_id()
        for nested in array(mapping(one, "item_data"), "variations"):
            self._name(batch, _object(nested, "variations"))

    def _stage(self, batch: Batch, one: Json, item_id: str = "") -> Stored:
        """Check one object and put its next version aside."""
        kind = text(one, "type", needed=True)
        data = copy.deepcopy(mapping(one, data_field(kind)))
        if not data:
            raise invalid(f"`{data_field(kind)}` is required for {kind}.", data_field(kind))
        object_id, known = self._identify(batch, one, kind)
        variations = data.pop("variations", None) or []
        catalog_rules.check(kind, data, variations, self.world.behaviour.rejected_names)
        if item_id:
            data["item_id"] = item_id
        now = self.world.now()
        live_after_s = self.world.behaviour.catalog_live_after_s
        stored = Stored(
            id=object_id,
            type=kind,
            data=catalog_rules.completed(kind, _resolved(data, batch.ids)),
            presence={"present_at_all_locations": True}
            | {name: one[name] for name in _PRESENCE if one.get(name) is not None},
            version=batch.version,
            updated_at=now,
            live_at=None if live_after_s is None else now + timedelta(seconds=live_after_s),
            number=known.number if known else len(self.catalog.objects) + len(batch.staged),
        )
        batch.staged[object_id] = stored
        batch.nested[object_id] = [self._stage(batch, each, object_id) for each in variations]
        for number, each in enumerate(batch.nested[object_id]):
            each.data.setdefault("ordinal", number)
        return stored

    def _identify(self, batch: Batch, one: Json, kind: str) -> tuple[str, Stored | None]:
        """Return the real id of an object, and what is stored under it."""
        given = text(one, "id", needed=True)
        if given.startswith("#"):
            return batch.ids[given], None
        known = self.catalog.current(given)
        if known is None or known.type != kind:
            raise invalid(f"Invalid Object with Id: Catalog object with ID `{given}` not found.")
        if given in batch.staged:
            raise invalid(f"Object `{given}` is twice in one batch.", "id")
        if one.get("version") != known.version:
            raise invalid(
                "Object version does not match latest database version.",
                "version",
                "VERSION_MISMATCH",
            )
        return given, known

    def _check_references(self, batch: Batch, stored: Stored) -> None:
        """Refuse categories and items that do not exist."""
        wanted = [(entry["id"], "CATEGORY") for entry in stored.data.get("categories") or []]
        if stored.data.get("reporting_category"):
            wanted.append((stored.data["reporting_category"]["id"], "CATEGORY"))
        if stored.type == "ITEM_VARIATION":
            wanted.append((stored.data.get("item_id") or "", "ITEM"))
        for object_id, kind in wanted:
            found = batch.staged.get(object_id) or self.catalog.current(object_id)
            if found is None or found.type != kind:
                raise invalid(
                    f"Invalid Object with Id: Catalog object with ID `{object_id}` not found."
                )

    def _commit(self, batch: Batch) -> None:
        for stored in batch.staged.values():
            self.catalog.put(stored)
        for item in (one for one in batch.tops if one.type == "ITEM"):
            kept = [one.id for one in batch.nested[item.id]]
            for old in self.catalog.children.get(item.id, []):
                if old not in kept and self.catalog.current(old) is not None:
                    self.catalog.bury(old, batch.version)
            gone = [one for one in self.catalog.children.get(item.id, []) if one not in kept]
            self.catalog.children[item.id] = kept + gone

    def _answer(self, done: list[Batch], errors: list[SquareError]) -> Json:
        answer: Json = {
            "objects": [
                self.catalog.render(one, batch.nested[one.id])
                for batch in done
                for one in batch.tops
            ],
            "updated_at": stamp(self.world.now()),
        }
        mappings = [
            {"client_object_id": temporary, "object_id": object_id}
            for batch in done
            for temporary, object_id in batch.ids.items()
        ]
        if mappings:
            answer["id_mappings"] = mappings
        if errors:
            answer["errors"] = [error.as_json() for error in errors]
        return answer


def _batches(body: Json) -> list[Any]:
    return array(body, "batches", needed=True)


def _object(value: Any, field_name: str) -> Json:
    if not isinstance(value, dict):
        raise invalid(f"Expected objects in `{field_name}`.", field_name, "EXPECTED_OBJECT")
    return value


def _size(one: Any) -> int:
    nested = one.get("item_data") if isinstance(one, dict) else None
    variations = nested.get("variations") if isinstance(nested, dict) else None
    return 1 + (len(variations) if isinstance(variations, list) else 0)


def _resolved(data: Json, ids: dict[str, str]) -> Json:
    """Replace temporary ids inside references by real ones."""
    for entry in [*(data.get("categories") or []), data.get("reporting_category") or {}]:
        if entry.get("id") in ids:
            entry["id"] = ids[entry["id"]]
    if data.get("item_id") in ids:
        data["item_id"] = ids[data["item_id"]]
    return data
