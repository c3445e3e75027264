"""Times as people read them: "3 minutes ago", and exactly, in the merchant's zone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_STEPS = (
    (60, 1, "second"),
    (3600, 60, "minute"),
    (86_400, 3600, "hour"),
    (30 * 86_400, 86_400, "day"),
)
_JUST_NOW_S = 5


@dataclass(frozen=True, kw_only=True)
class Times:
    """Reads the times of the API's answers; ``now`` is the moment the page is made."""

    now: datetime
    zone: str

    def ago(self, text: str) -> str:
        """Return how long ago, or in how long, in one unit; a date where it is over a month."""
        moment = datetime.fromisoformat(text)
        seconds = (self.now - moment).total_seconds()
        distance = abs(seconds)
        if distance < _JUST_NOW_S:
            return "just now"
        for below, unit, name in _STEPS:
            if distance < below:
                count = int(distance // unit)
                said = f"{count} {name}{'' if count == 1 else 's'}"
                return f"{said} ago" if seconds > 0 else f"in {said}"
        return self._here(moment).strftime("%d %b %Y").lstrip("0")

    def exact(self, text: str) -> str:
        """Return the time to the second, with its zone: ``Mon 2 Nov 2026, 09:30:00 GMT``."""
        here = self._here(datetime.fromisoformat(text))
        return here.strftime(f"%a {here.day} %b %Y, %H:%M:%S %Z")

    def day(self, text: str) -> str:
        """Return a date of the API, such as ``2026-11-02``, as ``Mon 2 Nov``."""
        date = datetime.fromisoformat(text)
        return date.strftime(f"%a {date.day} %b")

    def took(self, milliseconds: int) -> str:
        """Return a duration in the unit that says most."""
        if milliseconds < 1000:
            return f"{milliseconds} ms"
        seconds = milliseconds / 1000
        if seconds < 60:
            return f"{seconds:.1f} s"
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"

    def between(self, start: str, end: str) -> str:
        """Return how long it took from one time to another."""
        span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
        return self.took(round(span.total_seconds() * 1000))

    def _here(self, moment: datetime) -> datetime:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(self.zone))
