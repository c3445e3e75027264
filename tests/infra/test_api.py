"""API Gateway: its limits, its logs, and what it answers by itself."""

import json
import re
from collections.abc import Callable

import pytest

from chalicelib.api import errors
from tests.infra.produced import Template, of_type

Properties = Callable[[str], Template]

SECRETS = ("$context.path", "$context.identity", "querystring", "$context.authorizer")


@pytest.fixture
def answers(properties: Properties) -> Template:
    found: Template = properties("RestAPI")["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]
    return found


def body_of(answer: Template) -> Template:
    """Return the JSON that callers see."""
    text = answer["responseTemplates"]["application/json"]
    found: Template = json.loads(text.replace("$context.extendedRequestId", "the-id"))
    return found


def test_callers_are_slowed_down_before_the_account_is(properties: Properties) -> None:
    [method] = properties("RestAPI")["MethodSettings"]

    assert (method["ResourcePath"], method["HttpMethod"]) == ("/*", "*")
    assert method["ThrottlingRateLimit"] == {"Ref": "ApiRequestsPerSecond"}
    assert method["ThrottlingBurstLimit"] == {"Ref": "ApiBurst"}


def test_execution_logs_are_off_for_they_would_hold_webhook_tokens(properties: Properties) -> None:
    [method] = properties("RestAPI")["MethodSettings"]

    assert method["LoggingLevel"] == "OFF"
    assert method["DataTraceEnabled"] is False


def test_access_logs_hold_routes_and_no_address_of_anybody(properties: Properties) -> None:
    logged = properties("RestAPI")["AccessLogSetting"]

    assert logged["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}
    assert "$context.resourcePath" in logged["Format"]
    assert [one for one in SECRETS if one in logged["Format"]] == []
    json.loads(re.sub(r"(?<!\")\$context\.[A-Za-z.]+", "1", logged["Format"]))
    assert "\n" not in logged["Format"]


def test_logs_and_answers_name_a_request_as_the_code_does(
    properties: Properties, answers: Template
) -> None:
    """By the id that no caller can choose; see chalicelib.api.requests."""
    logged = properties("RestAPI")["AccessLogSetting"]["Format"]

    assert '"correlation":"$context.extendedRequestId"' in logged
    assert body_of(answers["DEFAULT_5XX"])["error"]["details"] == {"id": "the-id"}


def test_the_stack_leaves_the_role_that_all_apis_share_alone(template: Template) -> None:
    assert of_type(template, "AWS::ApiGateway::Account") == {}


def test_every_answer_of_api_gateway_itself_has_our_shape(answers: Template) -> None:
    for kind, answer in answers.items():
        error = body_of(answer)["error"]
        assert error.keys() == {"code", "message", "details"}, kind
        assert error["message"].endswith(".")
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/json'"
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", 404, "not_found"),
        ("RESOURCE_NOT_FOUND", 404, "not_found"),
        ("INVALID_SIGNATURE", 404, "not_found"),
        ("REQUEST_TOO_LARGE", 413, "too_large"),
        ("THROTTLED", 429, "too_many_requests"),
        ("INTEGRATION_TIMEOUT", 504, "timeout"),
    ],
)
def test_status_and_code_say_what_happened(
    answers: Template, kind: str, status: int, code: str
) -> None:
    assert answers[kind]["statusCode"] == status
    assert body_of(answers[kind])["error"]["code"] == code


def test_all_that_is_not_named_has_our_shape_too(answers: Template) -> None:
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= answers.keys()
    assert "statusCode" not in answers["DEFAULT_4XX"]


def test_an_unknown_address_is_answered_in_the_words_of_the_code(answers: Template) -> None:
    said = errors.body_of(errors.NO_SUCH_ADDRESS)

    assert body_of(answers["MISSING_AUTHENTICATION_TOKEN"]) == said


def test_who_is_too_fast_learns_when_to_come_back(answers: Template) -> None:
    headers = answers["THROTTLED"]["responseParameters"]

    assert headers["gatewayresponse.header.Retry-After"] == "'1'"


def test_html_and_json_travel_as_text_and_compressed(properties: Properties) -> None:
    found = properties("RestAPI")
    binary = found["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]

    assert [one for one in binary if one.startswith("text/") or "json" in one or "*" in one] == []
    assert found["MinimumCompressionSize"] == 1024


def test_there_is_one_stage_near_its_callers(properties: Properties) -> None:
    found = properties("RestAPI")

    assert found["StageName"] == "api"
    assert found["OpenApiVersion"] == "2.0"  # else SAM makes a second stage
    assert found["EndpointConfiguration"] == {"Type": "REGIONAL"}


def test_every_route_of_the_code_leads_to_the_function(properties: Properties) -> None:
    paths = properties("RestAPI")["DefinitionBody"]["paths"]
    uris = {
        method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        for methods in paths.values()
        for method in methods.values()
    }

    [uri] = uris
    assert f"function:{properties('APIHandler')['FunctionName']['Fn::Sub']}/invocations" in uri
    assert "/webhooks/{platform}/{token}" in paths


@pytest.mark.parametrize("name", ["ApiDomain", "ApiDomainMapping"])
def test_a_domain_is_made_when_one_is_given(template: Template, name: str) -> None:
    assert template["Resources"][name]["Condition"] == "HasDomain"
