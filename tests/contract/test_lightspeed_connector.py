"""Every way a call to Lightspeed can go wrong, for reads and for writes; against the simulator."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.connectors.lightspeed import OFFER
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection
from chalicelib.domain.statuses import Kind
from tests.contract.lightspeed_connection import Connected, connect, linked, wanted
from tests.contract.lightspeed_store import API

Renew = Callable[[Mapping[str, str]], Mapping[str, str] | None]
SALE = "00000000-0000-0000-0000-000000000042"


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


@contextmanager
def connected_with(renew: Renew) -> Iterator[Connected]:
    with connect(renew=renew) as connected:
        yield connected


def read(at: Connected) -> SyncFailure:
    """Read a sale while the next call goes wrong."""
    failure = at.order(SALE)
    assert isinstance(failure, SyncFailure)
    return failure


def write(at: Connected) -> SyncFailure:
    """Create a product while the next creation goes wrong."""
    failure = at.sync(wanted(at.listing()))["1001"]
    assert isinstance(failure, SyncFailure)
    return failure


READS = {
    400: Reason.REJECTED_BY_TARGET,
    403: Reason.AUTH_REJECTED,
    408: Reason.RETRYING,
    409: Reason.CONFLICT,
    422: Reason.REJECTED_BY_TARGET,
    429: Reason.THROTTLED,
    500: Reason.RETRYING,
    502: Reason.RETRYING,
    503: Reason.RETRYING,
}
CREATES = READS | dict.fromkeys((500, 502, 503), Reason.OUTCOME_UNKNOWN)


@pytest.mark.parametrize(("status", "reason"), READS.items())
def test_an_error_status_of_a_read_has_its_reason(
    at: Connected, status: int, reason: Reason
) -> None:
    at.till.fail_next(status)

    failure = read(at)

    assert (failure.reason, failure.code) == (reason, status)
    assert failure.error_code


@pytest.mark.parametrize(("status", "reason"), CREATES.items())
def test_an_error_status_of_a_creation_has_its_reason(
    at: Connected, status: int, reason: Reason
) -> None:
    at.till.fail_next(status, path=f"{API}/products", method="POST")

    failure = write(at)

    assert (failure.reason, failure.code) == (reason, status)
    assert at.products() == []


def test_an_update_that_meets_a_503_is_simply_tried_again(at: Connected) -> None:
    done = at.sync(wanted(at.listing()))["1001"]
    at.till.fail_next(503, path=f"{API}/products/", method="PUT")

    failure = at.sync(linked(at.listing(item_name="Other"), done))["1001"]

    assert failure.reason is Reason.RETRYING


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Mon, 03 Aug 2026 09:00:07 GMT", 7),
        ("Mon, 03 Aug 2026 08:00:00 GMT", 0),
        ("7", 7),
        ("soon", None),
        (None, None),
    ],
    ids=["a date", "a date that has passed", "seconds", "nonsense", "none"],
)
def test_the_wait_lightspeed_asks_for_is_passed_on(
    at: Connected, header: str | None, seconds: float | None
) -> None:
    now = {"Date": "Mon, 03 Aug 2026 09:00:00 GMT"}
    at.till.fail_next(429, retry_after=header, headers=now)

    assert read(at).retry_after_s == seconds


def test_a_used_up_window_tells_when_it_begins_anew(at: Connected) -> None:
    at.till.calls_per_window = 0

    failure = read(at)

    assert (failure.reason, failure.retry_after_s) == (Reason.THROTTLED, 300)


def test_the_calls_left_are_read_from_every_answer_but_that_of_tokens(at: Connected) -> None:
    at.order(SALE)
    (exchange,) = at.account.http.trace.take()

    assert OFFER.calls_left(exchange.response_headers) == at.till.call_limit() - 1
    tokens = {"x-ratelimit-remaining": "29", "x-ratelimit-reset": "1785747660"}
    assert OFFER.calls_left(tokens) is None
    assert OFFER.calls_left({}) is None


def test_a_missing_scope_is_named(at: Connected) -> None:
    token = at.till.add_token("retailer:read products:read")
    poor = at.with_credentials(access_token=token)

    assert "sales:read" in read(poor).detail
    assert "products:write" in write(poor).detail


def test_a_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    with connected_with(lambda refused: {"access_token": renewed[0]}) as at:
        renewed = [at.till.add_token()]
        at.store.product("MUG")
        sale = at.till.sell("Leeds", {"MUG": 1})
        at.till.oauth.tokens[at.store.token].revoked = True

        source = at.source(Kind.ORDER)
        assert list(source.fetch_many([sale])) == [sale]
        assert list(source.fetch_many([sale])) == [sale]

        statuses = [call.status for call in at.till.calls_to(f"{API}/sales")]
        assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    "renew", [lambda refused: None, lambda refused: dict(refused)], ids=["no new one", "no better"]
)
def test_a_token_that_stays_refused_takes_the_connection_down(renew: Renew) -> None:
    with connected_with(renew) as at:
        at.till.oauth.tokens[at.store.token].revoked = True

        failure = read(at)

        assert failure.reason is Reason.CONNECTION_DOWN
        assert failure.cause == connection_cause("lightspeed")
        assert "sign in again" in failure.detail


def test_a_token_is_renewed_once_however_many_calls_are_refused() -> None:
    asked: list[Mapping[str, str]] = []

    def renew(refused: Mapping[str, str]) -> Mapping[str, str]:
        asked.append(refused)
        return dict(refused)

    with connected_with(renew) as at:
        at.till.oauth.tokens[at.store.token].revoked = True
        source = at.source(Kind.ORDER)

        for _ in range(3):
            assert source.fetch_many([SALE])[SALE].reason is Reason.CONNECTION_DOWN

        assert [one["access_token"] for one in asked] == [at.store.token]


def test_after_a_failure_of_the_account_nothing_more_is_asked(at: Connected) -> None:
    at.till.fail_next(429)

    results = at.source(Kind.ORDER).fetch_many([SALE, SALE.replace("42", "43")])

    assert {one.reason for one in results.values()} == {Reason.THROTTLED}
    assert at.calls() == 1


@pytest.mark.parametrize("mode", ["html", "drop_before", "half_body"])
def test_a_read_without_a_whole_answer_is_tried_again(at: Connected, mode: str) -> None:
    at.till.fail_next(mode=mode, status=200)

    assert read(at).reason is Reason.RETRYING


def test_a_page_with_a_refusal_means_what_its_status_means(at: Connected) -> None:
    at.till.fail_next(403, mode="html")

    failure = read(at)

    assert (failure.reason, "<" in failure.detail) == (Reason.AUTH_REJECTED, False)


@pytest.mark.parametrize("mode", ["html", "drop_before", "drop_after", "half_body"])
def test_a_creation_without_a_whole_answer_is_unknown(at: Connected, mode: str) -> None:
    at.till.fail_next(mode=mode, status=200, path=f"{API}/products", method="POST")

    assert write(at).reason is Reason.OUTCOME_UNKNOWN


def test_a_creation_whose_answer_comes_too_late_is_found_again() -> None:
    with connect(timeout_s=0.3) as at:
        at.till.fail_next(mode="slow", delay_s=1, path=f"{API}/products", method="POST")

        assert write(at).reason is Reason.OUTCOME_UNKNOWN
        done = at.sync(wanted(at.listing(), unclear=True))["1001"]

        assert done.verified
        assert len(at.products()) == 1


ERRORS: Mapping[str, tuple[Any, str]] = {
    "a text": ("The name is too long.", "The name is too long."),
    "error only": ({"error": "The url is not valid."}, "The url is not valid."),
    "error and message": ({"error": "Bad Request", "message": "No name."}, "No name."),
    "errors by field": ({"errors": {"sku": ["is taken"]}}, "is taken"),
    "errors in a list": ({"errors": ["is taken"]}, "is taken"),
    "message only": ({"message": "No name."}, "No name."),
    "a list": ([1, 2], "no details"),
    "nothing": ("", "no details"),
}


@pytest.mark.parametrize(("body", "says"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_of_any_shape_are_told(at: Connected, body: Any, says: str) -> None:
    at.till.fail_next(422, path=f"{API}/products", method="POST", body=body)

    failure = write(at)

    assert failure.reason is Reason.REJECTED_BY_TARGET
    assert says in failure.detail


def test_what_an_error_repeats_of_people_is_not_told(at: Connected) -> None:
    body = {"error": "Bad Request", "message": "ann@example.com is taken."}
    at.till.fail_next(422, path=f"{API}/products", method="POST", body=body)

    assert "ann@" not in write(at).detail


@pytest.mark.parametrize("body", [{"data": {}}, {"data": "x"}, 7, b"null"])
def test_a_list_of_an_unexpected_shape_is_tried_again(at: Connected, body: Any) -> None:
    at.till.fail_next(200, path=f"{API}/sales", body=body)

    with pytest.raises(SyncFailure) as failed:
        at.source(Kind.ORDER).list_changes(since=at.store.clock(), until=None, page="v1")

    assert (failed.value.reason, failed.value.error_code) == (Reason.RETRYING, "unexpected_shape")


def test_every_call_names_us_and_the_version(at: Connected) -> None:
    at.till.user_agent_required = True
    at.store.product("MUG")
    at.till.sell("Leeds", {"MUG": 1})

    at.with_settings(api_version="2026-10").changes(Kind.ORDER, since=at.store.clock())

    assert at.till.calls_to("/api/2026-10/sales")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.PRODUCT, "https://northwind.retail.lightspeed.app/product/a%2Fb"),
        (Kind.CUSTOMER, "https://northwind.retail.lightspeed.app/customer/a%2Fb"),
        (Kind.ORDER, None),
    ],
)
def test_people_see_products_and_customers_in_the_back_office(
    kind: Kind, expected: str | None
) -> None:
    settings = {"domain_prefix": "northwind"}
    store = Connection(consumer="c", name="l", platform="lightspeed", settings=settings)

    assert OFFER.record_url(store, kind, "a/b") == expected


def test_a_store_is_called_at_its_own_host(at: Connected) -> None:
    connection = replace(
        at.account.connection, base_url="", settings={"domain_prefix": "northwind"}
    )
    http = replace(at.account.http, base_url="", guard=Refusing())
    account = replace(at.account, connection=connection, http=http)

    with pytest.raises(LookupError, match=r"https://northwind\.retail\.lightspeed\.app/api/2026"):
        OFFER.open(account).list_choices("locations")


class Refusing:
    """A guard that tells where a call would go, so that it never goes there."""

    def check(self, url: str) -> None:
        raise LookupError(url)
