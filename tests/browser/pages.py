"""Every page of the console by name, and how its address is found in a house."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from local.demo.merchant import ORDERS, PRODUCTS
from tests.browser.home import Home

Path = Callable[[Home], str]


def _of(part: str) -> Path:
    """Return what finds a page of the merchant that needs no id."""
    return lambda home: f"{home.console}{part}"


def _plain(path: str) -> Path:
    return lambda home: path


def _first(part: str) -> Path:
    """Return what finds the page of the newest item of a list."""

    def find(home: Home) -> str:
        newest = home.api.get(f"{home.base}/{part}", limit=1)["items"][0]
        return f"{home.console}/{part}/{newest['id']}"

    return find


def _row(**wanted: str) -> Path:
    """Return what finds the page of the newest row of a filter."""

    def find(home: Home) -> str:
        newest = home.api.get(f"{home.base}/logs", limit=1, **wanted)["items"][0]
        return f"{home.console}/logs/{newest['id']}"

    return find


def _awkward_row(sku: str) -> Path:
    return lambda home: f"{home.console}/logs/{PRODUCTS}.{home.awkward[sku]}"


def _call(method: str) -> Path:
    """Return what finds the page of the newest exchange of a method that had an answer."""

    def find(home: Home) -> str:
        calls = home.api.get(f"{home.base}/transactions", limit=200)["items"]
        one = next(call for call in calls if call["method"] == method and call["status"])
        return f"{home.console}/transactions/{one['id']}"

    return find


def _run(kind: str) -> Path:
    """Return what finds the page of the newest execution of a type."""

    def find(home: Home) -> str:
        runs = home.api.items(f"{home.base}/executions")
        one = next(run for run in runs if run["type"] == kind)
        return f"{home.console}/executions/{one['id']}"

    return find


#: The pages that nobody has to sign in for.
OPEN: Mapping[str, Path] = {"sign-in": _plain("/console/sign-in")}

#: The merchant's pages; its own key opens them.
MERCHANT: Mapping[str, Path] = {
    "overview": _of(""),
    "logs": _of("/logs"),
    "logs-products": _of("/logs?kind=product"),
    "logs-stock": _of("/logs?kind=stock"),
    "logs-orders": _of("/logs?kind=order"),
    "logs-customers": _of("/logs?kind=customer"),
    "logs-refunds": _of("/logs?kind=refund"),
    "logs-failed": _of("/logs?status=Failed"),
    "logs-search": _of("/logs?q=HAR"),
    "logs-hidden": _of(f"/logs?q={quote('nothing like this')}"),
    "row-product": _awkward_row("EMOJI-1"),
    "row-product-failed": _row(kind="product", status="Failed"),
    "row-product-pending": _row(kind="product", status="Pending"),
    "row-product-script": _awkward_row("SCRIPT-1"),
    "row-product-long": _awkward_row("LONG-500"),
    "row-product-arabic": _awkward_row("ARABIC-1"),
    "row-stock": _row(kind="stock", status="Synced"),
    "row-order": _row(kind="order", status="Synced"),
    "row-refund": _row(kind="refund"),
    "row-customer": _row(kind="customer"),
    "row-order-failed": _row(kind="order", status="Failed"),
    "groups": _of("/groups"),
    "flows": _of("/flows"),
    "flow": _of(f"/flows/{ORDERS}"),
    "flow-refunds": _of("/flows/square-refunds-to-brightpearl"),
    "mappings": _of("/mappings"),
    "mapping": _of(f"/mappings/{PRODUCTS}/category"),
    "mapping-statuses": _of("/mappings/woocommerce-orders-to-brightpearl/order_status"),
    "mapping-taxes": _of(f"/mappings/{ORDERS}/tax"),
    "connections": _of("/connections"),
    "connection": _of("/connections/square"),
    "connection-new": _of("/connections/new"),
    "connection-form": _of("/connections/new?platform=square"),
    "connection-needs": _of("/connections/needs/brightpearl"),
    "connection-delete": _of("/connections/square/delete"),
    "settings": _of("/settings"),
    "executions": _of("/executions"),
    "execution-poll": _run("poll"),
    "execution-import": _run("import"),
    "resync": _first("resyncs"),
    "resync-new": _of("/resyncs/new?kind=product&q=HAR"),
    "transactions": _of("/transactions"),
    "transaction-read": _call("GET"),
    "transaction-written": _call("POST"),
    "report": _of("/report"),
    "history": _of("/history"),
    "diagnosis": _of("/diagnosis"),
    "diagnosis-flow": _of(f"/diagnosis?flow={PRODUCTS}"),
    "export": _of("/export"),
}

#: What an operator's key opens besides.
OPERATOR: Mapping[str, Path] = {
    "consumers": _plain("/console/consumers"),
    "dead-letters": _plain("/console/dead-letters"),
    "consumer-new": _plain("/console/add-consumer"),
    "keys": _plain("/console/keys"),
    "other-overview": lambda home: home.other.console,
    "other-connection": lambda home: f"{home.other.console}/connections/square",
    "empty-overview": lambda home: f"/console/consumers/{home.empty}",
    "empty-logs": lambda home: f"/console/consumers/{home.empty}/logs",
    "empty-groups": lambda home: f"/console/consumers/{home.empty}/groups",
    "empty-connections": lambda home: f"/console/consumers/{home.empty}/connections",
    "empty-flows": lambda home: f"/console/consumers/{home.empty}/flows",
}

#: Pages that say what is not there; they answer 404.
MISSING: Mapping[str, Path] = {
    "missing-page": _plain("/console/no-such-page"),
    "missing-row": _of(f"/logs/{PRODUCTS}.999999"),
    "missing-consumer": _plain("/console/consumers/no-such-consumer"),
}

PAGES: Mapping[str, Path] = {**OPEN, **MERCHANT, **OPERATOR, **MISSING}
