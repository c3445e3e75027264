"""What was measured, as plain tables for people and JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_RULE = 100


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table: a title, named columns, rows by column, and remarks below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = field(default=())

    def text(self) -> str:
        """Return the table as lines: text to the left, numbers to the right."""
        cells = [[_cell(row.get(name)) for name in self.columns] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.columns, *cells, strict=True)]
        right = self._right()
        rule = "  ".join("-" * min(width, LONGEST_RULE) for width in widths)
        lines = [_line(self.columns, widths, right), rule]
        lines += [_line(row, widths, right) for row in cells]
        return "\n".join(["", self.title, "", *lines, *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """Return the table for a page of ``docs/``: ``docs/costs.md`` is made of these."""
        cells = [[_cell(row.get(name)) for name in self.columns] for row in self.rows]
        rules = ["---:" if right else "---" for right in self._right()]
        lines = [" | ".join(line) for line in (self.columns, rules, *cells)]
        return "\n".join([f"**{self.title}**", "", *(f"| {line} |" for line in lines)])

    def _right(self) -> list[bool]:
        """Say which columns hold numbers."""
        return [
            all(not isinstance(row.get(name), str) for row in self.rows) for name in self.columns
        ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}"
    return str(value)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = zip(cells, widths, right, strict=True)
    return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in parts).rstrip()


def write_json(path: Path, sheets: Sequence[Sheet], facts: Mapping[str, Any]) -> None:
    """Write every table with its rows as objects, and what the run was made of."""
    tables = [
        {"title": one.title, "rows": list(one.rows), "notes": list(one.notes)} for one in sheets
    ]
    path.write_text(json.dumps({**facts, "tables": tables}, indent=2, ensure_ascii=False) + "\n")


def write_markdown(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write every table as Markdown."""
    path.write_text("\n\n".join(one.markdown() for one in sheets) + "\n")
