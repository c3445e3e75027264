"""Settings: environment variables, parsed once into one frozen object.

``CATALOG`` is the list of them; README's settings table and ``.chalice/config.json`` are checked
against it by tests. Importing this module reads nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

#: API Gateway and Lambda take no request over 6 MB, so a higher limit would promise too much.
LARGEST_BODY_BYTES = 6 * 1024 * 1024

#: Hosts in ``.chalice/config.json`` that a deployment replaces end so; none can exist (RFC 2606).
PLACEHOLDER_SUFFIX = ".invalid"

#: boto3's own variable. A host of this machine in it means that AWS is an emulator here, as in the
#: deployment test: then addresses of this machine are no way into anybody's network.
AWS_ENDPOINT = "AWS_ENDPOINT_URL"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Home(StrEnum):
    """Where this installation lives: it decides which adapters stand behind the ports."""

    LOCAL = "local"  #: one process on one machine, data in SQLite files
    AWS = "aws"  #: Lambda, DynamoDB, SQS and KMS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set from outside, checked; ``CATALOG`` explains each."""

    home: Home
    stage: str
    public_url: str  #: without a slash at the end
    log_level: str
    var_dir: Path
    retention_days: int
    workers: int
    max_body_bytes: int
    allow_private_hosts: bool
    table_log: str  #: this and the names below are empty in the local home unless they were set
    table_registry: str
    queue_records: str
    queue_stock: str
    key_id: str

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> "Settings":
        """Read the settings from environment variables; empty ones count as not set.

        Raises:
            SettingsError: some are wrong or missing; it names all of them at once.
        """
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        for setting in CATALOG:
            text = mapping.get(setting.name, "").strip() or setting.default
            try:
                values[setting.field] = setting.parse(text) if text else text
            except _UnfitError as unfit:
                problems.append(Problem(name=setting.name, wrong=str(unfit), wanted=setting.wanted))
        problems.extend(_problems_of_home(values, emulated=_is_emulated(mapping)))
        if problems:
            raise SettingsError(sorted(problems, key=_place_in_catalog))
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One setting that cannot be used: its variable, what is wrong, what is wanted instead."""

    name: str
    wrong: str
    wanted: str


class SettingsError(Exception):
    """Some settings are wrong or missing; the message lists every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"  {one.name}: {one.wrong}; wanted: {one.wanted}" for one in problems]
        count = "1 setting" if len(lines) == 1 else f"{len(lines)} settings"
        super().__init__("\n".join([f"{count} cannot be used:", *lines]))


def describe() -> Iterator[tuple[str, str, str]]:
    """Yield (name, default, meaning) of each setting, in the order people read them."""
    for setting in CATALOG:
        yield setting.name, setting.default, setting.meaning


class _UnfitError(ValueError):
    """A text that is no value of its setting; says what is wrong, never a secret."""


@dataclass(frozen=True, kw_only=True)
class _Setting:
    name: str
    default: str
    meaning: str
    wanted: str
    parse: Callable[[str], object]

    @property
    def field(self) -> str:
        """Its name in ``Settings``."""
        return self.name.removeprefix("SYNCLOG_").lower()


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise _UnfitError(f"{_quoted(text)} is not one of them")
        return text

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # isdecimal alone lets other scripts' digits through, which a person would not expect here.
        if not (text.isascii() and text.isdecimal()):
            raise _UnfitError(f"{_quoted(text)} is not a whole number")
        if len(text) > 12 or not low <= int(text) <= high:
            raise _UnfitError(f"{_quoted(text)} is out of range")
        return int(text)

    return parse


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _UnfitError(f"{_quoted(text)} has another form")
        return text

    return parse


def _to_home(text: str) -> Home:
    return Home(_one_of(*Home)(text))


def _to_log_level(text: str) -> str:
    return _one_of(*LOG_LEVELS)(text.upper())


def _to_switch(text: str) -> bool:
    return _one_of("yes", "no")(text.lower()) == "yes"


def _to_directory(text: str) -> Path:
    if "\0" in text or (Path(text).exists() and not Path(text).is_dir()):
        raise _UnfitError(f"{_quoted(text)} is not a folder")
    return Path(text)


