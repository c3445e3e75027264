"""The simulated vendors as the bench uses them: started, asked over HTTP, stopped."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.errors import BenchError

ROOT = Path(__file__).parents[1]
CONTROL_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """A running Brightpearl and Square, and what a connection to each needs."""

    brightpearl: Mapping[str, Any]
    square: Mapping[str, Any]
    http: httpx.Client

    def control(self, platform: str, verb: str, **body: Any) -> Any:
        """Do what a person or a demo would do at a vendor."""
        url = getattr(self, platform)["url"]
        answer = self.http.post(f"{url}/_sim/{verb}", json=body)
        answer.raise_for_status()
        return answer.json()

    def take_calls(self) -> Counter[str]:
        """Return the calls both vendors got since this was last asked, by method and path."""
        found: Counter[str] = Counter()
        for platform in ("brightpearl", "square"):
            for call, count in self.control(platform, "count-calls")["calls"].items():
                found[f"{platform} {call}"] += count
        return found

    def take_webhooks(self, platform: str) -> list[dict[str, Any]]:
        """Return the webhooks that wait, as ``url``, ``headers`` and ``body``; never delivered."""
        found: list[dict[str, Any]] = self.control(platform, "take-webhooks")["deliveries"]
        return found


@contextmanager
def running_vendors(*, products: int, hold_webhooks: bool) -> Iterator[Vendors]:
    """Run both vendors in another process until the block ends.

    Args:
        products: how many the ERP has.
        hold_webhooks: whether webhooks wait to be taken instead of being delivered.
    """
    command = [sys.executable, "-m", "bench.simulators", "--products", str(products)]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command + (["--hold"] if hold_webhooks else []),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        told = process.stdout.readline()
        if not told:
            raise BenchError("the simulated vendors did not start; their error is above")
        with httpx.Client(timeout=CONTROL_TIMEOUT_S) as http:
            yield Vendors(**json.loads(told), http=http)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()
