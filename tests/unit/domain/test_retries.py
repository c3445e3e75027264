"""When to try again, and when to stop."""

import pytest

from chalicelib.domain.retries import RetryPolicy

POLICY = RetryPolicy(attempts=6, base_s=30, cap_s=900)


@pytest.mark.parametrize(
    ("tries", "delay_s"), [(0, 30), (1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (4000, 900)]
)
def test_delay_doubles_up_to_its_cap(tries: int, delay_s: float) -> None:
    assert POLICY.delay_s(tries, retry_after_s=None, jitter=0) == delay_s


def test_jitter_takes_off_a_quarter_at_most() -> None:
    delays = [POLICY.delay_s(2, retry_after_s=None, jitter=one) for one in (0, 0.5, 1)]
    assert delays == [60, 52.5, 45]


@pytest.mark.parametrize(("wish", "delay_s"), [(10, 30), (45, 45), (7200, 7200), (0, 30)])
def test_vendors_own_wish_is_honoured_when_it_is_longer(wish: float, delay_s: float) -> None:
    assert POLICY.delay_s(1, retry_after_s=wish, jitter=0) == delay_s


def test_tries_are_used_up_with_the_last_one() -> None:
    assert [POLICY.is_used_up(tries) for tries in (5, 6, 7)] == [False, True, True]
