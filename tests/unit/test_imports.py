"""What importing ``app.py`` may load: every cold start on AWS waits for it.

``python -m bench --only cold`` tells the milliseconds; these tests only guard what earned them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Module -> who needs it, later.
LATER = {
    "httpx": "the first call to a platform",
    "httpcore": "the first call to a platform",
    "pydantic": "the first body of a request, the first payload of a vendor",
    "pydantic_core": "pydantic",
    "jinja2": "the first page of the console",
    "chalicelib.console.routing": "the first page of the console",
    "chalicelib.console.pages": "the first page of the console",
    "chalicelib.flows.differences": "the first row that is shown whole",
    "chalicelib.flows.standings": "the first look at all consumers",
    "cryptography": "the first thing that is sealed or opened",
    "chalicelib.api.bodies": "the first body of a request",
    "chalicelib.api.openapi": "the document of the API",
    "boto3": "nobody: botocore alone makes the clients sooner",
    "botocore.session": "the first client of AWS",
    "aws_xray_sdk": "nobody: the Tracer of Powertools is slow to start",
    "sqlite3": "one machine",
    "local": "one machine",
    "chalice.local": "one machine",
    "chalice.config": "packaging",
    "click": "the command line",
    "rich": "the command line",
}

#: Of a platform's folder only these say what it is; the rest talks to it.
LIGHT = ("offer", "application", "sign_in")


def told_by(program: str) -> str:
    """What a fresh process prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    """The modules of a fresh process that imported ``app.py``."""
    return frozenset(told_by("import sys, app; print(*sys.modules)").split())


def test_the_whole_service_is_there(loaded: frozenset[str]) -> None:
    assert {"app", "chalicelib.wiring", "chalicelib.flows.catalog", "chalice.app"} <= loaded


@pytest.mark.parametrize("module", LATER)
def test_importing_the_app_does_not_wait_for(module: str, loaded: frozenset[str]) -> None:
    assert module not in loaded, f"{module} is for {LATER[module]}"


def test_importing_the_app_loads_no_code_that_talks_to_a_platform(loaded: frozenset[str]) -> None:
    folders = [path.parent.name for path in ROOT.glob("chalicelib/connectors/*/offer.py")]
    assert folders
    allowed = {f"chalicelib.connectors.{name}.{light}" for name in folders for light in LIGHT}
    talking = {
        module
        for module in loaded
        for name in folders
        if module.startswith(f"chalicelib.connectors.{name}.")
    }
    assert talking <= allowed


def test_garbage_is_collected_again_once_the_app_is_imported() -> None:
    assert told_by("import gc, app; print(gc.isenabled())") == "True\n"
