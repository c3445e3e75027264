"""The zip: what is in it, that it is complete, and that the same input makes the same bytes."""

import hashlib
import json
import os
import shutil
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra import contents, package, zipping
from infra.errors import NotPossibleError
from infra.target import HERE, Target

ROOT = Path(__file__).parents[2]
HOST = Target(architecture="x86_64", python=HERE)
ARM = Target(architecture="arm64", python=HERE)

#: What the shipped packages ask for and never use in Lambda, and why.
LEFT_OUT = {
    "click": "Chalice's command line",
    "inquirer": "Chalice's command line",
    "pip": "Chalice's packaging",
    "pyyaml": "Chalice's packaging",
    "setuptools": "Chalice's packaging",
    "wheel": "Chalice's packaging",
    "pycparser": "compiles what cffi calls; cryptography brings that compiled",
}


def pins(path: Path) -> dict[str, str]:
    """Return name and version of each line of a list of requirements."""
    lines = [line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return dict(line.split("==") for line in lines if "==" in line)


def wheel(folder: Path, name: str, tag: str, files: dict[str, str]) -> None:
    """Make a wheel by hand."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with two requirements in a folder of wheels, one for x86_64 only."""
    (tmp_path / "wheels").mkdir()
    pure = {"pure/__init__.py": "N = {1, 2}\n", "pure/py.typed": "", "pure/hint.pyi": "N: set\n"}
    wheel(tmp_path / "wheels", "pure", "py3-none-any", pure)
    native = f"cp{HERE.replace('.', '')}-abi3-manylinux_2_17_x86_64"
    wheel(tmp_path / "wheels", "native", native, {"native.abi3.so": "\x7fELF"})
    (tmp_path / "requirements.txt").write_text("pure==1.0\nnative==1.0\n", "utf-8")
    (tmp_path / "chalicelib" / "__pycache__").mkdir(parents=True)
    (tmp_path / "chalicelib" / "__init__.py").write_text("KINDS = frozenset({'b', 'a'})\n", "utf-8")
    (tmp_path / "chalicelib" / "__pycache__" / "old.pyc").write_text("", "utf-8")
    (tmp_path / "app.py").write_text("import pure\n", "utf-8")
    return tmp_path


def gather(project: Path, folder: Path, target: Target = HOST) -> None:
    folder.mkdir()
    contents.gather(
        folder,
        target,
        project=project,
        requirements=project / "requirements.txt",
        pip_options=["--no-index", "--find-links", str(project / "wheels")],
    )


def test_the_same_input_makes_the_same_zip(project: Path) -> None:
    hashes = set()
    for name, time, mode in (("one", 1_000_000_000, 0o600), ("two", 1_500_000_000, 0o644)):
        gather(project, project / name)
        for path in (project / name).rglob("*.py"):  # when and by whom it was fetched is no part
            os.utime(path, (time, time))
            path.chmod(mode)
        assert contents.compile_all(project / name, HOST)
        zipping.write_zip(project / name, project / f"{name}.zip")
        hashes.add(hashlib.sha256((project / f"{name}.zip").read_bytes()).hexdigest())

    assert len(hashes) == 1


def test_the_zip_holds_code_wheels_and_compiled_modules_and_nothing_else(project: Path) -> None:
    gather(project, project / "task")
    contents.compile_all(project / "task", HOST)
    zipping.write_zip(project / "task", project / "task.zip")
    cache = f"cpython-{HERE.replace('.', '')}.pyc"

    assert zipfile.ZipFile(project / "task.zip").namelist() == [
        f"__pycache__/app.{cache}",
        "app.py",
        "chalicelib/__init__.py",
        f"chalicelib/__pycache__/__init__.{cache}",
        "native.abi3.so",
        "pure/__init__.py",
        f"pure/__pycache__/__init__.{cache}",
    ]


def test_compiled_modules_are_never_checked_against_their_sources(project: Path) -> None:
    gather(project, project / "task")
    contents.compile_all(project / "task", HOST)
    flags = next((project / "task").glob("__pycache__/app.*.pyc")).read_bytes()[4:8]

    assert int.from_bytes(flags, "little") == 0b01  # PEP 552: by hash, not checked


def test_tracebacks_name_files_where_lambda_has_them(project: Path) -> None:
    gather(project, project / "task")
    contents.compile_all(project / "task", HOST)
    code = next((project / "task").glob("__pycache__/app.*.pyc")).read_bytes()

    assert b"/var/task/app.py" in code
    assert str(project).encode() not in code


def test_a_requirement_without_a_wheel_is_refused_by_name(project: Path) -> None:
    with pytest.raises(NotPossibleError, match=r"no wheel of native==1\.0 .* on arm64"):
        gather(project, project / "task", ARM)


def test_a_module_that_is_missing_is_found_before_lambda_finds_it(project: Path) -> None:
    gather(project, project / "task")
    shutil.rmtree(project / "task" / "pure")

    with pytest.raises(NotPossibleError, match=r"not complete: .*'pure'"):
        contents.check_imports(project / "task")


def test_a_python_that_is_not_here_leaves_the_package_uncompiled(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    other = "3.12" if HERE == "3.13" else "3.13"

    assert not contents.compile_all(project, Target(architecture="arm64", python=other))


@pytest.mark.parametrize(
    ("target", "newest"),
    [
        (Target(architecture="arm64", python="3.11"), "manylinux_2_26_aarch64"),
        (Target(architecture="arm64", python="3.13"), "manylinux_2_34_aarch64"),
        (Target(architecture="x86_64", python="3.12"), "manylinux_2_34_x86_64"),
    ],
)
def test_wheels_fit_the_system_lambda_has(target: Target, newest: str) -> None:
    assert target.platforms[0] == newest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--arch", "mips"], "ARCH is arm64 or x86_64, not 'mips'"),
        (["--python-version", "3.10"], "3.11, 3.12, 3.13, not 3.10"),
        (["--stage", "staging"], "There is no stage 'staging'"),
    ],
)
def test_what_cannot_be_packaged_is_said_in_a_sentence(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(package.main, ["--out", str(tmp_path / "made"), *words])

    assert result.exit_code == 1
    assert sentence in result.output


def test_sizes_parts_and_hash_are_told(project: Path) -> None:
    gather(project, project / "task")
    zipping.write_zip(project / "task", project / "task.zip")

    told = "\n".join(zipping.describe(project / "task.zip"))

    assert "in 4 files, 0 compiled" in told
    assert "  chalicelib " in told
    assert zipping.sha256(project / "task.zip") in told


def test_our_services_addresses_are_kept_and_all_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    known = {"partition": "aws", "services": {"sqs": {"endpoints": []}, "s3": {"endpoints": []}}}
    path.write_text(json.dumps({"partitions": [known]}), "utf-8")

    contents.keep_our_endpoints(path)

    partition = json.loads(path.read_text())["partitions"][0]
    assert partition == {"partition": "aws", "services": {"sqs": {"endpoints": []}}}


def test_what_is_shipped_are_the_requirements_and_what_they_ask_for() -> None:
    shipped, asked = pins(contents.REQUIREMENTS), pins(ROOT / "requirements.txt")
    wanted, todo = {}, [Requirement(f"{name}=={version}") for name, version in asked.items()]
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if name not in LEFT_OUT:
            assert one.specifier.contains(shipped.get(name, "0")), f"shipped.txt lacks {one}"
            todo += needs_of(name) if name not in wanted else []
            wanted[name] = shipped[name]

    assert shipped == wanted


def needs_of(package: str) -> list[Requirement]:
    """Return what an installed package needs here, without its extras."""
    found = [Requirement(line) for line in metadata.requires(package) or []]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": ""})]


def test_nothing_of_ours_imports_what_is_left_out() -> None:
    for path in (ROOT / "chalicelib").rglob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        words = [line.split()[1].split(".")[0] for line in lines if line.startswith("import ")]
        words += [line.split()[1].split(".")[0] for line in lines if line.startswith("from ")]
        assert not LEFT_OUT.keys() & set(words), path
