"""What a merchant of the bench lives through, piece by piece, whichever stores lie underneath."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError
from bench.merchant import CONSUMER, PRODUCTS, STOCK
from bench.vendors import Vendors
from chalicelib.domain.protocol import Request
from chalicelib.domain.rows import RowName
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from chalicelib.flows.intake import receive
from chalicelib.flows.services import Services

WARM_UP = 10  #: webhooks taken before any is measured

Deliveries = Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One kind of work, ready to be done: whoever is given it does it, once, and measures."""

    label: str
    work: Callable[[], int]  #: returns how many webhooks or rows it was
    body: bytes | None = None  #: of a webhook


@dataclass(frozen=True, kw_only=True)
class Story:
    """The product and the vendors as the story uses them.

    Args:
        work_off: works a queue until it is empty, in batches of so many messages; returns how many.
        take_one: takes one webhook.
        alone: rows of each kind that are worked one by one too, as they come on a quiet day.
    """

    services: Services
    vendors: Vendors
    orders: int
    work_off: Callable[..., int]
    take_one: Callable[[dict[str, Any]], None]
    alone: int = 0

    def play(self) -> Iterator[Piece]:
        """Yield every piece, in an order in which each finds what it needs."""
        self.vendors.take_webhooks("brightpearl")
        self.vendors.take_webhooks("square")
        yield from self._products()
        yield from self._stock()
        yield from self._orders()

    def _products(self) -> Iterator[Piece]:
        """Every product for the first time, then changed by a webhook each."""
        products = self.vendors.brightpearl["products"]
        names = [RowName(consumer=CONSUMER, flow=PRODUCTS, record=str(one)) for one in products]
        asked = [Request(name=name, kind=Kind.PRODUCT, by="import") for name in names]
        request_many(self.services, asked)
        yield self._rows("product, new", "records")
        yield self._rows("stock, first count", "stock")
        yield from self._webhooks("one product (Brightpearl)", self._edit(products, "(new)"))
        yield self._rows("product, changed", "records")
        if self.alone:
            self._take_all(self._edit(products[: self.alone], "(again)"))
            yield self._rows("product, changed, alone", "records", at_once=1)

    def _edit(self, products: Sequence[int], suffix: str) -> Deliveries:
        self.vendors.control("brightpearl", "edit-products", products=products, suffix=suffix)
        return self.vendors.take_webhooks("brightpearl")

    def _stock(self) -> Iterator[Piece]:
        """Levels changed by a webhook each, then all by id sets."""
        products = self.vendors.brightpearl["products"]
        changed = self._set_levels(products, quantity=50, together=False)
        yield from self._webhooks("one stock level (Brightpearl)", changed)
        yield self._rows("stock, changed", "stock")
        deliveries = self._set_levels(products, quantity=60, together=True)

        def take_sets() -> int:
            self._take_all(deliveries)
            return len(products)

        yield Piece(label="webhook: id set, per id", work=take_sets)
        self.work_off("stock")
        if self.alone:
            few = products[: self.alone]
            self._take_all(self._set_levels(few, quantity=70, together=False))
            yield self._rows("stock, changed, alone", "stock", at_once=1)

    def _set_levels(self, products: Sequence[int], *, quantity: int, together: bool) -> Deliveries:
        self.vendors.control(
            "brightpearl",
            "set-stocks",
            levels={str(number): quantity + number % 7 for number in products},
            warehouse=self.vendors.brightpearl["warehouses"][0],
            together=together,
        )
        return self.vendors.take_webhooks("brightpearl")

    def _orders(self) -> Iterator[Piece]:
        """Sales of two lines, paid by card, of nobody in particular."""
        yield from self._webhooks("one order (Square)", self._sell(self.orders))
        yield self._rows("order, new", "records")
        if self.alone:
            self._take_all(self._sell(self.alone))
            yield self._rows("order, new, alone", "records", at_once=1)

    def _sell(self, times: int) -> Deliveries:
        record = str(self.vendors.brightpearl["products"][0])
        name = RowName(consumer=CONSUMER, flow=PRODUCTS, record=record)
        [row] = self.services.log.read_rows([name])
        if row is None or row.target_id is None:
            raise BenchError("the product to sell is not at Square")
        location = next(iter(self.vendors.square["location_ids"]))
        sale = {"location": location, "lines": [[row.target_id, 1], [row.target_id, 2]]}
        self.vendors.control("square", "sell-many", times=times, sale=sale)
        return self.vendors.take_webhooks("square")

    def _rows(self, what: str, queue: str, **options: Any) -> Piece:
        return Piece(label=f"row: {what}", work=lambda: self.work_off(queue, **options))

    def _webhooks(self, what: str, deliveries: Deliveries) -> Iterator[Piece]:
        """Yield a piece of all webhooks but the first ones, which warm up."""
        self._take_all(deliveries[:WARM_UP])
        rest = deliveries[WARM_UP:]
        yield Piece(
            label=f"webhook: {what}",
            work=lambda: self._take_all(rest),
            body=deliveries[0]["body"].encode(),
        )

    def _take_all(self, deliveries: Deliveries) -> int:
        for one in deliveries:
            self.take_one(one)
        return len(deliveries)


def take_webhook(services: Services, delivery: dict[str, Any]) -> None:
    """Take a webhook as the route does, once Chalice has handed it over."""
    platform, token = delivery["url"].split("/")[-2:]
    token = token.partition("?")[0]
    body = delivery["body"].encode()
    got = receive(services, platform, token, delivery["headers"], {}, body)
    if got.status != 200:
        raise BenchError(f"a webhook of {platform} was answered {got.status}")


def refuse_unsynced(services: Services, flows: Sequence[str]) -> None:
    """Refuse figures of rows that failed: they would be figures of something else.

    Stock of products that were never counted is left out: it waits for nothing that comes.
    """
    found = services.log.count_now(CONSUMER)
    for one in found:
        if one.status.value != "Synced" and one.count and one.flow != STOCK:
            raise BenchError(f"{one.count} rows of {one.flow} are {one.status.value}, not Synced")
    for flow in flows:
        if not any(one.flow == flow for one in found):
            raise BenchError(f"no row of {flow} was synced")
