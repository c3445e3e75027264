"""What breaks first as Synclog grows: ``python -m bench.scale``, or ``make scale``.

Ten thousand consumers, one of them with a thousand changes a second. Nothing is measured on AWS
here: real keys, real writes and the real dispatcher run over tables in memory that count units and
time as ``published.py`` says. ``docs/scale.md`` tells what the figures mean.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.scale.coalescing import measure_coalescing
from bench.scale.idle import measure_idle
from bench.scale.partitions import measure_heat
from bench.scale.queues import measure_dwell
from bench.scale.quota import measure_quota
from bench.scale.reader import measure_reader
from bench.scale.ticks import measure_ticks
from bench.sheet import Sheet, write_json

Part = Callable[[], list[Sheet]]

#: Name of a part → (whole, quick).
PARTS: dict[str, tuple[Part, Part]] = {
    "heat": (measure_heat, partial(measure_heat, rate=200, seconds=1)),
    "coalescing": (measure_coalescing, partial(measure_coalescing, seconds=5)),
    "reader": (measure_reader, partial(measure_reader, rows=500)),
    "ticks": (measure_ticks, partial(measure_ticks, sizes=(100, 300))),
    "idle": (measure_idle, partial(measure_idle, merchants=20)),
    "dwell": (measure_dwell, partial(measure_dwell, seconds=60)),
    "quota": (measure_quota, measure_quota),
}


def main(argv: Sequence[str]) -> int:
    """Work out the parts asked for and print a table of each."""
    asked = _parser().parse_args(argv)
    started = time.perf_counter()
    sheets: list[Sheet] = []
    for name, part in PARTS.items():
        if name in (asked.only or PARTS):
            found = part[asked.quick]()
            sheets += found
            print("\n".join(sheet.text() for sheet in found), flush=True)
    print(f"\nWorked out in {time.perf_counter() - started:.0f} s.")
    if asked.json is not None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(asked.json, sheets, {"at": at, "quick": asked.quick})
        print(f"Written to {asked.json}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale",
        description="Works out what breaks first as Synclog grows, and at what number.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer changes and consumers: coarser, in seconds"
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="work out this part alone; may repeat"
    )
    parser.add_argument(
        "--json", type=_file, metavar="FILE", help="write the figures to a file too"
    )
    return parser


def _file(text: str) -> Path:
    """Refuse a file that cannot be written before minutes are spent on its figures."""
    path = Path(text)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a file that can be written")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
