"""What a shop's settings say of its prices, read once for each connection and batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.connectors.woocommerce.client import WooClient
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Listing


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Currency, tax and decimals of a shop; empty and None where it does not tell."""

    currency: str = ""
    includes_tax: bool | None = None  #: None: it charges no tax, or does not tell
    decimals: int = 2

    def price_text(self, price: Money) -> str:
        """Return a price with the shop's decimals, and with more where it has them."""
        step = Decimal(1).scaleb(-self.decimals)
        rounded = price.amount.quantize(step)
        return f"{rounded:f}" if rounded == price.amount else f"{price.amount.normalize():f}"

    def why_not(self, listing: Listing) -> SyncFailure | None:
        """Say why a price cannot be the shop's."""
        price = listing.price
        if self.currency and price.currency != self.currency:
            return _price_differs(
                f"The price is in {price.currency}, and the shop sells in {self.currency}: choose a"
                f" price list in {self.currency}."
            )
        told = listing.tax_included
        if told is None or self.includes_tax is None or told is self.includes_tax:
            return None
        ours, theirs = ("with", "without") if told else ("without", "with")
        return _price_differs(
            f"The price list is {ours} tax, and the shop's prices are entered {theirs} tax: choose"
            " another price list, or change it under WooCommerce > Settings > Tax."
        )


class FactsReader:
    """Reads the facts of a shop when they are first wanted."""

    def __init__(self, client: WooClient) -> None:
        self._client = client
        self._facts: Facts | None = None

    def read(self) -> Facts:
        """Return the facts: two calls, once.

        Raises:
            SyncFailure: the shop could not be asked. A key that may not see settings is no failure.
        """
        if self._facts is None:
            try:
                self._facts = _facts_of(self._group("general"), self._group("tax"))
            except SyncFailure as failure:
                if failure.reason is not Reason.AUTH_REJECTED:
                    raise
                self._facts = Facts()
        return self._facts

    def _group(self, name: str) -> Mapping[str, str]:
        rows = self._client.read_page(f"settings/{name}", _fields="id,value").rows
        return {str(row.get("id")): str(row.get("value") or "") for row in rows}


def _facts_of(general: Mapping[str, str], tax: Mapping[str, str]) -> Facts:
    charges_tax = general.get("woocommerce_calc_taxes") != "no"
    entered = tax.get("woocommerce_prices_include_tax", "")
    decimals = general.get("woocommerce_price_num_decimals", "")
    return Facts(
        currency=general.get("woocommerce_currency", ""),
        includes_tax=entered == "yes" if charges_tax and entered else None,
        decimals=int(decimals) if decimals.isdecimal() else 2,
    )


def _price_differs(sentence: str) -> SyncFailure:
    return SyncFailure(Reason.UNSUPPORTED, sentence, error_code="price_differs", field="price")
