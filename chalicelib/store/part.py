"""What the parts of the sync log have in common."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.domain.ports import Vault
from chalicelib.store.table import Table


@dataclass(frozen=True, kw_only=True)
class LogPart:
    """The table the sync log lies in, and how it is used."""

    table: Table
    vault: Vault  #: seals snapshots: they hold names and addresses
    retention: timedelta = timedelta(days=30)  #: attempts, exchanges and executions expire after it
    shards: int = 1  #: of index ``list``, up to 8 for busy consumers; may only grow
