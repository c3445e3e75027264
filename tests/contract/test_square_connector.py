"""Every way a call to Square can go wrong, for reads and for writes; against the simulator."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.contract.square_connection import Connected, connect, linked, wanted

Renew = Callable[[Mapping[str, str]], Mapping[str, str] | None]
UPSERT = "/v2/catalog/batch-upsert"


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def read(at: Connected) -> SyncFailure:
    """Read an order while the next call goes wrong."""
    with pytest.raises(SyncFailure) as failed:
        at.orders().fetch_many(["SALE42"])
    return failed.value


def write(at: Connected) -> SyncFailure:
    """Create a product while the next upsert goes wrong."""
    failure = at.sync(wanted(at.listing()))["1001"]
    assert isinstance(failure, SyncFailure)
    return failure


READS = {
    400: Reason.REJECTED_BY_TARGET,
    403: Reason.AUTH_REJECTED,
    404: Reason.MISSING_AT_TARGET,
    408: Reason.RETRYING,
    409: Reason.RETRYING,
    429: Reason.THROTTLED,
    500: Reason.RETRYING,
    502: Reason.RETRYING,
    503: Reason.RETRYING,
    504: Reason.RETRYING,
}
CREATES = READS | {
    500: Reason.OUTCOME_UNKNOWN,
    502: Reason.OUTCOME_UNKNOWN,
    503: Reason.OUTCOME_UNKNOWN,
    504: Reason.OUTCOME_UNKNOWN,
}


@pytest.mark.parametrize(("status", "reason"), READS.items())
def test_an_error_status_of_a_read_has_its_reason(
    at: Connected, status: int, reason: Reason
) -> None:
    at.square.fail_next(status)

    failure = read(at)

    assert (failure.reason, failure.code) == (reason, status)
    assert failure.error_code


@pytest.mark.parametrize(("status", "reason"), CREATES.items())
def test_an_error_status_of_a_creation_has_its_reason(
    at: Connected, status: int, reason: Reason
) -> None:
    at.square.fail_next(status, path=UPSERT)

    failure = write(at)

    assert (failure.reason, failure.code) == (reason, status)
    assert at.all_items() == []


def test_an_update_that_meets_a_503_is_simply_tried_again(at: Connected) -> None:
    done = at.sync(wanted(at.listing()))["1001"]
    at.square.fail_next(503, path=UPSERT)

    failure = at.sync(linked(at.listing(item_name="Other"), done))["1001"]

    assert failure.reason is Reason.RETRYING


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("Mon, 02 Mar 2026 09:00:07 GMT", 0), (None, None)],
    ids=["seconds", "a date that has passed", "none"],
)
def test_the_wait_square_asks_for_is_passed_on(
    at: Connected, header: str | None, seconds: float | None
) -> None:
    at.square.fail_next(429, retry_after=header)

    assert read(at).retry_after_s == seconds


def test_the_reset_header_is_read_as_a_wait_too(at: Connected) -> None:
    reset = int(at.shop.clock().timestamp()) + 9
    at.square.fail_next(429, headers={"X-RateLimit-Reset": str(reset)})

    assert read(at).retry_after_s == 9


def test_a_missing_permission_is_named(at: Connected) -> None:
    at.square.fail_next(403, path=UPSERT)

    assert "ITEMS_WRITE" in write(at).detail


def test_a_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    with connected_with(lambda refused: {"access_token": "RENEWED"}) as at:
        at.square.add_token("RENEWED")
        at.square.oauth.tokens[at.shop.merchant.token].revoked = True
        order_id = at.square.sell(at.places[0], [(None, 1, 500)])

        source = at.orders()
        assert list(source.fetch_many([order_id])) == [order_id]
        assert list(source.fetch_many([order_id])) == [order_id]

        statuses = [call.status for call in at.square.calls_to("/v2/orders")]
        assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    "renew", [lambda refused: None, lambda refused: dict(refused)], ids=["no new one", "no better"]
)
def test_a_token_that_stays_refused_takes_the_connection_down(renew: Renew) -> None:
    with connected_with(renew) as at:
        at.square.oauth.tokens[at.shop.merchant.token].revoked = True

        failure = read(at)

        assert failure.reason is Reason.CONNECTION_DOWN
        assert failure.cause == connection_cause("square")
        assert failure.error_code == "ACCESS_TOKEN_REVOKED"
        assert at.shop.merchant.token not in failure.detail


def test_the_refused_credentials_are_the_ones_given_to_renew() -> None:
    refused: list[str] = []

    def renew(credentials: Mapping[str, str]) -> None:
        refused.append(credentials["access_token"])

    with connected_with(renew) as at:
        at.square.oauth.expire(at.shop.merchant.token)
        read(at)

        assert refused == [at.shop.merchant.token]


@contextmanager
def connected_with(renew: Renew) -> Iterator[Connected]:
    with connect(renew=renew) as connected:
        yield connected


@pytest.mark.parametrize("mode", ["drop_before", "drop_after", "half_body", "html"])
def test_a_read_without_a_whole_answer_is_tried_again(at: Connected, mode: str) -> None:
    at.square.fail_next(200, mode=mode)

    assert read(at).reason is Reason.RETRYING


@pytest.mark.parametrize("mode", ["drop_before", "drop_after", "half_body", "html"])
def test_a_creation_without_a_whole_answer_is_unknown(at: Connected, mode: str) -> None:
    at.square.fail_next(200, mode=mode, path=UPSERT)

    assert write(at).reason is Reason.OUTCOME_UNKNOWN


@pytest.mark.parametrize(("mode", "made"), [("hang", 0), ("slow", 1)])
def test_a_creation_that_times_out_is_unknown_and_never_made_twice(mode: str, made: int) -> None:
    with connect(timeout_s=0.3) as at:
        at.square.fail_next(mode=mode, path=UPSERT, delay_s=1)

        assert write(at).reason is Reason.OUTCOME_UNKNOWN
        assert len(at.all_items()) == made

        row = wanted(at.listing(), unclear=True)
        result = at.sync(row)["1001"]
        assert result.target_id
        assert len(at.all_items()) == 1


def test_an_unclear_record_goes_singly_with_its_own_key(at: Connected) -> None:
    at.square.fail_next(mode="drop_after", path=UPSERT)
    assert write(at).reason is Reason.OUTCOME_UNKNOWN
    at.square.search_lag_s = 60  # the search does not show yet what was made
    rows = [wanted(at.listing(), unclear=True), wanted(at.listing(2))]

    results = at.sync(*rows)

    assert results["1001"].verified
    assert results["1002"].verified
    assert len(at.all_items()) == 2


def test_a_record_created_alone_carries_its_own_key_and_an_update_a_fresh_one(
    at: Connected,
) -> None:
    done = at.sync(wanted(at.listing()))["1001"]
    at.sync(linked(at.listing(item_name="Other"), done))
    at.sync(linked(at.listing(), done))

    upserts = [one for one in at.account.http.trace.exchanges if UPSERT in one.url]
    keys = [json.loads(one.request_body)["idempotency_key"] for one in upserts]
    assert keys[0] == "key-1001"
    assert len(set(keys)) == 3


def test_a_key_that_was_used_means_that_the_first_one_arrived(at: Connected) -> None:
    at.square.fail_next(mode="drop_after", path=UPSERT)
    write(at)
    at.square.search_lag_s = 60
    changed = at.listing(item_name="Other")

    failure = at.sync(wanted(changed))["1001"]
    at.shop.clock.advance(61)
    done = at.sync(wanted(changed, unclear=True))["1001"]

    assert (failure.reason, failure.error_code) == (
        Reason.OUTCOME_UNKNOWN,
        "IDEMPOTENCY_KEY_REUSED",
    )
    assert done.verified
    assert len(at.all_items()) == 1


def test_a_used_key_does_not_stop_a_record_that_was_looked_for_and_is_not_there(
    at: Connected,
) -> None:
    done = at.sync(wanted(at.listing()))["1001"]
    at.square.delete_catalog(str(done.parent_id))
    changed = at.listing(item_name="Other")

    again = at.sync(wanted(changed, unclear=True))["1001"]

    assert again.verified
    assert again.target_id != done.target_id


ERRORS = {
    "RATE_LIMITED": Reason.THROTTLED,
    "UNAUTHORIZED": Reason.CONNECTION_DOWN,
    "INSUFFICIENT_SCOPES": Reason.AUTH_REJECTED,
    "INTERNAL_SERVER_ERROR": Reason.RETRYING,
    "INVALID_VALUE": Reason.REJECTED_BY_TARGET,
    "CODE_OF_TOMORROW": Reason.REJECTED_BY_TARGET,
}


@pytest.mark.parametrize(("code", "reason"), ERRORS.items())
def test_errors_inside_a_200_are_errors(at: Connected, code: str, reason: Reason) -> None:
    body = {"errors": [{"category": "API_ERROR", "code": code, "detail": "Told in a 200."}]}
    at.square.fail_next(200, body=body)
    at.square.fail_next(200, body=body, path=UPSERT)

    assert read(at).reason is reason
    assert write(at).reason is reason


def test_half_a_list_with_errors_is_not_taken_for_a_whole_one(at: Connected) -> None:
    done = at.sync(wanted(at.listing()))["1001"]
    body = {"objects": [], "errors": [{"category": "API_ERROR", "code": "TEMPORARY_ERROR"}]}
    at.square.fail_next(200, body=body, path="/v2/catalog/batch-retrieve")

    with pytest.raises(SyncFailure) as failed:
        at.products().find_many([linked(at.listing(), done)])

    assert failed.value.reason is Reason.RETRYING


def test_a_200_that_says_nothing_of_the_write_is_unknown(at: Connected) -> None:
    at.square.fail_next(200, body={}, path=UPSERT)

    assert write(at).reason is Reason.OUTCOME_UNKNOWN


def test_a_read_back_that_fails_leaves_the_product_to_be_looked_at_again(at: Connected) -> None:
    at.square.fail_next(500, path="/v2/catalog/batch-retrieve")

    done = at.sync(wanted(at.listing()))["1001"]

    assert (done.awaiting, done.verified) == (True, False)
    assert done.target_id


def test_an_old_fashioned_error_body_is_understood(at: Connected) -> None:
    at.square.fail_next(400, body={"type": "bad_request", "message": "No.", "field": "order_ids"})

    failure = read(at)

    assert (failure.error_code, failure.field) == ("bad_request", "order_ids")


@pytest.mark.parametrize("body", [[], "text", {"errors": "many"}, {"errors": [1, None]}])
def test_an_error_body_of_any_shape_is_survived(at: Connected, body: object) -> None:
    at.square.fail_next(400, body=body)

    assert read(at).reason is Reason.REJECTED_BY_TARGET


def test_a_search_that_leads_in_a_circle_ends_with_an_error(at: Connected) -> None:
    for number in range(3):
        at.shop.make(f"S{number}")
    page = {"objects": [], "cursor": "SAME"}
    at.square.fail_next(200, body=page, path="/v2/catalog/search", times=50)

    with pytest.raises(SyncFailure) as failed:
        at.products().find_many([wanted(at.listing())])

    assert failed.value.error_code == "page_repeats"


def test_every_call_carries_the_version_of_the_settings() -> None:
    with connect(settings={"api_version": "2026-01-22"}) as at:
        at.orders().fetch_many(["SALE42"])

        sent = at.account.http.trace.exchanges[0].request_headers
        assert sent["square-version"] == "2026-01-22"
