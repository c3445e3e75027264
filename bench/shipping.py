"""A folder as Lambda has it: our code and what it needs at run time, and nothing else."""

import compileall
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode

from bench.errors import BenchError
from infra.contents import keep_our_endpoints

ROOT = Path(__file__).parents[1]

#: Chalice's own requirements serve its packaging; at run time ``chalice.app`` needs none of them.
ALONE = ("chalice",)


def ship(folder: Path, *, compiled: bool) -> Path:
    """Copy the product and its libraries into ``folder``; ``compiled`` as ``make package`` does.

    Libraries come from this environment, so nothing is downloaded.
    """
    _copy_libraries(folder)
    keep_our_endpoints(folder / "botocore" / "data" / "endpoints.json")
    _copy(ROOT / "app.py", folder / "app.py")
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=ours)
    return _compile(folder) if compiled else folder


def ship_bare(folder: Path, *, compiled: bool) -> Path:
    """Copy the libraries alone, as they are installed: what the floor is measured on.

    With them comes boto3, which is not shipped: the floor is what one would import without thought.
    """
    _copy_libraries(folder, "boto3")
    return _compile(folder) if compiled else folder


def _copy_libraries(folder: Path, *more: str) -> None:
    for found in _needed(*more):
        for file in found.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                _copy(Path(str(found.locate_file(file))), folder / file)


def _compile(folder: Path) -> Path:
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=2, invalidation_mode=mode):
        raise BenchError(f"the copy of the package in {folder} could not be compiled")
    return folder


def _needed(*more: str) -> Iterator[Distribution]:
    """Yield what requirements.txt names, and what that needs in turn, as it is installed here."""
    waiting = [*more]
    waiting += [_name_in(line) for line in (ROOT / "requirements.txt").read_text().splitlines()]
    seen = {""}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform or Python
        yield found
        if name not in ALONE:
            waiting += [_name_in(text) for text in found.requires or () if "extra ==" not in text]


def _name_in(requirement: str) -> str:
    """Return the name in a line such as ``httpx==0.28.1  # why``; empty for a comment."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
