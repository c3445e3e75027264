"""The log through the API: filters, pages, one row whole, re-sync of one row."""

from datetime import timedelta

from chalicelib.domain.causes import mapping_cause
from chalicelib.domain.log import Attempt, Exchange
from chalicelib.domain.reasons import Reason
from chalicelib.domain.rows import Row
from chalicelib.domain.statuses import Status
from tests.app.asking import Api
from tests.app.toy_world import START, World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

LOGS = "/v1/consumers/acme/logs"


def records(items: list[dict[str, str]]) -> list[str]:
    return [item["record"] for item in items]


def fill(world: World) -> dict[str, Row]:
    """Make one row of each status and several kinds, a minute apart."""
    rows = {}
    rows["synced"] = world.synced("acme", PRODUCTS, "P1", name="Red shirt", sku="SKU-100")
    world.advance(minutes=1)
    rows["failed"] = world.failed("acme", PRODUCTS, "P2", name="Long shirt", sku="SKU-200")
    world.advance(minutes=1)
    rows["held"] = world.held_by_category("acme", "P3", "1", name="Hat", sku="HAT-1")
    world.advance(minutes=1)
    rows["stock"] = world.synced("acme", STOCK, "P1", name="Red shirt", sku="SKU-100")
    world.advance(minutes=1)
    rows["order"] = world.failed("acme", ORDERS, "SALE42", order_id="SALE42")
    world.synced("bistro", PRODUCTS, "P9", sku="SKU-900")
    return rows


def ask(api: Api, **query: object) -> list[str]:
    answered = api.get(LOGS, **query)
    assert answered.status == 200, answered.json
    return records(answered.json["items"])


def test_rows_come_newest_first_and_only_ones_own(api: Api, world: World) -> None:
    fill(world)

    assert ask(api) == ["SALE42", "P1", "P3", "P2", "P1"]


def test_kinds_are_a_union_and_flows_narrow_them_down(api: Api, world: World) -> None:
    fill(world)

    both = ask(api, kind=["product", "order"])
    assert sorted(both) == sorted([*ask(api, kind="product"), *ask(api, kind="order")])
    assert ask(api, kind=["product", "stock"], flow=STOCK) == ["P1"]
    assert ask(api, kind="order", flow=STOCK) == []
    assert ask(api, kind="refund") == []


def test_each_filter_keeps_its_rows(api: Api, world: World) -> None:
    rows = fill(world)
    cause = mapping_cause(PRODUCTS, "category", "1")

    assert ask(api, status="Failed") == ["SALE42", "P2"]
    assert ask(api, status=["Pending", "Failed"], kind="product") == ["P3", "P2"]
    assert ask(api, reason="needs_mapping") == ["P3"]
    assert ask(api, reason=["needs_mapping", "rejected_by_target"], kind="product") == ["P3", "P2"]
    assert ask(api, code=400, kind="product") == ["P2"]
    assert ask(api, code=[404, 409]) == []
    assert ask(api, group=rows["failed"].fingerprint) == ["P2"]
    assert ask(api, cause=cause) == ["P3"]
    assert ask(api, q="sku-2") == ["P2"]
    assert sorted(ask(api, q="SKU-100")) == ["P1", "P1"]
    assert ask(api, q="SALE") == ["SALE42"]


def test_a_period_holds_its_beginning_and_not_its_end(api: Api, world: World) -> None:
    fill(world)
    begin, end = START + timedelta(minutes=1), START + timedelta(minutes=3)

    assert ask(api, from_=begin.isoformat(), to=end.isoformat()) == ["P3", "P2"]
    assert ask(api, from_="2026-11-02T09:31:00Z", to="2026-11-02T10:33:00+01:00") == ["P3", "P2"]
    assert ask(api, from_="2026-11-03") == []
    assert len(ask(api, to="2026-11-03")) == 5


