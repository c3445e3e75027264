"""Causes: the keys of what held rows wait for.

A cause is exact: when it goes away, precisely the rows under it are requested again. The parts
are percent-encoded, so a category called ``A:B`` cannot be mistaken for two parts.
"""

from urllib.parse import quote, unquote


def _cause(*parts: str) -> str:
    return ":".join(quote(part, safe="@") for part in parts)


def mapping_cause(flow: str, mapping: str, value: str) -> str:
    """Key of a missing entry: ``mapping:brightpearl-products-to-square:category:Shirts``."""
    return _cause("mapping", flow, mapping, value)


def setting_cause(flow: str, setting: str) -> str:
    """Key of a missing setting: ``setting:square-orders-to-brightpearl:walk_in_customer``."""
    return _cause("setting", flow, setting)


def connection_cause(connection: str) -> str:
    """Key of a connection that was refused: ``connection:square``."""
    return _cause("connection", connection)


def record_cause(kind: str, record: str) -> str:
    """Key of a record that has to be synced first: ``record:product:1007``."""
    return _cause("record", kind, record)


def flow_cause(flow: str) -> str:
    """Key of a flow that is switched off: ``flow:brightpearl-stock-to-square``."""
    return _cause("flow", flow)


def rate_cause(connection: str, priority: int, shard: int) -> str:
    """Key of a connection without free calls: ``rate:square:0:3``; lower priority goes first."""
    return _cause("rate", connection, str(priority), str(shard))


def parts_of(cause: str) -> tuple[str, ...]:
    """Return the decoded parts of a cause, the first of which says what it is."""
    return tuple(unquote(part) for part in cause.split(":"))
