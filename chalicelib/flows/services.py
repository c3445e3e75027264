"""What flow functions work with: the ports, the clock, and the catalogs, as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Account, Offer, Platform
from chalicelib.domain.ports import Registry, SyncLog, Vault, WorkQueue
from chalicelib.domain.setup import Connection
from chalicelib.flows.cache import SetupCache
from chalicelib.flows.declare import Flow


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A connection opened for one batch of work."""

    connection: Connection
    offer: Offer
    platform: Platform
    take_exchanges: Callable[[], list[Exchange]]  #: calls made since last asked
    account: Account | None = None  #: for signing in, which comes before the ports work


#: Opens a connection: (connection, last moment to send, execution) → ports of its platform.
Opener = Callable[[Connection, Callable[[], datetime] | None, str | None], Opened]


@dataclass(frozen=True, kw_only=True)
class Services:
    """Ports and catalogs; built by ``wiring`` and by tests."""

    log: SyncLog
    registry: Registry
    queue: WorkQueue
    vault: Vault
    flows: Mapping[str, Flow]  #: by declared name
    offers: Mapping[str, Offer]  #: by platform
    open: Opener
    now: Callable[[], datetime]
    new_id: Callable[[], str]  #: sortable by time, at most 26 characters
    roll: Callable[[], float]  #: a random number from 0 to 1
    public_url: str  #: start of our webhook addresses
    cache: SetupCache
    count: Callable[..., None] = lambda name, amount=1, **dimensions: None  #: a metric
    note: Callable[..., None] = lambda event, **fields: None  #: a log line
    correlation: Callable[[], str | None] = lambda: None  #: id of the request being answered
