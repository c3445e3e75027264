"""One deployment for all tests of this folder; a merchant of its own for each."""

import json
import platform
from collections.abc import Iterator

import pytest

from infra.package import build_zip, write_template
from infra.target import HERE, Target
from tests.deploy.stage import STAGE, Package, Stage, deployed
from tests.journey.house import House, opened

#: How this machine's own processor is called at Lambda.
PROCESSORS = {"arm64": "arm64", "aarch64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package for this machine, made now."""
    folder = tmp_path_factory.mktemp("deploy")
    target = Target(architecture=PROCESSORS[platform.machine()], python=HERE)
    write_template(folder / "template.json", STAGE, target)
    build_zip(folder / "deployment.zip", target)
    template = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    return Package(template=template, code=folder / "deployment.zip")


@pytest.fixture(scope="session")
def stage(package: Package) -> Iterator[Stage]:
    """The package, deployed and running; logs are kept beside it."""
    with deployed(package, package.code.parent) as found:
        yield found


@pytest.fixture
def house(stage: Stage, request: pytest.FixtureRequest) -> Iterator[House]:
    """A merchant with everything set up, no products yet, and polls that run every few seconds."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    with stage.hurrying(), opened(stage.operator, consumer=name, name=name) as found:
        yield found
