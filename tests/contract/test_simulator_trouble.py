"""Calls and webhooks of the simulated vendors that go wrong by chance."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from local.platforms.sender import WebhookSender
from local.platforms.square import SquareSimulator
from local.platforms.trouble import KINDS, THROTTLED_S

CALLS = 400
SHARE = 0.2


@pytest.fixture
def square() -> Iterator[SquareSimulator]:
    with SquareSimulator() as simulator:
        yield simulator


def outcomes(square: SquareSimulator, calls: int = CALLS) -> Counter[str]:
    """Call as often and count what came of it."""
    found: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {square.add_token()}"}
    with httpx.Client(base_url=square.base_url, headers=headers, trust_env=False) as http:
        for _ in range(calls):
            try:
                answer = http.get("/v2/locations")
                found[str(answer.status_code)] += 1
            except httpx.HTTPError:
                found["no answer"] += 1
    return found


def test_a_share_of_all_calls_goes_wrong_in_each_of_the_ways(square: SquareSimulator) -> None:
    square.let_fail(SHARE, Random(7), [kind for kind in KINDS if kind != "slow"])

    found = outcomes(square)

    assert {"200", "429", "500", "502", "503", "no answer"} == found.keys()
    assert abs(CALLS - found["200"] - SHARE * CALLS) < 0.25 * SHARE * CALLS


def test_calls_go_wrong_alike_for_the_same_seed_and_no_more_once_told_so(
    square: SquareSimulator,
) -> None:
    told = []
    for _ in range(2):
        square.let_fail(SHARE, Random(3), ["error", "html"])
        outcomes(square, 50)
        told.append([call.status for call in square.calls])
        square.calls.clear()
    assert told[0] == told[1]

    square.let_fail(0, Random(3))

    assert outcomes(square, 50) == {"200": 50}


def test_vendor_that_refuses_by_chance_says_when_to_come_back(square: SquareSimulator) -> None:
    square.let_fail(1, Random(1), ["throttled"])
    answer = httpx.get(f"{square.base_url}/v2/locations", trust_env=False)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(THROTTLED_S))


def test_kinds_and_shares_that_there_are_not_are_refused(square: SquareSimulator) -> None:
    with pytest.raises(ValueError, match="fire"):
        square.let_fail(SHARE, Random(1), ["fire"])
    with pytest.raises(ValueError, match="share"):
        square.let_fail(5, Random(1))


def test_share_of_webhooks_is_lost_doubled_and_late() -> None:
    sender = WebhookSender(auto=False)
    sender.let_fail(SHARE, Random(5))

    for number in range(CALLS):
        sender.deliver("http://127.0.0.1:9/hook", {}, str(number).encode())

    copies = Counter(one.body for one in sender.waiting())
    lost, twice = CALLS - len(copies), sum(1 for times in copies.values() if times == 2)
    first = min(one.due for one in sender.waiting())
    late = len({one.body for one in sender.waiting() if one.due > first + 0.4})
    for found in (lost, twice, late):
        assert abs(found - SHARE * CALLS) < 0.35 * SHARE * CALLS
