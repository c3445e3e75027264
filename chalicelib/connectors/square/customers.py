"""Customers as a source: read by id, listed by change; the buyers of orders and refunds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.connectors.square.batches import chunks
from chalicelib.connectors.square.client import Json, SquareClient, is_id
from chalicelib.connectors.square.mapping import PLATFORM, to_customer
from chalicelib.connectors.square.models import CustomerModel, parse
from chalicelib.connectors.square.order_search import stamp
from chalicelib.connectors.square.walks import Step
from chalicelib.domain.platforms import Changed, ChangePage
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer
from chalicelib.domain.statuses import Kind

CUSTOMERS_A_CALL = 100  #: BulkRetrieveCustomers
PAGE = 100  #: SearchCustomers, at most
CUSTOMERS_READ = "CUSTOMERS_READ"
_GONE = ("NOT_FOUND", "GONE")


@dataclass(frozen=True, kw_only=True)
class CustomerSource:
    """Square's customer directory."""

    client: SquareClient

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Customer | SyncFailure]:
        """Read customers as they are now, 100 a call.

        One that was deleted is said to be, and so is one that was merged into another; an id that
        Square does not know is told as deleted too, because it says no more of those.
        """
        unique = list(dict.fromkeys(ids))
        read: dict[str, Customer | SyncFailure] = {id_: _gone(id_) for id_ in unique}
        for part in chunks([one for one in unique if is_id(one)], CUSTOMERS_A_CALL):
            answer = self.client.read(
                "/v2/customers/bulk-retrieve", CUSTOMERS_READ, body={"customer_ids": list(part)}
            )
            responses = answer.get("responses") or {}
            read |= {id_: _customer_in(id_, responses.get(id_)) for id_ in part}
        return read

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """One page of customers that changed; those who are nobody are left out.

        Square filters customers by the time of their change and cannot sort them by it. So only
        the last page tells times: a cursor that followed an earlier one would pass over the rest.
        """
        first = Step(since=stamp(since), until=stamp(until) if until else "")
        step = Step.from_token(page) if page else first
        answer = self.client.read("/v2/customers/search", CUSTOMERS_READ, body=_question(step))
        found = answer.get("customers") or []
        following = step.after([_id_of(raw) for raw in found], answer.get("cursor") or "")
        changes = [
            change
            for raw in found
            if (change := _changed(raw, is_dated=following is None)) is not None
        ]
        changes.sort(key=lambda one: one.version or 0)
        return ChangePage(changes=changes, page=following.to_token() if following else None)


def read_buyers(
    client: SquareClient, ids: Iterable[str | None]
) -> Mapping[str, Customer | SyncFailure | None]:
    """Read the buyers of orders; None is a walk-in: somebody who is gone, or nobody we can name.

    A failed call is each one's failure: orders without a customer go their way.
    """
    source = CustomerSource(client=client)
    known: dict[str, Customer | SyncFailure | None] = {}
    for part in chunks(list(dict.fromkeys(one for one in ids if one)), CUSTOMERS_A_CALL):
        try:
            read = source.fetch_many(part)
        except SyncFailure as failure:
            known |= dict.fromkeys(part, failure)
        else:
            known |= {id_: _buyer(one) for id_, one in read.items()}
    return known


def changed_customer(model: CustomerModel, *, is_dated: bool = True) -> Changed | None:
    """Say that a customer changed; None for a profile that names nobody."""
    if model.is_nobody:
        return None
    customer = to_customer(model)
    return Changed(
        kind=Kind.CUSTOMER,
        record=customer.id,
        version=customer.version,
        updated_at=customer.updated_at if is_dated else None,
        columns={
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "source": PLATFORM,
        },
    )


def _question(step: Step) -> Json:
    period = {"start_at": step.since} | ({"end_at": step.until} if step.until else {})
    body: Json = {
        "limit": PAGE,
        "query": {
            "filter": {"updated_at": period},
            # By creation, which never changes: a list by name would move while it is read.
            "sort": {"field": "CREATED_AT", "order": "ASC"},
        },
    }
    return body | ({"cursor": step.cursor} if step.cursor else {})


def _customer_in(asked: str, response: object) -> Customer | SyncFailure:
    """Read the answer for one id: a profile, or errors where it is gone."""
    answer = response if isinstance(response, dict) else {}
    raw = answer.get("customer")
    if raw is None:
        return _without_profile(asked, answer)
    try:
        model = parse(CustomerModel, raw, "customer")
    except SyncFailure as failure:
        return failure
    if model.id != asked:  # Square may answer for a profile that was merged with the new one
        return _gone(asked, merged_into=model.id)
    return to_customer(model)


def _without_profile(asked: str, answer: Json) -> Customer | SyncFailure:
    """Read why there is no profile; only Square's own word makes a customer deleted."""
    errors = [one for one in answer.get("errors") or [] if isinstance(one, dict)]
    code = str(errors[0].get("code") or "") if errors else "no_answer"
    if code in _GONE:
        return _gone(asked)
    return SyncFailure(
        Reason.RETRYING, f"Square could not show the customer now ({code}).", error_code=code
    )


def _gone(asked: str, merged_into: str | None = None) -> Customer:
    return Customer(id=asked, deleted=True, merged_into=merged_into, source=PLATFORM)


def _buyer(one: Customer | SyncFailure) -> Customer | SyncFailure | None:
    if isinstance(one, SyncFailure):
        return one
    has_name = one.name or one.email or one.phone
    return one if has_name and not one.deleted else None


def _changed(raw: Json, *, is_dated: bool) -> Changed | None:
    """Say that a customer changed; one that cannot be read fails later, on its own row."""
    try:
        return changed_customer(parse(CustomerModel, raw, "customer"), is_dated=is_dated)
    except SyncFailure:
        return Changed(kind=Kind.CUSTOMER, record=_id_of(raw))


def _id_of(raw: Json) -> str:
    return str(raw.get("id", ""))
