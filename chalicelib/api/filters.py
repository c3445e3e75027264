"""Filters of the log: what people write, checked value by value, becomes one domain query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from chalicelib.domain.log import RowQuery
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome, Status
from chalicelib.flows.declare import base_name
from chalicelib.flows.services import Services
from chalicelib.flows.setup.errors import InvalidError, Problem, refuse_if_any
from chalicelib.flows.setup.flows import list_flow_names

#: Names of the filters; all but from, to and q may repeat.
LOG_FILTERS = (
    "kind",
    "flow",
    "status",
    "reason",
    "code",
    "outcome",
    "group",
    "cause",
    "execution",
    "from",
    "to",
    "q",
)
#: Names of the filters of transactions; platform and code may repeat.
TRANSACTION_FILTERS = ("platform", "code", "execution", "from", "to")
NO_CODE = "none"  #: rows to which the target gave no answer yet
CODES_MOST = 10  #: of transactions: each platform and code is a query of its own
TEXT_LEAST = 3  #: letters a search needs: the index begins with so many
TEXT_MOST = 200

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class _UnfitError(ValueError):
    """A value that does not fit; the message says what is wanted."""


@dataclass
class _Reader:
    """Reads values by name and collects what is wrong with them."""

    given: Mapping[str, Sequence[str]]
    prefix: str = ""
    problems: list[Problem] = field(default_factory=list)

    def many(self, name: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """Read each value given under a name; one that does not fit becomes a problem."""
        values: list[T] = []
        for text in self.given.get(name, ()):
            try:
                values.append(read(text))
            except _UnfitError as unfit:
                self.problems.append(Problem(field=self.prefix + name, message=str(unfit)))
        return tuple(values)

    def one(self, name: str, read: Callable[[str], T]) -> T | None:
        """Read the only value given under a name."""
        values = self.many(name, read)
        if len(self.given.get(name, ())) > 1:
            message = "Give one value: this filter does not repeat."
            self.problems.append(Problem(field=self.prefix + name, message=message))
        return values[0] if values else None


def read_row_query(
    services: Services, consumer: str, given: Mapping[str, Sequence[str]], *, prefix: str = ""
) -> RowQuery | None:
    """Return the query that the filters mean; None when no row can match them.

    Kinds and flows become lanes: several of one are alternatives, both together narrow down.

    Raises:
        InvalidError: values do not fit; each is named, with what would.
    """
    flows = list_flow_names(services, consumer)
    reader = _Reader(given, prefix)
    kinds = reader.many("kind", _member(Kind))
    named = reader.many("flow", _one_of(flows))
    query = RowQuery(
        consumer=consumer,
        lanes=_lanes(services, flows, kinds, named),
        statuses=reader.many("status", _member(Status)),
        reasons=tuple(reason.value for reason in reader.many("reason", _member(Reason))),
        codes=reader.many("code", _read_code),
        outcomes=tuple(outcome.value for outcome in reader.many("outcome", _member(Outcome))),
        group=reader.one("group", _read_name),
        cause=reader.one("cause", _read_name),
        execution=reader.one("execution", _read_name),
        listed_from=reader.one("from", read_time),
        listed_to=reader.one("to", read_time),
        text=reader.one("q", _read_search),
    )
    refuse_if_any(reader.problems)
    return query if query.lanes else None


@dataclass(frozen=True, kw_only=True)
class ExchangeQuery:
    """Which HTTP calls a person wants; empty means no restriction."""

    platforms: Sequence[str]
    codes: Sequence[int | None]  #: None: no answer came
    execution: str | None
    at_from: datetime | None
    at_to: datetime | None


def read_exchange_query(services: Services, given: Mapping[str, Sequence[str]]) -> ExchangeQuery:
    """Return the query of transactions that the filters mean.

    Raises:
        InvalidError: values do not fit; each is named, with what would.
    """
    reader = _Reader(given)
    query = ExchangeQuery(
        platforms=reader.many("platform", _one_of(sorted(services.offers))),
        codes=reader.many("code", _read_code),
        execution=reader.one("execution", _read_name),
        at_from=reader.one("from", read_time),
        at_to=reader.one("to", read_time),
    )
    if len(set(query.codes)) > CODES_MOST:
        message = f"Give at most {CODES_MOST} codes."
        reader.problems.append(Problem(field="code", message=message))
    refuse_if_any(reader.problems)
    return query


def read_filter(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return a filter of a body as a query has it: a value, or a list of values, by name.

    Raises:
        InvalidError: a name is no filter, or a value neither text nor number.
    """
    found: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        if name not in LOG_FILTERS:
            message = f"There is no such filter. Known are: {', '.join(LOG_FILTERS)}."
            problems.append(Problem(field=f"filter.{name[:80]}", message=message))
        elif any(isinstance(one, bool) or not isinstance(one, str | int) for one in values):
            message = "Give a text, a number, or a list of them."
            problems.append(Problem(field=f"filter.{name}", message=message))
        else:
            found[name] = [str(one) for one in values]
    refuse_if_any(problems)
    return found


def read_time_field(name: str, text: str | None) -> datetime | None:
    """Return a time of a body; None stays None.

    Raises:
        InvalidError: it is no time.
    """
    try:
        return None if text is None else read_time(text)
    except _UnfitError as unfit:
        raise InvalidError([Problem(field=name, message=str(unfit))]) from None


def read_time(text: str) -> datetime:
    """Read ISO 8601; without a zone it is UTC, a date alone is its first moment."""
    try:
        # A plus sign that was not encoded arrives as a blank.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _UnfitError("Give a time in ISO 8601, such as 2026-11-01T09:30:00Z.") from None


def _lanes(
    services: Services, flows: Sequence[str], kinds: Sequence[Kind], named: Sequence[str]
) -> tuple[str, ...]:
    return tuple(
        name
        for name in flows
        if (flow := services.flows.get(base_name(name))) is not None
        and (not kinds or flow.kind in kinds)
        and (not named or name in named)
    )


def _member(members: type[E]) -> Callable[[str], E]:
    """Return a reader of the values of an enumeration, exactly as they are written."""

    def read(text: str) -> E:
        try:
            return members(text)
        except ValueError:
            values = ", ".join(members)
            raise _UnfitError(f"Give one of: {values}.") from None

    return read


def _one_of(names: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise _UnfitError(f"Give one of: {', '.join(names)}.")
        return text

    return read


def _read_code(text: str) -> int | None:
    if text == NO_CODE:
        return None
    if not (len(text) == 3 and text.isascii() and text.isdecimal() and 100 <= int(text) <= 599):
        raise _UnfitError(f"Give an HTTP status from 100 to 599, or {NO_CODE}.")
    return int(text)


def _read_name(text: str) -> str:
    if not 1 <= len(text) <= 1000:
        raise _UnfitError("Give 1 to 1000 characters.")
    return text


def _read_search(text: str) -> str:
    plain = text.strip()
    if not TEXT_LEAST <= len(plain) <= TEXT_MOST:
        raise _UnfitError(
            f"Give {TEXT_LEAST} to {TEXT_MOST} characters: the start of what you seek."
        )
    return plain
