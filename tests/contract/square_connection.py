"""A Square connection under test: a running shop, the connector opened on it, things to sync."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from chalicelib.connectors.square import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Account, Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count, Listing
from chalicelib.domain.statuses import Kind
from local.platforms.square import SquareSimulator
from tests.contract.accounts import open_account
from tests.contract.square_shop import Shop, open_shop


@dataclass
class Connected:
    """The shop, and what the engine would hold of it: an account and a fresh platform each time."""

    shop: Shop
    account: Account

    @property
    def square(self) -> SquareSimulator:
        """The simulator."""
        return self.shop.square

    @property
    def places(self) -> list[str]:
        """Ids of the shop's locations."""
        return self.shop.places

    @property
    def category(self) -> str:
        """Id of the category "Shirts"."""
        return self.shop.merchant.category_ids["Shirts"]

    def platform(self) -> Any:
        """Open the connector, as the engine does for each batch."""
        return OFFER.open(self.account)

    def products(self) -> Any:
        """Open the product target."""
        return self.platform().target(Kind.PRODUCT, {})

    def stock(self) -> Any:
        """Open the stock target."""
        return self.platform().target(Kind.STOCK, {})

    def orders(self) -> Any:
        """Open the order source."""
        return self.platform().source(Kind.ORDER)

    def customers(self) -> Any:
        """Open the customer source."""
        return self.platform().source(Kind.CUSTOMER)

    def refunds(self) -> Any:
        """Open the refund source."""
        return self.platform().source(Kind.REFUND)

    def listing(self, number: int = 1, **changes: Any) -> Listing:
        """Return a listing that is right; ``changes`` are fields of it."""
        made = Listing(
            product_id=str(1000 + number),
            item_key=f"product-{1000 + number}",
            item_name=f"Linen shirt {number}",
            variation_name="Regular",
            sku=f"LIN-{number}",
            barcode="",
            category=self.category,
            price=Money(Decimal("24.95"), "GBP"),
            description_html="<p>Summer linen</p>",
            locations=tuple(self.places[:2]),
            tracked=True,
            archived=False,
        )
        return replace(made, **changes)

    def sync(self, *wanted: Wanted[Any], kind: Kind = Kind.PRODUCT) -> dict[str, Any]:
        """Find, then write what is not in step; returns Done, Found or the failure by record."""
        target = self.platform().target(kind, {})
        found = target.find_many(wanted)
        results = {
            key: one
            for key, one in found.items()
            if isinstance(one, SyncFailure) or (one.equal and one.live)
        }
        rest = [(one, found.get(one.record)) for one in wanted if one.record not in results]
        return results | dict(target.write_many(rest) if rest else {})

    def item_of(self, variation: str) -> dict[str, Any]:
        """Return the item of a variation as Square's own API shows it."""
        one = self.shop.http.get(f"/v2/catalog/object/{variation}").json()["object"]
        item_id = one["item_variation_data"]["item_id"]
        return dict(self.shop.http.get(f"/v2/catalog/object/{item_id}").json()["object"])

    def all_items(self) -> list[dict[str, Any]]:
        """Return every item Square lists."""
        answer = self.shop.http.get("/v2/catalog/list", params={"types": "ITEM"}).json()
        return list(answer.get("objects") or [])


def wanted(listing: Listing, **changes: Any) -> Wanted[Listing]:
    """Return what the engine wants for a listing, not linked yet."""
    made = Wanted(
        record=listing.product_id,
        desired=listing,
        target_id=None,
        key=f"key-{listing.product_id}",
    )
    return replace(made, **changes)


def linked(listing: Listing, result: Done | Found, **changes: Any) -> Wanted[Listing]:
    """Return what the engine wants for a listing that is linked to where it went."""
    return wanted(listing, target_id=result.target_id, parent_id=result.parent_id, **changes)


def counted(
    connected: Connected, variation: str, *quantities: str, **changes: Any
) -> Wanted[Count]:
    """Return what the engine wants for a count: one number for each location, in their order."""
    pairs = zip(connected.places, quantities, strict=False)
    count = Count(
        product_id=f"p-{variation}",
        variation_id=variation,
        quantities={location: Decimal(quantity) for location, quantity in pairs},
        counted_at=changes.pop("counted_at", None) or connected.shop.clock(),
    )
    return Wanted(
        record=count.product_id, desired=count, target_id=None, key=f"k-{variation}", **changes
    )


@contextmanager
def connect(**options: Any) -> Iterator[Connected]:
    """Run a shop with the connector on it; ``options`` are those of ``open_account``."""
    with (
        open_shop() as shop,
        open_account(
            "square",
            shop.square.base_url,
            {"access_token": shop.merchant.token},
            now=shop.clock,
            **options,
        ) as account,
    ):
        yield Connected(shop=shop, account=account)
