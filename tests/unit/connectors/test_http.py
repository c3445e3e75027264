"""The outgoing client: what no answer means, the status table, deadlines, recorded exchanges."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.http import (
    RETRY_AFTER_AT_MOST_S,
    Answer,
    Client,
    Trace,
    failure_of,
    retry_after_s,
)
from chalicelib.connectors.replies import AnswerTooLargeError
from chalicelib.domain.reasons import Reason, SyncFailure
from tests.builders import NOW, Clock

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler | None = None, **changes: Any) -> Client:
    answer = handler or (lambda request: httpx.Response(200, json={"ok": True}))
    defaults: dict[str, Any] = {
        "consumer": "c",
        "connection": "square-2",
        "platform": "square",
        "base_url": "http://127.0.0.1:9/base/",
        "http": httpx.Client(transport=httpx.MockTransport(answer)),
        "guard": HostGuard(allow_loopback=True),
        "trace": Trace(),
        "timeout_s": 20,
        "now": Clock(),
    }
    return Client(**{**defaults, **changes})


def failing(error: type[httpx.TransportError]) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error("it broke", request=request)

    return handler


def met(call: Callable[[], object]) -> SyncFailure:
    with pytest.raises(SyncFailure) as raised:
        call()
    return raised.value


# --- calls ----------------------------------------------------------------------------------------


def test_path_is_joined_to_the_base_and_a_whole_address_stands_alone() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200)

    one = client(handler)
    one.call("GET", "/v2/things", params={"a": "b c"})
    one.call("GET", "http://127.0.0.1:9/token")
    assert seen == ["http://127.0.0.1:9/base/v2/things?a=b+c", "http://127.0.0.1:9/token"]


def test_answer_is_returned_whatever_its_status_with_names_of_headers_in_lower_case() -> None:
    answer = client(lambda request: httpx.Response(418, headers={"X-Left": "3"})).call("GET", "/")
    assert (answer.status, answer.ok, answer.headers["x-left"]) == (418, False, "3")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("writes", [False, True])
def test_redirect_is_not_followed_and_tells_the_address_to_enter(status: int, writes: bool) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(status, headers={"Location": "https://www.shop.example/x?key=k"})

    one = client(handler)
    failure = met(lambda: one.call("POST", "/", writes=writes))
    assert (failure.reason, failure.error_code, failure.code) == (
        Reason.REJECTED_BY_TARGET,
        "redirected",
        status,
    )
    assert "https://www.shop.example: enter that" in failure.detail
    assert seen == ["/base/"]
    assert [kept.status for kept in one.trace.take()] == [status]


def test_unchanged_and_choices_are_answers_and_no_redirects() -> None:
    for status in (300, 304):
        answer = httpx.Response(status)
        assert client(lambda request, it=answer: it).call("GET", "/").status == status


def test_address_is_checked_before_every_call() -> None:
    sent: list[object] = []
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    pool = httpx.Client(transport=transport, event_hooks={"request": [sent.append]})
    guarded = client(http=pool, guard=HostGuard())
    assert met(lambda: guarded.call("GET", "/")).error_code == "address_refused"
    assert sent == []


def test_address_is_judged_as_it_is_sent() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_host.decode())
        return httpx.Response(200)

    one = client(handler, guard=HostGuard())
    one.call("GET", "https://b\u00fccher.example/")
    one.call("GET", "https://shop\u3002example/")
    assert seen == ["xn--bcher-kva.example", "shop.example"]
    for odd in ("https://api.example\\@10.0.0.1/", "https://10.0.0.1\u3002/"):
        assert met(lambda url=odd: one.call("GET", url)).error_code == "address_refused"


def test_address_that_cannot_be_written_is_refused_and_no_defect() -> None:
    odd = client(base_url="http://127.0.0.1:9/\x00")
    assert met(lambda: odd.call("GET", "/x")).error_code == "address_refused"


def test_body_that_is_not_json_is_worth_another_try() -> None:
    for body in (b"<html>", b"", b'{"half": ', b"[" * 100_000):
        failure = met(Answer(status=200, headers={}, body=body).json)
        assert (failure.reason, failure.error_code, failure.code) == (
            Reason.RETRYING,
            "not_json",
            200,
        )


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"name": "\\ud83d shirt"}', {"name": "? shirt"}),
        (b'{"name": "\\uD83D\\uDC55", "price": 1.10}', {"name": "\U0001f455", "price": 1.1}),
        (b'{"\\udc55": 1}', {"?": 1}),
    ],
)
def test_half_a_character_is_read_as_a_question_mark(body: bytes, read: object) -> None:
    assert Answer(status=200, headers={}, body=body).json() == read


def test_whoever_follows_the_answers_sees_each_of_them() -> None:
    seen: list[int] = []
    client(on_answer=lambda answer: seen.append(answer.status)).call("GET", "/")
    assert seen == [200]


# --- no answer ------------------------------------------------------------------------------------

NO_ANSWER = {
    httpx.ConnectError: Reason.RETRYING,
    httpx.ConnectTimeout: Reason.RETRYING,
    httpx.PoolTimeout: Reason.RETRYING,
    httpx.ReadTimeout: Reason.OUTCOME_UNKNOWN,
    httpx.WriteTimeout: Reason.OUTCOME_UNKNOWN,
    httpx.ReadError: Reason.OUTCOME_UNKNOWN,
    httpx.RemoteProtocolError: Reason.OUTCOME_UNKNOWN,
}


@pytest.mark.parametrize(("error", "reason"), NO_ANSWER.items(), ids=lambda one: str(one))
def test_write_without_an_answer_is_unknown_if_it_may_have_left(
    error: type[httpx.TransportError], reason: Reason
) -> None:
    one = client(failing(error))
    assert met(lambda: one.call("POST", "/", writes=True)).reason is reason
    assert met(lambda: one.call("GET", "/")).reason is Reason.RETRYING


# --- too much of an answer ------------------------------------------------------------------------


class Flood:
    """A pool whose answers are all too large."""

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        request = httpx.Request(method, url, json=more["json"])
        raise AnswerTooLargeError(httpx.Response(200, headers={"x-a": "b"}, request=request))


def test_answer_that_is_too_large_fails_a_read_and_leaves_a_write_unknown() -> None:
    one = client(http=Flood())
    read = met(lambda: one.call("GET", "/"))
    assert (read.reason, read.error_code) == (Reason.REJECTED_BY_TARGET, "too_large")
    written = met(lambda: one.call("POST", "/", writes=True, json={"id": "7"}))
    assert (written.reason, written.error_code) == (Reason.OUTCOME_UNKNOWN, "too_large")
    kept = one.trace.take()[1]
    assert (kept.status, kept.error, kept.response_body) == (200, "AnswerTooLargeError", "")
    assert (kept.response_headers, kept.request_body) == ({"x-a": "b"}, '{"id": "7"}')


# --- the deadline ---------------------------------------------------------------------------------


def test_no_write_starts_when_its_answer_could_come_after_the_deadline() -> None:
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200)

    clock = Clock()
    deadline = NOW + timedelta(seconds=21)
    one = client(handler, now=clock, may_send_until=lambda: deadline)
    one.call("POST", "/", writes=True)
    clock.pass_s(1.5)
    failure = met(lambda: one.call("POST", "/", writes=True))
    assert (failure.reason, failure.error_code) == (Reason.RETRYING, "out_of_time")
    one.call("GET", "/")
    assert sent == ["POST", "GET"]


def allowed_s(clock: Clock, deadline_in_s: float | None) -> float:
    """How long a whole call may take, whose platform may be silent for 20 seconds."""
    seen: list[float] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["total_s"])
        return httpx.Response(200)

    until = None if deadline_in_s is None else clock() + timedelta(seconds=deadline_in_s)
    client(handler, now=clock, may_send_until=until and (lambda: until)).call("GET", "/")
    return seen[0]


@pytest.mark.parametrize(
    ("deadline_in_s", "total_s"),
    [(None, 60), (500, 60), (45, 45), (20, 20), (5, 20), (-9, 20)],
    ids=["none", "far", "near", "as_near_as_a_write_may_start", "nearer", "over"],
)
def test_whole_call_ends_by_the_deadline_and_has_time_for_one_silence(
    deadline_in_s: float | None, total_s: float
) -> None:
    assert allowed_s(Clock(), deadline_in_s) == total_s


# --- statuses -------------------------------------------------------------------------------------

STATUSES = {
    400: Reason.REJECTED_BY_TARGET,
    401: Reason.CONNECTION_DOWN,
    403: Reason.AUTH_REJECTED,
    404: Reason.MISSING_AT_TARGET,
    405: Reason.REJECTED_BY_TARGET,
    408: Reason.RETRYING,
    409: Reason.CONFLICT,
    410: Reason.MISSING_AT_TARGET,
    413: Reason.REJECTED_BY_TARGET,
    422: Reason.REJECTED_BY_TARGET,
    425: Reason.RETRYING,
    429: Reason.THROTTLED,
    500: Reason.RETRYING,
    502: Reason.RETRYING,
    503: Reason.RETRYING,
    504: Reason.RETRYING,
}


def failed(status: int, **more: Any) -> SyncFailure:
    answer = Answer(status=status, headers=more.pop("headers", {}), body=b"")
    return failure_of(answer, "It failed.", connection="square-2", **more)


@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
def test_status_of_a_read_means_one_reason(status: int, reason: Reason) -> None:
    failure = failed(status)
    assert (failure.reason, failure.code, failure.detail) == (reason, status, "It failed.")


@pytest.mark.parametrize("status", [500, 502, 504, 599])
def test_server_error_after_a_write_leaves_its_fate_unknown(status: int) -> None:
    assert failed(status, writes=True).reason is Reason.OUTCOME_UNKNOWN


def test_busy_server_did_not_take_the_write() -> None:
    assert failed(503, writes=True).reason is Reason.RETRYING


def test_refused_token_names_the_connection_it_takes_down() -> None:
    assert failed(401).cause == "connection:square-2"
    assert failed(403).cause is None


def test_platform_can_say_that_a_status_means_something_else() -> None:
    failure = failed(409, reason=Reason.RETRYING, error_code="BUSY", field="sku")
    assert (failure.reason, failure.error_code, failure.field) == (Reason.RETRYING, "BUSY", "sku")


RETRY_AFTER = {
    "absent": (None, None),
    "seconds": ("30", 30),
    "fraction": ("1.5", 1.5),
    "date": ("Sun, 22 Nov 2026 09:01:30 GMT", 90),
    "date_without_a_zone": ("Sun, 22 Nov 2026 09:01:30", 90),
    "date_that_is_past": ("Sun, 22 Nov 2026 08:00:00 GMT", 0),
    "negative": ("-5", 0),
    "far_away": ("9999999", RETRY_AFTER_AT_MOST_S),
    "words": ("soon", None),
    "no_number": ("nan", None),
    "endless": ("inf", None),
    "empty": (" ", None),
}


@pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
def test_retry_after_is_read_in_any_form(text: str | None, seconds: float | None) -> None:
    headers = {} if text is None else {"retry-after": text}
    assert retry_after_s(headers, now=NOW) == seconds


def test_wish_of_the_vendor_reaches_the_failure() -> None:
    assert failed(429, headers={"retry-after": "7"}).retry_after_s == 7


# --- exchanges ------------------------------------------------------------------------------------


def test_each_call_leaves_an_exchange_without_secrets() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json={"email": "ann@example.com", "id": "7"})

    one = client(handler, execution="e1")
    one.call("POST", "/c", headers={"Authorization": "Bearer abc"}, json={"token": "abc"})
    (kept,) = one.trace.take()
    assert (kept.method, kept.url, kept.status) == ("POST", "http://127.0.0.1:9/base/c", 201)
    assert (kept.consumer, kept.connection, kept.platform) == ("c", "square-2", "square")
    assert (kept.at, kept.execution, kept.serves, kept.error) == (NOW, "e1", None, "")
    shown = f"{kept.request_headers}{kept.request_body}{kept.response_body}"
    assert "abc" not in shown
    assert "ann@" not in shown
    assert '"id": "7"' in kept.response_body
    assert one.trace.take() == []


def test_call_without_an_answer_leaves_an_exchange_that_says_why() -> None:
    one = client(failing(httpx.ReadTimeout))
    met(lambda: one.call("GET", "/x"))
    (kept,) = one.trace.take()
    assert (kept.status, kept.error, kept.response_body) == (None, "ReadTimeout", "")


def test_exchange_names_the_record_it_was_made_for() -> None:
    one = client()
    with one.trace.serving("7"):
        one.call("GET", "/x")
    one.call("GET", "/x")
    assert [kept.serves for kept in one.trace.take()] == ["7", None]


def test_record_is_forgotten_even_when_its_call_fails() -> None:
    one = client(failing(httpx.ReadTimeout))

    def fail() -> None:
        with one.trace.serving("7"):
            one.call("GET", "/x")

    met(fail)
    assert one.trace.serves is None
