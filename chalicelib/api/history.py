"""The route of the history: what people changed and did, never rewritten."""

from typing import Any

from chalicelib.api.answers import HistoryAnswer
from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.serializers import time_json
from chalicelib.domain.log import Page
from chalicelib.domain.setup import HistoryEntry

routes = Routes(__name__, "History")


@routes.add("GET", "/v1/consumers/{consumer}/history", query=PAGING, answer=Page[HistoryAnswer])
def list_history(call: Call) -> Any:
    """List what people changed and did, newest first.

    Settings, mappings, connections, imports, re-syncs, redrives: who, when, the value before and
    after. Of credentials only the names of those that were given are written down.
    """
    paging = read_paging(call.query)
    page = call.services.registry.list_history(
        call.consumer.id, limit=paging.limit, cursor=paging.cursor
    )
    return page_json(page, entry_json)


def entry_json(entry: HistoryEntry) -> HistoryAnswer:
    """Return one line of the history."""
    return {
        "at": time_json(entry.at),
        "who": entry.who,
        "what": entry.what,
        "subject": entry.subject,
        "old": entry.old,
        "new": entry.new,
    }
