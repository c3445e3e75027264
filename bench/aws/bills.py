"""The bill of a typical merchant's month, as tables: by part, and by what it was for."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.aws import pricing
from bench.aws.gauge import Sample
from bench.aws.measuring import Measured
from bench.aws.pricing import Costs
from bench.aws.tariff import MILLION, Tariff, read_tariff
from bench.sheet import Sheet

#: What ``python -m bench --only prices --json`` wrote before the largest parts were cut.
BEFORE = Path(__file__).parents[1] / "before.json"
ALARMS = Path(__file__).parents[2] / "infra" / "alarms.yaml"
LINES_TOLD = 30


def bill_sheets(measured: Measured) -> list[Sheet]:
    """Return the tables of costs."""
    tariff = read_tariff()
    samples = {one.label: one for one in measured.samples}
    month = pricing.month_of(samples, measured.stored, tariff)
    alarms = len(re.findall(r"Type: AWS::CloudWatch::Alarm", ALARMS.read_text(encoding="utf-8")))
    stack = pricing.stack_of(samples, measured.metrics, alarms, tariff)
    sheets = [
        _parts_sheet(month, tariff),
        _groups_sheet(month, samples, tariff),
        _lines_sheet(month, tariff),
        _work_sheet(measured, tariff),
        _stack_sheet(stack),
    ]
    if not BEFORE.exists():
        return sheets
    return with_before(sheets, json.loads(BEFORE.read_text(encoding="utf-8")))


def with_before(sheets: Sequence[Sheet], told: Mapping[str, Any]) -> list[Sheet]:
    """Add to each table what the same rows said in an earlier run, and by how much they fell.

    Args:
        told: the file that run wrote.
    """
    tables = {table["title"]: table["rows"] for table in told["tables"]}
    return [_compared(one, tables.get(one.title, ()), str(told["at"])[:10]) for one in sheets]


def _compared(sheet: Sheet, rows: Sequence[Mapping[str, Any]], day: str) -> Sheet:
    money = next(name for name in sheet.columns if name.startswith("USD"))
    names = [name for name in sheet.columns if rows and isinstance(rows[0].get(name), str)]
    before = {tuple(row[name] for name in names): row[money] for row in rows}
    was, fell = f"before ({money})", "% less"
    place = sheet.columns.index(money) + 1
    return Sheet(
        title=sheet.title,
        columns=(*sheet.columns[:place], was, fell, *sheet.columns[place:]),
        rows=[
            {**row, was: old, fell: _less(row[money], old)}
            for row in sheet.rows
            for old in [before.get(tuple(row[name] for name in names))]
        ],
        notes=(*sheet.notes, f"before: as measured on {day}, before the largest parts were cut."),
    )


def _less(now: float, before: float | None) -> float | None:
    return round(100 * (1 - now / before), 1) if before else None


def _parts_sheet(month: Costs, tariff: Tariff) -> Sheet:
    total = month.total()
    by_part: Counter[str] = Counter()
    for (part, _), usd in month.items():
        by_part[part] += usd
    rows = [_row({"part": part}, usd, total, tariff) for part, usd in by_part.most_common()]
    rows.append(_row({"part": "in all"}, total, total, tariff))
    return Sheet(
        title="A typical merchant's month, by part of the bill",
        columns=("part", "USD a month", "USD per million changes", "% of all"),
        rows=rows,
        notes=(
            f"{tariff.changes:,} changes synced a month (bench/prices.json says of what),"
            f" {tariff.products:,} products.",
            f"{tariff.region}. {tariff.note}",
        ),
    )


def _groups_sheet(month: Costs, samples: Mapping[str, Sample], tariff: Tariff) -> Sheet:
    """Return the same money by what asked for it."""
    groups: Counter[str] = Counter()
    for work in tariff.work:
        usd = pricing.cost_of(samples[work.label], tariff).total()
        groups[work.group] += usd * work.times
    for (part, what), usd in month.items():
        if part in (pricing.STORAGE, pricing.BACKUP):
            groups["keeping it"] += usd
        elif what == pricing.PAGES:
            groups[pricing.PAGES] += usd
    total = month.total()
    rows = [_row({"what": name}, usd, total, tariff) for name, usd in groups.most_common()]
    rows.append(_row({"what": "in all"}, total, total, tariff))
    return Sheet(
        title="The same month, by what asks for it",
        columns=("what", "USD a month", "USD per million changes", "% of all"),
        rows=rows,
    )


def _row(named: Mapping[str, str], usd: float, total: float, tariff: Tariff) -> dict[str, Any]:
    return {
        **named,
        "USD a month": round(usd, 4),
        "USD per million changes": round(usd * MILLION / tariff.changes, 2),
        "% of all": round(100 * usd / total, 1),
    }


def _lines_sheet(month: Costs, tariff: Tariff) -> Sheet:
    total = month.total()
    rows = [
        _row({"part": part, "for": what}, usd, total, tariff)
        for (part, what), usd in month.most_common(LINES_TOLD)
    ]
    return Sheet(
        title=f"Where it goes: the {LINES_TOLD} largest lines",
        columns=("part", "for", "USD a month", "USD per million changes", "% of all"),
        rows=rows,
    )


def _work_sheet(measured: Measured, tariff: Tariff) -> Sheet:
    """Return what a million of each kind of work costs, and its share of the month."""
    times = {one.label: one.times for one in tariff.work}
    rows = []
    for sample in measured.samples:
        if not sample.count:
            continue
        costs = pricing.cost_of(sample, tariff)
        writes = sum(usd for (part, _), usd in costs.items() if part == pricing.WRITES)
        time = sum(usd for (part, _), usd in costs.items() if part == pricing.TIME)
        rows.append(
            {
                "work": sample.label,
                "USD a million": costs.total() * MILLION,
                "of it writes": writes * MILLION,
                "of it Lambda time": time * MILLION,
                "times a month": times.get(sample.label, 0),
                "USD a month": costs.total() * times.get(sample.label, 0),
            }
        )
    return Sheet(
        title="What each kind of work costs",
        columns=tuple(rows[0]),
        rows=rows,
        notes=("Without storage. A row comes with the webhook, poll or sweep that asked for it.",),
    )


def _stack_sheet(stack: Costs) -> Sheet:
    rows = [{"part": part, "for": what, "USD a month": round(usd, 2)}
            for (part, what), usd in stack.most_common() if usd >= 0.005]  # fmt: skip
    rows.append({"part": "in all", "for": "", "USD a month": round(stack.total(), 2)})
    return Sheet(
        title="What the stack costs before its first merchant",
        columns=("part", "for", "USD a month"),
        rows=rows,
    )
