"""The command line against the product that runs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.flows.catalog import FLOWS
from chalicelib.ops.logging import FILE_NAME, logger
from local.demo.merchant import ORDERS, PRODUCTS, UNMAPPED
from tests.journey.house import House

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class CommandLine:
    """``python -m cli --json`` with the operator's key."""

    house: House
    key: str

    def run(self, *arguments: str, expect: int = 0) -> Any:
        """Run a command and return what it printed."""
        environment = {
            **os.environ,
            "SYNCLOG_URL": self.house.url,
            "SYNCLOG_KEY": self.key,
            "SYNCLOG_CONSUMER": self.house.consumer,
        }
        ended = subprocess.run(
            [sys.executable, "-m", "cli", "--json", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == expect, f"{arguments}: {ended.stdout} {ended.stderr}"
        assert "Traceback" not in ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip() else None


@pytest.fixture
def cli(house: House) -> CommandLine:
    """The command line, at a house with a sale and a product that is held."""
    made = house.operator.post("/v1/keys", {"consumer": None, "role": "admin", "name": "cli"})
    return CommandLine(house, made["key"])


def test_every_list_says_what_the_api_says(house: House, cli: CommandLine) -> None:
    house.sell_ready("Mug", "MUG-1")
    held = house.add_product("Candle", "CAN-1", category=UNMAPPED)
    house.wait_for("product", held, "Pending", "needs_mapping")
    house.vendors.brightpearl.set_stock(held, house.vendors.erp.warehouses[0], 5)
    house.wait_for("stock", held, "Pending", "needs_record")
    sale = house.sell("MUG-1", total_off_by=100)
    row = house.wait_for("order", sale, "Failed", "amounts_differ")
    house.settle()

    assert [one["id"] for one in cli.run("consumers", "list")["items"]] == [house.consumer]
    assert cli.run("consumers", "show", house.consumer)["name"] == "Corner Shirts"
    connections = {one["name"] for one in cli.run("connect", "list")["items"]}
    assert connections == {"brightpearl", "square"}
    assert cli.run("connect", "show", "square")["health"] == "healthy"
    assert cli.run("connect", "check", "square")["ok"]
    assert len(cli.run("flows", "list")["items"]) == len(FLOWS)
    assert cli.run("flows", "show", ORDERS)["ready"]
    waiting = cli.run("mappings", "show", PRODUCTS, "category")["unmapped"]
    assert [one["value"] for one in waiting] == [UNMAPPED]
    assert cli.run("mappings", "list")["items"]
    listed = cli.run("logs", "list", "--kind", "order", "--status", "Failed")["items"]
    assert [one["record"] for one in listed] == [sale]
    assert cli.run("logs", "show", row["id"])["row"]["id"] == row["id"]
    groups = {one["reason"] for one in cli.run("groups")["items"]}
    assert groups == {"amounts_differ", "needs_mapping", "needs_record"}
    runs = cli.run("executions", "list")["items"]
    assert cli.run("executions", "show", runs[0]["id"])["id"] == runs[0]["id"]
    assert [one["row"] for one in cli.run("dlq", "show")["items"]] == [row["id"]]
    assert cli.run("keys", "list")["items"]


def test_set_up_is_changed_and_failed_rows_are_tried_again(house: House, cli: CommandLine) -> None:
    house.sell_ready("Mug", "MUG-1")
    held = house.add_product("Candle", "CAN-1", category=UNMAPPED)
    house.wait_for("product", held, "Pending", "needs_mapping")
    candles = house.vendors.tills.category_ids[UNMAPPED]
    cli.run("mappings", "set", PRODUCTS, "category", f"{UNMAPPED}={candles}")
    house.wait_for("product", held, "Synced")

    sale = house.sell("MUG-1", total_off_by=100)
    row = house.wait_for("order", sale, "Failed", "amounts_differ")
    house.settle()
    house.vendors.square.sender.configure(lose_next=10)
    house.vendors.square.edit(sale, total_off_by=0)
    cli.run("logs", "resync", row["id"])
    house.wait_for("order", sale, "Synced")
    # Each delivery of the sale may have failed by itself, and buried a letter.
    assert cli.run("dlq", "prune")["deleted"] >= 1
    assert cli.run("dlq", "show")["items"] == []

    other = house.sell("MUG-1", total_off_by=100)
    house.vendors.square.sender.configure(lose_next=0)
    cli.run("flows", "run", ORDERS, "--id", other, expect=1)  # its one record fails
    house.wait_for("order", other, "Failed", "amounts_differ")
    house.vendors.square.sender.configure(lose_next=10)
    house.vendors.square.edit(other, total_off_by=0)
    cli.run("logs", "resync", "--all-failed", "--kind", "order", "--yes")
    house.wait_for("order", other, "Synced")
    assert cli.run("dlq", "redrive")["requested"] == 0
    cli.run("flows", "set", ORDERS, "take_stock=none")
    cli.run("flows", "off", ORDERS)
    cli.run("flows", "on", ORDERS)
    assert house.api.get(f"{house.base}/flows/{ORDERS}")["settings"]["take_stock"] == "none"


def test_one_id_leads_from_what_was_told_to_the_calls_that_were_made(
    house: House, cli: CommandLine, tmp_path: Path
) -> None:
    logger().setLevel("INFO")
    house.sell_ready("Mug", "MUG-1")
    sale = house.sell("MUG-1")
    row = house.wait_for("order", sale, "Synced")

    shown = cli.run("logs", "show", row["id"])
    id_ = shown["correlation"]
    lines = [json.loads(line) for line in (tmp_path / FILE_NAME).read_text().splitlines()]
    told = [line["message"] for line in lines if line.get("correlation") == id_]
    assert "sync.attempted" in told
    assert {"webhook.accepted", "poll.finished"} & set(told)
    [attempt] = [one for one in shown["attempts"] if one["correlation"] == id_]
    assert attempt["exchanges"]
    assert all(id_ in call["correlations"] for call in attempt["exchanges"])


def test_doctor_says_what_is_well_and_what_is_not(house: House, cli: CommandLine) -> None:
    assert cli.run("doctor")
    house.vendors.square.oauth.revoke_all("MERCHANT")
    told = json.dumps(cli.run("doctor", expect=1))
    assert "square" in told
    assert "fail" in told
