"""What a sign-in leaves on a connection, whatever the platform gives."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from chalicelib.domain.platforms import Account
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health
from chalicelib.domain.sign_in import Answered, Asking, SignedIn, SignIn
from chalicelib.flows.services import Services
from chalicelib.flows.setup.account import Given
from chalicelib.flows.setup.connections import read_connection, save_connection
from chalicelib.flows.setup.credentials import open_credentials, with_credentials
from chalicelib.flows.setup.errors import InvalidError
from chalicelib.flows.setup.saving import save as save_change
from chalicelib.flows.setup.sign_in import (
    LASTS,
    NotOursError,
    SignInFailedError,
    UsedError,
    finish,
    read_attempt,
    start,
)
from tests.app.toy_world import World, open_world
from tests.app.toys import OFFERS

HOLDER = "session:ann"


def page_address(asking: Asking) -> str:
    return f"{asking.redirect_uri}?state={asking.state}&challenge={asking.challenge}"


def exchange(account: Account, answered: Answered) -> SignedIn:
    """A till that gives what its code says: one setting, one token, or a no."""
    if answered.query["code"] == "refused":
        raise SyncFailure(Reason.CONNECTION_DOWN, "The till said no. Sign in again.")
    return SignedIn(credentials={"access_token": "good-token"}, settings={"account": "found"})


SIGN_IN = SignIn(
    needs=("signature_key",),
    gives=("access_token", "refresh_token", "account"),
    address=page_address,
    exchange=exchange,
)


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        opened.add_consumer("acme")
        offers = {**OFFERS, "till": replace(OFFERS["till"], sign_in=SIGN_IN)}
        usual = opened.services.open

        def open_connection(connection: Connection, *more: object) -> object:
            account = Account(connection=connection, credentials={}, http=None)
            return replace(usual(connection, None, None), account=account)

        opened.services = replace(opened.services, offers=offers, open=open_connection)
        yield opened


def save(world: World, **credentials: str | None) -> Connection:
    given = Given(credentials={"signature_key": "ours", **credentials})
    return save_connection(world.services, "acme", "till", given, loopback=True, by="Ann")


def sign_in(world: World, code: str = "good", **changes: str) -> Mapping[str, str]:
    """Go there and back; returns the credentials afterwards."""
    services = world.services
    connection = read_connection(services, "acme", "till")
    started = start(services, connection, holder=HOLDER)
    attempt = read_attempt(services, started.kept, platform="till")
    assert attempt is not None
    query = {"code": code, "state": attempt.state, **changes}
    finish(services, attempt, query, holder=HOLDER, by="Ann")
    return open_credentials(services, read_connection(services, "acme", "till"))


def test_what_signing_in_gives_need_not_be_filled_in(world: World) -> None:
    saved = save(world)

    assert saved.health is Health.DOWN
    assert saved.health_detail == "Nobody has signed in at Till for this connection yet."
    assert not saved.tokens_expire_at


def test_what_it_needs_itself_has_to_be_filled_in(world: World) -> None:
    with pytest.raises(InvalidError) as refused:
        save(world, signature_key=None)

    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["settings.account", "credentials.access_token"]


def test_settings_and_tokens_are_kept_beside_what_was_there(world: World) -> None:
    save(world)

    kept = sign_in(world)

    assert kept == {"access_token": "good-token", "signature_key": kept["signature_key"]}
    saved = read_connection(world.services, "acme", "till")
    assert (saved.settings, saved.health) == ({"account": "found"}, Health.HEALTHY)


def test_a_refresh_token_of_before_goes_even_if_none_comes(world: World) -> None:
    save(world)
    before = read_connection(world.services, "acme", "till")
    known = {**open_credentials(world.services, before), "refresh_token": "of before"}
    _put_credentials(world.services, before, known)

    assert "refresh_token" not in sign_in(world)


def test_a_no_changes_nothing(world: World) -> None:
    before = save(world)

    with pytest.raises(SignInFailedError, match="The till said no"):
        sign_in(world, code="refused")

    assert read_connection(world.services, "acme", "till") == before


@pytest.mark.parametrize("state", ["", "other", "\udc80"])
def test_another_state_is_refused(world: World, state: str) -> None:
    save(world)

    with pytest.raises(NotOursError):
        sign_in(world, state=state)


def test_a_state_is_used_once_by_whoever_comes_first(world: World) -> None:
    save(world)
    services = world.services
    started = start(services, read_connection(services, "acme", "till"), holder=HOLDER)
    attempt = read_attempt(services, started.kept, platform="till")
    assert attempt is not None
    query = {"code": "good", "state": attempt.state}
    finish(services, attempt, query, holder=HOLDER, by="Ann")

    with pytest.raises(UsedError):
        finish(services, attempt, query, holder=HOLDER, by="Ann")


def test_a_start_is_kept_for_ten_minutes_and_for_one_platform(world: World) -> None:
    save(world)
    services = world.services
    kept = start(services, read_connection(services, "acme", "till"), holder=HOLDER).kept

    assert read_attempt(services, kept, platform="shop") is None
    assert read_attempt(services, kept, platform="till")
    world.time += LASTS
    assert read_attempt(services, kept, platform="till") is None


def test_no_start_is_like_another(world: World) -> None:
    save(world)
    connection = read_connection(world.services, "acme", "till")
    one, two = (start(world.services, connection, holder=HOLDER) for _ in range(2))

    parts = [set(started.address.partition("?")[2].split("&")) for started in (one, two)]
    assert not parts[0] & parts[1]
    assert "ann" not in one.kept


def _put_credentials(
    services: Services, connection: Connection, credentials: Mapping[str, str]
) -> None:
    """Give a connection credentials that no form has, as a renewal of its tokens does."""
    sealed = with_credentials(services, connection, credentials)
    save_change(services, "acme", lambda: Change(puts=[sealed]))
