"""Sends many things in one call, and halves what Square refuses until each bad one stands alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chalicelib.connectors.square.failures import VERSION_MISMATCH
from chalicelib.domain.reasons import Reason, SyncFailure

T = TypeVar("T")
R = TypeVar("R")

#: Failures of the account and not of a call: what was not sent yet would meet them too.
_FOR_ALL = (Reason.THROTTLED, Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED)
#: Square refused the call as a whole and did nothing: bad data, an old version, or too much of it.
_REFUSALS = (Reason.REJECTED_BY_TARGET, Reason.MISSING_AT_TARGET)


@dataclass(frozen=True, kw_only=True)
class Sent(Generic[T, R]):
    """What one call did: a result for each thing done, and what a 200 with errors left out."""

    done: Sequence[tuple[T, R]]
    left_out: Sequence[T] = ()
    failure: SyncFailure | None = None  #: why, when something was left out


@dataclass
class _Pending(Generic[T]):
    stack: list[Sequence[T]] = field(default_factory=list)

    def add(self, batch: Sequence[T]) -> None:
        if batch:
            self.stack.append(batch)

    def halve(self, batch: Sequence[T]) -> None:
        middle = len(batch) // 2
        self.add(batch[middle:])
        self.add(batch[:middle])


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most ``size``, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))


def send_in_batches(
    batches: Sequence[Sequence[T]], send: Callable[[Sequence[T]], Sent[T, R]]
) -> Iterator[tuple[T, R | SyncFailure]]:
    """Send each batch, and yield each thing once with its result or its own failure.

    A batch that is refused for its data is halved; one that failed otherwise (no answer, throttled)
    gives its failure to all its members. After a failure of the account the rest is not sent.
    """
    pending: _Pending[T] = _Pending(stack=[batch for batch in reversed(batches) if batch])
    stopped: SyncFailure | None = None
    while pending.stack:
        batch = pending.stack.pop()
        if stopped is not None:
            yield from ((one, stopped) for one in batch)
            continue
        try:
            sent = send(batch)
        except SyncFailure as failure:
            if _is_refusal(failure) and len(batch) > 1:
                pending.halve(batch)
                continue
            stopped = failure if failure.reason in _FOR_ALL else None
            yield from ((one, failure) for one in batch)
        else:
            yield from sent.done
            yield from _after_partly_done(pending, batch, sent)


def _is_refusal(failure: SyncFailure) -> bool:
    return failure.reason in _REFUSALS or failure.error_code == VERSION_MISMATCH


def _after_partly_done(
    pending: _Pending[T], batch: Sequence[T], sent: Sent[T, R]
) -> Iterator[tuple[T, SyncFailure]]:
    """Plan what was left out: again without the others, in halves, or alone with its failure."""
    if sent.failure is None or not sent.left_out:
        return
    if len(batch) == 1:
        yield batch[0], sent.failure
    elif len(sent.left_out) < len(batch):
        pending.add(sent.left_out)
    else:
        pending.halve(batch)
