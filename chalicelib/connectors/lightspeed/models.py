"""Lightspeed's payloads, only the fields we use; unknown fields and unknown words are fine.

Sales have their own module (``sale_models.py``). Products are compared and changed field by field
and stay as they came (``listings.py``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    field_validator,
    model_validator,
)

from chalicelib.domain.money import fit_number
from chalicelib.domain.reasons import Reason, SyncFailure


class LightspeedModel(BaseModel):
    """Absent, null and empty text mean the same."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None and value != ""}

    @field_validator("*")
    @classmethod
    def _fit_numbers(cls, value: Any) -> Any:
        return fit_number(value) if isinstance(value, Decimal) else value


def _text(value: Any) -> Any:
    """Return ids, codes and names as text, whatever they were sent as."""
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


#: Text that may have been sent as a number, such as an invoice number.
Text = Annotated[str, BeforeValidator(_text)]
#: A time; one without a zone is UTC.
Moment = Annotated[datetime, AfterValidator(_aware)]


class CurrencyModel(LightspeedModel):
    """The store's currency."""

    code: str = ""


class RetailerModel(LightspeedModel):
    """The store: what prices hold, and the things that stand for nothing in particular."""

    name: str = ""
    domain_prefix: str = ""
    currency: CurrencyModel = CurrencyModel()
    tax_exclusive: bool | None = None
    no_tax_group_id: str = ""
    discount_product_id: str = ""
    default_customer_id: str = ""

    @model_validator(mode="before")
    @classmethod
    def _currency_as_text(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("currency"), str):
            return {**data, "currency": {"code": data["currency"]}}
        return data


class NamedModel(LightspeedModel):
    """Something of the store with a name: an outlet, a tax, a payment type, an attribute."""

    id: Text
    name: Text = ""
    deleted_at: str = ""


class RegisterModel(NamedModel):
    """A till."""

    outlet_id: str = ""


class CategoryModel(NamedModel):
    """A product category; only those without others below them take products."""

    leaf_category: bool = True
    category_path: list[NamedModel] = []

    @property
    def full_name(self) -> str:
        """The name with those above it: "Clothing / Shirts"."""
        return " / ".join(part.name for part in self.category_path) or self.name


class CustomerModel(LightspeedModel):
    """A customer; the addresses are the place itself, and the one for letters."""

    id: str
    customer_code: Text = ""
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    email: str = ""
    phone: Text = ""
    mobile: Text = ""
    physical_address_1: str = ""
    physical_address_2: str = ""
    physical_suburb: str = ""
    physical_city: str = ""
    physical_state: str = ""
    physical_postcode: Text = ""
    physical_country_id: str = ""
    postal_address_1: str = ""
    postal_address_2: str = ""
    postal_suburb: str = ""
    postal_city: str = ""
    postal_state: str = ""
    postal_postcode: Text = ""
    postal_country_id: str = ""
    updated_at: Moment | None = None
    deleted_at: str = ""
    version: int | None = None


class LevelModel(LightspeedModel):
    """How much of a product is at an outlet; two calls name the outlet and the number each."""

    product_id: str
    outlet_id: str = ""
    location_id: str = ""
    current_inventory_level: Decimal = Decimal(0)

    @property
    def place(self) -> tuple[str, str]:
        """Product and outlet."""
        return self.product_id, self.outlet_id or self.location_id


class TokensModel(LightspeedModel):
    """A new pair of tokens."""

    access_token: str
    refresh_token: str = ""
    expires_in: int | None = None
    expires: int | None = None
    scope: str = ""


class WebhookModel(LightspeedModel):
    """One registered address; it hears of one type."""

    id: str
    type: str = ""
    url: str = ""
    active: bool = True


M = TypeVar("M", bound=LightspeedModel)


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
            f"Lightspeed's {what} cannot be read: {where} is missing or has an unexpected shape.",
            error_code="unreadable",
            field=where,
        ) from None


def moment(text: Any) -> datetime | None:
    """Read a time as aware UTC; None where there is none that can be read."""
    if not isinstance(text, str):
        return None
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError:
        return None
