"""The API under API Gateway's own prefix, the stage's name: every address and every refusal."""

import httpx

from tests.deploy.stage import Stage
from tests.journey.house import House


def ask(url: str, method: str = "GET", **options: object) -> httpx.Response:
    """Ask without a key."""
    with httpx.Client(trust_env=False, timeout=30) as http:
        return http.request(method, url, **options)  # type: ignore[arg-type]  # passed on as it is


def test_the_api_answers_under_its_stage(stage: Stage) -> None:
    answer = ask(f"{stage.url}/v1/health")

    assert stage.url.endswith("/api")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_addresses_that_are_given_out_lead_back_under_the_stage(house: House) -> None:
    vendors = house.vendors
    told = {one.url for sender in (vendors.square.sender,) for one in sender.sent}
    shown = house.api.get(f"{house.base}/connections/square")

    assert shown["webhook_address"].startswith(f"{house.url}/webhooks/square/")
    assert all(url.startswith(f"{house.url}/webhooks/square/") for url in told)


def test_a_caller_without_a_key_is_refused_in_our_shape(stage: Stage) -> None:
    answer = ask(f"{stage.url}/v1/consumers")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_an_unknown_address_is_refused_in_our_shape(stage: Stage) -> None:
    answer = ask(f"{stage.url}/v1/nothing")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_the_same_address_without_the_stage_is_nothing(stage: Stage) -> None:
    assert ask(f"{stage.url.removesuffix('/api')}/v1/health").status_code in (403, 404)
