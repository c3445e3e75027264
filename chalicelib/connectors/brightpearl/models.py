"""Brightpearl's payloads, as far as we use them; unknown fields and values are tolerated.

Ids come as numbers or text and are text here. Amounts come as text with four decimals. Empty maps
sometimes come as empty lists.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from chalicelib.domain.money import fit_number
from chalicelib.domain.reasons import Reason, SyncFailure

M = TypeVar("M", bound=BaseModel)


def _to_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def to_map(value: Any) -> Any:
    """Return a map as it is; an empty one sometimes comes as an empty list."""
    return {} if value is None or value == [] else value


def _to_list(value: Any) -> Any:
    return [] if value is None else value


def _to_decimal(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _to_utc(at: datetime) -> datetime:
    """Answers carry the account's offset."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


Id = Annotated[str, BeforeValidator(_to_text)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else _to_text(value))]
Amount = Annotated[Decimal, BeforeValidator(_to_decimal), AfterValidator(fit_number)]
Time = Annotated[AwareDatetime, AfterValidator(_to_utc)]


class Payload(BaseModel):
    """What all payloads have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Identity(Payload):
    """The product's own codes; any of them may be absent or empty."""

    sku: Text = ""
    barcode: Text = ""
    ean: Text = ""
    upc: Text = ""


class StockRule(Payload):
    """Whether stock is counted; a product that does not say so is not."""

    tracked: bool = Field(default=False, alias="stockTracked")


class CategoryCode(Payload):
    """A category of a product."""

    code: Text = Field(default="", alias="categoryCode")


class Description(Payload):
    """A text with its format: HTML_FRAGMENT or plain."""

    text: Text = ""
    format: Text = ""


class SalesChannel(Payload):
    """Name, text and categories of a product; the account's own is called Brightpearl."""

    channel: Text = Field(default="", alias="salesChannelName")
    name: Text = Field(default="", alias="productName")
    categories: Annotated[tuple[CategoryCode, ...], BeforeValidator(_to_list)] = ()
    description: Description | None = None


class BundlePart(Payload):
    """A product in a bundle; it may be a bundle itself."""

    product_id: Id = Field(alias="productId")
    quantity: Amount = Field(default=Decimal(1), alias="productQuantity")


class Composition(Payload):
    """Whether a product is a bundle, and of what."""

    bundle: bool = False
    parts: Annotated[tuple[BundlePart, ...], BeforeValidator(_to_list)] = Field(
        default=(), alias="bundleComponents"
    )


class Variation(Payload):
    """One option of a variant: Colour, Red."""

    option: Text = Field(default="", alias="optionName")
    value: Text = Field(default="", alias="optionValue")


class ProductModel(Payload):
    """``product-service/product``."""

    id: Id
    group_id: Text = Field(default="", alias="productGroupId")
    identity: Identity = Identity()
    stock: StockRule = StockRule()
    channels: Annotated[tuple[SalesChannel, ...], BeforeValidator(_to_list)] = Field(
        default=(), alias="salesChannels"
    )
    composition: Composition = Composition()
    variations: Annotated[tuple[Variation, ...], BeforeValidator(_to_list)] = ()
    created_on: Time | None = Field(default=None, alias="createdOn")
    updated_on: Time | None = Field(default=None, alias="updatedOn")
    status: Text = ""


class ListPrices(Payload):
    """One product's prices in one list, by break quantity."""

    price_list_id: Id = Field(alias="priceListId")
    currency: Text = Field(default="", alias="currencyCode")
    by_quantity: Annotated[Mapping[str, Amount], BeforeValidator(to_map)] = Field(
        default={}, alias="quantityPrice"
    )


class PriceModel(Payload):
    """``product-service/product-price``."""

    product_id: Id = Field(alias="productId")
    lists: Annotated[tuple[ListPrices, ...], BeforeValidator(_to_list)] = Field(
        default=(), alias="priceLists"
    )


class Level(Payload):
    """Stock of a product in one warehouse; ``onHand`` is ``inStock`` less what is allocated."""

    on_hand: Amount = Field(alias="onHand")


class AvailabilityModel(Payload):
    """``warehouse-service/product-availability``, one product."""

    warehouses: Annotated[Mapping[str, Level], BeforeValidator(to_map)] = {}


class OrderStatusModel(Payload):
    """Where an order stands in the merchant's own list of statuses."""

    id: Text = Field(default="", alias="orderStatusId")
    name: Text = ""


class Invoice(Payload):
    """An invoice; before there is one the entry has no reference."""

    reference: Text = Field(default="", alias="invoiceReference")


