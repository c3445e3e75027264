"""The YAML parts of this folder as one tree, for one stage; it is merged over Chalice's output."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types

from infra.errors import NotPossibleError

HERE = Path(__file__).parent
STAGES = tuple(sorted(path.stem for path in (HERE / "stages").glob("*.yaml")))
APP = "synclog"

Tree = dict[str, Any]

#: Types of ours that take tags as a list of keys and values.
_TAGGED = frozenset(
    {
        "AWS::ApiGateway::DomainName",
        "AWS::CloudWatch::Alarm",
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }
)


def load(stage: str, *, architecture: str, runtime: str) -> Tree:
    """Return the parts of a stage with tags, runtime and dashboard filled in.

    Args:
        architecture: ``arm64`` or ``x86_64``, as Lambda names them.
        runtime: as Lambda names it, such as ``python3.13``.
    """
    if stage not in STAGES:
        raise NotPossibleError(f"There is no stage {stage!r}; there are {', '.join(STAGES)}.")
    tree: Tree = {}
    for path in (*sorted(HERE.glob("*.yaml")), HERE / "stages" / f"{stage}.yaml"):
        tree = _merged(tree, yaml.safe_load(path.read_text("utf-8")))
    tree["Parameters"]["Stage"] |= {"Default": stage, "AllowedValues": [stage]}
    for resource in tree["Resources"].values():
        _fill(resource, {"app": APP, "stage": stage}, architecture, runtime)
    return tree


def _fill(resource: Tree, tags: Mapping[str, str], architecture: str, runtime: str) -> None:
    properties = resource["Properties"]
    if "FunctionName" in properties:
        properties |= {"Architectures": [architecture], "Runtime": runtime, "Tags": dict(tags)}
    elif "DefinitionBody" in properties:
        properties["Tags"] = dict(tags)
    elif resource.get("Type") in _TAGGED:
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    elif "DashboardBody" in properties:
        properties["DashboardBody"] = {"Fn::Sub": json.dumps(properties["DashboardBody"])}


def _merged(below: Any, above: Any) -> Any:
    """Return a tree with everything of both; where both say something, ``above`` is right."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {
        key: _merged(below.get(key), above[key]) if key in above else below[key]
        for key in (*below, *(key for key in above if key not in below))
    }
