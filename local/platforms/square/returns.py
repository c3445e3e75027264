"""What came back, as orders show it: lines of a sale in part, with their share of every amount."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from local.platforms.square.fields import Json, money, plain

_LINE_FIELDS = ("name", "variation_name", "item_type", "catalog_object_id", "catalog_version")
_SHARED = {
    "variation_total_price_money": "variation_total_price_money",
    "gross_sales_money": "gross_return_money",
    "total_discount_money": "total_discount_money",
    "total_tax_money": "total_tax_money",
    "total_money": "total_money",
}
_SUMS = ("total_money", "tax_money", "discount_money", "tip_money", "service_charge_money")


def returned_goods(
    sold: Json,
    pieces: Mapping[str, Decimal],
    before: Mapping[str, Decimal],
    *,
    charge: bool = False,
    tip: int = 0,
    rounding: int = 0,
) -> Json:
    """Return an entry of ``returns``: pieces of the lines of ``sold``, by uid.

    Args:
        before: pieces that came back earlier; what comes back bit by bit is worth the whole line.
        charge: give the service charge back too.
    """
    currency = sold["total_money"]["currency"]
    lines = [
        _line(line, pieces[line["uid"]], before.get(line["uid"], Decimal(0)), number)
        for number, line in enumerate(sold["line_items"], start=1)
        if line["uid"] in pieces
    ]
    entry: Json = {"uid": "return-1", "return_line_items": lines}
    if charge and sold.get("service_charges"):
        entry["return_service_charges"] = [
            {
                **_without(one, "type"),
                "uid": f"r{one['uid']}",
                "source_service_charge_uid": one["uid"],
            }
            for one in sold["service_charges"]
        ]
    for kind, uid in (("taxes", "tax_uid"), ("discounts", "discount_uid")):
        if sold.get(kind):
            entry[f"return_{kind}"] = [_shared(one, kind, uid, lines) for one in sold[kind]]
    return _closed(entry, currency, tip=tip, rounding=rounding)


def returned_amount(amount: int, currency: str) -> Json:
    """Return an entry of ``returns`` for money without goods."""
    line = {
        "uid": "r1",
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "base_price_money": money(amount, currency),
        "gross_return_money": money(amount, currency),
        "total_tax_money": money(0, currency),
        "total_discount_money": money(0, currency),
        "total_money": money(amount, currency),
    }
    return _closed({"uid": "return-1", "return_line_items": [line]}, currency)


def return_fields(came_back: Sequence[Json], sold: Json) -> Json:
    """Return the fields of an order that goods came back with: what, how much, and what is left."""
    currency = sold["total_money"]["currency"]
    amounts = {
        name: money(sum(_amount(one["return_amounts"], name) for one in came_back), currency)
        for name in _SUMS
    }
    net = {
        name: money(_amount(sold["net_amounts"], name) - value["amount"], currency)
        for name, value in amounts.items()
    }
    return {
        "returns": list(came_back),
        "return_amounts": amounts,
        "net_amounts": net,
        "net_amount_due_money": money(0, currency),
    }


def total_of(entry: Json) -> int:
    """Return what an entry of ``returns`` is worth."""
    return _amount(entry["return_amounts"], "total_money")


def _line(line: Json, quantity: Decimal, before: Decimal, number: int) -> Json:
    whole = Decimal(line["quantity"])
    if quantity <= 0 or before + quantity > whole:
        raise ValueError(f"{before + quantity} of {whole} cannot come back")

    def share(given: Json) -> Json:
        amount = given["amount"]
        upper, lower = _part(amount, before + quantity, whole), _part(amount, before, whole)
        return money(upper - lower, given["currency"])

    body: Json = {name: line[name] for name in _LINE_FIELDS if name in line}
    body |= {shown: share(line[name]) for name, shown in _SHARED.items()}
    body |= {
        "uid": f"r{number}",
        "source_line_item_uid": line["uid"],
        "quantity": plain(quantity),
        "base_price_money": line["base_price_money"],
        "total_service_charge_money": line["total_service_charge_money"],
    }
    if "applied_taxes" in line:
        applied = {"uid": f"rt-{number}", "tax_uid": "rtax-1"}
        body["applied_taxes"] = [applied | {"applied_money": body["total_tax_money"]}]
    return body


def _part(amount: int, pieces: Decimal, whole: Decimal) -> int:
    return int((amount * pieces / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _shared(one: Json, kind: str, uid: str, lines: Sequence[Json]) -> Json:
    name = {"taxes": "total_tax_money", "discounts": "total_discount_money"}[kind]
    applied = sum(_amount(line, name) for line in lines)
    kept = _without(one, "amount_money")
    own = {"uid": f"r{one['uid']}", f"source_{uid}": one["uid"]}
    return kept | own | {"applied_money": money(applied, one["applied_money"]["currency"])}


def _without(one: Json, name: str) -> Json:
    return {key: value for key, value in one.items() if key != name}


def _closed(entry: Json, currency: str, *, tip: int = 0, rounding: int = 0) -> Json:
    """Add tip and rounding, and sum up."""
    lines, charges = entry["return_line_items"], entry.get("return_service_charges") or []
    if tip:
        entry["return_tips"] = [{"uid": "rtip-1", "applied_money": money(tip, currency)}]
    if rounding:
        entry["rounding_adjustment"] = {
            "uid": "rround-1",
            "name": "Cash rounding",
            "amount_money": money(rounding, currency),
        }
    charged = sum(_amount(one, "total_money") for one in charges)
    sums = {
        "total_money": sum(_amount(one, "total_money") for one in lines) + charged + tip + rounding,
        "tax_money": sum(_amount(one, "total_tax_money") for one in [*lines, *charges]),
        "discount_money": sum(_amount(one, "total_discount_money") for one in lines),
        "tip_money": tip,
        "service_charge_money": charged,
    }
    return entry | {
        "return_amounts": {name: money(amount, currency) for name, amount in sums.items()}
    }


def _amount(body: Json, name: str) -> int:
    return int(body[name]["amount"])
