"""The search: filters by type, several values or none of them, pages by offset."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.platforms.lightspeed.customers import Customers
from local.platforms.lightspeed.errors import invalid
from local.platforms.lightspeed.feed import Feed, Row
from local.platforms.lightspeed.fields import Json, flag, instant, integer
from local.platforms.lightspeed.legacy import legacy_status
from local.platforms.lightspeed.products import Products
from local.platforms.lightspeed.sales import Sales

MAX_PAGE = 1_000
DEFAULT_PAGE = 100
SCOPES = {"sales": "sales:read", "products": "products:read", "customers": "customers:read"}

#: Values of a row by filter; a row matches a value when it has it.
Values = Callable[[Row], list[Any]]

SALE_FILTERS: dict[str, Values] = {
    "_id": lambda row: [row.id],
    "state": lambda row: [row.data["state"]],
    "attributes": lambda row: row.data["attributes"],
    "status": lambda row: [legacy_status(row.data["state"], row.data["attributes"])],
    "invoice_number": lambda row: [row.data["invoice_number"]],
    "customer_id": lambda row: [row.data["customer_id"]],
    "outlet_id": lambda row: [row.data["source"]["outlet_id"]],
    "register_id": lambda row: [row.data["source"]["register_id"]],
    "product_id": lambda row: [line["product"]["id"] for line in row.data["line_items"]],
}
#: A product is found by its SKU in lower case only.
PRODUCT_FILTERS: dict[str, Values] = {
    "_id": lambda row: [row.id],
    "sku": lambda row: [row.data["sku"].lower()],
    "brand_id": lambda row: [row.data["brand_id"]],
    "tag_id": lambda row: row.data["tag_ids"],
}
CUSTOMER_FILTERS: dict[str, Values] = {
    "_id": lambda row: [row.id],
} | {
    name: lambda row, name=name: [row.data[name]]
    for name in ("email", "customer_code", "mobile", "phone", "first_name", "last_name")
}


class Search:
    """Looks through sales, products and customers."""

    def __init__(self, products: Products, customers: Customers, sales: Sales) -> None:
        self.kinds: dict[str, tuple[Feed, dict[str, Values]]] = {
            "sales": (sales.feed, SALE_FILTERS),
            "products": (products.feed, PRODUCT_FILTERS),
            "customers": (customers.feed, CUSTOMER_FILTERS),
        }

    def find(self, query: dict[str, list[str]]) -> Json:
        """Answer a search; a page size beyond the greatest one is cut without a word."""
        first = {name: values[0] for name, values in query.items()}
        if first.get("type") not in self.kinds:
            raise invalid(f"type must be one of {', '.join(self.kinds)}.")
        feed, filters = self.kinds[first["type"]]
        rows = [
            row
            for row in feed.live(deleted=flag(first, "deleted"))
            if all(_matches(filters[name](row), query[name]) for name in filters if name in query)
            and _is_between(row, instant(first, "date_from"), instant(first, "date_to"))
        ]
        rows.sort(key=_order(first.get("order_by", "")), reverse=_is_descending(first))
        start = integer(first, "offset", 0)
        size = min(integer(first, "page_size", DEFAULT_PAGE, least=1), MAX_PAGE)
        return {"data": [feed.render(row) for row in rows[start : start + size]]}


def _matches(values: list[Any], asked: list[str]) -> bool:
    """Say whether one of the values is asked for, and none of them excluded."""
    excluded = [one[1:] for one in asked if one.startswith("-")]
    wanted = [one for one in asked if not one.startswith("-")]
    if any(value in excluded for value in values):
        return False
    return not wanted or any(value in wanted for value in values)


def _is_between(row: Row, start: datetime | None, end: datetime | None) -> bool:
    """Say whether a sale's date lies in a span; other objects have no date."""
    if "date" not in row.data:
        return True
    at = datetime.fromisoformat(row.data["date"])
    return (start is None or at >= start) and (end is None or at <= end)


def _order(name: str) -> Callable[[Row], str]:
    """Return the sort key for ``order_by``; by version where none is named."""
    if name in ("created_at", "updated_at"):
        return lambda row: f"{getattr(row, name).isoformat()}|{row.version:020d}"
    return lambda row: f"{row.data.get(name) or ''}|{row.version:020d}"


def _is_descending(query: Json) -> bool:
    return str(query.get("order_direction", "asc")).lower() == "desc"
