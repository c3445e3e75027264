"""Lists of shops that never end, or are dated in no way that can be gone on from."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from chalicelib.connectors.woocommerce.client import PAGES_AT_MOST, Listed
from chalicelib.connectors.woocommerce.walking import Walk
from chalicelib.domain.reasons import SyncFailure

SINCE = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass
class Endless:
    """A shop that gives one page whatever it is asked, and says that more follow."""

    rows: Sequence[dict[str, Any]]
    asked: list[dict[str, str]] = field(default_factory=list)

    def read_page(self, path: str, **query: str) -> Listed:
        self.asked.append(query)
        return Listed(rows=self.rows, has_more=True)


def walk(shop: Any) -> Walk:
    return Walk(client=shop, path="orders", order_by="modified", field="date_modified_gmt")


def test_a_list_without_end_is_given_up() -> None:
    rows = [{"id": 7, "date_modified_gmt": "2026-07-02T10:00:00"}] * 100
    shop = Endless(rows)
    with pytest.raises(SyncFailure, match="no end"):
        deque(islice(walk(shop).read_all(since=SINCE), 100 * PAGES_AT_MOST + 1), maxlen=0)
    assert len(shop.asked) == PAGES_AT_MOST


@pytest.mark.parametrize(
    "at", ["soon", "0001-01-01T00:00:00", "2026-13-01T00:00:00", {"year": 2026}]
)
def test_a_list_that_is_dated_oddly_cannot_be_gone_on_from(at: object) -> None:
    shop = Endless([{"id": 7, "date_modified_gmt": at}])
    with pytest.raises(SyncFailure, match="date"):
        walk(shop).read(walk(shop).first(since=SINCE))
