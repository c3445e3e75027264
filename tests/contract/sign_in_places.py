"""Platforms to sign in at: each runs, knows our application, and has a person who answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from chalicelib.connectors.brightpearl import OFFER as BRIGHTPEARL
from chalicelib.connectors.lightspeed import OFFER as LIGHTSPEED
from chalicelib.connectors.square import OFFER as SQUARE
from chalicelib.domain.log import Exchange
from chalicelib.domain.platforms import Account, Offer
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn, challenge_of
from local.platforms.server import Simulator
from tests.contract.accounts import open_account
from tests.contract.brightpearl_account import Account as BrightpearlAccount
from tests.contract.lightspeed_store import open_store
from tests.contract.square_shop import open_shop

BACK = "https://hooks.example/connect/platform/callback"
VERIFIER = "v" * 43
STATE = "a state of 32 letters or more/+=&"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One platform as a person and our application meet it."""

    offer: Offer
    simulator: Simulator
    account: Account
    oauth: Any  #: the simulator's; ``consents`` is what the person answers
    works: Callable[[str], bool]  #: whether a call with this token is answered

    @property
    def sign_in(self) -> SignIn:
        """How people sign in here."""
        assert self.offer.sign_in is not None
        return self.offer.sign_in

    @property
    def exchanges(self) -> list[Exchange]:
        """The calls that were recorded."""
        return list(self.account.http.trace.exchanges)

    def with_(self, settings: dict[str, str] | None = None, **credentials: str) -> "Place":
        """Return the place with more settings or other credentials; empty ones are taken away."""
        connection = self.account.connection
        both = {**self.account.credentials, **credentials}
        account = replace(
            self.account,
            connection=replace(connection, settings={**connection.settings, **(settings or {})}),
            credentials={name: value for name, value in both.items() if value},
        )
        return replace(self, account=account)

    def address(self) -> str:
        """Return the platform's page for this account."""
        return self.sign_in.address(
            Asking(
                connection=self.account.connection,
                credentials=self.account.credentials,
                redirect_uri=BACK,
                state=STATE,
                challenge=challenge_of(VERIFIER),
            )
        )

    def go(self) -> dict[str, str]:
        """Open the page, as a browser does; returns what comes back with the person."""
        answer = httpx.get(self.address())
        assert answer.status_code == 302, answer.text
        address, _, query = answer.headers["Location"].partition("?")
        assert address == BACK
        return {name: values[0] for name, values in parse_qs(query).items()}

    def after(self, signed: SignedIn) -> Any:
        """Return the platform as it is opened with what was kept."""
        place = self.with_(dict(signed.settings), **signed.credentials)
        return self.offer.open(place.account)

    def exchange(
        self, query: dict[str, str], *, verifier: str = VERIFIER, redirect_uri: str = BACK
    ) -> SignedIn:
        """Exchange what came back."""
        answered = Answered(query=query, redirect_uri=redirect_uri, verifier=verifier)
        return self.sign_in.exchange(self.account, answered)


def query_of(address: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@contextmanager
def square() -> Iterator[Place]:
    """A Square whose application has a secret."""
    with open_shop() as shop:
        oauth = shop.square.oauth
        oauth.redirect_url = BACK
        held = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}

        def works(token: str) -> bool:
            headers = {"Authorization": f"Bearer {token}"}
            return shop.http.get("/v2/locations", headers=headers).status_code == 200

        with open_account("square", shop.square.base_url, held, now=shop.clock) as account:
            yield Place(
                offer=SQUARE, simulator=shop.square, account=account, oauth=oauth, works=works
            )


@contextmanager
def lightspeed() -> Iterator[Place]:
    """A Lightspeed that registered our redirect address."""
    with open_store() as store:
        oauth = store.lightspeed.oauth
        oauth.redirect_uri = BACK
        held = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
        with open_account(
            "lightspeed", store.lightspeed.base_url, held, now=store.clock
        ) as account:
            yield Place(
                offer=LIGHTSPEED,
                simulator=store.lightspeed,
                account=account,
                oauth=oauth,
                works=lambda token: store.status_with(token) == 200,
            )


@contextmanager
def brightpearl() -> Iterator[Place]:
    """A Brightpearl account where our app is registered."""
    with BrightpearlAccount() as shop:
        simulator = shop.simulator
        app = simulator.register_app("acme_synclog", "dev-1", secret="app-secret")
        settings = {"account": simulator.access.account, "app_ref": app.app_ref}
        held = {"dev_ref": app.dev_ref, "client_secret": app.secret}

        def works(token: str) -> bool:
            answer = httpx.get(
                f"{simulator.base_url}/public-api/{simulator.access.account}"
                "/warehouse-service/warehouse/1",
                headers={
                    "Authorization": f"Bearer {token}",
                    "brightpearl-app-ref": app.app_ref,
                    "brightpearl-dev-ref": app.dev_ref,
                },
            )
            return answer.status_code != 401

        with open_account(
            "brightpearl", simulator.base_url, held, settings=settings, now=shop.clock
        ) as account:
            yield Place(
                offer=BRIGHTPEARL,
                simulator=simulator,
                account=account,
                oauth=simulator.oauth,
                works=works,
            )


PLACES = {"square": square, "lightspeed": lightspeed, "brightpearl": brightpearl}
