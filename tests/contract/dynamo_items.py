"""One table on moto or DynamoDB Local, and items of one partition."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chalicelib.store.dynamo import DynamoTable
from chalicelib.store.table import put
from tests.builders import Clock
from tests.contract.dynamo import DYNAMODB_LOCAL, open_local_stores, open_moto_stores


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> Iterator[DynamoTable]:
    stores = open_local_stores(clock) if DYNAMODB_LOCAL else open_moto_stores(clock)
    yield stores.registry_table
    stores.close()


def item(sk: str = "s", **attributes: Any) -> dict[str, Any]:
    return {"pk": "p", "sk": sk, **attributes}


def fill(table: DynamoTable, count: int, **attributes: Any) -> list[dict[str, Any]]:
    items = [
        item(f"{number:03}", lp="l", ls=f"{number:03}", **attributes) for number in range(count)
    ]
    for one in items:
        table.write_many([put(one)])
    return items


def sks(found: Sequence[Any]) -> list[str]:
    return [one["sk"] if isinstance(one, dict) else one.sk for one in found]
