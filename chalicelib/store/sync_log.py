"""The sync log over one table: the parts of its port, put together."""

from dataclasses import dataclass

from chalicelib.store.erasure import ErasurePart
from chalicelib.store.links import LinkPart
from chalicelib.store.pace import PacePart
from chalicelib.store.runs import RunPart


@dataclass(frozen=True, kw_only=True)
class TableSyncLog(ErasurePart, LinkPart, RunPart, PacePart):
    """``domain.ports.SyncLog`` on any table whose changes are followed by ``store.stream``."""
