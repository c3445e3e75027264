"""What the merchant's log says, asked for through the API."""

from collections import Counter
from dataclasses import dataclass

from local.demo.api import Api, Json
from local.demo.merchant import CONSUMER

OWED = ("queued", "retrying", "throttled")
#: kind, status, reason (empty: none) → rows
Tally = Counter[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Log:
    """The merchant's rows as the API shows them."""

    api: Api
    consumer: str = CONSUMER

    @property
    def base(self) -> str:
        """The consumer's part of the API."""
        return f"/v1/consumers/{self.consumer}"

    def count(self) -> dict[str, Counter[str]]:
        """Return rows by status, for each kind of all flows together; one call."""
        found: dict[str, Counter[str]] = {}
        for flow in self.api.get(f"{self.base}/flows")["items"]:
            counts = found.setdefault(flow["kind"], Counter())
            counts.update({one["status"]: one["count"] for one in flow["counts"]})
        return found

    def unsynced(self) -> list[Json]:
        """Return every row that is not Synced."""
        wanted = ["Pending", "Processing", "Failed"]
        return list(self.api.items(f"{self.base}/logs", status=wanted))

    def is_owed(self) -> bool:
        """Say whether any row is still to be worked by itself, or a run has not ended."""
        if any(counts["Processing"] for counts in self.count().values()):
            return True
        if any(row["reason"] in OWED or row["status"] == "Processing" for row in self.unsynced()):
            return True
        runs = self.api.get(f"{self.base}/executions", limit=20)["items"]
        return any(run["state"] == "Running" for run in runs)

    def tally(self) -> Tally:
        """Count all rows by kind, status and reason."""
        tally: Tally = Counter()
        for kind, counts in self.count().items():
            tally[kind, "Synced", ""] = counts["Synced"]
        for row in self.unsynced():
            tally[row["kind"], row["status"], row["reason"] or ""] += 1
        return +tally


def line_of(counts: dict[str, Counter[str]]) -> str:
    """Return ``orders 12 Synced, 1 Failed · products …``."""
    parts = []
    for kind, found in counts.items():
        told = ", ".join(f"{n} {status}" for status, n in sorted(found.items()) if n)
        parts.append(f"{kind}: {told or 'none'}")
    return " · ".join(parts)


def lines_of(tally: Tally) -> list[str]:
    """Return one line for each kind, status and reason."""
    return [
        f"  {kind:<8} {status:<10} {reason:<20} {count:>5}"
        for (kind, status, reason), count in sorted(tally.items())
    ]
