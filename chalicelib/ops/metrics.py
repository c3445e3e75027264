"""Metrics: what happened how often, by name and dimensions; and the oldest of what waits.

``count`` only adds in memory. On AWS ``flush`` prints what came together since the last flush in
CloudWatch's embedded format, one line for each set of dimensions with all of its metrics: an
invocation that worked a hundred rows prints no more than one that worked a single row. Elsewhere
nothing is printed and ``read`` tells the numbers.

CloudWatch bills each name with each set of values as a metric of its own: ``METRICS`` is all there
is, and dimensions hold values of small closed sets (platform, flow, reason), never an id.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from chalicelib.ops.settings import Home, Settings

NAMESPACE = "Synclog"

_Labels = frozenset[tuple[str, str]]
_Key = tuple[str, _Labels]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: its meaning, and the dimension it has besides the stage."""

    meaning: str
    dimension: str | None = None
    unit: MetricUnit = MetricUnit.Count
    is_peak: bool = False  #: the largest of what was told counts, not the sum


METRICS: Mapping[str, Metric] = {
    "rows_synced": Metric(meaning="attempts that ended Synced", dimension="flow"),
    "rows_failed": Metric(meaning="attempts that ended Failed", dimension="flow"),
    "rows_held": Metric(
        meaning="attempts that ended Pending under a cause, throttled ones too", dimension="flow"
    ),
    "rows_retried": Metric(
        meaning="attempts that come back: retrying, awaiting the target, outcome unknown",
        dimension="flow",
    ),
    "rows_crashed": Metric(meaning="attempts that a defect stopped", dimension="flow"),
    "attempts": Metric(meaning="attempts that did not end Synced", dimension="reason"),
    "alarming_reason": Metric(
        meaning="attempts whose reason somebody should be told of", dimension="reason"
    ),
    "webhook_accepted": Metric(meaning="deliveries read", dimension="platform"),
    "webhook_refused": Metric(
        meaning="deliveries with a wrong signature or address", dimension="platform"
    ),
    "webhook_unreadable": Metric(meaning="signed deliveries we cannot read", dimension="platform"),
    "connection_down": Metric(meaning="connections that were refused", dimension="platform"),
    "connection_up": Metric(
        meaning="connections that work, for the first time or again", dimension="platform"
    ),
    "housekeeping_failed": Metric(
        meaning="nightly and hourly looks that a platform refused", dimension="reason"
    ),
    "polls_run": Metric(meaning="polls that ended"),
    "polls_failed": Metric(meaning="polls that ended with a problem"),
    "releases_run": Metric(meaning="runs of releases"),
    "rows_released": Metric(meaning="rows that releases requested"),
    "sweeps_run": Metric(meaning="rounds of the sweeper, one a minute"),
    "sweeps_sent": Metric(meaning="rows that the sweeper sent again"),
    "oldest_overdue_s": Metric(
        meaning="age of the oldest row that the sweeper found past its due time, since its request",
        unit=MetricUnit.Seconds,
        is_peak=True,
    ),
}
_UNKNOWN = Metric(meaning="")


class _Counters:
    """The counters of this process; safe to use from many threads."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.totals: Counter[_Key] = Counter()
        self.unprinted: dict[_Key, int] = {}
        self.stage: str | None = None  #: None: nothing is ever printed


_counters = _Counters()


def configure(settings: Settings) -> None:
    """Print on AWS, stay silent elsewhere."""
    _counters.stage = settings.stage if settings.home is Home.AWS else None


def count(name: str, amount: int = 1, **dimensions: str) -> None:
    """Add to a metric, such as ``count("webhook_refused", platform="square")``.

    A peak keeps the largest amount instead of the sum.
    """
    key = (name, frozenset(dimensions.items()))
    is_peak = METRICS.get(name, _UNKNOWN).is_peak
    with _counters.lock:
        _add(_counters.totals, key, amount, is_peak=is_peak)
        if _counters.stage is not None:
            _add(_counters.unprinted, key, amount, is_peak=is_peak)


def _add(sums: dict[_Key, int], key: _Key, amount: int, *, is_peak: bool) -> None:
    before = sums.get(key, 0)
    sums[key] = max(before, amount) if is_peak else before + amount


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
    """Print what came together since the last flush; call it at the end of an invocation."""
    with _counters.lock:
        unprinted, _counters.unprinted = _counters.unprinted, {}
    lines: dict[_Labels, dict[str, int]] = defaultdict(dict)
    for (name, labels), amount in unprinted.items():
        lines[labels][name] = amount
    for labels, amounts in lines.items():
        _print(labels, amounts)


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


def _print(labels: _Labels, amounts: Mapping[str, int]) -> None:
    line = EphemeralMetrics(namespace=NAMESPACE)
    line.add_dimension("stage", _counters.stage or "")
    for label, value in sorted(labels):
        line.add_dimension(label, value)
    for name, amount in amounts.items():
        line.add_metric(name, METRICS.get(name, _UNKNOWN).unit, amount)
    line.flush_metrics()
