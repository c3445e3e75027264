"""No function may do more than it uses, nor less: roles against the code, both ways."""

import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from tests.infra.produced import FUNCTIONS, Template, of_type
from tests.infra.reach import ROOT, Place, method_of, places_from, read_module, table_words

Grant = tuple[str, str]  #: action and resource

API = sorted((ROOT / "chalicelib" / "api").glob("*.py"))
SCHEDULES, WORKER = "chalicelib.triggers.schedules", "chalicelib.triggers.worker"

#: Where each function begins. The stream reader works on the table itself, below the ports.
SEEDS: dict[str, list[Place]] = {
    "SyncRecords": [(WORKER, "sync_records")],
    "SyncStock": [(WORKER, "sync_stock")],
    "DispatchDue": [(SCHEDULES, "dispatch_due")],
    "PollSources": [(SCHEDULES, "poll_sources")],
    "SweepOverdue": [(SCHEDULES, "sweep_overdue")],
    "FollowChanges": [],
}
TABLES = {"log": "LogTable", "registry": "RegistryTable"}
WORK = ("RecordsQueue", "StockQueue")
DEAD = ("RecordsDeadLetters", "StockDeadLetters")

#: What a word of the code needs of DynamoDB. A write without a condition goes in a batch where it
#: can, so those who put or delete need both.
ACTIONS = {
    "table.get_many": ["BatchGetItem"],
    "table.query": ["Query"],
    "put": ["BatchWriteItem", "PutItem"],
    "delete": ["BatchWriteItem", "DeleteItem"],
    "update": ["UpdateItem"],
    "Effect": ["UpdateItem"],
    "Effect replaces": ["BatchWriteItem", "PutItem"],
    "Effect deletes": ["BatchWriteItem", "DeleteItem"],
}
INDEXES = {"Index.LIST": "list", "Index.WAIT": "wait"}

LOGGING = ("CreateLogStream", "PutLogEvents")

#: What Lambda does with a function's role before the function is called.
TAKING = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
BY_LAMBDA: dict[str, set[Grant]] = {
    "SyncRecords": {(action, "RecordsQueue.Arn") for action in TAKING},
    "SyncStock": {(action, "StockQueue.Arn") for action in TAKING},
    "FollowChanges": {
        *((action, "LogTable.StreamArn") for action in READING),
        ("dynamodb:ListStreams", "LogTable.Arn/stream/*"),
    },
}
#: The one place that sends to the dead letters, and the dead letters each worker may reach.
CLOSING = "chalicelib.flows.closing"
OWN_DEAD = {"SyncRecords": "RecordsDeadLetters", "SyncStock": "StockDeadLetters"}


def seeds_of(function: str) -> list[Place]:
    if function != "APIHandler":
        return SEEDS[function]
    modules = [f"chalicelib.api.{path.stem}" for path in API]
    return [(module, name) for module in modules for name in read_module(module).defined]


def used_by(function: str) -> set[Grant]:
    """Return what the code of a function uses, read from the code."""
    places = places_from(seeds_of(function))
    found = {(f"logs:{action}", f"{function}Logs.Arn") for action in LOGGING}
    for port, table in TABLES.items():
        asked = [name for owner, name in places if owner == port]
        methods = [place for name in asked for place in method_of(port, name)]
        found |= set(_of_table(table_words(methods), table))
    found |= set(_of_queues(function, places))
    if {name for owner, name in places if owner == "vault"}:
        found |= {(f"kms:{action}", "SealingKey.Arn") for action in ("Decrypt", "GenerateDataKey")}
    if function == "FollowChanges":
        words = table_words([("chalicelib.store.changes", "follow_changes")])
        found |= set(_of_table(words, "LogTable"))
    return found | BY_LAMBDA.get(function, set())


def _of_table(words: set[str], table: str) -> Iterator[Grant]:
    for word in words:
        for action in ACTIONS.get(word, ()):
            yield f"dynamodb:{action}", f"{table}.Arn"
        if word in INDEXES:
            yield "dynamodb:Query", f"{table}.Arn/index/{INDEXES[word]}"


def _of_queues(function: str, places: set[Place]) -> Iterator[Grant]:
    """Yield what is done with queues; what takes by itself only ever takes dead letters."""
    methods = {name for owner, name in places if owner == "queue"}
    if "send_many" in methods:
        yield from (("sqs:SendMessage", f"{queue}.Arn") for queue in WORK)
    if any(module == CLOSING for module, _ in places):
        yield "sqs:SendMessage", f"{OWN_DEAD[function]}.Arn"
    actions = {
        "receive_many": "ReceiveMessage",
        "delete_many": "DeleteMessage",
        "count": "GetQueueAttributes",
    }
    for method, action in actions.items():
        if method in methods:
            yield from ((f"sqs:{action}", f"{queue}.Arn") for queue in DEAD)


def granted_to(template: Template, function: str) -> set[Grant]:
    """Return what the role of a function allows."""
    role = template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0]
    return {
        (action, resource)
        for policy in template["Resources"][role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        for resource in map(named, as_list(statement["Resource"]))
    }


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(resource: Any) -> str:
    """Write a resource as ``Name.Attribute`` with what follows it."""
    if "Fn::GetAtt" in resource:
        return ".".join(resource["Fn::GetAtt"])
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).replace("${", "").replace("}", "")
    return str(resource)


#: Operations of each service that the adapters know how to call; ``ACTIONS`` and the tests below
#: say which permissions they need.
ADAPTERS = {
    ("dynamodb", "store/dynamo*.py"): {
        "batch_get_item", "batch_write_item", "delete_item", "put_item", "query",
        "transact_write_items", "update_item",
    },
    ("sqs", "queue/sqs.py"): {
        "delete_message_batch", "get_queue_attributes", "receive_message", "send_message_batch",
    },
    ("kms", "store/sealing.py"): {"decrypt", "generate_data_key"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "known"), ADAPTERS.items(), ids=[service for service, _ in ADAPTERS]
)
def test_the_adapters_call_no_operation_that_no_policy_knows(
    place: tuple[str, str], known: set[str]
) -> None:
    service, pattern = place
    files = list((ROOT / "chalicelib").glob(pattern))
    texts = [file.read_text("utf-8") for file in files]
    words = {word for text in texts for word in re.findall(r"(?:client\.|\")(\w+)", text)}
    names = botocore.session.get_session().get_service_model(service).operation_names

    assert {name for name in map(botocore.xform_name, names) if name in words} == known


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_its_code_uses_and_nothing_else(
    template: Template, function: str
) -> None:
    granted, used = granted_to(template, function), used_by(function)

    assert sorted(used - granted) == [], "used and not granted"
    assert sorted(granted - used) == [], "granted and not used"


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [
        template["Resources"][name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS
    ]

    assert len(set(roles)) == len(FUNCTIONS)
    assert set(roles) == set(of_type(template, "AWS::IAM::Role"))


def test_no_role_has_a_wildcard_but_the_streams_of_the_table(template: Template) -> None:
    """A stream made anew has another name, and ListStreams is asked of all of a table's."""
    for name in FUNCTIONS:
        for action, resource in granted_to(template, name):
            assert "*" not in action
            assert "*" not in resource or (action, resource) in BY_LAMBDA["FollowChanges"]


def test_roles_can_be_taken_by_lambda_alone(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert "ManagedPolicyArns" not in role


def test_the_key_opens_nothing_without_a_consumer(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            if "kms:" in json.dumps(statement["Action"]):
                condition = {"Null": {"kms:EncryptionContext:consumer": "false"}}
                assert statement["Condition"] == condition
