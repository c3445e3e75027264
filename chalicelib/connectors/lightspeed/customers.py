"""Customers as a source; the one that stands for people without a name is nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.lightspeed.client import Json, LightspeedClient
from chalicelib.connectors.lightspeed.feed import Feed, mark_of
from chalicelib.connectors.lightspeed.lookups import CUSTOMERS_READ, DELETED_TOO, Lookups
from chalicelib.connectors.lightspeed.mapping import is_walk_in, to_customer
from chalicelib.connectors.lightspeed.models import CustomerModel, parse
from chalicelib.connectors.lightspeed.reads import read_each
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.domain.statuses import Kind


@dataclass(frozen=True, kw_only=True)
class CustomerSource:
    """Lightspeed's customers."""

    client: LightspeedClient
    lookups: Lookups

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Customer | SyncFailure]:
        """Read customers as they are now, a call each; one that is gone says so."""
        read = read_each(self.client, "customers", CUSTOMERS_READ, ids)
        found: dict[str, Customer | SyncFailure] = {}
        for one, raw in read.items():
            customer = self._read(one, raw)
            if customer is not None:
                found[one] = customer
        return found

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of changed customers, deleted ones too, in the order of their versions."""
        feed = Feed(client=self.client, path="customers", needs=CUSTOMERS_READ, query=DELETED_TOO)
        found = feed.walk(since=since, until=until, page=page, wanted=self._is_somebody)
        return ChangePage(
            changes=[_changed(row) for row in found.rows],
            page=found.page,
            resume=found.resume,
            read_until=found.read_until,
        )

    def _read(self, one: str, raw: Json | SyncFailure | None) -> Customer | SyncFailure | None:
        if isinstance(raw, SyncFailure):
            return raw
        if raw is None:
            return Customer(id=one, deleted=True)
        try:
            customer = parse(CustomerModel, raw, "customer")
        except SyncFailure as failure:
            return failure
        if customer.deleted_at:
            return Customer(
                id=one, deleted=True, version=customer.version, updated_at=customer.updated_at
            )
        is_nobody = is_walk_in(customer, *self.lookups.walk_ins)
        return None if is_nobody else to_customer(customer)

    def _is_somebody(self, row: Json) -> bool:
        try:
            customer = parse(CustomerModel, row, "customer")
        except SyncFailure:
            return True  # it fails later, on its own row
        return not is_walk_in(customer, *self.lookups.walk_ins)


def _changed(row: Json) -> Changed:
    mark = mark_of(row)
    return Changed(
        kind=Kind.CUSTOMER,
        record=str(row.get("id") or ""),
        version=mark.version or None,
        updated_at=mark.at,
    )
