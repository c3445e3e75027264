"""JSON log lines: a constant event name plus fields, with a guard against secrets.

Write ``note("sync.attempted", row=row, status=status)``. The event name never changes and stands in
``ops.events``; what varies is a field, under the same name everywhere: ``consumer``, ``flow``,
``row``, ``attempt``, ``status``, ``reason``, ``duration_ms``, ``correlation``.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib.ops.events import level_of
from chalicelib.ops.settings import Home, Settings

REDACTED = "[redacted]"

_NAME = "synclog"  #: Chalice's own lines have it too: it is the name of the app
FILE_NAME = "synclog.log"
FILE_BYTES = 10_000_000  #: size at which the file of one machine is put aside
FILES_KEPT = 3

#: A field is hidden when one of these is part of its name.
_SECRET_PARTS = (
    "authorization", "cookie", "credential", "password", "passwd", "secret", "signature", "token",
    "email", "e_mail", "phone", "mobile", "street", "postcode", "zip_code", "postal",
    "first_name", "last_name", "full_name", "customer_name", "body", "payload",
)  # fmt: skip
#: Keys open doors, except those that only name a write.
_KEY_NAME = re.compile(r"(?:^|_)(?:api|access|private|consumer|operator)?key$|apikey$")
_HARMLESS_KEYS = frozenset({"idempotency_key", "partition_key", "sort_key"})

_IN_TEXT = (
    # From the beginning of a run alone: from each of its letters, it would take a square of them.
    (re.compile(r"(?<![\w.+-])[\w.+-]+(?:@[\w-]+\.[\w.+-]+)+"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(/webhooks/[\w-]+/)[^\s/?#\"']+"), rf"\1{REDACTED}"),
)

_correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


def note(event: str, **facts: Any) -> None:
    """Write one line about an event of ``ops.events``; a field that is None is left out."""
    plain, level = _parts().plain, level_of(event)
    if plain.isEnabledFor(level):
        plain.log(level, event, extra=facts)


@contextmanager
def correlated(correlation: str) -> Iterator[None]:
    """Let this thread's lines, and the rows it requests, carry an id meanwhile."""
    token = _correlation.set(correlation)
    logger().thread_safe_append_keys(correlation=correlation)
    try:
        yield
    finally:
        logger().thread_safe_remove_keys(["correlation"])
        _correlation.reset(token)


def correlation() -> str | None:
    """Return the id of what this thread is answering, None outside of a request."""
    return _correlation.get()


def logger() -> Logger:
    """Return the one logger; until ``configure`` ran it writes INFO and above to stdout."""
    return _parts().log


def configure(settings: Settings, folder: Path | None = None) -> Logger:
    """Set level and stage of every line, and where lines go; returns the logger.

    On AWS lines go to stdout, which CloudWatch keeps. On one machine they go to stderr: stdout
    belongs to what ``make run`` and ``make demo`` tell the person who typed it. With a folder they
    go to a file there, and only warnings to stderr: a line for each attempt would hide the rest.
    """
    parts = _parts()
    parts.console.to_stderr = settings.home is Home.LOCAL
    parts.console.setLevel(logging.NOTSET if folder is None else logging.WARNING)
    parts.write_to(folder)
    parts.log.setLevel(settings.log_level)
    parts.log.append_keys(stage=settings.stage)
    return parts.log


def redact(value: Any, name: str = "") -> Any:
    """Return ``value`` with secrets and personal data hidden, at any depth.

    A field is judged by its name; a text also by what it holds: e-mail addresses, bearer tokens
    and the secret part of webhook addresses. Numbers and switches stay, so counts such as
    ``tokens: 12`` can be read. Dataclasses are looked into; any other object becomes its text.
    """
    if type(value) is str:  # most are, and the checks further down are slow
        return REDACTED if name and is_secret_name(name) else _redact_text(value)
    if value is None or isinstance(value, int | float):
        return value
    if name and is_secret_name(name):
        return REDACTED
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return redact({part.name: getattr(value, part.name) for part in fields(value)})
    return _redact_text(str(value))


@lru_cache(maxsize=1024)  # names come from outside too, so the memory is bounded
def is_secret_name(name: str) -> bool:
    """Say whether a field of this name may hold a secret or personal data."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
    if plain in _HARMLESS_KEYS:
        return False
    return any(part in plain for part in _SECRET_PARTS) or bool(_KEY_NAME.search(plain))


def _redact_text(text: str) -> str:
    # What none of the patterns can match is most of what is logged, and is told by a look.
    if "@" not in text and "/webhooks/" not in text and " " not in text and text.isprintable():
        return text
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


class _GuardedFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON with everything redacted on its way out, tracebacks included."""

    def serialize(self, log: Any) -> str:
        return super().serialize(redact(log))

    def _extract_log_message(self, log_record: logging.LogRecord) -> Any:
        """Leave out Powertools' attempt to read each message as JSON: ours are names of events."""
        message = log_record.msg
        return message if isinstance(message, dict) else log_record.getMessage()


class _LateHandler(logging.StreamHandler[TextIO]):
    """Looks its stream up at each line, so that a stream replaced since start is honoured."""

    to_stderr = False

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # StreamHandler's own would store a stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a plain attribute in the parent
        return sys.stderr if self.to_stderr else sys.stdout


@dataclass
class _Parts:
    """The logger and the handlers it writes to."""

    log: Logger
    plain: logging.Logger  #: what ``log`` wraps
    console: _LateHandler
    formatter: _GuardedFormatter
    file: logging.Handler | None = None

    def write_to(self, folder: Path | None) -> None:
        """Write to the file of a folder from now on, and to no other file."""
        if self.file is not None:
            self.plain.removeHandler(self.file)
            self.file.close()
        self.file = None if folder is None else _open_file(folder / FILE_NAME)
        if self.file is not None:
            self.file.setFormatter(self.formatter)
            self.plain.addHandler(self.file)


def _open_file(path: Path) -> logging.Handler:
    return RotatingFileHandler(
        path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
    )


@cache
def _parts() -> _Parts:
    console = _LateHandler()
    formatter = _GuardedFormatter(
        utc=True, use_rfc3339=True, serialize_stacktrace=False, location=None
    )
    log = Logger(_NAME, "INFO", logger_formatter=formatter, logger_handler=console)
    plain = logging.getLogger(_NAME)
    return _Parts(log=log, plain=plain, console=console, formatter=formatter)
