"""The merchant's story as ``make demo`` tells it, against the deployed service."""

import time
from datetime import UTC, datetime, timedelta
from random import Random

from local.demo.__main__ import SEED
from local.demo.log import Log, lines_of
from local.demo.merchant import ORDERS
from local.demo.shops import Shops
from local.demo.story import Story
from local.demo.waiting import Patience
from tests.deploy.stage import Stage
from tests.journey.house import opened

WITHIN_S = 300.0


class DeployedStory(Story):
    """The same story; what a poll of every five minutes finds, an import finds at once."""

    def _lose_a_webhook(self) -> None:
        super()._lose_a_webhook()
        self._import_orders()

    def _break_down(self) -> None:
        super()._break_down()
        self._import_orders()  # no webhook tells of the till's order that only gives back

    def _import_orders(self) -> None:
        just_now = datetime.now(UTC) - timedelta(minutes=1)
        period = {"from": just_now.isoformat()}
        self.log.api.post(f"{self.log.base}/flows/{ORDERS}/executions", period)


def test_the_demos_merchant_ends_as_told(stage: Stage) -> None:
    told: list[str] = []
    with stage.hurrying(), opened(stage.operator, products=60, consumer="story") as house:
        shops = Shops(house.vendors, Random(SEED))
        shops.name_too_long()
        log = Log(api=house.api, consumer=house.consumer)
        story = DeployedStory(
            vendors=house.vendors,
            shops=shops,
            log=log,
            patience=Patience(),
            say=told.append,
            until=time.monotonic() + WITHIN_S,
        )

        story.play()

        assert lines_of(log.tally()) == lines_of(story.ending())
        assert shops.uneven_stock(story.wrong) == []
