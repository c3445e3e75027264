"""A shop's payloads, only the fields we use; unknown fields and unknown values are fine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from chalicelib.domain.money import fit_number
from chalicelib.domain.reasons import Reason, SyncFailure


def _amount(value: Any) -> Any:
    """Amounts are texts; an empty one is nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return Decimal(0)
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("not an amount") from error
    return fit_number(found)


def _utc(value: Any) -> Any:
    """Times come in GMT without saying so."""
    if not isinstance(value, str):
        return value
    at = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _text(value: Any) -> Any:
    """Plugins put numbers and switches where texts were."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Utc = Annotated[datetime, BeforeValidator(_utc)]
Text = Annotated[str, BeforeValidator(_text)]


class WooModel(BaseModel):
    """Absent and null mean the same, and so does the ``[]`` that PHP makes of an empty object."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if isinstance(data, list) and not data:
            return {}
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None}


class MetaModel(WooModel):
    """One entry of ``meta_data``; its value may be anything."""

    key: Text = ""
    value: Any = None


class AddressModel(WooModel):
    """A billing address; guests have no other trace."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    email: Text = ""
    phone: Text = ""


class TaxPartModel(WooModel):
    """What one rate takes of a line; an empty total means that it does not apply there."""

    id: int = 0
    total: Text = ""


class TaxLineModel(WooModel):
    """A rate of an order."""

    rate_id: int = 0
    label: Text = ""
    rate_code: Text = ""


class LineModel(WooModel):
    """A line of goods, shipping or a fee; totals are of the line, after discounts, without tax."""

    id: int
    name: Text = ""
    method_title: Text = ""
    product_id: int = 0
    variation_id: int = 0
    sku: Text = ""
    quantity: Amount = Decimal(1)
    subtotal: Amount | None = None
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: list[TaxPartModel] = []
    meta_data: list[MetaModel] = []

    @property
    def item_id(self) -> str | None:
        """Id of what was sold; None where nothing of the catalogue was."""
        number = self.variation_id or self.product_id
        return str(number) if number else None

    def meta(self, key: str) -> Any:
        """Return the value of an entry of the line's meta data."""
        return next((one.value for one in self.meta_data if one.key == key), None)


class GiftCardModel(WooModel):
    """A gift card used, as plugins put it into an order."""

    amount: Amount = Decimal(0)


class RefundRefModel(WooModel):
    """A refund as its order lists it."""

    id: int


class OrderModel(WooModel):
    """An order."""

    id: int
    number: Text = ""
    status: str = ""
    currency: str = ""
    created_via: Text = ""
    date_created_gmt: Utc | None = None
    date_modified_gmt: Utc | None = None
    date_paid_gmt: Utc | None = None
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    discount_total: Amount = Decimal(0)
    customer_id: int = 0
    billing: AddressModel = AddressModel()
    payment_method: Text = ""
    line_items: list[LineModel] = []
    shipping_lines: list[LineModel] = []
    fee_lines: list[LineModel] = []
    tax_lines: list[TaxLineModel] = []
    refunds: list[RefundRefModel] = []
    meta_data: list[MetaModel] = []
    gift_cards: list[GiftCardModel] = []
    pw_gift_cards_redeemed: list[GiftCardModel] = []

    @property
    def changed_at(self) -> datetime | None:
        """When it last changed, as far as known."""
        return self.date_modified_gmt or self.date_created_gmt


class RefundModel(WooModel):
    """A refund; its lines are negative, its amount is positive."""

    id: int
    parent_id: int = 0
    date_created_gmt: Utc | None = None
    amount: Amount = Decimal(0)
    reason: Text = ""
    line_items: list[LineModel] = []
    shipping_lines: list[LineModel] = []
    fee_lines: list[LineModel] = []
    tax_lines: list[TaxLineModel] = []


class WebhookModel(WooModel):
    """One webhook; its secret is never shown."""

    id: int
    status: str = ""
    topic: str = ""
    delivery_url: str = ""


class TrackingModel(WooModel):
    """An entry of a shipment tracking extension."""

    tracking_id: Text = ""
    tracking_number: Text = ""


M = TypeVar("M", bound=WooModel)


def parse(model: type[M], raw: Any, what: str) -> M:
    """Read a payload, or say which field of it cannot be read.

    Raises:
        SyncFailure: ``UNSUPPORTED``; the sentence names the field and never its value.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole of it"
        raise SyncFailure(
            Reason.UNSUPPORTED,
            f"The shop's {what} cannot be read: {where} is missing or has an unexpected shape.",
            error_code="unreadable",
            field=where,
        ) from None
