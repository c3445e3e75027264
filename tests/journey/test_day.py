"""A day of traffic with faults everywhere: at its end the shops and the ERP are equal.

``DAY_SEED=7`` plays another day than the usual one.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from app import app
from chalicelib.domain.retries import RetryPolicy
from chalicelib.flows.catalog import FLOWS
from local.demo.api import Api, Json
from local.demo.comparing import differences
from local.demo.vendors import ALL_SHOPS
from local.demo.waiting import Patience
from local.platforms.lightspeed.simulator import LightspeedSimulator
from local.platforms.server import Simulator
from local.platforms.trouble import KINDS
from local.run import running
from tests.journey.day import Day
from tests.journey.house import House, opened, wait_until

SEED = 1042
SHARE = 0.05  #: of vendor calls, and of webhooks
#: A vendor that has too many calls is obeyed for a whole window of a minute or five: it comes once.
OFTEN = tuple(kind for kind in KINDS if kind != "throttled")
PRODUCTS = 42
QUICK = RetryPolicy(attempts=6, base_s=0.2, cap_s=2)
POLL_EVERY_S = 4
SWEEP_EVERY_S = 20  #: once a day, as far as this day is concerned
SETTLE_S = 120.0
THROTTLED_AT, DOWN_AT, EXPIRED_AT = 2, 9, 14  #: o'clock
DOWN_S = 4.0


@contextmanager
def keeping_day(folder: Path) -> Iterator[House]:
    """Run the product with its real number of attempts, but without its minutes."""
    flows = {
        name: replace(
            flow,
            retry=QUICK,
            poll_every_s=POLL_EVERY_S,
            full_sweep_every_s=SWEEP_EVERY_S if flow.full_sweep_every_s else None,
        )
        for name, flow in FLOWS.items()
    }
    with ExitStack() as stack:
        stack.callback(setattr, app, "__class__", app.__class__)
        environment = {"SYNCLOG_WORKERS": "2", "SYNCLOG_LOG_LEVEL": "ERROR"}
        product = stack.enter_context(running(environment, folder=folder, flows=flows))
        operator = Api(product.url, product.first_key or "")
        stack.callback(operator.close)
        yield stack.enter_context(opened(operator, products=PRODUCTS, shops=ALL_SHOPS))


def let_fail(house: House, share: float, chance: Random) -> None:
    """Let calls and webhooks of all vendors go wrong by chance; 0: none any more."""
    for simulator in house.vendors.simulators.values():
        simulator.let_fail(share, Random(chance.random()), OFTEN)
    for sender in house.vendors.senders:
        sender.let_fail(share, Random(chance.random()))


def lightspeed(house: House) -> LightspeedSimulator:
    assert house.vendors.outlets is not None
    return house.vendors.outlets.simulator


def use_tokens_that_end(house: House) -> None:
    """Connect Lightspeed by OAuth, as most merchants do."""
    tokens = lightspeed(house).grant()
    given = {name: tokens[name] for name in ("access_token", "refresh_token")}
    body = {"platform": "lightspeed", "credentials": given}
    house.api.put(f"{house.base}/connections/lightspeed", body)


def end_tokens(simulator: LightspeedSimulator) -> None:
    """Let the access tokens of the application end now."""
    with simulator.lock:
        for token in simulator.oauth.tokens.values():
            token.expires_at = simulator.world.clock() if token.grant else None


def play(house: House, day: Day, chance: Random) -> None:
    """Let a day pass on which everything goes wrong now and then, and some things badly."""
    victim: Simulator = chance.choice(list(house.vendors.simulators.values()))

    def begin(hour: int) -> None:
        if hour == THROTTLED_AT:
            house.vendors.square.fail_next(429, retry_after=1)
        if hour == DOWN_AT:
            victim.down()
            Patience().pass_time(DOWN_S)
            victim.down(False)
        if hour == EXPIRED_AT:
            end_tokens(lightspeed(house))

    let_fail(house, SHARE, chance)
    day.pass_by(begin)
    let_fail(house, 0, chance)


def unsynced(house: House) -> list[Json]:
    return house.rows(status=["Failed", "Processing", "Pending"])


def settle(house: House) -> None:
    """Wait until nothing is owed, and try once more what used up its attempts."""
    house.settle(within_s=SETTLE_S)
    if any(row["status"] == "Failed" for row in unsynced(house)):
        house.api.post(f"{house.base}/resyncs", {"filter": {}})
        house.settle(within_s=SETTLE_S)


def is_over(house: House) -> bool:
    return not differences(house.vendors) and not unsynced(house)


def story_of(seed: int, house: House, day: Day) -> str:
    """Tell what is not as it should be, and what people did with it."""
    found = differences(house.vendors)
    rows = [
        f"{row['flow']} {row['record']}: {row['status']} {row['reason']}: {row['sentence']}"
        for row in unsynced(house)
    ]
    words = {word.strip(":") for one in found for word in one.split()}
    told = [one for one in day.told if words & set(one.split()[2:])]
    return "\n".join([f"seed {seed}:", *found, *rows, *told])


def test_after_a_day_with_faults_everywhere_shops_and_erp_are_equal(tmp_path: Path) -> None:
    seed = int(os.environ.get("DAY_SEED", SEED))
    chance = Random(seed)
    with keeping_day(tmp_path) as house:
        use_tokens_that_end(house)
        wait_until(lambda: is_over(house), "merchant in step", within_s=SETTLE_S)
        day = Day(house.vendors, Random(chance.random()))
        play(house, day, chance)
        settle(house)
        try:
            wait_until(lambda: is_over(house), "equality", within_s=SETTLE_S)
        except AssertionError:
            raise AssertionError(story_of(seed, house, day)) from None
