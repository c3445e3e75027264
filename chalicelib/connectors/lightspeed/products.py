"""Products as a target: a listing is a product, a variant of a family where it has options."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chalicelib.connectors.lightspeed.catalog import Catalog, version_of
from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.listings import (
    ATTRIBUTES_AT_MOST,
    Rules,
    differences,
    family_of,
    is_active,
)
from chalicelib.connectors.lightspeed.lookups import Lookups
from chalicelib.connectors.lightspeed.product_writing import (
    ProductWriting,
    Write,
    Written,
    sku_is_several,
    sku_used_twice,
)
from chalicelib.connectors.lightspeed.reads import for_each
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing
from chalicelib.domain.statuses import Outcome


@dataclass(kw_only=True)
class ProductTarget:
    """Lightspeed's products as the place where listings go."""

    client: LightspeedClient
    lookups: Lookups
    catalog: Catalog = field(init=False)
    #: items some of whose variations were found: their families take no further ones
    _families: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.catalog = Catalog(self.client)

    def find_many(self, wanted: Sequence[Wanted[Listing]]) -> Mapping[str, Found | SyncFailure]:
        """Find products by their linked ids, else by SKU in any case."""
        linked = self.catalog.read([one.target_id for one in wanted if one.target_id])
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            product = linked.get(one.target_id or "")
            if isinstance(product, SyncFailure):
                found[one.record] = product
            elif product is not None:
                found[one.record] = self._found(one, product, ours=True)
        rest = [one for one in wanted if one.record not in found and one.desired.sku]
        return found | self._find_by_sku(rest, taken=set(linked))

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Create and update, then read back; one product's fate is never another family's."""
        results: dict[str, Done | SyncFailure] = {}
        rest: list[Write] = []
        for wanted, found in writes:
            settled = self._settled(wanted, found)
            if settled is None:
                rest.append((wanted, found))
            else:
                results[wanted.record] = settled
        distinct, doubles = _without_doubles(rest)
        results |= {one.record: sku_used_twice(one.desired.sku) for one, _ in doubles}
        if not distinct:
            return results
        writing = ProductWriting(
            client=self.client, catalog=self.catalog, rules=self.rules, families=self._families
        )
        written = writing.write(distinct)
        return results | {
            wanted.record: self._result(wanted, found, written[wanted.record])
            for wanted, found in distinct
        }

    @cached_property
    def rules(self) -> Rules:
        """How the store keeps prices; where it does not say, with tax."""
        return Rules(
            currency=self.lookups.currency(),
            tax_included=not self.lookups.retailer.tax_exclusive,
        )

    def _find_by_sku(
        self, wanted: Sequence[Wanted[Listing]], *, taken: set[str]
    ) -> dict[str, Found | SyncFailure]:
        hits = self.catalog.search_skus([one.desired.sku for one in wanted])
        # The search may be behind: what it does not show is asked for once more, for it may be made
        # next.
        late = for_each(
            [one for one in wanted if one.desired.sku.casefold() not in hits and _is_sold(one)],
            lambda one: self.catalog.read_sku(one.desired.sku),
            lambda one: one.record,
        )
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            products = hits.get(one.desired.sku.casefold(), ()) or late.get(one.record, ())
            if isinstance(products, SyncFailure):
                found[one.record] = products
            elif len(products) > 1:
                found[one.record] = sku_is_several(one.desired.sku, products)
            elif products and products[0]["id"] in taken:
                found[one.record] = sku_used_twice(one.desired.sku)
            elif products:
                taken.add(products[0]["id"])
                found[one.record] = self._found(one, products[0], ours=False)
        return found

    def _found(self, wanted: Wanted[Listing], product: Json, *, ours: bool) -> Found:
        listing = wanted.desired
        self._families.add(listing.item_key)
        return Found(
            target_id=str(product["id"]),
            version=str(version_of(product)),
            equal=not differences(product, listing, self.rules),
            live=is_active(product) is not listing.archived,
            ours=ours,
            state=product,
            parent_id=family_of(product),
        )

    def _settled(self, wanted: Wanted[Listing], found: Found | None) -> Done | SyncFailure | None:
        """Return what needs no write: nothing to hide, or something Lightspeed cannot hold."""
        listing = wanted.desired
        if listing.archived:
            return _nothing_to_hide() if found is None else None
        return next(self._refusals(listing), None)

    def _refusals(self, listing: Listing) -> Iterator[SyncFailure]:
        if not listing.sku:
            yield _unsupported(
                "Lightspeed knows products by their SKU, and this one has none: give it one.", "sku"
            )
        if listing.price.currency != self.rules.currency:
            yield _unsupported(
                f"The price is in {listing.price.currency}, and the store's currency is"
                f" {self.rules.currency}: choose a price list in {self.rules.currency}.",
                "price",
            )
        if listing.tax_included not in (None, self.rules.tax_included):
            has, wants = ("with", "without") if self.rules.tax_included else ("without", "with")
            yield _unsupported(
                f"The store keeps prices {has} tax, and the price list has them {wants}: choose"
                f" a price list whose prices are {has} tax.",
                "price",
            )
        if len(listing.options) > ATTRIBUTES_AT_MOST:
            yield _unsupported(
                f"The variant has {len(listing.options)} options, and Lightspeed tells variants"
                f" apart by {ATTRIBUTES_AT_MOST} at most: use fewer options.",
                "options",
            )

    def _result(
        self, wanted: Wanted[Listing], found: Found | None, written: Written | SyncFailure
    ) -> Done | SyncFailure:
        """Say what became of a write, by what Lightspeed shows now."""
        if isinstance(written, SyncFailure):
            return written
        held, listing = written.held, wanted.desired
        differs = differences(held, listing, self.rules) if held else {}
        counted = [name for name, counts in differs.items() if counts]
        details = [written.note]
        if listing.archived and not counted:
            details.append("It is hidden: the tills do not sell it.")
        if counted:
            details.append(f"Lightspeed holds another {', '.join(counted)}.")
        return Done(
            target_id=written.product_id,
            version=str(version_of(held)) if held else None,
            outcome=_outcome(found),
            verified=held is not None and not counted,
            awaiting=held is None,
            detail=" ".join(one for one in details if one),
            parent_id=wanted.parent_id or (family_of(held) if held else None),
        )


def _outcome(found: Found | None) -> Outcome:
    if found is None:
        return Outcome.CREATED
    return Outcome.UPDATED if found.ours else Outcome.ADOPTED


def _is_sold(wanted: Wanted[Listing]) -> bool:
    return not wanted.desired.archived


def _nothing_to_hide() -> Done:
    return Done(
        target_id="",
        outcome=Outcome.NOT_APPLICABLE,
        verified=True,
        detail="The product is archived and was never at Lightspeed.",
    )


def _without_doubles(writes: Sequence[Write]) -> tuple[list[Write], list[Write]]:
    """Set aside writes that would create a second product with a SKU of the same batch."""
    seen: Counter[str] = Counter()
    distinct: list[Write] = []
    doubles: list[Write] = []
    for write in writes:
        wanted, found = write
        sku = wanted.desired.sku.casefold() if found is None else ""
        seen[sku] += 1
        (doubles if sku and seen[sku] > 1 else distinct).append(write)
    return distinct, doubles


def _unsupported(detail: str, field_name: str) -> SyncFailure:
    return SyncFailure(Reason.UNSUPPORTED, detail, field=field_name)
