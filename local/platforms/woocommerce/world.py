"""What all parts of the simulated shop share: its settings, ids, time, taxes and odd habits."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from local.platforms.server import Clock
from local.platforms.woocommerce.errors import Json
from local.platforms.woocommerce.fields import objects

#: Raises one webhook: resource (order, product, customer), event, id.
Emit = Callable[[str, str, int], None]

VERSION = "9.9.5"
WORDPRESS_VERSION = "6.8.8"


class Behaviour:
    """How this shop misbehaves; plain attributes, changed at any time."""

    #: Basic and query-string secrets count only over HTTPS, which this server does not speak, so
    #: that calls must be signed with OAuth 1.0a. False: WordPress takes every call for HTTPS, as
    #: it does behind a proxy that says so, and a connector can use Basic on this machine.
    https_only: bool = True
    #: every call answers 503 with a page, as while plugins are updated.
    maintenance: bool = False
    #: "page": a security plugin answers 403 with HTML; "notice": HTML before the JSON; "": none.
    plugin: str = ""
    #: seconds every answer takes.
    slow_s: float = 0.0
    #: the web server drops the Authorization header before PHP sees it.
    strips_authorization: bool = False
    #: the Fulfillments feature is on (WooCommerce 10.1 and later).
    fulfilments: bool = False
    #: shipment tracking extension: "official" (Zorem's newer one answers alike), "old" or "".
    tracking: str = ""
    #: orders are in tables of their own; False: trashing one also tells of a deleted product.
    hpos: bool = True


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    """One rate; it holds for a country (empty: everywhere) and one class (empty: standard)."""

    id: int
    code: str
    label: str
    percent: Decimal
    country: str = ""
    tax_class: str = ""
    on_shipping: bool = True


@dataclass(frozen=True, kw_only=True)
class Coupon:
    """A discount by code: ``percent`` of each line, or ``fixed_cart`` over all of them."""

    code: str
    kind: str
    amount: Decimal


@dataclass(kw_only=True)
class Post:
    """One product, variation, order or refund: what WordPress keeps of every one of them."""

    id: int
    created: datetime
    modified: datetime
    status: str
    data: Json = field(default_factory=dict)
    meta: list[Json] = field(default_factory=list)


class World:
    """One site; one sequence numbers products, orders and refunds alike."""

    def __init__(self, *, clock: Clock, behaviour: Behaviour, emit: Emit) -> None:
        self.clock = clock
        self.behaviour = behaviour
        self.emit = emit
        self.home = ""  #: the site's address, without a slash at the end
        self.currency = "GBP"
        self.country = "GB"
        self.prices_include_tax = False
        self.charges_tax = True
        self.decimals = 2  #: of amounts, as the shop shows them
        self.zone = ZoneInfo("Europe/London")
        self.rates: list[TaxRate] = []
        self.coupons: dict[str, Coupon] = {}
        self.refunding_gateways: set[str] = set()  #: payment methods that can give money back
        self.money_returned: list[tuple[int, Decimal]] = []  #: order, amount
        self.custom_statuses: list[str] = []
        self._last: dict[str, int] = defaultdict(lambda: 9)

    def now(self) -> datetime:
        """Return the time; WordPress keeps whole seconds."""
        return self.clock().replace(microsecond=0)

    def new_id(self, kind: str = "post") -> int:
        """Return the next number of a sequence."""
        self._last[kind] += 1
        return self._last[kind]

    def rates_for(self, tax_class: str, country: str) -> list[TaxRate]:
        """Return the rates that hold for a class in a country."""
        wanted = "" if tax_class == "standard" else tax_class
        rates = self.rates if self.charges_tax else []
        return [r for r in rates if r.tax_class == wanted and r.country in ("", country)]

    def write_meta(self, rows: list[Json], body: Mapping[str, Any]) -> None:
        """Merge ``meta_data``: by id, else by key; a null value removes."""
        for asked in objects(body, "meta_data"):
            key, value = asked.get("key"), asked.get("value")
            known = [r for r in rows if r["id"] == asked.get("id") or r["key"] == key]
            if known and value is None:
                rows.remove(known[0])
            elif known:
                known[0]["value"] = value
            elif key and value is not None:
                rows.append({"id": self.new_id("meta"), "key": str(key), "value": value})
