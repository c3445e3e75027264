"""Counts what passes through a port or table, by method, and what it would be on AWS."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any


@dataclass
class Tally:
    """What was asked: calls by ``port.method``, calls of tables, and requests on AWS."""

    ports: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)
    requests: float = 0.0  #: on DynamoDB and SQS, as ``chalicelib/store/README.md`` counts them

    def clear(self) -> None:
        """Begin anew."""
        self.ports.clear()
        self.tables.clear()
        self.requests = 0.0


class Counted:
    """Passes everything on to a port, and tells ``note`` the method and its arguments."""

    def __init__(self, inner: Any, note: Callable[[str, Sequence[Any]], None]) -> None:
        self._inner = inner
        self._note = note

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._note(name, args)
            return found(*args, **options)

        setattr(self, name, call)  # looked up once
        return call


def counted_port(inner: Any, name: str, tally: Tally) -> Any:
    """Return a port that counts its calls; a queue's sends are requests on SQS too."""

    def note(method: str, args: Sequence[Any]) -> None:
        tally.ports[f"{name}.{method}"] += 1
        if method == "send_many":
            tally.requests += ceil(len(args[1]) / 10)

    return Counted(inner, note)


def counted_table(inner: Any, name: str, tally: Tally) -> Any:
    """Return a table that counts its calls, and the requests DynamoDB would see.

    100 items are read by one request, 25 written where no condition is named; a conditional write
    is a request of its own.
    """

    def note(method: str, args: Sequence[Any]) -> None:
        if method == "together":  # what it does is counted by itself
            return
        tally.tables[f"{name}.{method}"] += 1
        if method == "get_many":
            tally.requests += ceil(len(args[0]) / 100)
        elif method == "write_many":
            free = sum(_is_unconditional(write) for write in args[0])
            tally.requests += len(args[0]) - free + ceil(free / 25)
        else:
            tally.requests += 1

    return Counted(inner, note)


def _is_unconditional(write: Any) -> bool:
    choices = list(write.choices)
    return len(choices) == 1 and not choices[0].when and choices[0].make().replaces
