"""The stores under contract, and a merchant's rows that live in them.

Every adapter of the store ports joins ``ADAPTERS``; the suites know nothing of what is behind.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.closings import finish
from chalicelib.domain.log import Page, RowQuery
from chalicelib.domain.ports import SyncLog, Written
from chalicelib.domain.protocol import claim, request
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row, RowName
from chalicelib.domain.statuses import Outcome, Status
from local.sqlite.stores import Stores, open_stores
from tests.builders import Clock, make_name, make_request
from tests.contract.dynamo import DYNAMODB_LOCAL, open_local_stores, open_moto_stores

LEASE_S = 60
SETTLE_S = 60
PAGES_AT_MOST = 500  #: a list that leads in a circle is found out

#: Name -> opens stores, given a folder of its own and a clock.
ADAPTERS: Mapping[str, Callable[[Path, Clock], Any]] = {
    "sqlite-memory": lambda folder, clock: open_stores(None, now=clock),
    "sqlite-file": lambda folder, clock: open_stores(folder, now=clock),
    "moto": lambda folder, clock: open_moto_stores(clock),
}
if DYNAMODB_LOCAL:  # `make test-dynamodb-local`: nothing else has to be judged again
    ADAPTERS = {"dynamodb-local": lambda folder, clock: open_local_stores(clock)}


@dataclass
class World:
    """Stores, a clock, and the moves of a row in one call each."""

    stores: Stores
    clock: Clock

    @property
    def log(self) -> SyncLog:
        return self.stores.log

    def request(self, name: RowName | str = "1007", **changes: Any) -> Written:
        asked = make_request(name, **changes)
        return self.log.write_rows([request(asked, self.clock())])[0]

    def claim(self, name: RowName | str = "1007", lease: str = "lease-1") -> Written:
        row = make_name(name) if isinstance(name, str) else name
        deadline = self.clock() + timedelta(seconds=LEASE_S)
        write = claim(row, lease_id=lease, deadline=deadline, settle_s=SETTLE_S, now=self.clock())
        return self.log.write_rows([write])[0]

    def finish(self, row: Row | None, **changes: Any) -> Written:
        assert row is not None
        return self.log.write_rows([finish(row, changes, self.clock())])[0]

    def sync(self, name: RowName | str = "1007", **changes: Any) -> Row:
        """Request a row, claim it, close it as Synced."""
        self.request(name)
        done = {"status": Status.SYNCED, "reason": None, "outcome": Outcome.UPDATED, **changes}
        return row_of(self.finish(self.claim(name).row, **done))

    def fail(self, name: RowName | str = "1007", fingerprint: str = "fp1", **changes: Any) -> Row:
        """Request a row, claim it, close it as Failed."""
        self.request(name)
        failed = {
            "status": Status.FAILED,
            "reason": Reason.REJECTED_BY_TARGET,
            "fingerprint": fingerprint,
            "failed_at": self.clock(),
            **changes,
        }
        return row_of(self.finish(self.claim(name).row, **failed))

    def hold(self, name: RowName | str = "1007", cause: str = "setting:f:channel") -> Row:
        """Request a row, claim it, hold it under a cause."""
        self.request(name)
        held = {"status": Status.PENDING, "reason": Reason.NEEDS_SETTINGS, "cause": cause}
        return row_of(self.finish(self.claim(name).row, **held))

    def read(self, name: RowName | str = "1007") -> Row | None:
        return self.log.read_rows([make_name(name) if isinstance(name, str) else name])[0]

    def records(self, *, limit: int = 50, **query: Any) -> list[str]:
        """Records of all pages of a list, in its order."""
        return [row.name.record for row in self.pages(limit=limit, **query)]

    def pages(self, *, limit: int = 50, **query: Any) -> list[Row]:
        asked = RowQuery(**{"consumer": make_name().consumer, **query})
        return read_all(lambda cursor: self.log.list_rows(asked, limit=limit, cursor=cursor))


def row_of(written: Written) -> Row:
    assert written.tag is not None
    assert written.row is not None
    return written.row


def read_all(read: Callable[[str | None], Page[Any]]) -> list[Any]:
    """Page to the end."""
    found: list[Any] = []
    cursor = None
    for _ in range(PAGES_AT_MOST):
        page = read(cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found
    raise AssertionError(f"after {PAGES_AT_MOST} pages there is no end: {found[:5]} …")


def records_of(rows: Sequence[Row]) -> list[str]:
    return [row.name.record for row in rows]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=ADAPTERS)
def stores(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Stores]:
    opened = ADAPTERS[request.param](tmp_path / "var", clock)
    yield opened
    opened.close()


@pytest.fixture
def world(stores: Stores, clock: Clock) -> World:
    return World(stores, clock)