class OrderCurrency(Payload):
    """The currency an order is in."""

    code: Text = Field(default="", alias="orderCurrencyCode")


class Totals(Payload):
    """The sums of an order."""

    total: Amount = Decimal(0)


class Party(Payload):
    """The buyer of an order."""

    contact_id: Text = Field(default="", alias="contactId")
    email: Text = ""


class Parties(Payload):
    """Who an order is for."""

    customer: Party = Party()


class Magnitude(Payload):
    """A quantity."""

    magnitude: Amount = Decimal(0)


class RowMoney(Payload):
    """An amount of a row."""

    value: Amount = Decimal(0)


class RowValue(Payload):
    """What a row is worth, as totals of the row."""

    tax_code: Text = Field(default="", alias="taxCode")
    net: RowMoney = Field(default=RowMoney(), alias="rowNet")
    tax: RowMoney = Field(default=RowMoney(), alias="rowTax")


class RowComposition(Payload):
    """Whether Brightpearl added a row itself, as a part of a bundle that was sold."""

    child: bool = Field(default=False, alias="bundleChild")


class RowModel(Payload):
    """One row of an order."""

    product_id: Text = Field(default="", alias="productId")
    name: Text = Field(default="", alias="productName")
    sku: Text = Field(default="", alias="productSku")
    quantity: Magnitude = Magnitude()
    value: RowValue = Field(default=RowValue(), alias="rowValue")
    external_ref: Text = Field(default="", alias="externalRef")
    composition: RowComposition = RowComposition()


class OrderModel(Payload):
    """``order-service/order``; rows are a map by row id."""

    id: Id
    type_code: Text = Field(default="", alias="orderTypeCode")
    reference: Text = ""
    external_ref: Text = Field(default="", alias="externalRef")
    instance_id: Text = Field(default="", alias="installedIntegrationInstanceId")
    status: OrderStatusModel = Field(default=OrderStatusModel(), alias="orderStatus")
    payment_status: Text = Field(default="", alias="orderPaymentStatus")
    allocation: Text = Field(default="", alias="allocationStatusCode")
    shipping: Text = Field(default="", alias="shippingStatusCode")
    invoices: Annotated[tuple[Invoice, ...], BeforeValidator(_to_list)] = ()
    currency: OrderCurrency = OrderCurrency()
    totals: Totals = Field(default=Totals(), alias="totalValue")
    parties: Parties = Parties()
    rows: Annotated[Mapping[str, RowModel], BeforeValidator(to_map)] = Field(
        default={}, alias="orderRows"
    )

    @property
    def invoice(self) -> str:
        """Reference of the invoice, empty before there is one."""
        return next((entry.reference for entry in self.invoices if entry.reference), "")


class PaymentModel(Payload):
    """A row of ``customer-payment-search``."""

    id: Id = Field(alias="paymentId")
    reference: Text = Field(default="", alias="transactionRef")
    code: Text = Field(default="", alias="transactionCode")
    method: Text = Field(default="", alias="paymentMethodCode")
    type: Text = Field(default="", alias="paymentType")
    order_id: Text = Field(default="", alias="orderId")
    amount: Amount = Field(default=Decimal(0), alias="amountPaid")

    @property
    def received(self) -> Decimal:
        """Money in, negative where money went out; authorisations move none."""
        return self.amount * {"RECEIPT": 1, "CAPTURE": 1, "PAYMENT": -1}.get(self.type, 0)


class WebhookModel(Payload):
    """``integration-service/webhook``."""

    id: Id
    subscribe_to: Text = Field(default="", alias="subscribeTo")
    method: Text = Field(default="", alias="httpMethod")
    uri: Text = Field(default="", alias="uriTemplate")
    body: Text = Field(default="", alias="bodyTemplate")
    content_type: Text = Field(default="", alias="contentType")
    id_sets: bool = Field(default=False, alias="idSetAccepted")
    quality: int = Field(default=0, alias="qualityOfService")


def read_as(model: type[M], value: Any, what: str) -> M:
    """Return a payload as a model.

    Raises:
        SyncFailure: a field we need is missing or of another type; the sentence names it.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise SyncFailure(
            Reason.UNSUPPORTED,
            f"Brightpearl's answer for {what} cannot be read: {field} is missing or not what it"
            " should be. Report it with this sentence.",
            error_code="unreadable",
            field=field,
        ) from error


def format_time(at: datetime) -> str:
    """Write a time as Brightpearl takes it: ``2026-07-02T10:15:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(at: datetime) -> int:
    """Return milliseconds since 1970, the version of a record."""
    return round(at.timestamp() * 1000)
