"""What a flow is: the shape of the lines in ``flows/catalog.py``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.log import Units
from chalicelib.domain.reasons import Part
from chalicelib.domain.records import Sold
from chalicelib.domain.retries import RetryPolicy
from chalicelib.domain.setup import MappingTable
from chalicelib.domain.statuses import Kind

SECOND_ACCOUNT = "@"


@dataclass(frozen=True, kw_only=True)
class Side:
    """A platform in the words that settings and mappings of its flows use."""

    name: str  #: as in the catalogue of platforms
    label: str
    place: str = ""  #: what it calls the places that sell or hold goods: "location", "outlet"
    places: str = ""  #: word of its choices for them
    tender: str = ""  #: what it calls a way to pay
    tenders: str = ""  #: word of its choices for them


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of a flow as people fill it in.

    ``pick`` names the values to choose from: a side and a word of that platform's choices, such as
    ``("source", "price_lists")``; ``options`` are fixed values. Types: text, choice, time,
    decimal, yes_no.
    """

    name: str
    label: str
    type: str = "text"
    required: bool = False  #: the set-up is not complete without it
    default: str | None = None
    options: Sequence[str] = ()
    pick: tuple[str, str] | None = None
    pattern: str = ""  #: regular expression that a whole text matches
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class MappingRule:
    """A mapping of a flow: which source values get which target values."""

    name: str
    label: str
    source_label: str
    target_label: str
    source_pick: str | None = None  #: word of the source platform's choices
    target_pick: str | None = None  #: word of the target platform's choices
    source_by: str = "id"  #: whether a source value is the choice's "id" or its "name"
    is_backward: bool = False  #: its source values are the target platform's, and the other way
    #: what becomes of a record whose value has no answer, as a sentence; empty: its row waits
    without_answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Planning:
    """All a mapping function may know: settings, mapping tables, links; values, no ports."""

    flow: str  #: as the consumer has it set up, with ``@name``
    target_connection: str
    settings: Mapping[str, Any]  #: with defaults filled in
    mappings: Mapping[str, MappingTable]
    linked: Mapping[str, str] = field(default_factory=dict)  #: source id → target id, of ``links``
    owners: Mapping[str, str] = field(default_factory=dict)  #: the same of ``belongs_to``
    awaited: frozenset[str] = frozenset()  #: records of ``belongs_to`` on their way, not linked yet
    left_alone: Mapping[str, str] = field(default_factory=dict)  #: those that a rule left: id → why
    units: Mapping[tuple[str, str], Sold] = field(default_factory=dict)  #: (item, location) → sold
    counted_at: datetime | None = None  #: the moment the figures hold for
    shared_flow: str = ""  #: flow as set up whose answers are used as well; empty: none
    shared_settings: Mapping[str, Any] = field(default_factory=dict)  #: that flow's settings


@dataclass(frozen=True, kw_only=True)
class Showing:
    """What is known of a record when its columns are filled; the later, the more."""

    record: Any
    desired: Any = None  #: None: it never came to a plan
    target_id: str | None = None
    parts: Sequence[Part] = ()
    synced: bool = False  #: whether all of it was seen at the target