def test_rows_of_a_run_are_found_by_its_id(api: Api, world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1", execution="run-1")
    world.services.log.put_execution_rows("acme", "run-1", [row.name])
    world.request("acme", PRODUCTS, "P2", execution="run-2")

    assert ask(api, execution="run-1") == ["P1"]


def test_pages_go_to_the_end_and_back_and_hold_each_row_once(api: Api, world: World) -> None:
    for number in range(7):
        world.synced("acme", PRODUCTS, f"P{number}")
        world.advance(seconds=number % 2)  # some at the same moment
    pages, cursor = [], None
    while True:
        page = api.get(LOGS, limit=3, cursor=cursor).json
        pages.append(records(page["items"]))
        world.synced("acme", PRODUCTS, f"new-{len(pages)}")
        cursor = page["next"]
        if cursor is None:
            break
    back = api.get(LOGS, limit=3, cursor=page["previous"]).json

    seen = [record for part in pages for record in part]
    assert sorted(seen) == [f"P{number}" for number in range(7)]
    assert records(back["items"]) == pages[-2]


def test_a_row_says_in_the_list_why_it_failed_and_what_to_do(api: Api, world: World) -> None:
    fill(world)

    [item] = api.get(LOGS, status="Failed", kind="product").json["items"]

    assert item["reason"] == "rejected_by_target"
    assert item["sentence"] == "The target refused the record. The name is too long."
    assert item["remedy"].startswith("Mend what the sentence names")
    assert (item["code"], item["verified"], item["attempts"]) == (400, False, 1)
    assert item["columns"] == {"name": "Long shirt", "sku": "SKU-200"}
    assert item["synced_at"] is None
    assert item["received_at"] == "2026-11-02T09:31:00.000Z"


def test_a_synced_row_says_how_and_where_it_can_be_seen(api: Api, world: World) -> None:
    world.connect("acme", "shop", "till")
    fill(world)

    [item] = api.get(LOGS, flow=PRODUCTS, status="Synced").json["items"]

    assert (item["outcome"], item["verified"], item["reason"]) == ("created", True, None)
    assert item["sentence"] == "Created at the target."
    assert item["links"] == [
        {
            "platform": "shop",
            "connection": "shop",
            "id": "P1",
            "url": "https://shop.example/acme/product/P1",
        },
        {
            "platform": "till",
            "connection": "till",
            "id": "T-P1",
            "url": "https://till.example/acme/product/T-P1",
        },
    ]


def test_each_reason_in_the_list_belongs_to_its_status(api: Api, world: World) -> None:
    fill(world)
    world.request("acme", PRODUCTS, "P5")

    for item in api.get(LOGS).json["items"]:
        if item["reason"]:
            assert Reason(item["reason"]).rule.status == item["status"]
        else:
            assert item["status"] == "Synced"


def test_a_row_is_shown_whole(api: Api, world: World) -> None:
    rows = fill(world)
    name = rows["failed"].name
    for id_ in ("call-1", "call-2"):
        exchange = Exchange(
            id=id_,
            consumer="acme",
            connection="till",
            platform="till",
            method="POST",
            url="https://till.example/items",
            at=world.time,
            duration_ms=12,
            status=400,
            request_body='{"name": "…"}',
            correlations=(f"request-{id_}",),
        )
        attempt = Attempt(
            name=name,
            number=int(id_[-1]),
            started_at=world.time,
            ended_at=world.time + timedelta(milliseconds=1500),
            status=Status.FAILED,
            reason="rejected_by_target",
            outcome=None,
            detail="The name is too long.",
            code=400,
            exchanges=(id_, "expired"),
            by="webhook",
            correlation=f"request-{id_}",
        )
        world.services.log.put_traces([attempt], [exchange])
        world.advance(seconds=5)
    world.services.log.put_snapshots([(name, {"id": "P2", "name": "Long shirt"})])

    shown = api.get(f"{LOGS}/{name.id}").json

    assert shown["row"]["record"] == "P2"
    assert shown["record"] == {"id": "P2", "name": "Long shirt"}
    assert [attempt["number"] for attempt in shown["attempts"]] == [2, 1]
    assert shown["attempts"][0]["duration_ms"] == 1500
    assert shown["attempts"][0]["correlation"] == "request-call-2"
    [exchange_json] = shown["attempts"][0]["exchanges"]
    assert (exchange_json["id"], exchange_json["status"]) == ("call-2", 400)
    assert exchange_json["request"]["body"] == '{"name": "…"}'
    assert exchange_json["correlations"] == ["request-call-2"]


def test_rows_of_the_same_sku_are_related(api: Api, world: World) -> None:
    rows = fill(world)
    world.synced("acme", PRODUCTS, "P7", sku="SKU-1000")  # begins alike and is another

    related = api.get(f"{LOGS}/{rows['synced'].name.id}").json["related"]

    assert [(item["flow"], item["record"]) for item in related] == [(STOCK, "P1")]


def test_a_record_with_odd_signs_has_an_address_of_its_own(api: Api, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "A/1 ü|?#%41", name="Odd")

    assert api.get(f"{LOGS}/{row.name.id}").json["row"]["record"] == "A/1 ü|?#%41"


def test_a_resync_makes_a_failed_row_owed_and_is_in_the_history(api: Api, world: World) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    before = world.services.queue.count("records")

    answered = api.post(f"{LOGS}/{row.name.id}/resync")

    assert answered.status == 202
    assert answered.json["requested"] == "send"
    assert answered.json["row"]["status"] == "Pending"
    assert answered.json["row"]["reason"] == "queued"
    assert world.services.queue.count("records") == before + 1
    [asked] = world.services.log.read_rows([row.name])
    assert asked is not None
    assert asked.forced  # a person asked: the target is looked at whatever the hash says
    assert ("admin of the operator", "re-sync", row.name.id) in world.history("acme")


def test_a_resync_of_a_row_that_is_coming_joins_it(api: Api, world: World) -> None:
    row = world.request("acme", PRODUCTS, "P1")
    before = world.services.queue.count("records")

    assert api.post(f"{LOGS}/{row.name.id}/resync").json["requested"] == "joined"
    assert world.services.queue.count("records") == before
