"""One deployment for all tests of this folder; a merchant of its own for each."""

import json
import platform
from collections.abc import Iterator

import pytest

from infra.package import build_zip, write_template
from infra.target import HERE, Target
from tests.deploy.stage import STAGE, Stage, deployed
from tests.journey.house import House, opened

#: How this machine's own processor is called at Lambda.
PROCESSORS = {"arm64": "arm64", "aarch64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The package, deployed and running."""
    folder = tmp_path_factory.mktemp("deploy")
    target = Target(architecture=PROCESSORS[platform.machine()], python=HERE)
    template, code = folder / "template.json", folder / "deployment.zip"
    write_template(template, STAGE, target)
    build_zip(code, target)
    with deployed(json.loads(template.read_text(encoding="utf-8")), code, folder) as found:
        yield found


@pytest.fixture
def house(stage: Stage, request: pytest.FixtureRequest) -> Iterator[House]:
    """A merchant with everything set up, no products yet, and polls that run every few seconds."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    with stage.hurrying(), opened(stage.operator, consumer=name, name=name) as found:
        yield found
