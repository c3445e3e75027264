"""Both simulated vendors in a process of their own, so that their CPU is not ours.

``python -m bench.simulators [--hold]`` prints one line of JSON (`Vendors` in ``vendors.py`` reads
it) and serves until its standard input ends, so that it never outlives the bench. Rate limits are
off, writes show at once.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import Any

from local.platforms.brightpearl.demo import demo_merchant as open_erp
from local.platforms.brightpearl.simulator import BrightpearlSimulator
from local.platforms.sender import WebhookSender
from local.platforms.server import Simulator
from local.platforms.square.demo import demo_merchant as open_tills
from local.platforms.square.simulator import SquareSimulator


def main(argv: list[str]) -> int:
    """Serve until standard input ends; ``--products N`` says how many the ERP has."""
    hold = "--hold" in argv
    products = int(argv[argv.index("--products") + 1]) if "--products" in argv else 300
    erp = BrightpearlSimulator(requests_per_minute=None, auto_webhooks=not hold)
    tills = SquareSimulator(sender=WebhookSender(auto=not hold))
    tills.catalog_write_s = 0.0
    goods = open_erp(erp, products=products)
    shop = open_tills(tills, categories=list(goods.categories))
    _add_controls(erp, tills)
    with erp, tills:
        told = {
            "brightpearl": {
                "url": erp.base_url,
                "account": erp.world.account,
                "app_ref": erp.app_ref,
                "staff_token": erp.staff_token,
                **asdict(goods),
            },
            "square": {"url": tills.base_url, **asdict(shop)},
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


def _add_controls(erp: BrightpearlSimulator, tills: SquareSimulator) -> None:
    """Add what the bench does many times over: one control call instead of a thousand."""
    for simulator in (erp, tills):
        simulator.controls |= {
            "count-calls": partial(_count_calls, simulator),
            "take-webhooks": partial(_take_webhooks, simulator),
        }
    erp.controls |= {
        "set-stocks": lambda body: _set_stocks(erp, **body),
        "edit-products": lambda body: _edit_products(erp, **body),
    }
    tills.controls |= {
        "sell-many": lambda body: {"orders": [tills.sell(**body["sale"]) for _ in _times(body)]},
        "stock-sum": lambda body: {"sum": _stock_sum(tills, body["location"])},
    }


def _times(body: dict[str, Any]) -> range:
    return range(int(body["times"]))


def _count_calls(simulator: Simulator, _: dict[str, Any]) -> dict[str, Any]:
    """Count the calls since last asked, by method and path with ids left out."""
    found = Counter(f"{call.method} {_shape(call.path)}" for call in simulator.calls)
    simulator.calls.clear()
    return {"calls": found}


def _shape(path: str) -> str:
    parts = path.removeprefix("/public-api/").split("/")
    return "/".join("…" if any(c.isdigit() for c in part[2:]) else part for part in parts)


def _take_webhooks(simulator: Simulator, _: dict[str, Any]) -> dict[str, Any]:
    """Take what waits to be delivered; it is never sent."""
    senders = [simulator.sender]
    if isinstance(simulator, BrightpearlSimulator):
        senders.append(simulator.best_effort_sender)
    waiting = [one for sender in senders for one in sender.waiting()]
    for sender in senders:
        sender.stop()  # forgets what waits; what is raised later waits again
    taken = [
        {"url": one.url, "headers": dict(one.headers), "body": one.body.decode()} for one in waiting
    ]
    return {"deliveries": taken}


def _set_stocks(
    erp: BrightpearlSimulator, levels: dict[str, int], warehouse: int, together: bool
) -> None:
    """Set levels by product, in one event or in one each."""
    if together:
        with erp.batch():
            _set_stocks(erp, levels, warehouse, together=False)
        return
    for product, quantity in levels.items():
        erp.set_stock(int(product), warehouse, quantity)


def _edit_products(erp: BrightpearlSimulator, products: list[int], suffix: str) -> None:
    """Rename products, each in an event of its own."""
    for product in products:
        erp.edit_product(product, name=f"{erp.world.products.by_id[product].name} {suffix}")


def _stock_sum(tills: SquareSimulator, location: str) -> str:
    variations = [one.id for one in tills.catalog.views() if one.type == "ITEM_VARIATION"]
    return str(sum(tills.inventory.on_hand(one, location) for one in variations))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
