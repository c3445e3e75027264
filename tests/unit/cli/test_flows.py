"""Commands for flows, their imports, their runs and their mappings."""

import re
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.stand_in import NOW, StandIn

ORDERS = "square-orders-to-brightpearl"
PRODUCTS = "brightpearl-products-to-square"


@pytest.fixture(autouse=True)
def _flows(api: StandIn) -> None:
    api.flows[ORDERS] = {
        "name": ORDERS,
        "enabled": False,
        "ready": False,
        "missing": ["setting walk_in_customer", {"sentence": "Map the location L2."}],
        "last_execution": None,
        "settings": {"mark_as_fulfilled": True, "walk_in_customer": None},
    }
    last = {"id": "run-0", "state": "Success", "started_at": "2026-11-22T11:57:00Z"}
    api.flows[PRODUCTS] = {
        "name": PRODUCTS,
        "enabled": True,
        "ready": True,
        "missing": [],
        "last_execution": last,
        "settings": {},
    }
    api.mappings[(PRODUCTS, "category")] = {
        "flow": PRODUCTS,
        "name": "category",
        "entries": {"Shirts": "SQ-1"},
        "default": None,
        "unmapped": [{"value": "Hats", "rows": 12, "suggestion": "Headwear"}],
    }


def test_flows_are_listed_with_switch_readiness_and_last_run(run: Run) -> None:
    lines = run("flows", "list").stdout.splitlines()
    assert lines[1].split()[:4] == [ORDERS, "off", "no", "never"]
    assert lines[2].split()[:7] == [PRODUCTS, "on", "yes", "Success", "3", "min", "ago"]


def test_a_flow_that_lacks_only_its_switch_says_so(run: Run, api: StandIn) -> None:
    api.flows[PRODUCTS] |= {"enabled": False, "ready": False}

    assert "`flows on` completes the set-up" in run("flows", "show", PRODUCTS).stdout


def test_a_poll_that_found_nothing_is_the_last_run_until_one_finds_more(
    run: Run, api: StandIn
) -> None:
    api.flows[ORDERS]["last_polled_at"] = "2026-11-22T11:58:00Z"
    api.flows[PRODUCTS]["last_polled_at"] = "2026-11-22T11:56:00Z"

    lines = run("flows", "list").stdout.splitlines()

    assert lines[1].split()[3:8] == ["Nothing", "new", "2", "min", "ago"]
    assert lines[2].split()[3:7] == ["Success", "3", "min", "ago"]


def test_a_list_never_wraps_at_100_columns_and_shortens_with_an_ellipsis(
    run: Run, api: StandIn
) -> None:
    api.flows[ORDERS]["missing"] = ["one thing after the other " * 9]
    lines = run("flows", "list").stdout.splitlines()
    assert len(lines) == 3
    assert max(len(line) for line in lines) <= 100
    assert lines[1].endswith("…")


def test_wide_shows_every_column_whole(run: Run, api: StandIn) -> None:
    api.flows[ORDERS]["missing"] = ["one thing after the other " * 9]
    result = run("flows", "list", "--wide")
    assert ("one thing after the other " * 9).strip() in result.stdout
    assert "…" not in result.stdout


def test_a_flow_is_shown_with_everything_it_lacks(run: Run) -> None:
    shown = run("flows", "show", ORDERS).stdout
    assert "setting walk_in_customer" in shown
    assert "Map the location L2." in shown
    assert "mark_as_fulfilled  yes" in shown


def test_a_flow_tells_its_next_poll_and_how_long_something_waits(run: Run, api: StandIn) -> None:
    api.flows[PRODUCTS] |= {
        "next_poll_at": "2026-11-22T12:04:00Z",
        "polled_every_s": 300,
        "oldest_waiting_at": "2026-11-22T11:58:00Z",
    }
    shown = run("flows", "show", PRODUCTS).stdout
    api.flows[PRODUCTS]["next_poll_at"] = "2026-11-22T11:59:00Z"

    assert "Next poll       in 4 min, every 5 min" in shown
    assert "Oldest waiting  2 min ago" in shown
    assert "Next poll       due now, every 5 min" in run("flows", "show", PRODUCTS).stdout


def test_a_flow_that_does_not_poll_and_waits_for_nothing_says_nothing_of_it(run: Run) -> None:
    shown = run("flows", "show", ORDERS).stdout
    assert "Next poll" not in shown
    assert "Oldest waiting" not in shown


def test_a_flow_tells_whose_answers_it_shares(run: Run, api: StandIn) -> None:
    alone = run("flows", "show", PRODUCTS).stdout
    api.flows[PRODUCTS]["shares"] = ORDERS

    assert "Shares" not in alone
    assert re.search(
        f"^Shares +mappings and settings of {ORDERS}$",
        run("flows", "show", PRODUCTS).stdout,
        re.MULTILINE,
    )


