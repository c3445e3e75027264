"""Prices, what is assumed where nothing can be measured here, and a merchant's month."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[1] / "prices.json"
CONFIG = Path(__file__).parents[2] / ".chalice" / "config.json"
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Work:
    """So often a month one kind of work is done."""

    label: str
    group: str  #: what people call it
    times: int
    change: bool = False  #: each is a change of a record that was synced


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The file of prices, read."""

    region: str
    date: str
    note: str
    prices: Mapping[str, float]
    assumed: Mapping[str, float]
    products: int
    work: Sequence[Work]
    pages: int
    reads_a_page: int
    memory_mb: Mapping[str, int]  #: by function

    @property
    def changes(self) -> int:
        """Changes of records that are synced in the month."""
        return sum(one.times for one in self.work if one.change)


def read_tariff() -> Tariff:
    """Read prices and month from ``prices.json``, memory from Chalice's configuration."""
    said = json.loads(FILE.read_text(encoding="utf-8"))
    config = json.loads(CONFIG.read_text(encoding="utf-8"))
    default = config["lambda_memory_size"]
    month = said["month"]
    return Tariff(
        region=said["region"],
        date=said["date"],
        note=said["note"],
        prices={name: one["usd"] for name, one in said["prices"].items()},
        assumed={name: one["value"] for name, one in said["assumed"].items()},
        products=month["products"],
        work=[Work(**one) for one in month["work"]],
        pages=month["pages"]["times"],
        reads_a_page=month["pages"]["reads"],
        memory_mb={
            name: one.get("lambda_memory_size", default)
            for name, one in config["lambda_functions"].items()
        },
    )
