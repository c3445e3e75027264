"""Brightpearl's quota: so many requests in a rolling minute, per pool of apps."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from local.platforms.sender import Clock

WINDOW = timedelta(seconds=60)


class Throttle:
    """Counts requests; ``limit`` None switches it off.

    Whether refused requests count is not known: here they do not, so that a client which waits as
    long as it was told is served.
    """

    def __init__(self, clock: Clock, limit: int | None) -> None:
        self.clock = clock
        self.limit = limit
        self._taken: dict[str, deque[datetime]] = defaultdict(deque)

    def take(self, pool: str) -> bool:
        """Count one request and say whether it is within the limit."""
        if self.limit is None:
            return True
        taken, now = self._taken[pool], self.clock()
        self._forget(taken, now)
        if len(taken) >= self.limit:
            return False
        taken.append(now)
        return True

    def headers(self, pool: str) -> dict[str, str]:
        """Return what every answer tells: calls left, milliseconds until the window moves."""
        if self.limit is None:
            return {}
        taken, now = self._taken[pool], self.clock()
        self._forget(taken, now)
        wait = (taken[0] + WINDOW - now) if taken else WINDOW
        return {
            "brightpearl-requests-remaining": str(max(0, self.limit - len(taken))),
            "brightpearl-next-throttle-period": str(max(0, int(wait / timedelta(milliseconds=1)))),
        }

    @staticmethod
    def _forget(taken: deque[datetime], now: datetime) -> None:
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
