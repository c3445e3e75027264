"""The two tables as a deployment makes them, from the same file."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]  # it ships no types

DEFINITION = Path(__file__).parents[2] / "infra" / "tables.yaml"

#: Properties that CreateTable takes as CloudFormation does. Backups and expiry are left out: a
#: stand-in would let items expire by this machine's clock, and the clock of a test stands still.
_SAME = (
    "BillingMode",
    "KeySchema",
    "AttributeDefinitions",
    "GlobalSecondaryIndexes",
)


class Tables(NamedTuple):
    """Names of the tables, and the ARN of the log's stream."""

    log: str
    registry: str
    stream: str


def create_tables(client: Any, *, stage: str = "test") -> Tables:
    """Create both tables of a stage, empty; ``stage`` is part of their names.

    On a server that several tests share, each takes a stage of its own.
    """
    made = {
        name: client.create_table(**parameters)["TableDescription"]
        for name, parameters in read_definition(stage).items()
    }
    log, registry = made["LogTable"], made["RegistryTable"]
    return Tables(log["TableName"], registry["TableName"], log["LatestStreamArn"])


def delete_tables(client: Any, tables: Tables) -> None:
    """Delete both tables and what is in them."""
    for name in (tables.log, tables.registry):
        client.delete_table(TableName=name)


def read_definition(stage: str) -> dict[str, dict[str, Any]]:
    """Map each table's name in the template to the parameters of CreateTable."""
    template = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    return {
        name: _parameters(resource["Properties"], stage)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def _parameters(properties: dict[str, Any], stage: str) -> dict[str, Any]:
    found = {name: properties[name] for name in _SAME}
    found["TableName"] = properties["TableName"]["Fn::Sub"].replace("${Stage}", stage)
    if stream := properties.get("StreamSpecification"):
        found["StreamSpecification"] = {"StreamEnabled": True, **stream}
    return found
