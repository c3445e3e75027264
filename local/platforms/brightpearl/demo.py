"""A merchant to try things with: three shops, a few hundred products, everything set up."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice, product

from local.platforms.brightpearl.simulator import BrightpearlSimulator

CATEGORIES = (
    "Shirts",
    "T-Shirts",
    "Jumpers",
    "Jackets",
    "Trousers",
    "Dresses",
    "Socks",
    "Hats",
    "Scarves",
    "Gloves",
    "Belts",
    "Bags",
    "Shoes",
    "Boots",
    "Mugs",
    "Books",
    "Candles",
    "Cushions",
    "Lamps",
    "Gift Cards",
)
STYLES = (
    "Harbour",
    "Linden",
    "Orchard",
    "Meadow",
    "Quayside",
    "Fernhill",
    "Moorland",
    "Kestrel",
    "Saltmarsh",
    "Bramble",
    "Clifton",
    "Redwood",
)
SIZED = frozenset(CATEGORIES[:6])
COLOURED = frozenset(CATEGORIES[6:15])
SIZES = ("S", "M", "L")
COLOURS = ("Navy", "Red", "Green")
ZERO_RATED = frozenset(("Books",))
UNTRACKED = frozenset(("Gift Cards",))
CODE_LENGTH = 3
_SINGULARS = {
    "Dresses": "Dress",
    "Scarves": "Scarf",
    **{pair: pair for pair in ("Trousers", "Socks", "Gloves", "Shoes", "Boots")},
}


@dataclass(frozen=True, kw_only=True)
class DemoMerchant:
    """The ids of what was set up."""

    warehouses: tuple[int, ...]
    price_list: int
    channels: tuple[int, ...]
    walk_in: int
    categories: dict[str, int]
    products: tuple[int, ...]
    statuses: dict[str, int]
    payment_methods: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """One product to be made; variants of a style share the group."""

    name: str
    category: str
    options: tuple[tuple[str, str], ...]
    group: int | None


def demo_merchant(
    simulator: BrightpearlSimulator, products: int = 300, categories: int = 20
) -> DemoMerchant:
    """Fill an empty account: reference data, then products with prices and stock."""
    references = simulator.world.references
    with simulator.batch():
        warehouses = tuple(
            references.add_warehouse(name) for name in ("High Street", "Harbour Side", "Airport")
        )
        references.add_price_list("COST", kind="BUY", gross=False)
        retail = references.add_price_list("RETAIL")
        references.add_price_list("TRADE", gross=False)
        references.add_tax_code("T20", "20", "UK VAT at the standard rate")
        references.add_tax_code("T0", "0", "UK VAT at the zero rate")
        for name in ("Royal Mail Tracked 48", "DPD Next Day", "Collected"):
            references.add_shipping_method(name)
        names = _category_names(categories)
        return DemoMerchant(
            warehouses=warehouses,
            price_list=retail,
            channels=_add_channels(simulator, warehouses, retail),
            statuses=_add_statuses(simulator),
            payment_methods=_add_accounts(simulator),
            walk_in=simulator.add_contact("Walk-in", "Customer"),
            categories={name: references.add_category(name) for name in names},
            products=_add_products(simulator, names, products, warehouses),
        )


def _category_names(count: int) -> list[str]:
    names = [*CATEGORIES, *(f"Seasonal {n}" for n in range(1, max(1, count - len(CATEGORIES)) + 1))]
    return names[:count]


def _add_channels(
    simulator: BrightpearlSimulator, warehouses: tuple[int, ...], price_list: int
) -> tuple[int, ...]:
    references = simulator.world.references
    tills = tuple(
        references.add_channel(
            f"Till {references.warehouses[number].name}",
            warehouses=(number,),
            price_list=price_list,
        )
        for number in warehouses
    )
    return (*tills, references.add_channel("Web", warehouses=warehouses, price_list=price_list))


def _add_statuses(simulator: BrightpearlSimulator) -> dict[str, int]:
    names = ("Draft / Quote", "New order", "Paid", "Completed", "Cancelled")
    references = simulator.world.references
    statuses = {name: references.add_status(name, cancelled=name == "Cancelled") for name in names}
    for name in ("New credit", "Credited"):
        statuses[name] = references.add_status(name, order_type="SC")
    return statuses


def _add_accounts(simulator: BrightpearlSimulator) -> tuple[str, ...]:
    references = simulator.world.references
    accounts = (("1200", "Bank"), ("4000", "Sales"), ("4009", "Tips and discounts"))
    for code, name in accounts:
        references.add_nominal_code(code, name)
    methods = (
        ("CARD", "Card at the till"),
        ("CASH", "Cash"),
        ("WALLET", "Wallet"),
        ("GIFT_CARD", "Gift card"),
        ("OTHER", "Other"),
    )
    for code, name in methods:
        references.add_payment_method(code, name)
    return tuple(code for code, _ in methods)


def _add_products(
    simulator: BrightpearlSimulator, categories: list[str], count: int, warehouses: tuple[int, ...]
) -> tuple[int, ...]:
    numbers = []
    for n, plan in enumerate(islice(_plans(categories), count)):
        number = simulator.add_product(
            plan.name,
            _sku(plan, n),
            group=plan.group,
            options=plan.options,
            category=plan.category,
            price={
                "COST": f"{4 + n % 20}.00",
                "RETAIL": f"{9 + n % 40}.{(0, 50, 95, 99)[n % 4]:02}",
            },
            tracked=plan.category not in UNTRACKED,
            barcode=_ean13(n),
            tax_code="T0" if plan.category in ZERO_RATED else "T20",
            description=f"<p>{plan.name}, from our own workshop.</p>",
        )
        numbers.append(number)
        for shop, warehouse in enumerate(warehouses if plan.category not in UNTRACKED else ()):
            simulator.set_stock(number, warehouse, 5 + (7 * n + 11 * shop) % 40)
    return tuple(numbers)


def _plans(categories: list[str]) -> Iterator[_Plan]:
    """Yield products for ever, style by style, so that every category gets some early."""
    group = 0
    for edition, style in zip(_editions(), cycle(STYLES), strict=False):
        for category in categories:
            group += 1
            variants = _variants(category)
            for options in variants:
                yield _Plan(
                    name=f"{style} {_singular(category)}{edition}",
                    category=category,
                    options=options,
                    group=group if len(variants) > 1 else None,
                )


def _editions() -> Iterator[str]:
    """Yield an empty suffix for the first round of styles, then numbers."""
    yield from ("" for _ in STYLES)
    number = 1
    while True:
        number += 1
        yield from (f" {number}" for _ in STYLES)


def _variants(category: str) -> list[tuple[tuple[str, str], ...]]:
    if category in SIZED:
        return [(("Colour", c), ("Size", s)) for c, s in product(COLOURS[:2], SIZES[:2])]
    if category in COLOURED:
        return [(("Colour", colour),) for colour in COLOURS[:2]]
    return [()]


def _singular(category: str) -> str:
    if category in _SINGULARS:
        return _SINGULARS[category]
    return category.removesuffix("s")


def _sku(plan: _Plan, number: int) -> str:
    """Return ``HAR-SHIR-NAV-M-0007``: always different, never longer than 32 characters."""
    style, thing = plan.name.split()[:2]
    parts = [style[:CODE_LENGTH], thing[:4], *(value[:CODE_LENGTH] for _, value in plan.options)]
    return "-".join([*(part.upper() for part in parts), f"{number:04}"])


def _ean13(number: int) -> str:
    """Return a barcode with a right check digit, in the range 20… kept for shops' own use."""
    digits = f"20{number:010}"
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return digits + str(-total % 10)
