"""The template of each stage, produced once by the real Chalice."""

import json
from collections.abc import Callable

import pytest

from infra.parts import STAGES
from infra.template import produce
from tests.infra.produced import Template


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    return {stage: produce(stage, architecture="arm64", runtime="python3.13") for stage in STAGES}


@pytest.fixture(params=STAGES)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    found: Template = templates[request.param]
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # a copy of the same type


@pytest.fixture
def properties(template: Template) -> Callable[[str], Template]:
    """Return what gives the properties of a resource."""

    def read(name: str) -> Template:
        found: Template = template["Resources"][name]["Properties"]
        return found

    return read