def test_switching_on_warns_when_the_flow_is_not_ready(run: Run, api: StandIn) -> None:
    result = run("flows", "on", ORDERS)
    assert api.flows[ORDERS]["enabled"] is True
    assert result.stdout == f"{ORDERS} is on.\n"
    assert "Missing: setting walk_in_customer; Map the location L2." in result.stderr


def test_switching_on_says_nothing_beside_the_document_to_scripts(run_json: Any) -> None:
    assert run_json("flows", "on", ORDERS)["enabled"] is True


def test_switching_off_keeps_the_settings(run: Run, api: StandIn) -> None:
    run("flows", "off", PRODUCTS)
    assert api.flows[PRODUCTS]["enabled"] is False


def test_settings_are_texts_unless_they_are_written_as_json(run: Run, api: StandIn) -> None:
    run("flows", "set", ORDERS, "walk_in_customer=207", "mark_as_fulfilled:=false", "note=a=b")
    assert api.flows[ORDERS]["settings"] == {
        "walk_in_customer": "207",
        "mark_as_fulfilled": False,
        "note": "a=b",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["justaname"], "'justaname' is no pair"),
        (["a=1", "a=2"], "'a' was given twice"),
        (["a:={"], "'a' is no JSON"),
        ([], "Missing argument"),
    ],
    ids=["no pair", "twice", "broken json", "nothing"],
)
def test_settings_that_cannot_be_read_are_usage_errors(
    run: Run, arguments: list[str], sentence: str
) -> None:
    result = run("flows", "set", ORDERS, *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_an_import_is_followed_to_its_end(run: Run, api: StandIn) -> None:
    result = run("flows", "run", ORDERS, "--id", "S1", "--id", "S2", "--id", "S3")
    assert result.exit_code == 0, result.stderr
    assert api.flows[ORDERS]["imported"] == {"ids": ["S1", "S2", "S3"]}
    assert "3 done" in result.stdout
    assert "3/3" in result.stderr


def test_a_bar_counts_what_was_requested_not_what_was_found(run: Run, api: StandIn) -> None:
    def wait(seconds: float) -> None:
        api.runs["run-1"]["counts"]["found"] = 40
        api.pass_time(seconds)

    assert "5/5" in run("flows", "run", ORDERS, wait=wait).stderr


def test_an_import_of_a_period_sends_utc_times(run: Run, api: StandIn) -> None:
    run("flows", "run", ORDERS, "--from", "2026-11-01T09:30+02:00", "--to", "2h")
    assert api.flows[ORDERS]["imported"] == {
        "from": "2026-11-01T07:30:00Z",
        "to": "2026-11-22T10:00:00Z",
    }


def test_an_import_that_ends_in_error_ends_with_1_and_its_counts(run: Run) -> None:
    result = run("flows", "run", ORDERS, "--id", "good", "--id", "bad")
    assert result.exit_code == 1
    assert "The run ended: Error, 2 found, 2 requested, 2 done, 1 failed." in result.stderr


def test_a_followed_import_is_one_document_for_scripts(run_json: Any) -> None:
    assert run_json("flows", "run", ORDERS, "--id", "S1")["state"] == "Success"


def test_a_started_import_can_be_left_alone(run: Run, api: StandIn) -> None:
    result = run("flows", "run", ORDERS, "--no-wait")
    assert result.stdout == "Started. `executions show run-1` tells how it goes.\n"
    assert api.runs["run-1"]["state"] == "Running"


def test_a_second_import_is_refused_naming_the_running_one(run: Run, api: StandIn) -> None:
    api.start_run(ORDERS, 5)
    result = run("flows", "run", ORDERS)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: One runs already. (409 running)",
        "  execution: run-1",
    ]


def test_an_import_takes_ids_or_a_period(run: Run, api: StandIn) -> None:
    result = run("flows", "run", ORDERS, "--id", "S1", "--from", "2h")
    assert result.exit_code == 2
    assert api.runs == {}


def test_following_outlives_a_server_that_starts_again(run: Run, api: StandIn) -> None:
    def wait(seconds: float) -> None:
        if not api.runs["run-1"]["counts"]["done"]:
            api.hung_up = 3
        api.pass_time(seconds)

    result = run("flows", "run", ORDERS, wait=wait)
    assert result.exit_code == 0, result.stderr
    assert "5 done" in result.stdout


