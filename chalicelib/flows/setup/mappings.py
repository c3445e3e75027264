"""Mappings: what a value of one platform is at the other, and which values still need an answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from chalicelib.domain.causes import mapping_cause, parts_of
from chalicelib.domain.log import Group
from chalicelib.domain.platforms import Choice
from chalicelib.domain.ports import Change
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Flow, MappingRule, base_name, connections_of
from chalicelib.flows.door import request_many
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import Problem, UnknownError, refuse_if_any
from chalicelib.flows.setup.flows import find_flow, list_flow_names
from chalicelib.flows.setup.platforms import list_choices
from chalicelib.flows.setup.saving import entry, release, save

VALUE_LIMIT = 300  #: characters of one source or target value
TOLD_AT_MOST = 50  #: entries of one line of the history, which is one item too
SIZE_LIMIT = 300_000  #: bytes of one mapping; an item of DynamoDB ends at 400 KB


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Changes of a mapping: entries are laid over those there are, None removes one."""

    entries: Mapping[str, str | None] = field(default_factory=dict)
    records: Mapping[str, str | None] = field(default_factory=dict)  #: by record, for itself alone
    default: str | None = None
    sets_default: bool = False  #: whether ``default`` is meant; None then takes it away


@dataclass(frozen=True, kw_only=True)
class Unmapped:
    """A value without an answer, and the rows that wait for one."""

    value: str
    name: str  #: as its platform calls it, where that is known
    waiting: Group
    suggestion: Choice | None = None  #: the choice of the target with the same name


@dataclass(frozen=True, kw_only=True)
class MappingView:
    """A mapping as its page shows it; choices are empty unless they were asked for."""

    rule: MappingRule
    table: MappingTable
    unmapped: Sequence[Unmapped]
    source_choices: Sequence[Choice] = ()
    target_choices: Sequence[Choice] = ()
    problems: Sequence[str] = ()  #: why choices could not be read


def describe_mappings(services: Services, consumer: str) -> list[MappingView]:
    """Return every mapping of every flow, without asking a platform."""
    tables = {(t.flow, t.name): t for t in services.registry.list_mappings(consumer)}
    causes = services.log.list_causes(consumer)
    views = []
    for name in list_flow_names(services, consumer):
        for rule in services.flows[base_name(name)].mappings:
            empty = MappingTable(consumer=consumer, flow=name, name=rule.name)
            table = tables.get((name, rule.name), empty)
            views.append(MappingView(rule=rule, table=table, unmapped=_unanswered(table, causes)))
    return views


def describe_mapping(services: Services, consumer: str, flow_name: str, name: str) -> MappingView:
    """Return one mapping with both platforms' choices, asked for now, and suggestions by name.

    Raises:
        UnknownError: there is no such flow, or it has no such mapping.
    """
    flow = find_flow(services, consumer, flow_name)
    rule = _rule_of(flow, name)
    table = _table_of(services, consumer, flow_name, name)
    connections = connections_of(flow, flow_name)
    if rule.is_backward:
        connections = connections[::-1]
    sides = zip(connections, (rule.source_pick, rule.target_pick), strict=True)
    read = [_choices(services, consumer, connection, pick) for connection, pick in sides]
    (sources, source_problem), (targets, target_problem) = read
    unmapped = _unanswered(table, services.log.list_causes(consumer))
    return MappingView(
        rule=rule,
        table=table,
        unmapped=[_with_names(rule, one, sources, targets) for one in unmapped],
        source_choices=sources,
        target_choices=targets,
        problems=[problem for problem in (source_problem, target_problem) if problem],
    )


def save_mapping(
    services: Services, consumer: str, flow_name: str, name: str, answers: Answers, *, by: str
) -> MappingTable:
    """Lay answers over a mapping, and release exactly the rows that wait for one of them.

    A new default answers every value that rows wait for (the 200 with most rows; the nightly look
    at all causes finds the rest). An answer for a single record requests that record's row alone.

    Raises:
        InvalidError: a value is empty or too long, or the mapping becomes too large.
        UnknownError: there is no such flow, or it has no such mapping.
    """
    _rule_of(find_flow(services, consumer, flow_name), name)
    table = _table_of(services, consumer, flow_name, name)
    refuse_if_any([*_problems_of(answers), *_problems_of_size(_overlaid(table, answers))])

    def build() -> Change:
        before = _table_of(services, consumer, flow_name, name)
        after = _overlaid(before, answers)
        subject = f"{flow_name} {name}"
        told = {"old": _told(before, answers), "new": _told(after, answers)}
        line = entry(services, consumer, by=by, what="mapping saved", subject=subject, **told)
        freed = _answered(services, before, after)
        releases = [release(services, consumer, cause) for cause in freed]
        return Change(puts=[after], history=[line], releases=releases)

    save(services, consumer, build)
    _request_records(services, consumer, flow_name, answers)
    return _table_of(services, consumer, flow_name, name)


