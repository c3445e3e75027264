"""Asking a platform while a person waits ends, whatever the platform does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.platforms import ASKING_LASTS, check_connection, list_choices
from tests.app.toy_world import open_world

QUESTIONS: dict[str, Callable[[Services], object]] = {
    "check": lambda services: check_connection(services, "acme", "shop"),
    "choices": lambda services: list_choices(
        services, services.registry.read_connection("acme", "shop"), "locations"
    ),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_person_who_asks_gives_the_platform_two_minutes(ask: Callable[[Services], Any]) -> None:
    ends: list[datetime] = []
    with open_world() as world:
        world.add_consumer("acme")
        world.connect("acme", "shop")

        def opened(connection: Any, may_send_until: Any, execution: str | None) -> Opened:
            ends.append(may_send_until())
            return world.services.open(connection, may_send_until, execution)

        ask(replace(world.services, open=opened))
        assert ends == [world.services.now() + ASKING_LASTS]
