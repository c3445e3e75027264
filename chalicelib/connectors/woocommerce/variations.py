"""Variations: the variable product above them first, then all of its variations in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.woocommerce.batches import Entry, write_batches
from chalicelib.connectors.woocommerce.catalog import TRASH, CatalogReader
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.facts import Facts
from chalicelib.connectors.woocommerce.listings import (
    hidden_body,
    is_hidden,
    item_body,
    item_differences,
    merged_attributes,
    variation_body,
)
from chalicelib.connectors.woocommerce.product_results import (
    Write,
    done_of,
    in_bin,
    why_other_kind,
)
from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Reason, SyncFailure

Results = dict[str, Done | SyncFailure]


@dataclass(kw_only=True)
class Family:
    """The writes below one variable product, and what is to become of that."""

    writes: Sequence[Write]
    row: Json | None = None  #: as it is in the shop; None: there is none yet
    body: Json | None = None  #: what has to be written of it; None: nothing
    failure: SyncFailure | None = None

    @property
    def entry(self) -> Entry:
        """The product as an entry of a batch."""
        body = self.body or {}
        return ("create", body) if self.row is None else ("update", {"id": self.row["id"], **body})

    def take(self, answer: Json | SyncFailure) -> None:
        """Note what became of the product."""
        if isinstance(answer, SyncFailure):
            self.failure = answer
        else:
            self.row = answer


@dataclass
class VariationWriting:
    """Writes families of variations."""

    client: WooClient
    reader: CatalogReader
    facts: Facts
    _rows: dict[str, Json] = field(default_factory=dict, init=False)

    def families_of(self, writes: Sequence[Write]) -> Sequence[Family]:
        """Put writes with the same product above them together, and find or plan that product."""
        groups: dict[str, list[Write]] = {}
        for write in writes:
            groups.setdefault(_group_of(write), []).append(write)
        groups = _joined(groups)
        self._read_parents(writes)
        return [self._family(group) for group in groups.values()]

    def write(self, family: Family) -> Results:
        """Write the variations of a product that is there by now."""
        if family.failure is not None or family.row is None:
            failure = family.failure or SyncFailure(*_NO_PRODUCT)
            return {wanted.record: failure for wanted, _ in family.writes}
        parent = family.row
        entries = [self._entry(write, parent) for write in family.writes]
        path = f"products/{parent['id']}/variations"
        answers = write_batches(self.client, path, entries)
        results: Results = {
            write[0].record: answer
            if isinstance(answer, SyncFailure)
            else done_of(write, answer, parent)
            for write, answer in zip(family.writes, answers, strict=True)
        }
        unhidden = self._hide_empty(family)
        if unhidden is not None:
            hidden = [wanted.record for wanted, _ in family.writes if wanted.desired.archived]
            results |= dict.fromkeys(hidden, unhidden)
        return results

    def _read_parents(self, writes: Sequence[Write]) -> None:
        """Read the products above new variations; those above found ones were read with them."""
        for _, found in writes:
            if found is not None and found.state.parent is not None:
                self._rows[str(found.parent_id)] = found.state.parent
        linked = [wanted.parent_id for wanted, _ in writes if wanted.parent_id]
        absent = [one for one in linked if one not in self._rows]
        self._rows |= self.reader.read(absent, {}) if absent else {}

    def _family(self, writes: Sequence[Write]) -> Family:
        row = self._parent(writes)
        listings = [wanted.desired for wanted, _ in writes]
        if row is not None and row.get("status") == TRASH:
            return Family(writes=writes, failure=in_bin(listings[0].sku, str(row["id"])))
        if row is not None and row.get("type") != "variable":
            return Family(writes=writes, failure=why_other_kind(row, is_variation=True))
        new = [wanted.desired for wanted, found in writes if found is None]
        attributes = row.get("attributes") if row is not None else None
        needs = row is None or (bool(new) and merged_attributes(row, new) != attributes)
        if row is not None and not needs and not item_differences(row, listings):
            return Family(writes=writes, row=row)
        with_options = [one for one in listings if one.options or one in new]
        body = item_body(listings, row)
        if row is not None:
            body["attributes"] = merged_attributes(row, with_options)
        return Family(writes=writes, row=row, body=body)

    def _parent(self, writes: Sequence[Write]) -> Json | None:
        """Return the product above writes: linked, a sister's, or one that we made unnoticed."""
        ids = [found.parent_id for _, found in writes if found is not None]
        ids += [wanted.parent_id for wanted, _ in writes]
        for one in ids:
            if one and one in self._rows:
                return self._rows[one]
        unclear = any(wanted.unclear for wanted, _ in writes)
        return self.reader.find_item(writes[0][0].desired.item_key, everywhere=unclear)

    def _entry(self, write: Write, parent: Json) -> Entry:
        wanted, found = write
        row = found.state.row if found is not None else None
        body = variation_body(wanted.desired, row, parent, self.facts)
        if found is None:
            return ("create", body)
        return ("update", {"id": int(found.target_id), **body})

    def _hide_empty(self, family: Family) -> SyncFailure | None:
        """Hide a product once all of its variations are hidden."""
        parent = family.row
        if parent is None or is_hidden(parent):
            return None
        if not any(wanted.desired.archived for wanted, _ in family.writes):
            return None
        id_ = str(parent["id"])
        if any(is_hidden({"status": one}) is False for one in self.reader.statuses_below(id_)):
            return None
        answer = write_batches(self.client, "products", [("update", hidden_body(id_))])[0]
        return answer if isinstance(answer, SyncFailure) else None


def _group_of(write: Write) -> str:
    wanted, found = write
    parent = found.parent_id if found is not None else wanted.parent_id
    return f"id:{parent}" if parent else f"key:{wanted.desired.item_key}"


def _joined(groups: dict[str, list[Write]]) -> dict[str, list[Write]]:
    """Put new variations to the product of a sister of the batch."""
    sister = {
        wanted.desired.item_key: name
        for name, writes in groups.items()
        if name.startswith("id:")
        for wanted, _ in writes
    }
    joined: dict[str, list[Write]] = {}
    for name, writes in groups.items():
        key = writes[0][0].desired.item_key
        place = sister.get(key, name) if name.startswith("key:") else name
        joined.setdefault(place, []).extend(writes)
    return joined


#: A batch that told nothing of the product above: it is looked for before it is made again.
_NO_PRODUCT = (Reason.OUTCOME_UNKNOWN, "The shop did not say what became of the product above.")
