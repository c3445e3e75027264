"""A dev stage goes as it came: nothing of it is left, its data included."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.deploy.stage import STACK, Package, Stage, deployed
from tests.journey.house import wait_until


def test_a_deleted_dev_stage_leaves_nothing_behind(package: Package, tmp_path: Path) -> None:
    with deployed(package, tmp_path) as stage:
        before = set(_left(stage))
        cloudformation = stage.client("cloudformation")

        cloudformation.delete_stack(StackName=STACK)

        wait_until(lambda: not _stacks(cloudformation), "end of the stack")
        assert len(before) > 15
        assert set(_left(stage)) == set()


def _stacks(cloudformation: Any) -> list[str]:
    found = cloudformation.list_stacks()["StackSummaries"]
    return [one["StackName"] for one in found if one["StackStatus"] != "DELETE_COMPLETE"]


def _left(stage: Stage) -> Iterator[str]:
    """Yield the names of what costs money or holds data."""
    yield from stage.client("dynamodb").list_tables()["TableNames"]
    yield from stage.client("sqs").list_queues().get("QueueUrls", [])
    yield from (one["FunctionName"] for one in stage.client("lambda").list_functions()["Functions"])
    yield from (one["name"] for one in stage.client("apigateway").get_rest_apis()["items"])
    yield from (one["Name"] for one in stage.client("events").list_rules()["Rules"])
    groups = stage.client("logs").describe_log_groups()["logGroups"]
    yield from (one["logGroupName"] for one in groups)
    yield from (one["AliasName"] for one in stage.client("kms").list_aliases()["Aliases"])
