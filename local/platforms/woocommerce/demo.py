"""A shop to play with: a tax, a category, a few products, a key."""

from dataclasses import dataclass
from decimal import Decimal

from local.platforms.woocommerce.auth import Key
from local.platforms.woocommerce.simulator import WooCommerceSimulator
from local.platforms.woocommerce.world import TaxRate

SIZES = ("S", "M", "L")


@dataclass(frozen=True, kw_only=True)
class DemoMerchant:
    """What a connection to the simulated shop needs, and its products."""

    key: Key
    mug: int
    shirt: int
    sizes: dict[str, int]  #: variations of the shirt


def demo_merchant(simulator: WooCommerceSimulator) -> DemoMerchant:
    """Charge 20 % VAT on top of prices, and sell a mug and a shirt in three sizes."""
    world = simulator.world
    vat = TaxRate(id=1, code="GB-VAT-1", label="VAT", percent=Decimal(20), country="GB")
    with simulator.lock:
        world.rates.append(vat)
        mug = simulator.add_product(
            name="Blue Mug",
            sku="MUG-1",
            regular_price="10.00",
            manage_stock=True,
            stock_quantity=10,
        )
        size = {"name": "Size", "visible": True, "variation": True, "options": list(SIZES)}
        shirt = simulator.add_product(
            name="Shirt", type="variable", sku="SHIRT", attributes=[{"id": 0, **size}]
        )
        sizes = {
            size: simulator.add_variation(
                shirt,
                sku=f"SHIRT-{size}",
                regular_price="25.00",
                manage_stock=True,
                stock_quantity=5,
                attributes=[{"id": 0, "name": "Size", "option": size}],
            )
            for size in SIZES
        }
        return DemoMerchant(key=simulator.add_key(), mug=mug, shirt=shirt, sizes=sizes)
