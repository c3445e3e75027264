"""Writes products: families made in one call, the rest one by one, all of it read back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.connectors.lightspeed.catalog import PRODUCTS_WRITE, Catalog, version_of
from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.failures import stops_all
from chalicelib.connectors.lightspeed.listings import (
    Rules,
    creation_of,
    differences,
    skus_of,
    update_of,
)
from chalicelib.domain.platforms import Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing

Write = tuple[Wanted[Listing], Found | None]

BESIDE_FAMILY = (
    "It stands beside its family: Lightspeed takes no further variant into one through its API."
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Where a listing went, and what Lightspeed shows there; None: nothing yet."""

    product_id: str
    held: Json | None = None
    note: str = ""


@dataclass(kw_only=True)
class ProductWriting:
    """One batch of writes; after a failure of the account nothing more is sent."""

    client: LightspeedClient
    catalog: Catalog
    rules: Rules
    families: Collection[str]  #: items that have products there already
    _written: dict[str, Written | SyncFailure] = field(default_factory=dict)
    _changed: dict[str, str] = field(default_factory=dict)  #: record by id of a changed product
    _first_version: int = 0  #: after the first change: all later ones have greater ones
    _stopped: SyncFailure | None = None

    def write(self, writes: Sequence[Write]) -> Mapping[str, Written | SyncFailure]:
        """Write all, and return what became of each record."""
        creations: list[Wanted[Listing]] = []
        for wanted, found in writes:
            product = self._now(wanted, found)
            if isinstance(product, SyncFailure):
                self._written[wanted.record] = product
            elif product is None:
                creations.append(wanted)
            else:
                self._update(wanted, product)
        linked = {one.desired.item_key for one in creations if one.parent_id}
        for group, is_family in _groups(creations, {*self.families, *linked}):
            self._create(group, is_family=is_family)
        self._read_back()
        return self._written

    def _now(self, wanted: Wanted[Listing], found: Found | None) -> Json | SyncFailure | None:
        """Return the product to write over; what the search said may be behind, so it is read."""
        if found is None or found.ours:
            product: Json | None = found.state if found is not None else None
            return product
        if self._stopped is not None:
            return self._stopped
        try:
            return self.catalog.read([found.target_id]).get(found.target_id)
        except SyncFailure as failure:
            return self._noted(failure)

    def _update(self, wanted: Wanted[Listing], product: Json) -> None:
        listing, product_id = wanted.desired, str(product["id"])
        made = Written(product_id=product_id, held=product)
        if self._stopped is not None:
            self._written[wanted.record] = self._stopped
            return
        try:
            if differences(product, listing, self.rules):
                self._send(product, listing)
                self._changed[product_id] = wanted.record
                made = replace(made, held=None)
        except SyncFailure as failure:
            self._written[wanted.record] = self._noted(_explained(failure, listing))
            return
        self._written[wanted.record] = made
        if made.held is None and not self._first_version:
            self._note_first(wanted.record, made)

    def _send(self, product: Json, listing: Listing) -> None:
        changes_options = "options" in differences(product, listing, self.rules)
        attributes = self.catalog.attribute_ids(list(listing.options)) if changes_options else {}
        body = update_of(product, listing, self.rules, attributes)
        path = f"products/{product['id']}"
        self.client.write("PUT", path, PRODUCTS_WRITE, dict(body))

    def _note_first(self, record: str, made: Written) -> None:
        """Read the first changed product at once: changes after it have greater versions."""
        try:
            held = self.catalog.read([made.product_id]).get(made.product_id)
        except SyncFailure:
            return
        if isinstance(held, dict):
            self._written[record] = replace(made, held=held)
            self._first_version = version_of(held)

    def _create(self, group: Sequence[Wanted[Listing]], *, is_family: bool) -> None:
        """Make a product, or a family of variants in one call."""
        listings = [one.desired for one in group]
        try:
            if self._stopped is not None:
                raise self._stopped
            names = list(listings[0].options) if is_family else []
            attributes = self.catalog.attribute_ids(names) if is_family else None
            body = creation_of(listings, self.rules, attributes)
            answer = self.client.write("POST", "products", PRODUCTS_WRITE, dict(body), creates=True)
        except SyncFailure as failure:
            told = self._noted(_explained(failure, listings[0]))
            self._written |= {one.record: told for one in group}
            return
        note = BESIDE_FAMILY if listings[0].options and not is_family else ""
        self._match(group, str(body["name"]), list(_ids_in(answer)), note)

    def _match(
        self, group: Sequence[Wanted[Listing]], name: str, ids: Sequence[str], note: str
    ) -> None:
        """Learn which new product carries which listing; the order of the ids is not documented."""
        try:
            held = self.catalog.read_family(name, ids) if ids else {}
        except SyncFailure:
            held = {}
        by_sku = {sku: product for product in held.values() for sku in skus_of(product)}
        for number, wanted in enumerate(group):
            product = by_sku.get(wanted.desired.sku.casefold())
            if product is not None:
                made = Written(product_id=str(product["id"]), held=product, note=note)
                self._written[wanted.record] = self._completed(wanted, made)
            elif len(ids) == len(group):
                self._written[wanted.record] = Written(product_id=ids[number], note=note)
            else:
                self._written[wanted.record] = _made_unseen()

    def _completed(self, wanted: Wanted[Listing], made: Written) -> Written:
        """Set what a creation cannot say, such as that stock is not counted."""
        if made.held is None or not _counts(made.held, wanted.desired, self.rules):
            return made
        try:
            self._send(made.held, wanted.desired)
        except SyncFailure as failure:
            self._noted(failure)
            return made  # it is there, and what differs is told
        self._changed[made.product_id] = wanted.record
        return replace(made, held=None)

    def _read_back(self) -> None:
        """Read what was changed and not seen since."""
        unseen = {
            one.product_id: record
            for record, one in self._written.items()
            if isinstance(one, Written) and one.held is None and one.product_id in self._changed
        }
        if not unseen:
            return
        try:
            held = self.catalog.read_changed(list(unseen), self._first_version)
        except SyncFailure:
            return  # it was written; whether it shows is looked at again
        for product_id, product in held.items():
            record = unseen[product_id]
            made = self._written[record]
            if isinstance(made, Written):
                self._written[record] = replace(made, held=product)

    def _noted(self, failure: SyncFailure) -> SyncFailure:
        if stops_all(failure):
            self._stopped = failure
        return failure


