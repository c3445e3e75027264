"""Products as a target: a listing is a variation of an item, found by id or else by SKU."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.square.batches import chunks, send_in_batches
from chalicelib.connectors.square.catalog import CatalogReader, Holding
from chalicelib.connectors.square.catalog_writing import (
    OBJECTS_A_CALL,
    CatalogWriting,
    Write,
    Written,
)
from chalicelib.connectors.square.client import SquareClient
from chalicelib.connectors.square.listings import (
    DESCRIPTION_AT_MOST,
    ITEM_NAME_AT_MOST,
    VARIATION_NAME_AT_MOST,
    differences,
    is_live,
)
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing
from chalicelib.domain.statuses import Outcome

#: Records of one upsert; each is at most an item and a variation, the rest is room for siblings.
RECORDS_A_CALL = OBJECTS_A_CALL // 4


@dataclass(kw_only=True)
class ProductTarget:
    """Square's catalogue as the place where listings go."""

    client: SquareClient
    reader: CatalogReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = CatalogReader(client=self.client)

    def find_many(self, wanted: Sequence[Wanted[Listing]]) -> Mapping[str, Found | SyncFailure]:
        """Find variations by their linked ids, else by SKU in any case."""
        linked = self.reader.read_variations([one.target_id for one in wanted if one.target_id])
        found: dict[str, Found | SyncFailure] = {
            one.record: _found(one, linked[one.target_id], ours=True)
            for one in wanted
            if one.target_id in linked and one.target_id
        }
        rest = [one for one in wanted if one.record not in found and one.desired.sku]
        return found | self._find_by_sku(rest, taken=set(linked))

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Create and update in one upsert, then read back; unclear creations go one by one."""
        results: dict[str, Done | SyncFailure] = {
            wanted.record: _nothing_to_hide()
            for wanted, found in writes
            if found is None and wanted.desired.archived
        }
        rest = [write for write in writes if write[0].record not in results]
        written: dict[str, tuple[Write, Written]] = {}
        for (wanted, found), result in self._send(rest):
            if isinstance(result, SyncFailure):
                results[wanted.record] = _explained(result, wanted, found)
            else:
                written[wanted.record] = ((wanted, found), result)
        return results | self._read_back(written)

    def _find_by_sku(
        self, wanted: Sequence[Wanted[Listing]], *, taken: set[str]
    ) -> dict[str, Found | SyncFailure]:
        hits = self.reader.search_skus([one.desired.sku for one in wanted])
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            holdings = hits.get(one.desired.sku.casefold(), ())
            if len(holdings) > 1:
                found[one.record] = _several(one.desired.sku, holdings)
            elif holdings and holdings[0].variation_id in taken:
                found[one.record] = _sku_used_twice(one.desired.sku)
            elif holdings:
                taken.add(holdings[0].variation_id)
                found[one.record] = _found(one, holdings[0], ours=False)
        return found

    def _send(self, writes: Sequence[Write]) -> Iterator[tuple[Write, Written | SyncFailure]]:
        writing = CatalogWriting(client=self.client, reader=self.reader)
        distinct, doubles = _without_doubles(writes)
        yield from ((write, _sku_used_twice(write[0].desired.sku)) for write in doubles)
        if not distinct:
            return
        writing.prepare(distinct)
        singly = [write for write in distinct if write[1] is None and write[0].unclear]
        together = [write for write in distinct if write[1] is not None or not write[0].unclear]
        batches = [*chunks(together, RECORDS_A_CALL), *chunks(singly, 1)]
        yield from send_in_batches(batches, writing.send)

    def _read_back(self, written: Mapping[str, tuple[Write, Written]]) -> dict[str, Done]:
        if not written:
            return {}
        try:
            held = self.reader.read_variations([one.variation_id for _, one in written.values()])
        except SyncFailure:
            # It was written; whether it shows is looked at again, as with an item that is not live.
            held = {}
        return {
            record: _done(write, result, held.get(result.variation_id))
            for record, (write, result) in written.items()
        }


def _found(wanted: Wanted[Listing], holding: Holding, *, ours: bool) -> Found:
    differs = differences(holding.item, holding.variation, wanted.desired)
    return Found(
        target_id=holding.variation_id,
        version=str(holding.version),
        equal=not differs,
        live=is_live(holding.item, holding.variation, wanted.desired),
        ours=ours,
        state=holding,
        parent_id=holding.item_id,
    )


def _done(write: Write, written: Written, held: Holding | None) -> Done:
    """Say what became of a write, by what Square shows now.

    Nothing, or the version before ours: it was taken and is not live yet. Another content: it is
    not verified.
    """
    wanted, found = write
    awaiting = held is None or held.version < written.version
    differs = differences(held.item, held.variation, wanted.desired) if held else []
    return Done(
        target_id=written.variation_id,
        version=str(held.version if held else written.version),
        outcome=_outcome(found),
        verified=not awaiting and not differs,
        awaiting=awaiting,
        detail="" if awaiting or not differs else f"Square holds another {', '.join(differs)}.",
        parent_id=written.item_id,
    )


def _outcome(found: Found | None) -> Outcome:
    if found is None:
        return Outcome.CREATED
    return Outcome.UPDATED if found.ours else Outcome.ADOPTED


def _nothing_to_hide() -> Done:
    return Done(
        target_id="",
        outcome=Outcome.NOT_APPLICABLE,
        verified=True,
        detail="The product is archived and was never at Square.",
    )


def _without_doubles(writes: Sequence[Write]) -> tuple[list[Write], list[Write]]:
    """Set aside writes that would create a second variation with a SKU of the same batch."""
    seen: Counter[str] = Counter()
    distinct: list[Write] = []
    doubles: list[Write] = []
    for write in writes:
        wanted, found = write
        sku = wanted.desired.sku.casefold() if found is None else ""
        seen[sku] += 1
        (doubles if sku and seen[sku] > 1 else distinct).append(write)
    return distinct, doubles


def _several(sku: str, holdings: Sequence[Holding]) -> SyncFailure:
    ids = " and ".join(sorted(one.variation_id for one in holdings))
    return SyncFailure(
        Reason.CONFLICT,
        f"Square has {len(holdings)} variations with the SKU {sku} ({ids}): give each its own SKU"
        " or delete one, then re-sync.",
        error_code="sku_not_unique",
        field="sku",
    )


def _sku_used_twice(sku: str) -> SyncFailure:
    return SyncFailure(
        Reason.CONFLICT,
        f"Two products have the SKU {sku}, and it can stand for one variation only: give each its"
        " own.",
        error_code="sku_used_twice",
        field="sku",
    )


def _explained(failure: SyncFailure, wanted: Wanted[Listing], found: Found | None) -> SyncFailure:
    """Put what we know into the sentence: a limit, a category or variation that is gone."""
    if failure.reason is not Reason.REJECTED_BY_TARGET:
        return failure
    listing, told = wanted.desired, failure.detail
    if listing.category and listing.category in told:
        return _as(
            failure,
            Reason.MISSING_AT_TARGET,
            f"Square has no category {listing.category}: choose another in the category mapping.",
            field="category",
        )
    ids = (found.target_id, found.parent_id) if found else (wanted.parent_id,)
    if any(one in told for one in ids if one):
        text = "The item or variation was deleted at Square meanwhile: it is looked up again."
        return _as(failure, Reason.RETRYING, text, field="id")
    for name, text, limit in _limited_texts(listing):
        if len(text) > limit:
            sentence = (
                f"The {name} has {len(text)} characters, and Square allows {limit}:"
                " shorten it at the source."
            )
            return _as(failure, Reason.REJECTED_BY_TARGET, sentence, field=name)
    return failure


def _limited_texts(listing: Listing) -> Sequence[tuple[str, str, int]]:
    return (
        ("name", listing.item_name, ITEM_NAME_AT_MOST),
        ("variation name", listing.variation_name, VARIATION_NAME_AT_MOST),
        ("description", listing.description_html, DESCRIPTION_AT_MOST),
    )


def _as(failure: SyncFailure, reason: Reason, detail: str, *, field: str) -> SyncFailure:
    return SyncFailure(
        reason, detail, code=failure.code, error_code=failure.error_code, field=field
    )
