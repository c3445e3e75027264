"""The simulated vendors of the demo's merchant: one ERP, and the shops that sell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from local.platforms.brightpearl import demo as brightpearl_demo
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from local.platforms.lightspeed.demo import DemoStore, demo_store
from local.platforms.lightspeed.simulator import LightspeedSimulator
from local.platforms.sender import WebhookSender
from local.platforms.server import Simulator, wall_clock
from local.platforms.square import SquareSimulator
from local.platforms.square import demo as square_demo
from local.platforms.woocommerce.auth import Key
from local.platforms.woocommerce.simulator import WooCommerceSimulator
from local.platforms.woocommerce.world import TaxRate

PRODUCT_COUNT = 300
CALLS_PER_MINUTE = 3000  #: of the simulated Brightpearl; a real account has 200
VAT = Decimal(20)
ACCOUNTS_AGE = timedelta(days=90)
SQUARE, LIGHTSPEED, WOOCOMMERCE = "square", "lightspeed", "woocommerce"
ALL_SHOPS = (SQUARE, LIGHTSPEED, WOOCOMMERCE)


@dataclass(frozen=True, kw_only=True)
class Outlets:
    """The merchant's Lightspeed store, and the ERP's warehouses behind its outlets."""

    simulator: LightspeedSimulator
    store: DemoStore
    warehouses: tuple[int, ...]
    categories: dict[str, str]  #: id by name


@dataclass(frozen=True, kw_only=True)
class Web:
    """The merchant's WooCommerce shop; it sells from the first warehouse, as the first till."""

    simulator: WooCommerceSimulator
    key: Key
    categories: dict[str, int]  #: id by name


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """The simulators with a merchant's accounts in them."""

    brightpearl: BrightpearlSimulator
    square: SquareSimulator
    erp: brightpearl_demo.DemoMerchant
    tills: square_demo.DemoMerchant
    outlets: Outlets | None = None
    web: Web | None = None

    @property
    def simulators(self) -> dict[str, Simulator]:
        """All of them, by platform."""
        found: dict[str, Simulator] = {SQUARE: self.square}
        if self.outlets is not None:
            found[LIGHTSPEED] = self.outlets.simulator
        if self.web is not None:
            found[WOOCOMMERCE] = self.web.simulator
        return {**found, "brightpearl": self.brightpearl}

    @property
    def addresses(self) -> dict[str, str]:
        """Where they listen, by platform."""
        return {name: one.base_url for name, one in self.simulators.items()}

    @property
    def senders(self) -> list[WebhookSender]:
        """Who delivers their webhooks."""
        return [one.sender for one in self.simulators.values()]

    def stop(self) -> None:
        """Stop all."""
        for one in self.simulators.values():
            one.stop()


def open_vendors(products: int = PRODUCT_COUNT, *, shops: Collection[str] = (SQUARE,)) -> Vendors:
    """Start simulators on free ports and fill the merchant's accounts.

    The accounts are older than the demo: a poll that found 300 products made this minute would
    ask for each of them again, for they may have changed since.
    """
    long_ago = datetime.now(UTC) - ACCOUNTS_AGE
    brightpearl = BrightpearlSimulator(requests_per_minute=CALLS_PER_MINUTE, clock=lambda: long_ago)
    square = SquareSimulator()
    erp = brightpearl_demo.demo_merchant(brightpearl, products)
    made = Vendors(
        brightpearl=brightpearl,
        square=square,
        erp=erp,
        tills=square_demo.demo_merchant(square, list(erp.categories)),
        outlets=_open_outlets(brightpearl, erp) if LIGHTSPEED in shops else None,
        web=_open_web(erp) if WOOCOMMERCE in shops else None,
    )
    brightpearl.clock = wall_clock
    for one in made.simulators.values():
        one.start()
    return made


def _open_outlets(brightpearl: BrightpearlSimulator, erp: brightpearl_demo.DemoMerchant) -> Outlets:
    simulator = LightspeedSimulator()
    simulator.calls_per_window = 5 * CALLS_PER_MINUTE
    store = demo_store(simulator)
    with simulator.lock:
        categories = {name: simulator.account.add_category(name) for name in erp.categories}
    return Outlets(
        simulator=simulator,
        store=store,
        warehouses=_add_warehouses(brightpearl, erp, list(store.outlet_ids)),
        categories=categories,
    )


def _add_warehouses(
    brightpearl: BrightpearlSimulator, erp: brightpearl_demo.DemoMerchant, names: list[str]
) -> tuple[int, ...]:
    """Give outlets warehouses of their own, with some stock of each product."""
    references, by_id = brightpearl.world.references, brightpearl.world.products.by_id
    with brightpearl.batch():
        made = tuple(references.add_warehouse(name) for name in names)
        for place, warehouse in enumerate(made):
            for number, product in enumerate(erp.products):
                if by_id[product].tracked:
                    brightpearl.set_stock(product, warehouse, 4 + (5 * number + 3 * place) % 30)
    return made


def _open_web(erp: brightpearl_demo.DemoMerchant) -> Web:
    simulator = WooCommerceSimulator(https_only=False, folder="/shop")
    with simulator.lock:
        world, made = simulator.world, simulator.parts.categories
        world.prices_include_tax = True
        world.rates.append(TaxRate(id=1, code="GB-VAT-1", label="VAT", percent=VAT, country="GB"))
        categories = {name: made.create({"name": name}).id for name in erp.categories}
    return Web(simulator=simulator, key=simulator.add_key(), categories=categories)
