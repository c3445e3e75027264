"""When to try again: backoff with jitter, and when to stop."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how far apart one flow tries; times in seconds."""

    attempts: int = 6
    base_s: float = 30
    cap_s: float = 900

    def is_used_up(self, tries: int) -> bool:
        """Whether ``tries`` failed attempts of an episode are all there are."""
        return tries >= self.attempts

    def delay_s(self, tries: int, *, retry_after_s: float | None, jitter: float) -> float:
        """Return the seconds to wait after the ``tries``-th failed attempt, counted from 1.

        Doubles from ``base_s`` up to ``cap_s``, less up to a quarter of jitter so that rows that
        failed together do not come back together; ``jitter`` is a random number from 0 to 1. The
        vendor's own wish is honoured when it is longer.
        """
        backoff = min(self.base_s * 2.0 ** min(max(tries - 1, 0), 60), self.cap_s)
        jittered = backoff * (1 - jitter / 4)
        return max(jittered, retry_after_s or 0)
