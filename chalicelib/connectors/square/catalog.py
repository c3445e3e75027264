"""Reads Square's catalogue: variations with the items they belong to, by id and by SKU."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.connectors.square.batches import chunks
from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.listings import find_variation, variation_data, variations_of

IDS_A_CALL = 1_000  #: BatchRetrieveCatalogObjects
SKUS_A_CALL = 250  #: set_query, attribute_values
ITEMS_READ = "ITEMS_READ"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A variation and the whole item it is part of, as Square sent them."""

    item: Json
    variation: Json

    @property
    def item_id(self) -> str:
        """Id of the item."""
        return str(self.item["id"])

    @property
    def variation_id(self) -> str:
        """Id of the variation."""
        return str(self.variation["id"])

    @property
    def version(self) -> int:
        """Version of the variation; it rises with every write of the item."""
        return int(self.variation.get("version") or 0)


@dataclass(frozen=True, kw_only=True)
class CatalogReader:
    """Reads for one batch; nothing is remembered between two calls."""

    client: SquareClient

    def read_items(self, ids: Sequence[str]) -> dict[str, Json]:
        """Return items by id; unknown and deleted ones are absent."""
        objects = self._retrieve(ids)
        return {key: one for key, one in objects.items() if one.get("type") == "ITEM"}

    def read_variations(self, ids: Sequence[str]) -> dict[str, Holding]:
        """Return variations by id, each with its item; unknown and deleted ones are absent."""
        objects = self._retrieve(ids)
        found = [objects[one] for one in ids if one in objects]
        return self._with_items(found, objects)

    def search_skus(self, skus: Sequence[str]) -> Mapping[str, Sequence[Holding]]:
        """Return variations by SKU in lower case, those with the SKUs among them.

        Square's search ignores case, and it may show more than was asked for.
        """
        wanted = {sku.casefold(): sku for sku in skus if sku}
        hits: dict[str, Json] = {}
        for part in chunks(list(wanted.values()), SKUS_A_CALL):
            for one in self._search(part):
                if not one.get("is_deleted"):
                    hits[one["id"]] = one
        found: dict[str, list[Holding]] = {}
        for holding in self._with_items(list(hits.values()), {}).values():
            # Named by the item, which is newer than the search's index.
            found.setdefault(_sku(holding.variation), []).append(holding)
        return found

    def _search(self, skus: Sequence[str]) -> list[Json]:
        query = {"set_query": {"attribute_name": "sku", "attribute_values": list(skus)}}
        body = {"object_types": ["ITEM_VARIATION"], "query": query, "limit": 1_000}
        pages = self.client.pages("/v2/catalog/search", ITEMS_READ, body=body)
        return [one for page in pages for one in page.get("objects") or []]

    def _with_items(
        self, variations: Sequence[Json], known: Mapping[str, Json]
    ) -> dict[str, Holding]:
        """Put each variation beside its item, read where the answer did not hold it."""
        item_ids = {one["id"]: str(variation_data(one).get("item_id", "")) for one in variations}
        missing = [
            item_id
            for variation_id, item_id in item_ids.items()
            if find_variation(known.get(item_id, {}), variation_id) is None
        ]
        items = {**known, **self.read_items(missing)} if missing else known
        found = {}
        for variation_id, item_id in item_ids.items():
            item = items.get(item_id, {})
            variation = find_variation(item, variation_id)
            if variation is not None:
                found[variation_id] = Holding(item=item, variation=variation)
        return found

    def _retrieve(self, ids: Sequence[str]) -> dict[str, Json]:
        objects: dict[str, Json] = {}
        for part in chunks(list(dict.fromkeys(one for one in ids if one)), IDS_A_CALL):
            body = {"object_ids": list(part), "include_related_objects": True}
            answer = self.client.read("/v2/catalog/batch-retrieve", ITEMS_READ, body=body)
            # What was asked for comes last: it is read from the object itself.
            listed = [*(answer.get("related_objects") or []), *(answer.get("objects") or [])]
            objects |= {one["id"]: one for one in listed if not one.get("is_deleted")}
        return objects


def _sku(variation: Json) -> str:
    return str(variation_data(variation).get("sku") or "").casefold()


def count_variations(item: Json | None) -> int:
    """Return how many variations an item has."""
    return len(variations_of(item)) if item else 0
