"""Square's payloads, only the fields we use; unknown fields and unknown enum values are fine.

Catalogue objects have no model: they are merged as they are, so that nothing of the seller's is
lost (``listings.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chalicelib.domain.money import fit_number
from chalicelib.domain.reasons import Reason, SyncFailure

MINOR_BELOW = 10**15  #: an amount from here on is none
Quantity = Annotated[Decimal, AfterValidator(fit_number)]


class SquareModel(BaseModel):
    """Absent and null mean the same; enum values stay texts: newer versions bring new ones."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None}


class MoneyModel(SquareModel):
    """An amount in minor units of its currency."""

    amount: int = Field(default=0, gt=-MINOR_BELOW, lt=MINOR_BELOW)
    currency: str


class SourceModel(SquareModel):
    """Where an order came from."""

    name: str = ""


class AppliedTaxModel(SquareModel):
    """A tax of the order that applies to a line."""

    tax_uid: str = ""


class TaxModel(SquareModel):
    """A tax of an order."""

    uid: str = ""
    name: str = ""


class LineModel(SquareModel):
    """A line of an order; its total includes additive tax and is after discounts."""

    uid: str = ""
    name: str = ""
    variation_name: str = ""
    catalog_object_id: str | None = None
    quantity: Quantity
    item_type: str = ""
    applied_taxes: list[AppliedTaxModel] = []
    total_money: MoneyModel | None = None
    total_tax_money: MoneyModel | None = None
    total_discount_money: MoneyModel | None = None


class ServiceChargeModel(SquareModel):
    """A fee of an order; an apportioned one is part of the lines already."""

    uid: str = ""
    name: str = ""
    type: str = ""
    treatment_type: str = ""
    applied_taxes: list[AppliedTaxModel] = []
    total_money: MoneyModel | None = None
    total_tax_money: MoneyModel | None = None


class CardModel(SquareModel):
    """How a card payment stands."""

    status: str = ""


class TenderModel(SquareModel):
    """Money given for an order; its amount includes the tip."""

    id: str = ""
    payment_id: str | None = None
    type: str = "OTHER"
    amount_money: MoneyModel | None = None
    tip_money: MoneyModel | None = None
    customer_id: str | None = None
    created_at: datetime | None = None
    card_details: CardModel | None = None


class RoundingModel(SquareModel):
    """Cash rounding, signed."""

    amount_money: MoneyModel | None = None


class ReturnTipModel(SquareModel):
    """A tip, or part of it, that is given back."""

    applied_money: MoneyModel | None = None


class ReturnModel(SquareModel):
    """Goods that came back; the order they were sold with may be unknown."""

    source_order_id: str | None = None
    return_line_items: list[LineModel] = []
    return_service_charges: list[ServiceChargeModel] = []
    return_taxes: list[TaxModel] = []
    return_tips: list[ReturnTipModel] = []
    rounding_adjustment: RoundingModel | None = None


class OrderRefundModel(SquareModel):
    """A refund as the return it pays for names it; its states have words of their own."""

    id: str = ""
    tender_id: str = ""
    status: str = ""
    amount_money: MoneyModel | None = None
    created_at: datetime | None = None


class OrderModel(SquareModel):
    """An order; one made at a till has no version."""

    id: str
    location_id: str = ""
    reference_id: str = ""
    state: str = ""
    source: SourceModel = SourceModel()
    customer_id: str | None = None
    created_at: datetime
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    line_items: list[LineModel] = []
    taxes: list[TaxModel] = []
    service_charges: list[ServiceChargeModel] = []
    tenders: list[TenderModel] = []
    returns: list[ReturnModel] = []
    refunds: list[OrderRefundModel] = []
    total_money: MoneyModel | None = None
    total_tax_money: MoneyModel | None = None
    total_discount_money: MoneyModel | None = None
    total_tip_money: MoneyModel | None = None
    rounding_adjustment: RoundingModel | None = None

    @property
    def rounding_money(self) -> MoneyModel | None:
        """Cash rounding of the total, signed."""
        return self.rounding_adjustment.amount_money if self.rounding_adjustment else None

    @property
    def buyer_id(self) -> str | None:
        """The customer of the order, or else of one of its tenders."""
        paying = (tender.customer_id for tender in self.tenders if tender.customer_id)
        return self.customer_id or next(paying, None)


class RefundModel(SquareModel):
    """Money given back of one payment; the order is the one that holds the return."""

    id: str
    status: str = ""
    location_id: str = ""
    unlinked: bool = False
    destination_type: str = ""
    amount_money: MoneyModel
    payment_id: str | None = None
    order_id: str | None = None
    reason: str = ""
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def changed_at(self) -> datetime:
        """When it changed last."""
        return self.updated_at or self.created_at


class PaymentModel(SquareModel):
    """A payment, as far as it tells which order it was for."""

    id: str
    order_id: str | None = None


class AddressModel(SquareModel):
    """A customer's address."""

    address_line_1: str = ""
    address_line_2: str = ""
    locality: str = ""
    administrative_district_level_1: str = ""
    postal_code: str = ""
    country: str = ""


class CustomerModel(SquareModel):
    """A customer profile; an instant profile may hold almost nothing."""

    id: str
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    email_address: str = ""
    phone_number: str = ""
    address: AddressModel = AddressModel()
    updated_at: datetime | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether nothing tells who it is, as of a profile that Square made from a card."""
        known = (self.given_name, self.family_name, self.company_name)
        return not any((*known, self.email_address, self.phone_number))


class LocationModel(SquareModel):
    """A shop of the merchant."""

    id: str
    name: str = ""
    status: str = "ACTIVE"
    business_name: str = ""
    merchant_id: str = ""


class CountModel(SquareModel):
    """How much of a variation is where, in one state."""

    catalog_object_id: str = ""
    location_id: str = ""
    state: str = ""
    quantity: Quantity


class TokenStatusModel(SquareModel):
    """What a token may do."""

    scopes: list[str] = []
    merchant_id: str = ""


class TokensModel(SquareModel):
    """A new pair of tokens; the code flow returns the same refresh token again."""

    access_token: str
    refresh_token: str | None = None
    expires_at: str | None = None
    merchant_id: str | None = None


class SubscriptionModel(SquareModel):
    """One webhook subscription of the application."""

    id: str
    enabled: bool = True
    event_types: list[str] = []
    notification_url: str = ""
    api_version: str = ""
    signature_key: str | None = None


class EventDataModel(SquareModel):
    """The part of an event that says what happened to what."""

    id: str = ""
    object: dict[str, Any] = {}


class EventModel(SquareModel):
    """A webhook's envelope."""

    type: str
    merchant_id: str = ""
    data: EventDataModel = EventDataModel()


M = TypeVar("M", bound=SquareModel)


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
            f"Square's {what} cannot be read: {where} is missing or has an unexpected shape.",
            error_code="unreadable",
            field=where,
        ) from None
