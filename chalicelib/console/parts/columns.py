"""Columns of the logs: which a kind has, and what merchants call them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a log.

    ``name`` is the field of the row, or of its ``columns``; ``type`` says how it is shown: the
    first column of a log is its ``main`` one and leads to the row.
    """

    name: str
    label: str
    type: str = "text"  #: main, text, id, long_id, money, number, locations, time, status
    help: str = ""


#: What stands in a label for the platforms that are read from and written to.
_SOURCE_OF, _TARGET = "{source}", "{target}"

_SOURCE = Column(name="source", label="Source", help="The platform where it was created.")
_NAME = Column(name="name", label="Product name", type="main")
_SKU = Column(name="sku", label="SKU", type="id")
_ORDER_ID = Column(name="order_id", label="Order ID", type="long_id")
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
        Column(name="order_id", label=f"{_SOURCE_OF} SO ID", type="id"),
        Column(name="target_order_id", label=f"{_TARGET} order ID", type="id"),
        Column(name="carrier", label="Carrier"),
        Column(name="tracking", label="Tracking", type="long_id"),
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
    Column(name="kind", label="Log", help="The kind, with where it comes from and goes to."),
)

#: What tells rows of one record apart where a log has those of several shops.
_FROM = Column(name="from", label="From", help="The platform it is read from.")
_TO = Column(name="to", label="To", help="The platform it is written to.")

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


def columns_of(
    kinds: Sequence[str], targets: Sequence[str], sources: Sequence[str] = ()
) -> list[Column]:
    """Return all columns of a log.

    Args:
        kinds: what the log holds; several have columns that fit all of them.
        targets: names of the platforms written to. One is named in the labels; of several each
            row names its own.
        sources: names of the platforms read from, likewise.
    """
    own: Sequence[Column] = _SEVERAL
    if len(kinds) == 1:
        own = (*_OF_KIND.get(kinds[0], _STEP), *_sides(kinds[0], targets, sources))
    made = [*own, _STATUS, _synced(kinds, targets), _RECEIVED, _UPDATED, _ATTEMPTS, _CODE]
    names = {_SOURCE_OF: _only(sources, "Source"), _TARGET: _only(targets, "Target")}
    return [replace(one, label=_named(one.label, names)) for one in made]


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


def _sides(kind: str, targets: Sequence[str], sources: Sequence[str]) -> Iterator[Column]:
    """Yield what names the platforms of a row where several are read from or written to."""
    if len(sources) > 1 and _SOURCE not in _OF_KIND.get(kind, _STEP):
        yield _FROM
    if len(targets) > 1:
        yield _TO


def _synced(kinds: Sequence[str], targets: Sequence[str]) -> Column:
    """Return the column of the last success: for goods it is when we last wrote them there."""
    is_goods = len(kinds) == 1 and kinds[0] in ("product", "stock")
    there = f"on {_TARGET}" if len(targets) == 1 else "there"
    return Column(
        name="synced_at",
        label=f"Last updated {there}" if is_goods else "Synced",
        type="time",
        help="The last success: what the target holds was verified then.",
    )


def _only(names: Sequence[str], otherwise: str) -> str:
    return names[0] if len(names) == 1 else otherwise


def _named(label: str, names: Mapping[str, str]) -> str:
    for place, name in names.items():
        label = label.replace(place, name)
    return label
