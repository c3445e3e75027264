"""What a record is laid out on: values, tables and sheets, and how JSON becomes them; pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from chalicelib.console.rendering import clip
from chalicelib.domain.money import Money, fit_number

LONGEST = 300  #: characters of one value; the JSON below has it whole
_TAG = re.compile(r"<[^<>]*>")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value, ready to be shown; ``type`` says how."""

    text: str
    type: str = "text"  #: text, strong, time, status, money, number

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.type in ("money", "number")


Row = Sequence[Value | None]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a sheet; the first column names its rows, numbers stand at the right."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Row]
    total: int = 0  #: rows in all, where these are a part
    first: int = 1  #: number of the first row shown
    before: int | None = None  #: the part before this one
    after: int | None = None  #: the part after this one

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        values = [row[column] for row in self.rows if row[column] is not None]
        return bool(values) and all(value.is_number for value in values if value)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A record laid out."""

    facts: Sequence[tuple[str, Value]] = ()
    tables: Sequence[Table] = field(default_factory=list)
    left_out: int = 0  #: facts and tables that did not fit


def to_value(raw: Any) -> Value | None:
    """Return a JSON value as people read it; None for one that says nothing."""
    if raw is None or raw == "" or raw == [] or raw == {}:
        return None
    if isinstance(raw, bool):
        return Value(text="yes" if raw else "no")
    if is_money(raw):
        return money_value(raw)
    if isinstance(raw, int | float):
        return Value(text=str(raw), type="number")
    if isinstance(raw, str):
        return _text_value(raw)
    if isinstance(raw, list) and all(isinstance(one, str) for one in raw):
        return Value(text=clip(", ".join(raw), LONGEST))
    return Value(text=clip(json.dumps(raw, ensure_ascii=False), LONGEST))


def _text_value(raw: str) -> Value:
    if _TIME.match(raw) and _is_time(raw):
        return Value(text=raw, type="time")
    plain = " ".join(_TAG.sub(" ", raw).split()) if raw.lstrip().startswith("<p") else raw
    return Value(text=clip(plain, LONGEST))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_money(raw: Any) -> bool:
    """Whether a JSON value is an amount with its currency."""
    return isinstance(raw, Mapping) and raw.keys() == {"amount", "currency"}


def to_money(raw: Any) -> Money | None:
    """Return an amount; None for what is none."""
    if not is_money(raw):
        return None
    number = _to_decimal(raw["amount"])
    return None if number is None else Money(number, str(raw["currency"]))


def _to_decimal(raw: Any) -> Decimal | None:
    try:
        return fit_number(Decimal(str(raw)))
    except (InvalidOperation, ValueError):
        return None


def money_value(raw: Mapping[str, Any]) -> Value:
    """Show no more decimals than the currency has, unless they say something."""
    money = to_money(raw)
    if money is None:
        return Value(text=clip(f"{raw['amount']} {raw['currency']}", LONGEST), type="money")
    plain = str(money) if money.rounded() == money else f"{money.amount} {money.currency}"
    return Value(text=clip(plain, LONGEST), type="money")


def number_value(raw: Any) -> Value | None:
    """Return a quantity without zeros that say nothing; another value as it is."""
    number = _to_decimal(raw)
    if number is None:
        return to_value(raw)
    return Value(text=clip(f"{number.normalize():f}", LONGEST), type="number")
