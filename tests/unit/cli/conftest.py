"""The stand-in API on a free port, and the command line pointed at it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import tests.unit.cli.routes  # noqa: F401 - it declares the stand-in's calls
from cli.app import synclog
from cli.session import World
from tests.unit.cli.stand_in import ADMIN_KEY, CONSUMER, NOW, Serving, StandIn

Run = Callable[..., Result]


@pytest.fixture
def api() -> StandIn:
    """Give the stand-in's state."""
    return StandIn()


@pytest.fixture
def url(api: StandIn) -> Iterator[str]:
    """Give the address where the stand-in answers."""
    serving = Serving(api)
    serving.start()
    yield serving.url
    serving.stop()


@pytest.fixture
def run(api: StandIn, url: str, tmp_path: Path) -> Run:
    """Give a function that runs one command: ``run("logs", "list", environ={…}, input="y")``."""

    def call(
        *arguments: str, environ: dict[str, str] | None = None, input: str = "", **world: Any
    ) -> Result:
        known = {"SYNCLOG_URL": url, "SYNCLOG_KEY": ADMIN_KEY, "SYNCLOG_CONSUMER": CONSUMER}
        settings = {
            "wait": api.pass_time,
            "now": lambda: datetime.fromisoformat(NOW),
            "environ": known if environ is None else environ,
            "demo_file": tmp_path / "demo.json",
        }
        return CliRunner().invoke(
            synclog, arguments, obj=World(**{**settings, **world}), input=input
        )

    return call


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """Give a function that runs a command with ``--json`` and reads its whole stdout as JSON."""

    def call(*arguments: str, **settings: Any) -> Any:
        result = run(*arguments, "--json", **settings)
        assert result.exit_code == 0, result.stderr
        assert result.stderr == ""
        return json.loads(result.stdout)

    return call
