"""What the produced template needs changed for the emulator; each change says why.

Only what an emulator on this machine cannot do like AWS is bent; nothing that the tests are about.
"""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.ministack.stack import Template

CONTEXT = "kms:EncryptionContext"
BATCHES = {
    "sqs:SendMessage": "sqs:SendMessageBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
}
_GIVEN = ("statusCode", "responseParameters", "responseTemplates")


def bent(template: Template, public_url: str) -> Template:
    """Return a copy of the template as it is deployed into the emulator."""
    copy: Template = json.loads(json.dumps(template))
    copy["Resources"] = {
        name: one for name, one in copy["Resources"].items() if not _is_refused(one)
    }
    for resource in copy["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Environment"]["Variables"].update(_variables(public_url))
            for event in resource["Properties"].get("Events", {}).values():
                _take_two_at_a_time(event["Properties"])
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    _forget_encryption_context(statement)
                    _allow_batches(statement)
    return copy


def _is_refused(resource: Mapping[str, Any]) -> bool:
    """MiniStack refuses an alarm that adds metrics up, and with it the whole stack."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _variables(public_url: str) -> Mapping[str, str]:
    return {
        # API Gateway's own name, which the template builds, does not resolve on this machine.
        "SYNCLOG_PUBLIC_URL": public_url,
        # The vendors are simulators on this machine. Settings take it only where AWS is one, too.
        "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
    }


def _take_two_at_a_time(event: dict[str, Any]) -> None:
    """Each batch at the same time is a process with the whole package unpacked for it alone."""
    if "ScalingConfig" in event:
        event["ScalingConfig"]["MaximumConcurrency"] = 2


def _forget_encryption_context(statement: dict[str, Any]) -> None:
    """MiniStack knows no encryption context when it decides by a policy, and would refuse all."""
    if CONTEXT in json.dumps(statement.get("Condition", {})):
        del statement["Condition"]


def _allow_batches(statement: dict[str, Any]) -> None:
    """MiniStack asks for an action of its own where SQS takes a batch under the single one's."""
    asked = statement["Action"]
    actions = [asked] if isinstance(asked, str) else asked
    statement["Action"] = [*actions, *(BATCHES[one] for one in actions if one in BATCHES)]


def put_gateway_responses(client: Any, api: str, template: Template) -> None:
    """Say what API Gateway answers by itself: MiniStack does not read it in the API document."""
    document = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    for kind, response in document["x-amazon-apigateway-gateway-responses"].items():
        given = {name: response[name] for name in _GIVEN if name in response}
        if "statusCode" in given:
            given["statusCode"] = str(given["statusCode"])
        client.put_gateway_response(restApiId=api, responseType=kind, **given)
    client.create_deployment(restApiId=api, stageName="api")
