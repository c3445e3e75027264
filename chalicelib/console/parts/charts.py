"""A report's numbers as stacked bars: one bar a day, one part for each way rows stand.

Rows that a written rule left alone are Synced to the log and a part of their own here, so that
the green of a bar is what was really brought in step.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.api.report import DONE
from chalicelib.domain.statuses import Outcome, Status

LEFT_ALONE = "not-applicable"

#: Parts of a bar from the ground up; the names are the classes of the style sheet.
STATES: Mapping[str, str] = {
    "synced": "Synced",
    LEFT_ALONE: "Not applicable",
    "processing": "Processing",
    "pending": "Pending",
    "failed": "Failed",
}

_PLOT = 120  #: height of the highest bar; all lengths are in pixels
_ABOVE = 18  #: room for the number over it
_BELOW = 22  #: room for the day under it
_LEAST = 3  #: one failed row among thousands is seen
#: Most days of a chart, room for one of them, and every how many-th is named.
_SPACES = ((7, 42, 1), (14, 36, 2))
_NARROW = (22, 4)  #: room and names where there are more days
_SIDE = 12  #: so that the outer days have room for their names
_THOUSANDS = ((1_000_000, "M"), (1_000, "k"))


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of one day that stand alike."""

    state: str
    y: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One day."""

    x: int
    middle: int
    top: int  #: where the number over the bar stands
    total: str  #: short, so that it fits over its bar
    label: str  #: the day; empty where there is no room for every one
    says: str  #: all numbers of the day
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars with the measures that a drawing needs."""

    width: int
    height: int
    ground: int
    bar_width: int
    label_y: int
    bars: Sequence[Bar]

    @property
    def layers(self) -> dict[str, str]:
        """The outline of all parts of a state, as a path has it: short, whatever the days."""
        width = self.bar_width
        outlines = dict.fromkeys(STATES, "")
        for bar in self.bars:
            for part in bar.parts:
                outlines[part.state] += f"M{bar.x} {part.y}h{width}v{part.height}h-{width}z"
        return {state: outline for state, outline in outlines.items() if outline}


def state_of(item: Mapping[str, Any]) -> str:
    """Return which part of a bar the rows of a number of the report belong to."""
    return LEFT_ALONE if item["not_applicable"] else str(item["status"]).lower()


def count_states(counts: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Return a flow's counts by state: of each status, those left alone count by themselves."""
    states: Counter[str] = Counter()
    for one in counts:
        states[one["status"].lower()] += one["count"] - one["not_applicable"]
        states[LEFT_ALONE] += one["not_applicable"]
    return +states


def filter_of(state: str, *, any_left_alone: bool) -> dict[str, Any]:
    """Return the filter of the log that has the rows of a state and no others.

    Args:
        any_left_alone: whether Synced rows have to be told from those that were left alone.
    """
    if state == LEFT_ALONE:
        return {"status": Status.SYNCED.value, "outcome": Outcome.NOT_APPLICABLE.value}
    if state == "synced" and any_left_alone:
        return {"status": Status.SYNCED.value, "outcome": list(DONE)}
    return {"status": state.capitalize()}


def count_days(days: Sequence[str], items: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """Return how many rows of each state each day has; a day without rows is there too."""
    counts: dict[str, Counter[str]] = {day: Counter() for day in days}
    for item in items:
        counts[item["day"]][state_of(item)] += item["count"]
    return counts


def draw(counts: Mapping[str, Mapping[str, int]]) -> Chart:
    """Return the bars of these days."""
    fitting = [(room, named) for days, room, named in _SPACES if len(counts) <= days]
    space, every = (*fitting, _NARROW)[0]
    most = max((sum(states.values()) for states in counts.values()), default=0) or 1
    ground, last = _ABOVE + _PLOT + _LEAST * len(STATES), len(counts) - 1
    bar_width = space - max(4, space // 4)
    bars = [
        _bar(
            day,
            states,
            x=_SIDE + place * space + (space - bar_width) // 2,
            middle=_SIDE + place * space + space // 2,
            ground=ground,
            most=most,
            is_named=(last - place) % every == 0,
        )
        for place, (day, states) in enumerate(counts.items())
    ]
    return Chart(
        width=space * len(counts) + 2 * _SIDE,
        height=ground + _BELOW,
        ground=ground,
        bar_width=bar_width,
        label_y=ground + 15,
        bars=bars,
    )


def _bar(
    day: str,
    states: Mapping[str, int],
    *,
    x: int,
    middle: int,
    ground: int,
    most: int,
    is_named: bool,
) -> Bar:
    parts, y = [], ground
    for state in STATES:
        if count := states.get(state, 0):
            height = max(_LEAST, round(_PLOT * count / most))
            y -= height
            parts.append(Part(state=state, y=y, height=height))
    date_ = date.fromisoformat(day)
    label = f"{date_.day} {date_:%b}"
    total = sum(states.values())
    return Bar(
        x=x,
        middle=middle,
        top=y - 5,
        total=short(total) if total else "",
        label=label if is_named else "",
        says=f"{date_:%a} {label}: {_told(states)}",
        parts=parts,
    )


def short(number: int) -> str:
    """Return a number in four signs at most, up to a billion: ``950``, ``1.2k``, ``34k``."""
    for unit, sign in _THOUSANDS:
        if number >= unit:
            tenths = number * 10 // unit
            return f"{tenths // 10}{sign}" if tenths >= 100 else f"{tenths / 10:.1f}{sign}"
    return str(number)


def _told(states: Mapping[str, int]) -> str:
    parts = [f"{states[name]:,} {label}" for name, label in STATES.items() if states.get(name)]
    return ", ".join(parts) or "no rows"
