"""Counters add up in memory and are printed on AWS alone."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from chalicelib.ops import metrics
from chalicelib.ops.settings import Home, Settings

LOCAL = Settings.from_env({})
ON_AWS = replace(LOCAL, home=Home.AWS, stage="prod")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_counts_add_up_by_name_and_dimensions() -> None:
    metrics.count("webhook.refused", platform="square", reason="signature")
    metrics.count("webhook.refused", 2, platform="square", reason="size")
    metrics.count("webhook.refused", platform="brightpearl", reason="size")

    assert metrics.read("webhook.refused") == 4
    assert metrics.read("webhook.refused", platform="square") == 3
    assert metrics.read("webhook.refused", reason="size", platform="square") == 2
    assert metrics.read("webhook.refused", platform="xero") == 0
    assert metrics.read("webhook") == 0


def test_a_test_starts_with_no_counts_of_the_test_before() -> None:
    assert metrics.read("webhook.refused") == 0


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let threads take turns as often as Python can, so that a lost update shows itself."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless_threads")
def test_counters_can_be_read_while_threads_add_new_ones() -> None:
    def work(thread: int) -> None:
        for number in range(500):
            metrics.count("row.synced", flow=f"{thread}-{number}")

    threads = [Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = [metrics.read("row.synced") for _ in range(200)]
    for thread in threads:
        thread.join()

    assert seen == sorted(seen)
    assert metrics.read("row.synced") == 2_000


def test_one_machine_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.configure(LOCAL)
    metrics.count("row.synced")
    metrics.flush()

    assert printed(capsys) == []


def test_aws_prints_only_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.configure(ON_AWS)
    for _ in range(3):
        metrics.count("rows_synced", flow="square-orders-to-brightpearl")
    metrics.flush()
    metrics.flush()

    (line,) = printed(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Synclog"
    assert [set(one) for one in directive["Dimensions"]] == [{"stage", "flow"}]
    assert directive["Metrics"] == [{"Name": "rows_synced", "Unit": "Count"}]
    assert (line["rows_synced"], line["stage"]) == ([3.0], "prod")
    assert metrics.read("rows_synced") == 3


def test_metrics_of_the_same_dimensions_share_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.configure(ON_AWS)
    metrics.count("rows_synced", flow="f")
    metrics.count("rows_failed", 2, flow="f")
    metrics.count("rows_failed", flow="g")
    metrics.count("sweeps_run")
    metrics.flush()

    lines = {line.get("flow"): line for line in printed(capsys)}
    assert lines.keys() == {"f", "g", None}
    assert (lines["f"]["rows_synced"], lines["f"]["rows_failed"]) == ([1.0], [2.0])
    assert lines["g"]["rows_failed"] == [1.0]
    assert lines[None]["sweeps_run"] == [1.0]


def test_of_a_peak_the_largest_amount_counts(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.configure(ON_AWS)
    for seconds in (10, 700, 40):
        metrics.count("oldest_overdue_s", seconds)
    metrics.flush()

    (line,) = printed(capsys)
    assert line["oldest_overdue_s"] == [700.0]
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == "Seconds"
    assert metrics.read("oldest_overdue_s") == 700


def test_the_middleware_prints_even_when_the_handler_raises(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics.configure(ON_AWS)

    def handler(event: object) -> None:
        metrics.count("worker.crashed")
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        metrics.flush_after({}, handler)

    assert [line["worker.crashed"] for line in printed(capsys)] == [[1.0]]


def test_the_middleware_returns_what_the_handler_answers() -> None:
    assert metrics.flush_after("event", lambda event: f"answer to {event}") == "answer to event"
