"""What is in the package: our code, the wheels it needs, compiled; and nothing it never opens."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.errors import NotPossibleError
from infra.target import HERE, Target
from infra.template import ROOT, SHIPPED

REQUIREMENTS = Path(__file__).with_name("shipped.txt")

#: Folders of botocore's data that are kept: one per service we call.
SERVICES = frozenset({"dynamodb", "kms", "sqs"})
#: Of Chalice only this runs in Lambda; the rest packages and deploys.
CHALICE = frozenset({"__init__.py", "app.py"})

_NEVER_OPENED = (
    "*.dist-info",
    "bin",
    "cffi",  # cryptography uses its compiled half, _cffi_backend
    "**/__pycache__",
    "**/*.pyi",
    "**/py.typed",
    "botocore/data/*/*/examples-1.json",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
)
_IMPORT_ALL = """
import pkgutil, importlib, sys
sys.path.insert(0, {folder!r})
import app, chalicelib, httpx, botocore.session
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
session = botocore.session.Session()
for service in {services!r}:
    session.create_client(service, region_name="eu-west-1")
"""


def gather(
    folder: Path,
    target: Target,
    *,
    project: Path = ROOT,
    requirements: Path = REQUIREMENTS,
    pip_options: Sequence[str] = (),
) -> None:
    """Put code and wheels into an empty folder, without what Lambda never opens."""
    _install(folder, target, requirements, pip_options)
    _prune(folder)
    for name in SHIPPED:
        source = project / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)


def _install(folder: Path, target: Target, requirements: Path, pip_options: Sequence[str]) -> None:
    platforms = [part for tag in target.platforms for part in ("--platform", tag)]
    done = subprocess.run(  # noqa: S603 - our own interpreter; options from this file
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-compile", "--only-binary=:all:", "--implementation", "cp"),
            *("--python-version", target.python, *platforms, *pip_options),
            *("--target", str(folder), "--requirement", str(requirements)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    missing = re.search(r"No matching distribution found for (\S+)", done.stderr)
    if missing:
        raise NotPossibleError(
            f"There is no wheel of {missing[1]} for Python {target.python} on"
            f" {target.architecture}, and Lambda cannot build one: pin a version that has it, in"
            " infra/shipped.txt."
        )
    if done.returncode:
        raise NotPossibleError(f"pip could not fetch the wheels:\n{done.stderr.strip()}")


def _prune(folder: Path) -> None:
    found = [path for pattern in _NEVER_OPENED for path in folder.glob(pattern)]
    found += [one for one in folder.glob("botocore/data/*/") if one.name not in SERVICES]
    found += [one for one in folder.glob("chalice/*") if one.name not in CHALICE]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    endpoints = folder / "botocore" / "data" / "endpoints.json"
    if endpoints.exists():
        keep_our_endpoints(endpoints)


def keep_our_endpoints(path: Path) -> None:
    """Cut the list of all services' addresses down to ours: botocore parses it at each start."""
    known = json.loads(path.read_text("utf-8"))
    for partition in known["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in SERVICES & services.keys()}
    path.write_text(json.dumps(known, sort_keys=True), "utf-8")


def compile_all(folder: Path, target: Target) -> bool:
    """Compile every module with the target's Python; False if this machine does not have it.

    The compiled files are never checked against their sources (``unchecked-hash``): in a zip both
    are what they are, and looking would cost time at each cold start. One process in a fixed order,
    with a fixed hash seed, so that the same sources make the same bytes.
    """
    python = sys.executable if target.python == HERE else _find(target.runtime)
    if python is None:
        return False
    done = subprocess.run(  # noqa: S603 - an interpreter of this machine; options from this file
        [
            *(python, "-m", "compileall", "-q", "-j", "1"),
            *("--invalidation-mode", "unchecked-hash"),
            *("-s", str(folder), "-p", "/var/task", str(folder)),
        ],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotPossibleError(f"A module cannot be compiled:\n{done.stdout}{done.stderr}".strip())
    return True


def _find(name: str) -> str | None:
    """Return an interpreter on the path that really is there: some are signposts of a manager."""
    path = shutil.which(name)
    if path is None:
        return None
    answers = subprocess.run([path, "-V"], capture_output=True, check=False)  # noqa: S603 - found
    return path if answers.returncode == 0 else None


def check_imports(folder: Path) -> None:
    """Import everything of ours from the folder alone, as Lambda will."""
    script = _IMPORT_ALL.format(folder=str(folder), services=sorted(SERVICES))
    done = subprocess.run(  # noqa: S603 - our own interpreter; -I and -S hide its packages
        [sys.executable, "-I", "-S", "-B", "-c", script],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1]
        raise NotPossibleError(f"The package is not complete: {last}")
