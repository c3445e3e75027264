"""The API on a small world, asked through Chalice's own test client."""

from collections.abc import Iterator

import pytest

from app import app
from tests.app.asking import Api
from tests.app.browsing import Browser
from tests.app.toy_world import World, open_world


@pytest.fixture
def world() -> Iterator[World]:
    """A world with two merchants, so that walls between tenants can be tried."""
    with open_world(SYNCLOG_MAX_BODY_BYTES="2048") as opened:
        opened.add_consumer("acme", time_zone="Europe/London")
        opened.add_consumer("bistro")
        yield opened


@pytest.fixture
def api(world: World) -> Api:
    """The API, asked as an admin of the operator unless a test says otherwise."""
    return Api(app, key=world.key())


@pytest.fixture
def browser(world: World) -> Browser:
    """The browser of an admin of the operator, signed in."""
    opened = Browser(app)
    opened.sign_in(world.key())
    return opened
