"""Conditional writes of rows as data: what must hold, and what then changes.

The rules of a row's life (``domain.protocol``) are written once with these; a store only translates
them: into a condition and an update expression on DynamoDB, into one guarded statement on SQLite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind


class Op(StrEnum):
    """How a field is compared; an absent field satisfies only the operators that say so."""

    EQ = "="
    GT = ">"
    LE_OR_ABSENT = "<= or absent"
    LT_OR_ABSENT = "< or absent"
    IN = "in"  #: the value is a tuple of texts
    NOT_IN = "not in, or absent"  #: the value is a tuple of texts
    LACKS = "list without"  #: an absent list satisfies it too
    EQ_OR_MISSING = "= or row missing"
    MISSING = "row missing"  #: no such row; field and value are ignored


@dataclass(frozen=True)
class Field:
    """Another field of the same row, as it is before the write."""

    name: str


@dataclass(frozen=True)
class Term:
    """One comparison: ``Term("requested", Op.GT, Field("handled"))``."""

    field: str
    op: Op
    value: Any = None


MISSING = Term("", Op.MISSING)
OWED = Term("requested", Op.GT, Field("handled"))
SETTLED = Term("requested", Op.EQ, Field("handled"))
SETTLED_OR_MISSING = Term("requested", Op.EQ_OR_MISSING, Field("handled"))


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One way a write may go: if all terms of ``when`` hold, set and add.

    ``changes`` maps fields of ``Row`` to their new values; None removes the field, ``Field`` copies
    another one. ``adds`` are integers added to fields. ``defaults`` are set where the row has no
    such field, as when it is new. Without any of them nothing is written: the alternative then only
    says which case it was.
    """

    tag: str
    when: Sequence[Term]
    changes: Mapping[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def may_make(self) -> bool:
        """Whether it also holds, and makes the row, where there is none."""
        return any(term.op in (Op.MISSING, Op.EQ_OR_MISSING) for term in self.when)


@dataclass(frozen=True, kw_only=True)
class RowWrite:
    """One conditional write of one row; the first alternative whose terms hold is applied."""

    name: RowName
    kind: Kind | None = None  #: needed where a row may be made
    alternatives: Sequence[Alternative]
