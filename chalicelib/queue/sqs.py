"""``domain.ports.WorkQueue`` on SQS: standard queues, each with a dead-letter queue beside it.

What a queue does by itself is set where it is declared: a message taken ten times moves to the
dead letters by the redrive policy, and what nobody deletes comes back after its visibility.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from chalicelib.domain.ports import QueueBusyError, QueueMessage
from chalicelib.ops.aws import is_busy_code, raising_busy
from chalicelib.queue.messages import from_text, to_text

DELAY_AT_MOST_S = 900  #: SendMessage, DelaySeconds
TOGETHER = 10  #: entries of a batch, messages of one receive
BATCH_BYTES = 256 * 1024  #: SQS takes 1 MiB since 2025, and less where a queue was set to less
DEAD_SUFFIX = "-dlq"
THREADS = 8  #: batches on their way at the same time
TRIES = 4  #: of entries that SQS could not take; whole requests botocore tries again by itself
PAUSE_S = 0.05  #: before the second try, doubling; drawn between nothing and this
WAIT_S = 1  #: a receive that waits asks all of SQS's servers; one that does not may miss messages
FOREIGN_AT_MOST = 50  #: messages that are none of ours, passed over in one call
_COUNTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

_log = logging.getLogger("synclog")

_Entry = Mapping[str, Any]
_Call = Callable[..., Mapping[str, Any]]


class MessageRefusedError(Exception):
    """SQS refuses some messages as they are; sending them again would not help."""


class SqsQueue:
    """The work queues of ``urls`` (name -> URL) and their dead-letter queues (URL + ``-dlq``)."""

    def __init__(
        self,
        client: Any,
        urls: Mapping[str, str],
        *,
        wait_s: int = WAIT_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        dead = {name + DEAD_SUFFIX: url + DEAD_SUFFIX for name, url in urls.items()}
        self._client = client
        self._urls = {**urls, **dead}
        self._wait_s = wait_s
        self._pause = pause

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Send messages; see ``WorkQueue``. Some may be sent twice where an answer was lost.

        Raises:
            ValueError: a delay is over 900 s; nothing was sent.
            QueueBusyError: some may not have been sent.
            MessageRefusedError: some can not be sent; all others were.
        """
        url = self._url(queue)
        entries = [_to_entry(number, message) for number, message in enumerate(messages)]
        refused = self._carry_out(self._client.send_message_batch, url, entries)
        if refused:
            raise MessageRefusedError(f"{len(refused)} of {len(entries)}: {_codes(refused)}")

    def receive_many(
        self, queue: str, *, limit: int, visibility_s: int, now: datetime
    ) -> Sequence[QueueMessage]:
        """Take messages; see ``WorkQueue``. Time is SQS's own, whatever ``now`` says.

        What is none of ours is noted and left where it is: it comes back, and moves on by its
        count, but it stands in nobody's way. Raises ``QueueBusyError`` if nothing could be taken.
        """
        url = self._url(queue)
        taken: dict[str, QueueMessage] = {}
        foreign: set[str] = set()
        while len(taken) < limit and len(foreign) < FOREIGN_AT_MOST:
            known = len(taken) + len(foreign)
            try:
                found = self._receive(url, limit - len(taken), visibility_s, waits=not known)
            except QueueBusyError:
                if taken:
                    break  # these are ours now: losing them would hide them from everyone
                raise
            _sort(found, taken, foreign)
            if len(taken) + len(foreign) == known:
                break
        return list(taken.values())

    def delete_many(self, queue: str, receipts: Sequence[str]) -> None:
        """Delete messages that were taken.

        Raises:
            ValueError: some receipts are none of this queue; all others were deleted.
            QueueBusyError: some messages may come back.
        """
        url = self._url(queue)
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)
        ]
        refused = self._carry_out(self._client.delete_message_batch, url, entries)
        if refused:
            raise ValueError(f"{len(refused)} no receipt of {queue}: {_codes(refused)}")

    def count(self, queue: str) -> int:
        """About how many messages are in the queue, taken and delayed ones included."""
        with raising_busy(QueueBusyError):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url(queue), AttributeNames=list(_COUNTED)
            )
        return sum(int(answer["Attributes"][name]) for name in _COUNTED)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            raise ValueError(f"there is no queue {queue!r}: the queues are {', '.join(self._urls)}")
        return self._urls[queue]

    def _receive(
        self, url: str, most: int, visibility_s: int, *, waits: bool
    ) -> Sequence[Mapping[str, Any]]:
        with raising_busy(QueueBusyError):
            answer = self._client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(most, TOGETHER),
                VisibilityTimeout=visibility_s,
                WaitTimeSeconds=self._wait_s if waits else 0,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        found: Sequence[Mapping[str, Any]] = answer.get("Messages", ())
        return found

    def _carry_out(self, call: _Call, url: str, entries: Sequence[_Entry]) -> list[_Entry]:
        """Send entries in batches, several at a time; return what SQS says of those it refuses."""
        batches = list(_in_batches(entries))
        if len(batches) < 2:
            return [one for batch in batches for one in self._try(call, url, batch)]
        with ThreadPoolExecutor(min(len(batches), THREADS)) as threads:
            ended = threads.map(lambda batch: self._try(call, url, batch), batches)
            return [one for refused in ended for one in refused]

    def _try(self, call: _Call, url: str, entries: Sequence[_Entry]) -> list[_Entry]:
        left = {entry["Id"]: entry for entry in entries}
        refused: dict[str, _Entry] = {}
        codes = ""
        for attempt in range(TRIES):
            if attempt:
                self._pause(random.uniform(0, PAUSE_S * 2**attempt))  # noqa: S311 - spreads load
            with raising_busy(QueueBusyError):
                answer = call(QueueUrl=url, Entries=list(left.values()))
            failed = answer.get("Failed", ())
            refused |= {one["Id"]: one for one in failed if _is_refused(one)}
            done = refused.keys() | {one["Id"] for one in answer.get("Successful", ())}
            left = {key: entry for key, entry in left.items() if key not in done}
            if not left:
                return list(refused.values())
            codes = _codes(failed)
        raise QueueBusyError(f"{len(left)} of {len(entries)} were not taken: {codes}")


