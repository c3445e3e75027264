"""What is wrong with what was given, as forms and lists say it."""

from collections.abc import Sequence

from chalicelib.api import errors
from chalicelib.flows.setup.errors import InvalidError, MovedOnError, Problem


def problems_of(error: InvalidError | MovedOnError) -> Sequence[Problem]:
    """Return what a refusal finds fault with; what is of no field has an empty one."""
    if isinstance(error, InvalidError):
        return error.problems
    return [Problem(field="", message=errors.said_of(error).message)]


def by_field(problems: Sequence[Problem]) -> dict[str, str]:
    """Return what is wrong with each field, for the templates of forms."""
    return {one.field: one.message for one in problems}


def problem_of(name: str, problems: Sequence[Problem]) -> str:
    """Return all that is wrong with a field; empty if nothing is."""
    return " ".join(one.message for one in problems if one.field == name)


def sentences_of(error: InvalidError) -> list[str]:
    """Return what is wrong with the filters of a list, each with its name."""
    return [f"{one.field.removeprefix('filter.')}: {one.message}" for one in error.problems]
