"""Which calls the work on each flow was made of: batch by batch, as they are put into the log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.counting import Counted
from chalicelib.domain.log import Attempt, Exchange
from chalicelib.domain.rows import RowName
from chalicelib.flows.services import Services


@dataclass(frozen=True, kw_only=True)
class Worked:
    """One batch of rows of one flow, and the calls it made by connection."""

    flow: str
    rows: Sequence[RowName]
    calls: Counter[str]


@dataclass
class Traces:
    """What was put into the log since `clear`: batches, and calls that were made for no row."""

    batches: list[Worked] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Begin anew."""
        self.batches.clear()
        self.others.clear()

    def put(self, attempts: Sequence[Attempt], exchanges: Iterable[Exchange]) -> None:
        """Note what the engine or a poll puts into the log: a batch of attempts, or calls alone."""
        calls = Counter(one.connection for one in exchanges)
        if not attempts:
            self.others += calls
            return
        rows = [attempt.name for attempt in attempts]
        self.batches.append(Worked(flow=rows[0].flow, rows=rows, calls=calls))


def traced(services: Services, traces: Traces) -> Services:
    """Return services whose log notes every trace it is given."""

    def note(method: str, args: Sequence[Any]) -> None:
        if method == "put_traces":
            traces.put(*args)

    log: Any = Counted(services.log, note)
    return replace(services, log=log)
