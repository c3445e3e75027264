"""The template of a stage: Chalice's own, with the parts of this folder merged over it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra import parts
from infra.errors import NotPossibleError
from infra.parts import Tree

ROOT = Path(__file__).parents[1]
SHIPPED = ("app.py", "chalicelib")
_PROFILES = frozenset({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
_CHALICE = "from chalice.cli import main; raise SystemExit(main())"

#: API Gateway names the function it calls by this instead of by reference. The function needs to
#: know the API's address; were each to refer to the other, CloudFormation could make neither.
_HANDLER = (
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    "synclog-${Stage}-api_handler"
)


def produce(stage: str, *, architecture: str, runtime: str) -> Tree:
    """Return the template of a stage; its functions' code is ``./deployment.zip``.

    Raises:
        NotPossibleError: there is no such stage, or Chalice and the parts do not fit together.
    """
    overlay = parts.load(stage, architecture=architecture, runtime=runtime)
    with tempfile.TemporaryDirectory() as folder:
        template = _run_chalice(Path(folder), stage, overlay)
    api = template["Resources"]["RestAPI"]["Properties"]
    api["DefinitionBody"] = _with_named_handler(api["DefinitionBody"])
    _refuse_leftovers(template)
    return template


def _run_chalice(folder: Path, stage: str, overlay: Tree) -> Tree:
    """Run ``chalice package --merge-template`` on a copy that names no requirements.

    Without them Chalice downloads nothing; the zip it makes is not used.
    """
    project, merge = folder / "project", folder / "merge.json"
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=_no_caches)
    shutil.copytree(ROOT / ".chalice", project / ".chalice", ignore=_only_the_configuration)
    shutil.copy(ROOT / "app.py", project)
    merge.write_text(json.dumps(overlay), "utf-8")
    done = subprocess.run(  # noqa: S603 - our own interpreter and names from this file
        [
            *(sys.executable, "-c", _CHALICE, "--project-dir", str(project), "package"),
            *("--stage", stage, "--merge-template", str(merge), str(folder / "made")),
        ],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotPossibleError(f"Chalice could not make the template:\n{done.stderr.strip()}")
    template: Tree = json.loads((folder / "made" / "sam.json").read_text("utf-8"))
    return template


_no_caches = shutil.ignore_patterns("__pycache__")


def _only_the_configuration(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name != "config.json"]


def _environment() -> dict[str, str]:
    """Return an environment with a region: Chalice asks for one, and calls nothing.

    Without a profile: Chalice would stop at one that is not set up, though it needs no account.
    """
    own = {name: value for name, value in os.environ.items() if name not in _PROFILES}
    return {"AWS_DEFAULT_REGION": "eu-west-1", **own, "PYTHONPATH": str(ROOT)}


def _with_named_handler(body: Any) -> Any:
    return json.loads(json.dumps(body).replace("${APIHandler.Arn}", _HANDLER))


def _refuse_leftovers(template: Tree) -> None:
    """Refuse parts for what the app does not have, and placeholders that no part replaced."""
    untyped = [name for name, one in template["Resources"].items() if "Type" not in one]
    if untyped:
        raise NotPossibleError(f"infra/ speaks of what the app does not have: {', '.join(untyped)}")
    for name, one in template["Resources"].items():
        text = json.dumps(one)
        if ".invalid" in text or "000000000000" in text:
            raise NotPossibleError(f"infra/ leaves a placeholder in {name}.")
