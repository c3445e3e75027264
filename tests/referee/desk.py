"""One table on DynamoDB, asked in few words."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: float | str) -> dict[str, str]:
    return {"N": str(value)}


def key(pk: str = "a", sk: str = "~") -> dict[str, Any]:
    return {"pk": text(pk), "sk": text(sk)}


class Desk:
    """A table and the item that most requests are about."""

    def __init__(self, client: Any, table: str) -> None:
        self.client = client
        self.table = table

    def put(self, at: dict[str, Any], **attributes: Any) -> Any:
        return self.client.put_item(TableName=self.table, Item={**at, **attributes})

    def read(self, at: dict[str, Any]) -> Any:
        answer = self.client.get_item(TableName=self.table, Key=at, ConsistentRead=True)
        return answer.get("Item")

    def update(self, expression: str, when: str | None = None, /, **values: Any) -> Any:
        asked: dict[str, Any] = {"ConditionExpression": when} if when else {}
        if values:
            asked["ExpressionAttributeValues"] = {f":{name}": one for name, one in values.items()}
        return self.client.update_item(
            TableName=self.table,
            Key=key(),
            UpdateExpression=expression,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **asked,
        )["Attributes"]

    def holds(self, condition: str, **values: Any) -> bool:
        """Whether an update with this condition is carried out."""
        try:
            self.update("SET touched = :touched", condition, touched=number(1), **values)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def query(self, condition: str, index: str | None = None, /, **values: str) -> Any:
        asked = {"IndexName": index} if index else {"ConsistentRead": True}
        return self.client.query(
            TableName=self.table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={f":{name}": text(one) for name, one in values.items()},
            **asked,
        )

    def sorts(self, condition: str, **values: str) -> list[str]:
        return [item["sk"]["S"] for item in self.query(condition, **values)["Items"]]

    def transact(self, *actions: dict[str, Any], **options: Any) -> Any:
        named = [
            {kind: {"TableName": self.table, **one}}
            for action in actions
            for kind, one in action.items()
        ]
        return self.client.transact_write_items(TransactItems=named, **options)


def refusal(ask: Callable[[], Any], code: str = "ValidationException") -> Any:
    """The answer to a request that is refused with this code."""
    with pytest.raises(ClientError) as caught:
        ask()
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response
