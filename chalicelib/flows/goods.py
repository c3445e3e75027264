"""Which goods the lines of a document are: SKUs that its source does not repeat on each line."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind
from chalicelib.flows.declare import base_name, connections_of
from chalicelib.flows.services import Services
from chalicelib.flows.setup.flows import list_flow_names

LINES_AT_MOST = 100  #: of one document that are looked up


def with_skus(services: Services, name: RowName, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record of a document, its lines with the SKUs that the products' rows know.

    A line without SKU names the item at its source; the link leads to the product, and its row has
    the SKU. Three requests at most, none where every line has its SKU; no platform is asked.
    """
    lines = record.get("lines") or ()
    items = [str(one["item_id"]) for one in lines if _lacks_sku(one)]
    if not items:
        return record
    skus = _read_skus(services, name, items[:LINES_AT_MOST])
    return {**record, "lines": [_with_sku(line, skus) for line in lines]}


def _with_sku(line: Any, skus: Mapping[str, str]) -> Any:
    sku = skus.get(str(line["item_id"])) if _lacks_sku(line) else None
    return {**line, "sku": sku} if sku else line


def _lacks_sku(line: Any) -> bool:
    is_of_item = isinstance(line, Mapping) and bool(line.get("item_id"))
    return is_of_item and not line.get("sku")


def _read_skus(services: Services, name: RowName, items: list[str]) -> dict[str, str]:
    """Return SKUs by the item's id at the document's source; unknown ones are absent."""
    flow = services.flows.get(base_name(name.flow))
    if flow is None:
        return {}
    source, target = connections_of(flow, name.flow)
    links = services.log.read_links(name.consumer, source, target, Kind.PRODUCT.value, items)
    wanted = {
        item: RowName(consumer=name.consumer, flow=product_flow, record=link.other_id)
        for product_flow in _product_flows(services, name.consumer, target, source)
        for item, link in links.items()
    }
    rows = services.log.read_rows(list(wanted.values())) if wanted else ()
    return {
        item: str(row.columns["sku"])
        for item, row in zip(wanted, rows, strict=True)
        if row is not None and row.columns.get("sku")
    }


def _product_flows(services: Services, consumer: str, source: str, target: str) -> Iterator[str]:
    """Yield the flows that bring products from one connection to the other."""
    for name in list_flow_names(services, consumer):
        flow = services.flows.get(base_name(name))
        if flow is None or flow.kind is not Kind.PRODUCT:
            continue
        if connections_of(flow, name) == (source, target):
            yield name
