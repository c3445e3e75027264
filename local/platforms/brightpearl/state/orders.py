"""Orders and credits with their rows and notes."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.platforms.brightpearl.state.goods_in import GoodsInNote
from local.platforms.sender import Clock


@dataclass(kw_only=True)
class Row:
    """One row; ``net`` and ``tax`` are totals of the row, not of one piece."""

    id: int
    product_id: int | None
    name: str
    sku: str | None
    quantity: Decimal
    tax_code: str
    net: Decimal
    tax: Decimal
    nominal_code: str
    external_ref: str | None = None
    parent_row_id: int | None = None  #: row of the bundle that this one is a part of
    bundle: bool = False  #: whether other rows are parts of this one


@dataclass(frozen=True, kw_only=True)
class Note:
    id: int
    text: str
    is_public: bool
    added_on: datetime


@dataclass(frozen=True, kw_only=True)
class Invoice:
    reference: str
    tax_date: datetime


@dataclass(kw_only=True)
class Order:
    """One sales order or sales credit; ``invoice_due`` while invoicing is pending."""

    id: int
    customer_id: int
    address: dict[str, Any]
    delivery_address: dict[str, Any]
    ref: str | None
    external_ref: str | None
    instance_id: int | None
    placed_on: datetime
    tax_date: datetime
    status_id: int
    warehouse_id: int
    channel_id: int | None
    price_list_id: int | None
    price_mode: str
    currency: str
    exchange_rate: Decimal
    delivery_date: datetime | None
    shipping_method_id: int | None
    created_on: datetime
    updated_on: datetime
    rows: dict[int, Row] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    invoice: Invoice | None = None
    invoice_due: datetime | None = None
    invoice_tax_date: datetime | None = None
    version: int = 1
    kind: str = "SO"  #: SO, or SC for a sales credit
    parent_id: int | None = None  #: of a credit: the order it gives back
    goods_in: list[GoodsInNote] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        """The sum of the rows without tax."""
        return sum((row.net for row in self.rows.values()), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """The sum of the rows' tax."""
        return sum((row.tax for row in self.rows.values()), Decimal(0))


@dataclass(kw_only=True)
class Orders:
    """Orders by id, with the references they are searched by."""

    clock: Clock
    by_id: dict[int, Order] = field(default_factory=dict)
    by_external_ref: dict[str, list[Order]] = field(default_factory=lambda: defaultdict(list))
    by_ref: dict[str, list[Order]] = field(default_factory=lambda: defaultdict(list))
    order_ids: Iterator[int] = field(default_factory=lambda: itertools.count(501))
    row_ids: Iterator[int] = field(default_factory=lambda: itertools.count(9001))
    batch_references: set[str] = field(default_factory=set)  #: of goods-in notes
    _note_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _invoice_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, order: Order) -> None:
        """Store a new order."""
        self.by_id[order.id] = order
        if order.external_ref:
            self.by_external_ref[order.external_ref].append(order)
        if order.ref:
            self.by_ref[order.ref].append(order)

    def twin(
        self, external_ref: str | None, instance_id: int | None, kind: str = "SO"
    ) -> Order | None:
        """Return the order with the same unique pair; without both parts there is none."""
        if external_ref is None or instance_id is None:
            return None
        same = [o for o in self.by_external_ref.get(external_ref, ()) if o.kind == kind]
        return next((order for order in same if order.instance_id == instance_id), None)

    def rename(self, order: Order, ref: str | None) -> None:
        """Change the customer's reference."""
        if order.ref and order in self.by_ref[order.ref]:
            self.by_ref[order.ref].remove(order)
        order.ref = ref
        if ref:
            self.by_ref[ref].append(order)

    def touch(self, order: Order) -> None:
        """Note a change."""
        order.updated_on = self.clock()
        order.version += 1

    def add_note(self, order: Order, text: str, *, is_public: bool = False) -> int:
        """Add a note and return its id."""
        note = Note(id=next(self._note_ids), text=text, is_public=is_public, added_on=self.clock())
        order.notes.append(note)
        return note.id

    def settle_invoice(self, order: Order) -> bool:
        """Finish a pending invoice whose time has come; say whether that happened now."""
        if order.invoice is not None or order.invoice_due is None:
            return False
        if order.invoice_due > self.clock():
            return False
        tax_date = order.invoice_tax_date or order.tax_date
        letters = "SC" if order.kind == "SC" else "SI"
        reference = f"{letters}-{next(self._invoice_ids)}"
        order.invoice, order.invoice_due = Invoice(reference=reference, tax_date=tax_date), None
        self.touch(order)
        return True
