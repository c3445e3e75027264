"""Columns of the logs: which a kind has, and what merchants call them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a log.

    ``name`` is the field of the row, or of its ``columns``; ``type`` says how it is shown: the
    first column of a log is its ``main`` one and leads to the row.
    """

    name: str
    label: str
    type: str = "text"  #: main, text, id, money, number, locations, time, status
    help: str = ""


#: What stands in a label for the platform that is written to.
_TARGET = "{target}"

_SOURCE = Column(name="source", label="Source", help="The platform where it was created.")
_NAME = Column(name="name", label="Product name", type="main")
_SKU = Column(name="sku", label="SKU", type="id")
_ORDER_ID = Column(name="order_id", label="Order ID", type="id")
_SALES_ORDER = Column(name="target_order_id", label=f"{_TARGET} SO ID", type="id")
_TOTAL = Column(name="total", label="Total", type="money")
_STEP = (
    Column(name="order_number", label="Order number", type="main"),
    Column(name="channel", label="Channel"),
    Column(name="invoice_number", label="Invoice number", type="id"),
    _TOTAL,
)

_OF_KIND: Mapping[str, Sequence[Column]] = {
    "product": (_NAME, _SKU, _SOURCE),
    "stock": (
        _NAME,
        _SKU,
        Column(name="quantity", label="Quantity", type="number"),
        Column(name="locations", label="Locations", type="locations"),
    ),
    "order": (
        Column(name="order_id", label="Order ID", type="main"),
        _SALES_ORDER,
        Column(name="total", label="Order total", type="money"),
        _SOURCE,
    ),
    "customer": (
        Column(name="name", label="Name", type="main"),
        Column(name="email", label="E-mail"),
        Column(name="phone", label="Phone"),
        _SOURCE,
    ),
    "refund": (
        Column(name="refund_id", label="Refund ID", type="main"),
        _ORDER_ID,
        _SALES_ORDER,
        Column(name="credit_id", label="Sales Credit ID", type="id"),
        _TOTAL,
    ),
    "shipment": (
        Column(name="shipment_id", label="Shipment ID", type="main"),
        Column(name="order_id", label="Sales order ID", type="id"),
        Column(name="target_order_id", label=f"{_TARGET} order ID", type="id"),
        Column(name="carrier", label="Carrier"),
        Column(name="tracking", label="Tracking", type="id"),
    ),
    "day": (
        Column(name="date", label="Date", type="main"),
        Column(name="location", label="Location"),
        _TOTAL,
        Column(name="difference", label="Difference", type="money"),
    ),
}
_SEVERAL = (
    Column(name="info", label="Info", type="main", help="The name or id, with more under it."),
    Column(name="kind", label="Log"),
)

_STATUS = Column(name="status", label="Status", type="status")
_RECEIVED = Column(
    name="received_at",
    label="Received",
    type="time",
    help="When Synclog first saw it. Some products call this Synced At.",
)
_UPDATED = Column(
    name="updated_at",
    label="Updated",
    type="time",
    help="The last change of this row, whichever platform caused it.",
)
_ATTEMPTS = Column(name="attempts", label="Attempts", type="number")
_CODE = Column(name="code", label="Code", type="number", help="HTTP status of the last answer.")


def columns_of(kinds: Sequence[str], targets: Sequence[str]) -> list[Column]:
    """Return all columns of a log.

    Args:
        kinds: what the log holds; several have columns that fit all of them.
        targets: names of the platforms written to; one is named in the labels.
    """
    target = targets[0] if len(targets) == 1 else "Target"
    own = _OF_KIND.get(kinds[0], _STEP) if len(kinds) == 1 else _SEVERAL
    made = [*own, _STATUS, _synced(kinds, target), _RECEIVED, _UPDATED, _ATTEMPTS, _CODE]
    return [
        Column(
            name=one.name,
            label=one.label.replace(_TARGET, target),
            type=one.type,
            help=one.help,
        )
        for one in made
    ]


def chosen(columns: Sequence[Column], names: Sequence[str]) -> list[Column]:
    """Return the columns a person chose, in their usual order; all, where nothing was chosen.

    The main column and the status are always among them: a row without them says nothing.
    """
    kept = [one for one in columns if one.name in names or not can_hide(one)]
    return kept if names else list(columns)


def can_hide(column: Column) -> bool:
    """Whether people may leave a column out."""
    return column.type not in ("main", "status")


def label_of(name: str) -> str:
    """Return what a column is called where no target is named; its name if it is none of ours."""
    return next((one.label for one in _all() if one.name == name), name.replace("_", " "))


def _all() -> Iterator[Column]:
    for kind in _OF_KIND:
        yield from columns_of([kind], [])
    yield from _STEP


def _synced(kinds: Sequence[str], target: str) -> Column:
    """Return the column of the last success: for goods it is when we last wrote them there."""
    is_goods = len(kinds) == 1 and kinds[0] in ("product", "stock")
    label = f"Last updated on {target}" if is_goods else "Synced"
    return Column(
        name="synced_at",
        label=label,
        type="time",
        help="The last success: what the target holds was verified then.",
    )
