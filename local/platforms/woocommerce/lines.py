"""Lines of an order: products, shipping, fees, coupons; what each costs and its tax by rate."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from local.platforms.woocommerce.errors import CRITICAL, Json, PageError, WooError
from local.platforms.woocommerce.fields import (
    decimal,
    money,
    objects,
    plain,
    price,
    rounded,
    string,
    whole,
)
from local.platforms.woocommerce.products import Product, Products
from local.platforms.woocommerce.world import Coupon, TaxRate, World

KINDS = ("line_items", "shipping_lines", "fee_lines", "coupon_lines")
Taxes = dict[int, Decimal]  #: by id of the rate


@dataclass(kw_only=True)
class Line:
    """One line; amounts are without tax, of the whole line."""

    id: int
    kind: str
    name: str = ""
    product_id: int = 0
    variation_id: int = 0
    sku: str = ""
    quantity: int = 1
    tax_class: str = ""
    subtotal: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    subtotal_taxes: Taxes = field(default_factory=dict)
    taxes: Taxes = field(default_factory=dict)
    method_id: str = ""  #: of shipping
    meta: list[Json] = field(default_factory=list)
    reduced: int = 0  #: stock taken for it

    @property
    def stocked_id(self) -> int:
        """The product whose stock it takes."""
        return self.variation_id or self.product_id

    @property
    def tax(self) -> Decimal:
        """Tax of the line."""
        return sum(self.taxes.values(), Decimal(0))


class LineWriter:
    """Reads the lines of a request into those of an order."""

    def __init__(self, world: World, products: Products) -> None:
        self.world = world
        self.products = products

    def write(self, lines: list[Line], body: Json, country: str) -> list[Line]:
        """Return the lines after ``body``; nothing changes when it is refused."""
        after = [replace(line, meta=[dict(row) for row in line.meta]) for line in lines]
        for kind in KINDS:
            for number, asked in enumerate(objects(body, kind)):
                self._write_one(after, kind, asked, f"{kind}[{number}]", country)
        if objects(body, "coupon_lines"):
            self._discount(after)
        for line in after:
            rates = self._rates(line, country)
            line.taxes = _taxes(line.total, rates)
            line.subtotal_taxes = _taxes(line.subtotal, rates)
        return after

    def _write_one(
        self, lines: list[Line], kind: str, asked: Json, label: str, country: str
    ) -> None:
        known = [line for line in lines if line.id == asked.get("id") and line.kind == kind]
        if asked.get("id") and not known:
            text = "Order item ID provided is not associated with order."
            raise WooError(400, "woocommerce_rest_invalid_item_id", text)
        if known and _is_removed(asked):
            lines.remove(known[0])
            return
        line = known[0] if known else Line(id=self.world.new_id("item"), kind=kind)
        if kind == "line_items":
            self._product_line(line, asked, label, country, is_new=not known)
        elif kind == "coupon_lines":
            line.name = self._coupon(string(asked, "code", f"{label}[code]")).code
        else:
            self._plain_line(line, asked, label)
        self.world.write_meta(line.meta, asked)
        if not known:
            lines.append(line)

    def _product_line(
        self, line: Line, asked: Json, label: str, country: str, *, is_new: bool
    ) -> None:
        """Read a line of a product; an unknown one makes a line without name or value."""
        if "quantity" in asked:
            line.quantity = whole(asked, "quantity", f"{label}[quantity]")
        if line.quantity == 0:
            raise PageError(500, CRITICAL)
        if is_new:
            found = self._choose_product(line, asked, label)
            if found is not None:
                self._fill(line, found, country)
        line.name = string(asked, "name", f"{label}[name]") or line.name
        if "tax_class" in asked:
            line.tax_class = string(asked, "tax_class", f"{label}[tax_class]")
        for name in ("subtotal", "total"):
            if name in asked:
                setattr(line, name, decimal(price(asked, name, f"{label}[{name}]")))

    def _choose_product(self, line: Line, asked: Json, label: str) -> Product | None:
        if not any(asked.get(name) for name in ("product_id", "variation_id", "sku")):
            text = "Product ID or SKU is required."
            raise WooError(400, "woocommerce_rest_required_product_reference", text)
        if asked.get("sku"):
            found = self.products.by_sku(string(asked, "sku", f"{label}[sku]"))
        else:
            name = "variation_id" if asked.get("variation_id") else "product_id"
            found = self.products.by_id.get(whole(asked, name, f"{label}[{name}]"))
        if found is None:
            return None
        line.product_id = found.parent_id or found.id
        line.variation_id = found.id if found.parent_id else 0
        line.sku = found.sku
        return found

    def _fill(self, line: Line, found: Product, country: str) -> None:
        parent = self.products.by_id.get(found.parent_id, found)
        line.name = str(found.data["name"] or parent.data["name"])
        own = found if found.data["tax_class"] != "parent" else parent
        line.tax_class = str(own.data["tax_class"])
        rates = self._rates(line, country)
        percent = sum((rate.percent for rate in rates), Decimal(0))
        line.subtotal = line.total = self.products.net_price(found, percent) * line.quantity

    def _plain_line(self, line: Line, asked: Json, label: str) -> None:
        """Read shipping or a fee, which have a total and no more."""
        name = "method_title" if line.kind == "shipping_lines" else "name"
        line.name = string(asked, name, f"{label}[{name}]") or line.name
        line.method_id = string(asked, "method_id", f"{label}[method_id]") or line.method_id
        if "total" in asked:
            line.total = line.subtotal = decimal(price(asked, "total", f"{label}[total]"))
        if line.kind == "fee_lines" and "tax_class" in asked:
            line.tax_class = string(asked, "tax_class", f"{label}[tax_class]")

    def _coupon(self, code: str) -> Coupon:
        found = self.world.coupons.get(code.lower())
        if found is None:
            text = f'Coupon "{code}" does not exist!'
            raise WooError(400, "woocommerce_rest_invalid_coupon", text)
        return found

    def _discount(self, lines: list[Line]) -> None:
        """Take every coupon off the products; a fixed one is shared by value."""
        sold = [line for line in lines if line.kind == "line_items"]
        for line in sold:
            line.total = line.subtotal
        for used in [line for line in lines if line.kind == "coupon_lines"]:
            coupon = self._coupon(used.name)
            off = _shares(coupon, [line.total for line in sold])
            for line, part in zip(sold, off, strict=True):
                line.total -= part
            used.total = used.subtotal = sum(off, Decimal(0))

    def _rates(self, line: Line, country: str) -> list[TaxRate]:
        if line.kind == "coupon_lines":
            return []
        if line.kind == "line_items":
            found = self.products.by_id.get(line.product_id)
            if found is not None and found.data["tax_status"] != "taxable":
                return []
        rates = self.world.rates_for(line.tax_class, country)
        return [r for r in rates if line.kind != "shipping_lines" or r.on_shipping]


def tax_lines(lines: Iterable[Line], rates: list[TaxRate], places: int) -> list[Json]:
    """Sum the tax of lines by rate."""
    rows = list(lines)
    found = []
    for rate in rates:
        shipped = [x.taxes[rate.id] for x in rows if _is_taxed(x, rate, shipping=True)]
        sold = [x.taxes[rate.id] for x in rows if _is_taxed(x, rate, shipping=False)]
        if shipped or sold:
            found.append(
                {
                    "id": rate.id,
                    "rate_code": rate.code,
                    "rate_id": rate.id,
                    "label": rate.label,
                    "compound": False,
                    "tax_total": money(sum(sold, Decimal(0)), places),
                    "shipping_tax_total": money(sum(shipped, Decimal(0)), places),
                    "rate_percent": float(rate.percent),
                    "meta_data": [],
                }
            )
    return found


def view_line(line: Line, places: int = 2) -> Json:
    """Return the answer for one line, in the shape of its kind."""
    taxes = [
        {"id": rate, "total": plain(tax), "subtotal": plain(line.subtotal_taxes.get(rate, tax))}
        for rate, tax in line.taxes.items()
    ]
    totals = {"total": money(line.total, places), "total_tax": money(line.tax, places)}
    meta = [{**row, "display_key": row["key"], "display_value": row["value"]} for row in line.meta]
    rest = {"taxes": taxes, "meta_data": meta}
    if line.kind == "coupon_lines":
        discount = {
            "discount": money(line.total, places),
            "discount_tax": money(Decimal(0), places),
        }
        return {"id": line.id, "code": line.name, **discount, "meta_data": meta}
    if line.kind == "shipping_lines":
        method = {"method_title": line.name, "method_id": line.method_id, "instance_id": ""}
        return {"id": line.id, **method, **totals, **rest}
    own: Json = {"id": line.id, "name": line.name, "tax_class": line.tax_class}
    if line.kind == "fee_lines":
        return {**own, "tax_status": "taxable", **totals, **rest}
    reduced = {"id": 0, "key": "_reduced_stock", "value": str(line.reduced)}
    shown = [*meta, reduced] if line.reduced else meta
    return {
        **own,
        "product_id": line.product_id,
        "variation_id": line.variation_id,
        "quantity": line.quantity,
        "subtotal": money(line.subtotal, places),
        "subtotal_tax": money(sum(line.subtotal_taxes.values(), Decimal(0)), places),
        **totals,
        "taxes": taxes,
        "meta_data": shown,
        "sku": line.sku or None,
        "price": float(line.total / line.quantity) if line.quantity else 0,
    }


def _is_taxed(line: Line, rate: TaxRate, *, shipping: bool) -> bool:
    return rate.id in line.taxes and (line.kind == "shipping_lines") is shipping


def _is_removed(asked: Json) -> bool:
    """Say whether an entry takes its line out: quantity 0, or null where its name should be."""
    names = ("product_id", "method_id", "method_title", "name", "code")
    return asked.get("quantity") == 0 or any(
        name in asked and asked[name] is None for name in names
    )


def _taxes(amount: Decimal, rates: list[TaxRate]) -> Taxes:
    return {rate.id: rounded(amount * rate.percent / 100) for rate in rates}


def _shares(coupon: Coupon, totals: list[Decimal]) -> list[Decimal]:
    """Return what a coupon takes off each line; the last one bears what rounding leaves."""
    whole_amount = sum(totals, Decimal(0))
    if coupon.kind == "percent":
        return [rounded(total * coupon.amount / 100) for total in totals]
    amount = min(coupon.amount, whole_amount)
    if not whole_amount:
        return [Decimal(0) for _ in totals]
    parts = [rounded(amount * total / whole_amount) for total in totals]
    parts[-1] += amount - sum(parts, Decimal(0))
    return parts
