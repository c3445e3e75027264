"""Commands for the log: list, show, re-sync of one row and of many, groups."""

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import NOW, Json, StandIn

ESCAPE = "\x1b[31mred\x1b[0m\r\nnext"


def make_row(number: int, **fields: Any) -> Json:
    return {
        "id": f"orders.SALE{number}",
        "consumer": "corner-shirts",
        "flow": "square-orders-to-brightpearl",
        "kind": "order",
        "record": f"SALE{number}",
        "status": "Synced",
        "reason": None,
        "sentence": None,
        "outcome": "created",
        "code": None,
        "columns": {
            "order_id": f"SALE{number}",
            "total": {"amount": "58.71", "currency": "GBP"},
        },
        "received_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-22T11:57:00Z",
        **fields,
    }


def make_failed(number: int, **fields: Any) -> Json:
    told = {"reason": "amounts_differ", "sentence": "The lines do not add up.", "code": 400}
    return make_row(number, status="Failed", **told, **fields)


def test_rows_are_listed_with_status_reason_code_and_age(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(1), make_row(2)]
    lines = run("logs", "list").stdout.splitlines()
    assert lines[1].split()[:4] == ["SALE1", "order", "Failed", "amounts_differ:"]
    for words in ("The lines do not add up.", "58.71 GBP", "400", "3 min ago"):
        assert words in lines[1]
    assert "created" in lines[2]


def test_rows_of_several_shops_name_their_own(run: Run, api: StandIn) -> None:
    to_shops = ("brightpearl-stock-to-square", "brightpearl-stock-to-square@square-2")
    api.rows = [make_row(1, flow=flow) for flow in to_shops]
    lines = [line.split() for line in run("logs", "list").stdout.splitlines()]
    assert lines[0][:4] == ["Record", "Kind", "To", "Status"]
    assert [line[2] for line in lines[1:]] == ["square", "square-2"]


def test_orders_of_several_shops_name_theirs(run: Run, api: StandIn) -> None:
    api.rows = [make_row(1), make_row(2, flow="square-orders-to-brightpearl@square-2")]
    lines = [line.split() for line in run("logs", "list").stdout.splitlines()]
    assert lines[0][:4] == ["Record", "Kind", "From", "Status"]
    assert [line[2] for line in lines[1:]] == ["square", "square-2"]


def test_long_rows_stay_one_line_of_100_columns(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(n, columns={"name": "A very long name " * 20}) for n in range(5)]
    lines = run("logs", "list").stdout.splitlines()
    assert len(lines) == 6
    assert max(len(line) for line in lines) <= 100
    for line in lines[1:]:
        assert "Failed" in line
        assert "3 min ago" in line


def test_a_name_with_control_characters_does_not_reach_the_terminal(run: Run, api: StandIn) -> None:
    api.rows = [make_row(1, columns={"name": ESCAPE})]
    shown = run("logs", "list").stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


def test_a_name_in_brackets_is_not_taken_for_a_style(run: Run, api: StandIn) -> None:
    api.rows = [make_row(1, columns={"name": "[red]Shirt[/red]"})]
    assert "[red]Shirt[/red]" in run("logs", "list").stdout


def test_filters_repeat_and_narrow(run_json: Any, api: StandIn) -> None:
    api.rows = [make_row(1), make_failed(2), make_row(3, kind="product"), make_row(4, kind="stock")]
    answer = run_json("logs", "list", "--kind", "order", "--kind", "product", "--status", "Synced")
    assert [row["id"] for row in answer["items"]] == ["orders.SALE1", "orders.SALE3"]


def test_a_period_back_from_now_is_a_filter(run_json: Any, api: StandIn) -> None:
    api.rows = [make_row(1, received_at="2026-11-22T11:30:00Z"), make_row(2)]
    answer = run_json("logs", "list", "--from", "60m")
    assert [row["id"] for row in answer["items"]] == ["orders.SALE1"]


