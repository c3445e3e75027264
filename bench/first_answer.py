"""One cold start, measured from inside: a fresh interpreter runs this file by its path.

``python -I -S -B first_answer.py PACKAGE CASE`` prints the milliseconds it took, the milliseconds
of CPU, and the most memory the process ever had, in MB. The floor and the product run on the same
package. Nothing is imported before the clock starts but what an interpreter has loaded anyway.
"""

import sys
import time

FLOOR = "floor"
IMPORT = "import"
READY = "ready"
PLATFORMS = "platforms"

REGION = "eu-west-1"
ANSWER_IN_MS = 60_000


class Context:
    """What Lambda tells a handler about its invocation."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = "bench"
    memory_limit_in_mb = "1024"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:000000000000:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return a time no measurement reaches."""
        return ANSWER_IN_MS


#: GET /v1/health as API Gateway sends it.
HEALTH = {
    "resource": "/v1/health",
    "path": "/v1/health",
    "httpMethod": "GET",
    "headers": {"accept": "application/json"},
    "multiValueHeaders": {"accept": ["application/json"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {
        "httpMethod": "GET",
        "resourcePath": "/v1/health",
        "path": "/api/v1/health",
        "stage": "api",
        "identity": {"sourceIp": "127.0.0.1"},
    },
    "body": None,
    "isBase64Encoded": False,
}

#: The name of a row that nobody asked for: read, found nowhere, done.
MESSAGE = {
    "messageId": "1",
    "receiptHandle": "1",
    "body": '{"v":1,"consumer":"nobody","flow":"square-orders-to-brightpearl","record":"X"}',
    "attributes": {"ApproximateReceiveCount": "1"},
    "eventSource": "aws:sqs",
}

TICK = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": REGION,
    "resources": [],
    "detail": {},
}

#: A thing in the log table that is no row, so nothing follows from it.
CHANGE = {
    "eventID": "1",
    "eventName": "INSERT",
    "eventSource": "aws:dynamodb",
    "awsRegion": REGION,
    "dynamodb": {
        "Keys": {"pk": {"S": "none"}, "sk": {"S": "none"}},
        "NewImage": {"pk": {"S": "none"}, "sk": {"S": "none"}},
        "SequenceNumber": "1",
    },
}

EVENTS = {
    "api_handler": HEALTH,
    "sync_records": {"Records": [MESSAGE]},
    "sync_stock": {"Records": [MESSAGE]},
    "dispatch_due": TICK,
    "poll_sources": TICK,
    "sweep_overdue": TICK,
    "follow_changes": {"Records": [CHANGE]},
}


def run(case: str) -> None:
    """Do what the case names, in a process that did nothing before."""
    if case == FLOOR:
        start_floor()
        return
    import app

    if case == IMPORT:
        return
    if case in EVENTS:
        # Chalice's names: the app itself answers HTTP, a map of handlers everything else.
        handler = app.app if case == "api_handler" else app.app.handler_map[case]
        check(case, handler(EVENTS[case], Context()))
        return
    from chalicelib import wiring

    services = wiring.services()
    if case == PLATFORMS:
        open_platforms(services.offers)


def start_floor() -> None:
    """Import what the work cannot do without and make the clients of DynamoDB and SQS."""
    import boto3
    import chalice.app  # noqa: F401 - importing it is all

    session = boto3.session.Session()
    for service in ("dynamodb", "sqs"):
        session.client(service)


def open_platforms(offers: dict) -> None:
    """Load what the first record between two platforms loads besides; no call is made."""
    import httpx

    from chalicelib.domain.platforms import Account
    from chalicelib.domain.setup import Connection

    for name, offer in offers.items():
        connection = Connection(consumer="nobody", name=name, platform=name)
        offer.open(Account(connection=connection, credentials={}, http=None))
    httpx.Client().close()


def check(case: str, answer: dict | None) -> None:
    """Stop where a handler did not do its work: its time would say nothing."""
    if case == "api_handler":
        wrong = answer["statusCode"] != 200
    else:
        wrong = bool((answer or {}).get("batchItemFailures"))
    if wrong:
        raise SystemExit(f"{case} answered {answer}")


def main() -> None:
    """Measure one case and print the figures in one line."""
    package, case = sys.argv[1:]
    sys.path.insert(0, package)
    wall, cpu = time.perf_counter(), time.process_time()
    run(case)
    wall_ms = (time.perf_counter() - wall) * 1000
    cpu_ms = (time.process_time() - cpu) * 1000
    sys.stdout.write(f"\nmeasured {wall_ms:.3f} {cpu_ms:.3f} {peak_mb():.1f}\n")


def peak_mb() -> float:
    """Return the most memory this process had; ``getrusage`` would count its parent's too."""
    with open("/proc/self/status") as told:  # noqa: PTH123 - pathlib would be imported for it
        lines = dict(line.split(":", 1) for line in told)
    return int(lines["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    main()