def test_following_gives_up_on_a_server_that_stays_away(run: Run, api: StandIn) -> None:
    def wait(_seconds: float) -> None:
        api.hung_up = 1000

    result = run("flows", "run", ORDERS, wait=wait)
    assert result.exit_code == 3
    assert "Nothing answers" in result.stderr


def test_runs_are_listed_with_length_and_counts(run: Run, api: StandIn) -> None:
    api.start_run(ORDERS, 5)
    api.start_run(PRODUCTS, 7)
    api.pass_time(1)
    api.runs["run-1"].update(state="Error", ended_at=NOW)
    lines = run("executions", "list", "--flow", ORDERS).stdout.splitlines()
    assert len(lines) == 2
    for word in ("run-1", "Error", "2 min ago", "2 min", "5 found, 5 requested"):
        assert word in lines[1]


def test_a_list_of_runs_stops_at_its_limit(run_json: Any, api: StandIn) -> None:
    for _ in range(7):
        api.start_run(ORDERS, 1)
    assert [
        len(run_json("executions", "list", *more)["items"])
        for more in (["--limit", "3"], ["--all"])
    ] == [3, 7]


def test_a_run_is_shown_with_every_message(run: Run, api: StandIn) -> None:
    found = api.start_run(ORDERS, 5)
    found["messages"] = [{"at": NOW, "text": "SALE42 does not add up.", "row": "row-42"}]
    shown = run("executions", "show", "run-1").stdout
    assert "SALE42 does not add up." in shown
    assert "row-42" in shown
    assert "logs list --execution run-1 --all" in shown


def test_mappings_are_listed_with_what_lacks_an_entry(run: Run, api: StandIn) -> None:
    api.mappings[(PRODUCTS, "category")]["default"] = "SQ-9"
    line = run("mappings", "list").stdout.splitlines()[1]
    assert line.split() == [PRODUCTS, "category", "1", "1", "SQ-9"]


def test_a_mapping_is_shown_with_the_rows_that_wait(run: Run) -> None:
    shown = run("mappings", "show", PRODUCTS, "category").stdout
    assert "Shirts  SQ-1" in shown
    assert shown.splitlines()[-1].split() == ["Hats", "12", "Headwear"]


def test_a_mapping_that_holds_nothing_says_what_becomes_of_the_rest(run: Run, api: StandIn) -> None:
    api.mappings[(PRODUCTS, "category")] |= {"unmapped": [], "without_answer": "Nothing changes."}
    shown = run("mappings", "show", PRODUCTS, "category").stdout
    assert "Nothing changes." in shown
    assert "Unmapped" not in shown


def test_a_mapping_is_shown_with_the_words_to_choose_from(run: Run, api: StandIn) -> None:
    api.mappings[(PRODUCTS, "category")] |= {
        "source_label": "Brightpearl category",
        "source_by": "name",
        "target_label": "Square category",
        "choices": {
            "source": [{"id": "308", "name": "Hats"}],
            "target": [{"id": "SQ-2", "name": "Headwear"}],
        },
        "problems": ["square: It does not answer."],
    }

    shown = run("mappings", "show", PRODUCTS, "category").stdout

    assert "Brightpearl category: what there is\nName\nHats\n" in shown
    assert "Square category: what there is\nId    Name\nSQ-2  Headwear\n" in shown
    assert "square: It does not answer." in shown


def test_entries_are_added_changed_and_removed_together(run: Run, api: StandIn) -> None:
    result = run(
        "mappings", "set", PRODUCTS, "category", "Hats=SQ-2", r"A\=B=SQ-3", "--remove", "Shirts"
    )
    assert result.exit_code == 0, result.stderr
    saved = api.mappings[(PRODUCTS, "category")]
    assert saved["entries"] == {"Hats": "SQ-2", "A=B": "SQ-3"}
    assert "Every value seen has an entry." in result.stdout


def test_a_default_alone_can_be_set_and_stays_when_not_named(run: Run, api: StandIn) -> None:
    run("mappings", "set", PRODUCTS, "category", "--default", "SQ-9")
    run("mappings", "set", PRODUCTS, "category", "Hats=SQ-2")
    assert api.mappings[(PRODUCTS, "category")]["default"] == "SQ-9"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Nothing to set"),
        (["Hats="], "--remove 'Hats'"),
        (["Hats=A", "--remove", "Hats"], "given twice"),
    ],
    ids=["nothing", "no target", "set and removed"],
)
def test_entries_that_make_no_sense_are_usage_errors(
    run: Run, api: StandIn, arguments: list[str], sentence: str
) -> None:
    result = run("mappings", "set", PRODUCTS, "category", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert api.mappings[(PRODUCTS, "category")]["entries"] == {"Shirts": "SQ-1"}
