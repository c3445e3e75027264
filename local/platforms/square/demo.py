"""A merchant to play with: three shops in Britain, categories by name, a token."""

from collections.abc import Sequence
from dataclasses import dataclass

from local.platforms.square.simulator import SquareSimulator

LOCATIONS = ("London Soho", "Brighton Lanes", "Bath Market")


@dataclass(frozen=True, kw_only=True)
class DemoMerchant:
    """What a connection to the simulated merchant needs."""

    merchant_id: str
    token: str
    location_ids: dict[str, str]  #: by name
    category_ids: dict[str, str]  #: by name


def demo_merchant(simulator: SquareSimulator, categories: Sequence[str] = ()) -> DemoMerchant:
    """Open three shops (GBP, 20 % tax inside the prices) and make the categories given."""
    with simulator.lock:
        location_ids = {name: simulator.add_location(name) for name in LOCATIONS}
        return DemoMerchant(
            merchant_id=simulator.world.merchant_id,
            token=simulator.add_token(),
            location_ids=location_ids,
            category_ids=add_categories(simulator, categories),
        )


def add_categories(simulator: SquareSimulator, names: Sequence[str]) -> dict[str, str]:
    """Make one category for each name, as a person would in the Dashboard; returns ids by name."""
    if not names:
        return {}
    objects = [
        {"type": "CATEGORY", "id": f"#{number}", "category_data": {"name": name}}
        for number, name in enumerate(names)
    ]
    with simulator.lock:
        answer = simulator.writer.batch_upsert({"batches": [{"objects": objects}]})
    return {one["category_data"]["name"]: one["id"] for one in answer["objects"]}
