"""A WooCommerce connection under test: a running shop, the connector on it, things to sync."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.connectors.woocommerce import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Account, Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count, Fulfilment, Listing
from chalicelib.domain.statuses import Kind
from local.platforms.woocommerce import WooCommerceSimulator
from tests.contract.accounts import open_account
from tests.contract.woo_shop import Json, Shop, open_shop


@dataclass
class Connected:
    """The shop, and what the engine would hold of it: an account and a fresh platform each time."""

    shop: Shop
    account: Account

    @property
    def woo(self) -> WooCommerceSimulator:
        """The simulator."""
        return self.shop.woo

    @property
    def mug(self) -> str:
        """Id of the mug, a product that stands alone."""
        return str(self.shop.merchant.mug)

    @property
    def size_m(self) -> str:
        """Id of the shirt's variation M."""
        return str(self.shop.merchant.sizes["M"])

    def platform(self) -> Any:
        """Open the connector, as the engine does for each batch."""
        return OFFER.open(self.account)

    def orders(self) -> Any:
        """Open the order source."""
        return self.platform().source(Kind.ORDER)

    def refunds(self) -> Any:
        """Open the refund source."""
        return self.platform().source(Kind.REFUND)

    def order(self, order_id: Any) -> Any:
        """Read one order through the connector."""
        return self.orders().fetch_many([str(order_id)])[str(order_id)]

    def refund(self, refund_id: Any) -> Any:
        """Read one refund through the connector."""
        return self.refunds().fetch_many([str(refund_id)])[str(refund_id)]

    def sync(
        self, *wanted: Wanted[Any], kind: Kind = Kind.PRODUCT, **settings: Any
    ) -> dict[str, Any]:
        """Find, then write what is not in step; returns Done, Found or the failure by record."""
        platform = self.platform()
        found = platform.target(kind, settings).find_many(wanted)
        results = {
            key: one for key, one in found.items() if isinstance(one, SyncFailure) or one.equal
        }
        rest = [(one, found.get(one.record)) for one in wanted if one.record not in results]
        target = platform.target(kind, settings)
        return results | dict(target.write_many(rest) if rest else {})

    def product(self, id_: Any) -> Json:
        """Return a product or variation as the shop's own API shows it."""
        return dict(self.shop.get(f"products/{id_}"))

    def writes(self) -> list[str]:
        """Return the paths of calls that changed something, oldest first."""
        return [
            call.path.partition("/wp-json")[2] for call in self.woo.calls if call.method != "GET"
        ]


def listing(number: int = 1, **changes: Any) -> Listing:
    """Return a listing that is right; ``changes`` are fields of it."""
    made = Listing(
        product_id=str(1000 + number),
        item_key=f"product-{1000 + number}",
        item_name=f"Linen shirt {number}",
        variation_name="Regular",
        sku=f"LIN-{number}",
        barcode="",
        category="",
        price=Money(Decimal("24.95"), "GBP"),
        description_html="<p>Summer linen</p>",
        locations=(),
        tracked=True,
        archived=False,
    )
    return replace(made, **changes)


def variant(number: int, colour: str, **changes: Any) -> Listing:
    """Return a listing that is the variation of a colour of one item."""
    shared = {"item_key": "group-7", "item_name": "Polo", "options": {"Colour": colour}}
    return listing(number, **{**shared, **changes})


def wanted(desired: Listing, **changes: Any) -> Wanted[Listing]:
    """Return what the engine wants for a listing, not linked yet."""
    key = f"key-{desired.product_id}"
    made = Wanted(record=desired.product_id, desired=desired, target_id=None, key=key)
    return replace(made, **changes)


def linked(desired: Listing, result: Done | Found, **changes: Any) -> Wanted[Listing]:
    """Return what the engine wants for a listing that is linked to where it went."""
    there = {"target_id": result.target_id, "parent_id": result.parent_id}
    return wanted(desired, **{**there, **changes})


def counted(
    variation: str, quantity: str, at: datetime, *, since: str = "", place: str = "shop"
) -> Wanted[Count]:
    """Return what the engine wants for a count; ``since`` was sold after it and exported."""
    count = Count(
        product_id=f"p-{variation}",
        variation_id=variation,
        quantities={place: Decimal(quantity)},
        counted_at=at,
        sold_since={place: Decimal(since)} if since else {},
    )
    return Wanted(record=count.product_id, desired=count, target_id=variation, key=f"k-{variation}")


def sent(order: Any, at: datetime, **changes: Any) -> Wanted[Fulfilment]:
    """Return what the engine wants for a shipment of an order."""
    made = Fulfilment(
        shipment_id="900",
        order_id=str(order),
        shipped_at=at,
        carrier="DHL",
        tracking="JD01",
        tracking_url="https://track.example/JD01",
        lines=(),
        completes=True,
        status="completed",
    )
    made = replace(made, **changes)
    return Wanted(
        record=made.shipment_id, desired=made, target_id=None, key=f"k-{made.shipment_id}"
    )


@contextmanager
def connect(folder: str = "", *, address: str = "", **options: Any) -> Iterator[Connected]:
    """Run a shop with the connector on it; ``options`` are those of ``open_account``.

    Args:
        address: what is typed behind the shop's address, such as ``/wp-json/``.
    """
    with open_shop(folder) as shop:
        key = shop.merchant.key
        credentials = {"consumer_key": key.key, "consumer_secret": key.secret}
        where = shop.woo.shop_url + address
        credentials |= options.pop("credentials", {})
        with open_account("woocommerce", where, credentials, now=shop.clock, **options) as account:
            yield Connected(shop=shop, account=account)
