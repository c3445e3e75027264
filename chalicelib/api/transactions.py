"""Routes of transactions: every HTTP call to a platform, as it was recorded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.api import errors
from chalicelib.api.answers import RowAnswer, TransactionAnswer, TransactionDetailAnswer
from chalicelib.api.filters import TRANSACTION_FILTERS, ExchangeQuery, read_exchange_query
from chalicelib.api.paging import page_json, read_paging
from chalicelib.api.routing import PAGING, Call, Routes
from chalicelib.api.serializers import call_json, exchange_json, row_serializer
from chalicelib.domain.log import Exchange, Execution, Page
from chalicelib.domain.rows import Row, RowName
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.flows import list_flow_names

routes = Routes(__name__, "Transactions")

ATTEMPTS = 50  #: newest attempts of a row that are looked through for a call
#: A run's first calls come before it is written down, its last end with a batch under way.
BESIDE_A_RUN = timedelta(minutes=15)
LONGEST_ID = 200


@routes.add(
    "GET",
    "/v1/consumers/{consumer}/transactions",
    query=(*TRANSACTION_FILTERS, *PAGING),
    answer=Page[TransactionAnswer],
)
def list_transactions(call: Call) -> Any:
    """List the calls to platforms, newest first.

    ``platform`` and ``code`` may repeat, several values of one are alternatives. ``execution``
    gives the calls of a run from its beginning to its end; calls for rows that went on later are
    with their rows. A page may be short and still have a ``next``. Calls expire as attempts do.
    """
    paging = read_paging(call.query)
    query = _within_run(call, read_exchange_query(call.services, call.query))
    if query is None:
        return page_json(Page[Exchange](items=[]), _transaction_json)
    page = call.services.log.list_exchanges(
        call.consumer.id,
        platforms=query.platforms,
        codes=query.codes,
        execution=query.execution,
        at_from=query.at_from,
        at_to=query.at_to,
        limit=paging.limit,
        cursor=paging.cursor,
    )
    return page_json(page, _transaction_json)


@routes.add("GET", "/v1/consumers/{consumer}/transactions/{id}", answer=TransactionDetailAnswer)
def show(call: Call) -> Any:
    """Show a call with what was sent and answered: redacted, and cut where it is long.

    ``rows`` are the rows it was made for, null for a call that was made for a whole batch or poll.
    """
    id_ = call.params["id"]
    found = call.services.log.read_exchanges(call.consumer.id, [id_[:LONGEST_ID]])
    exchange = found[0]
    if exchange is None:
        raise errors.not_found("There is no such transaction, or it has expired.")
    sides = exchange_json(exchange)
    return {
        **_transaction_json(exchange),
        "request": sides["request"],
        "response": sides["response"],
        "rows": _rows_json(call, exchange),
    }


def _within_run(call: Call, query: ExchangeQuery) -> ExchangeQuery | None:
    """Narrow a query down to the time of its run, so that little is read; None: no such run."""
    if query.execution is None:
        return query
    run = call.services.log.read_execution(call.consumer.id, query.execution)
    return None if run is None else _narrowed(query, run)


def _narrowed(query: ExchangeQuery, run: Execution) -> ExchangeQuery:
    begin = run.started_at - BESIDE_A_RUN
    end = run.ended_at + BESIDE_A_RUN if run.ended_at else None
    ends = [time for time in (query.at_to, end) if time is not None]
    return replace(
        query,
        at_from=max(begin, query.at_from) if query.at_from else begin,
        at_to=min(ends) if ends else None,
    )


def _transaction_json(exchange: Exchange) -> TransactionAnswer:
    return {
        **call_json(exchange),
        "execution": exchange.execution,
        "record": exchange.serves,
    }


def _rows_json(call: Call, exchange: Exchange) -> list[RowAnswer] | None:
    if exchange.serves is None:
        return None
    to_json = row_serializer(call.services, call.consumer.id)
    return [to_json(row) for row in _rows_served(call.services, exchange, exchange.serves)]


def _rows_served(services: Services, exchange: Exchange, record: str) -> Sequence[Row]:
    """Return the rows of a record, of flows of the call's connection, whose attempts name it."""
    names = [
        RowName(consumer=exchange.consumer, flow=name, record=record)
        for name in list_flow_names(services, exchange.consumer)
        if (flow := services.flows.get(base_name(name))) is not None
        and exchange.connection in connections_of(flow, name)
    ]
    return [row for row in services.log.read_rows(names) if row and _made(services, row, exchange)]


def _made(services: Services, row: Row, exchange: Exchange) -> bool:
    attempts = services.log.list_attempts(row.name, limit=ATTEMPTS).items
    return any(exchange.id in attempt.exchanges for attempt in attempts)
