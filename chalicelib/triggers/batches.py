"""A batch of queue records: worked by group; the answer names each record that has to come back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from chalicelib.domain.ports import QueueMessage
from chalicelib.flows.engine import sync_batch
from chalicelib.flows.services import Services
from chalicelib.ops.logging import logger, note
from chalicelib.queue.messages import from_text

ROWS_TOLD = 10  #: rows that the line of a crash names
THREADS = 30  #: groups of one batch that are worked at the same time; each mostly waits for vendors


def work(
    services: Services, records: Iterable[Mapping[str, Any]], *, deadline: datetime
) -> dict[str, list[dict[str, str]]]:
    """Work the records of an SQS event; the answer names those that have to come back.

    Only defects and lost leases come back. A record that is no message of ours never gets through,
    so after some deliveries the queue moves it to the dead letters, where somebody sees it.
    """
    messages, unreadable = _read(records)
    groups: dict[tuple[str, str], list[QueueMessage]] = defaultdict(list)
    for message in messages:
        groups[message.name.consumer, message.name.flow].append(message)
    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        ended = list(threads.map(lambda g: _work_group(services, g, deadline), groups.values()))
    failed = [*unreadable, *(receipt for receipts in ended for receipt in receipts)]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _read(records: Iterable[Mapping[str, Any]]) -> tuple[list[QueueMessage], list[str]]:
    messages, unreadable = [], []
    for record in records:
        record_id = record["messageId"]
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        try:
            messages.append(from_text(record["body"], receipt=record_id, receives=receives))
        except ValueError as error:
            note("queue.unreadable", message_id=record_id, why=str(error))
            unreadable.append(record_id)
    return messages, unreadable


def _work_group(
    services: Services, messages: Sequence[QueueMessage], deadline: datetime
) -> Sequence[str]:
    """Work one flow's messages; a defect brings all of them back and is told to whoever watches."""
    try:
        return sync_batch(services, messages, deadline=deadline).failed
    except Exception as defect:  # noqa: BLE001 - the second broad except: the answer names the batch
        name = messages[0].name
        logger().exception(
            "worker.crashed",
            extra={
                "consumer": name.consumer,
                "flow": name.flow,
                "rows": [message.name.id for message in messages[:ROWS_TOLD]],
                "error": type(defect.__cause__ or defect).__name__,
            },
        )
        return [message.receipt for message in messages]
