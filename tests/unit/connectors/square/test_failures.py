"""Square's errors as reasons, and what is said of them."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.connectors.http import Answer
from chalicelib.connectors.square.failures import (
    Call,
    VendorError,
    errors_in,
    failure_of_answer,
    failure_of_errors,
)
from chalicelib.domain.reasons import Reason, SyncFailure

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
READ = Call(connection="square", needs="ORDERS_READ")
UPDATE = Call(connection="square", needs="ITEMS_WRITE", writes=True)
CREATE = Call(connection="square", needs="ITEMS_WRITE", writes=True, creates=True)


def failure(status: int, code: str, call: Call = READ, **more: str) -> SyncFailure:
    body = {"errors": [{"category": "ANY", "code": code, **more}]}
    answer = Answer(status=status, headers={}, body=json.dumps(body).encode())
    return failure_of_answer(answer, call, now=NOW)


@pytest.mark.parametrize(
    ("status", "code", "call", "reason"),
    [
        (400, "VALUE_TOO_LONG", CREATE, Reason.REJECTED_BY_TARGET),
        (400, "VERSION_MISMATCH", UPDATE, Reason.RETRYING),
        (400, "IDEMPOTENCY_KEY_REUSED", CREATE, Reason.OUTCOME_UNKNOWN),
        (400, "INVALID_CURSOR", READ, Reason.RETRYING),
        (401, "ACCESS_TOKEN_EXPIRED", READ, Reason.CONNECTION_DOWN),
        (403, "INSUFFICIENT_SCOPES", READ, Reason.AUTH_REJECTED),
        (403, "APPLICATION_DISABLED", READ, Reason.CONNECTION_DOWN),
        (404, "NOT_FOUND", READ, Reason.MISSING_AT_TARGET),
        (408, "REQUEST_TIMEOUT", READ, Reason.RETRYING),
        (409, "CONFLICT", UPDATE, Reason.RETRYING),
        (409, "CODE_OF_TOMORROW", UPDATE, Reason.RETRYING),
        (410, "GONE", READ, Reason.MISSING_AT_TARGET),
        (413, "REQUEST_ENTITY_TOO_LARGE", UPDATE, Reason.REJECTED_BY_TARGET),
        (429, "RATE_LIMITED", UPDATE, Reason.THROTTLED),
        (500, "INTERNAL_SERVER_ERROR", READ, Reason.RETRYING),
        (500, "INTERNAL_SERVER_ERROR", UPDATE, Reason.OUTCOME_UNKNOWN),
        (503, "SERVICE_UNAVAILABLE", UPDATE, Reason.RETRYING),
        (503, "SERVICE_UNAVAILABLE", CREATE, Reason.OUTCOME_UNKNOWN),
        (504, "GATEWAY_TIMEOUT", CREATE, Reason.OUTCOME_UNKNOWN),
        (599, "CODE_OF_TOMORROW", READ, Reason.RETRYING),
    ],
)
def test_status_and_code_make_the_reason(
    status: int, code: str, call: Call, reason: Reason
) -> None:
    told = failure(status, code, call)

    assert (told.reason, told.code) == (reason, status)


def test_only_a_refused_account_has_the_connection_as_its_cause() -> None:
    assert failure(401, "UNAUTHORIZED").cause == "connection:square"
    assert failure(403, "INSUFFICIENT_SCOPES").cause is None


def test_a_refusal_names_field_code_and_what_square_says() -> None:
    told = failure(400, "VALUE_TOO_LONG", CREATE, detail="Too long.", field="name")

    assert told.detail == "Square refused name (VALUE_TOO_LONG): Too long."
    assert (told.error_code, told.field) == ("VALUE_TOO_LONG", "name")


def test_a_long_detail_is_cut() -> None:
    assert len(failure(400, "BAD_REQUEST", detail="x" * 5000).detail) == 300


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": {}}', b'{"errors": []}'])
def test_a_body_without_errors_leaves_the_status_to_speak(body: bytes) -> None:
    answer = Answer(status=503, headers={"retry-after": "4"}, body=body)

    told = failure_of_answer(answer, READ, now=NOW)

    assert (told.reason, told.retry_after_s) == (Reason.RETRYING, 4)
    assert "503" in told.detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3", "x-ratelimit-reset": "9999999999"}, 3),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 5)}, 5),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 5)}, 0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_either_header(
    headers: dict[str, str], seconds: float | None
) -> None:
    answer = Answer(status=429, headers=headers, body=b"")

    assert failure_of_answer(answer, READ, now=NOW).retry_after_s == seconds


def test_errors_of_a_200_prove_that_nothing_was_done() -> None:
    told = failure_of_errors([VendorError(code="INVALID_VALUE", detail="Bad.")], CREATE)

    assert (told.reason, told.code) == (Reason.REJECTED_BY_TARGET, 400)


def test_odd_members_of_errors_are_passed_over() -> None:
    found = errors_in({"errors": [None, "x", {"code": 7, "detail": None}, {"code": "A"}]})

    assert [one.code for one in found] == ["UNKNOWN", "A"]


def test_the_old_error_shape_is_one_error() -> None:
    found = errors_in({"type": "bad_request", "message": "No.", "field": "ids"})

    assert found == (VendorError(code="bad_request", detail="No.", field="ids"),)
