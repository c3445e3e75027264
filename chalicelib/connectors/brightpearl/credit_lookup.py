"""Which sales credit belongs to a refund: by its id, else by the reference we gave it.

A credit that people typed in carries no reference of ours and is not taken for one; what is left of
its order then refuses a second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.connectors.brightpearl.batches import fail_the_rest, fetch_by_ids
from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.credit_models import CreditModel, CreditState
from chalicelib.connectors.brightpearl.idsets import Chunk, is_id
from chalicelib.connectors.brightpearl.lookup import one_by_one
from chalicelib.connectors.brightpearl.models import read_as
from chalicelib.connectors.brightpearl.payments import fetch_payments
from chalicelib.connectors.brightpearl.restocking import fetch_came_in
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.platforms import Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesCredit

_SALES_CREDIT = "SC"
_SEARCH = "order-service/order-search"
_COLUMNS = ("orderId", "externalRef", "parentOrderId")


def fetch_credits(api: Api, ids: Sequence[str]) -> dict[str, CreditModel | SyncFailure]:
    """Read credits in as few calls as possible; ids that are no credits are absent."""
    return fetch_by_ids(ids, lambda chunk: _fetch(api, chunk))


def _fetch(api: Api, chunk: Chunk) -> dict[str, CreditModel | SyncFailure]:
    reply = api.get(f"order-service/order/{chunk.text}")
    found: dict[str, CreditModel | SyncFailure] = dict(fail_the_rest(reply, chunk, "credits"))
    for entry in reply.as_list():
        credit_id = str(entry.get("id")) if isinstance(entry, dict) else ""
        credit = _credit_or_failure(entry, credit_id)
        if isinstance(credit, SyncFailure) or credit.type_code == _SALES_CREDIT:
            found[credit_id] = credit
        else:
            found.pop(credit_id, None)
    return found


def _credit_or_failure(entry: object, credit_id: str) -> CreditModel | SyncFailure:
    try:
        return read_as(CreditModel, entry, f"credit {credit_id}")
    except SyncFailure as failure:
        return failure


def fetch_credit(api: Api, credit_id: str) -> CreditModel:
    """Read one credit that was just written.

    Raises:
        SyncFailure: it is not shown; whether it is there has to be looked up later.
    """
    credit = fetch_credits(api, [credit_id]).get(credit_id)
    if isinstance(credit, SyncFailure):
        raise credit
    if credit is None:
        raise SyncFailure(
            Reason.OUTCOME_UNKNOWN,
            f"Brightpearl does not show credit {credit_id} after writing it.",
            error_code="not_shown",
        )
    return credit


def _search(api: Api, column: str, value: str) -> list[str]:
    """Return the ids of orders of any type whose column is exactly ``value``."""
    rows = search_all(api, _SEARCH, {column: value}, columns=_COLUMNS)
    return [
        str(row["orderId"])
        for row in rows
        if str(row.get(column)) == value and is_id(str(row.get("orderId")))
    ]


def _read(api: Api, ids: Sequence[str]) -> list[CreditModel]:
    credits = []
    for credit in fetch_credits(api, ids).values() if ids else ():
        if isinstance(credit, SyncFailure):
            raise credit  # leaving it out would look as if there were none
        credits.append(credit)
    return credits


def credits_of(api: Api, order_id: str) -> list[CreditModel]:
    """Return the credits of an order, as far as the search knows them."""
    return _read(api, _search(api, "parentOrderId", order_id))


def find_by_reference(api: Api, source_id: str) -> CreditModel | None:
    """Return the credit that carries a refund's id.

    Raises:
        SyncFailure: there are several; the sentence names them.
    """
    credits = _read(api, _search(api, "externalRef", source_id))
    if len(credits) > 1:
        mine = [credit for credit in credits if credit.instance_id == str(api.instance_id)]
        credits = mine if len(mine) == 1 else credits
    if len(credits) > 1:
        names = " and ".join(sorted((credit.id for credit in credits), key=int))
        raise SyncFailure(
            Reason.CONFLICT,
            f"Brightpearl has credits {names} for this one refund of the source: delete those that"
            " are too many, then re-sync.",
            error_code="double",
        )
    return credits[0] if credits else None


@dataclass(frozen=True, kw_only=True)
class CreditLookup:
    """Finds the credits of a batch: one call for those that are linked, else a search each."""

    api: Api

    def find_many(
        self, wanted: Sequence[Wanted[SalesCredit]]
    ) -> dict[str, CreditState | SyncFailure]:
        """Return the credits with payments by ``Wanted.record``; absent: there is none."""
        linked = {one.record: one.target_id for one in wanted if one.target_id}
        there = fetch_credits(self.api, list(linked.values())) if linked else {}
        found = {record: there[id_] for record, id_ in linked.items() if id_ in there}
        missing = [one for one in wanted if one.record not in found]
        found.update(
            one_by_one(
                self.api, missing, lambda one: find_by_reference(self.api, one.desired.source_id)
            )
        )
        return self._with_rest({one.record: one.desired for one in wanted}, found)

    def _with_rest(
        self,
        desired: Mapping[str, SalesCredit],
        found: Mapping[str, CreditModel | SyncFailure],
    ) -> dict[str, CreditState | SyncFailure]:
        credits = {r: one for r, one in found.items() if isinstance(one, CreditModel)}
        restocked = [one.id for record, one in credits.items() if desired[record].restock]
        states: dict[str, CreditState | SyncFailure] = {
            record: one for record, one in found.items() if isinstance(one, SyncFailure)
        }
        try:
            payments = fetch_payments(self.api, [c.id for c in credits.values()]) if credits else {}
            came_in = fetch_came_in(self.api, restocked)
        except SyncFailure as failure:
            return states | dict.fromkeys(credits, failure)
        for record, one in credits.items():
            paid = payments.get(one.id, ())
            states[record] = CreditState(credit=one, payments=paid, came_in=one.id in came_in)
        return states
