"""The merchant of the bench with every shop there is: all flows of the catalogue, switched on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.merchant import CONSUMER, WHO
from bench.product import open_product
from bench.story import take_webhook
from bench.tracing import Traces, traced
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.consumers import add_consumer
from chalicelib.flows.setup.flows import save_flow
from chalicelib.flows.setup.mappings import Answers, save_mapping
from chalicelib.flows.setup.platforms import check_connection
from local.demo.joining.parts import Joining
from local.demo.merchant import joinings
from local.demo.vendors import ALL_SHOPS, Vendors, open_vendors
from local.platforms.brightpearl.throttle import Throttle
from local.platforms.sender import Delivery, WebhookSender
from local.platforms.woocommerce.webhooks import HookSender

#: No connection of the bench runs out of calls: they are what is counted.
_PACE = {"settle_s": "1", "calls_per_minute": "100000000"}


@dataclass(frozen=True, kw_only=True)
class Merchant:
    """One ERP, three shops, and the product between them; webhooks wait to be taken."""

    vendors: Vendors
    services: Services
    traces: Traces = field(default_factory=Traces)

    def take_webhooks(self) -> int:
        """Take what the vendors have told since, in their order; returns how many it was."""
        taken = 0
        for sender in _senders(self.vendors):
            waiting = _take(sender)
            for one in waiting:
                told = {"url": one.url, "headers": dict(one.headers), "body": one.body.decode()}
                take_webhook(self.services, told)
            taken += len(waiting)
        return taken


@contextmanager
def open_merchant(folder: Path, *, products: int) -> Iterator[Merchant]:
    """Open all vendors in this process and set the merchant up; no thread works."""
    vendors = open_vendors(products, shops=ALL_SHOPS)
    try:
        for sender in _senders(vendors):
            sender.auto = False
        vendors.brightpearl.throttle = Throttle(vendors.brightpearl.clock, None)
        with open_product(folder) as product:
            traces = Traces()
            services = traced(product.services, traces)
            _set_up(services, joinings(vendors))
            yield Merchant(vendors=vendors, services=services, traces=traces)
    finally:
        vendors.stop()


def _senders(vendors: Vendors) -> list[WebhookSender]:
    return [*vendors.senders, vendors.brightpearl.best_effort_sender]


def _take(sender: WebhookSender) -> list[Delivery]:
    if isinstance(sender, HookSender):
        return sender.take()
    waiting = sender.waiting()
    sender.stop()  # forgets what waits; what is raised later waits again
    return waiting


def _set_up(services: Services, joined: Mapping[str, Joining]) -> None:
    consumer = add_consumer(
        services, id=CONSUMER, name="Bench Shirts", time_zone="Europe/London", by=WHO
    )
    for platform, one in joined.items():
        _connect(services, platform, one)
    for one in joined.values():
        for flow, name in dict.fromkeys((*one.mappings, *one.defaults)):
            default = one.defaults.get((flow, name))
            answers = Answers(
                entries=one.mappings.get((flow, name), {}),
                default=default,
                sets_default=default is not None,
            )
            save_mapping(services, CONSUMER, flow, name, answers, by=WHO)
        for flow, settings in one.settings.items():
            save_flow(services, consumer, flow, enabled=True, settings=dict(settings), by=WHO)


def _connect(services: Services, platform: str, joining: Joining) -> None:
    account = joining.account
    given = Given(
        platform=platform,
        base_url=account["base_url"],
        settings={**account["settings"], **_PACE},
        credentials=account["credentials"],
    )
    save_connection(services, CONSUMER, platform, given, loopback=True, by=WHO)
    checked = check_connection(services, CONSUMER, platform)
    if not checked.ok or checked.problems:
        raise BenchError(f"{platform} could not be connected: {' '.join(checked.problems)}")
