"""The whole product in this process with a clock that is told: minutes pass without waiting.

Nothing runs by itself: `Minutes.pass_s` moves the clock and lets workers and dispatcher do what is
due. Vendors are called over real HTTP.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import app
from chalicelib import wiring
from chalicelib.connectors.hosts import HostGuard
from chalicelib.connectors.pool import open_pool
from chalicelib.flows import dispatch, keys, sweeper
from chalicelib.flows.engine import sync_batch
from chalicelib.flows.services import Services
from chalicelib.ops.settings import Settings
from local.demo.api import Api
from local.demo.vendors import ALL_SHOPS, Vendors
from local.loops import BATCHES
from local.server import LocalServer, settings_of
from local.sqlite.stores import open_stores
from tests.journey.house import House, opened

STEP_S = 5
CLAIM_S = 60
VISIBILITY_S = 360


class Clock:
    """A time that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """A house whose time is in our hands."""

    house: House
    services: Services
    clock: Clock

    def pass_s(self, seconds: float) -> None:
        """Let time pass, with the work that falls into it."""
        end = self.clock.at + timedelta(seconds=seconds)
        while self.clock.at < end:
            self.work()
            self.clock.at += timedelta(seconds=STEP_S)

    def work(self) -> None:
        """Deliver all webhooks, then do everything that is due at this moment."""
        self.hear()
        deadline = self.clock() + timedelta(seconds=CLAIM_S)
        dispatch.tend(self.services, deadline=deadline)
        dispatch.run_due_polls(self.services, deadline=deadline)
        sweeper.sweep(self.services)
        while any(self._work_batch(queue) for queue in BATCHES):
            pass

    def hear(self) -> None:
        """Let all webhooks arrive."""
        for sender in self.house.vendors.senders:
            sender.drain()

    def _work_batch(self, queue: str) -> bool:
        services = self.services
        messages = services.queue.receive_many(
            queue, limit=BATCHES[queue], visibility_s=VISIBILITY_S, now=self.clock()
        )
        if not messages:
            return False
        deadline = self.clock() + timedelta(seconds=CLAIM_S)
        done = sync_batch(services, list(messages), deadline=deadline).done
        services.queue.delete_many(queue, list(done))
        return True


@contextmanager
def keeping_time(folder: Path, *, products: int) -> Iterator[Minutes]:
    """Set a merchant with three shops up; nothing is synced yet."""
    clock = Clock()
    with ExitStack() as stack:
        stack.callback(setattr, app, "__class__", app.__class__)
        server = LocalServer(app, 0)
        port = int(server.server.server_address[1])
        settings = Settings.from_env(settings_of({"SYNCLOG_LOG_LEVEL": "ERROR"}, port))
        stores = open_stores(folder, now=clock, retention_days=settings.retention_days)
        stack.callback(stores.close)
        guard = HostGuard(allow_loopback=settings.allow_private_hosts)
        services = wiring.build(
            settings,
            log=stores.log,
            registry=stores.registry,
            queue=stores.queue,
            vault=stores.vault,
            http=stack.enter_context(open_pool(guard)),
            now=clock,
        )
        stack.enter_context(wiring.use(services, settings))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.close)
        stack.callback(server.shutdown)
        operator = Api(server.url, keys.create_first_key(services) or "")
        stack.callback(operator.close)
        house = stack.enter_context(opened(operator, products=products, shops=ALL_SHOPS))
        _keep_time(house.vendors, clock)
        yield Minutes(house=house, services=services, clock=clock)


def _keep_time(vendors: Vendors, clock: Clock) -> None:
    """Let the vendors live by the same clock."""
    assert vendors.outlets is not None
    assert vendors.web is not None
    for simulator in vendors.simulators.values():
        simulator.clock = clock
    for shop in (vendors.square, vendors.outlets.simulator, vendors.web.simulator):
        shop.world.clock = clock
