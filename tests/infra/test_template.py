"""The produced template as a whole: what AWS would say of it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from infra.errors import NotPossibleError
from infra.template import produce

Template = dict[str, Any]
ACCOUNT = Path(__file__).parents[2] / "infra" / "account" / "template.yaml"


def lint(path: Path) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", "eu-west-1", "--", path],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def names_in(value: Any) -> Iterator[str]:
    """Yield the names that Ref, GetAtt and Sub mention anywhere in a value."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _NAMES_OF[key](one) if key in _NAMES_OF else names_in(one)


def _names_in_text(one: Any) -> Iterator[str]:
    text, given = (one, {}) if isinstance(one, str) else one
    yield from (name for name in re.findall(r"\$\{([A-Za-z0-9]+)[.}]", text) if name not in given)
    yield from names_in(given)


_NAMES_OF: dict[str, Callable[[Any], Iterable[str]]] = {
    "Ref": lambda one: [one.split(".")[0]],
    "Fn::GetAtt": lambda one: [one[0]],
    "Fn::Sub": _names_in_text,
    "DependsOn": lambda one: [one] if isinstance(one, str) else one,
}


def test_cfn_lint_has_nothing_to_say(template: Template, tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template, indent=1), "utf-8")

    assert lint(path) == ""


def test_cfn_lint_has_nothing_to_say_of_the_stack_of_the_account() -> None:
    assert lint(ACCOUNT) == ""


def test_nothing_waits_for_itself(template: Template) -> None:
    """CloudFormation refuses circles, and the API calls the function that knows its address."""
    resources = template["Resources"]
    graph = {name: set(names_in(one)) & resources.keys() for name, one in resources.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"a circle: {circle.args[1]}")


def test_it_fits_what_cloudformation_takes(template: Template) -> None:
    # CloudFormation, quotas: 1 MB from S3, 500 resources; SAM adds a few of its own to ours.
    assert len(json.dumps(template)) < 500_000
    assert len(template["Resources"]) < 300


def test_a_stage_is_made_for_itself_alone(templates: dict[str, Template]) -> None:
    for stage, template in templates.items():
        assert template["Parameters"]["Stage"]["AllowedValues"] == [stage]
        assert template["Parameters"]["Stage"]["Default"] == stage


def test_no_placeholder_is_left(template: Template) -> None:
    assert not re.search(r"\.invalid|000000000000", json.dumps(template))


def test_a_template_is_made_without_an_account(
    templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-set-up")

    assert produce("dev", architecture="arm64", runtime="python3.13") == templates["dev"]


def test_a_stage_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NotPossibleError, match="no stage 'staging'; there are dev, prod"):
        produce("staging", architecture="arm64", runtime="python3.13")
