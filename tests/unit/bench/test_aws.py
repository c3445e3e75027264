"""What the bench counts on AWS is priced by the rules, and told apart by what it was for."""

from collections import Counter
from typing import Any

import pytest

from bench.aws import pricing
from bench.aws.bills import bill_sheets, with_before
from bench.aws.filters import matches, stream_filter
from bench.aws.gauge import Sample, Side
from bench.aws.ledger import IN_ROWS, KINDS, kind_of
from bench.aws.measuring import Measured, sheets_of
from bench.aws.stored import Stored
from bench.aws.tariff import Tariff, read_tariff
from bench.sheet import Sheet

NOBODY = Side(requests=Counter(), units={}, bursts=0, cpu_ms=0.0)


@pytest.fixture
def tariff() -> Tariff:
    return read_tariff()


def make_sample(**changes: Any) -> Sample:
    facts: dict[str, Any] = {
        "label": "row: stock, changed",
        "count": 100,
        "own": NOBODY,
        "follow": NOBODY,
        "invocations": Counter(),
        "stream_records": 0,
        "vendor_calls": 0,
        "bytes_out": 0,
        "log_bytes": 0,
        "metrics": frozenset(),
    }
    return Sample(**{**facts, **changes})


def make_side(**changes: Any) -> Side:
    facts: dict[str, Any] = {"requests": Counter(), "units": {}, "bursts": 0, "cpu_ms": 0.0}
    return Side(**{**facts, **changes})


def make_measured(tariff: Tariff) -> Measured:
    """Every kind of work of the month, each of one row and one write."""
    side = make_side(units={("row", "write", ""): 1.0})
    labels = [work.label for work in tariff.work]
    kinds = {*KINDS.values(), *IN_ROWS.values()}
    stored = {kind: Stored(items=1, bytes=900, billed_bytes=1000, largest=900) for kind in kinds}
    samples = [make_sample(label=label, count=1, own=side) for label in labels]
    return Measured(samples=samples, stored=stored, metrics=3)


def sums(costs: pricing.Costs) -> dict[str, float]:
    found: Counter[str] = Counter()
    for (part, _), usd in costs.items():
        found[part] += usd
    return {part: usd for part, usd in found.items() if usd}


def test_units_are_priced_by_side_and_for_one_row(tariff: Tariff) -> None:
    units = {("row", "write", ""): 300.0, ("row", "write", "list"): 200.0, ("link", "read", ""): 50}
    costs = pricing.cost_of(make_sample(own=make_side(units=units)), tariff)

    each_w, each_r = 0.705 / 1e6, 0.141 / 1e6
    assert costs["DynamoDB writes", "row"] == pytest.approx(3 * each_w)
    assert costs["DynamoDB writes", "row, index list"] == pytest.approx(2 * each_w)
    assert costs["DynamoDB reads", "link"] == pytest.approx(0.5 * each_r)


def test_lambda_receives_and_deletes_ten_messages_a_request(tariff: Tariff) -> None:
    costs = pricing.cost_of(make_sample(invocations=Counter(sync_stock=1)), tariff)

    assert costs["SQS", "Lambda's receives and deletes"] == pytest.approx(20 * 0.4 / 1e6 / 100)


def test_a_function_is_paid_while_it_waits_for_vendors_and_for_aws(tariff: Tariff) -> None:
    own = make_side(bursts=10)
    sample = make_sample(own=own, vendor_calls=4, invocations=Counter(sync_stock=1), count=1)
    costs = pricing.cost_of(sample, tariff)

    gb = tariff.memory_mb["sync_stock"] / 1024
    gb_s = tariff.prices["lambda_gb_s"]
    waited_s = {"sync_stock: vendors answer": 4 * 0.25, "sync_stock: AWS answers": 10 * 0.005}
    for what, seconds in waited_s.items():
        assert costs["Lambda time", what] == pytest.approx(seconds * gb * gb_s)


def test_less_memory_makes_cpu_slower_and_not_dearer(tariff: Tariff) -> None:
    sample = make_sample(own=make_side(cpu_ms=1000.0), invocations=Counter(sync_stock=1))
    usd = pricing.cost_of(sample, tariff)["Lambda time", "sync_stock: CPU"]

    assert usd == pytest.approx(1769 / 1024 * tariff.prices["lambda_gb_s"] / 100)


def test_only_a_webhook_pays_the_api(tariff: Tariff) -> None:
    webhook = make_sample(label="webhook: x", invocations=Counter(api_handler=100))
    row = make_sample(invocations=Counter(sync_stock=1))

    assert sums(pricing.cost_of(webhook, tariff))["API Gateway"] == pytest.approx(3.5 / 1e6)
    assert "API Gateway" not in sums(pricing.cost_of(row, tariff))


