"""What orders and refunds share: versions, lines at the precision of their currency; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.connectors.woocommerce.models import AddressModel, LineModel, TaxLineModel
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, OrderLine, Role

PLATFORM = "WooCommerce"
SHOP = "shop"  #: the one location there is: a shop has one number of pieces
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Beginnings of meta keys that the known gift card plugins leave on a line that sells one.
_GIFT_CARD_META = ("wc_gc_giftcard", "_wc_gc_giftcard", "pw_gift_card", "_ywgc_")


def version_of(at: datetime) -> int:
    """Return a time as the version of a record: whole milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def labels_of(lines: Sequence[TaxLineModel]) -> dict[int, str]:
    """Return the name of each rate as its order shows it."""
    return {one.rate_id: one.label or one.rate_code or str(one.rate_id) for one in lines}


def tax_name_of(line: LineModel, labels: Mapping[int, str]) -> str:
    """Return the taxes of a line, joined in the order of their names.

    A rate of 0 % counts; a rate with an empty total does not apply to the line.
    """
    names = {labels.get(one.id) or str(one.id) for one in line.taxes if one.total.strip()}
    return " + ".join(sorted(names))


def to_line(
    line: LineModel, labels: Mapping[int, str], currency: str, role: Role, *, sign: int = 1
) -> OrderLine:
    """Turn a line into its canonical record; ``sign`` -1 makes a refund's lines positive."""
    net, tax = line.total * sign, line.total_tax * sign
    discount = line.subtotal * sign - net if line.subtotal is not None else Decimal(0)
    is_goods = role is Role.GOODS
    return OrderLine(
        id=str(line.id),
        name=line.name or line.method_title or line.sku or _nameless(role),
        quantity=line.quantity * sign if is_goods else Decimal(1),
        net=Money(net, currency).rounded(),
        tax=Money(tax, currency).rounded(),
        item_id=line.item_id if is_goods else None,
        sku=line.sku if is_goods else "",
        tax_name=tax_name_of(line, labels),
        discount=Money(max(discount, Decimal(0)), currency).rounded() or None,
        role=Role.GIFT_CARD if is_goods and _sells_gift_card(line) else role,
    )


def gross_of(lines: Sequence[OrderLine]) -> Decimal:
    """Return what lines amount to, tax included."""
    return sum((line.net.amount + line.tax.amount for line in lines), Decimal(0))


def rounding_of(left: Decimal, lines: int, currency: str) -> Money:
    """Return what is left to a total if rounding explains it: a minor unit a line at most."""
    step = Money.from_minor(1, currency).amount
    return Money(left, currency) if abs(left) <= step * max(lines, 1) else Money.zero(currency)


def to_customer(billing: AddressModel, customer_id: int) -> Customer | None:
    """Turn a billing address into the buyer; guests are buyers too, an empty address is nobody."""
    address = {
        "line1": billing.address_1,
        "line2": billing.address_2,
        "city": billing.city,
        "state": billing.state,
        "postcode": billing.postcode,
        "country": billing.country,
    }
    made = Customer(
        id=str(customer_id) if customer_id else "",
        given_name=billing.first_name,
        family_name=billing.last_name,
        company=billing.company,
        email=billing.email,
        phone=billing.phone,
        address={name: value for name, value in address.items() if value},
        source=PLATFORM,
    )
    return made if made.name or made.email or made.phone else None


def unreadable(what: str, field: str) -> SyncFailure:
    """Return the failure of a payload that lacks what it cannot be without."""
    return SyncFailure(
        Reason.UNSUPPORTED,
        f"The shop's {what} cannot be read: {field} is missing.",
        error_code="unreadable",
        field=field,
    )


def _sells_gift_card(line: LineModel) -> bool:
    return any(one.key.startswith(_GIFT_CARD_META) for one in line.meta_data)


def _nameless(role: Role) -> str:
    return {Role.SHIPPING: "Shipping", Role.FEE: "Fee"}.get(role, "Product")
