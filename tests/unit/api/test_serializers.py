"""What rows and errors say to people."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from chalice.app import Response

from chalicelib.api.errors import KNOWN, reshape, response_of
from chalicelib.api.serializers import (
    OUTCOME_SENTENCES,
    exchange_json,
    sentence_of,
    time_json,
)
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows.setup.errors import InvalidError, MovedOnError, Problem, TakenError
from tests.builders import make_exchange

NAME = RowName(consumer="acme", flow="a-b-to-c", record="1")


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_is_a_sentence_with_the_rows_own_after_it(reason: Reason) -> None:
    row = Row(
        name=NAME, kind=Kind.PRODUCT, status=reason.rule.status, reason=reason, detail="Own words."
    )

    exact = reason in (Reason.NEEDS_MAPPING, Reason.NEEDS_SETTINGS, Reason.NEEDS_RECORD)
    assert sentence_of(row) == ("Own words." if exact else f"{reason.rule.sentence} Own words.")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_is_a_sentence(outcome: Outcome) -> None:
    row = Row(name=NAME, kind=Kind.PRODUCT, status=Status.SYNCED, reason=None, outcome=outcome)

    assert sentence_of(row) == OUTCOME_SENTENCES[outcome]
    assert OUTCOME_SENTENCES[outcome].endswith(".")


def test_times_are_utc_to_the_millisecond() -> None:
    jakarta = timezone(timedelta(hours=7))

    assert time_json(datetime(2026, 11, 1, 7, 0, 0, 123456, jakarta)) == "2026-11-01T00:00:00.123Z"
    assert time_json(datetime(2026, 11, 1, tzinfo=UTC)) == "2026-11-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidError([Problem(field="a", message="b")]), 422),
        (TakenError("Choose another."), 409),
        (MovedOnError(), 409),
    ],
    ids=["invalid", "taken", "moved_on"],
)
def test_an_error_of_the_flows_has_one_status(error: Exception, status: int) -> None:
    response = response_of(error)

    assert isinstance(error, KNOWN)
    assert response.status_code == status
    assert set(response.body["error"]) == {"code", "message", "details"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (415, "unsupported_media_type"),
        (500, "internal"),
    ],
)
def test_what_chalice_says_by_itself_gets_our_shape(status: int, code: str) -> None:
    own = Response(body={"Code": "X", "Message": "Y"}, status_code=status, headers={"Allow": "GET"})

    shaped = reshape(own, request_id="id-1")

    assert shaped.body["error"]["code"] == code
    assert shaped.status_code == (400 if status == 415 else status)
    assert shaped.headers["Allow"] == "GET"
    assert ("id-1" in shaped.body["error"]["message"]) == (status == 500)


def test_an_answer_of_ours_passes_as_it_is() -> None:
    own = Response(body={"items": []})

    assert reshape(own, request_id="id-1") is own


def test_a_call_of_a_run_is_shown_under_the_id_of_the_run() -> None:
    assert exchange_json(make_exchange(execution="run-1"))["correlations"] == ["run-1"]
    both = make_exchange(execution="run-1", correlations=("request-1",))
    assert exchange_json(both)["correlations"] == ["request-1"]
    assert exchange_json(make_exchange())["correlations"] == []
