"""How many calls a second a simulated vendor lets through."""

from datetime import datetime


class RateLimit:
    """A bucket of calls that fills at ``per_s`` a second and holds one second's worth."""

    def __init__(self, per_s: float, retry_after_s: int | None, now: datetime) -> None:
        self.per_s = per_s
        self.retry_after_s = retry_after_s
        self.left = max(1.0, per_s)
        self.seen = now

    def take(self, now: datetime) -> bool:
        """Use one call, and say whether there was one."""
        passed = max(0.0, (now - self.seen).total_seconds())
        self.left = min(max(1.0, self.per_s), self.left + passed * self.per_s)
        self.seen = now
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def headers(self) -> dict[str, str]:
        """Return the header that says when to come back, if this vendor sends one."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
