"""The sections ``aws`` and ``prices`` of the bench."""

from collections.abc import Sequence
from pathlib import Path

from bench.aws.bills import bill_sheets
from bench.aws.cpu import measure_cpu
from bench.aws.measuring import measure_work, sheets_of
from bench.aws.pages import measure_local_pages
from bench.errors import ToolMissingError
from bench.sheet import Sheet
from local.aws.dynamodb_local import NotInstalledError


def measure_aws(
    folder: Path, *, sizes: Sequence[int], rounds: int, products: int, orders: int, alone: int
) -> list[Sheet]:
    """Return calls and units of each kind of work, the CPU of a webhook, and pages of the log."""
    try:
        return [
            *sheets_of(measure_work(products, orders, alone)),
            *measure_cpu(folder, rounds=rounds),
            *measure_local_pages(sizes=sizes, rounds=rounds),
        ]
    except NotInstalledError as error:
        raise ToolMissingError(str(error)) from error


def measure_prices(_: Path, *, products: int, orders: int, alone: int) -> list[Sheet]:
    """Return what the work costs; it is measured once for both sections."""
    try:
        return bill_sheets(measure_work(products, orders, alone))
    except NotInstalledError as error:
        raise ToolMissingError(str(error)) from error
