"""What an entry says of its platform, and what the promises do with it.

An entry is one module beside this one. It runs the platform's simulator with an account and says
how people do there what the promises are about; ``README.md`` tells how to add one.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.domain.platforms import Account, Changed, ChangePage, Delivery, Offer, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.statuses import Kind
from local.platforms.sender import Delivery as Sent
from local.platforms.server import Simulator

#: Pages of a list that are read before a promise gives up: a list that has no end is broken.
PAGES_AT_MOST = 50


@dataclass(kw_only=True)
class Running:
    """A simulator that runs, an account on it, and the connector under contract."""

    offer: Offer
    account: Account
    simulator: Simulator
    clock: Any  #: stands until ``advance(seconds)``; calling it tells the time
    shop: Any  #: the entry's own
    settings: Mapping[str, Any] = field(default_factory=dict)  #: of the flow, for targets

    def __post_init__(self) -> None:
        self.simulator.sender.auto = False  # what is sent is read here, and never leaves

    def platform(self) -> Any:
        """Open the connector anew, as the engine does for each batch: nothing is remembered."""
        return self.offer.open(self.account)

    def source(self, kind: Kind) -> Any:
        """Open a source, as another worker would."""
        return self.platform().source(kind)

    def target(self, kind: Kind) -> Any:
        """Open a target, as another worker would."""
        return self.platform().target(kind, self.settings)

    def give(self, **credentials: str) -> None:
        """Keep credentials, as the service does with those that a platform hands out."""
        self.account = replace(
            self.account, credentials={**self.account.credentials, **credentials}
        )

    def hurry(self, timeout_s: float) -> None:
        """Wait no longer than this for an answer from now on."""
        self.account = replace(self.account, http=replace(self.account.http, timeout_s=timeout_s))

    def listen(self, address: str) -> Mapping[str, str]:
        """Register our address, and keep what came back."""
        given = dict(self.platform().ensure_webhooks(address))
        self.give(**given)
        return given

    def deliveries(self, address: str) -> list[Delivery]:
        """Return what the vendor is about to send to ``address``, as our API would get it."""
        waiting = self.simulator.sender.waiting()
        return [_received(sent, address) for sent in waiting if sent.url.startswith(address)]

    def told(self, address: str) -> list[Changed]:
        """Return all changes that the deliveries tell."""
        read = [self.offer.read_webhook(self.account, one) for one in self.deliveries(address)]
        return [change for one in read for change in one.changes]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown to anybody."""
        named = {one.name for one in self.offer.fields if one.secret}
        return tuple(value for name, value in self.account.credentials.items() if name in named)


@dataclass(frozen=True, kw_only=True)
class SourceCase:
    """How people make, change and delete records of one kind.

    Args:
        make: people make record ``number``; returns its id.
        change: people change it so that its content differs.
        delete: people delete, cancel or archive it, whatever the vendor lets them; None: they
            cannot.
        unknown: an id of the vendor's shape that belongs to nothing.
        page: how many changes a page of the vendor's list holds; 0: too many to make in a test.
        pages_overlap: the vendor's reason why a change may come on two pages; empty: it may not.
        listed_again: whether the vendor's list shows a record again once it was changed.
        announced: whether the vendor sends webhooks for the kind.
        fetched: whether records are read; False: the source only says which of them changed.
    """

    kind: Kind
    make: Callable[[Running, int], str]
    change: Callable[[Running, str], object]
    delete: Callable[[Running, str], object] | None
    unknown: str
    page: int = 0
    pages_overlap: str = ""
    listed_again: bool = True
    announced: bool = True
    fetched: bool = True


@dataclass(frozen=True, kw_only=True)
class TargetCase:
    """What may be wanted at a target of one kind, and how to see what the vendor holds.

    Args:
        wanted: something valid for record ``number``, not linked yet.
        changed: the desired value with another content.
        refused: something the vendor cannot take, as record ``number``.
        held: what the vendor holds at a target id; equal as long as nothing was changed there.
        count: how much there is, so that doubles show.
        write_path: a part of the path of the call that makes a new one.
        unknown: an id of the vendor's shape that belongs to nothing; empty: the desired value
            itself names where it goes.
        by_people: people make the thing that is wanted, before us; returns its target id. None:
            the vendor cannot tell theirs from ours.
        delete: people delete it at the vendor; None: they cannot.
        starts_there: whether the vendor holds something for every record from the beginning, such
            as a stock number.
    """

    kind: Kind
    wanted: Callable[[Running, int], Wanted[Any]]
    changed: Callable[[Running, Any], Any]
    refused: Callable[[Running, int], Wanted[Any]]
    held: Callable[[Running, str], Any]
    count: Callable[[Running], int]
    write_path: str
    unknown: str = ""
    by_people: Callable[[Running, Wanted[Any]], str] | None = None
    delete: Callable[[Running, str], object] | None = None
    starts_there: bool = False


