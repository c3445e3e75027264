"""Alarms: each watches something that exists, and tells somebody."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.produced import FUNCTIONS, Template, of_type

Properties = Callable[[str], Template]

ROOT = Path(__file__).parents[2]
ALARM = "AWS::CloudWatch::Alarm"


def watched(template: Template, metric: str) -> set[str]:
    """Return the resources whose metric some alarm watches."""
    return {
        dimension["Value"].get("Ref") or dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(template, ALARM).values()
        for one in metrics_of(alarm)
        if one["MetricName"] == metric
        for dimension in one.get("Dimensions", [])
        if isinstance(dimension["Value"], dict) and "Fn::Sub" not in dimension["Value"]
    }


def metrics_of(alarm: Template) -> list[Template]:
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
    return stats or [alarm]


def test_every_alarm_tells_the_topic_when_it_starts_and_when_it_is_over(template: Template) -> None:
    for name, alarm in of_type(template, ALARM).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["AlarmDescription"]
        assert alarm["TreatMissingData"] in ("breaching", "notBreaching")


@pytest.mark.parametrize(
    ("metric", "resources"),
    [
        ("ApproximateNumberOfMessagesVisible", {"RecordsDeadLetters", "StockDeadLetters"}),
        (
            "ApproximateAgeOfOldestMessage",
            {"RecordsQueue", "StockQueue", "RecordsDeadLetters", "StockDeadLetters"},
        ),
        ("Errors", set(FUNCTIONS) - {"APIHandler"}),  # the API's show as 5XXError
        ("Throttles", set(FUNCTIONS)),
        ("Invocations", {"DispatchDue", "PollSources", "SweepOverdue"}),
        ("IteratorAge", {"FollowChanges"}),
        ("WriteThrottleEvents", {"LogTable"}),
    ],
)
def test_what_can_go_wrong_is_watched(template: Template, metric: str, resources: set[str]) -> None:
    assert watched(template, metric) == resources


@pytest.mark.parametrize("name", ["DispatchSilentAlarm", "PollSilentAlarm", "SweeperSilentAlarm"])
def test_silence_for_ten_minutes_is_an_alarm(properties: Properties, name: str) -> None:
    alarm = properties(name)

    assert alarm["Period"] * alarm["EvaluationPeriods"] == 600
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"  # a function that never runs has no data


def test_dead_letters_ring_days_before_they_are_deleted(properties: Properties) -> None:
    for queue in ("Records", "Stock"):
        kept_s = properties(f"{queue}DeadLetters")["MessageRetentionPeriod"]
        assert properties(f"{queue}DeadLettersAgeAlarm")["Threshold"] <= kept_s - 3 * 86400


def test_waiting_rings_later_than_the_longest_planned_delay(properties: Properties) -> None:
    for name in ("RecordsWaitingAlarm", "StockWaitingAlarm"):
        assert properties(name)["Threshold"] > 900  # SQS, DelaySeconds: 900 at most


@pytest.mark.parametrize("name", ["RecordsDefects", "StockDefects"])
def test_a_defect_in_a_worker_is_counted_from_its_log_line(
    template: Template, properties: Properties, name: str
) -> None:
    """Such a batch ends well for Lambda: its messages are given back."""
    [metric] = properties(name)["MetricTransformations"]
    alarm = properties("WorkerDefectsAlarm")

    assert properties(name)["FilterPattern"] == '{ $.message = "worker.crashed" }'
    assert '"worker.crashed"' in (ROOT / "chalicelib/triggers/batches.py").read_text("utf-8")
    assert (metric["MetricNamespace"], metric["MetricName"]) == (
        alarm["Namespace"],
        alarm["MetricName"],
    )


def test_alarms_are_mailed_if_an_address_is_given(template: Template) -> None:
    mail = template["Resources"]["AlarmMail"]

    assert mail["Condition"] == "HasAlarmEmail"
    assert mail["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}


def test_the_dashboard_is_json_and_shows_every_function_and_queue(properties: Properties) -> None:
    text = properties("Dashboard")["DashboardBody"]["Fn::Sub"]

    assert json.loads(text)["widgets"]
    for name in FUNCTIONS:
        assert f"${{{name}}}" in text
    for name in ("RecordsQueue", "RecordsDeadLetters", "StockQueue", "StockDeadLetters"):
        assert f"${{{name}.QueueName}}" in text