def sku_is_several(sku: str, products: Sequence[Json]) -> SyncFailure:
    """Return the failure of a SKU that several products at Lightspeed carry."""
    ids = " and ".join(sorted(str(one["id"]) for one in products))
    return SyncFailure(
        Reason.CONFLICT,
        f"Lightspeed has {len(products)} products with the SKU {sku} ({ids}): give each its own"
        " SKU or delete one, then re-sync.",
        error_code="sku_not_unique",
        field="sku",
    )


def sku_used_twice(sku: str) -> SyncFailure:
    """Return the failure of a SKU that two records want."""
    return SyncFailure(
        Reason.CONFLICT,
        f"Two products have the SKU {sku}, and it can stand for one product only: give each its"
        " own.",
        error_code="sku_used_twice",
        field="sku",
    )


def _groups(
    creations: Sequence[Wanted[Listing]], families: set[str]
) -> Iterator[tuple[Sequence[Wanted[Listing]], bool]]:
    """Put variants of one new family together; all others are products of their own.

    A family takes no further variants, so a record whose item has one (``families``) stands alone,
    and so does one with other options than its sisters.
    """
    together: dict[tuple[str, tuple[str, ...]], list[Wanted[Listing]]] = {}
    first_of: dict[str, tuple[str, ...]] = {}
    for one in creations:
        listing = one.desired
        names = tuple(sorted(name.casefold() for name in listing.options))
        is_sister = first_of.setdefault(listing.item_key, names) == names
        if not names or listing.item_key in families or not is_sister:
            yield [one], False
        else:
            together.setdefault((listing.item_key, names), []).append(one)
    yield from ((group, True) for group in together.values())


def _counts(held: Json, listing: Listing, rules: Rules) -> bool:
    return any(differences(held, listing, rules).values())


def _ids_in(answer: object) -> Iterator[str]:
    """Yield the ids of an answer to a creation: texts, or objects that have them."""
    data = answer.get("data") if isinstance(answer, dict) else None
    for one in data if isinstance(data, list) else [data]:
        found = one.get("id") if isinstance(one, dict) else one
        if isinstance(found, str) and found:
            yield found


def _made_unseen() -> SyncFailure:
    return SyncFailure(
        Reason.OUTCOME_UNKNOWN,
        "Lightspeed made the product and does not say which one it is: it is looked up.",
        error_code="id_missing",
    )


def _explained(failure: SyncFailure, listing: Listing) -> SyncFailure:
    """Put what we know into the sentence of a refused product."""
    is_refusal = failure.reason in (Reason.REJECTED_BY_TARGET, Reason.CONFLICT)
    if listing.category and is_refusal and "product_category_id" in failure.detail:
        return SyncFailure(
            Reason.MISSING_AT_TARGET,
            f"Lightspeed has no category {listing.category} that takes products: choose another"
            " in the category mapping.",
            code=failure.code,
            error_code=failure.error_code,
            field="category",
        )
    return failure
