"""Source of stock: what is on hand in each warehouse, with name and SKU of the product."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.connectors.brightpearl.batches import fail_the_rest, fetch_by_ids
from chalicelib.connectors.brightpearl.bundles import (
    pieces_or_failure,
    to_bundle_level,
    with_parts,
)
from chalicelib.connectors.brightpearl.changes import list_product_changes
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.idsets import Chunk, is_id, split_into_chunks
from chalicelib.connectors.brightpearl.mapping import to_stock_level
from chalicelib.connectors.brightpearl.models import AvailabilityModel, ProductModel, read_as
from chalicelib.connectors.brightpearl.products import fetch_product_models
from chalicelib.domain.platforms import ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import StockLevel
from chalicelib.domain.statuses import Kind

#: Ids of one availability call: its answer names every warehouse, so fewer than the 200 of others.
IDS_PER_CALL = 100


@dataclass
class StockLevels:
    """``Source[StockLevel]``: two calls for up to 100 products, three with bundles among them."""

    api: Api

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, StockLevel | SyncFailure]:
        """Read levels; a product that is not stock-tracked comes as ``tracked=False``.

        A bundle is tracked if a part of it is; its level follows from theirs.
        """
        return fetch_by_ids(ids, self._fetch, at_most=IDS_PER_CALL)

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of products that changed; stock alone may move without touching ``updatedOn``.

        With ``since`` far in the past it lists every product, which is the daily sweep.
        """
        return list_product_changes(self.api, Kind.STOCK, since=since, until=until, page=page)

    def list_wholes(self, parts: Sequence[str]) -> Sequence[str]:
        """Ids of the bundles that products are components of: one call for up to 200."""
        found: dict[str, None] = {}
        for chunk in split_into_chunks(parts):
            reply = self.api.get(f"product-service/product/{chunk.text}/bundle")
            found |= dict.fromkeys(one for one in _bundles_in(reply.as_list()) if is_id(one))
        return [one for one in found if one not in set(parts)]

    def _fetch(self, chunk: Chunk) -> dict[str, StockLevel | SyncFailure]:
        models = fetch_product_models(self.api, chunk)
        known = with_parts(models, lambda part: fetch_product_models(self.api, part))
        pieces = {id_: pieces_or_failure(id_, known) for id_ in models}
        counted = {leaf for one in pieces.values() if isinstance(one, dict) for leaf in one}
        levels = self._fetch_availability(list(counted))
        return {id_: _to_level(models[id_], pieces[id_], levels) for id_ in models}

    def _fetch_availability(self, ids: Sequence[str]) -> dict[str, AvailabilityModel | SyncFailure]:
        found: dict[str, AvailabilityModel | SyncFailure] = {}
        for chunk in split_into_chunks(ids, at_most=IDS_PER_CALL):
            reply = self.api.get(f"warehouse-service/product-availability/{chunk.text}")
            found.update(fail_the_rest(reply, chunk, "stock levels"))
            for id_, entry in reply.as_map().items():
                found[id_] = _read_level(id_, entry)
        return found


def _bundles_in(entries: object) -> Iterator[str]:
    """Yield the ids in a tree of bundles; a bundle may be part of further ones."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            yield str(entry.get("id"))
            yield from _bundles_in(entry.get("bundles"))


def _read_level(id_: str, entry: object) -> AvailabilityModel | SyncFailure:
    try:
        return read_as(AvailabilityModel, entry, f"the stock of product {id_}")
    except SyncFailure as failure:
        return failure


def _to_level(
    model: ProductModel | SyncFailure,
    pieces: Mapping[str, Decimal] | SyncFailure,
    levels: Mapping[str, AvailabilityModel | SyncFailure],
) -> StockLevel | SyncFailure:
    if isinstance(model, SyncFailure):
        return model
    if isinstance(pieces, SyncFailure):
        return pieces
    if model.composition.bundle:
        return to_bundle_level(model, pieces, levels)
    level = levels.get(model.id)
    return level if isinstance(level, SyncFailure) else to_stock_level(model, level)
