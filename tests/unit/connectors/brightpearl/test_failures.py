"""What Brightpearl's answers mean, and what is kept out of the sentences."""

import json
from typing import Any

import pytest

from chalicelib.connectors.brightpearl.failures import Sent, errors_of, failure_from
from chalicelib.connectors.http import Answer
from chalicelib.domain.reasons import Reason, SyncFailure


def fail(
    status: int, body: Any, *, path: str = "order-service/order/501/row/9001", method: str = "PUT"
) -> SyncFailure:
    sent = Sent(method=method, path=path, writes=method != "GET", connection="brightpearl")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure_from(Answer(status=status, headers={}, body=raw), sent)


def errors(code: str, message: str = "Wrong") -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


def test_sentence_names_call_status_and_the_vendors_words() -> None:
    failure = fail(400, errors("ORDC-006", "Order type invalid"))
    assert failure.detail == (
        "Brightpearl answered 400 to PUT order-service/order/…/row/…: Order type invalid (ORDC-006)"
    )
    assert (failure.code, failure.error_code) == (400, "ORDC-006")


def test_codes_of_bad_input_make_a_500_final() -> None:
    assert fail(500, errors("CMNC-044")).reason is Reason.REJECTED_BY_TARGET
    assert fail(500, errors("CMNU-003")).reason is Reason.OUTCOME_UNKNOWN
    read = fail(500, errors("CMNU-003"), method="GET")
    assert read.reason is Reason.RETRYING


def test_note_that_moved_on_is_read_again() -> None:
    assert fail(412, errors("WHSC-000")).reason is Reason.RETRYING


def test_text_of_a_refusal_is_not_repeated() -> None:
    failure = fail(401, {"response": "Invalid instance token: abc123"})
    assert (failure.reason, "abc123" in failure.detail) == (Reason.CONNECTION_DOWN, False)


def test_permission_is_named_without_ids() -> None:
    failure = fail(403, b"", path="warehouse-service/product-availability/1-5,9", method="GET")
    assert failure.reason is Reason.AUTH_REJECTED
    assert "GET warehouse-service/product-availability/…" in failure.detail


@pytest.mark.parametrize(
    "message", ["ann@example.com is taken", "Call +44 117 000 0000", "x" * 900]
)
def test_messages_are_bounded_and_free_of_people(message: str) -> None:
    detail = fail(400, errors("ORDC-000", message)).detail
    assert "ann@" not in detail
    assert "117" not in detail
    assert len(detail) < 400


def test_messages_about_contacts_are_reduced_to_their_codes() -> None:
    failure = fail(
        400, errors("CONC-1", "Ann Example exists"), path="contact-service/contact", method="POST"
    )
    assert "Ann" not in failure.detail
    assert "CONC-1" in failure.detail


@pytest.mark.parametrize("body", [None, [], 5, {}, {"errors": None}, {"errors": ["x"]}])
def test_body_without_readable_errors_has_none(body: Any) -> None:
    assert errors_of(body) == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"err'])
def test_unreadable_body_leaves_the_status_to_say_it(body: bytes) -> None:
    assert fail(400, body).reason is Reason.REJECTED_BY_TARGET
    assert fail(503, body).reason is Reason.RETRYING
    assert fail(429, body).reason is Reason.THROTTLED


def test_other_503_that_says_something_is_not_throttling() -> None:
    assert fail(503, {"response": "Down for maintenance"}).reason is Reason.RETRYING
