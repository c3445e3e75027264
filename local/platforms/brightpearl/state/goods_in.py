"""Goods-in notes: pieces that came back into stock for the rows of a credit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from local.platforms.brightpearl.state.stock import Line


@dataclass(frozen=True, kw_only=True)
class GoodsInNote:
    """One note; ``values`` are what a piece of each line is worth in the books."""

    id: int
    warehouse_id: int
    batch_reference: str | None
    lines: tuple[Line, ...]
    values: tuple[Decimal, ...]
    received_on: datetime
