"""A sale as Lightspeed sends it: in the shape of the date versions, or in that of API 2.0."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import Field

from chalicelib.connectors.lightspeed.models import LightspeedModel, Moment, Text, parse
from chalicelib.connectors.lightspeed.old_sales import as_dated, is_old

Json = dict[str, Any]
NOTHING = Decimal(0)


class ReferenceModel(LightspeedModel):
    """Something a sale names by its id."""

    id: str = ""


class PricingModel(LightspeedModel):
    """Amounts of a line without tax; its total is after discounts."""

    price: Decimal = NOTHING
    discount: Decimal = NOTHING  #: of one piece
    discount_total: Decimal | None = None
    total: Decimal | None = None


class LineTaxModel(LightspeedModel):
    """Tax of a line: of one piece, and of all."""

    id: str = ""
    amount: Decimal = NOTHING
    total: Decimal | None = None


class LineReturnModel(LightspeedModel):
    """Whether a line brings something back, and why."""

    is_return: bool = False
    reason: str = ""


class MetadataModel(LightspeedModel):
    """What the store keeps of a thing besides."""

    sequence: int = 0
    version: int | None = None


class LineModel(LightspeedModel):
    """A line; its quantity is below zero for what comes back."""

    id: str
    product: ReferenceModel = ReferenceModel()
    quantity: Decimal = NOTHING
    status: str = ""
    pricing: PricingModel = PricingModel()
    tax: LineTaxModel = LineTaxModel()
    returned: LineReturnModel = Field(default=LineReturnModel(), alias="return")
    gift_card_number: Text = ""
    note: str = ""

    @property
    def net(self) -> Decimal:
        """Total without tax, after discounts."""
        total = self.pricing.total
        return total if total is not None else self.pricing.price * self.quantity

    @property
    def tax_total(self) -> Decimal:
        """Tax of the whole line."""
        total = self.tax.total
        return total if total is not None else self.tax.amount * self.quantity

    @property
    def discount(self) -> Decimal:
        """What was taken off the whole line, without tax."""
        total = self.pricing.discount_total
        return abs(total if total is not None else self.pricing.discount * self.quantity)

    @property
    def comes_back(self) -> bool:
        """Whether the line brings goods back instead of selling them."""
        return self.quantity < 0

    @property
    def counts(self) -> bool:
        """Whether the line is part of the sale; a voided one stands there for the record."""
        return self.status.upper() != "VOIDED" and self.quantity != 0


class PaymentTypeModel(LightspeedModel):
    """How a payment was made."""

    config_id: str = ""
    name: str = ""


class PaymentModel(LightspeedModel):
    """Money that came in, or below zero went out."""

    id: str
    amount: Decimal = NOTHING
    date: Moment | None = None
    type: PaymentTypeModel = PaymentTypeModel()
    deleted_at: str = ""


class TaxPartModel(LightspeedModel):
    """A part of a tax."""

    total_tax: Decimal = NOTHING


class AdjustmentModel(LightspeedModel):
    """A tip, a fee or a discount of the whole sale, which is no line."""

    adjustment_type: str = ""
    name: str = ""
    total: Decimal = NOTHING  #: without tax
    tax_components: tuple[TaxPartModel, ...] = ()

    @property
    def tax(self) -> Decimal:
        """Its tax."""
        return sum((part.total_tax for part in self.tax_components), NOTHING)


class ChargeModel(LightspeedModel):
    """A charge of the online shop, such as for delivery."""

    name: str = ""
    total: Decimal = NOTHING
    total_tax: Decimal = NOTHING


class TotalsModel(LightspeedModel):
    """Sums of a sale; the price is without tax."""

    price: Decimal | None = None
    tax: Decimal = NOTHING
    price_incl_tax: Decimal | None = None

    @property
    def gross(self) -> Decimal | None:
        """What the customer owes; None where the sale does not say."""
        if self.price_incl_tax is not None:
            return self.price_incl_tax
        return None if self.price is None else self.price + self.tax


class SourceModel(LightspeedModel):
    """Where a sale was made."""

    type: str = ""
    id: Text = ""
    outlet_id: str = ""
    register_id: str = ""


class SaleReturnModel(LightspeedModel):
    """What a sale gives back, and what gave it back."""

    is_return: bool = False
    original_sale_id: str = ""


class SaleModel(LightspeedModel):
    """A sale, a return or an exchange; which of them it is, its lines tell."""

    id: str
    state: str = ""
    attributes: tuple[str, ...] = ()
    date: Moment | None = None
    invoice_number: Text = ""
    customer_id: str = ""
    note: str = ""
    source: SourceModel = SourceModel()
    line_items: tuple[LineModel, ...] = ()
    payments: tuple[PaymentModel, ...] = ()
    adjustments: tuple[AdjustmentModel, ...] = ()
    ecom_custom_charges: tuple[ChargeModel, ...] = ()
    totals: TotalsModel = TotalsModel()
    returned: SaleReturnModel = Field(default=SaleReturnModel(), alias="return")
    created_at: Moment | None = None
    updated_at: Moment | None = None
    deleted_at: str = ""
    metadata: MetadataModel = Field(default=MetadataModel(), alias="_metadata")

    @property
    def lines(self) -> list[LineModel]:
        """The lines that count."""
        return [line for line in self.line_items if line.counts]

    @property
    def sells(self) -> bool:
        """Whether something was sold: a sale without any line yet is one too."""
        return not self.returned.is_return if not self.lines else self._has(back=False)

    @property
    def gives_back(self) -> bool:
        """Whether something came back."""
        return self.returned.is_return if not self.lines else self._has(back=True)

    @property
    def version(self) -> int:
        """Number of the sale's last change."""
        return self.metadata.version or 0

    def _has(self, *, back: bool) -> bool:
        return any(line.comes_back is back for line in self.lines)


def read_sale(raw: Mapping[str, Any]) -> SaleModel:
    """Read a sale of either shape.

    Raises:
        SyncFailure: ``UNSUPPORTED``; it cannot be read.
    """
    return parse(SaleModel, as_dated(raw) if is_old(raw) else raw, "sale")
