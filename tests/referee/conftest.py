"""DynamoDB Local for a test run: the one the run was started with, or one of its own."""

import os
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local.aws.dynamodb_local import connect, running
from local.aws.tables import Tables, create_tables, delete_tables
from tests.referee.desk import Desk

#: Read here, when tests are collected: no test sees the developer's environment.
GIVEN = os.environ.get("SYNCLOG_TEST_DYNAMODB")


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    if GIVEN:
        yield GIVEN
        return
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def client(endpoint: str) -> Any:
    return connect(endpoint)


@pytest.fixture
def tables(client: Any) -> Iterator[Tables]:
    made = create_tables(client, stage=uuid4().hex)
    yield made
    delete_tables(client, made)


@pytest.fixture
def desk(client: Any, tables: Tables) -> Desk:
    return Desk(client, tables.log)
