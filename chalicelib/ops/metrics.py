"""Counters: what happened how often, by name and dimensions.

``count`` only adds in memory. On AWS ``flush`` prints what was added since the last flush in
CloudWatch's embedded format, one line a counter: an invocation that counts a hundred rows prints no
more than one that counts a single row. Elsewhere nothing is printed and ``read`` tells the numbers.
"""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from chalicelib.ops.settings import Home, Settings

NAMESPACE = "Synclog"

_Key = tuple[str, frozenset[tuple[str, str]]]


class _Counters:
    """The counters of this process; safe to use from many threads."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.totals: Counter[_Key] = Counter()
        self.unprinted: Counter[_Key] = Counter()
        self.stage: str | None = None  #: None: nothing is ever printed


_counters = _Counters()


def configure(settings: Settings) -> None:
    """Print on AWS, stay silent elsewhere."""
    _counters.stage = settings.stage if settings.home is Home.AWS else None


def count(name: str, amount: int = 1, **dimensions: str) -> None:
    """Add to a counter, such as ``count("webhook.refused", platform="square")``.

    Each set of dimensions is a counter of its own and CloudWatch bills each: use values from small
    closed sets (platform, flow, reason), never an id.
    """
    key = (name, frozenset(dimensions.items()))
    with _counters.lock:
        _counters.totals[key] += amount
        if _counters.stage is not None:
            _counters.unprinted[key] += amount


def read(name: str, **dimensions: str) -> int:
    """Return what this process counted under a name, whatever further dimensions it had."""
    wanted = frozenset(dimensions.items())
    with _counters.lock:
        return sum(
            total
            for (known, has), total in _counters.totals.items()
            if known == name and wanted <= has
        )


def flush() -> None:
    """Print what was counted since the last flush; call it at the end of an invocation."""
    with _counters.lock:
        unprinted, _counters.unprinted = _counters.unprinted, Counter()
    for (name, dimensions), amount in unprinted.items():
        _print(name, amount, dict(dimensions))


def flush_after(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Chalice middleware for every kind of event: flushes when the handler is done, or raised."""
    try:
        return get_response(event)
    finally:
        flush()


def reset() -> None:
    """Set every counter to zero and print nothing from now on: the state at start, for tests."""
    with _counters.lock:
        _counters.totals.clear()
        _counters.unprinted.clear()
        _counters.stage = None


def _print(name: str, amount: int, dimensions: dict[str, str]) -> None:
    labels = {"stage": _counters.stage or "", **dimensions}
    with single_metric(
        name=name,
        unit=MetricUnit.Count,
        value=amount,
        namespace=NAMESPACE,
        default_dimensions=labels,
    ):
        pass  # the one value above is all; leaving prints it
