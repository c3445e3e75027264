"""One row, whole: what its page shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.domain.log import Attempt, Exchange, RowQuery
from chalicelib.domain.rows import Row
from chalicelib.domain.setup import HistoryEntry
from chalicelib.flows.goods import with_skus
from chalicelib.flows.services import Services

if TYPE_CHECKING:
    from chalicelib.flows.differences import FieldChange

ATTEMPTS = 50  #: newest attempts shown
EXCHANGES = 200  #: exchanges shown, of the newest attempts first
RELATED = 20
LINES = 200  #: newest lines of the history that are looked through
MAPPING_SAVED = "mapping saved"  #: as the history calls it
SEARCH_LEAST = 3  #: letters the search index begins with

#: Columns by which rows belong together.
SHARED_COLUMNS = ("sku", "order_id", "target_order_id")


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A row with everything that is kept about it."""

    row: Row
    record: Mapping[str, Any] | None  #: as it was last read
    attempts: Sequence[Attempt]
    exchanges: Mapping[str, Exchange]
    related: Sequence[Row]
    changes: Mapping[int, Sequence["FieldChange"]]  #: by an attempt's number
    history: Sequence[HistoryEntry]  #: what people did to it


def read_detail(services: Services, row: Row) -> Detail:
    """Read what is kept about a row; exchanges and attempts that expired are left out."""
    # Here, not at the top: of all functions only the one that shows rows compares what was sent.
    from chalicelib.flows.differences import changes_by_attempt

    attempts = services.log.list_attempts(row.name, limit=ATTEMPTS).items
    ids = list(dict.fromkeys(id_ for attempt in attempts for id_ in attempt.exchanges))
    found = services.log.read_exchanges(row.name.consumer, ids[:EXCHANGES]) if ids else ()
    exchanges = {one.id: one for one in found if one is not None}
    record = services.log.read_snapshot(row.name)
    return Detail(
        row=row,
        record=with_skus(services, row.name, record) if record is not None else None,
        attempts=attempts,
        exchanges=exchanges,
        related=list(_related(services, row)),
        changes=changes_by_attempt(row, attempts, exchanges),
        history=list_actions(services, row),
    )


def list_actions(services: Services, row: Row) -> list[HistoryEntry]:
    """Return what people did to a row, newest first, of the newest 200 lines of the history.

    That is what names the row, and answers of a mapping of its flow for its record alone.
    """
    lines = services.registry.list_history(row.name.consumer, limit=LINES).items
    return [line for line in lines if line.subject == row.name.id or _answers(line, row)]


def _answers(line: HistoryEntry, row: Row) -> bool:
    told = line.new if isinstance(line.new, Mapping) else {}
    records = told.get("records")
    is_of_flow = line.what == MAPPING_SAVED and line.subject.startswith(f"{row.name.flow} ")
    return is_of_flow and isinstance(records, Mapping) and row.name.record in records


def _related(services: Services, row: Row) -> Iterator[Row]:
    """Yield rows of the same order or SKU: found by the start, kept when the whole is equal."""
    seen = {row.name}
    for text in _shared_texts(row):
        query = RowQuery(consumer=row.name.consumer, text=text)
        for other in services.log.list_rows(query, limit=RELATED).items:
            if other.name not in seen and text in _shared_texts(other):
                seen.add(other.name)
                yield other


def _shared_texts(row: Row) -> list[str]:
    texts = [row.columns.get(name) for name in SHARED_COLUMNS]
    return [
        text for text in dict.fromkeys(texts) if isinstance(text, str) and len(text) >= SEARCH_LEAST
    ]
