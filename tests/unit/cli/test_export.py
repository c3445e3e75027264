"""The command ``export``: parts of the API joined into one file."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Json, StandIn


def make_row(number: int, **fields: Any) -> Json:
    return {
        "record": f"P{number}",
        "kind": "product",
        "status": "Synced",
        "columns": {"name": "قميص"},
        "received_at": "2026-11-22T11:00:00Z",
        **fields,
    }


def test_parts_become_one_file_with_one_line_of_names(
    run: Run, api: StandIn, tmp_path: Path
) -> None:
    api.rows = [make_row(number) for number in range(120)]
    file = tmp_path / "log.csv"
    result = run("export", str(file))
    lines = file.read_bytes().decode().split("\r\n")
    assert (result.exit_code, result.stdout) == (0, f"120 rows are in {file}.\n")
    assert lines == ["\ufeffrecord,name", *(f"P{number},قميص" for number in range(120)), ""]
    assert "120 rows" in result.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_filters_reach_the_api(run: Run, api: StandIn, tmp_path: Path) -> None:
    api.rows = [
        make_row(1),
        make_row(2, status="Failed"),
        make_row(3, status="Failed", received_at="2026-11-01T00:00:00Z"),
    ]
    file = tmp_path / "log.csv"
    run("export", str(file), "--status", "Failed", "--from", "24h")
    assert file.read_text(encoding="utf-8-sig").splitlines()[1:] == ["P2,قميص"]


def test_a_script_hears_where_and_how_many_as_json(
    run_json: Any, api: StandIn, tmp_path: Path
) -> None:
    api.rows = [make_row(1)]
    file = tmp_path / "log.csv"
    assert run_json("export", str(file)) == {"file": str(file), "rows": 1}


def test_a_dash_writes_the_bytes_as_they_are(run: Run, api: StandIn) -> None:
    api.rows = [make_row(number) for number in range(60)]
    result = run("export", "-")
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfrecord,name\r\nP0,")
    assert result.stdout_bytes.count(b"\r\n") == 61
    assert "60 rows." in result.stderr


def test_a_file_that_is_there_is_replaced_only_by_force(
    run: Run, api: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    file.write_text("mine")
    refused = run("export", str(file))
    assert (refused.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert run("export", str(file), "--force").exit_code == 0
    assert "record,name" in file.read_text(encoding="utf-8-sig")


def test_an_export_that_breaks_off_leaves_what_was_there(
    run: Run, api: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    file.write_text("mine")
    error = {"error": {"code": "busy", "message": "The service is busy.", "details": {}}}
    api.fail_next("export.csv", 503, json.dumps(error).encode())
    result = run("export", str(file), "--force")
    assert (result.exit_code, file.read_text()) == (1, "mine")
    assert "The service is busy. (503 busy)" in result.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_repeats_its_cursor_is_refused_not_written_for_ever(
    run: Run, api: StandIn, tmp_path: Path
) -> None:
    api.rows = [make_row(number) for number in range(120)]
    api.repeats_cursors = True
    result = run("export", str(tmp_path / "log.csv"))
    assert result.exit_code == 1
    assert "repeats itself" in result.stderr


@pytest.mark.parametrize("place", ["no-such-folder/log.csv", "a-file/log.csv"])
def test_a_place_that_cannot_be_written_is_said(
    run: Run, api: StandIn, tmp_path: Path, place: str
) -> None:
    (tmp_path / "a-file").touch()
    result = run("export", str(tmp_path / place))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_an_answer_that_is_no_csv_is_not_written(run: Run, api: StandIn, tmp_path: Path) -> None:
    api.fail_next("export.csv", 200, b"<html>", {"Content-Type": "text/html"})
    result = run("export", str(tmp_path / "log.csv"))
    assert result.exit_code == 1
    assert "not with a CSV file of Synclog's API" in result.stderr
    assert list(tmp_path.iterdir()) == []
