"""The answers of a mapping as rows of a page, and what a person changed in them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from chalicelib.api import errors
from chalicelib.console.parts.picks import (
    BY_NAME,
    LIST_AT_MOST,
    LISTED,
    NAME_AT_MOST,
    Picks,
)
from chalicelib.console.rendering import bytes_of, clip
from chalicelib.console.visits import Visit

NO_VALUE = "(none)"
CANNOT_READ = "This form cannot be read. Open the page again."
ROWS_AT_MOST, ROWS_AT_LEAST = 25, 5  #: of a page of the list
WAITING_AT_MOST = 15
RECORDS_AT_MOST = 10
#: Bytes of all rows and lists together, and of the parts that wait and that are single records.
_ROOM, _WAITING_ROOM, _RECORDS_ROOM = 41_000, 14_000, 4_000
_FIELDS_BESIDE = 3  #: default, record, a new value
_ROW_BYTES = 480  #: what a row takes beside its texts
_ANSWERS_AT_MOST = 100  #: of one form: no page shows so many
NEW = "new"  #: number of the fields of a value that is typed in

OPEN, ANSWERED = "open", "answered"  #: what a list may be narrowed to


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a person sent and what is wrong with it, by source value or record."""

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A source value, or a record, with its answer."""

    value: str
    name: str  #: what people call it
    under: str = ""  #: its id, where that is not its name
    answer: str = ""  #: name of the target value; empty: it has none
    was: str = ""  #: what its field held when the page was made
    text: str = ""  #: what its field holds now
    problem: str = ""
    rows: int = 0  #: how many wait for it
    cause: str = ""
    is_suggested: bool = False
    is_here: bool = False  #: whether a link led to just this one

    @property
    def size(self) -> int:
        """Bytes it takes on a page, without a list to pick from."""
        texts = (self.sent_value, self.name, self.name, self.under, self.answer, self.answer)
        return _ROW_BYTES + sum(map(bytes_of, texts)) + len(quote(self.cause))

    @property
    def sent_value(self) -> str:
        """The value as a form carries it: browsers change line breaks of plain text."""
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A mapping with what is needed to show it: names of both sides, and how answers are given."""

    view: Mapping[str, Any]
    sources: Picks
    targets: Picks
    control: str
    typed: Typed

    def waiting(self, here: str | None) -> list[Row]:
        """Return the values that rows wait for: that of the link first, then by their rows."""
        rows = [self._waiting(one, here) for one in self.view["unmapped"]]
        return sorted(rows, key=lambda row: (not row.is_here, -row.rows))

    def values(self) -> list[Row]:
        """Return the values nothing waits for: those without an answer, then the others."""
        held = {one["value"] for one in self.view["unmapped"]}
        entries = self.view["entries"]
        offered = dict.fromkeys([*self._offered(), ""])
        free = [self.row(value) for value in offered if value not in entries and value not in held]
        taken = [self.row(value, entries[value]) for value in entries]
        return free + sorted(taken, key=lambda row: row.name.casefold())

    def records(self) -> list[Row]:
        """Return the answers for single records."""
        return [
            Row(value=record, name=clip(record), answer=self.targets.name_of(target))
            for record, target in sorted(self.view["records"].items())
        ]

    def row(self, value: str, answer: str | None = None) -> Row:
        """Return a value with its answer, as its field shows it."""
        name, under = self.called(value)
        was = self.held(answer)
        return Row(
            value=value,
            name=name,
            under=under,
            answer=self.targets.name_of(answer),
            was=was,
            text=self.typed.texts.get(value, was),
            problem=self.typed.problems.get(value, ""),
        )

    def called(self, value: str) -> tuple[str, str]:
        """Return what a source value is called, and its id where that is not its name."""
        if not value:
            return NO_VALUE, f"{self.view['source_label']}: empty"
        name = value if self.view["source_by"] == "name" else self.sources.name_of(value)
        return clip(name, NAME_AT_MOST), "" if name == value else clip(value, NAME_AT_MOST)

    def held(self, answer: str | None) -> str:
        """Return what a field holds for a target value: its name where names are typed."""
        return self.targets.name_of(answer) if self.control == LISTED else answer or ""

    def _offered(self) -> Iterator[str]:
        by = "name" if self.view["source_by"] == "name" else "id"
        return (str(one[by]) for one in self.sources.choices)

    def _waiting(self, one: Mapping[str, Any], here: str | None) -> Row:
        value, suggested = one["value"], self.held(one["suggestion"])
        name, under = self.called(value)
        return Row(
            value=value,
            name=name,
            under=under,
            text=self.typed.texts.get(value, suggested),
            problem=self.typed.problems.get(value, ""),
            rows=one["rows"],
            cause=one["cause"],
            is_suggested=bool(suggested) and value not in self.typed.texts,
            is_here=value == here,
        )


