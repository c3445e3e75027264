"""The runbook is kept in step: with the alarms, the events, the metrics and the command line."""

import re
import shlex
from collections.abc import Iterator
from logging import getLevelName
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from chalicelib.domain.reasons import Reason
from chalicelib.ops.events import EVENTS
from chalicelib.ops.metrics import METRICS
from cli.app import synclog

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
LABELS = ("Means", "Look", "Do", "Over")


def alarms() -> list[str]:
    """The ends of the names of all alarms."""
    resources = yaml.safe_load((ROOT / "infra/alarms.yaml").read_text("utf-8"))["Resources"]
    names = [
        one["Properties"]["AlarmName"]["Fn::Sub"]
        for one in resources.values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    ]
    return [name.removeprefix("synclog-${Stage}-") for name in names]


def sections() -> dict[str, str]:
    """The text about each alarm, by the names in its heading."""
    parts = re.split(r"(?m)^### ", RUNBOOK.partition("## Alarms\n")[2].partition("\n## ")[0])[1:]
    found = {}
    for part in parts:
        heading, _, text = part.partition("\n")
        found |= dict.fromkeys(re.findall(r"`([^`]+)`", heading), text)
    return found


def commands() -> list[str]:
    """Every command line of ours, in blocks and in sentences."""
    blocks = re.findall(r"(?m)^(synclog .+)$", RUNBOOK)
    return sorted({*blocks, *re.findall(r"`(synclog [^`]+)`", RUNBOOK)} - {"synclog"})


def rows_of(title: str) -> dict[str, list[str]]:
    """The cells of a chapter's table, by the name in the first."""
    chapter = RUNBOOK.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in re.findall(r"(?m)^\| `.+\|$", chapter)]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines}


def texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts(value)
    elif isinstance(tree, str):
        yield tree


def test_each_alarm_has_a_section_and_each_section_an_alarm() -> None:
    assert sections().keys() == set(alarms())


@pytest.mark.parametrize("alarm", alarms())
def test_a_section_says_what_it_means_how_to_look_what_to_do_and_when_it_is_over(
    alarm: str,
) -> None:
    said = re.findall(r"(?m)^\*\*(\w+)\b", sections()[alarm])
    assert tuple(said) == LABELS


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_runbook_is_one_of_the_command_line(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = synclog
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    with command.make_context(command.name, words):
        pass  # the parser took every option and argument


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 15


def test_each_event_is_listed_with_its_level() -> None:
    levels = {name: getLevelName(event.level) for name, event in EVENTS.items()}
    assert {name: cells[0] for name, cells in rows_of("What is written down").items()} == levels


def test_each_metric_is_listed_with_its_dimension() -> None:
    dimensions = {name: metric.dimension or "-" for name, metric in METRICS.items()}
    assert {name: cells[0] for name, cells in rows_of("Metrics").items()} == dimensions


def test_each_event_that_a_query_asks_for_is_written() -> None:
    asked = set(re.findall(r'message = "([^"]+)"', RUNBOOK))
    assert asked
    assert asked <= EVENTS.keys()


def test_each_event_that_the_stack_counts_is_written() -> None:
    tree = yaml.safe_load((ROOT / "infra/logs.yaml").read_text("utf-8"))
    patterns = [text for text in texts(tree) if "$.message" in text]
    asked = {event for text in patterns for event in re.findall(r'message = "([^"]+)"', text)}
    assert asked
    assert asked <= EVENTS.keys()


def test_the_alarming_reasons_are_named() -> None:
    told = rows_of("Metrics")["alarming_reason"][1]
    assert set(re.findall(r"`(\w+)`", told)) == {r.value for r in Reason if r.rule.alarms}


def test_each_file_it_points_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", RUNBOOK):
        assert (ROOT / "docs" / link).resolve().exists(), link
