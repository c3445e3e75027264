"""JSON log lines: a constant event name plus fields, with a guard against secrets.

Write ``logger().info("sync.attempted", extra={"row": row, "status": status})``. The event name
never changes; what varies is a field, under the same name everywhere: ``consumer``, ``flow``,
``row``, ``attempt``, ``status``, ``reason``, ``duration_ms``.
"""

import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib.ops.settings import Home, Settings

REDACTED = "[redacted]"

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
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(/webhooks/[\w-]+/)[^\s/?#\"']+"), rf"\1{REDACTED}"),
)


def logger() -> Logger:
    """Return the one logger; until ``configure`` ran it writes INFO and above to stdout."""
    return _parts()[0]


def configure(settings: Settings) -> Logger:
    """Set level and stage of every line, and where lines go; returns the logger.

    On AWS lines go to stdout, which CloudWatch keeps. On one machine they go to stderr: stdout
    belongs to what ``make run`` and ``make demo`` tell the person who typed it.
    """
    log, handler = _parts()
    handler.to_stderr = settings.home is Home.LOCAL
    log.setLevel(settings.log_level)
    log.append_keys(stage=settings.stage)
    return log


def redact(value: Any, name: str = "") -> Any:
    """Return ``value`` with secrets and personal data hidden, at any depth.

    A field is judged by its name; a text also by what it holds: e-mail addresses, bearer tokens
    and the secret part of webhook addresses. Numbers and switches stay, so counts such as
    ``tokens: 12`` can be read. Dataclasses are looked into; any other object becomes its text.
    """
    if value is None or isinstance(value, bool | int | float):
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
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


class _GuardedFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON with everything redacted on its way out, tracebacks included."""

    def serialize(self, log: Any) -> str:
        return super().serialize(redact(log))


class _LateHandler(logging.StreamHandler[TextIO]):
    """Looks its stream up at each line, so that a stream replaced since start is honoured."""

    to_stderr = False

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # StreamHandler's own would store a stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a plain attribute in the parent
        return sys.stderr if self.to_stderr else sys.stdout


@cache
def _parts() -> tuple[Logger, _LateHandler]:
    handler = _LateHandler()
    formatter = _GuardedFormatter(utc=True, use_rfc3339=True, serialize_stacktrace=False)
    log = Logger("synclog", "INFO", logger_formatter=formatter, logger_handler=handler)
    return log, handler
