"""Values of a Brightpearl account that people pick from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chalicelib.connectors.brightpearl.client import Api
from chalicelib.connectors.brightpearl.search import search_all
from chalicelib.domain.platforms import Choice

Rows = Iterable[Mapping[str, Any]]


def list_choices(api: Api, what: str) -> Sequence[Choice]:
    """Return the choices for one word of the offer, by name.

    Tax codes, payment methods and nominal codes are picked by their code, the rest by id.

    Raises:
        LookupError: the word is none of the offer.
    """
    if what not in CHOICES:
        raise LookupError(f"Brightpearl has no choices called {what!r}")
    read, id_field, name_of = CHOICES[what]
    found = [
        Choice(id=str(row[id_field]), name=name_of(row).strip() or str(row[id_field]))
        for row in read(api)
        if isinstance(row, Mapping) and row.get(id_field) not in (None, "")
    ]
    return sorted(found, key=lambda choice: choice.name.lower())


def _list(path: str) -> Callable[[Api], Rows]:
    return lambda api: api.get(path).as_list()


def _search(path: str) -> Callable[[Api], Rows]:
    return lambda api: search_all(api, path, {})


def _name(row: Mapping[str, Any]) -> str:
    """Return a name, which is a plain text or a text with its language."""
    name = row.get("name")
    return str(name.get("text") or "") if isinstance(name, Mapping) else str(name or "")


def _name_with(field: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: f"{_name(row)} ({row[field]})" if row.get(field) else _name(row)


def _statuses(order_type: str) -> Callable[[Api], Rows]:
    """Return the statuses of sales orders (SO) or sales credits (SC); one that names no type is of
    sales orders.
    """
    return lambda api: [
        row
        for row in api.get("order-service/order-status").as_list()
        if row.get("orderTypeCode", "SO") == order_type
    ]


def _sell_lists(api: Api) -> Rows:
    rows = api.get("product-service/price-list").as_list()
    return [row for row in rows if row.get("priceListTypeCode", "SELL") == "SELL"]


def _described(row: Mapping[str, Any]) -> str:
    return f"{row.get('code')} {row.get('description') or ''}"


CHOICES: Mapping[str, tuple[Callable[[Api], Rows], str, Callable[[Mapping[str, Any]], str]]] = {
    "price_lists": (_sell_lists, "id", _name_with("currencyCode")),
    "categories": (_list("product-service/brightpearl-category"), "id", _name),
    "warehouses": (_list("warehouse-service/warehouse"), "id", _name),
    "channels": (_list("product-service/channel"), "id", _name),
    "order_statuses": (_statuses("SO"), "statusId", _name),
    "credit_statuses": (_statuses("SC"), "statusId", _name),
    "shipping_methods": (_list("warehouse-service/shipping-method"), "id", _name),
    "tax_codes": (_list("accounting-service/tax-code"), "code", _described),
    "payment_methods": (_search("accounting-service/payment-method-search"), "code", _name),
    "nominal_codes": (
        _search("accounting-service/nominal-code-search"),
        "code",
        _name_with("code"),
    ),
}
