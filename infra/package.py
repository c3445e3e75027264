"""Makes the Lambda package: ``python -m infra.package --stage dev`` (or ``make package``)."""

import json
import shutil
import tempfile
from pathlib import Path

import click

from infra import contents, zipping
from infra.errors import NotPossibleError
from infra.target import HERE, MACHINES, Target
from infra.template import ROOT, produce


def build_zip(path: Path, target: Target) -> bool:
    """Write the zip of a target; returns whether its modules are compiled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "task"
        folder.mkdir()
        contents.gather(folder, target)
        if target.is_here:
            contents.check_imports(folder)
        compiled = contents.compile_all(folder, target)
        zipping.write_zip(folder, path)
    return compiled


def write_template(path: Path, stage: str, target: Target) -> None:
    """Write the template of a stage."""
    template = produce(stage, architecture=target.architecture, runtime=target.runtime)
    path.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", "utf-8")


@click.command()
@click.option("--stage", default="dev", show_default=True)
@click.option("--arch", default="arm64", show_default=True, help=" or ".join(MACHINES))
@click.option("--python-version", default=HERE, show_default=True, help="of the functions")
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "build" / "package")
def main(stage: str, arch: str, python_version: str, out: Path) -> None:
    """Make template.json and deployment.zip of a stage."""
    try:
        target = Target(architecture=arch, python=python_version)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        write_template(out / "template.json", stage, target)
        compiled = build_zip(out / "deployment.zip", target)
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {stage}, Python {target.python} on {target.architecture}")
    for line in zipping.describe(out / "deployment.zip"):
        click.echo(line)
    if not compiled:
        click.echo(
            f"Not compiled: this is Python {HERE} and there is no {target.runtime} on the path. It"
            " runs, but starts slower: package releases with the Python they run on."
        )


if __name__ == "__main__":
    main()
