"""Commands that say what can be connected, and what an account has to choose from."""

from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import StandIn

PRICE_LISTS = [{"id": "2", "name": "Retail"}, {"id": "5", "name": "Trade\x1b[31m"}]


def make_field(name: str, **more: Any) -> dict[str, Any]:
    usual = {"label": name.title(), "required": False, "secret": False, "default": "", "help": ""}
    return {"name": name, **usual, **more}


@pytest.fixture
def till(api: StandIn) -> dict[str, Any]:
    """A platform with two fields."""
    platform = {
        "name": "till",
        "label": "The Till",
        "prerequisites": ["Sales are switched on.", "The key may read \x1b[31morders."],
        "fields": [
            make_field("account", required=True, help="As its address has it."),
            make_field("token", secret=True, default="none"),
        ],
    }
    api.platforms.append(platform)
    return platform


def test_a_platform_says_what_an_account_needs_and_what_it_is_given(run: Run, till: Any) -> None:
    result = run("connect", "platforms")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines() if line]
    assert lines == [
        "The Till (till)",
        "- Sales are switched on.",
        "- The key may read [31morders.",
        "Option Required What it is",
        "--setting account yes Account. As its address has it.",
        "--credential token Token. Usually none.",
    ]


def test_scripts_get_the_platforms_whole(run_json: Any, till: Any) -> None:
    assert run_json("connect", "platforms")["items"] == [till]


def test_a_platform_without_fields_says_so(run: Run, till: Any) -> None:
    till["fields"] = []
    assert "It takes no settings." in run("connect", "platforms").stdout


def test_platforms_need_no_consumer(run: Run, till: Any, url: str) -> None:
    known = {"SYNCLOG_URL": url, "SYNCLOG_KEY": "admin-key-1"}
    assert "The Till (till)" in run("connect", "platforms", environ=known).stdout


def test_choices_are_listed_with_the_ids_to_write(run: Run, api: StandIn) -> None:
    api.choices["price_lists"] = {"items": PRICE_LISTS, "problem": ""}
    result = run("connect", "choices", "till", "price_lists")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [["Id", "Name"], ["2", "Retail"], ["5", "Trade", "[31m"]]


def test_an_account_without_choices_says_so(run: Run, api: StandIn) -> None:
    api.choices["channels"] = {"items": [], "problem": ""}
    result = run("connect", "choices", "till", "channels")
    assert (result.exit_code, result.stdout) == (0, "The platform has none.\n")


def test_a_platform_that_does_not_answer_is_a_failure(run: Run, api: StandIn) -> None:
    api.choices["channels"] = {"items": [], "problem": "The key was refused."}
    result = run("connect", "choices", "till", "channels")
    assert result.exit_code == 1
    assert result.stdout == "The key was refused.\n"
    assert "connect check till" in result.stderr


def test_unknown_choices_name_the_known_ones(run: Run, api: StandIn) -> None:
    api.choices["channels"] = {"items": [], "problem": ""}
    result = run("connect", "choices", "till", "prices")
    assert result.exit_code == 1
    assert "Known are: channels." in result.stderr
