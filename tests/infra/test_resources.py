"""Tables, key, functions, logs and tags as each stage gets them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.ops.settings import Settings
from tests.infra.produced import FUNCTIONS, Template, of_type

Properties = Callable[[str], Template]

ROOT = Path(__file__).parents[2]
TABLES = ("LogTable", "RegistryTable")
#: What a value of the template becomes when it is deployed, as far as settings check it.
DEPLOYED = {
    "LogTable": "synclog-dev-log",
    "RegistryTable": "synclog-dev-registry",
    "RecordsQueue": "https://sqs.eu-west-1.amazonaws.com/111122223333/synclog-dev-records",
    "StockQueue": "https://sqs.eu-west-1.amazonaws.com/111122223333/synclog-dev-stock",
    "SealingKey": "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555",
    "HasDomain": "https://abc123.execute-api.eu-west-1.amazonaws.com/api",
}


def is_prod(template: Template) -> bool:
    return bool(template["Parameters"]["Stage"]["Default"] == "prod")


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_on_demand_recoverable_and_forget_what_expired(
    properties: Properties, table: str
) -> None:
    found = properties(table)

    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert found["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_keys_and_indexes_of_the_store(properties: Properties, table: str) -> None:
    found = properties(table)
    keys = {None: found["KeySchema"]}
    keys |= {one["IndexName"]: one["KeySchema"] for one in found["GlobalSecondaryIndexes"]}
    shape = {name: [part["AttributeName"] for part in schema] for name, schema in keys.items()}

    assert shape == {None: ["pk", "sk"], "list": ["lp", "ls"], "wait": ["wp", "ws"]}
    for index in found["GlobalSecondaryIndexes"]:
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_log_table_tells_what_changed_from_what_to_what(properties: Properties) -> None:
    assert properties("LogTable")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("name", [*TABLES, "SealingKey"])
def test_what_holds_data_outlives_the_stack_in_prod_alone(template: Template, name: str) -> None:
    resource = template["Resources"][name]
    kept = {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")}

    assert kept == ({"Retain"} if is_prod(template) else {None})


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_prod_are_protected_and_those_of_dev_can_go(
    template: Template, properties: Properties, table: str
) -> None:
    assert properties(table)["DeletionProtectionEnabled"] is is_prod(template)


def test_the_key_turns_and_has_a_name(properties: Properties) -> None:
    assert properties("SealingKey")["EnableKeyRotation"] is True
    assert properties("SealingKeyAlias")["AliasName"] == {"Fn::Sub": "alias/synclog-${Stage}"}
    assert properties("SealingKeyAlias")["TargetKeyId"] == {"Ref": "SealingKey"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_the_settings_of_the_aws_home(
    properties: Properties, function: str
) -> None:
    variables = properties(function)["Environment"]["Variables"]
    read = {name: deployed(value) for name, value in variables.items()}

    settings = Settings.from_env(read)

    assert settings.table_log == "synclog-dev-log"
    assert settings.queue_stock.endswith("-stock")
    assert settings.key_id.startswith("arn:")


def deployed(value: Template | str) -> str:
    """Return what CloudFormation would put in place of a reference."""
    if isinstance(value, str):
        return value
    [(_, named)] = value.items()
    return DEPLOYED[named if isinstance(named, str) else named[0]]


def test_the_code_learns_the_same_address_as_people(
    template: Template, properties: Properties
) -> None:
    told = template["Outputs"]["PublicURL"]["Value"]

    for name in FUNCTIONS:
        assert properties(name)["Environment"]["Variables"]["SYNCLOG_PUBLIC_URL"] == told
    assert told["Fn::If"][2]["Fn::Sub"].endswith("/" + properties("RestAPI")["StageName"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_writes_to_a_log_group_that_forgets(
    template: Template, properties: Properties, function: str
) -> None:
    group = properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    name = properties(function)["FunctionName"]["Fn::Sub"]

    assert properties(group)["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{name}"}
    assert properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_log_group_is_kept_for_ever(template: Template) -> None:
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_run_on_arm_with_memory_and_time_of_their_own(
    properties: Properties, function: str
) -> None:
    found = properties(function)

    assert found["Architectures"] == ["arm64"]
    assert found["Runtime"] == "python3.13"
    assert found["CodeUri"] == "./deployment.zip"
    assert found["MemorySize"] in (512, 1024)
    # API Gateway waits 29 seconds; the others have until the next minute.
    assert found["Timeout"] == (29 if function == "APIHandler" else 60)


def test_the_configuration_names_memory_or_time_of_every_function(template: Template) -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text("utf-8"))
    names = {one["FunctionName"]["Fn::Sub"] for one in _functions(template)}

    assert {f"synclog-${{Stage}}-{name}" for name in config["lambda_functions"]} == names


def _functions(template: Template) -> list[Template]:
    return list(of_type(template, "AWS::Serverless::Function").values())


def test_plain_chalice_deploy_has_no_role_to_work_with() -> None:
    """It cannot set ReportBatchItemFailures; AWS refuses a role of an account that is not ours."""
    config = json.loads((ROOT / ".chalice/config.json").read_text("utf-8"))

    assert config["manage_iam_role"] is False
    assert config["iam_role_arn"].split(":")[4] == "0" * 12
    assert config["iam_role_arn"].endswith("/use-make-deploy-not-chalice-deploy")


def test_what_costs_money_says_for_whom(template: Template) -> None:
    wanted = {"app": "synclog", "stage": template["Parameters"]["Stage"]["Default"]}
    untagged = {
        "AWS::ApiGateway::BasePathMapping",
        "AWS::CloudWatch::Dashboard",
        "AWS::KMS::Alias",
        "AWS::Lambda::Permission",
        "AWS::Logs::MetricFilter",
        "AWS::SNS::Subscription",
    }
    for name, resource in template["Resources"].items():
        if resource["Type"] not in untagged:
            tags = resource["Properties"]["Tags"]
            found = tags if isinstance(tags, dict) else {one["Key"]: one["Value"] for one in tags}
            assert found.items() >= wanted.items(), name


@pytest.mark.parametrize(
    "output",
    [
        "PublicURL", "LogTableName", "RegistryTableName", "RecordsQueueURL", "StockQueueURL",
        "SealingKeyArn", "AlarmTopicArn", "DashboardURL", "DomainTarget",
    ],
)  # fmt: skip
def test_a_stack_says_what_people_need_of_it(template: Template, output: str) -> None:
    assert template["Outputs"][output]["Value"]
