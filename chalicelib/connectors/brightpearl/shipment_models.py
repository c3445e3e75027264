"""Brightpearl's payloads of goods that leave, as far as we use them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from chalicelib.connectors.brightpearl.models import Amount, Payload, Text, Time, to_map


class NoteStatus(Payload):
    """How far a goods-out note is."""

    shipped: bool = False
    shipped_on: Time | None = Field(default=None, alias="shippedOn")


class NoteShipping(Payload):
    """The parcel of a note; the reference is what people type in, mostly the tracking number."""

    method_id: Text = Field(default="", alias="shippingMethodId")
    reference: Text = ""


class NoteLine(Payload):
    """Pieces of one order row on a goods-out note."""

    product_id: Text = Field(default="", alias="productId")
    quantity: Amount = Decimal(0)


class GoodsOutModel(Payload):
    """``goods-note/goods-out``; lines by order row. A transfer has neither: its order id is 0."""

    order_id: Text = Field(default="", alias="orderId")
    warehouse_id: Text = Field(default="", alias="warehouseId")
    status: NoteStatus = NoteStatus()
    shipping: NoteShipping = NoteShipping()
    rows: Annotated[Mapping[str, tuple[NoteLine, ...]], BeforeValidator(to_map)] = Field(
        default={}, alias="orderRows"
    )
    created_on: Time | None = Field(default=None, alias="createdOn")
    last_event_version: Text = Field(default="", alias="lastEventVersion")