def test_a_month_is_its_work_its_pages_and_what_is_kept(tariff: Tariff) -> None:
    measured = make_measured(tariff)
    samples = {one.label: one for one in measured.samples}
    month = pricing.month_of(samples, measured.stored, tariff)

    times = sum(work.times for work in tariff.work)
    assert sums(month)["DynamoDB writes"] == pytest.approx(times * 0.705 / 1e6)
    rows = 2 * tariff.products + 12 * 6000
    assert month["DynamoDB storage", "row"] == pytest.approx(rows * 1000 / 1e9 * 0.283)
    assert month["API Gateway", pricing.PAGES] == pytest.approx(tariff.pages * 3.5 / 1e6)


def test_the_bill_by_part_and_by_what_asks_for_it_comes_to_the_same(tariff: Tariff) -> None:
    by_part, by_group, *_ = bill_sheets(make_measured(tariff))

    *parts, whole = by_part.rows
    assert whole["part"] == "in all"
    assert sum(row["USD a month"] for row in parts) == pytest.approx(whole["USD a month"], abs=1e-3)
    *groups, _ = by_group.rows
    asked = sum(row["USD a month"] for row in groups)
    assert asked == pytest.approx(whole["USD a month"], abs=1e-3)


def test_a_bill_tells_what_it_was_before_and_how_much_less_it_is() -> None:
    rows = [{"part": "SQS", "USD a month": 1.0}, {"part": "KMS", "USD a month": 2.0}]
    sheet = Sheet(title="Bill", columns=("part", "USD a month"), rows=rows)
    earlier = [{"part": "SQS", "USD a month": 4.0}, {"part": "gone", "USD a month": 9.0}]
    told = {"at": "2026-11-22T10:00:00Z", "tables": [{"title": "Bill", "rows": earlier}]}

    [compared] = with_before([sheet], told)

    assert compared.columns == ("part", "USD a month", "before (USD a month)", "% less")
    assert [tuple(row.values()) for row in compared.rows] == [
        ("SQS", 1.0, 4.0, 75.0),
        ("KMS", 2.0, None, None),
    ]
    assert "2026-11-22" in compared.notes[-1]


def test_every_kind_of_work_of_the_month_is_one_that_is_measured(tariff: Tariff) -> None:
    assert tariff.changes == 67_500
    assert {work.label.split(":")[0] for work in tariff.work} == {"webhook", "row", "poll", "sweep"}
    assert sum(work.times for work in tariff.work if work.change) == tariff.changes


def test_units_behind_a_row_are_told_largest_first(tariff: Tariff) -> None:
    units = {("row", "write", ""): 100.0, ("exchange", "write", "list"): 250.0}
    sample = make_sample(own=make_side(units=units))
    measured = Measured(samples=[sample], stored={}, metrics=0)
    _, behind, _ = sheets_of(measured)

    assert [row["units"] for row in behind.rows] == ["exchange list 2.50, row 1.00"]


@pytest.mark.parametrize(
    ("pk", "sk", "kind"),
    [
        ("R|c|flow|1", "~", "row"),
        ("R|c|flow|1", "~~record", "record"),
        ("R|c|flow|1", "A|2026|000000001", "attempt"),
        ("X|1", "~", "exchange"),
        ("N|c|now", "flow", "counter"),
        ("c|flow|S|0", "2026|1", "row"),
    ],
)
def test_an_item_is_known_by_its_key(pk: str, sk: str, kind: str) -> None:
    assert kind_of(pk, sk) == kind


def test_the_stream_hands_on_rows_and_new_exchanges_and_no_attempts() -> None:
    passes = stream_filter()

    def record(pk: str, sk: str = "~", event: str = "MODIFY") -> dict[str, Any]:
        return {"eventName": event, "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}}

    assert passes(record("R|c|flow|1"))
    assert not passes(record("R|c|flow|1", "A|2026"))
    assert passes(record("X|1", event="INSERT"))
    assert not passes(record("X|1", event="REMOVE"))
    assert not passes(record("N|c|now", "flow"))


def test_words_of_a_filter_mean_what_lambda_means() -> None:
    assert matches({"a": [{"exists": False}]}, {"b": "1"})
    assert matches({"a": [{"anything-but": ["x"]}]}, {"a": "y"})
    assert not matches({"a": [{"anything-but": ["x"]}]}, {"a": "x"})
    with pytest.raises(ValueError, match="numeric"):
        matches({"a": [{"numeric": [">", 1]}]}, {"a": 2})
