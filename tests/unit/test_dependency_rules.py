"""Who may import whom: the table of the house, enforced on every module we ship or run."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Where our own modules live; tests and bench may import everything and are imported by nobody.
OURS = ("app", "chalicelib", "local", "cli", "infra", "tests", "bench")

#: Package -> what it may import from this project besides itself.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "chalicelib": (),
    "chalicelib.domain": (),
    "chalicelib.flows": ("chalicelib.domain",),
    "chalicelib.connectors": ("chalicelib.domain",),
    "chalicelib.store": ("chalicelib.domain", "chalicelib.ops.aws"),
    "chalicelib.queue": ("chalicelib.domain", "chalicelib.ops.aws"),
    "chalicelib.ops": ("chalicelib.domain",),
    "chalicelib.triggers": (
        "chalicelib.domain",
        "chalicelib.flows",
        "chalicelib.ops",
        "chalicelib.queue.messages",
        "chalicelib.wiring",
    ),
    "chalicelib.api": (
        "chalicelib.domain",
        "chalicelib.flows",
        "chalicelib.ops",
        "chalicelib.queue.messages",
        "chalicelib.wiring",
    ),
    "chalicelib.console": (
        "chalicelib.domain",
        "chalicelib.flows",
        "chalicelib.api",
        "chalicelib.ops",
        "chalicelib.wiring",
    ),
    "chalicelib.wiring": (
        "chalicelib.domain",
        "chalicelib.flows",
        "chalicelib.connectors",
        "chalicelib.store",
        "chalicelib.queue",
        "chalicelib.ops",
    ),
    "app": ("chalicelib.api", "chalicelib.console", "chalicelib.triggers", "chalicelib.ops"),
    "local": ("app", "chalicelib", "infra"),
    "cli": (),
    "infra": ("chalicelib",),
}

#: Library -> the only places in chalicelib that may import it.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "boto3": ("chalicelib.store", "chalicelib.queue", "chalicelib.wiring", "chalicelib.ops"),
    "botocore": ("chalicelib.store", "chalicelib.queue", "chalicelib.wiring", "chalicelib.ops"),
    "httpx": (
        "chalicelib.connectors.http",
        "chalicelib.connectors.replies",
        "chalicelib.connectors.transport",
    ),
    "httpcore": ("chalicelib.connectors.transport",),
}

#: Folders whose sub-packages are platforms: none of these imports another.
PLATFORM_FOLDERS = ("chalicelib.connectors", "local.platforms")


def violations(root: Path) -> list[str]:
    """Return every broken rule under ``root`` as "module:line says what", in order of modules."""
    modules = find_modules(root)
    found = []
    edges: dict[str, set[str]] = {}
    for module, path in modules.items():
        for target, line in imports_of(path, modules):
            edges.setdefault(module, set()).add(target)
            found += [f"{module}:{line} {wrong}" for wrong in judge(module, target, modules)]
    return found + [f"{' -> '.join(cycle)} is a cycle" for cycle in find_cycles(edges, modules)]


def find_modules(root: Path) -> dict[str, Path]:
    """Map the dotted name of every module we ship or run to its file."""
    files = [root / "app.py", *sorted(root.glob("*/**/*.py"))]
    names = {}
    for path in files:
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if path.exists() and parts[0] in {rule.split(".")[0] for rule in MAY_IMPORT}:
            names[name] = path
    return names


def imports_of(path: Path, modules: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, line) of each import, wherever in the file it stands.

    ``from a import b`` names the module ``a.b`` if there is one, else ``a``; a relative import is
    yielded with its dots.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield (full if full in modules else base), node.lineno


def judge(module: str, target: str, modules: dict[str, Path]) -> Iterator[str]:
    """Say what is wrong with ``module`` importing ``target``; nothing when it may."""
    if target.startswith("."):
        yield f"imports {target}: write the whole name"
        return
    owner = owner_of(module)
    if owner is None:
        yield "is in no package of the table: give it a line there"
    elif is_ours(target):
        allowed = (owner, *MAY_IMPORT[owner])
        if not any(is_under(target, one) for one in allowed):
            yield f"imports {target}: {owner} may import {', '.join(allowed[1:]) or 'nothing'}"
        mine, theirs = platform_of(module, modules), platform_of(target, modules)
        if mine and theirs and mine != theirs:
            yield f"imports {target}: that is another platform"
    else:
        yield from judge_library(module, target)


def judge_library(module: str, target: str) -> Iterator[str]:
    """Say what is wrong with importing something that is not ours."""
    library = target.split(".")[0]
    if is_under(module, "chalicelib.domain") and library not in sys.stdlib_module_names:
        yield f"imports {target}: domain uses the standard library alone"
    places = ONLY_IN.get(library)
    in_product = is_under(module, "chalicelib") or module == "app"
    if places and in_product and not any(is_under(module, place) for place in places):
        yield f"imports {target}: only {', '.join(places)} may"


def owner_of(module: str) -> str | None:
    """Return the line of the table that rules ``module``, or None when there is none."""
    if module == "chalicelib":
        return module
    lines = (line for line in MAY_IMPORT if line != "chalicelib" and is_under(module, line))
    return next(lines, None)


def platform_of(module: str, modules: dict[str, Path]) -> str | None:
    """Return the platform package that ``module`` belongs to, if it belongs to one."""
    for folder in PLATFORM_FOLDERS:
        if module.startswith(f"{folder}."):
            name = f"{folder}.{module.removeprefix(f'{folder}.').split('.')[0]}"
            is_package = any(known.startswith(f"{name}.") for known in modules)
            return name if is_package else None
    return None


def is_ours(target: str) -> bool:
    return target.split(".")[0] in OURS


def is_under(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def find_cycles(edges: dict[str, set[str]], modules: dict[str, Path]) -> list[list[str]]:
    """Return the first cycle among our modules, or nothing."""
    graph = {module: (targets & modules.keys()) - {module} for module, targets in edges.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def test_every_import_follows_the_table() -> None:
    assert violations(ROOT) == []


def test_the_rules_look_at_the_real_modules() -> None:
    assert {"chalicelib.ops.settings", "chalicelib.domain"} <= find_modules(ROOT).keys()


FORBIDDEN = {
    "domain_imports_a_flow": ("chalicelib/domain/a.py", "import chalicelib.flows.b"),
    "domain_imports_a_library": ("chalicelib/domain/a.py", "import pydantic"),
    "flow_imports_the_store": ("chalicelib/flows/a.py", "from chalicelib.store import keys"),
    "store_imports_the_log": ("chalicelib/store/a.py", "from chalicelib.ops import logging"),
    "flow_imports_wiring": ("chalicelib/flows/a.py", "from chalicelib import wiring"),
    "trigger_imports_the_api": ("chalicelib/triggers/a.py", "from chalicelib.api import filters"),
    "trigger_imports_sqs": ("chalicelib/triggers/a.py", "from chalicelib.queue import sqs"),
    "api_imports_a_connector": (
        "chalicelib/api/a.py",
        "import chalicelib.connectors.square.client",
    ),
    "wiring_imports_a_route": ("chalicelib/wiring.py", "import chalicelib.api.rows"),
    "app_imports_wiring": ("app.py", "from chalicelib.wiring import services"),
    "product_imports_local": ("chalicelib/wiring.py", "import local.sqlite"),
    "product_imports_the_command_line": ("chalicelib/ops/a.py", "from cli import tables"),
    "product_imports_tests": ("chalicelib/ops/a.py", "import tests.builders"),
    "command_line_imports_the_product": ("cli/a.py", "from chalicelib.domain import rows"),
    "platform_imports_another": (
        "chalicelib/connectors/square/a.py",
        "from chalicelib.connectors.brightpearl import models",
    ),
    "simulator_imports_another": (
        "local/platforms/square/a.py",
        "from local.platforms.brightpearl import stock",
    ),
    "relative_import": ("chalicelib/flows/a.py", "from . import b"),
    "relative_import_from_above": ("chalicelib/flows/a.py", "from ..store import keys"),
    "boto3_in_a_flow": ("chalicelib/flows/a.py", "import boto3"),
    "botocore_in_the_api": ("chalicelib/api/a.py", "from botocore.exceptions import ClientError"),
    "httpx_in_a_platform": ("chalicelib/connectors/square/a.py", "import httpx"),
    "inside_a_function": ("chalicelib/flows/a.py", "def f():\n    import boto3"),
    "for_types_only": (
        "chalicelib/flows/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import chalicelib.store.keys",
    ),
    "package_without_a_line": ("chalicelib/helpers/a.py", "import json"),
}

ALLOWED = {
    "own_package": ("chalicelib/flows/a.py", "from chalicelib.flows import b"),
    "flow_imports_domain": ("chalicelib/flows/a.py", "from chalicelib.domain.rows import Row"),
    "trigger_imports_messages": (
        "chalicelib/triggers/a.py",
        "from chalicelib.queue.messages import Message",
    ),
    "store_imports_the_clients_of_aws": (
        "chalicelib/store/a.py",
        "from chalicelib.ops.aws import raising_busy",
    ),
    "wiring_imports_the_store": ("chalicelib/wiring.py", "import boto3, chalicelib.store.keys"),
    "catalog_imports_platforms": (
        "chalicelib/connectors/catalog.py",
        "from chalicelib.connectors.square import client\n"
        "from chalicelib.connectors.brightpearl import models",
    ),
    "platform_imports_the_http_client": (
        "chalicelib/connectors/square/a.py",
        "from chalicelib.connectors import http",
    ),
    "the_http_client_imports_httpx": ("chalicelib/connectors/http.py", "import httpx"),
    "command_line_imports_httpx": ("cli/a.py", "import httpx"),
    "local_imports_the_product": ("local/run.py", "import app, chalicelib.wiring, local.sqlite"),
}


def plant(root: Path, *files: tuple[str, str]) -> Path:
    """Make a small tree of our layout under ``root``, with ``files`` (path, text) in it."""
    frame = [f"chalicelib/connectors/{name}.py" for name in ("square/client", "brightpearl/models")]
    frame += [f"local/platforms/{name}.py" for name in ("square/a", "brightpearl/stock")]
    frame += ["chalicelib/store/keys.py", "chalicelib/flows/b.py", "chalicelib/wiring.py"]
    for path, text in [*((path, "") for path in frame), *files]:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(("path", "text"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_forbidden_import_is_found(tmp_path: Path, path: str, text: str) -> None:
    found = violations(plant(tmp_path, (path, text)))

    module = path.removesuffix(".py").replace("/", ".")
    assert len(found) == 1
    assert found[0].startswith(f"{module}:")


@pytest.mark.parametrize(("path", "text"), ALLOWED.values(), ids=ALLOWED.keys())
def test_an_allowed_import_passes(tmp_path: Path, path: str, text: str) -> None:
    assert violations(plant(tmp_path, (path, text))) == []


def test_a_cycle_between_modules_is_found(tmp_path: Path) -> None:
    found = violations(
        plant(
            tmp_path,
            ("chalicelib/domain/a.py", "from chalicelib.domain import b"),
            ("chalicelib/domain/b.py", "def f():\n    from chalicelib.domain.a import g"),
        )
    )

    assert len(found) == 1
    assert found[0].endswith("is a cycle")
    assert "chalicelib.domain.a" in found[0]
