"""Source of products: product, its prices in every price list, names of its categories."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.connectors.brightpearl.batches import fail_the_rest, fetch_by_ids
from chalicelib.connectors.brightpearl.bundles import pieces_of, with_parts
from chalicelib.connectors.brightpearl.changes import list_product_changes
from chalicelib.connectors.brightpearl.client import Api, Reply
from chalicelib.connectors.brightpearl.idsets import Chunk, is_id, split_into_chunks
from chalicelib.connectors.brightpearl.mapping import category_ids_of, to_prices, to_product
from chalicelib.connectors.brightpearl.models import PriceModel, ProductModel, read_as
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import ChangePage
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Product
from chalicelib.domain.statuses import Kind

ALL_LISTS = "*"


def fetch_product_models(api: Api, chunk: Chunk) -> dict[str, ProductModel | SyncFailure]:
    """Read the products of one call; unknown ids are absent, whether by 404 or by an empty list."""
    reply = api.get(f"product-service/product/{chunk.text}")
    found = {_id_of(entry): _model_or_failure(entry) for entry in reply.as_list()}
    return {**fail_the_rest(reply, chunk, "products"), **found}


def _id_of(entry: Any) -> str:
    return str(entry.get("id")) if isinstance(entry, dict) else ""


def _model_or_failure(entry: Any) -> ProductModel | SyncFailure:
    try:
        return read_as(ProductModel, entry, f"product {_id_of(entry)}")
    except SyncFailure as failure:
        return failure


def _prices_or_failure(entry: Mapping[str, Any]) -> dict[str, Money] | SyncFailure:
    try:
        what = f"the prices of product {entry.get('productId')}"
        return to_prices(read_as(PriceModel, entry, what))
    except SyncFailure as failure:
        return failure


@dataclass
class Products:
    """``Source[Product]``; names of categories are read once per object."""

    api: Api
    _lists: str = ALL_LISTS
    _category_names: dict[str, str] = field(default_factory=dict)

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Product | SyncFailure]:
        """Read products with prices and categories: three calls for up to 200, as a rule.

        Bundles cost one more for the lot: whether one is counted depends on its parts.
        """
        return fetch_by_ids(ids, self._fetch)

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of up to 500 products by ``updatedOn``; price changes do not show here."""
        return list_product_changes(self.api, Kind.PRODUCT, since=since, until=until, page=page)

    def list_sisters(self, groups: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Ids of all products of each group, a search each; none of a group that cannot be."""
        path = "product-service/product-search"
        return {
            group: [
                str(row["productId"])
                for row in search_all(self.api, path, {"productGroupId": group})
                if is_id(str(row.get("productId")))
            ]
            for group in groups
            if is_id(group)
        }

    def _fetch(self, chunk: Chunk) -> dict[str, Product | SyncFailure]:
        answers = fetch_product_models(self.api, chunk)
        models = [answer for answer in answers.values() if isinstance(answer, ProductModel)]
        prices = self._fetch_prices(model.id for model in models)
        self._learn_categories(category_ids_of(models))
        known = with_parts(answers, lambda part: fetch_product_models(self.api, part))
        return {id_: self._to_product(id_, known, prices.get(id_, {})) for id_ in answers}

    def _to_product(
        self,
        id_: str,
        known: Mapping[str, ProductModel | SyncFailure],
        prices: dict[str, Money] | SyncFailure,
    ) -> Product | SyncFailure:
        model = known[id_]
        if isinstance(model, SyncFailure):
            return model
        if isinstance(prices, SyncFailure):
            return prices
        try:
            tracked = bool(pieces_of(id_, known))
        except SyncFailure as failure:
            return failure
        return to_product(model, prices, self._category_names, tracked=tracked)

    def _fetch_prices(self, ids: Iterable[str]) -> dict[str, dict[str, Money] | SyncFailure]:
        return {
            str(entry.get("productId")): _prices_or_failure(entry)
            for chunk in split_into_chunks(ids)
            for entry in self._read_prices(chunk.text)
            if isinstance(entry, dict)
        }

    def _read_prices(self, ids: str) -> list[Any]:
        """Read prices of all lists; where ``*`` finds nothing or is refused, name the lists.

        That every price list may be asked for with ``*`` is not documented.
        """
        path = f"product-service/product-price/{ids}/price-list"
        try:
            found = self.api.get(f"{path}/{self._lists}")
        except SyncFailure as failure:
            if failure.reason is not Reason.REJECTED_BY_TARGET or self._lists != ALL_LISTS:
                raise
            found = Reply(missing=True)
        if found.missing and self._lists == ALL_LISTS:
            self._lists = self._list_ids()
            found = self.api.get(f"{path}/{self._lists}") if self._lists else found
        return found.as_list()

    def _list_ids(self) -> str:
        reply = self.api.get("product-service/price-list")
        ids = [_id_of(entry) for entry in reply.as_list()]
        return ",".join(id_ for id_ in ids if is_id(id_))

    def _learn_categories(self, ids: Iterable[str]) -> None:
        for chunk in split_into_chunks(set(ids) - set(self._category_names)):
            self._category_names.update(dict.fromkeys(chunk.ids, ""))
            reply = self.api.get(f"product-service/brightpearl-category/{chunk.text}")
            for entry in reply.as_list():
                if isinstance(entry, dict):
                    self._category_names[_id_of(entry)] = str(entry.get("name") or "")
