"""Windows of calls: so many in five minutes for an application, fewer for tokens."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


@dataclass(kw_only=True)
class Window:
    """Calls counted since ``started``; the count begins anew when the window has passed."""

    length_s: float
    started: datetime
    used: int = 0

    def take(self, limit: int, now: datetime) -> bool:
        """Count one call, and say whether it was still free."""
        if now >= self.ends_at():
            self.started, self.used = now, 0
        if self.used >= limit:
            return False
        self.used += 1
        return True

    def ends_at(self) -> datetime:
        """Return when the window has passed."""
        return self.started + timedelta(seconds=self.length_s)

    def headers(self, limit: int) -> dict[str, str]:
        """Return what answers say about the window."""
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - self.used)),
        }

    def retry_after(self, form: str, now: datetime) -> str:
        """Return when to come back: a date for HTTP, or seconds with ``form="seconds"``."""
        wait_s = math.ceil((self.ends_at() - now).total_seconds())
        if form == "seconds":
            return str(wait_s)
        return http_date(now.replace(microsecond=0) + timedelta(seconds=wait_s))


def http_date(at: datetime) -> str:
    """Return a time as headers have it: ``Mon, 03 Aug 2026 09:00:00 GMT``."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)