def _rule_of(flow: Flow, name: str) -> MappingRule:
    for rule in flow.mappings:
        if rule.name == name:
            return rule
    known = ", ".join(rule.name for rule in flow.mappings) or "none"
    raise UnknownError(f"The flow has no such mapping. It has: {known}.")


def _table_of(services: Services, consumer: str, flow: str, name: str) -> MappingTable:
    found = services.registry.read_mapping(consumer, flow, name)
    return found or MappingTable(consumer=consumer, flow=flow, name=name)


def _overlaid(table: MappingTable, answers: Answers) -> MappingTable:
    return replace(
        table,
        entries=_merged(table.entries, answers.entries),
        records=_merged(table.records, answers.records),
        default=answers.default if answers.sets_default else table.default,
    )


def _problems_of_size(table: MappingTable) -> Iterator[Problem]:
    size = len(json.dumps([dict(table.entries), dict(table.records)]))
    if size > SIZE_LIMIT:
        message = f"The mapping would take {size} bytes; {SIZE_LIMIT} is the most there may be."
        yield Problem(field="entries", message=message)


def _merged(known: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in {**known, **given}.items() if value is not None}


def _answered(services: Services, before: MappingTable, after: MappingTable) -> list[str]:
    """Return the causes of values that have an answer now and had none, or another one."""
    values = [value for value in after.entries if before.find(value) != after.find(value)]
    if after.default is not None and after.default != before.default:
        held = _unmapped(after, services.log.list_causes(after.consumer))
        values += [one.value for one in held if one.value not in values]
    return [mapping_cause(after.flow, after.name, value) for value in values]


def _request_records(services: Services, consumer: str, flow: str, answers: Answers) -> None:
    """Request the rows whose records got an answer of their own; none is made.

    By name and not by cause: the cause is shared with records that still have no answer.
    """
    names = [
        RowName(consumer=consumer, flow=flow, record=record)
        for record, answer in answers.records.items()
        if answer is not None
    ]
    rows = services.log.read_rows(names) if names else ()
    found = [Request(name=row.name, kind=row.kind, by="person") for row in rows if row is not None]
    if found:
        request_many(services, found)


def _unanswered(table: MappingTable, causes: Sequence[Group]) -> list[Unmapped]:
    """Held values that have no answer: rows of one that was answered just now are on their way."""
    return [one for one in _unmapped(table, causes) if table.find(one.value) is None]


def _unmapped(table: MappingTable, causes: Sequence[Group]) -> list[Unmapped]:
    return [
        Unmapped(value=parts[3], name="", waiting=cause)
        for cause in causes
        if (parts := parts_of(cause.key))[:3] == ("mapping", table.flow, table.name)
        and len(parts) == 4
    ]


def _choices(
    services: Services, consumer: str, connection: str, pick: str | None
) -> tuple[Sequence[Choice], str]:
    if pick is None:
        return (), ""
    found = services.registry.read_connection(consumer, connection)
    choices, problem = list_choices(services, found, pick)
    return choices, f"{connection}: {problem}" if problem else ""


def _with_names(
    rule: MappingRule, one: Unmapped, sources: Sequence[Choice], targets: Sequence[Choice]
) -> Unmapped:
    names = {} if rule.source_by == "name" else {choice.id: choice.name for choice in sources}
    name = names.get(one.value, one.value)
    same = (choice for choice in targets if _plain(choice.name) == _plain(name))
    return replace(one, name=name, suggestion=next(same, None))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _told(table: MappingTable, answers: Answers) -> dict[str, Any]:
    """Return what the history keeps: the entries that were touched, not the whole table."""
    entries = {key: table.entries.get(key) for key in islice(answers.entries, TOLD_AT_MOST)}
    records = {key: table.records.get(key) for key in islice(answers.records, TOLD_AT_MOST)}
    touched = len(answers.entries) + len(answers.records)
    told = {"entries": entries, "records": records, "default": table.default}
    more = touched - len(entries) - len(records)
    return {**told, "more": more} if more else told


def _problems_of(answers: Answers) -> Iterator[Problem]:
    for part, values in (("entries", answers.entries), ("records", answers.records)):
        for key, value in values.items():
            if len(key) > VALUE_LIMIT or (part == "records" and not key):
                message = f"Give a source value of at most {VALUE_LIMIT} characters."
                yield Problem(field=f"{part}.{key[:40]}", message=message)
            if value is not None and not 1 <= len(value) <= VALUE_LIMIT:
                message = f"Give a target value of 1 to {VALUE_LIMIT} characters, or null."
                yield Problem(field=f"{part}.{key[:40]}", message=message)
    if answers.default is not None and not 1 <= len(answers.default) <= VALUE_LIMIT:
        message = f"Give a target value of 1 to {VALUE_LIMIT} characters, or null."
        yield Problem(field="default", message=message)
