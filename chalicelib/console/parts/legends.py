"""What stands beside a chart of rows: its states and its days, each number with its rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.console.parts.charts import LEFT_ALONE, STATES, count_days, filter_of, state_of
from chalicelib.console.visits import Visit


def legend_of(
    visit: Visit, report: Mapping[str, Any], kinds: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the states of a report's rows with their sums, each with the address of its rows."""
    sums: Counter[str] = Counter()
    for item in report["items"]:
        sums[state_of(item)] += item["count"]
    return [
        {
            "state": state,
            "label": label,
            "count": sums[state],
            "address": address_of(
                visit,
                {**filter_of(state, any_left_alone=LEFT_ALONE in sums), "kind": kinds},
                report["days"],
            ),
        }
        for state, label in STATES.items()
        if sums[state]
    ]


def days_of(visit: Visit, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each day of a report with its rows by state, each number with its address."""
    counts = count_days(report["days"], report["items"])
    return [
        {
            "day": visit.times.day(day),
            "cells": [
                {
                    "state": state,
                    "count": states[state],
                    "address": address_of(
                        visit, filter_of(state, any_left_alone=LEFT_ALONE in states), [day]
                    ),
                }
                for state in STATES
            ],
        }
        for day, states in counts.items()
    ]


def address_of(visit: Visit, query: Mapping[str, Any], days: Sequence[str]) -> str:
    """Return the list of a number's rows; days of the merchant's zone are shorter than times."""
    return visit.at("/logs", {**query, "since": days[0], "until": days[-1]})
