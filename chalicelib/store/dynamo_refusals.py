"""What DynamoDB says when it refuses a request, in the words of ``store.table``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.ops.aws import raising_busy
from chalicelib.store.table import ITEM_BYTES, Item, LimitError, TableBusyError
from chalicelib.store.wire import Wire, item_from_wire

#: Somebody's transaction holds the item just now.
_CONFLICTS = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_REFUSED = "ConditionalCheckFailed"
#: Why a transaction may be cancelled that is worth another try; anything else is a defect.
_PASSING = frozenset(
    {"None", _REFUSED, "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)


@contextmanager
def in_our_words(method: str) -> Iterator[None]:
    """Raise what ``store.table`` knows.

    Raises:
        TableBusyError: it may succeed later, and may have been carried out.
        LimitError: an item, a key or a request is too large.
        ClientError: anything else, a condition that does not hold among it.
    """
    try:
        with raising_busy(TableBusyError):
            yield
    except ClientError as error:
        if error.response["Error"].get("Code") in _CONFLICTS:
            raise TableBusyError(f"a transaction holds the item ({method})") from error
        for said in _complaints(error):
            if "size" in said:
                raise LimitError(f"DynamoDB refused it, at most {ITEM_BYTES} bytes: {said}") from (
                    error
                )
        raise


def _complaints(error: ClientError) -> Iterator[str]:
    """Yield what DynamoDB finds wrong with a request: with the whole, or with one of its parts."""
    said = error.response["Error"]
    if said.get("Code") == "ValidationException":
        yield said.get("Message", "")
    for reason in _reasons(error):
        if reason.get("Code") == "ValidationError":
            yield reason.get("Message", "")


def _reasons(error: ClientError) -> list[Mapping[str, Any]]:
    """Return what cancelled a transaction, one reason for each of its writes."""
    return error.response.get("CancellationReasons") or []


def is_refused(error: ClientError) -> bool:
    """Say whether the condition of a write did not hold."""
    return bool(error.response["Error"].get("Code") == f"{_REFUSED}Exception")


def item_of(refusal: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the item that a refusal shows; None if there is none."""
    item: Wire | None = refusal.get("Item")
    return item_from_wire(item) if item else None


def refused_of(error: ClientError) -> dict[int, Item | None] | None:
    """Return the items whose conditions cancelled a transaction, by place; None for a defect.

    There may be none: somebody else was at an item, and it is worth another try.
    """
    reasons = _reasons(error)
    if not reasons or any(one.get("Code", "None") not in _PASSING for one in reasons):
        return None
    return {
        place: item_of(reason)
        for place, reason in enumerate(reasons)
        if reason.get("Code") == _REFUSED
    }
