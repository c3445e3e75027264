"""What set-up functions refuse, each with sentences for the person who tried."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with what was given: the field, and a sentence with its mend."""

    field: str
    message: str


class InvalidError(Exception):
    """Some of what was given cannot be used; ``problems`` names everything at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in problems))


class UnknownError(LookupError):
    """There is no such thing; the message says what was looked for."""


class TakenError(Exception):
    """The name is in use; the message says what to do."""


class MovedOnError(Exception):
    """Others changed the same thing again and again while this was being saved."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this at the same moment. Look at it, then try again."
        )


def refuse_if_any(problems: Sequence[Problem]) -> None:
    """Raise ``InvalidError`` when there are problems."""
    if problems:
        raise InvalidError(problems)