def test_a_list_ends_at_its_limit_and_says_there_is_more(run: Run, api: StandIn) -> None:
    api.rows = [make_row(number) for number in range(60)]
    result = run("logs", "list", "--limit", "20")
    assert len(result.stdout.splitlines()) == 21
    assert "20 rows; there are more" in result.stderr


def test_all_reads_every_page_and_each_row_once(run_json: Any, api: StandIn) -> None:
    api.rows = [make_row(number) for number in range(950)]
    answer = run_json("logs", "list", "--all")
    assert [row["id"] for row in answer["items"]] == [row["id"] for row in api.rows]
    assert answer["next"] is None


def test_a_limit_above_the_apis_page_takes_several_pages(run_json: Any, api: StandIn) -> None:
    api.rows = [make_row(number) for number in range(950)]
    answer = run_json("logs", "list", "--limit", "450")
    assert len(answer["items"]) == 450
    following = run_json("logs", "list", "--cursor", answer["next"], "--limit", "1")
    assert following["items"][0]["id"] == "orders.SALE450"


def test_a_list_that_repeats_its_cursor_is_refused_not_read_for_ever(
    run: Run, api: StandIn
) -> None:
    api.rows = [make_row(number) for number in range(950)]
    api.repeats_cursors = True
    result = run("logs", "list", "--all")
    assert result.exit_code == 1
    assert "repeats itself" in result.stderr


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "5", "99999999999d", "5w"])
def test_a_time_that_cannot_be_read_shows_the_forms(run: Run, text: str) -> None:
    result = run("logs", "list", "--from", text)
    assert result.exit_code == 2
    assert "2026-11-01T09:30" in result.stderr


def test_a_time_before_the_calendar_is_a_usage_error(run: Run) -> None:
    result = run("logs", "list", "--from", "999999d")
    assert result.exit_code == 2
    assert "out of the calendar" in result.stderr


def test_a_list_without_rows_says_so(run: Run) -> None:
    assert run("logs", "list").stdout == "No row matches.\n"


@pytest.fixture
def detailed(api: StandIn) -> Json:
    exchange = {
        "id": "x1",
        "platform": "brightpearl",
        "method": "POST",
        "url": "https://bp/order",
        "status": 400,
        "duration_ms": 31,
        "request": {"headers": {}, "body": {"reference": "SALE1"}},
        "response": {"headers": {}, "body": {"errors": ["Refused"]}},
        "at": NOW,
    }
    attempt = {
        "number": 1,
        "at": "2026-11-22T11:50:00Z",
        "ended_at": "2026-11-22T11:50:02Z",
        "status": "Failed",
        "reason": "amounts_differ",
        "detail": "Lines 10.00, total 12.00.",
        "code": 400,
        "duration_ms": 2000,
        "correlation": "request-1",
        "exchanges": [exchange],
    }
    api.details["orders.SALE1"] = {
        "row": make_failed(1, remedy="Correct the order.", synced_at=None),
        "correlation": "request-2",
        "record": {"lines": [{"sku": "S-1", "quantity": 2}]},
        "attempts": [attempt],
        "links": [{"platform": "square", "id": "SALE1", "url": "https://sq/SALE1"}],
        "related": [make_row(7, kind="stock")],
    }
    return api.details["orders.SALE1"]


@pytest.mark.usefixtures("detailed")
def test_a_row_is_shown_with_record_attempts_links_and_relatives(run: Run) -> None:
    shown = run("logs", "show", "orders.SALE1").stdout
    for words in (
        "Correct the order.",
        '"sku": "S-1"',
        "Attempt 1 · 10 min ago · 2 s · Failed · amounts_differ · code 400",
        "Lines 10.00, total 12.00.",
        "Correlation request-1",
        "request-2",
        "https://bp/order",
        "31 ms",
        "https://sq/SALE1",
        "orders.SALE7",
        "3 min ago (2026-11-22T11:57:00Z)",
    ):
        assert words in shown
    assert "Refused" not in shown


