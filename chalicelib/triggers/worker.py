"""The workers of both queues.

Packaging puts in the queues' own ARNs, and ``ReportBatchItemFailures``: without it Lambda takes a
batch with failures for done.
"""

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.triggers.batches import work
from chalicelib.triggers.timing import deadline_of

worker = Blueprint(__name__)

#: Placeholders; a queue's name instead would become CloudFormation that is not valid once merged.
RECORDS_ARN = "arn:aws:sqs:us-east-1:000000000000:synclog-records"
STOCK_ARN = "arn:aws:sqs:us-east-1:000000000000:synclog-stock"


@worker.on_sqs_message(
    queue_arn=RECORDS_ARN, name="sync_records", batch_size=10, maximum_concurrency=10
)
def sync_records(event: SQSEvent) -> Any:
    """Sync the rows that the records queue names."""
    services = wiring.services()
    records = event.to_dict()["Records"]
    return work(services, records, deadline=deadline_of(services, event.context))


@worker.on_sqs_message(
    queue_arn=STOCK_ARN,
    name="sync_stock",
    batch_size=100,
    maximum_batching_window_in_seconds=2,
    maximum_concurrency=10,
)
def sync_stock(event: SQSEvent) -> Any:
    """Sync the rows that the stock queue names, a hundred at a time: vendors take counts so."""
    services = wiring.services()
    records = event.to_dict()["Records"]
    return work(services, records, deadline=deadline_of(services, event.context))
