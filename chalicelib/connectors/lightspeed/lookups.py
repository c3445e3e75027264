"""What sales only name by ids: read once in the life of a batch, and only when it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from chalicelib.connectors.lightspeed.client import LightspeedClient
from chalicelib.connectors.lightspeed.feed import Feed
from chalicelib.connectors.lightspeed.mapping import Goods, Shop, Till, is_walk_in, to_customer
from chalicelib.connectors.lightspeed.models import (
    CustomerModel,
    NamedModel,
    RegisterModel,
    RetailerModel,
    parse,
)
from chalicelib.connectors.lightspeed.reads import find_by_id
from chalicelib.connectors.lightspeed.sale_models import SaleModel
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer

CASH_ROUNDS_TO = Decimal("0.05")
CUSTOMERS_READ = "customers:read"
PRODUCTS_READ = "products:read"
DELETED_TOO = (("deleted", "true"),)


@dataclass
class Lookups:
    """Names and places of one store."""

    client: LightspeedClient

    @cached_property
    def retailer(self) -> RetailerModel:
        """The store itself."""
        raw = self.client.read_one("retailer", "retailer:read payment_types:read")
        return parse(RetailerModel, raw or {}, "retailer")

    @cached_property
    def outlets(self) -> Sequence[NamedModel]:
        """Outlets there are."""
        rows = Feed(client=self.client, path="outlets", needs="outlets:read").read_all()
        found = [parse(NamedModel, row, "outlet") for row in rows]
        return [one for one in found if not one.deleted_at]

    @cached_property
    def registers(self) -> Sequence[RegisterModel]:
        """Tills, those that were taken down too: sales of theirs remain."""
        feed = Feed(client=self.client, path="registers", needs="registers:read", query=DELETED_TOO)
        return [parse(RegisterModel, row, "register") for row in feed.read_all()]

    @cached_property
    def taxes(self) -> Sequence[NamedModel]:
        """Taxes by id."""
        rows = Feed(client=self.client, path="taxes", needs="taxes:read").read_all()
        return [parse(NamedModel, row, "tax") for row in rows]

    @cached_property
    def payment_types(self) -> Sequence[NamedModel]:
        """Ways to pay."""
        rows = Feed(client=self.client, path="payment_types", needs="payment_types:read").read_all()
        return [parse(NamedModel, row, "payment type") for row in rows]

    @property
    def walk_ins(self) -> tuple[str, ...]:
        """Ids of customers that stand for nobody, as far as somebody told."""
        told = (self.client.setting("walk_in_customer"), self.retailer.default_customer_id)
        return tuple(one for one in told if one)

    def shop_of(self, sales: Sequence[SaleModel], *, with_customers: bool = True) -> Shop:
        """Return everything that sales name."""
        retailer = self.retailer
        is_nameless = any(not one.type.name for sale in sales for one in sale.payments)
        return Shop(
            currency=self.currency(),
            tills={one.id: Till(name=one.name, outlet=one.outlet_id) for one in self.registers},
            taxes={one.id: one.name for one in self.taxes},
            goods=self._goods(sales),
            payment_types={one.id: one.name for one in self.payment_types} if is_nameless else {},
            customers=self.customers([one.customer_id for one in sales]) if with_customers else {},
            no_tax=retailer.no_tax_group_id,
            discount_product=retailer.discount_product_id,
            cash_step=self._cash_step(),
        )

    def currency(self) -> str:
        """Return the store's currency.

        Raises:
            SyncFailure: Lightspeed does not tell it.
        """
        code = self.retailer.currency.code.upper()
        if not code:
            raise SyncFailure(
                Reason.UNSUPPORTED,
                "Lightspeed does not tell the store's currency, so no amount can be read.",
                error_code="no_currency",
                field="currency",
            )
        return code

    def customers(self, ids: Sequence[str]) -> dict[str, Customer]:
        """Return buyers by id; the walk-in customer, and those who are gone, are absent."""
        wanted = [one for one in ids if one and one not in self.walk_ins]
        rows = find_by_id(self.client, "customers", CUSTOMERS_READ, wanted)
        found = [parse(CustomerModel, row, "customer") for row in rows.values()]
        return {
            one.id: to_customer(one)
            for one in found
            if not one.deleted_at and not is_walk_in(one, *self.walk_ins)
        }

    def _goods(self, sales: Sequence[SaleModel]) -> dict[str, Goods]:
        ids = [line.product.id for sale in sales for line in sale.lines if line.product.id]
        rows = find_by_id(self.client, "products", PRODUCTS_READ, ids)
        return {
            one: Goods(
                name=str(row.get("variant_name") or row.get("name") or ""),
                sku=str(row.get("sku") or ""),
            )
            for one, row in rows.items()
        }

    def _cash_step(self) -> Decimal:
        try:
            step = Decimal(self.client.setting("cash_rounding") or CASH_ROUNDS_TO)
        except InvalidOperation:
            return CASH_ROUNDS_TO
        return step if step.is_finite() and step >= 0 else CASH_ROUNDS_TO
