"""``make deploy`` and ``make destroy`` against a stand-in of the AWS CLI with a small account."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra import deploy, destroy

#: Stands for ``aws``: works on one file, ``account.json``, and refuses what it does not know.
STAND_IN = """#!{python}
import json, pathlib, sys
place = pathlib.Path(__file__).with_name("account.json")
account = json.loads(place.read_text())
words = [word for word in sys.argv[1:]]
options = dict()
name = None
for word in words[2:]:
    if word.startswith("--"):
        name = word
        options[name] = []
    elif name:
        options[name].append(word)
one = lambda key: options[key][0]
command = " ".join(words[:2])
if command == "apigateway get-account":
    print(json.dumps(dict(cloudwatchRoleArn=account["role"]) if account["role"] else dict()))
elif command == "cloudformation package":
    template = json.loads(pathlib.Path(one("--template-file")).read_text())
    template["uploaded"] = one("--s3-bucket") + "/" + one("--s3-prefix")
    pathlib.Path(one("--output-template-file")).write_text(json.dumps(template))
elif command == "cloudformation deploy":
    if one("--stack-name") == "synclog-account":
        account["role"] = "arn:of-the-account"
    account["stacks"][one("--stack-name")] = dict(
        template=pathlib.Path(one("--template-file")).read_text(),
        tags=options["--tags"],
        parameters=options.get("--parameter-overrides", []),
    )
elif command == "cloudformation describe-stacks":
    outputs = [dict(OutputKey="PublicURL", OutputValue="https://api.example/api")]
    if one("--stack-name") not in account["stacks"]:
        sys.exit("Stack with id " + one("--stack-name") + " does not exist")
    print(json.dumps(dict(Stacks=[dict(Outputs=outputs)])))
elif command == "dynamodb list-tables":
    print(json.dumps(dict(TableNames=list(account["tables"]))))
elif command == "dynamodb describe-table":
    protected = account["tables"][one("--table-name")]
    print(json.dumps(dict(Table=dict(DeletionProtectionEnabled=protected))))
elif command == "cloudformation delete-stack":
    del account["stacks"][one("--stack-name")]
elif command != "cloudformation wait":
    sys.exit("unknown: " + command)
place.write_text(json.dumps(account))
"""


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An account without anything; ``aws`` on the path works on it."""
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(STAND_IN.replace("{python}", sys.executable), "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    place = program.with_name("account.json")
    put(place, role="", stacks={}, tables={})
    return place


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "template.json").write_text('{"Resources": {}}', "utf-8")
    return tmp_path / "package"


def put(place: Path, **facts: object) -> None:
    known = json.loads(place.read_text("utf-8")) if place.exists() else {}
    place.write_text(json.dumps(known | facts), "utf-8")


def read(place: Path, fact: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(place.read_text("utf-8"))[fact]
    return found


@pytest.fixture
def run_deploy(made: Path) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        return CliRunner().invoke(deploy.main, ["--made", str(made), *words])

    return run


def run_destroy(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(destroy.main, list(words), input=typed)


def test_a_first_deployment_needs_a_bucket_and_no_answer(
    account: Path, run_deploy: Callable[..., Result]
) -> None:
    result = run_deploy("--stage", "dev", "--bucket", "mine")

    assert result.exit_code == 0, result.output
    assert "https://api.example/api" in result.output
    stack = read(account, "stacks")["synclog-dev"]
    assert json.loads(str(stack["template"]))["uploaded"] == "mine/synclog/dev"
    assert stack["tags"] == ["app=synclog", "stage=dev"]


def test_parameters_that_are_not_given_stay_as_they_were(
    account: Path, run_deploy: Callable[..., Result]
) -> None:
    run_deploy("--bucket", "mine", "--email", "on-call@example.com")

    stack = read(account, "stacks")["synclog-dev"]
    assert stack["parameters"] == ["AlarmEmail=on-call@example.com"]


def test_an_account_without_a_role_for_logs_gets_one(
    account: Path, run_deploy: Callable[..., Result]
) -> None:
    run_deploy("--bucket", "mine")

    assert set(read(account, "stacks")) == {"synclog-account", "synclog-dev"}


def test_an_account_with_a_role_for_logs_keeps_it(
    account: Path, run_deploy: Callable[..., Result]
) -> None:
    put(account, role="arn:of-others")

    run_deploy("--bucket", "mine")

    assert set(read(account, "stacks")) == {"synclog-dev"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--stage", "dev"], "Say which S3 bucket"),
        (["--bucket", "mine", "--domain", "sync.example.com"], "needs its certificate"),
        (["--bucket", "mine", "--made", "/nonexistent"], "run `make package` first"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(
    account: Path, run_deploy: Callable[..., Result], words: list[str], sentence: str
) -> None:
    result = run_deploy(*words)

    assert result.exit_code == 1
    assert sentence in result.output
    assert read(account, "stacks") == {}


def test_without_the_aws_cli_a_sentence_says_so(
    run_deploy: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert "The AWS CLI is not installed" in run_deploy("--bucket", "mine").output
    assert "The AWS CLI is not installed" in run_destroy("--confirm", "dev").output


@pytest.mark.parametrize(("words", "typed"), [(["--confirm", "dev"], ""), ([], "dev\n")])
def test_a_stage_goes_when_its_name_is_given_again(
    account: Path, words: list[str], typed: str
) -> None:
    put(account, stacks={"synclog-dev": {}, "synclog-prod": {}}, tables={"synclog-dev-log": False})

    result = run_destroy("--stage", "dev", *words, typed=typed)

    assert result.exit_code == 0, result.output
    assert set(read(account, "stacks")) == {"synclog-prod"}


def test_another_name_deletes_nothing(account: Path) -> None:
    put(account, stacks={"synclog-dev": {}})

    result = run_destroy("--stage", "dev", typed="prod\n")

    assert "nothing was deleted" in result.output
    assert set(read(account, "stacks")) == {"synclog-dev"}


def test_a_stage_that_is_not_there_is_not_said_to_be_gone(account: Path) -> None:
    result = run_destroy("--stage", "dev", "--confirm", "dev")

    assert result.exit_code == 1
    assert "There is no stack synclog-dev in this account and region" in result.output


def test_a_protected_table_keeps_its_stage(account: Path) -> None:
    tables = {"synclog-prod-log": False, "synclog-prod-registry": True}
    put(account, stacks={"synclog-prod": {}}, tables=tables)

    result = run_destroy("--stage", "prod", "--confirm", "prod")

    assert result.exit_code == 1
    assert "--table-name synclog-prod-registry --no-deletion-protection-enabled" in result.output
    assert set(read(account, "stacks")) == {"synclog-prod"}