@dataclass(frozen=True, kw_only=True)
class WebhookCase:
    """How subscriptions are seen and meddled with.

    Args:
        subscriptions: all of them by id, each with ``address``, ``on`` and whatever else counts.
        subscribe: somebody subscribes an address to what we need.
        remove: people delete a subscription.
        switch_off: people, or the vendor after failures, switch one off; None: there is no switch.
        sign: headers of a body that the vendor sends to the registered address; None: the vendor
            signs nothing, and the secret in our address stands in.
    """

    subscriptions: Callable[[Running], Mapping[str, Mapping[str, Any]]]
    subscribe: Callable[[Running, str], object]
    remove: Callable[[Running, str], object]
    switch_off: Callable[[Running, str], object] | None = None
    sign: Callable[[Running, bytes, str], Mapping[str, str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One platform under contract.

    Args:
        open: runs the simulator with an account; takes the options of
            ``tests.contract.accounts.open_account``, such as ``renew``.
    """

    offer: Offer
    open: Callable[..., AbstractContextManager[Running]]
    sources: Sequence[SourceCase]
    targets: Sequence[TargetCase]
    webhooks: WebhookCase


def fetch(source: Any, *ids: str) -> dict[str, Any]:
    """Read records; a failure of the whole call is that of each."""
    try:
        return dict(source.fetch_many(ids))
    except SyncFailure as failure:
        return dict.fromkeys(ids, failure)


def find(target: Any, *wanted: Wanted[Any]) -> dict[str, Any]:
    """Find things; a failure of the whole call is that of each."""
    try:
        return dict(target.find_many(wanted))
    except SyncFailure as failure:
        return {one.record: failure for one in wanted}


def write(target: Any, *writes: tuple[Wanted[Any], Any]) -> dict[str, Any]:
    """Write things; a failure of the whole call is that of each."""
    try:
        return dict(target.write_many(writes))
    except SyncFailure as failure:
        return {wanted.record: failure for wanted, _ in writes}


def sync(target: Any, *wanted: Wanted[Any]) -> dict[str, Any]:
    """Find, then write what is not in step, as the engine does; Done, Found or SyncFailure."""
    found = find(target, *wanted)
    settled = {key: one for key, one in found.items() if _is_settled(one)}
    rest = [(one, found.get(one.record)) for one in wanted if one.record not in settled]
    return settled | (write(target, *rest) if rest else {})


def linked(wanted: Wanted[Any], there: Any, **changes: Any) -> Wanted[Any]:
    """Return what is wanted once it is linked to where it went."""
    return replace(wanted, target_id=there.target_id, parent_id=there.parent_id, **changes)


def read_pages(
    running: Running, kind: Kind, *, since: datetime, page: str | None = None
) -> list[ChangePage]:
    """Read a list to its end, each page by another worker."""
    pages: list[ChangePage] = []
    while len(pages) < PAGES_AT_MOST:
        pages.append(running.source(kind).list_changes(since=since, until=None, page=page))
        page = pages[-1].page
        if page is None:
            return pages
    raise AssertionError(f"the list has not ended after {PAGES_AT_MOST} pages")


def changes_of(pages: Sequence[ChangePage]) -> list[Changed]:
    """Return the changes of all pages, in their order."""
    return [change for page in pages for change in page.changes]


def read_changes(running: Running, kind: Kind, *, since: datetime) -> list[Changed]:
    """Return everything that changed from ``since`` on."""
    return changes_of(read_pages(running, kind, since=since))


def id_of(record: Any) -> str:
    """Return the id of a record; stock levels go by their product."""
    if record is None or isinstance(record, SyncFailure):
        return repr(record)  # no record: what it is instead is what a test that fails should show
    return str(record.product_id if hasattr(record, "product_id") else record.id)


def is_gone(record: Any) -> bool:
    """Whether a fetched record says that it is deleted, cancelled or archived, or is absent."""
    flags = ("deleted", "archived", "cancelled")
    return (
        record is None
        or any(getattr(record, name, False) for name in flags)
        or getattr(record, "state", "") == "cancelled"
    )


def _is_settled(answer: Any) -> bool:
    return isinstance(answer, SyncFailure) or (answer.equal and answer.live and answer.ours)


def _received(sent: Sent, address: str) -> Delivery:
    return Delivery(
        headers={name.lower(): value for name, value in sent.headers.items()},
        query=dict(parse_qsl(urlsplit(sent.url).query)),
        body=sent.body,
        address=address,
    )
