"""Shapes of what the report and a diagnosis answer."""

from typing import Any

from typing_extensions import TypedDict  # pydantic takes typing's own only from Python 3.12 on

#: Filters of the log, and of a re-sync, by name: they list exactly the rows of a count.
FilterAnswer = dict[str, str | int | list[str]]


class BucketAnswer(TypedDict):
    """Rows of one day that stand alike; without an answer of the target ``code`` is null.

    What a written rule left alone is counted by itself, with ``not_applicable`` true.
    """

    day: str
    kind: str
    status: str
    code: int | None
    not_applicable: bool
    count: int
    filter: FilterAnswer


class OrdersAnswer(TypedDict):
    """Distinct orders of one day and channel, which is the platform they were placed at."""

    day: str
    channel: str
    count: int
    filter: FilterAnswer


class ReportAnswer(TypedDict):
    """How the rows of each day stand now; ``days`` are the consumer's, oldest first."""

    time_zone: str
    days: list[str]
    items: list[BucketAnswer]
    orders: list[OrdersAnswer]


class DiagnosisCheck(TypedDict):
    """One question of a diagnosis; what a remedy is for is not ``ok``."""

    check: str
    ok: bool
    sentence: str
    evidence: dict[str, Any]
    remedy: str | None


class DiagnosisAnswer(TypedDict):
    """Checks in their order; ``cause`` is the first that keeps the record from being synced."""

    checks: list[DiagnosisCheck]
    cause: DiagnosisCheck | None


class NowAnswer(TypedDict):
    """Rows of a flow at a status, now; ``not_applicable`` is the part a written rule left alone."""

    flow: str
    kind: str
    status: str
    count: int
    not_applicable: int


class CountsAnswer(TypedDict):
    """How the rows stand now, and the kinds there are."""

    kinds: list[str]
    items: list[NowAnswer]
