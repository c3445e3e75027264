"""Lightspeed's sales and customers as canonical records; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from chalicelib.connectors.lightspeed.models import CustomerModel
from chalicelib.connectors.lightspeed.money_moves import Move, came_in, went_out
from chalicelib.connectors.lightspeed.sale_models import LineModel, PaymentModel, SaleModel
from chalicelib.connectors.lightspeed.sale_sums import Extra, Item, Sums, sums_of
from chalicelib.domain.money import Money, exponent_of
from chalicelib.domain.records import Customer, Order, OrderLine, Payment, Refund, Role

PLATFORM = "Lightspeed"
#: ``returns_of`` of goods that came back without a receipt.
UNKNOWN_SALE = "unknown"
WALK_IN_CODE = "WALKIN"  #: code of the customer that stands for people nobody asked for a name
WITHOUT_GOODS = "Refund without goods"
EXCHANGE = "EXCHANGE"  #: method of the part of an exchange that goods paid

_STATES = {"parked": "draft", "pending": "open", "closed": "completed", "voided": "cancelled"}
_REFUND_STATES = {"closed": "completed", "voided": "failed"}
_ATTRIBUTES = {"onaccount": "on account", "layby": "layby"}
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Till:
    """A register: its name, and the outlet it stands in."""

    name: str
    outlet: str


@dataclass(frozen=True, kw_only=True)
class Goods:
    """A product as a sale's line needs it."""

    name: str
    sku: str = ""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What a sale only names by ids."""

    currency: str
    tills: Mapping[str, Till] = field(default_factory=dict)
    taxes: Mapping[str, str] = field(default_factory=dict)
    goods: Mapping[str, Goods] = field(default_factory=dict)
    payment_types: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, Customer] = field(default_factory=dict)  #: without the walk-in
    no_tax: str = ""  #: id of the tax that is none
    discount_product: str = ""
    cash_step: Decimal = Decimal(0)

    @property
    def step(self) -> Decimal:
        """The minor unit."""
        return Decimal(1).scaleb(-exponent_of(self.currency))


def to_order(sale: SaleModel, shop: Shop) -> Order:
    """Turn what a sale sells into an order.

    An exchange is an order of what was sold; what came back pays for it under ``EXCHANGE``. A sale
    that only gives back says so in ``returns_of``.
    """
    sums = _sums(sale, shop)
    placed_at = _placed_at(sale)
    is_return = sale.gives_back and not sale.sells
    charges = [_charge(one, shop) for one in sums.extras]
    lines = [_line(one, shop) for one in sums.sold]
    total, rounding = _order_side(sums)
    return Order(
        id=sale.id,
        location=_location(sale, shop),
        state="cancelled" if sale.deleted_at else _STATES.get(sale.state, sale.state),
        status=sale.state,
        placed_at=placed_at,
        closed_at=placed_at if sale.state == "closed" else None,
        updated_at=sale.updated_at or placed_at,
        version=sale.version,
        lines=lines,
        service_charges=charges,
        tip=_money(sums.tip, shop),
        rounding=_money(rounding, shop),
        discount=_money(sum((one.discount for one in sums.sold), Decimal(0)), shop),
        total=_money(total, shop),
        tax=_money(sum((one.tax.amount for one in (*lines, *charges)), Decimal(0)), shop),
        payments=_order_payments(sale, sums, shop, placed_at),
        unpaid=[one.id for one in sale.payments if one.deleted_at],
        customer=shop.customers.get(sale.customer_id),
        source=source_of(sale, shop),
        reference=sale.invoice_number,
        returns_of=(sale.returned.original_sale_id or UNKNOWN_SALE) if is_return else None,
        note=", ".join(_ATTRIBUTES.get(one, one) for one in sale.attributes),
    )


def to_refund(sale: SaleModel, shop: Shop) -> Refund:
    """Turn what a sale gives back into a refund; its amounts are above zero.

    Whatever of the money has no line is a line without goods, so that all always adds up.
    """
    sums = _sums(sale, shop)
    placed_at = _placed_at(sale)
    lines = [_line(one, shop) for one in sums.returned]
    if not sale.sells:
        lines += [_charge(replace(one, amount=-one.amount), shop) for one in sums.extras]
    tip = Decimal(0) if sale.sells else -sums.tip
    total, rounding = _refund_side(sums, sells=sale.sells)
    missing = total - rounding - tip - sum((_gross(one) for one in lines), Decimal(0))
    if missing > 0:
        lines.append(_without_goods(sale, missing, shop))
    elif missing < 0:
        rounding += missing
    return Refund(
        id=sale.id,
        order_id=sale.returned.original_sale_id or None,
        location=_location(sale, shop),
        refunded_at=placed_at,
        updated_at=sale.updated_at or placed_at,
        version=sale.version,
        state="failed" if sale.deleted_at else _REFUND_STATES.get(sale.state, "pending"),
        lines=lines,
        tip=_money(tip, shop),
        rounding=_money(rounding, shop),
        total=_money(total, shop),
        payments=_refund_payments(sale, sums, shop, placed_at),
        customer=shop.customers.get(sale.customer_id),
        source=source_of(sale, shop),
        reference=sale.invoice_number,
        reason=", ".join(dict.fromkeys(_reasons(sale))),
    )


def to_customer(customer: CustomerModel) -> Customer:
    """Turn a customer into its canonical record; the postal address stands in for a missing one."""
    fields = ("address_1", "address_2", "city", "state", "postcode", "country_id")
    names = ("line1", "line2", "city", "state", "postcode", "country")
    for kind in ("physical", "postal"):
        values = {
            name: str(getattr(customer, f"{kind}_{one}"))
            for name, one in zip(names, fields, strict=True)
        }
        values["city"] = values["city"] or str(getattr(customer, f"{kind}_suburb"))
        address = {name: value for name, value in values.items() if value}
        if address.keys() - {"country"}:
            break
    return Customer(
        id=customer.id,
        given_name=customer.first_name,
        family_name=customer.last_name,
        company=customer.company_name,
        email=customer.email,
        phone=customer.phone or customer.mobile,
        address=address,
        source=PLATFORM,
        deleted=bool(customer.deleted_at),
        version=customer.version,
        updated_at=customer.updated_at,
    )


def is_walk_in(customer: CustomerModel, *also: str) -> bool:
    """Whether a customer stands for people without a name; ``also`` are ids known to do so."""
    return customer.customer_code.upper() == WALK_IN_CODE or customer.id in also


def source_of(sale: SaleModel, shop: Shop) -> str:
    """Return where a sale was made, as people call it: "Lightspeed · Register 2"."""
    till = shop.tills.get(sale.source.register_id)
    return f"{PLATFORM} · {till.name}" if till is not None and till.name else PLATFORM


def _sums(sale: SaleModel, shop: Shop) -> Sums:
    return sums_of(
        sale,
        step=shop.step,
        discount_product=shop.discount_product,
        cash_step=shop.cash_step,
    )


def _order_side(sums: Sums) -> tuple[Decimal, Decimal]:
    """Return total and rounding of the order: rounding stands where the money moved."""
    if not sums.returned or sums.total >= 0:
        return sums.total + sums.returned_total, sums.rounding
    return sums.sold_total, Decimal(0)


def _refund_side(sums: Sums, *, sells: bool) -> tuple[Decimal, Decimal]:
    if not sells:
        return -sums.total, -sums.rounding
    if sums.total >= 0:
        return sums.returned_total, Decimal(0)
    return sums.sold_total - sums.total, -sums.rounding


def _order_payments(sale: SaleModel, sums: Sums, shop: Shop, at: datetime) -> list[Payment]:
    if not sums.returned or sums.total >= 0:
        paid = _payments(came_in(sale.payments), shop, at)
        return [*paid, *_exchanged(sale, sums.returned_total, shop, at)]
    return _exchanged(sale, sums.sold_total, shop, at)


def _refund_payments(sale: SaleModel, sums: Sums, shop: Shop, at: datetime) -> list[Payment]:
    if not sale.sells:
        return _payments(went_out(sale.payments), shop, at)
    if sums.total >= 0:
        return _exchanged(sale, sums.returned_total, shop, at)
    paid = _payments(went_out(sale.payments), shop, at)
    return [*paid, *_exchanged(sale, sums.sold_total, shop, at)]


def _payments(moves: Sequence[Move], shop: Shop, at: datetime) -> list[Payment]:
    return [
        Payment(
            id=one.payment.id,
            method=_method(one.payment, shop),
            amount=_money(one.amount, shop).rounded(),
            paid_at=one.payment.date or at,
        )
        for one in moves
    ]


def _method(payment: PaymentModel, shop: Shop) -> str:
    kind = payment.type
    return kind.name or shop.payment_types.get(kind.config_id) or kind.config_id or "Unknown"


def _exchanged(sale: SaleModel, amount: Decimal, shop: Shop, at: datetime) -> list[Payment]:
    """Return the payment that goods are: what came back pays for what was sold."""
    if amount <= 0:
        return []
    money = _money(amount, shop)
    return [Payment(id=f"{sale.id}-exchange", method=EXCHANGE, amount=money, paid_at=at)]


def _line(item: Item, shop: Shop) -> OrderLine:
    line = item.line
    goods = shop.goods.get(line.product.id)
    return OrderLine(
        id=line.id,
        name=(goods.name if goods else "") or line.note or "Product",
        quantity=abs(line.quantity),
        net=_money(item.amount.net, shop),
        tax=_money(item.amount.tax, shop),
        item_id=line.product.id or None,
        sku=goods.sku if goods else "",
        tax_name=_tax_name(line, shop),
        discount=_money(item.discount, shop) if item.discount else None,
        role=Role.GIFT_CARD if line.gift_card_number else Role.GOODS,
    )


def _charge(extra: Extra, shop: Shop) -> OrderLine:
    return OrderLine(
        id=extra.id,
        name=extra.name,
        quantity=Decimal(1),
        net=_money(extra.amount.net, shop),
        tax=_money(extra.amount.tax, shop),
        role=Role.SHIPPING if extra.is_delivery else Role.FEE,
    )


def _without_goods(sale: SaleModel, amount: Decimal, shop: Shop) -> OrderLine:
    return OrderLine(
        id=f"{sale.id}-without-goods",
        name=WITHOUT_GOODS,
        quantity=Decimal(1),
        net=_money(amount, shop),
        tax=_money(Decimal(0), shop),
    )


def _tax_name(line: LineModel, shop: Shop) -> str:
    """Return the name of a line's tax; the tax that stands for none has no name."""
    if not line.tax.id or line.tax.id == shop.no_tax:
        return ""
    return shop.taxes.get(line.tax.id, line.tax.id)


def _reasons(sale: SaleModel) -> Iterator[str]:
    return (one.returned.reason for one in sale.lines if one.comes_back and one.returned.reason)


def _location(sale: SaleModel, shop: Shop) -> str:
    """Return the outlet: of the sale, else of its register."""
    till = shop.tills.get(sale.source.register_id)
    return sale.source.outlet_id or (till.outlet if till is not None else "")


def _placed_at(sale: SaleModel) -> datetime:
    return sale.date or sale.created_at or sale.updated_at or _NO_TIME


def _gross(line: OrderLine) -> Decimal:
    return line.net.amount + line.tax.amount


def _money(amount: Decimal, shop: Shop) -> Money:
    return Money(amount, shop.currency)
