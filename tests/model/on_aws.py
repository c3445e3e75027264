"""The randomised run over the stores of the aws home: AWS refuses, stays silent, or does it twice.

Tables are on moto, or on DynamoDB Local where that runs; queue and vault are on moto.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.ports import BusyError
from chalicelib.domain.statuses import Status
from tests.contract.aws import Fault, wire
from tests.contract.dynamo import DYNAMODB_LOCAL, open_local_stores, open_moto_stores
from tests.model.acts import CONSUMER
from tests.model.run import Run, ViolationError

#: Never carried out twice: moto does not know the token by which a transaction is known again.
ONCE = frozenset({"TransactWriteItems"})
FAULTS = (
    Fault(),
    Fault(done=True),
    Fault(status=400, code="ThrottlingException"),
    Fault(status=400, code="ProvisionedThroughputExceededException"),
    Fault(status=500, code="InternalServerError"),
    Fault(status=500, code="InternalServerError", done=True),
    Fault(status=503, code="ServiceUnavailable"),
)
AGAIN = Fault(again=True)


@dataclass
class AwsRun(Run):
    """A run whose requests to AWS fail, at every call, whatever it is."""

    failing: float = 0.06  #: chance of each request
    steps: int = 16

    def _stores(self) -> Any:
        opened: Any = open_local_stores if DYNAMODB_LOCAL else open_moto_stores
        stores = opened(self.clock)
        wire.draw = self._draw
        self.failed = 0
        self.setting_up = True
        return stores

    def _set_up(self) -> None:
        super()._set_up()
        self.setting_up = False

    def _draw(self, operation: str) -> Fault | None:
        """Choose what becomes of a request; none fails while everything has to work."""
        if self.setting_up or not self.world.happens(self.failing):
            return None
        self.failed += 1
        fault = self.dice.choice((*FAULTS, AGAIN, AGAIN, AGAIN))
        if operation in ONCE and fault.again:
            return None
        self.tell(f"  AWS: {operation} {fault}")
        return fault

    def stop_faults(self) -> None:
        """From now on everything works."""
        self.faults.stop()
        self.failing = 0.0

    def catch_up(self) -> None:
        """Let the stream reader follow, as far as AWS lets it; these indexes never lag."""
        if DYNAMODB_LOCAL:  # it loses its place in a stream that is read while it is written
            return
        with suppress(BusyError):
            self.stores.log_table.stream.drain()

    def check_at_rest(self) -> None:
        """The counts agree with the rows, however often the stream's batches came."""
        super().check_at_rest()
        rows = Counter(row.name.flow for row in self.rows())
        now = self.stores.log.count_now(CONSUMER)
        counted = {(one.flow, one.status): one.count for one in now}
        if counted != {(flow, Status.SYNCED): count for flow, count in rows.items()}:
            raise ViolationError(f"{counted} are counted, and there are {dict(rows)}")

    def close(self) -> None:
        """Give the stores back."""
        wire.reset()
        super().close()