def _to_entry(number: int, message: QueueMessage) -> _Entry:
    if not 0 <= message.delay_s <= DELAY_AT_MOST_S:
        raise ValueError(
            f"a delay of {message.delay_s} s: a message waits 0 to {DELAY_AT_MOST_S} s"
        )
    return {
        "Id": str(number),
        "MessageBody": to_text(message),
        "DelaySeconds": message.delay_s,
        "MessageGroupId": message.name.consumer,  # fair queues: a noisy one delays itself alone
    }


def _in_batches(entries: Iterable[_Entry]) -> Iterator[Sequence[_Entry]]:
    """Cut entries into batches of ten or fewer that fit into one request."""
    batch: list[_Entry] = []
    size = 0
    for entry in entries:
        own = len(entry.get("MessageBody", ""))  # ASCII: a character is a byte
        if batch and (len(batch) == TOGETHER or size + own > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += own
    if batch:
        yield batch


def _sort(
    found: Iterable[Mapping[str, Any]], taken: dict[str, QueueMessage], foreign: set[str]
) -> None:
    for one in found:
        receives = int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1))
        try:
            message = from_text(one["Body"], receipt=one["ReceiptHandle"], receives=receives)
        except ValueError as error:
            why = {"message_id": one["MessageId"], "why": str(error)}
            _log.error("queue.unreadable", extra=why)
            foreign.add(one["MessageId"])
        else:
            taken[one["MessageId"]] = message


def _is_refused(failure: _Entry) -> bool:
    return bool(failure.get("SenderFault")) and not is_busy_code(failure.get("Code", ""))


def _codes(failures: Iterable[_Entry]) -> str:
    return ", ".join(sorted({failure.get("Code", "") for failure in failures}))