def test_an_attempt_shows_what_it_sent_differently(run: Run, detailed: Json) -> None:
    detailed["attempts"][0]["changes"] = [
        {"field": "name", "old": "Shirt", "new": ESCAPE},
        {"field": "price.amount", "old": None, "new": "5"},
        {"field": "sku", "old": "", "new": None},
    ]
    lines = run("logs", "show", "orders.SALE1").stdout.splitlines()
    begin = lines.index("Sent differently:")
    assert lines[begin + 1].startswith("  name: 'Shirt' → ' [31mred")
    assert lines[begin + 2 : begin + 4] == [
        "  price.amount: nothing → '5'",
        "  sku: '' → nothing",
    ]


def test_what_people_did_to_a_row_is_shown_with_it(run: Run, detailed: Json) -> None:
    detailed["history"] = [
        {"at": "2026-11-22T11:57:00Z", "who": "Kim", "what": "mapping saved",
         "subject": "f category",
         "old": {"records": {"SALE1": None}}, "new": {"records": {"SALE1": "C9"}}},
    ]  # fmt: skip
    lines = run("logs", "show", "orders.SALE1", "--wide").stdout.splitlines()
    line = lines[lines.index("What people did") + 2]
    for words in ("3 min ago", "Kim", "mapping saved", "records.SALE1: nothing → C9"):
        assert words in line


@pytest.mark.usefixtures("detailed")
def test_a_row_without_changes_or_actions_has_no_part_for_them(run: Run) -> None:
    shown = run("logs", "show", "orders.SALE1").stdout
    assert "Sent differently" not in shown
    assert "What people did" not in shown


@pytest.mark.usefixtures("detailed")
def test_bodies_are_shown_when_asked_for(run: Run) -> None:
    shown = run("logs", "show", "orders.SALE1", "--bodies").stdout
    assert "POST https://bp/order: response" in shown
    assert '"Refused"' in shown


def test_a_shown_row_is_the_apis_document_for_scripts(run_json: Any, detailed: Json) -> None:
    assert run_json("logs", "show", "orders.SALE1") == detailed


def test_a_row_that_does_not_exist_is_refused_with_404(run: Run) -> None:
    result = run("logs", "show", "no/such|flow.row")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no such thing. (404 not_found)\n"


def test_wide_adds_the_rows_id(run: Run, api: StandIn) -> None:
    api.rows = [make_row(1)]
    assert "orders.SALE1" not in run("logs", "list").stdout
    assert "orders.SALE1" in run("logs", "list", "--wide").stdout


def test_a_record_finds_its_row_before_those_that_only_begin_alike(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(1), make_failed(12)]
    assert run("logs", "resync", "SALE1").exit_code == 0
    assert [row["status"] for row in api.rows] == ["Pending", "Failed"]


def test_a_text_that_finds_several_rows_lists_their_ids(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(11), make_failed(12)]
    result = run("logs", "resync", "SALE1")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1:] == ["  orders.SALE11", "  orders.SALE12"]
    assert {row["status"] for row in api.rows} == {"Failed"}


def test_a_text_that_finds_no_row_says_so(run: Run) -> None:
    result = run("logs", "show", "SALE1")
    assert result.exit_code == 1
    assert "No row is found by 'SALE1'" in result.stderr


def test_one_row_is_synced_again(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(1), make_failed(2)]
    assert run("logs", "resync", "orders.SALE1").exit_code == 0
    assert [row["status"] for row in api.rows] == ["Pending", "Failed"]


def test_all_failed_rows_are_synced_again_and_followed(run: Run, api: StandIn) -> None:
    api.rows = [*(make_failed(number) for number in range(250)), make_row(999)]
    api.step = 50
    result = run("logs", "resync", "--all-failed", input="y\n")
    assert result.exit_code == 0, result.stderr
    assert "Sync 250 Failed rows again?" in result.stderr
    assert "250/250" in result.stderr
    assert {row["status"] for row in api.rows[:250]} == {"Pending"}
    assert api.rows[250]["status"] == "Synced"