@dataclass(frozen=True, kw_only=True)
class LinkNeed:
    """Which links a mapping function needs: ids of one kind at one side."""

    kind: str
    side: str  #: "source" or "target": whose ids ``ids`` returns
    ids: Callable[[Any], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """The record of another flow that comes first: a refund's order, a shipment's order."""

    flow: str  #: declared name of the flow that carries it
    need: LinkNeed
    #: pure: (record, this flow as set up) → its id at that flow's source; None: it is of nothing
    record: Callable[[Any, str], str | None]


@dataclass(frozen=True, kw_only=True)
class BothWays:
    """How a status that changed at the target alone goes back to the source."""

    status: Callable[[Any], str]  #: pure: record → the source's own word
    #: pure: the target's status → the source's word; None: it has no counterpart
    back: Callable[[str, Planning], str | None]
    #: pure: the source's word → the target's status; None: it has no counterpart
    forward: Callable[[str, Planning], str | None]
    change: Callable[[str, str], Any]  #: pure: (record's id, status) → what the source is told


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A declared route: source, kind, target. The engine is one function for all of them."""

    name: str  #: stable: stored on every row
    label: str
    kind: Kind
    source: str
    target: str
    plan: Callable[
        [Any, Planning], Any
    ]  #: pure: record → what the target should hold; raises SyncFailure
    columns: Callable[[Showing], Mapping[str, Any]]  #: pure: what the log shows of a record
    settings: Sequence[Setting] = ()
    mappings: Sequence[MappingRule] = ()
    #: declared flow whose mappings and settings are used as well, so that nobody answers twice
    shares: str | None = None
    links: LinkNeed | None = None
    parent_key: Callable[[Any], str | None] = lambda desired: None  #: the thing several rows share
    identity: Callable[[Any], Any] = lambda desired: desired  #: the part of a plan that is hashed
    #: pure: whether a record that was written is void at its source by now
    withdrawn: Callable[[Any], bool] = lambda record: False
    #: False: several records may stand for one thing at the target, such as one buyer
    one_to_one: bool = True
    links_records: bool = True  #: False: its records are linked by the flow it follows
    keeps_record: bool = True  #: whether the canonical record is kept beside the row
    calls: Callable[[int], tuple[int, int]] = lambda rows: (
        2,
        3,
    )  #: rows → calls at source, at target
    queue: str = "records"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    poll_every_s: int | None = 300  #: None: the source cannot say what changed
    poll_overlap_s: int = 600  #: the source's commit delay, read again by each poll
    #: for sources whose polls cannot see every change: each linked record is requested this often
    full_sweep_every_s: int | None = None
    follows: str | None = (
        None  #: flow whose record must be linked first; its new links request this one
    )
    belongs_to: Belonging | None = None  #: what it is held under until that is linked
    both_ways: BothWays | None = None  #: for records whose status people change on either side
    has_wholes: bool = False  #: whether its records may be made of others, and follow them
    sold_by: str | None = (
        None  #: flow whose orders are sold at the target and not yet at the source
    )
    units: Callable[[Any], Sequence[Units]] | None = None  #: pure: goods an order takes
    #: pure: whether a record that is left alone for now takes its goods all the same
    waits: Callable[[Any], bool] = lambda record: False
    starts_at: Callable[[Any], datetime | None] | None = (
        None  #: pure: compared with setting start_date
    )
    skips: Callable[[Any, Planning], str | None] = lambda record, planning: (
        None
    )  #: pure: why nothing is to be done


def base_name(flow: str) -> str:
    """Return the declared name of a flow as set up: ``a-b-to-c@shop2`` is ``a-b-to-c``."""
    return flow.partition(SECOND_ACCOUNT)[0]


def on_same_account(name: str, other: str) -> str:
    """Return a declared flow as set up on the account of another: both on ``shop2``, or neither."""
    return other + "".join(name.partition(SECOND_ACCOUNT)[1:])


def key_of(record: str, flow: str) -> str:
    """Return the reference under which a target keeps a record of a flow as set up.

    Two shops of one platform may both have an order 15, so those of a second account are kept as
    ``15@shop2``.
    """
    return record + "".join(flow.partition(SECOND_ACCOUNT)[1:])


def record_of(key: str, flow: str) -> str | None:
    """Return the record that ``key_of`` made a key of; None: it is of another account."""
    account = "".join(flow.partition(SECOND_ACCOUNT)[1:])
    if not account:
        return None if SECOND_ACCOUNT in key else key or None
    return (key.removesuffix(account) or None) if key.endswith(account) else None


def connections_of(flow: Flow, name: str) -> tuple[str, str]:
    """Return the names of the source and target connections of a flow as set up.

    A flow on a second account of one platform is ``flow@connection``; the name stands for the side
    whose platform it begins with (``square-2``), else for the target.
    """
    second = name.partition(SECOND_ACCOUNT)[2]
    if not second:
        return flow.source, flow.target
    if second.startswith(flow.source) and not second.startswith(flow.target):
        return second, flow.target
    return flow.source, second
