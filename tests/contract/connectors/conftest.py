"""A running platform for each promise."""

from collections.abc import Iterator

import pytest

from tests.contract.connectors.suite import Entry, Running


@pytest.fixture
def running(entry: Entry) -> Iterator[Running]:
    """The platform of this promise, empty, with an account on it."""
    with entry.open() as opened:
        yield opened
