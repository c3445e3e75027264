"""Reads a shop's products and variations: by id, by SKU, by the key of an item."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.woocommerce.batches import BATCH, read_by_ids, real_ids
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.listings import META_ITEM, meta_of
from chalicelib.domain.reasons import Reason, SyncFailure

ADDRESS_AT_MOST = 3000  #: characters of SKUs in one address, each with its separator
VARIATION = "variation"
TRASH = "trash"


def parent_of(row: Json) -> str | None:
    """Return the id of a variation's product; None for what is no variation."""
    parent = row.get("parent_id")
    return str(parent) if parent and row.get("type") == VARIATION else None


@dataclass
class CatalogReader:
    """Reads the catalogue of one shop."""

    client: WooClient
    _items: dict[str, Json] | None = field(default=None, init=False)

    def read(self, ids: Sequence[str], parents: Mapping[str, str]) -> dict[str, Json]:
        """Read products and variations by id; unknown ones are absent, trashed ones are there.

        A variation is listed below its product alone: where ``parents`` does not name it, the
        variation is asked for by itself, and its sisters with it.
        """
        wanted = real_ids(ids)
        found: dict[str, Json] = {}
        by_parent: dict[str, list[str]] = defaultdict(list)
        for one in wanted:
            if one in parents:
                by_parent[parents[one]].append(one)
        for parent, part in by_parent.items():
            found |= self._variations(parent, part)
        rest = [one for one in wanted if one not in found]
        found |= self.read_products([one for one in rest if one not in parents])
        for one in rest:
            if one not in found:
                found |= self._read_lone(one, [other for other in rest if other not in found])
        return found

    def read_products(self, ids: Sequence[str]) -> dict[str, Json]:
        """Read products that are no variations, a hundred a call."""
        return read_by_ids(
            ids, lambda part: iter(self.client.read_page("products", include=",".join(part)).rows)
        )

    def find_skus(self, skus: Sequence[str]) -> Mapping[str, Sequence[Json]]:
        """Return what holds each SKU, by the SKU in lower case; nothing of the bin."""
        found: dict[str, dict[str, Json]] = defaultdict(dict)
        for row in self._with_skus(list(dict.fromkeys(skus))):
            found[str(row.get("sku") or "").casefold()][str(row.get("id"))] = row
        return {sku: list(rows.values()) for sku, rows in found.items()}

    def find_in_bin(self, sku: str) -> str | None:
        """Return the id of the trashed product that holds a SKU."""
        rows = self.client.read_page("products", status=TRASH, sku=sku).rows
        return next((str(row.get("id")) for row in rows), None)

    def find_item(self, item_key: str, *, everywhere: bool) -> Json | None:
        """Return the variable product we made for an item: it has no SKU to be found by.

        Looks at the hundred newest, which are read once; at all of them only ``everywhere``.
        """
        if self._items is None:
            self._items = _by_key(self.client.read_page("products", **_VARIABLE).rows)
        if item_key not in self._items and everywhere:
            self._items = _by_key(self.client.read_all("products", **_VARIABLE)) | self._items
        return self._items.get(item_key)

    def statuses_below(self, parent: str) -> Sequence[str]:
        """Return the statuses of all variations of a product."""
        path = f"products/{parent}/variations"
        return [str(row.get("status")) for row in self.client.read_all(path, _fields="id,status")]

    def _with_skus(self, skus: Sequence[str]) -> Iterator[Json]:
        """Ask for many SKUs at once; one with a comma is searched for by itself."""
        for part in _packs([one for one in skus if one and "," not in one]):
            yield from self.client.read_all("products", sku=",".join(part))
        for one in skus:
            if "," in one:
                rows = self.client.read_all("products", search_sku=one)
                yield from (row for row in rows if row.get("sku") == one)

    def _variations(self, parent: str, ids: Sequence[str]) -> dict[str, Json]:
        """Read variations of one product; none where the product is gone."""
        path = f"products/{parent}/variations"
        try:
            rows = read_by_ids(
                ids, lambda part: iter(self.client.read_page(path, include=",".join(part)).rows)
            )
        except SyncFailure as failure:
            if failure.reason is not Reason.MISSING_AT_TARGET:
                raise
            return {}
        below = {"type": VARIATION, "parent_id": int(parent)}
        return {id_: row | below for id_, row in rows.items()}

    def _read_lone(self, id_: str, others: Sequence[str]) -> dict[str, Json]:
        """Read what no list showed: a variation with its sisters, a trashed product, or nothing."""
        try:
            row = self.client.read_object(f"products/{id_}")
        except SyncFailure as failure:
            if failure.reason is not Reason.MISSING_AT_TARGET:
                raise
            return {}
        parent = parent_of(row)
        sisters = [one for one in others if one != id_]
        more = self._variations(parent, sisters) if parent and sisters else {}
        return {**more, id_: row}


_VARIABLE = {"type": "variable", "orderby": "id", "order": "desc"}


def _packs(skus: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut SKUs into parts of a hundred, or fewer long ones: servers refuse a long address."""
    pack: list[str] = []
    for sku in skus:
        if len(pack) == BATCH or sum(len(one) + 3 for one in [*pack, sku]) > ADDRESS_AT_MOST:
            yield pack
            pack = []
        pack.append(sku)
    if pack:
        yield pack


def _by_key(rows: Iterator[Json] | Sequence[Json]) -> dict[str, Json]:
    found = {str(meta_of(row, META_ITEM) or ""): row for row in rows}
    found.pop("", None)
    return found
