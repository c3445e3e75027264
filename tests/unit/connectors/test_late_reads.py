"""Reads of a worker whose time is over: a platform whose lists never end holds nobody for ever."""

from datetime import timedelta

import httpx
import pytest

from chalicelib.domain.reasons import Reason
from tests.builders import Clock
from tests.unit.connectors.test_http import client, met


@pytest.mark.parametrize(("late_s", "is_sent"), [(-1, True), (59, True), (61, False)])
def test_a_read_starts_no_later_than_a_minute_after_the_deadline(
    late_s: float, is_sent: bool
) -> None:
    clock = Clock()
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200)

    until = clock() - timedelta(seconds=late_s)
    one = client(handler, now=clock, may_send_until=lambda: until)
    if is_sent:
        one.call("GET", "/")
    else:
        failure = met(lambda: one.call("GET", "/"))
        assert (failure.reason, failure.error_code) == (Reason.RETRYING, "out_of_time")
    assert sent == ["GET"] * is_sent
