"""What ends a command early, each with the exit code that scripts rely on.

0 is success, 2 (click's own) a mistake in the command line; the two here are 1 and 3.
"""

from collections.abc import Mapping
from typing import Any

import click

from cli.text import clean


class RefusedError(click.ClickException):
    """The API answered no, or what was started ended badly."""

    exit_code = 1

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        """Keep the HTTP ``status`` (0: none) and the API's ``code`` for who decides by them."""
        super().__init__(message)
        self.status = status
        self.code = code


class UnreachableError(click.ClickException):
    """Nothing answered at the address."""

    exit_code = 3


def refusal_of(status: int, body: Any) -> RefusedError:
    """Turn an answer of 300 or more into the sentence a person reads.

    ``body`` is what the answer's JSON held, or None when it held none: then the sentence says so,
    since what answers there may be a proxy and not Synclog.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return RefusedError(_sentence_without_body(status), status=status)
    code = clean(error.get("code") or "")
    message = clean(error.get("message") or "The API gave no reason.")
    lines = [f"{message} ({status} {code})".replace(" )", ")")]
    lines += [f"  {line}" for line in _detail_lines(error.get("details"))]
    return RefusedError("\n".join(lines), status=status, code=code)


def _sentence_without_body(status: int) -> str:
    if status < 400:
        return f"The address answers {status} and sends us elsewhere. Give --url the final address."
    return (
        f"The address answers {status} without an explanation. "
        "If it should be Synclog, look at its log; else check --url."
    )


def _detail_lines(details: Any) -> list[str]:
    """Write details one to a line, whether they are a mapping, a list or a text."""
    if isinstance(details, Mapping):
        return [f"{clean(name)}: {_flat(value)}" for name, value in details.items()]
    if isinstance(details, list):
        return [_flat(entry) for entry in details]
    return [clean(details)] if details else []


def _flat(value: Any) -> str:
    if isinstance(value, Mapping) and "field" in value:
        return f"{clean(value['field'])}: {clean(value.get('message'))}"
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(name)}={_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_flat(inner) for inner in value)
    return clean(value)
