"""Reads Lightspeed's products: as they are now, by SKU, and after a write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.feed import Feed, mark_of
from chalicelib.connectors.lightspeed.listings import skus_of
from chalicelib.connectors.lightspeed.reads import read_each, search
from chalicelib.domain.reasons import Reason, SyncFailure

PRODUCTS_READ = "products:read"
PRODUCTS_WRITE = "products:write"
#: Pages of changes that a read-back looks through before it asks for each product.
PAGES_AT_MOST = 3


@dataclass
class Catalog:
    """Lightspeed's products and the attributes of their variants."""

    client: LightspeedClient

    def read(self, ids: Sequence[str]) -> dict[str, Json | SyncFailure]:
        """Read products as they are now, a call each; those that are gone are absent."""
        read = read_each(self.client, "products", PRODUCTS_READ, ids)
        return {
            one: product
            for one, product in read.items()
            if product is not None
            and (isinstance(product, SyncFailure) or not product.get("deleted_at"))
        }

    def search_skus(self, skus: Sequence[str]) -> Mapping[str, Sequence[Json]]:
        """Return products by SKU without case, many SKUs a call; perhaps some seconds old."""
        wanted = [one.lower() for one in skus if one]
        rows = search(self.client, "products", PRODUCTS_READ, "sku", wanted) if wanted else []
        found: dict[str, dict[str, Json]] = {}
        for row in rows:
            for sku in skus_of(row) if not row.get("deleted_at") else ():
                found.setdefault(sku, {})[str(row.get("id"))] = row
        return {sku: list(by_id.values()) for sku, by_id in found.items()}

    def read_sku(self, sku: str) -> list[Json]:
        """Return the products that carry a SKU now, by the call that is never behind."""
        rows = self.client.read_data("products", PRODUCTS_READ, [("sku", sku)])
        return [row for row in rows if not row.get("deleted_at") and sku.casefold() in skus_of(row)]

    def read_family(self, name: str, ids: Sequence[str]) -> dict[str, Json]:
        """Read the products of a new family, which its name brings together."""
        rows = self.client.read_data("products", PRODUCTS_READ, [("family_name", name)])
        found = {str(row.get("id")): row for row in rows if row.get("id") in ids}
        return found | self._read_rest(ids, found)

    def read_changed(self, ids: Sequence[str], after: int) -> dict[str, Json]:
        """Read products that were changed after a version, by pages of changes instead of singly.

        What those pages do not show is read by its id.
        """
        feed = Feed(client=self.client, path="products", needs=PRODUCTS_READ)
        found: dict[str, Json] = {}
        for _ in range(PAGES_AT_MOST if len(ids) > 1 and after else 0):
            rows, after = feed.read(after)
            found |= {str(row.get("id")): row for row in rows if row.get("id") in ids}
            if not rows or len(found) == len(set(ids)):
                break
        return found | self._read_rest(ids, found)

    def attribute_ids(self, names: Sequence[str]) -> dict[str, str]:
        """Return ids of variant attributes by name without case, made where there are none.

        Raises:
            SyncFailure: an attribute could not be made; no product was.
        """
        known = self._attributes
        for name in names:
            if name.casefold() not in known:
                known[name.casefold()] = self._add_attribute(name)
        return known

    @cached_property
    def _attributes(self) -> dict[str, str]:
        rows = Feed(client=self.client, path="variant_attributes", needs=PRODUCTS_READ).read_all()
        return {
            str(row.get("name") or "").casefold(): str(row.get("id"))
            for row in rows
            if not row.get("deleted_at")
        }

    def _add_attribute(self, name: str) -> str:
        try:
            made = self.client.write("POST", "variant_attributes", PRODUCTS_WRITE, {"name": name})
        except SyncFailure as failure:
            if failure.reason is not Reason.OUTCOME_UNKNOWN:
                raise
            # Nothing of the product was sent: the next attempt finds the attribute or makes it.
            raise SyncFailure(
                Reason.RETRYING,
                f"Lightspeed did not say whether it made the attribute {name}.",
                code=failure.code,
                error_code=failure.error_code,
            ) from failure
        data = made.get("data") if isinstance(made, dict) else None
        return str(data.get("id") or "") if isinstance(data, dict) else ""

    def _read_rest(self, ids: Sequence[str], found: Mapping[str, Json]) -> dict[str, Json]:
        rest = self.read([one for one in ids if one not in found])
        return {one: row for one, row in rest.items() if not isinstance(row, SyncFailure)}


def version_of(product: Json) -> int:
    """Return the number of a product's last change."""
    return mark_of(product).version
