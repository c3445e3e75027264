"""What every command knows: where the API is, the key, the consumer, and how to show an answer."""

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click
from rich.console import Console

from cli.client import Api, path_of

DEFAULT_URL = "http://127.0.0.1:8080"
PIPED_WIDTH = 100  # columns when the output is no terminal
WIDE_WIDTH = 400

P = ParamSpec("P")
Command = Callable[Concatenate["Session", P], None]


@dataclass(frozen=True, kw_only=True)
class World:
    """What a session takes from outside; tests give their own."""

    wait: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    demo_file: Path = Path("var/demo.json")


@dataclass(frozen=True, kw_only=True)
class Session:
    """One run of one command.

    ``consumer`` is the consumer in force; ``given_consumer`` only the one that an option or the
    environment named, for commands that mean every consumer when none is named.
    """

    world: World
    api: Api
    consumer: str | None
    given_consumer: str | None
    as_json: bool
    wide: bool
    out: Console
    err: Console

    def path(self, *parts: str) -> str:
        """Build the path of something below the consumer in force.

        Raises:
            click.UsageError: no consumer is known.
        """
        if not self.consumer:
            raise click.UsageError(
                "Which consumer? Give --consumer or set SYNCLOG_CONSUMER; "
                "`consumers list` shows them."
            )
        return path_of("consumers", self.consumer, *parts)

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return self.world.now()


def command(group: click.Group, name: str) -> Callable[[Command[P]], click.Command]:
    """Make a function a command of ``group``: it gets a session first and the common options."""

    def decorate(function: Command[P]) -> click.Command:
        @functools.wraps(function)
        @click.pass_context
        def run(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> None:
            session = open_session(context)
            context.call_on_close(session.api.close)
            function(session, *args, **kwargs)

        return group.command(name)(common_options(run))

    return decorate


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command takes, before or after its name."""
    declared: tuple[tuple[str, dict[str, Any]], ...] = (
        ("--wide", {"is_flag": True, "help": "Show every column whole."}),
        ("--json", {"is_flag": True, "help": "Print the API's JSON, for scripts."}),
        ("--consumer", {"help": "The consumer's id (or SYNCLOG_CONSUMER)."}),
        ("--key", {"help": "API key (or SYNCLOG_KEY, which other users cannot see)."}),
        ("--url", {"help": f"Address of the API (or SYNCLOG_URL). Default: {DEFAULT_URL}."}),
    )
    for name, settings in declared:
        add = click.option(name, expose_value=False, callback=_remember, **settings)
        function = add(function)
    return function


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Note a common option for the whole run; an option that was not given changes nothing."""
    if value not in (None, False):
        context.meta[f"cli.{parameter.name}"] = value


def open_session(context: click.Context) -> Session:
    """Put options, environment and the demo's file together, in this order."""
    world = context.obj if isinstance(context.obj, World) else World()
    chosen = {
        name: context.meta.get(f"cli.{name}") or world.environ.get(f"SYNCLOG_{name.upper()}")
        for name in ("url", "key", "consumer")
    }
    demo = {} if chosen["url"] or chosen["key"] else _read_demo(world.demo_file)
    as_json = bool(context.meta.get("cli.json"))
    wide = bool(context.meta.get("cli.wide"))
    return Session(
        world=world,
        api=Api(
            _checked_url(chosen["url"] or demo.get("url") or DEFAULT_URL),
            _checked_key(chosen["key"] or demo.get("operator_key")),
            wait=world.wait,
        ),
        consumer=chosen["consumer"] or demo.get("consumer"),
        given_consumer=chosen["consumer"],
        as_json=as_json,
        wide=wide,
        out=_console(world.environ, wide=wide, stderr=False),
        err=_console(world.environ, wide=wide, stderr=True),
    )


def _console(environ: Mapping[str, str], *, wide: bool, stderr: bool) -> Console:
    console = Console(
        stderr=stderr, highlight=False, markup=False, no_color="NO_COLOR" in environ or None
    )
    if wide:
        console.width = WIDE_WIDTH
    elif not console.is_terminal and "COLUMNS" not in environ:
        console.width = PIPED_WIDTH
    return console


def _read_demo(path: Path) -> dict[str, str]:
    """Read what the demo wrote; nothing when there is none.

    Raises:
        click.UsageError: there is a file, but it cannot be read as the demo's.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path} cannot be read. Remove it, or give --url.") from error
    if not isinstance(content, dict):
        raise click.UsageError(f"{path} is not what the demo writes. Remove it, or give --url.")
    return {name: value for name, value in content.items() if isinstance(value, str)}


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise click.UsageError(
            f"{url!r} is no address. It looks like {DEFAULT_URL} or https://sync.example.com."
        )
    return url


def _checked_key(key: str | None) -> str | None:
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise click.UsageError(
            "The key holds blanks or characters no key has. Copy it once more, whole."
        )
    return key
