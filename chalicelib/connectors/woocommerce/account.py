"""The shop itself: who it is, whether we may do what the flows need, what people pick from."""

from collections.abc import Mapping, Sequence

from chalicelib.connectors.woocommerce.amounts import SHOP
from chalicelib.connectors.woocommerce.client import Json, WooClient
from chalicelib.connectors.woocommerce.facts import Facts, FactsReader
from chalicelib.connectors.woocommerce.mapping import GIFT_CARD
from chalicelib.domain.platforms import Check, Choice
from chalicelib.domain.reasons import Reason, SyncFailure

_REFUSED = (Reason.CONNECTION_DOWN, Reason.AUTH_REJECTED, Reason.REJECTED_BY_TARGET)


def check(client: WooClient) -> Check:
    """Ask for the site, the key's rights to read and to write, and the shop's settings.

    Raises:
        SyncFailure: the shop could not be asked; nothing is known then.
    """
    try:
        site = client.read_object("/", _fields="name,namespaces")
        spaces = site.get("namespaces")
        if not isinstance(spaces, list) or "wc/v3" not in spaces:
            return Check(ok=False, account=_name(site), problems=[_NO_WOOCOMMERCE])
        client.read_page("orders", per_page="1", _fields="id")
        facts = FactsReader(client).read()
        _try_writing(client)
        version = _version(client)
    except SyncFailure as failure:
        if failure.reason not in _REFUSED:
            raise
        return Check(ok=False, problems=[failure.detail])
    if not facts.currency:
        return Check(ok=False, account=_name(site), problems=[_NO_SETTINGS])
    return Check(ok=True, account=_account(site, facts, version))


def list_choices(client: WooClient, what: str) -> Sequence[Choice]:
    """Return the values people pick from.

    A tax is picked by its name, because that is what the lines of an order are told by.

    Raises:
        LookupError: a shop has no such list.
    """
    if what == "locations":
        return [Choice(id=SHOP, name="Shop")]
    if what == "categories":
        return _categories(client)
    if what == "taxes":
        names = [str(row.get("name") or "") for row in client.read_all("taxes")]
        return [Choice(id=name, name=name) for name in sorted(set(names)) if name]
    if what == "payment_methods":
        return _payment_methods(client)
    if what == "order_statuses":
        rows = client.read_page("orders/statuses").rows
        return [Choice(id=_of(row, "slug"), name=_of(row, "name", "slug")) for row in rows]
    raise LookupError(f"WooCommerce has no list of {what}")


def _categories(client: WooClient) -> list[Choice]:
    """Return categories with those above them: two may have one name."""
    rows = {row.get("id"): row for row in client.read_all("products/categories")}
    made = [Choice(id=str(id_), name=_path(row, rows)) for id_, row in rows.items()]
    return sorted(made, key=lambda one: one.name.casefold())


def _path(row: Json, rows: Mapping[object, Json]) -> str:
    names: list[str] = []
    current: Json | None = row
    while current is not None and len(names) < 10:
        names.insert(0, str(current.get("name") or current.get("id")))
        current = rows.get(current.get("parent")) if current.get("parent") else None
    return " > ".join(names)


def _payment_methods(client: WooClient) -> list[Choice]:
    rows = client.read_page("payment_gateways").rows
    made = [
        Choice(id=_of(row, "id"), name=_of(row, "title", "method_title", "id"))
        for row in rows
        if _of(row, "id")
    ]
    return [*made, Choice(id=GIFT_CARD, name="Gift card")]


def _try_writing(client: WooClient) -> None:
    """See whether the key may write: a batch without entries changes nothing.

    That it lacks entries may be refused too; then the key was let in.
    """
    try:
        client.write("POST", "products/batch", {})
    except SyncFailure as failure:
        if failure.reason is not Reason.REJECTED_BY_TARGET:
            raise


def _of(row: Json, *names: str) -> str:
    """Return the first of some fields that is not empty."""
    return next((str(row[name]) for name in names if row.get(name)), "")


def _version(client: WooClient) -> str:
    """Return WooCommerce's version; a report that is slow or refused is done without."""
    try:
        status = client.read_object("system_status", _fields="environment")
    except SyncFailure:
        return ""
    environment = status.get("environment")
    return str(environment.get("version") or "") if isinstance(environment, dict) else ""


def _name(site: Json) -> str:
    return str(site.get("name") or "")


def _account(site: Json, facts: Facts, version: str) -> str:
    tax = {True: "prices with tax", False: "prices without tax", None: ""}[facts.includes_tax]
    parts = (_name(site), f"WooCommerce {version}".strip(), facts.currency, tax)
    return " · ".join(part for part in parts if part)


_NO_WOOCOMMERCE = (
    "The site answers, and WooCommerce does not: activate the WooCommerce plugin, 9.9 or newer."
)
_NO_SETTINGS = (
    "The key may not see the shop's settings, so prices cannot be checked: let an administrator or"
    " shop manager make the key."
)
