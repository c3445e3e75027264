"""Log lines are JSON with a constant event name, and never hold a secret."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.ops.logging import (
    FILE_NAME,
    REDACTED,
    configure,
    correlated,
    correlation,
    is_secret_name,
    logger,
    note,
    redact,
)
from chalicelib.ops.settings import Home, Settings

LOCAL = Settings.from_env({})
ON_AWS = replace(LOCAL, home=Home.AWS, stage="prod")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    configure(LOCAL)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_json_with_event_fields_and_stage(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ON_AWS).info("sync.attempted", extra={"row": "R1", "attempt": 2})

    (line,) = logged(capsys)
    assert line["message"] == "sync.attempted"
    assert (line["row"], line["attempt"], line["stage"]) == ("R1", 2, "prod")


def test_times_are_utc_wherever_the_machine_stands(
    capsys: pytest.CaptureFixture[str], clock_of_jakarta: None
) -> None:
    configure(ON_AWS).info("sync.attempted")

    (line,) = logged(capsys)
    assert line["timestamp"].endswith("+00:00")


@pytest.fixture
def clock_of_jakarta(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Jakarta")
        time.tzset()
        yield
    time.tzset()


def test_on_one_machine_stdout_is_left_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LOCAL).info("sync.attempted")

    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["message"] == "sync.attempted"


def test_a_noted_event_has_the_level_it_is_declared_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(ON_AWS)
    note("sync.attempted", row="R1")
    note("connection.down", connection="square")

    assert [(line["message"], line["level"]) for line in logged(capsys)] == [
        ("sync.attempted", "INFO"),
        ("connection.down", "WARNING"),
    ]


def test_a_message_stays_a_text_whatever_it_looks_like(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ON_AWS).info('{"a": 1}')

    assert logged(capsys)[0]["message"] == '{"a": 1}'


def test_a_field_that_is_none_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ON_AWS)
    note("sync.attempted", row="R1", reason=None)

    assert "reason" not in logged(capsys)[0]


def test_lines_of_a_request_carry_its_id_unless_they_have_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(ON_AWS)
    with correlated("request-1"):
        assert correlation() == "request-1"
        note("webhook.accepted")
        note("sync.attempted", correlation="request-0")
    note("sweep.sent")

    assert [line.get("correlation") for line in logged(capsys)] == ["request-1", "request-0", None]
    assert correlation() is None


def test_with_a_folder_lines_go_to_its_file_and_only_warnings_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(LOCAL, tmp_path)
    note("sync.attempted", row="R1")
    note("connection.down", connection="square")
    told = capsys.readouterr()

    kept = (tmp_path / FILE_NAME).read_text().splitlines()
    assert [json.loads(line)["message"] for line in kept] == ["sync.attempted", "connection.down"]
    assert [json.loads(line)["message"] for line in told.err.splitlines()] == ["connection.down"]
    assert told.out == ""


def test_a_folder_that_is_given_up_is_written_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(LOCAL, tmp_path)
    configure(LOCAL)
    note("sync.attempted")

    assert not (tmp_path / FILE_NAME).exists()
    assert "sync.attempted" in capsys.readouterr().err


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure(replace(ON_AWS, log_level="WARNING"))
    logger().info("sync.attempted")
    logger().warning("sync.failed")

    assert [line["message"] for line in logged(capsys)] == ["sync.failed"]


def test_secrets_in_fields_are_hidden_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ON_AWS).info(
        "vendor.called",
        extra={
            "headers": {"Authorization": "Bearer open-sesame", "Content-Type": "text/html"},
            "customers": [{"id": 7, "email": "joe@corner.example", "phone": "+44 20 7946"}],
        },
    )

    (line,) = logged(capsys)
    assert line["headers"] == {"Authorization": REDACTED, "Content-Type": "text/html"}
    assert line["customers"] == [{"id": 7, "email": REDACTED, "phone": REDACTED}]


def test_secrets_in_a_traceback_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure(ON_AWS)
    try:
        raise ValueError("joe@corner.example sent Bearer open-sesame")
    except ValueError:
        log.exception("worker.crashed")

    printed = capsys.readouterr().out
    assert "ValueError" in printed
    assert "joe@corner" not in printed
    assert "open-sesame" not in printed


def test_secrets_inside_objects_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError("no contact for joe@corner.example")
    configure(ON_AWS).info("contact.missed", extra={"error": error, "to": Contact(id=7)})

    (line,) = logged(capsys)
    assert line["error"] == f"no contact for {REDACTED}"
    assert line["to"] == {"id": 7, "email": REDACTED}


@dataclass(frozen=True, kw_only=True)
class Contact:
    id: int
    email: str = "joe@corner.example"


SECRET_NAMES = [
    "authorization", "Authorization", "access_token", "refreshToken", "x-square-signature",
    "client_secret", "password", "api_key", "apiKey", "consumer_key", "key", "e-mail", "email",
    "customer_email", "phone", "first_name", "firstName", "set-cookie", "credentials", "body",
]  # fmt: skip
PLAIN_NAMES = [
    "consumer", "flow", "row", "attempt", "status", "reason", "duration_ms", "detail", "code",
    "idempotency_key", "monkey", "record", "stage", "message", "timestamp", "location", "url",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_field_of_this_name_is_hidden(name: str) -> None:
    assert redact({name: "x"}) == {name: REDACTED}


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_a_field_of_this_name_is_shown(name: str) -> None:
    assert not is_secret_name(name)


def test_counts_are_shown_whatever_their_name() -> None:
    plain = {"tokens": 12, "max_body_bytes": 1024, "has_password": True, "email": None}

    assert redact(plain) == plain


TEXTS = {
    "e_mail": ("no contact for joe.o+x@shop.example found", f"no contact for {REDACTED} found"),
    "bearer": ("sent bearer abc.DEF-123", f"sent bearer {REDACTED}"),
    "basic": ("sent Basic dXNlcjpwYXNz", f"sent Basic {REDACTED}"),
    "webhook_address": (
        "POST /webhooks/brightpearl/s3cr3t?x=1",
        f"POST /webhooks/brightpearl/{REDACTED}?x=1",
    ),
    "plain": ("Order 1042 at 10:02 for 58.71 GBP", "Order 1042 at 10:02 for 58.71 GBP"),
    "bearer_after_a_tab": ("sent:bearer\tabc.DEF-123", f"sent:bearer {REDACTED}"),
    "e_mail_alone": ("joe@shop.example", REDACTED),
    "address_alone": ("/webhooks/square/s3cr3t", f"/webhooks/square/{REDACTED}"),
    "basic_as_a_word": ("basic plan", "basic plan"),
}


@pytest.mark.parametrize(("text", "shown"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text_keeps_all_but_its_secrets(text: str, shown: str) -> None:
    assert redact(text) == shown
