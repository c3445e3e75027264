"""The doctor's look at one consumer: connections, flows, what waits, what failed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from cli.arguments import utc
from cli.client import Json, path_of
from cli.commands.connect import is_healthy, told_of
from cli.commands.findings import Finding, guarded
from cli.commands.flows import missing_of, name_of
from cli.commands.groups import causes_of, count_of, failures_of
from cli.errors import RefusedError
from cli.session import Session
from cli.text import clean, read_time, span

LATE = timedelta(minutes=15)  # a healthy installation has no row under way for longer
LOOKED_AT = 1000  # the most waiting rows read to find the oldest
MOVING = ("queued", "retrying", "throttled", "sending", "awaiting_target", "outcome_unknown")


def check_consumer(session: Session, consumer: str) -> Iterator[Finding]:
    """Yield every finding about one consumer."""
    checks = (
        ("connections", _check_connections),
        ("flows", _check_flows),
        ("groups", _check_groups),
        ("waiting", _check_waiting),
    )
    for name, check in checks:
        yield from guarded(f"{consumer}: {name}", partial(check, session, consumer))


def _check_connections(session: Session, consumer: str) -> Iterator[Finding]:
    path = path_of("consumers", consumer, "connections")
    connections = session.api.join(path, {})["items"]
    if not connections:
        todo = f"`connect set` with --consumer {consumer}."
        yield Finding(level="warn", what=f"{consumer}: connections", found="None.", todo=todo)
    for connection in connections:
        yield _check_connection(session, consumer, connection)


def _check_connection(session: Session, consumer: str, connection: Json) -> Finding:
    name = clean(connection.get("name"))
    path = path_of("consumers", consumer, "connections", name, "check")
    try:
        health = session.api.post(path)
    except RefusedError as error:
        # A viewer may not have it checked: what the last check said must do.
        health = connection if error.status == 403 else {"ok": False, "detail": error.message}
    good = is_healthy(health)
    todo = f"`connect set {name}` with new credentials, then `connect check {name}`."
    return Finding(
        level="ok" if good else "fail",
        what=f"{consumer}: connection {name}",
        found=told_of(health),
        todo="" if good else todo,
    )


def _check_flows(session: Session, consumer: str) -> Iterator[Finding]:
    flows = session.api.join(path_of("consumers", consumer, "flows"), {})["items"]
    enabled = [flow for flow in flows if flow.get("enabled")]
    unready = [flow for flow in enabled if not flow.get("ready")]
    for flow in unready:
        yield Finding(
            level="warn",
            what=f"{consumer}: flow {name_of(flow)}",
            found="It is on, but not ready, and runs nothing.",
            todo="Missing: " + ("; ".join(missing_of(flow)) or f"`flows show {name_of(flow)}`"),
        )
    yield Finding(
        level="ok" if enabled else "warn",
        what=f"{consumer}: flows",
        found=f"{len(enabled)} of {len(flows)} on, {len(enabled) - len(unready)} ready.",
        todo="" if enabled else "`flows on FLOW` switches one on.",
    )


def _check_groups(session: Session, consumer: str) -> Iterator[Finding]:
    answer = session.api.join(path_of("consumers", consumer, "groups"), {})
    now = session.now()
    for cause in causes_of(answer):
        yield Finding(
            level="warn",
            what=f"{consumer}: held",
            found=f"{count_of(cause)} rows wait for {clean(cause.get('key'))}{_since(cause, now)}.",
            todo=clean(cause.get("remedy")) or "`groups` says what they need.",
        )
    failed = sum(count_of(item) for item in failures_of(answer))
    yield Finding(
        level="warn" if failed else "ok",
        what=f"{consumer}: failed",
        found=f"{failed} rows." if failed else "None.",
        todo="`groups` says why; then `logs resync --all-failed`." if failed else "",
    )


def _since(cause: Json, now: datetime) -> str:
    first = read_time(cause.get("first_at"))
    return f", the oldest since {span((now - first).total_seconds())}" if first else ""


def _check_waiting(session: Session, consumer: str) -> Iterator[Finding]:
    now = session.now()
    params = {"status": ["Pending", "Processing"], "to": utc(LATE, now)}
    answer = session.api.join(path_of("consumers", consumer, "logs"), params, LOOKED_AT)
    asked = (
        read_time(item.get("requested_at"))
        for item in answer["items"]
        if item.get("reason") in MOVING
    )
    late = sorted(moment for moment in asked if moment and now - moment > LATE)
    found = "Nothing waits longer than it should."
    if late:
        age = span((now - late[0]).total_seconds())
        found = f"{len(late)} rows are under way for long, the oldest since {age}."
    yield Finding(
        level="warn" if late else "ok",
        what=f"{consumer}: waiting",
        found=found,
        todo="Are the workers running? `logs list --status Pending` says why." if late else "",
    )
