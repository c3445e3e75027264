"""Products as a target: a listing stands alone, or is a variation of a variable product."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.woocommerce.batches import Entry, write_batches
from chalicelib.connectors.woocommerce.catalog import TRASH, CatalogReader, parent_of
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.facts import FactsReader
from chalicelib.connectors.woocommerce.failures import (
    DUPLICATE_SKU,
    SKU_IN_BIN,
    resource_id_of,
)
from chalicelib.connectors.woocommerce.listings import (
    META_PRODUCT,
    differences,
    meta_of,
    simple_body,
    variation_body,
    variation_differences,
)
from chalicelib.connectors.woocommerce.product_results import (
    Held,
    Write,
    belongs_to_another,
    done_of,
    in_bin,
    no_sku,
    nothing_to_hide,
    several,
    sku_used_twice,
    why_other_kind,
)
from chalicelib.connectors.woocommerce.variations import Family, VariationWriting
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Listing

Results = dict[str, Done | SyncFailure]


@dataclass(kw_only=True)
class ProductTarget:
    """The shop's catalogue as the place where listings go."""

    client: WooClient
    facts: FactsReader
    reader: CatalogReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = CatalogReader(client=self.client)

    def find_many(self, wanted: Sequence[Wanted[Listing]]) -> Mapping[str, Found | SyncFailure]:
        """Find products by their linked ids, else by SKU; those of the bin are conflicts."""
        answers: dict[str, Found | SyncFailure] = self._refused(wanted)
        rest = [one for one in wanted if one.record not in answers]
        hits = self.reader.find_skus([one.desired.sku for one in rest if one.desired.sku])
        linked = self._linked(rest, hits)
        shared = _shared_keys(wanted)
        chosen: dict[str, Json] = {}
        taken = set(linked)
        for one in rest:
            row = linked.get(one.target_id or "") or _by_sku(one, hits, taken)
            if isinstance(row, SyncFailure):
                answers[one.record] = row
            elif row is not None:
                chosen[one.record] = row
        parents = self.reader.read_products([p for p in map(parent_of, chosen.values()) if p])
        for one in rest:
            if one.record in chosen:
                row = chosen[one.record]
                held = Held(row=row, parent=parents.get(parent_of(row) or ""))
                is_variation = _is_variation(one, shared)
                answers[one.record] = _found(one, held, is_variation=is_variation)
        return answers

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Write what stands alone and what variations share in one batch, then the variations."""
        if not writes:
            return {}
        results: Results = {}
        doubles = _doubles(writes)
        for wanted, found in writes:
            refusal = self._why_not(wanted, found, doubles)
            if refusal is not None:
                results[wanted.record] = refusal
        rest = [write for write in writes if write[0].record not in results]
        shared = _shared_keys([wanted for wanted, _ in writes])
        alone = [write for write in rest if not _goes_below(write, shared)]
        below = [write for write in rest if _goes_below(write, shared)]
        writing = VariationWriting(client=self.client, reader=self.reader, facts=self.facts.read())
        families = writing.families_of(below)
        results |= self._write_products(alone, families)
        for family in families:
            results |= writing.write(family)
        return results | self._mend(rest, results)

    def _refused(self, wanted: Sequence[Wanted[Listing]]) -> dict[str, Found | SyncFailure]:
        """Refuse prices that cannot be the shop's: an equal number would pass for an equal one."""
        sold = [one for one in wanted if not one.desired.archived]
        facts = self.facts.read() if sold else None
        refused = {one.record: facts.why_not(one.desired) for one in sold} if facts else {}
        return {record: failure for record, failure in refused.items() if failure is not None}

    def _linked(
        self, wanted: Sequence[Wanted[Listing]], hits: Mapping[str, Sequence[Json]]
    ) -> dict[str, Json]:
        """Return what is linked; the search for SKUs has shown most of it already."""
        shown = {str(row.get("id")): row for rows in hits.values() for row in rows}
        ids = [one.target_id for one in wanted if one.target_id]
        hints = {one.target_id: one.parent_id for one in wanted if one.target_id and one.parent_id}
        absent = [one for one in ids if one not in shown]
        known = self.reader.read(absent, hints) if absent else {}
        return {one: (shown | known)[one] for one in ids if one in shown or one in known}

    def _why_not(
        self, wanted: Wanted[Listing], found: Found | None, doubles: set[str]
    ) -> Done | SyncFailure | None:
        listing = wanted.desired
        if found is None and listing.archived:
            return nothing_to_hide()
        if not listing.sku:
            return no_sku()
        if found is None and listing.sku.casefold() in doubles:
            return sku_used_twice(listing.sku)
        return None if listing.archived else self.facts.read().why_not(listing)

    def _write_products(self, alone: Sequence[Write], families: Sequence[Family]) -> Results:
        facts = self.facts.read()
        changed = [family for family in families if family.body is not None]
        entries = [_entry(simple_body(w.desired, _row(f), facts), f) for w, f in alone]
        entries += [family.entry for family in changed]
        answers = write_batches(self.client, "products", entries)
        for family, answer in zip(changed, answers[len(alone) :], strict=True):
            family.take(answer)
        return {
            write[0].record: _result(write, answer)
            for write, answer in zip(alone, answers, strict=False)
        }

    def _mend(self, writes: Sequence[Write], results: Results) -> Results:
        """Look into refused SKUs: adopt who holds one, or name the product in the bin."""
        mended: Results = {}
        for wanted, found in writes:
            failure = results[wanted.record]
            if not isinstance(failure, SyncFailure):
                continue
            if failure.error_code == SKU_IN_BIN:
                mended[wanted.record] = in_bin(
                    wanted.desired.sku, self.reader.find_in_bin(wanted.desired.sku)
                )
            elif failure.error_code == DUPLICATE_SKU and found is None:
                mended[wanted.record] = self._adopt(wanted, failure)
            elif failure.error_code == DUPLICATE_SKU:
                mended[wanted.record] = belongs_to_another(wanted, resource_id_of(failure))
        return mended

    def _adopt(self, wanted: Wanted[Listing], failure: SyncFailure) -> Done | SyncFailure:
        """Take over who holds the SKU of a product that was to be created.

        A write that got no answer is found here again, and so is what the search did not show.
        """
        holder = str(resource_id_of(failure) or "")
        row = self.reader.read([holder], {}).get(holder) if holder else None
        if row is None:
            return failure
        if row.get("status") == TRASH:
            return in_bin(wanted.desired.sku, holder)
        if str(meta_of(row, META_PRODUCT) or wanted.desired.product_id) != (
            wanted.desired.product_id
        ):
            return belongs_to_another(wanted, int(holder))
        parent = parent_of(row)
        above = self.reader.read_products([parent]) if parent else {}
        if parent and parent not in above:
            return failure
        held = Held(row=row, parent=above.get(parent or ""))
        is_variation = bool(wanted.desired.options) or wanted.parent_id is not None
        found = _found(wanted, held, is_variation=is_variation or parent is not None)
        return found if isinstance(found, SyncFailure) else self._update((wanted, found), held)

    def _update(self, write: Write, held: Held) -> Done | SyncFailure:
        wanted, facts = write[0], self.facts.read()
        if held.parent is None:
            body, path = simple_body(wanted.desired, held.row, facts), "products"
        else:
            body = variation_body(wanted.desired, held.row, held.parent, facts)
            path = f"products/{held.parent['id']}/variations"
        answer = write_batches(self.client, path, [_entry(body, write[1])])[0]
        return answer if isinstance(answer, SyncFailure) else done_of(write, answer, held.parent)