def narrowed(rows: Sequence[Row], find: str, show: str) -> list[Row]:
    """Return the rows that hold a text, and those with or without an answer if so wished."""
    text = find.casefold()
    return [
        row
        for row in rows
        if (show != OPEN or not row.answer)
        and (show != ANSWERED or row.answer)
        and any(text in part.casefold() for part in (row.name, row.value, row.answer))
    ]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What of a mapping one page shows, so that it stays below 50 KB."""

    waiting: int
    records: int
    rows: int  #: of each page of the list
    page: int
    pages: int
    control: str
    listed: Sequence[str]


def plan_of(sheet: Sheet, *, find: str, show: str, page: int, here: str | None) -> Plan:
    """Share the room of a page: what waits first, then the list, then names to pick from."""
    waiting = _within(sheet.waiting(here), _WAITING_ROOM, most=WAITING_AT_MOST)
    records = _within(narrowed(sheet.records(), find, ""), _RECORDS_ROOM, most=RECORDS_AT_MOST)
    left = _ROOM - sum(row.size for row in (*waiting, *records))
    found = narrowed(sheet.values(), find, show)
    rows = _rows_of_a_page(found, left - LIST_AT_MOST // 2)
    pages = max(1, -(-len(found) // rows))
    page = min(page, pages)
    on_page = found[(page - 1) * rows : page * rows]
    left -= sum(row.size for row in on_page)
    fields = len(waiting) + len(on_page) + _FIELDS_BESIDE
    control = sheet.targets.control(fields, room=left)
    return Plan(
        waiting=len(waiting),
        records=len(records),
        rows=rows,
        page=page,
        pages=pages,
        control=control,
        listed=sheet.targets.listed(min(left, LIST_AT_MOST)) if control == LISTED else (),
    )


def _within(rows: Sequence[Row], room: int, *, most: int) -> list[Row]:
    """Return the first rows that there is room for: one at least, and at most ``most``."""
    kept: list[Row] = []
    for row in rows[:most]:
        room -= row.size
        if kept and room < 0:
            break
        kept.append(row)
    return kept


def _rows_of_a_page(rows: Sequence[Row], room: int) -> int:
    """Return how many rows each page of a list has, so that its usual page fits."""
    usual = sum(row.size for row in rows) // max(1, len(rows))
    return max(ROWS_AT_LEAST, min(ROWS_AT_MOST, room // max(1, usual)))


def sent_texts(visit: Visit) -> dict[str, str]:
    """Return the answers that were changed in a form, as they were typed, by source value.

    Raises:
        ApiError: 400 for values that no page of ours has sent.
    """
    removed = visit.field("remove")
    numbers = [name.removeprefix("to-") for name in visit.form if name.startswith("to-")]
    if len(numbers) > _ANSWERS_AT_MOST:
        raise errors.bad_request(CANNOT_READ)
    texts: dict[str, str] = {}
    for number in numbers:
        text = "" if removed and number == removed else visit.field(f"to-{number}")
        if number != NEW and text != visit.field(f"was-{number}"):
            texts[_read_value(visit, f"value-{number}")] = text
    if visit.field(NEW):
        texts[visit.field(NEW)] = visit.field(f"to-{NEW}")
    return texts


def read_answers(
    visit: Visit, texts: Mapping[str, str], targets: Picks
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return target values by source value, None where one is taken away, and what is no name."""
    answers: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    for value, text in texts.items():
        if not text or visit.field("by") != BY_NAME:
            answers[value] = text or None
        elif (found := targets.find(text)) is not None:
            answers[value] = found
        else:
            problems[value] = targets.why_not(text)
    return answers, problems


def _read_value(visit: Visit, name: str) -> str:
    try:
        value = json.loads((visit.form.get(name) or [""])[-1])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise errors.bad_request(CANNOT_READ)
    return value
