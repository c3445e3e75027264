"""What becomes of a record when Brightpearl refuses, stumbles, or does not answer."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.platforms import Done
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Product
from local.platforms.brightpearl.faults import THROTTLED
from tests.contract.brightpearl_connection import ANN, Connected, connect, reason_of, wanted

BAD_INPUT = {"errors": [{"code": "CMNC-018", "message": "Filter productId is not an IDSET"}]}
SERVER_FAULT = {"errors": [{"code": "CMNU-003", "message": "Something went wrong"}]}

FAULTS: dict[str, tuple[dict[str, Any], Reason, Reason]] = {
    # name: (fault, reason of a read, reason of a write)
    "400": ({"status": 400}, Reason.REJECTED_BY_TARGET, Reason.REJECTED_BY_TARGET),
    "401": ({"status": 401}, Reason.CONNECTION_DOWN, Reason.CONNECTION_DOWN),
    "403": ({"status": 403}, Reason.AUTH_REJECTED, Reason.AUTH_REJECTED),
    "409": ({"status": 409}, Reason.CONFLICT, Reason.CONFLICT),
    "414": ({"status": 414}, Reason.REJECTED_BY_TARGET, Reason.REJECTED_BY_TARGET),
    "429": ({"status": 429}, Reason.THROTTLED, Reason.THROTTLED),
    "500": ({"status": 500}, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    "500 for bad input": (
        {"status": 500, "body": BAD_INPUT},
        Reason.REJECTED_BY_TARGET,
        Reason.REJECTED_BY_TARGET,
    ),
    "503 for maintenance": ({"status": 503}, Reason.RETRYING, Reason.RETRYING),
    "503 for too many calls": (
        {"status": 503, "body": THROTTLED},
        Reason.THROTTLED,
        Reason.THROTTLED,
    ),
    "no answer, nothing done": ({"mode": "drop_before"}, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    "no answer, done": ({"mode": "drop_after"}, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    "half a body": ({"mode": "half_body"}, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    "a page of a proxy": ({"mode": "html"}, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    "a page that says success": (
        {"mode": "html", "status": 200},
        Reason.RETRYING,
        Reason.OUTCOME_UNKNOWN,
    ),
    "a page that says not found": (
        {"mode": "html", "status": 404},
        Reason.RETRYING,
        Reason.MISSING_AT_TARGET,
    ),
    "a list instead of an object": (
        {"status": 200, "body": [1]},
        Reason.RETRYING,
        Reason.OUTCOME_UNKNOWN,
    ),
    "success with errors inside": (
        {"status": 200, "body": BAD_INPUT},
        Reason.REJECTED_BY_TARGET,
        Reason.REJECTED_BY_TARGET,
    ),
    "a part that worked": (
        {"status": 207, "body": {"response": 501, **SERVER_FAULT}},
        Reason.RETRYING,
        Reason.OUTCOME_UNKNOWN,
    ),
    "success with a fault inside": (
        {"status": 200, "body": SERVER_FAULT},
        Reason.RETRYING,
        Reason.OUTCOME_UNKNOWN,
    ),
}


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def _read(connected: Connected, fault: Mapping[str, Any]) -> Any:
    number = str(connected.shop.product())
    connected.simulator.fail_next(**fault, times=2, path="product-service/product/")
    return connected.products().fetch_many([number]).get(number)


def _write(connected: Connected, fault: Mapping[str, Any]) -> Any:
    connected.simulator.fail_next(**fault, times=2, path="order-service/sales-order")
    return connected.sync_one(connected.order())


@pytest.mark.parametrize("name", FAULTS)
def test_failed_read_gets_its_reason(connected: Connected, name: str) -> None:
    fault, reason, _ = FAULTS[name]
    assert reason_of(_read(connected, fault)) is reason


@pytest.mark.parametrize("name", FAULTS)
def test_failed_write_gets_its_reason_and_never_doubles(connected: Connected, name: str) -> None:
    fault, _, reason = FAULTS[name]
    assert reason_of(_write(connected, fault)) is reason
    connected.simulator.clear_faults()
    done = connected.sync_one(connected.order())
    assert done.target_id
    assert connected.count_orders() == 1


def test_read_that_times_out_is_tried_again() -> None:
    with connect(timeout_s=0.2) as connected:
        reason = reason_of(_read(connected, {"mode": "hang", "delay_s": 0.4}))
        assert reason is Reason.RETRYING


def test_write_that_times_out_is_looked_up_before_it_is_repeated() -> None:
    with connect(timeout_s=0.2) as connected:
        reason = reason_of(_write(connected, {"mode": "slow", "delay_s": 0.4}))
        assert reason is Reason.OUTCOME_UNKNOWN
        connected.simulator.clear_faults()
        assert connected.sync_one(connected.order()).target_id == "501"
        assert connected.count_orders() == 1


def test_missing_product_is_absent_by_404_and_by_an_empty_list(connected: Connected) -> None:
    for body in ({"errors": [{"code": "CMNC-404", "message": "None"}]}, {}, b""):
        connected.simulator.fail_next(404, path="product-service/product/", body=body)
        assert connected.products().fetch_many(["1001"]) == {}
    connected.simulator.fail_next(200, path="product-service/product/", body={"response": []})
    assert connected.products().fetch_many(["1001"]) == {}
    inside = {"errors": [{"code": "CMNC-404", "message": "None"}]}
    connected.simulator.fail_next(200, path="product-service/product/", body=inside)
    assert connected.products().fetch_many(["1001"]) == {}


# throttling


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        ({"status": 429, "retry_after": 7}, 7),
        ({"status": 429}, 10),
        (
            {
                "status": 503,
                "body": THROTTLED,
                "headers": {"brightpearl-next-throttle-period": "811"},
            },
            0.811,
        ),
        (
            {
                "status": 503,
                "body": THROTTLED,
                "headers": {"brightpearl-next-throttle-period": "90000"},
            },
            60,
        ),
        ({"status": 503, "body": THROTTLED}, 10),
    ],
)
def test_throttled_call_says_how_long_to_wait(
    connected: Connected, fault: dict[str, Any], wait_s: float
) -> None:
    failure = _read(connected, fault)
    assert reason_of(failure) is Reason.THROTTLED
    assert failure.retry_after_s == wait_s


def test_used_up_quota_stops_the_batch_and_keeps_what_is_done(connected: Connected) -> None:
    orders = [connected.order(source_id=f"O-{n}") for n in range(4)]
    target = connected.orders()
    connected.simulator.throttle.limit = 5
    results = target.write_many([(wanted(order), None) for order in orders])
    assert results["O-0"].verified
    reasons = {reason_of(results[f"O-{n}"]) for n in (2, 3)}
    assert reasons == {Reason.THROTTLED}
    assert 0 < results["O-3"].retry_after_s <= 60
    refused = [call for call in connected.simulator.calls if call.status == 503]
    assert len(refused) == 1


def test_quota_that_is_up_is_given_to_chunks_not_asked_for(connected: Connected) -> None:
    with connected.simulator.batch():
        ids = [str(connected.shop.product(sku=f"S{n}", stock=0)) for n in range(500)]
    connected.simulator.throttle_next(path="product-service/product/")
    found = connected.products().fetch_many(ids)
    assert {reason_of(one) for one in found.values()} == {Reason.THROTTLED}
    assert len(found) == 500
    assert connected.calls("product-service/product/") == 1


# tokens and permissions


def test_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    renewals: list[Mapping[str, str]] = []

    def renew(refused: Mapping[str, str]) -> Mapping[str, str]:
        renewals.append(refused)
        return {"staff_token": "fresh"}

    with connect(credentials={"staff_token": "stale"}, renew=renew) as connected:
        connected.simulator.access.staff_tokens.add("fresh")
        order = connected.order()
        assert connected.create(order).verified
        assert renewals == [{"staff_token": "stale"}]
        assert connected.count_orders() == 1


def test_token_that_cannot_be_renewed_takes_the_connection_down() -> None:
    with connect(credentials={"staff_token": "stale"}) as connected:
        failure = connected.sync_one(connected.order())
        assert reason_of(failure) is Reason.CONNECTION_DOWN
        assert failure.cause == "connection:brightpearl"
        assert failure.code == 401
        assert len(connected.simulator.calls_to("/public-api/")) == 1


def test_refused_token_is_not_shown_to_anyone() -> None:
    keys = {"access_token": "secret-token", "dev_ref": "dev"}
    with connect(credentials=keys) as connected:
        failure = connected.sync_one(connected.order())
        assert reason_of(failure) is Reason.CONNECTION_DOWN
        assert "secret-token" not in failure.detail
        assert "secret-token" not in str([vars(one) for one in _exchanges(connected)])


def test_connection_without_token_or_settings_is_down_without_a_call() -> None:
    for given in ({"account": ""}, {"app_ref": ""}):
        with connect(settings=given) as connected:
            failure = connected.products().fetch_many(["1"])["1"]
            assert reason_of(failure) is Reason.CONNECTION_DOWN
            assert next(iter(given)) in failure.detail
            assert connected.simulator.calls_to("/public-api/") == []
    with connect(credentials={"client_id": "x"}) as connected:
        assert reason_of(connected.products().fetch_many(["1"])["1"]) is Reason.CONNECTION_DOWN


def test_missing_permission_is_named_and_stops_nothing_else(connected: Connected) -> None:
    product = connected.shop.product()
    connected.simulator.access.forbidden.add(("POST", "order-service/sales-order"))
    failure = connected.sync_one(connected.order())
    assert reason_of(failure) is Reason.AUTH_REJECTED
    assert "POST order-service/sales-order" in failure.detail
    assert isinstance(connected.products().fetch_many([str(product)])[str(product)], Product)


# a chain that breaks anywhere goes on there

STEPS = (
    "contact-service/contact-search",
    "contact-service/postal-address",
    "contact-service/contact",
    "order-service/sales-order",
    "order-service/order/",
    "goods-note/goods-out",
    "/event",
    "accounting-service/customer-payment",
    "accounting-service/customer-payment-search",
)


@pytest.mark.parametrize("mode", ["answer", "drop_before", "drop_after", "half_body", "html"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("number", ["", "77"], ids=["private app", "OAuth app"])
def test_order_is_finished_once_wherever_the_first_attempts_broke(
    step: str, mode: str, number: str
) -> None:
    with connect(settings={"installation_instance_id": number}) as connected:
        _finish_once(connected, step, mode)


def _finish_once(connected: Connected, step: str, mode: str) -> None:
    product = connected.shop.product(stock=10)
    contacts = len(connected.simulator.world.contacts.by_id)
    order = connected.order(
        connected.line(product), customer=ANN, payments=(connected.payment(),), stock="shipped"
    )
    connected.simulator.world.behaviour.search_lag_s = 5
    connected.simulator.fail_next(mode=mode, path=step, times=3)
    attempts = 0
    result: Any = None
    while not (isinstance(result, Done) or getattr(result, "equal", False)):
        attempts += 1
        assert attempts < 8, repr(result)
        result = connected.sync_one(order)
        connected.shop.clock.advance(60)  # an unknown outcome is looked up after the settle time
    connected.simulator.clear_faults()
    assert connected.count_orders() == 1
    assert len(connected.payments(result.target_id)) == 1
    assert connected.shop.level(product) == (8, 0, 8)
    assert len(connected.simulator.world.stock.notes) == 1
    assert len(connected.simulator.world.contacts.by_id) == contacts + 1
    assert connected.sync_one(order, result.target_id).equal


def test_exchanges_of_one_order_are_noted_as_its_own(connected: Connected) -> None:
    connected.create(connected.order())
    serves = [one.serves for one in _exchanges(connected) if one.method == "POST"]
    assert serves == ["ORDER-AAAA"]


def test_exchanges_hold_neither_tokens_nor_buyers(connected: Connected) -> None:
    connected.create(connected.order(customer=ANN))
    kept = str([vars(one) for one in _exchanges(connected)])
    for secret in (connected.simulator.staff_token, "ann@example.com", "1 High St", "441170000000"):
        assert secret not in kept


def test_sentences_about_buyers_do_not_repeat_what_they_typed(connected: Connected) -> None:
    failure = connected.sync_one(connected.order(customer=replace(ANN, email="ann.example")))
    assert isinstance(failure, SyncFailure)
    assert "ann.example" not in failure.detail


def test_two_batches_at_once_on_one_account_do_not_mix(connected: Connected) -> None:
    ids = [str(connected.shop.product(sku=f"S{n}")) for n in range(20)]
    found: dict[int, set[str]] = {}

    def fetch(part: int) -> None:
        found[part] = set(connected.products().fetch_many(ids[part * 10 : part * 10 + 10]))

    threads = [threading.Thread(target=fetch, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: set(ids[:10]), 1: set(ids[10:])}


def _exchanges(connected: Connected) -> list[Any]:
    return list(connected.account.http.trace.exchanges)
