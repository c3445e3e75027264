"""CPU of a webhook on the clients of AWS, beside the two library calls it cannot do without.

Both sides ask a stub endpoint on loopback, in turns, so that neither has the better moment.
Set-ups come from SQLite: they are remembered, as in a warm function.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from botocore.session import Session

from bench.merchant import CONSUMER, STOCK, set_up
from bench.product import open_product
from bench.sheet import Sheet
from bench.story import take_webhook
from bench.vendors import ROOT, Vendors, running_vendors
from chalicelib import wiring
from chalicelib.domain.log import RowQuery
from chalicelib.flows.services import Services
from chalicelib.ops import logging
from chalicelib.ops.aws import Clients
from chalicelib.ops.settings import Home
from chalicelib.queue.sqs import SqsQueue
from chalicelib.store import keys
from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.sync_log import TableSyncLog
from chalicelib.store.wire import item_to_wire

AT_MOST = 1.25  #: promised: CPU of a webhook, times the floor
PRODUCTS = 60  #: webhooks of one turn
TABLE = "synclog-bench-log"
OPTIONS = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "nobody",
    "aws_secret_access_key": "nothing",
}


def measure_cpu(folder: Path, *, rounds: int) -> list[Sheet]:
    """Return the CPU of a webhook and of its floor; the median of so many turns counts."""
    with (
        running_vendors(products=PRODUCTS, hold_webhooks=True) as vendors,
        open_product(folder) as product,
    ):
        set_up(product.services, vendors)
        logging.configure(replace(product.settings, home=Home.AWS))  # lines to stdout, as there
        deliveries = _deliveries(vendors)
        with redirect_stdout(StringIO()):
            take_webhook(product.services, deliveries[0])
        answers = _answers(product.services)
        with _stub(answers) as endpoint:
            options = {**OPTIONS, "endpoint_url": endpoint}
            clients = Clients(**options)
            bare = {name: Session().create_client(name, **options) for name in ("dynamodb", "sqs")}
            services = _on(clients, product.services, f"{endpoint}/records")
            asked = _listen(clients)
            with redirect_stdout(StringIO()):
                _take(services, deliveries)  # warms up, and is heard
            _call(bare, asked, len(deliveries))
            sides = {
                "webhook": lambda: _take(services, deliveries),
                "floor": lambda: _call(bare, asked, len(deliveries)),
            }
            spent = _time_in_turns(sides, rounds)
    return [_sheet(spent, len(deliveries), rounds)]


def _deliveries(vendors: Vendors) -> Sequence[dict[str, Any]]:
    products = vendors.brightpearl["products"]
    vendors.take_webhooks("brightpearl")
    vendors.control(
        "brightpearl",
        "set-stocks",
        levels={str(number): 30 + number % 7 for number in products},
        warehouse=vendors.brightpearl["warehouses"][0],
        together=False,
    )
    return vendors.take_webhooks("brightpearl")


def _answers(services: Services) -> dict[str, Any]:
    """Return what AWS would say: the row as a first request leaves it, a message taken."""
    [row] = services.log.list_rows(RowQuery(consumer=CONSUMER, lanes=(STOCK,)), limit=1).items
    [item] = services.log.table.get_many([keys.row_key(row.name)])  # type: ignore[attr-defined]
    taken = {"Id": "0", "MessageId": "m" * 36, "MD5OfMessageBody": "0" * 32}
    return {
        "UpdateItem": {"Attributes": item_to_wire(item)},
        "SendMessageBatch": {"Successful": [taken], "Failed": []},
        "SendMessage": taken,
    }


@contextmanager
def _stub(answers: Mapping[str, Any]) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.aws.stub"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        process.stdin.write(json.dumps(answers) + "\n")
        process.stdin.flush()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


def _on(clients: Clients, services: Services, url: str) -> Services:
    """Return services whose rows and messages go to AWS's clients."""
    table = DynamoTable(clients.get("dynamodb"), TABLE, wiring.utc_now)
    log = TableSyncLog(table=table, vault=services.vault, retention=timedelta(days=30))
    queue = SqsQueue(clients.get("sqs"), {"records": url, "stock": url})
    return replace(services, log=log, queue=queue)


def _listen(clients: Clients) -> dict[str, Any]:
    """Return a mapping that fills with what is asked: the floor asks the very same."""
    asked: dict[str, Any] = {}

    def hear(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.setdefault(model.name, dict(params))

    for service in ("dynamodb", "sqs"):
        clients.get(service).meta.events.register("provide-client-params", hear)
    return asked


def _take(services: Services, deliveries: Sequence[dict[str, Any]]) -> None:
    for one in deliveries:
        with logging.correlated(services.new_id()):
            take_webhook(services, one)


def _call(clients: Mapping[str, Any], asked: Mapping[str, Any], times: int) -> None:
    """Make the two calls by hand: one write of the row, one message."""
    dynamodb, sqs = clients["dynamodb"], clients["sqs"]
    batch = asked["SendMessageBatch"]
    entry = {name: value for name, value in batch["Entries"][0].items() if name != "Id"}
    for _ in range(times):
        dynamodb.update_item(**asked["UpdateItem"])
        sqs.send_message(QueueUrl=batch["QueueUrl"], **entry)


def _time_in_turns(sides: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            with redirect_stdout(StringIO()):
                started = time.process_time()
                work()
                spent[name].append((time.process_time() - started) * 1000)
    return spent


def _sheet(spent: Mapping[str, Sequence[float]], each: int, rounds: int) -> Sheet:
    ms = {name: statistics.median(times) / each for name, times in spent.items()}
    ratio = statistics.median(
        ours / floor for ours, floor in zip(spent["webhook"], spent["floor"], strict=True)
    )
    row = {
        "work": "webhook: one stock level (Brightpearl)",
        "CPU ms": ms["webhook"],
        "floor ms": ms["floor"],
        "x floor": ratio,
        "verdict": "as promised" if ratio <= AT_MOST else "TOO MUCH",
    }
    return Sheet(
        title="CPU of a webhook on the clients of AWS",
        columns=tuple(row),
        rows=[row],
        notes=(
            "Floor: the same UpdateItem and a SendMessage by hand, on botocore's clients as they"
            f" come; at most {AT_MOST} times as much.",
            f"Medians of {rounds} turns of {each} each; both ask a stub endpoint on loopback.",
        ),
    )
