"""Both stores on DynamoDB Local, with a meter: what does a question or a move cost?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.store.changes import follow_changes
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.registry import TableRegistry
from chalicelib.store.sync_log import TableSyncLog
from local.aws.dynamodb_local import connect
from local.aws.metering import Bill, Meter
from local.aws.streams import Stream
from local.aws.tables import Tables
from local.sqlite.vault import FileVault
from tests.builders import Clock
from tests.contract.stores import World


class Measured:
    """The stores, a merchant's rows in them, and the bill of each thing asked."""

    def __init__(self, endpoint: str, tables: Tables) -> None:
        self.clock = Clock()
        self._meter = Meter()
        client = connect(endpoint)
        self._meter.watch(client)
        log_table = DynamoTable(client, tables.log, self.clock)
        self.log = TableSyncLog(
            table=log_table, vault=FileVault(None), retention=timedelta(days=30)
        )
        self.registry = TableRegistry(table=DynamoTable(client, tables.registry, self.clock))
        self.world = World(self, self.clock)  # type: ignore[arg-type]  # it uses the log alone
        self._stream = Stream(
            connect(endpoint, "dynamodbstreams"),
            tables.stream,
            lambda event: follow_changes(log_table, event["Records"]),
        )

    def bill(self, ask: Callable[[], Any]) -> Bill:
        """Ask, and return what it cost."""
        with self._meter.measuring() as bill:
            ask()
        return bill

    def follow(self) -> None:
        """Let counts, groups and search words follow what was written."""
        self._stream.drain()


def told(bill: Bill) -> str:
    """Return a bill as text: ``1 w, 2 w wait, 0.5 r list``; of an index where one is named."""
    parts = [
        f"{units:g} {sign} {index}".rstrip()
        for sign, side in (("w", bill.writes), ("r", bill.reads))
        for (_, index), units in sorted(side.items())
    ]
    return ", ".join(parts)
