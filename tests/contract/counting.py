"""A table that counts what it is asked."""

from collections import Counter
from typing import Any

from chalicelib.store.table import Table


class CountingTable:
    """Passes every request on to another table, and counts it by method."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.calls: Counter[str] = Counter()

    def together(self, works: Any) -> Any:
        return self._table.together(works)

    def get_many(self, *args: Any, **options: Any) -> Any:
        self.calls["get_many"] += 1
        return self._table.get_many(*args, **options)

    def query(self, *args: Any, **options: Any) -> Any:
        self.calls["query"] += 1
        return self._table.query(*args, **options)

    def query_index(self, *args: Any, **options: Any) -> Any:
        self.calls["query_index"] += 1
        return self._table.query_index(*args, **options)

    def count_index(self, *args: Any, **options: Any) -> Any:
        self.calls["count_index"] += 1
        return self._table.count_index(*args, **options)

    def write_many(self, *args: Any, **options: Any) -> Any:
        self.calls["write_many"] += 1
        return self._table.write_many(*args, **options)

    def transact(self, *args: Any, **options: Any) -> Any:
        self.calls["transact"] += 1
        return self._table.transact(*args, **options)
