"""Cold starts: how long each function takes from a fresh process to its first answer.

Fresh interpreters import a copy of what is shipped, once with compiled files as ``make package``
makes them and once without; AWS is a server on this machine in which nothing is. The floor is what
the work cannot do without: importing boto3 and Chalice, as they are installed, and making the
clients of DynamoDB and SQS. Starting the interpreter is in no figure; on AWS Lambda's own start
comes on top.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import first_answer
from bench.empty_aws import empty_aws
from bench.errors import BenchError
from bench.first_answer import EVENTS, FLOOR, IMPORT, PLATFORMS, READY
from bench.sheet import Sheet
from bench.shipping import ship, ship_bare

CASES = (FLOOR, IMPORT, READY, *EVENTS, PLATFORMS)
LABELS = {
    FLOOR: "floor: boto3, Chalice, clients of DynamoDB and SQS",
    IMPORT: "import app.py",
    READY: "import app.py, stores and all three clients ready",
    PLATFORMS: "the same, both platforms and httpx loaded",
    "api_handler": "api_handler: GET /v1/health",
    "sync_records": "sync_records: a message without a row",
    "sync_stock": "sync_stock: a message without a row",
    "dispatch_due": "dispatch_due: nothing due",
    "poll_sources": "poll_sources: nothing due",
    "sweep_overdue": "sweep_overdue: nothing overdue",
    "follow_changes": "follow_changes: a change that is no row's",
}
START_S = 120  #: longer than any start; then something hangs


@dataclass(frozen=True, kw_only=True)
class Start:
    """One cold start."""

    wall_ms: float
    cpu_ms: float
    peak_mb: float


def measure_cold(folder: Path, *, rounds: int, rounds_without: int) -> list[Sheet]:
    """Measure every case so many times, in turn, so that a busy moment hits all alike."""
    figures = []
    with empty_aws() as endpoint:
        for compiled, times in ((True, rounds), (False, rounds_without)):
            place = folder / ("compiled" if compiled else "sources")
            bare = ship_bare(place / "bare", compiled=compiled)
            shipped = ship(place / "shipped", compiled=compiled)
            packages = {case: bare if case == FLOOR else shipped for case in CASES}
            figures.append(_measure(packages, endpoint, times))
    return [_sheet(*figures)]


def _measure(packages: Mapping[str, Path], endpoint: str, rounds: int) -> dict[str, list[Start]]:
    starts: dict[str, list[Start]] = {case: [] for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            starts[case].append(_start(packages[case], case, _environment(endpoint)))
    return starts


def _start(package: Path, case: str, environment: Mapping[str, str]) -> Start:
    # -I and -S: nothing of this environment; -B: the package is read-only on Lambda, so nothing
    # is compiled for a next time.
    command = [sys.executable, "-I", "-S", "-B", first_answer.__file__, str(package), case]
    ended = subprocess.run(  # noqa: S603 - our own file
        command,
        env=dict(environment),
        cwd=package,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    lines = ended.stdout.splitlines()  # the last one has the figures; handlers log before it
    if ended.returncode != 0:
        raise BenchError(f"{case} did not start: {ended.stderr.strip()[-500:]}")
    wall_ms, cpu_ms, peak_mb = map(float, lines[-1].split()[1:])
    return Start(wall_ms=wall_ms, cpu_ms=cpu_ms, peak_mb=peak_mb)


def _environment(endpoint: str) -> dict[str, str]:
    """Return what a deployed function finds, and an AWS on this machine."""
    queue = f"https://sqs.{first_answer.REGION}.amazonaws.com/000000000000"
    return {
        "PATH": os.environ.get("PATH", ""),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": first_answer.REGION,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "SYNCLOG_HOME": "aws",
        "SYNCLOG_STAGE": "bench",
        "SYNCLOG_PUBLIC_URL": "https://bench.example.com",
        "SYNCLOG_TABLE_LOG": "log",
        "SYNCLOG_TABLE_REGISTRY": "registry",
        "SYNCLOG_QUEUE_RECORDS": f"{queue}/records",
        "SYNCLOG_QUEUE_STOCK": f"{queue}/stock",
        "SYNCLOG_KEY_ID": "alias/bench",
    }


def _sheet(with_pyc: Mapping[str, list[Start]], without: Mapping[str, list[Start]]) -> Sheet:
    floor = with_pyc[FLOOR]
    rows = [
        {
            "what": LABELS[case],
            "ms": _median(one.wall_ms for one in starts),
            "CPU ms": _median(one.cpu_ms for one in starts),
            # Each start against the floor's of the same round: the machine was as busy then.
            "x floor": _median(
                one.cpu_ms / of_floor.cpu_ms for one, of_floor in zip(starts, floor, strict=True)
            ),
            "ms without .pyc": _median(one.wall_ms for one in without[case]),
            "MB": _median(one.peak_mb for one in starts),
        }
        for case, starts in with_pyc.items()
    ]
    return Sheet(
        title="Cold start: from a fresh process to the first answer",
        columns=("what", "ms", "CPU ms", "x floor", "ms without .pyc", "MB"),
        rows=rows,
        notes=(
            f"Medians of {len(floor)} starts ({len(without[FLOOR])} without .pyc).",
            "x floor: of CPU, each against the floor's start of the same round.",
            "MB: the most memory the process had.",
        ),
    )


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)
