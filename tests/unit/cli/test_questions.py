"""Commands that only ask: the report and the diagnosis."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import Json, StandIn

ORDERS = "square-orders-to-brightpearl"


def days_back(count: int) -> list[str]:
    today = date(2026, 11, 22)
    return [str(today - timedelta(days=back)) for back in range(count - 1, -1, -1)]


def make_item(day: str, count: int, **changes: Any) -> Json:
    told = {"kind": "order", "status": "Synced", "code": 200, "not_applicable": False}
    return {"day": day, "count": count, "filter": {}, **told, **changes}


def cells_of(stdout: str) -> list[list[str]]:
    return [line.split() for line in stdout.splitlines() if line.strip()]


def fill(api: StandIn, days: int = 7) -> None:
    api.report |= {
        "days": days_back(days),
        "items": [
            make_item("2026-11-21", 3),
            make_item("2026-11-22", 4),
            make_item("2026-11-22", 5, not_applicable=True, code=None),
            make_item("2026-11-22", 6, status="Failed", code=400, kind="product"),
        ],
        "orders": [{"day": "2026-11-22", "channel": "square", "count": 15, "filter": {}}],
    }


def test_a_report_has_a_line_for_what_stands_alike_and_a_column_for_each_day(
    run: Run, api: StandIn
) -> None:
    fill(api)

    lines = cells_of(run("report").stdout)

    assert lines[1][:4] == ["Kind", "Status", "Code", "Total"]
    assert lines[1][-2:] == ["11-21", "11-22"]
    assert lines[2] == ["order", "Synced", "200", "7", "3", "4"]
    assert lines[3] == ["order", "not", "applicable", "no", "answer", "5", "5"]
    assert lines[4] == ["product", "Failed", "400", "6", "6"]
    assert lines[-1] == ["square", "15", "15"]


def test_kinds_and_days_are_asked_for(run: Run, run_json: Any, api: StandIn) -> None:
    fill(api, days=30)

    answer = run_json("report", "--days", "14", "--kind", "product")

    assert len(answer["days"]) == 14
    assert [item["kind"] for item in answer["items"]] == ["product"]
    assert run("report", "--days", "8").exit_code == 2


def test_a_month_shows_its_last_days_and_says_so(run: Run, api: StandIn) -> None:
    fill(api, days=30)

    result = run("report", "--days", "30")

    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    assert "7 of 30" in result.stderr
    assert "10-24" in run("report", "--days", "30", "--wide").stdout


def test_days_without_rows_say_so(run: Run, api: StandIn) -> None:
    shown = run("report").stdout

    assert "No row in these days." in shown
    assert "No order in these days." in shown


def make_diagnosis(*, ok: bool) -> Json:
    check = {
        "check": "row",
        "ok": ok,
        "sentence": "SALE1 was not received.",
        "evidence": {"last_polled_at": "2026-11-22T11:57:00Z", "row": None, "alike": ["a", "b"]},
        "remedy": None if ok else "Import its id.",
    }
    switch = {**check, "check": "flow_on", "ok": True, "sentence": "The flow is switched on."}
    return {"checks": [switch, check], "cause": None if ok else check}


def test_a_diagnosis_has_every_check_and_the_cause_with_its_remedy(run: Run, api: StandIn) -> None:
    api.diagnoses[f"{ORDERS} SALE1 2026-08-30"] = make_diagnosis(ok=False)

    shown = run("diagnosis", "--flow", ORDERS, "--record", "SALE1", "--date", "2026-08-30").stdout
    lines = cells_of(shown)

    assert lines[1] == ["flow", "on", "ok", "The", "flow", "is", "switched", "on."]
    assert lines[2][:2] == ["row", "fail"]
    assert shown.index("Cause") < shown.index("Import its id.")
    assert "3 min ago (2026-11-22T11:57:00Z)" in shown
    assert "a, b" in shown


def test_a_row_is_found_by_its_record_and_may_have_no_cause(run: Run, api: StandIn) -> None:
    api.rows = [{"id": f"{ORDERS}.SALE1", "record": "SALE1"}]
    api.diagnoses[f"{ORDERS}.SALE1"] = make_diagnosis(ok=True)

    assert "Nothing stands in its way." in run("diagnosis", "SALE1").stdout


def test_a_diagnosis_is_one_document_for_scripts(run_json: Any, api: StandIn) -> None:
    api.diagnoses[ORDERS] = make_diagnosis(ok=False)

    assert run_json("diagnosis", "--flow", ORDERS) == api.diagnoses[ORDERS]


@pytest.mark.parametrize(
    "arguments",
    [(), ("SALE1", "--flow", ORDERS), ("SALE1", "--date", "2026-08-30"), ("--record", "SALE1")],
)
def test_a_diagnosis_is_of_a_row_or_of_a_flow(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("diagnosis", *arguments).exit_code == 2
