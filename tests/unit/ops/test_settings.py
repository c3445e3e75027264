"""Settings are read once, and whatever is wrong with them is told at once."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.ops.settings import Home, Settings, SettingsError, describe

ON_AWS = {
    "SYNCLOG_HOME": "aws",
    "SYNCLOG_STAGE": "prod",
    "SYNCLOG_PUBLIC_URL": "https://sync.example.com/api/",
    "SYNCLOG_TABLE_LOG": "synclog-prod-log",
    "SYNCLOG_TABLE_REGISTRY": "synclog-prod-registry",
    "SYNCLOG_QUEUE_RECORDS": "https://sqs.eu-west-1.amazonaws.com/123456789012/records",
    "SYNCLOG_QUEUE_STOCK": "https://sqs.eu-west-1.amazonaws.com/123456789012/stock",
    "SYNCLOG_KEY_ID": "arn:aws:kms:eu-west-1:123456789012:key/0b1c",
}


def problems_of(**variables: str) -> dict[str, str]:
    """Return what is wrong by variable, for these variables alone."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(variables)
    return {one.name: one.wrong for one in caught.value.problems}


def test_nothing_set_gives_one_machine() -> None:
    settings = Settings.from_env({})

    assert settings.home is Home.LOCAL
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.var_dir == Path("var")
    assert (settings.retention_days, settings.workers) == (30, 4)
    assert settings.max_body_bytes == 1024 * 1024
    assert settings.allow_private_hosts is False


def test_every_setting_of_aws_is_read() -> None:
    settings = Settings.from_env(ON_AWS)

    assert settings.home is Home.AWS
    assert settings.public_url == "https://sync.example.com/api"
    assert settings.table_registry == "synclog-prod-registry"
    assert settings.queue_stock.endswith("/stock")
    assert settings.key_id.startswith("arn:aws:kms:")


def test_variables_of_others_are_ignored() -> None:
    assert Settings.from_env({"PATH": "/bin", "SYNCLOG_URL": "x"}) == Settings.from_env({})


def test_empty_and_blank_variables_count_as_not_set() -> None:
    assert Settings.from_env({"SYNCLOG_WORKERS": "", "SYNCLOG_STAGE": "  "}) == Settings.from_env(
        {}
    )


def test_case_and_blanks_around_a_value_do_not_matter() -> None:
    settings = Settings.from_env(
        {
            "SYNCLOG_LOG_LEVEL": " debug ",
            "SYNCLOG_ALLOW_PRIVATE_HOSTS": "Yes",
            "SYNCLOG_WORKERS": "10 ",
        }
    )

    assert (settings.log_level, settings.allow_private_hosts, settings.workers) == (
        "DEBUG",
        True,
        10,
    )


@pytest.mark.parametrize("value", ["1", "3650"])
def test_the_ends_of_a_range_are_allowed(value: str) -> None:
    assert Settings.from_env({"SYNCLOG_RETENTION_DAYS": value}).retention_days == int(value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.from_env({}).workers = 9  # type: ignore[misc]  # what the test is about


def test_all_problems_are_told_at_once_in_the_order_of_the_table() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"SYNCLOG_WORKERS": "many", "SYNCLOG_HOME": "aws"})

    assert [one.name for one in caught.value.problems] == [
        "SYNCLOG_PUBLIC_URL",
        "SYNCLOG_WORKERS",
        "SYNCLOG_TABLE_LOG",
        "SYNCLOG_TABLE_REGISTRY",
        "SYNCLOG_QUEUE_RECORDS",
        "SYNCLOG_QUEUE_STOCK",
        "SYNCLOG_KEY_ID",
    ]
    assert str(caught.value).splitlines()[0] == "7 settings cannot be used:"
    assert (
        "SYNCLOG_WORKERS: 'many' is not a whole number; wanted: a whole number from 2 to 10"
        in str(caught.value)
    )


def test_a_wrong_home_does_not_ask_for_what_only_aws_needs() -> None:
    assert problems_of(SYNCLOG_HOME="AWSS").keys() == {"SYNCLOG_HOME"}


