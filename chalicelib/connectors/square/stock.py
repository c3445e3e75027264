"""Stock as a target: absolute counts of variations at locations, a hundred in one call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from chalicelib.connectors.square.batches import Sent, chunks, send_in_batches
from chalicelib.connectors.square.client import Json, SquareClient
from chalicelib.connectors.square.failures import Call, errors_in, failure_of_errors
from chalicelib.connectors.square.models import CountModel, parse
from chalicelib.connectors.square.order_search import OrderWalk, stamp
from chalicelib.connectors.square.stock_results import (
    Change,
    Fate,
    explained,
    plain,
    result_of,
)
from chalicelib.connectors.square.stock_sales import sold_since
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count

CHANGES_A_CALL = 100  #: BatchChangeInventory
IDS_A_CALL = 500  #: BatchRetrieveInventoryCounts takes more; this keeps an answer to few pages
IN_STOCK = "IN_STOCK"
INVENTORY_READ = "INVENTORY_READ"
INVENTORY_WRITE = "INVENTORY_WRITE"

Held = dict[tuple[str, str], Decimal]  #: quantity in stock by variation and location


@dataclass(frozen=True, kw_only=True)
class StockTarget:
    """Square's inventory as the place where counts go."""

    client: SquareClient
    walk: OrderWalk

    def find_many(self, wanted: Sequence[Wanted[Count]]) -> Mapping[str, Found | SyncFailure]:
        """Read what is in stock; a variation that was never counted anywhere is absent."""
        held = self._read_counts(
            [
                (one.desired.variation_id, place)
                for one in wanted
                for place in one.desired.quantities
            ]
        )
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            count = one.desired
            known = {
                location: held[count.variation_id, location]
                for location in count.quantities
                if (count.variation_id, location) in held
            }
            if known or not count.quantities:
                equal = all(
                    known.get(location) == max(Decimal(0), quantity)
                    for location, quantity in count.quantities.items()
                )
                found[one.record] = Found(target_id=count.variation_id, equal=equal)
        return found

    def write_many(
        self, writes: Sequence[tuple[Wanted[Count], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Count every location of every record; each location has its own fate."""
        changes = {wanted.record: _changes_of(wanted) for wanted, _ in writes}
        every = [change for part in changes.values() for change in part]
        fates = self._send(list(chunks(every, CHANGES_A_CALL)))
        return {
            wanted.record: result_of(
                wanted.desired, found, [fates[change] for change in changes[wanted.record]]
            )
            for wanted, found in writes
        }

    def _send(self, batches: Sequence[Sequence[Change]]) -> dict[Change, Fate]:
        fates: dict[Change, Fate] = {}
        for change, result in send_in_batches(batches, self._send_batch):
            if isinstance(result, SyncFailure):
                fates[change] = Fate(change=change, failure=explained(result, change))
            else:
                fates[change] = Fate(change=change, held=result)
        return self._with_sales(self._with_read_back(fates))

    def _send_batch(self, changes: Sequence[Change]) -> Sent[Change, Decimal | None]:
        body = {
            "idempotency_key": str(uuid4()),  # absolute: a replayed answer would hide a later count
            # True would skip a count that equals the last one, whatever was sold in between.
            "ignore_unchanged_counts": False,
            "changes": [_as_json(change) for change in changes],
        }
        answer = self.client.write("/v2/inventory/changes/batch-create", INVENTORY_WRITE, body=body)
        held = _in_stock(answer)
        errors = errors_in(answer)
        if not errors:
            return Sent(done=[(change, held.get(change.place)) for change in changes])
        call = Call(connection=self.client.connection, needs=INVENTORY_WRITE, writes=True)
        return Sent(
            done=[(change, held[change.place]) for change in changes if change.place in held],
            left_out=[change for change in changes if change.place not in held],
            failure=failure_of_errors(errors, call),
        )

    def _with_read_back(self, fates: Mapping[Change, Fate]) -> dict[Change, Fate]:
        """Read the counts the answer did not show."""
        unseen = [one.change for one in fates.values() if one.failure is None and one.held is None]
        if not unseen:
            return dict(fates)
        try:
            held = self._read_counts([change.place for change in unseen])
        except SyncFailure:
            return dict(fates)  # written, and not seen: the result says that it is not verified
        seen = {change: Fate(change=change, held=held.get(change.place)) for change in unseen}
        return {**fates, **seen}

    def _with_sales(self, fates: Mapping[Change, Fate]) -> dict[Change, Fate]:
        """Look for sales that explain why less is there than was counted."""
        short = [fate for fate in fates.values() if fate.is_short]
        if not short:
            return dict(fates)
        since = min(fate.change.counted_at for fate in short)
        try:
            sold = sold_since(self.walk, since)
        except SyncFailure:
            return dict(fates)
        explained_by_sales = {
            fate.change: Fate(
                change=fate.change, held=fate.held, sold=sold.get(fate.change.place, Decimal(0))
            )
            for fate in short
        }
        return {**fates, **explained_by_sales}

    def _read_counts(self, places: Sequence[tuple[str, str]]) -> Held:
        variations = list(dict.fromkeys(variation for variation, _ in places))
        locations = list(dict.fromkeys(location for _, location in places))
        held: Held = {}
        for part in chunks(variations, IDS_A_CALL):
            body: Json = {
                "catalog_object_ids": list(part),
                "location_ids": locations,
                "states": [IN_STOCK],
            }
            path = "/v2/inventory/counts/batch-retrieve"
            for page in self.client.pages(path, INVENTORY_READ, body=body):
                held |= _in_stock(page)
        return held


def _changes_of(wanted: Wanted[Count]) -> list[Change]:
    count = wanted.desired
    return [
        Change(
            record=wanted.record,
            place=(count.variation_id, location),
            quantity=max(Decimal(0), quantity) + count.sold_since.get(location, Decimal(0)),
            is_cut=quantity < 0,
            counted_at=count.counted_at,
            sold_since=count.sold_since.get(location, Decimal(0)),
        )
        for location, quantity in count.quantities.items()
    ]


def _as_json(change: Change) -> Json:
    variation, location = change.place
    return {
        "type": "PHYSICAL_COUNT",
        "physical_count": {
            "reference_id": change.record[:255],
            "catalog_object_id": variation,
            "location_id": location,
            "state": IN_STOCK,
            "quantity": plain(change.quantity),
            "occurred_at": stamp(change.counted_at),
        },
    }


def _in_stock(answer: Json) -> Held:
    """Return the counts of an answer that are in stock; unknown states are passed over."""
    held: Held = defaultdict(Decimal)
    counts = [parse(CountModel, one, "count") for one in answer.get("counts") or []]
    for one in counts:
        if one.state == IN_STOCK:
            held[one.catalog_object_id, one.location_id] = one.quantity
    return dict(held)