def _found(wanted: Wanted[Listing], held: Held, *, is_variation: bool) -> Found | SyncFailure:
    """Compare what is there; another kind, or what lies in the bin, cannot be brought in step."""
    listing, row = wanted.desired, held.row
    is_ours = wanted.target_id == str(row.get("id"))
    if row.get("status") == TRASH and not listing.archived:
        return in_bin(listing.sku, str(row.get("id")))
    why = why_other_kind(row, is_variation=is_variation)
    if why is not None and not listing.archived:
        return why
    if parent_of(row) is not None:
        differs = variation_differences(row, held.parent, listing)
    else:
        differs = differences(row, listing)
    return Found(
        target_id=str(row.get("id")),
        version=str(row.get("date_modified_gmt") or ""),
        equal=not differs,
        ours=is_ours,
        state=held,
        parent_id=parent_of(row),
    )


def _by_sku(
    wanted: Wanted[Listing], hits: Mapping[str, Sequence[Json]], taken: set[str]
) -> Json | SyncFailure | None:
    """Return what holds the SKU, which stands for one product of a batch; ``taken`` grows."""
    rows = hits.get(wanted.desired.sku.casefold(), ()) if wanted.desired.sku else ()
    if len(rows) > 1:
        return several(wanted.desired.sku, [str(row.get("id")) for row in rows])
    if rows and str(rows[0].get("id")) in taken:
        return sku_used_twice(wanted.desired.sku)
    taken |= {str(row.get("id")) for row in rows}
    return rows[0] if rows else None


def _shared_keys(wanted: Sequence[Wanted[Listing]]) -> set[str]:
    counts = Counter(one.desired.item_key for one in wanted)
    return {key for key, count in counts.items() if count > 1}


def _is_variation(wanted: Wanted[Listing], shared: set[str]) -> bool:
    listing = wanted.desired
    return bool(listing.options) or wanted.parent_id is not None or listing.item_key in shared


def _goes_below(write: Write, shared: set[str]) -> bool:
    """Whether a write goes to a variation: what is there decides, else what is wanted."""
    wanted, found = write
    if found is not None:
        return found.parent_id is not None
    return _is_variation(wanted, shared)


def _doubles(writes: Sequence[Write]) -> set[str]:
    """Return SKUs that several new products of the batch would have."""
    new = Counter(wanted.desired.sku.casefold() for wanted, found in writes if found is None)
    return {sku for sku, count in new.items() if sku and count > 1}


def _row(found: Found | None) -> Json | None:
    return found.state.row if found is not None else None


def _entry(body: Json, found: Found | None) -> Entry:
    return ("create", body) if found is None else ("update", {"id": int(found.target_id), **body})


def _result(write: Write, answer: Json | SyncFailure) -> Done | SyncFailure:
    return answer if isinstance(answer, SyncFailure) else done_of(write, answer, None)
