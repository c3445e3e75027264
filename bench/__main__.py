"""Measures what is promised of speed, cost and size: ``python -m bench``, or ``make bench``.

On one machine: ``costs`` (calls and CPU of a webhook and of a row), ``flows`` (calls at both
platforms for a row of every flow), ``pages`` (the time of a page of the log, up to a million rows),
``speed`` (stock changes a second, end to end).
For AWS: ``aws`` (calls and capacity units, a page of the log, CPU of a webhook), ``prices`` (what
that costs, by ``bench/prices.json``); both run DynamoDB Local, which needs Java 17 and, the first
time, Maven. ``cold`` (each function, from a fresh process to its first answer).
Everything runs in a temporary folder and on 127.0.0.1, and is gone at the end.
"""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.aws.sections import measure_aws, measure_prices
from bench.cold import measure_cold
from bench.costs import measure_costs
from bench.errors import BenchError, ToolMissingError
from bench.flows import measure_flows
from bench.pages import measure_pages
from bench.sheet import Sheet, write_json, write_markdown
from bench.speed import measure_speed

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LOCAL_SIZES = (1_000, 100_000)  #: of DynamoDB Local, which takes a thousand rows a second
PARTS = ("costs", "flows", "pages", "speed", "aws", "prices", "cold")

Part = Callable[[Path], list[Sheet]]


def main(argv: Sequence[str]) -> int:
    """Measure the parts asked for and print a table of each; 1 if that could not be done."""
    asked = _parser().parse_args(argv)
    try:
        return _measure(asked)
    except BenchError as error:
        print(f"The bench cannot go on: {error}.", file=sys.stderr)
        return 1


def _measure(asked: argparse.Namespace) -> int:
    started = time.perf_counter()
    sheets: list[Sheet] = []
    facts = _facts()
    print(_told(facts))
    for name, part in _parts(quick=asked.quick, million=asked.million).items():
        if name in (asked.only or PARTS):
            found = run_part(name, part, is_asked_for=asked.only is not None)
            sheets += found
            print("\n".join(sheet.text() for sheet in found), flush=True)
    print(f"\nMeasured in {time.perf_counter() - started:.0f} s.")
    if asked.json is not None:
        write_json(asked.json, sheets, facts)
        print(f"Written to {asked.json}.")
    if asked.markdown is not None:
        write_markdown(asked.markdown, sheets)
        print(f"Written to {asked.markdown}.")
    return 0


def run_part(name: str, part: Part, *, is_asked_for: bool) -> list[Sheet]:
    """Measure one part in a folder of its own.

    A part that needs what this machine lacks is left out, unless it was asked for by name.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f"synclog-bench-{name}-") as folder:
            return part(Path(folder))
    except ToolMissingError as missing:
        if is_asked_for:
            raise
        print(f"\n{name} is left out: {missing}", file=sys.stderr)
        return []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures the speed and cost of Synclog here and now."
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows and rounds: two minutes, coarser"
    )
    parser.add_argument(
        "--million",
        action="store_true",
        help="a page of a million rows on DynamoDB Local too: 15 minutes more",
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part alone; may repeat"
    )
    parser.add_argument(
        "--json", type=_file, metavar="FILE", help="write the figures to a file too"
    )
    parser.add_argument(
        "--markdown", type=_file, metavar="FILE", help="write the tables to a file, for a page"
    )
    return parser


def _file(text: str) -> Path:
    """Refuse a file that cannot be written before minutes are spent on its figures."""
    path = Path(text)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a file that can be written")
    return path


def _parts(*, quick: bool, million: bool) -> dict[str, Part]:
    largest = SIZES[-1:] if million else ()
    if quick:
        return {
            "costs": partial(measure_costs, products=120, orders=20),
            "flows": partial(measure_flows, products=60, orders=20),
            "pages": partial(measure_pages, sizes=SIZES[:2], rounds=40),
            "speed": partial(measure_speed, products=500, rounds=1),
            "aws": partial(
                measure_aws,
                sizes=(1_000, 5_000, *largest),
                rounds=20,
                products=60,
                orders=20,
                alone=10,
            ),
            "prices": partial(measure_prices, products=60, orders=20, alone=10),
            "cold": partial(measure_cold, rounds=3, rounds_without=1),
        }
    return {
        "costs": partial(measure_costs, products=600, orders=100),
        "flows": partial(measure_flows, products=120, orders=52),
        "pages": partial(measure_pages, sizes=SIZES, rounds=300),
        "speed": partial(measure_speed, products=1000, rounds=5),
        "aws": partial(
            measure_aws,
            sizes=(*LOCAL_SIZES, *largest),
            rounds=60,
            products=300,
            orders=60,
            alone=30,
        ),
        "prices": partial(measure_prices, products=300, orders=60, alone=30),
        "cold": partial(measure_cold, rounds=9, rounds_without=3),
    }


def _facts() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
    }


def _told(facts: dict[str, object]) -> str:
    return "Synclog bench: " + ", ".join(f"{name} {value}" for name, value in facts.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
