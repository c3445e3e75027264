"""A small Synclog on a running Square, and people who sign in there from the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from app import app
from chalicelib import wiring
from chalicelib.connectors.pool import open_pool
from chalicelib.connectors.square import OFFER
from chalicelib.domain.setup import Connection, Role
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import save_connection
from chalicelib.flows.setup.credentials import open_credentials
from local.sqlite.stores import open_stores
from tests.app.browsing import Browser, Seen, signed_in
from tests.app.toy_world import World, make_settings
from tests.app.toys import OFFERS as TOYS
from tests.contract.square_shop import Shop, open_shop

PUBLIC = "https://hooks.example"
CONNECT = "Connect with Square"
RECONNECT = "Reconnect with Square"
CALLBACK = f"{PUBLIC}/connect/square/callback"


@dataclass
class SignInWorld:
    """Synclog, Square, and what both keep."""

    world: World
    shop: Shop
    public: str = PUBLIC

    @property
    def oauth(self) -> Any:
        """The simulated Square's application and the person at its page."""
        return self.shop.square.oauth

    @property
    def ours(self) -> dict[str, str]:
        """What identifies our application."""
        return {"client_id": self.oauth.client_id, "client_secret": self.oauth.client_secret}

    def save(self, consumer: str = "acme", name: str = "square", **credentials: str) -> None:
        """Save a connection that waits for somebody to sign in, or has what is given."""
        given = Given(
            platform="square",
            base_url=self.shop.square.base_url,
            credentials=credentials or self.ours,
        )
        save_connection(self.world.services, consumer, name, given, loopback=True, by="Ann")

    def read(self, name: str = "square", consumer: str = "acme") -> Connection:
        """Return a connection as it stands."""
        found = self.world.services.registry.read_connection(consumer, name)
        assert found is not None
        return found

    def secrets(self, name: str = "square") -> dict[str, str]:
        """Return a connection's credentials."""
        return open_credentials(self.world.services, self.read(name))

    def browser(self, consumer: str | None = "acme", role: Role = Role.ADMIN) -> Browser:
        """Return the browser of somebody who is signed in."""
        return signed_in(self.world, consumer, role)

    def stranger(self) -> Browser:
        """Return the browser of somebody who is not."""
        return Browser(app)

    @contextmanager
    def without_public_address(self) -> Iterator[None]:
        """Let nobody have said where we can be reached."""
        with wiring.use(replace(self.world.services, public_url=""), self.world.settings):
            yield

    def answer(self, address: str) -> str:
        """Open the platform's page; returns where it sends the person, without our host."""
        answer = httpx.get(address)
        assert answer.status_code == 302, answer.text
        back = answer.headers["Location"]
        assert back.startswith(self.public)
        return str(back.removeprefix(PUBLIC))


def page_of(name: str = "square", consumer: str = "acme") -> str:
    """Return the address of a connection's page."""
    return f"/console/consumers/{consumer}/connections/{name}"


def start(browser: Browser, button: str = CONNECT, page: str = "") -> Seen:
    """Follow the button of a connection's page; returns the redirect to the platform."""
    seen = browser.get(browser.get(page or page_of()).link(button))
    assert seen.status == 303, seen.text
    return seen


@contextmanager
def open_sign_in_world(public: str = PUBLIC) -> Iterator[SignInWorld]:
    """Run Square and a Synclog that reaches it; the simulator's clock is that of both."""
    with open_shop() as shop:
        stores = open_stores(None, now=shop.clock)
        settings = make_settings(SYNCLOG_PUBLIC_URL=public)
        guard = wiring.HostGuard(allow_loopback=True)
        with open_pool(guard) as http:
            services = wiring.build(
                settings,
                log=stores.log,
                registry=stores.registry,
                queue=stores.queue,
                vault=stores.vault,
                flows={},
                offers={"square": OFFER, **TOYS},
                now=shop.clock,
                http=http,
            )
            world = World(
                stores=stores, services=services, settings=settings, platforms={}, time=shop.clock()
            )
            world.add_consumer("acme")
            world.add_consumer("bistro")
            shop.square.oauth.redirect_url = f"{public}/connect/square/callback"
            with wiring.use(services, settings):
                yield SignInWorld(world=world, shop=shop, public=public)
        stores.close()
