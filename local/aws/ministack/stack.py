"""Deploys a package into MiniStack, as ``aws cloudformation package`` and ``deploy`` do on AWS."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws.ministack.server import REGION, MiniStack

BUCKET = "synclog-deploy"
TEMPLATE = "template.json"
WITHIN_S = 120.0
LOOK_EVERY_S = 0.2
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

Template = dict[str, Any]


class NotDeployedError(Exception):
    """CloudFormation refused the stack; the message names what and why."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that was deployed: what it said about itself, and what stands behind each name."""

    outputs: Mapping[str, str]
    ids: Mapping[str, str]  #: logical name → physical id

    def of_type(self, kind: str, template: Template) -> dict[str, str]:
        """Return logical and physical names of all resources of one type."""
        found = template["Resources"]
        return {name: one for name, one in self.ids.items() if found[name]["Type"] == kind}


def deploy(
    stack: MiniStack, name: str, template: Template, code: Path, parameters: Mapping[str, str]
) -> Stack:
    """Create a stack and wait until it stands.

    Args:
        template: every function's code is replaced by ``code``, a zip.

    Raises:
        NotDeployedError: it did not come to stand.
    """
    s3, cloudformation = stack.client("s3"), stack.client("cloudformation")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.upload_file(str(code), BUCKET, code.name)
    body = json.dumps(_with_code(template, f"s3://{BUCKET}/{code.name}"))
    s3.put_object(Bucket=BUCKET, Key=TEMPLATE, Body=body.encode())
    cloudformation.create_stack(
        StackName=name,
        # By its address: a template inside the call may have 51,200 bytes, and ours has more.
        TemplateURL=f"{stack.url}/{BUCKET}/{TEMPLATE}",
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    return _wait_for(cloudformation, name)


def _with_code(template: Template, uri: str) -> Template:
    copy: Template = json.loads(json.dumps(template))
    for resource in copy["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = uri
    return copy


def _wait_for(cloudformation: Any, name: str) -> Stack:
    until = time.monotonic() + WITHIN_S
    while (found := _look(cloudformation, name))["StackStatus"].endswith("IN_PROGRESS"):
        if time.monotonic() > until:
            raise NotDeployedError(f"the stack {name} is still {found['StackStatus']}")
        time.sleep(LOOK_EVERY_S)
    if found["StackStatus"] != "CREATE_COMPLETE":
        raise NotDeployedError(_why(cloudformation, name, found))
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return Stack(
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        ids={one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
    )


def _look(cloudformation: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return found


def _why(cloudformation: Any, name: str, found: Mapping[str, Any]) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    told = [
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
    ]
    return "\n".join([f"{found['StackStatus']}: {found.get('StackStatusReason', '')}", *told])
