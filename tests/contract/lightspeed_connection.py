"""A Lightspeed connection under test: a running store, the connector on it, things to sync."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from chalicelib.connectors.lightspeed import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Account, Changed, ChangePage, Done, Found, Wanted
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Count, Listing
from chalicelib.domain.statuses import Kind
from local.platforms.lightspeed import LightspeedSimulator
from tests.contract.accounts import open_account
from tests.contract.lightspeed_store import API, Store, open_store

PAGES_AT_MOST = 50


@dataclass
class Connected:
    """The store, and what the engine would hold of it: an account, a fresh platform each time."""

    store: Store
    account: Account

    @property
    def till(self) -> LightspeedSimulator:
        """The simulator."""
        return self.store.lightspeed

    @property
    def places(self) -> list[str]:
        """Ids of the outlets: Leeds, York."""
        return [self.store.leeds, self.store.york]

    def platform(self) -> Any:
        """Open the connector, as the engine does for each batch."""
        return OFFER.open(self.account)

    def source(self, kind: Kind) -> Any:
        """Open a source."""
        return self.platform().source(kind)

    def target(self, kind: Kind) -> Any:
        """Open a target."""
        return self.platform().target(kind, {})

    def order(self, sale: str) -> Any:
        """Read a sale as an order."""
        return self.source(Kind.ORDER).fetch_many([sale]).get(sale)

    def refund(self, sale: str) -> Any:
        """Read a sale as a refund."""
        return self.source(Kind.REFUND).fetch_many([sale]).get(sale)

    def with_settings(self, **settings: Any) -> "Connected":
        """Return the connection with these settings besides its own."""
        connection = self.account.connection
        both = {**connection.settings, **settings}
        account = replace(self.account, connection=replace(connection, settings=both))
        return replace(self, account=account)

    def with_credentials(self, **credentials: str) -> "Connected":
        """Return the connection with these credentials besides its own."""
        both = {**self.account.credentials, **credentials}
        return replace(self, account=replace(self.account, credentials=both))

    def listing(self, number: int = 1, **changes: Any) -> Listing:
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

    def variant(self, number: int, colour: str, **changes: Any) -> Listing:
        """Return one of several variants of a shirt."""
        return self.listing(
            number,
            **{
                "item_key": "group-7",
                "item_name": "Oxford shirt",
                "variation_name": colour,
                "options": {"Colour": colour},
                **changes,
            },
        )

    def sync(self, *wanted: Wanted[Any], kind: Kind = Kind.PRODUCT) -> dict[str, Any]:
        """Find, then write what is not in step; returns Done, Found or the failure by record."""
        target = self.target(kind)
        found = target.find_many(wanted)
        results = {
            key: one
            for key, one in found.items()
            if isinstance(one, SyncFailure) or (one.equal and one.live and one.ours)
        }
        rest = [(one, found.get(one.record)) for one in wanted if one.record not in results]
        return results | dict(target.write_many(rest) if rest else {})

    def read(self, product: str) -> dict[str, Any]:
        """Return a product as Lightspeed's own API shows it."""
        return dict(self.store.get(f"products/{product}")["data"])

    def products(self) -> list[dict[str, Any]]:
        """Return every product Lightspeed lists."""
        return list(self.store.get("products", page_size=1000)["data"])

    def changes(self, kind: Kind, **options: Any) -> list[Changed]:
        """Read a list to its end, each page by another worker."""
        return [change for page in self.pages(kind, **options) for change in page.changes]

    def pages(
        self, kind: Kind, *, since: Any = None, until: Any = None, page: str | None = None
    ) -> list[ChangePage]:
        """Return the pages of a list."""
        since = since or self.store.clock()
        pages: list[ChangePage] = []
        while len(pages) < PAGES_AT_MOST:
            pages.append(self.source(kind).list_changes(since=since, until=until, page=page))
            page = pages[-1].page
            if page is None:
                return pages
        raise AssertionError("the list does not end")

    def calls(self, path: str = "", method: str | None = None) -> int:
        """Return how many calls went to a path below the version."""
        return len(self.till.calls_to(f"{API}/{path}", method))


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


def counted(at: Connected, product: str, *quantities: str, **changes: Any) -> Wanted[Count]:
    """Return what the engine wants for a count: one number for each outlet, in their order."""
    pairs = zip(changes.pop("places", at.places), quantities, strict=False)
    count = Count(
        product_id=f"p-{product}",
        variation_id=product,
        quantities={place: Decimal(quantity) for place, quantity in pairs},
        counted_at=changes.pop("counted_at", None) or at.store.clock(),
        sold_since=changes.pop("sold_since", {}),
    )
    return Wanted(
        record=count.product_id, desired=count, target_id=None, key=f"k-{product}", **changes
    )


def application_of(store: Store) -> dict[str, str]:
    """Let the store agree to an application; returns its credentials."""
    grant, oauth = store.lightspeed.grant(), store.lightspeed.oauth
    pair = {name: grant[name] for name in ("access_token", "refresh_token")}
    return {**pair, "client_id": oauth.client_id, "client_secret": oauth.client_secret}


@contextmanager
def connect(*, application: bool = False, **options: Any) -> Iterator[Connected]:
    """Run a store with the connector on it; ``options`` are those of ``open_account``.

    Args:
        application: connect as an application, and not with a personal token.
    """
    with open_store() as store:
        own = {"access_token": store.token}
        credentials = application_of(store) if application else own
        address = store.lightspeed.base_url
        with open_account(
            "lightspeed", address, credentials, now=store.clock, **options
        ) as account:
            yield Connected(store=store, account=account)
