"""One machine: killed at any moment it comes back with nothing lost and nothing doubled."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local.demo.api import Api
from local.demo.merchant import ORDERS, UNMAPPED, products_of
from tests.journey.house import House, opened, wait_until

ROOT = Path(__file__).parents[2]
PRODUCTS = 60
SALES = 30


@dataclass(frozen=True, kw_only=True)
class Process:
    """``python -m local.run`` in a process of its own."""

    url: str
    key: str | None
    popen: subprocess.Popen[str]
    said: list[str]

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.popen.kill()
        self.popen.wait(timeout=10)


@contextmanager
def process(folder: Path, port: int) -> Iterator[Process]:
    """Run the product on ``port`` with its data in ``folder``, until the block ends."""
    environment = {
        **os.environ,
        "PORT": str(port),
        "SYNCLOG_VAR_DIR": str(folder),
        "SYNCLOG_WORKERS": "2",
        "SYNCLOG_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "local.run"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE
    ) as popen:
        assert popen.stdout is not None
        said: list[str] = []
        reader = threading.Thread(target=said.extend, args=(popen.stdout,), daemon=True)
        reader.start()
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _is_up(url) or popen.poll() is not None, "running process")
            assert popen.poll() is None
            key = _first_key(said)
            yield Process(url=url, key=key, popen=popen, said=said)
        finally:
            popen.kill()
            popen.wait(timeout=10)
            reader.join(timeout=10)


def _is_up(url: str) -> bool:
    with httpx.Client(trust_env=False, timeout=2) as http:
        try:
            return http.get(f"{url}/v1/health").status_code == 200
        except httpx.TransportError:
            return False


def _first_key(said: list[str]) -> str | None:
    keys = [line.split()[-1] for line in said if "sk_" in line]
    return keys[0] if keys else None


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago; the process comes back on it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def count(house: House, kind: str, status: str) -> Callable[[], int]:
    """Return a function that counts rows of a kind and status."""
    return lambda: len(house.rows(kind=kind, status=status))


@pytest.mark.parametrize("wait_for", [1, 25], ids=["early", "in the middle"])
def test_killed_in_the_middle_of_work_it_loses_and_doubles_nothing(
    tmp_path: Path, port: int, wait_for: int
) -> None:
    with process(tmp_path, port) as first:
        wait_until(lambda: _first_key(first.said) is not None, "first key")
        operator = Api(first.url, _first_key(first.said) or "")
        with closing(operator), opened(operator, products=PRODUCTS) as house:
            wait_until(lambda: count(house, "product", "Synced")() >= wait_for, "products")
            skus = [row["columns"]["sku"] for row in house.rows(kind="product", status="Synced")]
            sales = [house.sell(skus[0]) for _ in range(SALES)]
            wait_until(lambda: len(house.rows(kind="order")) >= SALES // 2, "order rows")
            first.kill()
            with process(tmp_path, port):
                _all_is_well(house, sales)


def _all_is_well(house: House, sales: list[str]) -> None:
    house.poll_now(ORDERS)  # what Square could not deliver comes again only after a minute
    wait_until(lambda: len(house.rows(kind="order")) == SALES, "row for each sale")
    house.settle()
    unmapped = products_of(house.vendors, UNMAPPED)
    for product in set(house.vendors.erp.products) - set(unmapped):
        house.wait_for("product", product, "Synced")
        house.wait_for("stock", product, "Synced")
    for sale in sales:
        house.wait_for("order", sale, "Synced")
    orders = house.vendors.brightpearl.world.orders.by_id.values()
    assert sorted(order.external_ref for order in orders) == sorted(sales)
    with house.vendors.square.lock:
        views = house.vendors.square.catalog.views()
        sold = [one.data["sku"] for one in views if one.type == "ITEM_VARIATION"]
    assert len(sold) == len(set(sold)) == PRODUCTS - len(unmapped)


def test_it_ends_cleanly_on_ctrl_c(tmp_path: Path, port: int) -> None:
    with process(tmp_path, port) as running:
        running.popen.send_signal(signal.SIGINT)
        assert running.popen.wait(timeout=15) == 0
    assert "Finishing what is under way" in "".join(running.said)


def test_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "PORT": str(port), "SYNCLOG_VAR_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "local.run"]
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=30
        )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "cannot start" in ended.stderr