WRONG = {
    "home_unknown": ("SYNCLOG_HOME", "cloud"),
    "stage_with_capitals": ("SYNCLOG_STAGE", "Prod"),
    "stage_too_long": ("SYNCLOG_STAGE", "a" * 21),
    "url_without_scheme": ("SYNCLOG_PUBLIC_URL", "sync.example.com"),
    "url_of_another_kind": ("SYNCLOG_PUBLIC_URL", "ftp://sync.example.com"),
    "url_without_host": ("SYNCLOG_PUBLIC_URL", "https:///api"),
    "url_with_a_wrong_port": ("SYNCLOG_PUBLIC_URL", "https://sync.example.com:99999"),
    "url_with_half_an_ipv6_host": ("SYNCLOG_PUBLIC_URL", "https://[::1"),
    "url_with_a_query": ("SYNCLOG_PUBLIC_URL", "https://sync.example.com/?a=1"),
    "url_still_a_placeholder": ("SYNCLOG_PUBLIC_URL", "https://public-address-of-dev.invalid"),
    "log_level_unknown": ("SYNCLOG_LOG_LEVEL", "LOUD"),
    "var_dir_is_a_file": ("SYNCLOG_VAR_DIR", __file__),
    "retention_of_nothing": ("SYNCLOG_RETENTION_DAYS", "0"),
    "retention_not_whole": ("SYNCLOG_RETENTION_DAYS", "30.5"),
    "workers_too_few": ("SYNCLOG_WORKERS", "1"),
    "workers_too_many": ("SYNCLOG_WORKERS", "11"),
    "workers_negative": ("SYNCLOG_WORKERS", "-4"),
    "workers_in_other_digits": ("SYNCLOG_WORKERS", "٤"),
    "workers_absurd": ("SYNCLOG_WORKERS", "9" * 5000),
    "body_too_large": ("SYNCLOG_MAX_BODY_BYTES", "6291457"),
    "switch_unknown": ("SYNCLOG_ALLOW_PRIVATE_HOSTS", "true"),
    "table_with_blanks": ("SYNCLOG_TABLE_LOG", "the log"),
    "queue_without_address": ("SYNCLOG_QUEUE_RECORDS", "records"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_is_named_with_its_setting(name: str, value: str) -> None:
    assert problems_of(**{name: value}).keys() == {name}


def test_on_aws_the_public_address_is_https() -> None:
    found = problems_of(**ON_AWS | {"SYNCLOG_PUBLIC_URL": "http://sync.example.com"})

    assert found == {"SYNCLOG_PUBLIC_URL": "it is not https, which the aws home needs"}


def test_on_aws_private_hosts_stay_closed() -> None:
    found = problems_of(**ON_AWS | {"SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes"})

    assert found.keys() == {"SYNCLOG_ALLOW_PRIVATE_HOSTS"}


ON_THIS_MACHINE = {
    "SYNCLOG_PUBLIC_URL": "http://127.0.0.1:81",
    "SYNCLOG_ALLOW_PRIVATE_HOSTS": "yes",
}


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4566", "https://localhost", "http://[::1]:1"]
)
def test_where_aws_itself_is_an_emulator_on_this_machine_vendors_may_be_too(endpoint: str) -> None:
    settings = Settings.from_env({**ON_AWS, **ON_THIS_MACHINE, "AWS_ENDPOINT_URL": endpoint})

    assert settings.allow_private_hosts is True
    assert settings.public_url == "http://127.0.0.1:81"


@pytest.mark.parametrize(
    "endpoint",
    ["", "127.0.0.1", "https://127.0.0.1.example.com", "http://10.0.0.7:4566", "http://[::1"],
)
def test_any_other_endpoint_of_aws_opens_nothing(endpoint: str) -> None:
    found = problems_of(**ON_AWS | ON_THIS_MACHINE | {"AWS_ENDPOINT_URL": endpoint})

    assert found.keys() == ON_THIS_MACHINE.keys()


def test_an_emulator_needs_every_setting_too() -> None:
    found = problems_of(SYNCLOG_HOME="aws", AWS_ENDPOINT_URL="http://127.0.0.1:4566")

    assert "SYNCLOG_TABLE_LOG" in found


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"SYNCLOG_PUBLIC_URL": "https://joe:hunter2@sync.example.com"})

    assert "hunter2" not in str(caught.value)


def test_a_long_wrong_value_is_cut_in_the_message() -> None:
    assert len(problems_of(SYNCLOG_WORKERS="9" * 5000)["SYNCLOG_WORKERS"]) < 80


def test_the_description_gives_each_setting_once_with_a_default_that_is_valid() -> None:
    rows = list(describe())

    assert len({name for name, _, _ in rows}) == len(rows)
    assert all(meaning for _, _, meaning in rows)
    assert {name.removeprefix("SYNCLOG_").lower() for name, _, _ in rows} == {
        field.name for field in dataclasses.fields(Settings)
    }
    assert Settings.from_env({name: default for name, default, _ in rows}) == Settings.from_env({})


def test_importing_settings_reads_no_environment_and_loads_no_library() -> None:
    program = (
        "import sys, os; os.environ['SYNCLOG_WORKERS'] = 'broken';"
        "import chalicelib.ops.settings;"
        "print({'boto3', 'chalice', 'aws_lambda_powertools', 'pydantic'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "set()\n"
