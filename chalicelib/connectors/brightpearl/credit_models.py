"""Sales credits and goods-in notes as Brightpearl gives them, as far as we use them."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from chalicelib.connectors.brightpearl.models import OrderModel, Payload, PaymentModel, Text


def _to_parent(value: Any) -> str:
    """Return the order a credit gives back; one without a parent says 0 or nothing."""
    return "" if value in (None, 0, "0", "") else str(value)


class CreditModel(OrderModel):
    """``order-service/order`` of the type SC: an order with a parent."""

    parent_id: Annotated[str, BeforeValidator(_to_parent)] = Field(
        default="", alias="parentOrderId"
    )


class GoodsInModel(Payload):
    """``goods-note/goods-in``."""

    order_id: Text = Field(default="", alias="orderId")
    status: Text = Field(default="", alias="goodsNoteStatus")


class PriceListModel(Payload):
    """``product-service/price-list``: BUY lists hold what products cost."""

    id: Text = ""
    kind: Text = Field(default="", alias="priceListTypeCode")


@dataclass(frozen=True, kw_only=True)
class CreditState:
    """A credit as it was read, with its payments and whether its goods came in."""

    credit: CreditModel
    payments: tuple[PaymentModel, ...] = ()
    came_in: bool = False
