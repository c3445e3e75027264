"""What a shop's refusals mean where a server does not easily say them."""

from typing import Any

import pytest

from chalicelib.connectors.http import Answer
from chalicelib.connectors.woocommerce.answers import json_in
from chalicelib.connectors.woocommerce.failures import (
    Call,
    error_in,
    failure_of_item,
    resource_id_of,
)
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure

CALL = Call(connection="woo", writes=True)


def answer(text: str) -> Answer:
    return Answer(status=200, headers={}, body=text.encode())


@pytest.mark.parametrize(
    ("code", "data", "reason", "status"),
    [
        ("x", None, Reason.REJECTED_BY_TARGET, 400),
        ("x", 500, Reason.OUTCOME_UNKNOWN, 500),
        ("x", {"status": 409}, Reason.CONFLICT, 409),
        ("product_invalid_sku", {"status": 400, "resource_id": 7}, Reason.CONFLICT, 400),
        ("woocommerce_rest_cannot_edit", {"status": 401}, Reason.CONNECTION_DOWN, 401),
        ("woocommerce_rest_cannot_edit", {"status": 403}, Reason.AUTH_REJECTED, 403),
    ],
)
def test_an_entry_of_a_batch_has_a_reason_of_its_own(
    code: str, data: Any, reason: Reason, status: int
) -> None:
    failure = failure_of_item({"code": code, "message": "No.", "data": data}, CALL)

    assert (failure.reason, failure.code, failure.error_code) == (reason, status, code)
    is_down = reason is Reason.CONNECTION_DOWN
    assert failure.cause == (connection_cause("woo") if is_down else None)
    assert resource_id_of(failure) == (7 if code == "product_invalid_sku" else None)


@pytest.mark.parametrize(
    ("data", "field", "resource"),
    [
        ({"params": {"sku": "x"}}, "sku", None),
        ({"params": ["note"]}, "note", None),
        ({"params": []}, "", None),
        ({"params": [7]}, "", None),
        ({"resource_id": 0}, "", None),
        ({"resource_id": "7"}, "", None),
        ([], "", None),
        (404, "", None),
    ],
)
def test_the_data_of_a_refusal_may_have_any_shape(
    data: Any, field: str, resource: int | None
) -> None:
    error = error_in({"code": 5, "message": None, "data": data})
    assert (error.code, error.field, error.resource_id) == ("", field, resource)


def test_a_message_loses_its_markup_and_what_it_repeats_of_the_call() -> None:
    told = "<strong>No.</strong> ck_0123456789abcdef of ann@example.com"
    error = error_in({"code": "x", "message": told})
    assert error.message == "No. [hidden] of [hidden]"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":1}', {"a": 1}),
        ('<b>Notice</b>\n{"a":1}', {"a": 1}),
        ("<b>Notice</b> {x}\n[1]", [1]),
        ('\ufeff{"a":1}', {"a": 1}),
    ],
)
def test_json_is_found_behind_notices(text: str, found: Any) -> None:
    assert json_in(answer(text)) == found


@pytest.mark.parametrize("text", ["<html>\n{nothing\n", "", "Notice {", '{"a":1'])
def test_a_page_or_half_an_answer_is_no_json(text: str) -> None:
    with pytest.raises(SyncFailure) as failed:
        json_in(answer(text))
    assert failed.value.error_code == "not_json"