def _to_address(text: str) -> str:
    """Check an http address; its text is not repeated in errors, it may hold a password."""
    parts = _split_address(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _UnfitError("it is not an http address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _UnfitError("it has a user name, a query or a fragment")
    if parts.hostname.endswith(PLACEHOLDER_SUFFIX):
        raise _UnfitError("it is still the placeholder of .chalice/config.json")
    return text.rstrip("/")


def _split_address(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # looked at only here: a wrong port shows itself when it is read
    except ValueError:
        raise _UnfitError("it is not an http address") from None
    return parts


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _is_emulated(mapping: Mapping[str, str]) -> bool:
    try:
        return urlsplit(mapping.get(AWS_ENDPOINT, "").strip()).hostname in LOOPBACK
    except ValueError:
        return False


def _problems_of_home(values: Mapping[str, Any], *, emulated: bool) -> Iterator[Problem]:
    """Say what the home makes necessary or impossible; nothing while the home itself is wrong."""
    if values.get("home") is Home.AWS:
        yield from _missing_on_aws(values)
        if not emulated:
            yield from _open_on_aws(values)


def _missing_on_aws(values: Mapping[str, Any]) -> Iterator[Problem]:
    for setting in CATALOG:
        if values.get(setting.field) == "":  # only what has no default can be empty
            yield _problem(setting.field, "it is not set, and the aws home needs it")


def _open_on_aws(values: Mapping[str, Any]) -> Iterator[Problem]:
    if values.get("public_url", "https:").startswith("http:"):
        yield _problem("public_url", "it is not https, which the aws home needs")
    if values.get("allow_private_hosts"):
        yield _problem("allow_private_hosts", "'yes' opens our own network to the aws home")


def _problem(field_name: str, wrong: str) -> Problem:
    setting = next(one for one in CATALOG if one.field == field_name)
    return Problem(name=setting.name, wrong=wrong, wanted=setting.wanted)


def _place_in_catalog(problem: Problem) -> int:
    return [setting.name for setting in CATALOG].index(problem.name)


def _on_aws(name: str, meaning: str, wanted: str, parse: Callable[[str], object]) -> _Setting:
    return _Setting(
        name=name,
        default="",
        meaning=f"{meaning}; aws home only",
        wanted=wanted,
        parse=parse,
    )


#: DynamoDB, SQS and KMS allow more in some places; this is what all of them allow.
_AWS_NAME = r"[A-Za-z0-9_./:-]{3,255}"

CATALOG: tuple[_Setting, ...] = (
    _Setting(
        name="SYNCLOG_HOME",
        default="local",
        meaning="Where it runs: `local` (one process, SQLite) or `aws` (Lambda, DynamoDB, SQS)",
        wanted="local or aws",
        parse=_to_home,
    ),
    _Setting(
        name="SYNCLOG_STAGE",
        default="local",
        meaning="Name of this installation in logs and metrics, such as `dev` or `prod`",
        wanted="a small letter, then up to 19 small letters, digits or hyphens",
        parse=_matching(r"[a-z][a-z0-9-]{0,19}"),
    ),
    _Setting(
        name="SYNCLOG_PUBLIC_URL",
        default="http://127.0.0.1:8080",
        meaning="Address under which vendors reach us; webhook addresses begin with it",
        wanted="an address such as https://sync.example.com; http only in the local home",
        parse=_to_address,
    ),
    _Setting(
        name="SYNCLOG_LOG_LEVEL",
        default="INFO",
        meaning="The least important log line to write",
        wanted="DEBUG, INFO, WARNING, ERROR or CRITICAL",
        parse=_to_log_level,
    ),
    _Setting(
        name="SYNCLOG_VAR_DIR",
        default="./var",
        meaning="Folder of this machine's data (SQLite files, key file); made when missing",
        wanted="a folder, or a path where one can be made",
        parse=_to_directory,
    ),
    _Setting(
        name="SYNCLOG_RETENTION_DAYS",
        default="30",
        meaning="Days until attempts and HTTP exchanges expire; rows do not",
        wanted="a whole number from 1 to 3650",
        parse=_whole(1, 3650),
    ),
    _Setting(
        name="SYNCLOG_WORKERS",
        default="4",
        meaning="Threads that work on each queue",
        wanted="a whole number from 2 to 10",
        parse=_whole(2, 10),
    ),
    _Setting(
        name="SYNCLOG_MAX_BODY_BYTES",
        default="1048576",
        meaning="Largest request body in bytes; a larger one is answered 413",
        wanted=f"a whole number from 1024 to {LARGEST_BODY_BYTES}",
        parse=_whole(1024, LARGEST_BODY_BYTES),
    ),
    _Setting(
        name="SYNCLOG_ALLOW_PRIVATE_HOSTS",
        default="no",
        meaning="`yes` lets connections point at 127.0.0.1, for simulators; in the aws home only "
        "where AWS, too, is an emulator on this machine",
        wanted="yes or no; no in the aws home, but for an emulated one",
        parse=_to_switch,
    ),
    _on_aws(
        "SYNCLOG_TABLE_LOG",
        "DynamoDB table of the sync log",
        "the name of a table",
        _matching(_AWS_NAME),
    ),
    _on_aws(
        "SYNCLOG_TABLE_REGISTRY",
        "DynamoDB table of the registry",
        "the name of a table",
        _matching(_AWS_NAME),
    ),
    _on_aws(
        "SYNCLOG_QUEUE_RECORDS",
        "Address of the SQS work queue of records",
        "the URL of a queue",
        _to_address,
    ),
    _on_aws(
        "SYNCLOG_QUEUE_STOCK",
        "Address of the SQS work queue of stock",
        "the URL of a queue",
        _to_address,
    ),
    _on_aws(
        "SYNCLOG_KEY_ID",
        "KMS key that seals credentials",
        "a key id, alias or ARN",
        _matching(_AWS_NAME),
    ),
)
