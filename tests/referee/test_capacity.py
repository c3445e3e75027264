"""Capacity units of every question and move of both stores, beside what store/README.md says."""

import re
from pathlib import Path

import pytest

from local.aws.tables import Tables
from tests.referee import costs_of_registry, costs_of_rows, costs_of_runs, costs_of_traces
from tests.referee.costs import Case
from tests.referee.measured import Measured, told

README = Path(__file__).parents[2] / "chalicelib" / "store" / "README.md"
CASES = [
    *costs_of_rows.cases,
    *costs_of_traces.cases,
    *costs_of_runs.cases,
    *costs_of_registry.cases,
]

#: How a line of the README begins -> its cost. Whoever changes one of them changes both, and looks
#: at the cases of that line.
COSTS = {
    costs_of_rows.WRITE: (
        "1 w a row and KB, 2 w for an index entry that moves, 1 w for one that comes or goes;"
        " a refused condition 1 w"
    ),
    "rows by name": "1 r a row",
    costs_of_rows.LIST: ("k × e per 4 KB of entries (about 30) + e a row; 1 r if no lane is named"),
    costs_of_rows.FILTERED: "up to 5 × the above; the page may be short",
    costs_of_rows.WAITING: "e per 4 KB of entries + e a row",
    costs_of_rows.FOUND: "1 r per 4 KB of words + e a row",
    "owed rows past their due time": "e a shard and minute",
    "rows held under a cause, oldest first": "e per 4 KB",
    "failure groups, held causes": "1 r per 4 KB",
    "counts now": "1 r",
    costs_of_rows.SLOTS: (
        "a query a day: 1 r a day and 4 KB; a lane and quarter that has rows is 0.2 KB,"
        " a busy one up to 1 KB"
    ),
    "mend the counts": "e per 4 KB of entries; 1 w for a lane that differs",
    "oldest waiting row of a lane": "e + up to 20 e",
    costs_of_traces.TRACES: "1 w a KB; an exchange 1 w more for `list`, a failed one 2 w",
    "attempts of a row": "1 r per 4 KB",
    "exchanges by id": "e each",
    costs_of_traces.EXCHANGES: "e a partition and 4 KB + e each; 1 r if no platform is named",
    costs_of_traces.BY_CODE: "up to 5 × the above; the page may be short",
    costs_of_traces.SNAPSHOTS: "1 r to compare, 1 w a KB if it changed; e",
    costs_of_traces.LINKS: "1 r an id; 2 w a side when new or gone, else 1 w",
    costs_of_runs.SAVE_RUN: (
        "1 w a KB, 1 w more at its end; new: twice two items and two index entries, 8 w"
    ),
    costs_of_runs.RUNS: "e + 1 r each; of all flows 1 r + 1 r each",
    costs_of_runs.RUN_ROWS: "1 w a row + e; 1 r per 4 KB",
    costs_of_runs.CALLS: "1 w; the first of a window 2 w",
    costs_of_runs.BACKLOG: "1 w + 1 w for the index; 1 r; e",
    costs_of_runs.LEASES: "1 w; to renew one 2 w",
    costs_of_runs.RELEASES: "3 w; e + 1 r each; 3 w",
    costs_of_runs.UNITS: "1 w an order, 2 w when new or gone; 1 r per 4 KB",
    "erase": "1 w an item and KB, 1 w an index entry, and the reads above",
    costs_of_runs.STREAM: (
        "1 w for each counter (lane now, lane and quarter of an hour), group or cause that changed,"
        " 1 w for each search word that came or went. Words of a new row: three to five."
    ),
    costs_of_registry.SAVE: "2 w an item and KB and an index entry; one item alone half of it",
    costs_of_registry.ONE: "1 r",
    "lists of a consumer's connections, flows, mappings": "1 r per 4 KB",
    costs_of_registry.CONSUMERS: "1 r per 4 KB",
    "connection of a webhook address": "e + 1 r",
    "key by id, keys newest first": "e + 1 r each",
    "polls that are due": "e + 1 r each",
    "history": "1 r per 4 KB",
}


@pytest.fixture
def house(endpoint: str, tables: Tables) -> Measured:
    return Measured(endpoint, tables)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_costs_what_was_measured(house: Measured, case: Case) -> None:
    assert told(house.bill(case.prepare(house))) == case.units


def test_each_cost_stands_in_the_readme_as_it_was_measured() -> None:
    assert readme_costs() == COSTS


def test_each_line_of_the_readme_was_measured() -> None:
    assert {case.line for case in CASES} == COSTS.keys()


def readme_costs() -> dict[str, str]:
    """Map each question of the README, without the names of its methods, to its cost."""
    text = README.read_text(encoding="utf-8")
    costs = {}
    for table in re.findall(r"^\| question .*\n\|[-|]+\n((?:\|.*\n)+)", text, flags=re.MULTILINE):
        for line in table.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
            if cells[-2]:
                costs[re.sub(r" \(`[^)]*`\)", "", cells[1])] = cells[-2]
    follows = re.search(r"adds to a row's write, summed up over a batch: ([^#]*?)\n\n", text)
    assert follows is not None
    return {**costs, costs_of_runs.STREAM: " ".join(follows[1].split())}
