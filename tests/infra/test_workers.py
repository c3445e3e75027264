"""Queues, the stream and the functions that read them: settings that lose messages when wrong."""

import json
from collections.abc import Callable

import pytest

from tests.infra.produced import FUNCTIONS, Template, events_of, of_type

Properties = Callable[[str], Template]

QUEUES = {"SyncRecords": "RecordsQueue", "SyncStock": "StockQueue"}
DEAD = {"RecordsQueue": "RecordsDeadLetters", "StockQueue": "StockDeadLetters"}


def test_a_batch_that_fails_in_part_gives_back_the_part_that_failed(template: Template) -> None:
    types = {name: event["FunctionResponseTypes"] for name, event in events_of(template, "SQS")}

    assert types == {name: ["ReportBatchItemFailures"] for name in QUEUES}


def test_each_worker_reads_its_own_queue(template: Template) -> None:
    queues = {name: event["Queue"] for name, event in events_of(template, "SQS")}

    assert queues == {name: {"Fn::GetAtt": [queue, "Arn"]} for name, queue in QUEUES.items()}


def test_batches_are_as_large_as_the_code_was_made_for(template: Template) -> None:
    read = dict(events_of(template, "SQS"))

    assert (read["SyncRecords"]["BatchSize"], read["SyncStock"]["BatchSize"]) == (10, 100)
    # Over 10 messages Lambda needs a window, or it refuses the mapping.
    assert read["SyncStock"]["MaximumBatchingWindowInSeconds"] >= 1


def test_workers_cannot_use_up_the_concurrency_of_the_account(template: Template) -> None:
    for _, event in events_of(template, "SQS"):
        assert event["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_no_function_reserves_concurrency(properties: Properties) -> None:
    """A new account has ten in all, and reserving any of them would be refused."""
    for name in FUNCTIONS:
        assert "ReservedConcurrentExecutions" not in properties(name)


@pytest.mark.parametrize(("function", "queue"), QUEUES.items())
def test_a_message_comes_back_long_after_its_worker_must_have_ended(
    properties: Properties, function: str, queue: str
) -> None:
    assert properties(queue)["VisibilityTimeout"] >= 6 * properties(function)["Timeout"]


@pytest.mark.parametrize("queue", DEAD)
def test_a_message_taken_ten_times_goes_to_the_dead_letters(
    properties: Properties, queue: str
) -> None:
    policy = properties(queue)["RedrivePolicy"]

    assert policy["maxReceiveCount"] == 10
    assert policy["deadLetterTargetArn"] == {"Fn::GetAtt": [DEAD[queue], "Arn"]}


@pytest.mark.parametrize("queue", DEAD)
def test_dead_letters_outlive_what_came_before(properties: Properties, queue: str) -> None:
    """The age of a dead letter began when it was first sent."""
    kept, kept_dead = (properties(one)["MessageRetentionPeriod"] for one in (queue, DEAD[queue]))

    assert kept_dead > kept


@pytest.mark.parametrize("queue", DEAD)
def test_the_dead_letters_of_a_queue_are_found_by_its_url(
    properties: Properties, queue: str
) -> None:
    name, dead = (properties(one)["QueueName"]["Fn::Sub"] for one in (queue, DEAD[queue]))

    assert dead == f"{name}-dlq"  # chalicelib.queue.sqs adds it to the URL


@pytest.mark.parametrize("queue", DEAD)
def test_only_its_own_queue_moves_messages_to_the_dead_letters(
    properties: Properties, queue: str
) -> None:
    allowed = properties(DEAD[queue])["RedriveAllowPolicy"]

    assert allowed["redrivePermission"] == "byQueue"
    [source] = allowed["sourceQueueArns"]
    assert source["Fn::Sub"].endswith(":" + properties(queue)["QueueName"]["Fn::Sub"])


def test_queues_are_standard_and_encrypted(template: Template) -> None:
    for queue in of_type(template, "AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
        assert not queue.get("FifoQueue")


def test_the_stream_is_read_whole_in_order_and_until_it_is_done(template: Template) -> None:
    [(name, event)] = events_of(template, "DynamoDB")

    assert name == "FollowChanges"
    assert event["Stream"] == {"Fn::GetAtt": ["LogTable", "StreamArn"]}
    assert event["StartingPosition"] == "TRIM_HORIZON"
    assert event["MaximumRetryAttempts"] == event["MaximumRecordAgeInSeconds"] == -1
    assert event["ParallelizationFactor"] == 1
    assert event["BisectBatchOnFunctionError"] is False
    assert "FunctionResponseTypes" not in event


@pytest.mark.parametrize(
    ("change", "arrives"),
    [
        (("INSERT", "R|c|flow|1", "~"), True),
        (("MODIFY", "R|c|flow|1", "~"), True),
        (("REMOVE", "R|c|flow|1", "~"), True),
        (("INSERT", "X|01", "~"), True),
        (("REMOVE", "X|01", "~"), False),
        (("INSERT", "R|c|flow|1", "A|2026|1"), False),
        (("INSERT", "R|c|flow|1", "~~record"), False),
        (("MODIFY", "N|c|now", "flow"), False),
        (("MODIFY", "G|c", "fingerprint"), False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_the_stream_reader_is_called_for_rows_and_new_exchanges_alone(
    template: Template, change: tuple[str, str, str], arrives: bool
) -> None:
    [(_, event)] = events_of(template, "DynamoDB")
    patterns = [json.loads(one["Pattern"]) for one in event["FilterCriteria"]["Filters"]]

    assert any(fits(pattern, *change) for pattern in patterns) == arrives


def fits(pattern: Template, kind: str, pk: str, sk: str) -> bool:
    """Decide as Lambda does, for the rules we use: equal texts and prefixes."""
    keys = pattern["dynamodb"]["Keys"]
    return (
        kind in pattern.get("eventName", [kind])
        and any(_begins(rule, pk) for rule in keys["pk"]["S"])
        and sk in keys.get("sk", {"S": [sk]})["S"]
    )


def _begins(rule: dict[str, str] | str, text: str) -> bool:
    return text.startswith(rule["prefix"]) if isinstance(rule, dict) else text == rule


def test_schedules_run_every_minute_and_are_not_made_up_for(
    template: Template, properties: Properties
) -> None:
    read = dict(events_of(template, "Schedule"))

    assert set(read) == {"DispatchDue", "PollSources", "SweepOverdue"}
    for name, event in read.items():
        assert event["Schedule"] == "rate(1 minute)"
        once = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
        assert properties(name)["EventInvokeConfig"] == once