def test_a_resync_asks_before_it_starts(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(1)]
    assert run("logs", "resync", "--all-failed", input="n\n").exit_code == 1
    assert api.rows[0]["status"] == "Failed"


def test_a_dry_run_only_counts(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(1), make_failed(2, kind="product")]
    result = run("logs", "resync", "--all-failed", "--kind", "product", "--dry-run")
    assert result.stdout == "1 Failed row would be synced again.\n"
    assert api.runs == {}


def test_nothing_to_sync_again_starts_nothing(run: Run, api: StandIn) -> None:
    result = run("logs", "resync", "--all-failed")
    assert (result.exit_code, result.stdout) == (0, "0 Failed rows would be synced again.\n")
    assert api.runs == {}


def test_a_resync_for_scripts_is_its_last_answer(run_json: Any, api: StandIn) -> None:
    api.rows = [make_failed(1)]
    answer = run_json("logs", "resync", "--all-failed", "--yes")
    assert (answer["state"], answer["counts"]["done"]) == ("Success", 1)


class Interrupt:
    """A wait that Ctrl-C breaks the first time."""

    def __init__(self, api: StandIn) -> None:
        self._api = api
        self._pressed = False

    def __call__(self, seconds: float) -> None:
        if not self._pressed:
            self._pressed = True
            raise KeyboardInterrupt
        self._api.pass_time(seconds)


def test_ctrl_c_cancels_the_resync_when_that_is_wanted(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(number) for number in range(9)]
    result = run("logs", "resync", "--all-failed", "--yes", input="y\n", wait=Interrupt(api))
    assert api.runs["run-1"]["state"] == "Cancelled"
    assert result.exit_code == 1
    assert "The run ended: Cancelled" in result.stderr


def test_ctrl_c_without_cancel_leaves_the_resync_running(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(number) for number in range(9)]
    result = run("logs", "resync", "--all-failed", "--yes", input="n\n", wait=Interrupt(api))
    assert api.runs["run-1"]["state"] == "Running"
    assert result.exit_code == 1
    assert "as run-1" in result.stderr


def test_ctrl_c_in_a_script_asks_nothing(run: Run, api: StandIn) -> None:
    api.rows = [make_failed(number) for number in range(9)]
    arguments = ("logs", "resync", "--all-failed", "--yes", "--json")
    result = run(*arguments, input="y\n", wait=Interrupt(api))
    assert api.runs["run-1"]["state"] == "Running"
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["orders.SALE1", "--all-failed"],
        ["orders.SALE1", "--kind", "order"],
        ["orders.SALE1", "--dry-run"],
    ],
    ids=["neither", "both", "row with filter", "row with dry run"],
)
def test_a_resync_of_a_row_and_of_many_are_not_mixed(
    run: Run, api: StandIn, arguments: list[str]
) -> None:
    api.rows = [make_failed(1)]
    assert run("logs", "resync", *arguments).exit_code == 2
    assert api.rows[0]["status"] == "Failed"


def test_groups_show_failures_and_held_causes_apart(run: Run, api: StandIn) -> None:
    api.groups = [
        {"type": "failure", "key": "f1", "reason": "amounts_differ", "count": 4,
         "sentence": "Lines.", "last_at": NOW},
        {"type": "cause", "key": "mapping:f:category:Hats", "reason": "needs_mapping", "count": 12,
         "sentence": "Hats has no category.", "remedy": "Map it.",
         "first_at": "2026-11-21T12:00:00Z"},
    ]  # fmt: skip
    lines = [line for line in run("groups").stdout.splitlines() if line]
    assert lines[2].split()[:5] == ["4", "f1", "amounts_differ", "now", "Lines."]
    assert lines[5].split()[:3] == ["12", "mapping:f:category:Hats", "1"]
    assert lines[5].endswith("Hats has no category. Map it.")


def test_groups_are_one_document_for_scripts(run: Run, api: StandIn) -> None:
    api.groups = [{"type": "failure", "key": "f1", "count": 4}]
    assert json.loads(run("groups", "--json").stdout)["items"] == api.groups
