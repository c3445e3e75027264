"""A Brightpearl connection under test: a running account, the connector opened on it, orders."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.connectors.brightpearl import OFFER
from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Account as OpenedAccount
from chalicelib.domain.platforms import Done, Found, Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, SalesLine, SalesOrder, SalesPayment
from chalicelib.domain.statuses import Kind
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from tests.contract.accounts import open_account
from tests.contract.brightpearl_account import Account

SOLD_AT = datetime(2026, 7, 2, 9, 30, tzinfo=UTC)
ANN = Customer(
    id="C-1",
    given_name="Ann",
    family_name="Example",
    email="ann@example.com",
    phone="+441170000000",
    address={"line1": "1 High St", "city": "Bristol", "postcode": "BS1 1AA", "country": "GB"},
)


def gbp(text: str) -> Money:
    """Return an amount in pounds."""
    return Money(Decimal(text), "GBP")


@dataclass
class Connected:
    """The account, and what the engine would hold of it."""

    shop: Account
    account: OpenedAccount

    @property
    def simulator(self) -> BrightpearlSimulator:
        """The simulator."""
        return self.shop.simulator

    def platform(self) -> Any:
        """Open the connector, as the engine does for each batch."""
        return OFFER.open(self.account)

    def products(self) -> Any:
        """Open the source of products."""
        return self.platform().source(Kind.PRODUCT)

    def stock(self) -> Any:
        """Open the source of stock."""
        return self.platform().source(Kind.STOCK)

    def orders(self) -> Any:
        """Open the target of orders."""
        return self.platform().target(Kind.ORDER, {})

    def line(self, product: int | None = None, **changes: Any) -> SalesLine:
        """Return a line of 12.00: two pieces of a product, or free text."""
        made = SalesLine(
            key="LINE-1",
            product_id=str(product) if product is not None else None,
            name="Mug",
            quantity=Decimal(2),
            net=gbp("10.00"),
            tax=gbp("2.00"),
            tax_code="T20",
        )
        return replace(made, **changes)

    def payment(self, amount: str = "12.00", **changes: Any) -> SalesPayment:
        """Return a card payment."""
        made = SalesPayment(key="PAY-1", method="CARD", amount=gbp(amount), paid_at=SOLD_AT)
        return replace(made, **changes)

    def order(self, *lines: SalesLine, **changes: Any) -> SalesOrder:
        """Return a walk-in sale of the lines, 12.00 of free text without any."""
        rows = lines or (self.line(),)
        total = sum((line.net.amount + line.tax.amount for line in rows), Decimal(0))
        statuses = self.shop.merchant.statuses
        made = SalesOrder(
            source_id="ORDER-AAAA",
            reference="R-1001",
            placed_at=SOLD_AT,
            customer=None,
            walk_in_contact=str(self.shop.merchant.walk_in),
            lines=rows,
            payments=(),
            total=Money(total, "GBP"),
            warehouse=str(self.shop.shop),
            channel=str(self.shop.merchant.channels[0]),
            status=str(statuses["New order"]),
            cancelled_status=str(statuses["Cancelled"]),
            price_list=str(self.shop.merchant.price_list),
            cancelled=False,
            stock="none",
        )
        return replace(made, **changes)

    def sync(self, *wanted: Wanted[SalesOrder]) -> dict[str, Any]:
        """Find, then write what is not in step; Done, Found or the failure by record."""
        target = self.orders()
        found = target.find_many(wanted)
        results = {
            key: one for key, one in found.items() if isinstance(one, SyncFailure) or one.equal
        }
        rest = [(one, found.get(one.record)) for one in wanted if one.record not in results]
        return results | dict(target.write_many(rest) if rest else {})

    def sync_one(self, order: SalesOrder, target_id: str | None = None) -> Any:
        """Sync one order and return what became of it."""
        return self.sync(wanted(order, target_id=target_id))[order.source_id]

    def create(self, order: SalesOrder) -> Done:
        """Sync an order that must be created."""
        done = self.sync_one(order)
        assert isinstance(done, Done), repr(done)
        return done

    def there(self, target_id: str) -> dict[str, Any]:
        """Return an order as Brightpearl's own API shows it."""
        return self.shop.order(int(target_id))

    def payments(self, target_id: str) -> list[dict[str, Any]]:
        """Return the payments of an order by Brightpearl's own search."""
        path = "accounting-service/customer-payment-search"
        return self.shop.search(path, orderId=target_id)

    def count_orders(self) -> int:
        """Return how many orders Brightpearl has."""
        return len(self.simulator.world.orders.by_id)

    def calls(self, part: str, method: str | None = None) -> int:
        """Return how many calls whose path contains ``part`` the connector and tests made."""
        every = self.simulator.calls_to("/public-api/", method)
        return sum(part in call.path for call in every)


def wanted(order: SalesOrder, **changes: Any) -> Wanted[SalesOrder]:
    """Return what the engine wants for an order, not linked yet."""
    made = Wanted(record=order.source_id, desired=order, target_id=None, key="key-1")
    return replace(made, **changes)


def reason_of(result: Done | Found | SyncFailure | Any) -> Reason:
    """Return why a record failed; it must have."""
    assert isinstance(result, SyncFailure), repr(result)
    return result.reason


@contextmanager
def connect(
    *,
    settings: Mapping[str, Any] | None = None,
    credentials: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Connected]:
    """Run an account with the connector on it, as a private app unless told otherwise."""
    with Account() as shop:
        given = {"account": "acme", "app_ref": shop.simulator.app_ref, **(settings or {})}
        keys = credentials or {"staff_token": shop.simulator.staff_token}
        with open_account(
            "brightpearl",
            shop.simulator.base_url,
            keys,
            settings=given,
            now=shop.clock,
            **options,
        ) as account:
            yield Connected(shop=shop, account=account)
