"""Stock levels, reservations and goods-out notes: ``onHand = inStock - allocated``."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

LIFECYCLE = ("PRI", "PIC", "PAC", "SHW")
UNDO = {"UPR": "PRI", "UPI": "PIC", "UPA": "PAC"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """So many pieces of a product for one row of an order."""

    row_id: int
    product_id: int
    quantity: int


@dataclass(kw_only=True)
class Reservation:
    """Stock set aside for an order in one warehouse."""

    order_id: int
    warehouse_id: int
    lines: list[Line]
    created_on: datetime


@dataclass(kw_only=True)
class GoodsOutNote:
    """Stock on its way out; it leaves ``inStock`` with the event SHW.

    A transfer between warehouses is a note without order: its order id is 0.
    """

    id: int
    order_id: int
    warehouse_id: int
    lines: list[Line]
    created_on: datetime
    release_date: datetime | None = None
    shipping_method_id: int | None = None
    reference: str = ""  #: of the parcel, at most 64 characters
    priority: bool = False
    target_warehouse_id: int | None = None  #: where a transfer goes
    events: list[tuple[str, datetime]] = field(default_factory=list)
    version: int = 1

    @property
    def is_transfer(self) -> bool:
        """Whether the goods go to another warehouse, not to a buyer."""
        return self.target_warehouse_id is not None

    def happened(self, code: str) -> datetime | None:
        """Return when an event of the life cycle happened, undone ones excepted."""
        at = None
        for event, when in self.events:
            if event == code:
                at = when
            elif UNDO.get(event) == code:
                at = None
        return at


Levels = dict[int, dict[int, int]]


def _levels() -> Levels:
    return defaultdict(lambda: defaultdict(int))


@dataclass(kw_only=True)
class Stock:
    """Levels by product and warehouse. A warehouse that never had stock has no key."""

    in_stock: Levels = field(default_factory=_levels)
    allocated: Levels = field(default_factory=_levels)
    reservations: dict[int, Reservation] = field(default_factory=dict)  #: by order
    notes: dict[int, GoodsOutNote] = field(default_factory=dict)
    note_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _notes_by_order: dict[int, list[GoodsOutNote]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def on_hand(self, product_id: int, warehouse_id: int) -> int:
        """Return what can still be sold; negative when stock was corrected under allocations."""
        in_stock = self.in_stock[product_id][warehouse_id]
        return in_stock - self.allocated[product_id][warehouse_id]

    def availability(self, product_id: int) -> dict[str, object]:
        """Return one product's entry in the availability map."""
        warehouses = {
            str(warehouse_id): self._level(product_id, (warehouse_id,))
            for warehouse_id in sorted(self.in_stock[product_id])
        }
        total = self._level(product_id, tuple(self.in_stock[product_id]))
        return {"total": total, "warehouses": warehouses}

    def allocate(self, warehouse_id: int, line: Line) -> None:
        """Take pieces out of ``onHand``."""
        self.allocated[line.product_id][warehouse_id] += line.quantity

    def release(self, order_id: int) -> Reservation | None:
        """Give back what an order had reserved and not yet put on a goods-out note."""
        reservation = self.reservations.pop(order_id, None)
        if reservation is not None:
            for line in reservation.lines:
                self.allocated[line.product_id][reservation.warehouse_id] -= line.quantity
        return reservation

    def add_note(self, note: GoodsOutNote) -> None:
        """Store a new goods-out note."""
        self.notes[note.id] = note
        self._notes_by_order[note.order_id].append(note)

    def remove_note(self, note: GoodsOutNote) -> None:
        """Forget a note that was not shipped, and give its stock back."""
        del self.notes[note.id]
        self._notes_by_order[note.order_id].remove(note)
        for line in note.lines:
            self.allocated[line.product_id][note.warehouse_id] -= line.quantity

    def notes_of(self, order_id: int) -> list[GoodsOutNote]:
        """Return the goods-out notes of an order, oldest first."""
        return list(self._notes_by_order.get(order_id, ()))

    def ship(self, note: GoodsOutNote) -> None:
        """Let the goods of a note leave: both ``inStock`` and ``allocated`` fall."""
        for line in note.lines:
            self.in_stock[line.product_id][note.warehouse_id] -= line.quantity
            self.allocated[line.product_id][note.warehouse_id] -= line.quantity

    def reserved(self, order_id: int, row_id: int) -> int:
        """Return how many pieces of a row are set aside, on a note or shipped."""
        lines = [line for note in self.notes_of(order_id) for line in note.lines]
        if order_id in self.reservations:
            lines += self.reservations[order_id].lines
        return sum(line.quantity for line in lines if line.row_id == row_id)

    def shipped(self, order_id: int, row_id: int) -> int:
        """Return how many pieces of a row have left."""
        return sum(
            line.quantity
            for note in self.notes_of(order_id)
            if note.happened("SHW")
            for line in note.lines
            if line.row_id == row_id
        )

    def _level(self, product_id: int, warehouse_ids: tuple[int, ...]) -> dict[str, int]:
        in_stock = sum(self.in_stock[product_id][w] for w in warehouse_ids)
        allocated = sum(self.allocated[product_id][w] for w in warehouse_ids)
        return {
            "inStock": in_stock,
            "onHand": in_stock - allocated,
            "allocated": allocated,
            "inTransit": 0,
        }
