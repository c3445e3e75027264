"""Set-ups as items: what older versions of Synclog wrote is read too."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.setup import Connection, Webhooks
from chalicelib.store.registry_items import from_item, to_item
from tests.builders import NOW, make_connection


def test_a_connection_written_before_webhooks_were_remembered_knows_nothing_of_them() -> None:
    connection = make_connection(webhooks_at=NOW, webhooks_problem="None came.", checked_at=NOW)
    item: dict[str, Any] = to_item(connection)
    del item["webhooks_at"], item["webhooks_problem"]

    found = from_item(Connection, item)

    assert found == replace(connection, webhooks_at=None, webhooks_problem="", version=1)
    assert found.webhooks is Webhooks.UNKNOWN
