"""Clients of DynamoDB that behave as it does on a bad day, over one that works."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError


class Client:
    """A client of DynamoDB that does what its test adds, and passes everything else on."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, method: str) -> Any:
        return getattr(self.client, method)


class Stingy(Client):
    """DynamoDB under load: it carries out a part of each batch, and hands the rest back."""

    def __init__(self, client: Any, at_once: int) -> None:
        super().__init__(client)
        self.at_once = at_once

    def batch_get_item(self, *, RequestItems: Any) -> Any:
        ((name, asked),) = RequestItems.items()
        some, rest = asked["Keys"][: self.at_once], asked["Keys"][self.at_once :]
        answer: Any = {"Responses": {}}
        if some:
            answer = self.client.batch_get_item(RequestItems={name: {**asked, "Keys": some}})
        left = {name: {**asked, "Keys": rest}} if rest else {}
        return {**answer, "UnprocessedKeys": left}

    def batch_write_item(self, *, RequestItems: Any) -> Any:
        ((name, asked),) = RequestItems.items()
        some, rest = asked[: self.at_once], asked[self.at_once :]
        if some:
            self.client.batch_write_item(RequestItems={name: some})
        return {"UnprocessedItems": {name: rest} if rest else {}}


class Cancelling(Client):
    """DynamoDB cancels the next transactions, each for reasons of its own, by code."""

    def __init__(self, client: Any, *cancelled: Sequence[str]) -> None:
        super().__init__(client)
        self.cancelled = list(cancelled)

    def transact_write_items(self, **asked: Any) -> Any:
        if not self.cancelled:
            return self.client.transact_write_items(**asked)
        reasons = [{"Code": code} for code in self.cancelled.pop(0)]
        said = {"Code": "TransactionCanceledException", "Message": "told to"}
        answer: Any = {"Error": said, "CancellationReasons": reasons}
        raise ClientError(answer, "TransactWriteItems")


class Meddling(Client):
    """Somebody else writes the item just before each of our first writes."""

    def __init__(self, client: Any, times: int, meddle: Callable[[], object]) -> None:
        super().__init__(client)
        self.times = times
        self.meddle = meddle

    def update_item(self, **asked: Any) -> Any:
        if self.times:
            self.times -= 1
            self.meddle()
        return self.client.update_item(**asked)


class Refusing:
    """DynamoDB refuses everything, with this code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __getattr__(self, method: str) -> Any:
        def refuse(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, method)

        return refuse
