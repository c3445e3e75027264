"""What work costs on AWS, by part of the bill and by what it was for. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import ceil

from bench.aws.gauge import Sample, Side
from bench.aws.stored import Stored
from bench.aws.tariff import MILLION, Tariff

Costs = Counter[tuple[str, str]]  #: USD by part of the bill and by what it was for

WRITES, READS = "DynamoDB writes", "DynamoDB reads"
STORAGE, BACKUP = "DynamoDB storage", "DynamoDB backup"
SQS, KMS, API = "SQS", "KMS", "API Gateway"
RUNS, TIME = "Lambda invocations", "Lambda time"
LOGS, TRANSFER = "CloudWatch logs", "data transfer"
PARTS = (WRITES, READS, STORAGE, BACKUP, TIME, RUNS, API, SQS, KMS, LOGS, TRANSFER)

GB = 1_000_000_000
MESSAGES_A_REQUEST = 10  #: of a receive or delete by Lambda
PAGES = "pages people look at"
TRACES = ("attempt", "exchange", "execution")  #: what expires after a month
QUEUE_OF = {"sync_records": "records", "sync_stock": "stock"}


def cost_of(sample: Sample, tariff: Tariff) -> Costs:
    """Return what one webhook, row, poll or tick costs."""
    costs: Costs = Counter()
    for part, what, usd in _lines(sample, tariff):
        costs[part, what] += usd / max(1, sample.count)
    return costs


def _lines(sample: Sample, tariff: Tariff) -> Iterator[tuple[str, str, float]]:
    price = tariff.prices
    for by, side in (("", sample.own), ("stream: ", sample.follow)):
        for (kind, what, index), units in side.units.items():
            part, each = (
                (WRITES, price["dynamodb_write_million"])
                if what == "write"
                else (READS, price["dynamodb_read_million"])
            )
            name = f"{by}{kind}{', index ' + index if index else ''}"
            yield part, name, units * each / MILLION
    yield from _queue_lines(sample, tariff)
    yield KMS, "data keys", _count(sample.own, "GenerateDataKey", "Decrypt") * _each(tariff, "kms")
    yield from _function_lines(sample, tariff)
    yield TRANSFER, "to vendors", sample.bytes_out * price["transfer_gb"] / GB


def _each(tariff: Tariff, service: str) -> float:
    return tariff.prices[f"{service}_million"] / MILLION


def _count(side: Side, *operations: str) -> int:
    return sum(side.requests[one] for one in operations)


def _queue_lines(sample: Sample, tariff: Tariff) -> Iterator[tuple[str, str, float]]:
    yield SQS, "sends", _count(sample.own, "SendMessageBatch") * _each(tariff, "sqs")
    runs = sum(sample.invocations[one] for one in QUEUE_OF)
    if runs:
        requests = runs * ceil(sample.count / runs / MESSAGES_A_REQUEST)
        yield SQS, "Lambda's receives and deletes", 2 * requests * _each(tariff, "sqs")


def _function_lines(sample: Sample, tariff: Tariff) -> Iterator[tuple[str, str, float]]:
    """Functions: those of a piece that works are one kind, beside the reader of the stream."""
    runs = Counter(sample.invocations)
    follow = runs.pop("follow_changes", 0)
    function = next(iter(runs), "poll_sources")  # polls share the runs of their minute
    calls_ms = sample.vendor_calls * tariff.assumed["vendor_call_ms"]
    yield TIME, f"{function}: vendors answer", _usd_of(calls_ms, function, tariff)
    yield from _own_time(function, function, sample.own, tariff)
    yield from _own_time("follow_changes", "follow_changes", sample.follow, tariff)
    for name, count in (*runs.items(), ("follow_changes", follow)):
        yield RUNS, name, count * _each(tariff, "lambda")
        log_bytes = count * tariff.assumed["runtime_log_bytes"]
        yield LOGS, f"{name}: Lambda's own lines", _usd_of_logs(log_bytes, tariff)
    webhooks = runs.get("api_handler", 0)
    if webhooks:
        yield API, "webhooks", webhooks * _each(tariff, "api")
        log_bytes = webhooks * tariff.assumed["access_log_bytes"]
        yield LOGS, "access log of the API", _usd_of_logs(log_bytes, tariff)
        answers = webhooks * tariff.assumed["answer_bytes"]
        yield TRANSFER, "answers", answers * tariff.prices["transfer_gb"] / GB
    yield LOGS, f"{function}: our lines", _usd_of_logs(sample.log_bytes, tariff)


def _own_time(
    name: str, function: str, side: Side, tariff: Tariff
) -> Iterator[tuple[str, str, float]]:
    waits_ms = side.bursts * tariff.assumed["aws_call_ms"]
    yield TIME, f"{name}: AWS answers", _usd_of(waits_ms, function, tariff)
    share = min(1.0, tariff.memory_mb[function] / tariff.assumed["full_core_mb"])
    yield TIME, f"{name}: CPU", _usd_of(side.cpu_ms / share, function, tariff)


def _usd_of(ms: float, function: str, tariff: Tariff) -> float:
    gb_s = ms / 1000 * tariff.memory_mb[function] / 1024
    return gb_s * tariff.prices["lambda_gb_s"]


def _usd_of_logs(count: float, tariff: Tariff) -> float:
    kept = tariff.assumed["log_compression"] * tariff.assumed["logs_kept_months"]
    each = tariff.prices["logs_gb"] + kept * tariff.prices["logs_storage_gb_month"]
    return count * each / GB


def month_of(samples: Mapping[str, Sample], stored: Mapping[str, Stored], tariff: Tariff) -> Costs:
    """Return what a merchant's month costs."""
    costs: Costs = Counter()
    items: defaultdict[str, float] = defaultdict(float)
    for work in tariff.work:
        sample = samples[work.label]
        for line, usd in cost_of(sample, tariff).items():
            costs[line] += usd * work.times
        for kind, count in written_traces(sample).items():
            items[kind] += count * work.times
    costs[READS, PAGES] += (
        tariff.pages * tariff.reads_a_page * tariff.prices["dynamodb_read_million"] / MILLION
    )
    costs[API, PAGES] += tariff.pages * _each(tariff, "api")
    costs[TRANSFER, PAGES] += (
        tariff.pages * tariff.assumed["page_bytes"] * tariff.prices["transfer_gb"] / GB
    )
    costs += _storage(items, stored, tariff)
    return costs


