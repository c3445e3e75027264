"""The port under both stores: one table of flat items with two sparse, KEYS_ONLY indexes.

It has DynamoDB's shape and nothing DynamoDB lacks. An item is a mapping with ``pk`` and ``sk``,
attributes of JSON values, and optionally ``lp``/``ls`` (index ``list``), ``wp``/``ws`` (index
``wait``) and ``ttl`` (seconds since 1970 after which it is gone). There is no scan, and every query
has a limit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from chalicelib.domain.ports import BusyError
from chalicelib.domain.writes import Field, Op, Term

Item = Mapping[str, Any]
Key = tuple[str, str]  #: (pk, sk)
T = TypeVar("T")

HIGHEST = "\U0010ffff"  #: above every key
JUST_ABOVE = (
    "\x01"  #: appended to a key: above it and below every other; keys hold no control characters
)
ITEM_BYTES = 400 * 1024  #: DynamoDB, "Service quotas": item size
PARTITION_KEY_BYTES = 2048
SORT_KEY_BYTES = 1024
TRANSACT_AT_MOST = 100  #: TransactWriteItems
LIST_KEEPS = 32  #: texts of a list that is pushed onto; an adapter may keep up to twice as many
EXISTS = Term("pk", Op.GT, "")


class LimitError(ValueError):
    """An item or request is larger than the store allows; the message says which and how much."""


class TableBusyError(BusyError):
    """The table refused or lost a request (throttling, 500): whether it wrote is unknown."""


class Index(StrEnum):
    """The two indexes; both are sparse, KEYS_ONLY, and may lag behind the table."""

    LIST = "list"  #: lp / ls
    WAIT = "wait"  #: wp / ws


class Entry(NamedTuple):
    """What an index knows of an item."""

    sort: str
    pk: str
    sk: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a write does: update an item (made if missing), replace it whole, or delete it.

    An update sets, copies, removes and adds to attributes, sets defaults where there is none yet,
    and pushes onto lists, which keep their last ``LIST_KEEPS`` texts. With none of them it writes
    nothing.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    copy: Mapping[str, str] = field(default_factory=dict)  #: to -> from, as it was before the write
    remove: Sequence[str] = ()
    add: Mapping[str, int] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    push: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = False  #: ``set`` is the whole item
    deletes: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        changes = (self.set, self.copy, self.remove, self.add, self.defaults, self.push)
        return not (self.deletes or any(changes))


NOTHING = Effect()


@dataclass(frozen=True, slots=True)
class Choice:
    """One way a write may go; ``make`` is called only if all terms of ``when`` hold."""

    tag: str
    when: Sequence[Term]
    make: Callable[[], Effect]


@dataclass(frozen=True, slots=True)
class Write:
    """A conditional write of one item: the first choice whose terms hold is applied.

    ``choices`` may be iterated several times, and may be made while iterating.
    """

    key: Key
    choices: Iterable[Choice]


class Result(NamedTuple):
    """The tag of the choice that was applied, None if none held, and the item as it then is."""

    tag: str | None
    item: Item | None


def put(item: Item, *when: Term) -> Write:
    """Return the write that replaces an item whole; tag ``put``."""
    return _single("put", (item["pk"], item["sk"]), when, Effect(set=item, replaces=True))


def update(
    key: Key,
    *when: Term,
    set: Mapping[str, Any] | None = None,
    remove: Sequence[str] = (),
    add: Mapping[str, int] | None = None,
) -> Write:
    """Return the write that changes attributes of an item; tag ``updated``."""
    return _single("updated", key, when, Effect(set=set or {}, remove=remove, add=add or {}))


def delete(key: Key, *when: Term) -> Write:
    """Return the write that deletes an item; tag ``deleted``."""
    return _single("deleted", key, when, Effect(deletes=True))


def _single(tag: str, key: Key, when: Sequence[Term], effect: Effect) -> Write:
    return Write(key, (choice(tag, when, effect),))


def choice(tag: str, when: Sequence[Term], effect: Effect) -> Choice:
    """Return a choice whose effect is known beforehand."""
    return Choice(tag, when, lambda: effect)


def check_keys(item: Item) -> None:
    """Refuse keys that DynamoDB would refuse.

    Raises:
        LimitError: a key is empty or too long.
    """
    for name, at_most in _KEY_BYTES.items():
        value = item.get(name)
        if value is None:
            continue
        if not value:
            raise LimitError(f"key {name} of item {item['pk'][:80]!r} is empty")
        if len(value) * 4 > at_most and (size := len(value.encode())) > at_most:
            raise LimitError(f"key {name} {value[:80]!r}… has {size} bytes; at most {at_most}")


_KEY_BYTES = {
    "pk": PARTITION_KEY_BYTES,
    "sk": SORT_KEY_BYTES,
    "lp": PARTITION_KEY_BYTES,
    "ls": SORT_KEY_BYTES,
    "wp": PARTITION_KEY_BYTES,
    "ws": SORT_KEY_BYTES,
}


def starting_with(prefix: str) -> tuple[str, str]:
    """Return the range (from, to) of the keys that start with a text."""
    return prefix, prefix + HIGHEST


def holds(item: Item | None, terms: Sequence[Term]) -> bool:
    """Say whether an item satisfies all terms; values are compared as stored."""
    if item is None:
        return all(_holds_without_item(term) for term in terms)
    return all(_holds(item, term) for term in terms)


_HOLD_WITHOUT_ITEM = frozenset({Op.MISSING, Op.EQ_OR_MISSING})
_HOLD_IF_ABSENT = frozenset({Op.LE_OR_ABSENT, Op.LT_OR_ABSENT, Op.NOT_IN, Op.LACKS})


def _holds_without_item(term: Term) -> bool:
    return term.op in _HOLD_WITHOUT_ITEM or term.op in _HOLD_IF_ABSENT


def _holds(item: Item, term: Term) -> bool:
    op = term.op
    if op is Op.MISSING:
        return False
    held = item.get(term.field)
    if held is None:
        return op in _HOLD_IF_ABSENT
    value = item.get(term.value.name) if type(term.value) is Field else term.value
    return value is not None and bool(_COMPARE[op](held, value))


_COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: lambda held, value: held == value,
    Op.EQ_OR_MISSING: lambda held, value: held == value,
    Op.GT: lambda held, value: held > value,
    Op.LE_OR_ABSENT: lambda held, value: held <= value,
    Op.LT_OR_ABSENT: lambda held, value: held < value,
    Op.IN: lambda held, value: held in value,
    Op.NOT_IN: lambda held, value: held not in value,
    Op.LACKS: lambda held, value: value not in held,
}


def applied(key: Key, item: Item | None, effect: Effect) -> dict[str, Any] | None:
    """Return a new item as it is after an effect; None if it is deleted."""
    if effect.deletes:
        return None
    after: dict[str, Any] = {} if item is None or effect.replaces else dict(item)
    after["pk"], after["sk"] = key
    after.update(effect.set)
    for name, other in effect.copy.items():
        after[name] = item.get(other) if item else None
    for name in effect.remove:
        after.pop(name, None)
    for name, count in effect.add.items():
        after[name] = after.get(name, 0) + count
    for name, value in effect.defaults.items():
        after.setdefault(name, value)
    for name, text in effect.push.items():
        after[name] = [*after.get(name, ()), text][-LIST_KEEPS:]
    return after


class Table(Protocol):
    """One table. A unit is 4 KB read, half of it if not consistent, or 1 KB written."""

    def together(self, works: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Do what does not depend on each other, at once where a request crosses a network."""

    def get_many(
        self, keys: Sequence[Key], *, consistent: bool = True
    ) -> Sequence[dict[str, Any] | None]:
        """Read items by key, in the order given; one request per 100."""

    def query(
        self, pk: str, *, low: str = "", high: str = HIGHEST, forward: bool = True, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Items of a partition with ``low <= sk < high``, consistent, in the order of ``sk``."""

    def query_index(
        self,
        index: Index,
        pk: str,
        *,
        low: str = "",
        high: str = HIGHEST,
        forward: bool = True,
        limit: int,
    ) -> Sequence[Entry]:
        """Entries of an index partition with ``low <= sort < high``, in that order. May lag."""

    def count_index(self, index: Index, pk: str) -> int:
        """How many entries an index partition has. May lag; reads them all, 30 or so a unit."""

    def write_many(self, writes: Sequence[Write]) -> Sequence[Result]:
        """Carry out each write by itself, in the order given where they are of one item."""

    def transact(self, writes: Sequence[Write]) -> bool:
        """Carry out all writes, at most 100, or none: False if one has no choice that holds."""
