"""Stock as a target: absolute numbers of products at outlets, a call for each product.

Lightspeed takes a number as it is now: it cannot be told that a number was counted a moment ago.
So what its own tills sold since the count is taken off before the number is sent.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chalicelib.connectors.lightspeed.client import LightspeedClient, rows_in
from chalicelib.connectors.lightspeed.lookups import Lookups
from chalicelib.connectors.lightspeed.models import LevelModel, parse
from chalicelib.connectors.lightspeed.reads import chunks, for_each
from chalicelib.connectors.lightspeed.sale_models import SaleModel
from chalicelib.connectors.lightspeed.sales import Sales
from chalicelib.connectors.lightspeed.stock_results import (
    Change,
    Fate,
    explained,
    result_of,
    unknown_outlet,
)
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count

PRODUCTS_A_READ = 500  #: the call takes 1,000 ids; with all outlets this stays below its row limit
ROWS_A_READ = 10_000
INVENTORY_READ = "inventory:read"
PRODUCTS_WRITE = "products:write"

Held = dict[tuple[str, str], Decimal]  #: quantity by product and outlet
NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class StockTarget:
    """Lightspeed's inventory as the place where counts go."""

    client: LightspeedClient
    lookups: Lookups
    sales: Sales

    def find_many(self, wanted: Sequence[Wanted[Count]]) -> Mapping[str, Found | SyncFailure]:
        """Read what is at the outlets; a product that has no number anywhere is absent."""
        held = self._read_levels([one.desired.variation_id for one in wanted])
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            count = one.desired
            known = {
                outlet: held[count.variation_id, outlet]
                for outlet in count.quantities
                if (count.variation_id, outlet) in held
            }
            if known or not count.quantities:
                equal = all(
                    known.get(outlet) == max(NOTHING, quantity)
                    for outlet, quantity in count.quantities.items()
                )
                found[one.record] = Found(target_id=count.variation_id, equal=equal)
        return found

    def write_many(
        self, writes: Sequence[tuple[Wanted[Count], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Set the numbers that differ, a call a product; each outlet has its own fate."""
        if not writes:
            return {}
        counts = [wanted.desired for wanted, _ in writes]
        held = self._read_levels([one.variation_id for one in counts])
        started_at = self.client.account.http.now()
        sold = self._sold_since(min(one.counted_at for one in counts), counts)
        changes = {
            wanted.record: _changes_of(wanted, sold.get(wanted.desired.variation_id, {}))
            for wanted, _ in writes
        }
        fates = self._send(changes, held)
        fates = self._with_sales(self._with_read_back(fates), started_at)
        return {
            wanted.record: result_of(
                wanted.desired, found, [fates[change] for change in changes[wanted.record]]
            )
            for wanted, found in writes
        }

    def _send(self, changes: Mapping[str, Sequence[Change]], held: Held) -> dict[Change, Fate]:
        """Send each product's numbers where they differ; the fate of what was sent is open."""
        known = {one.id for one in self.lookups.outlets}
        every = [change for part in changes.values() for change in part]
        fates = {
            change: Fate(change=change, held=held.get(change.place))
            if change.place[1] in known
            else Fate(change=change, failure=unknown_outlet(change.place[1]))
            for change in every
        }
        open_changes = [
            [one for one in part if fates[one].failure is None and fates[one].held != one.quantity]
            for part in changes.values()
        ]
        sent = for_each([one for one in open_changes if one], self._put, lambda p: p[0].record)
        for part in open_changes:
            for change in part:
                answer = sent[change.record]
                failure = explained(answer, change) if isinstance(answer, SyncFailure) else None
                fates[change] = Fate(change=change, failure=failure)
        return fates

    def _put(self, changes: Sequence[Change]) -> bool:
        """Set a product's numbers at its outlets."""
        product = changes[0].place[0]
        rows = [{"outlet_id": one.place[1], "current_amount": one.quantity} for one in changes]
        body = {"details": {"inventory": rows}}
        self.client.write("PUT", f"products/{product}", PRODUCTS_WRITE, body)
        return True

    def _with_read_back(self, fates: Mapping[Change, Fate]) -> dict[Change, Fate]:
        """Read the numbers that were sent; where they differ, once more by the product itself."""
        unseen = [one.change for one in fates.values() if one.failure is None and one.held is None]
        if not unseen:
            return dict(fates)
        try:
            held = self._read_levels([change.place[0] for change in unseen])
            other = {one.place[0] for one in unseen if held.get(one.place) != one.quantity}
            for product in other:
                held |= self._read_product(product)
        except SyncFailure:
            return dict(fates)  # written, and not seen: the result says that it is not verified
        seen = {change: Fate(change=change, held=held.get(change.place)) for change in unseen}
        return {**fates, **seen}

    def _with_sales(self, fates: Mapping[Change, Fate], since: datetime) -> dict[Change, Fate]:
        """Look for sales that explain why less is there than was sent."""
        short = [fate for fate in fates.values() if fate.is_short]
        if not short:
            return dict(fates)
        try:
            sold = _sold(self.sales.since(since))
        except SyncFailure:
            return dict(fates)
        explained_by_sales = {
            fate.change: Fate(
                change=fate.change, held=fate.held, sold=sold.get(fate.change.place, NOTHING)
            )
            for fate in short
        }
        return {**fates, **explained_by_sales}

    def _sold_since(
        self, since: datetime, counts: Sequence[Count]
    ) -> dict[str, dict[str, Decimal]]:
        """Return pieces sold after each count, by product and outlet."""
        sales = self.sales.since(since)
        sold: dict[str, dict[str, Decimal]] = {}
        for count in counts:
            later = [sale for sale in sales if sale.date and sale.date > count.counted_at]
            by_place = _sold(later)
            sold[count.variation_id] = {
                outlet: by_place.get((count.variation_id, outlet), NOTHING)
                for outlet in count.quantities
            }
        return sold

    def _read_levels(self, products: Sequence[str]) -> Held:
        """Read the numbers of many products at all outlets."""
        held: Held = {}
        for part in chunks(list(dict.fromkeys(products)), PRODUCTS_A_READ):
            offset, is_full = 0, True
            while is_full:
                rows = self._read_page(part, offset)
                held |= {one.place: one.current_inventory_level for one in rows}
                offset, is_full = offset + len(rows), len(rows) >= ROWS_A_READ
        return held

    def _read_page(self, products: Sequence[str], offset: int) -> list[LevelModel]:
        body = {
            "product_ids": list(products),
            "include_inactive": True,
            "include_composites": True,
            "offset": offset,
            "size": ROWS_A_READ,
        }
        answer = self.client.read("inventory_levels", INVENTORY_READ, body=body)
        return [parse(LevelModel, row, "inventory level") for row in rows_in(answer)]

    def _read_product(self, product: str) -> Held:
        answer = self.client.read(f"inventory/{product}", INVENTORY_READ)
        rows = [parse(LevelModel, row, "inventory level") for row in rows_in(answer)]
        return {one.place: one.current_inventory_level for one in rows}


def _changes_of(wanted: Wanted[Count], sold: Mapping[str, Decimal]) -> list[Change]:
    """Return what is to be at each outlet now.

    The count's own numbers lack what was sold after it and is at the source already
    (``sold_since``); all that was sold after it is Lightspeed's to subtract.
    """
    count = wanted.desired
    return [
        Change(
            record=wanted.record,
            place=(count.variation_id, outlet),
            quantity=max(
                NOTHING,
                max(NOTHING, quantity)
                + count.sold_since.get(outlet, NOTHING)
                - sold.get(outlet, NOTHING),
            ),
            wanted=max(NOTHING, quantity),
            is_cut=quantity < 0,
        )
        for outlet, quantity in count.quantities.items()
    ]


def _sold(sales: Sequence[SaleModel]) -> dict[tuple[str, str], Decimal]:
    """Return pieces that sales took from stock, by product and outlet.

    What came back is left out, for the count may hold it already. Where it does not, the next count
    will, and until then the outlet shows less than there is and never more.
    """
    sold: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sale in sales:
        on_account = sale.state == "pending" and "onaccount" in sale.attributes
        if sale.state != "closed" and not on_account:
            continue
        for line in sale.lines:
            if line.product.id and sale.source.outlet_id and line.quantity > 0:
                sold[line.product.id, sale.source.outlet_id] += line.quantity
    return dict(sold)
