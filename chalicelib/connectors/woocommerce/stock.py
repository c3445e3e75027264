"""Stock as a target: absolute numbers of products and variations, a hundred in one call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.connectors.woocommerce.batches import write_batches
from chalicelib.connectors.woocommerce.catalog import CatalogReader, parent_of
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.stock_results import (
    Level,
    done_of,
    gone,
    quantity_of,
    unchanged,
    why_not,
)
from chalicelib.connectors.woocommerce.stock_sales import Sales
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count

Write = tuple[Wanted[Count], Found | None]


@dataclass(kw_only=True)
class StockTarget:
    """The shop's stock as the place where counts go."""

    client: WooClient
    sales: Sales
    reader: CatalogReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = CatalogReader(client=self.client)

    def find_many(self, wanted: Sequence[Wanted[Count]]) -> Mapping[str, Found | SyncFailure]:
        """Read what is in stock; a product that is gone, or cannot be counted, is a failure."""
        rows = self._read([one.desired for one in wanted])
        found: dict[str, Found | SyncFailure] = {}
        for one in wanted:
            row = rows.get(one.desired.variation_id)
            failure = why_not(one.desired, row)
            if failure is not None or row is None:
                found[one.record] = failure or gone(one.desired)
        counted = [one for one in wanted if one.record not in found]
        levels = self._levels([one.desired for one in counted])
        for one in counted:
            row = rows[one.desired.variation_id]
            level = levels[one.desired.product_id]
            found[one.record] = Found(
                target_id=one.desired.variation_id,
                equal=quantity_of(row) == level.sent,
                state=row,
            )
        return found

    def write_many(self, writes: Sequence[Write]) -> Mapping[str, Done | SyncFailure]:
        """Write products in one batch, and the variations of each product in one."""
        levels = self._levels([wanted.desired for wanted, _ in writes])
        rows = self._rows_of(writes)
        results: dict[str, Done | SyncFailure] = {}
        groups: dict[str, list[Write]] = defaultdict(list)
        for write in writes:
            count = write[0].desired
            row = rows.get(count.variation_id)
            failure = why_not(count, row)
            if failure is not None or row is None:
                results[write[0].record] = failure or gone(count)
            elif quantity_of(row) == levels[count.product_id].sent:
                results[write[0].record] = unchanged(count, levels[count.product_id])
            else:
                parent = parent_of(row)
                path = f"products/{parent}/variations" if parent else "products"
                groups[path].append(write)
        for path, part in groups.items():
            results |= self._send(path, part, levels)
        return results

    def _send(
        self, path: str, writes: Sequence[Write], levels: Mapping[str, Level]
    ) -> dict[str, Done | SyncFailure]:
        entries = [
            ("update", _as_json(wanted.desired, levels[wanted.desired.product_id]))
            for wanted, _ in writes
        ]
        answers = write_batches(self.client, path, entries)
        return {
            wanted.record: done_of(wanted.desired, levels[wanted.desired.product_id], found, answer)
            for (wanted, found), answer in zip(writes, answers, strict=True)
        }

    def _levels(self, counts: Sequence[Count]) -> dict[str, Level]:
        """Return the numbers to send now: what the source has, less what it cannot know yet."""
        if not counts:
            return {}
        since = min(count.counted_at for count in counts)
        after = self.sales.read(since)
        return {
            count.product_id: Level.of(
                count,
                sold=after.sold_since(count.variation_id, count.counted_at),
                held=after.held(count.variation_id),
            )
            for count in counts
        }

    def _rows_of(self, writes: Sequence[Write]) -> dict[str, Json]:
        known = {
            wanted.desired.variation_id: found.state
            for wanted, found in writes
            if found is not None and found.state is not None
        }
        rest = [w.desired for w, _ in writes if w.desired.variation_id not in known]
        return known | (self._read(rest) if rest else {})

    def _read(self, counts: Sequence[Count]) -> dict[str, Json]:
        return self.reader.read([count.variation_id for count in counts], {})


def _as_json(count: Count, level: Level) -> Json:
    return {"id": int(count.variation_id), "manage_stock": True, "stock_quantity": level.sent}