def written_traces(sample: Sample) -> dict[str, float]:
    """Return how many items that expire one piece of work writes."""
    units = sample.own.units
    count = max(1, sample.count)
    attempts = units.get(("attempt", "write", ""), 0.0)
    exchanges = units.get(("exchange", "write", "list"), 0.0)
    runs = 2 if sample.label.startswith("poll:") and "nothing new" in sample.label else 0
    return {"attempt": attempts / count, "exchange": exchanges / count, "execution": runs}


def _storage(items: Mapping[str, float], stored: Mapping[str, Stored], tariff: Tariff) -> Costs:
    """A month of traces; of each product two rows with their links, words and record; orders of
    a year."""
    costs: Costs = Counter()
    orders = next(one.times for one in tariff.work if one.label == "row: order, new, alone")
    rows = 2 * tariff.products + 12 * orders
    held = {
        "row": rows,
        "link": 4 * tariff.products + 2 * 12 * orders,
        "search word": 5 * tariff.products + 2 * 12 * orders,
        "record": tariff.products + 12 * orders,
        **{kind: items[kind] for kind in TRACES},
    }
    for kind, count in held.items():
        one = stored[kind]
        gb = count * one.billed_bytes / one.items / GB
        costs[STORAGE, kind] = gb * tariff.prices["dynamodb_storage_gb_month"]
        costs[BACKUP, kind] = gb * tariff.prices["dynamodb_backup_gb_month"]
    return costs


def stack_of(samples: Mapping[str, Sample], metrics: int, alarms: int, tariff: Tariff) -> Costs:
    """Return what a stack costs a month before its first merchant."""
    price, assumed = tariff.prices, tariff.assumed
    minutes = assumed["hours_a_month"] * 60
    costs: Costs = Counter()
    for sample in samples.values():
        if sample.label.startswith("tick:"):
            for (part, _), usd in cost_of(sample, tariff).items():
                costs[part, "what runs each minute"] += usd * minutes
    polls = 2 * assumed["pollers"] * 3 * minutes
    costs[SQS, "Lambda asks two empty queues"] = polls * _each(tariff, "sqs")
    costs[KMS, "the key"] = price["kms_key_month"]
    costs["CloudWatch metrics", f"{metrics} metrics of ours"] = metrics * price["metric_month"]
    costs["CloudWatch alarms", f"{alarms} alarms"] = alarms * price["alarm_month"]
    costs["CloudWatch dashboard", "one"] = price["dashboard_month"]
    return costs
