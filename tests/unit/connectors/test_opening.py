"""Opening a connection for work: the account a platform gets, and the trace of its calls."""

from typing import Any

import httpx
import pytest

from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.opening import Opening, open_account
from chalicelib.domain.reasons import SyncFailure
from tests.builders import NOW, make_connection
from tests.toy_platforms import make_offer

OFFER = make_offer("till")


def opened(settings: dict[str, Any] | None = None, **more: Any) -> Opening:
    answers = httpx.MockTransport(lambda request: httpx.Response(200))
    connection = make_connection(
        "till", platform="till", base_url="http://127.0.0.1:9", settings=settings or {}
    )
    return open_account(
        connection,
        OFFER,
        {"access_token": "abc"},
        http=httpx.Client(transport=answers),
        guard=HostGuard(allow_loopback=True),
        now=lambda: NOW,
        **more,
    )


def test_account_carries_connection_and_credentials_and_calls_are_traced() -> None:
    opening = opened(execution="e1")
    account = opening.account
    assert (account.connection.name, account.credentials) == ("till", {"access_token": "abc"})
    assert opening.trace.take() == []
    account.http.call("GET", "/x")
    (kept,) = opening.trace.take()
    assert (kept.connection, kept.execution, kept.url) == ("till", "e1", "http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("settings", "timeout_s"),
    [({}, OFFER.pace.timeout_s), ({"timeout_s": "3"}, 3), ({"timeout_s": "soon"}, 10)],
    ids=["platforms_own", "set", "unreadable"],
)
def test_wait_for_an_answer_is_the_connections_pace(
    settings: dict[str, Any], timeout_s: float
) -> None:
    assert opened(settings).account.http.timeout_s == timeout_s


def test_deadline_of_the_worker_reaches_the_client() -> None:
    late = opened(may_send_until=lambda: NOW)
    with pytest.raises(SyncFailure, match="nothing was sent"):
        late.account.http.call("POST", "/", writes=True)


def test_refused_credentials_are_renewed_by_whoever_opened_the_account() -> None:
    renewed = opened(renew=lambda refused: {**refused, "access_token": "new"}).account
    assert renewed.renew({"access_token": "abc"}) == {"access_token": "new"}
    assert opened().account.renew({}) is None
