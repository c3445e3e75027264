"""What can happen to a call, and what has to become of a read and of a write by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.reasons import Reason, SyncFailure
from local.platforms.server import Simulator
from tests.contract.connectors.suite import Running

EMAIL = "buyer.of.the.test@example.com"
NOBODY = "127.0.0.1:1"  #: a port where nobody listens
SHORT_S = 0.25  #: a time-out that is soon over
REFUSALS = (400, 401, 403, 422, 500)
#: What a vendor may answer 200 with when something is wrong with it: JSON, and not what was asked.
ODD_BODIES = [
    b"null",
    [],
    {},
    0,
    True,
    [1],
    ["x"],
    [None],
    [[]],
    {"errors": "x"},
    {"errors": [{}]},
    {"errors": [1]},
]
#: As often as a connector may repeat a call by itself.
EVERY_CALL = 50


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One thing that goes wrong, and the reasons it may have."""

    fault: Mapping[str, Any]  #: for ``Simulator.fail_next``; what is callable is called then
    read: Reason
    write: Reason
    wait_s: tuple[float, float] | None = None  #: bounds of what the vendor asks for


def in_45_s() -> str:
    """Return the HTTP date so many seconds from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=45), usegmt=True)


def faults() -> dict[str, Bad]:
    """Return everything that can happen to a call, by name."""
    answered = {
        "401": (401, Reason.CONNECTION_DOWN, Reason.CONNECTION_DOWN),
        "403": (403, Reason.AUTH_REJECTED, Reason.AUTH_REJECTED),
        "429": (429, Reason.THROTTLED, Reason.THROTTLED),
        "500": (500, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
        "502": (502, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
        "504": (504, Reason.RETRYING, Reason.OUTCOME_UNKNOWN),
    }
    plain = {
        name: Bad(fault={"status": status}, read=read, write=write)
        for name, (status, read, write) in answered.items()
    }
    return plain | _waits() | _broken()


def _waits() -> dict[str, Bad]:
    throttled = {"read": Reason.THROTTLED, "write": Reason.THROTTLED}
    in_seconds = {"status": 429, "retry_after": 7}
    by_date = {"status": 429, "retry_after": in_45_s}
    return {
        "429 with seconds": Bad(fault=in_seconds, wait_s=(7, 7), **throttled),
        "429 with a date": Bad(fault=by_date, wait_s=(30, 45), **throttled),
    }


def _broken() -> dict[str, Bad]:
    """What comes from something between us and the vendor, or from a vendor in trouble."""
    modes: dict[str, Mapping[str, Any]] = {
        "a page that says success": {"mode": "html", "status": 200},
        "a page of a proxy": {"mode": "html", "status": 502},
        "half an answer": {"mode": "half_body"},
        "no answer": {"mode": "drop_before"},
        "no answer, though it was done": {"mode": "drop_after"},
        "a text instead of an object": {"status": 200, "body": "OK"},
    }
    return {
        name: Bad(fault=fault, read=Reason.RETRYING, write=Reason.OUTCOME_UNKNOWN)
        for name, fault in modes.items()
    }


def happen(simulator: Simulator, fault: Mapping[str, Any], **where: Any) -> None:
    """Let every call go wrong until faults are cleared; ``where`` narrows it."""
    settings = {name: value() if callable(value) else value for name, value in fault.items()}
    simulator.fail_next(**{"times": EVERY_CALL, **settings, **where})


def with_text(body: Any, text: str) -> Any:
    """Return a vendor's error body, each of its sentences ending with ``text``."""
    if isinstance(body, dict):
        return {name: with_text(inner, text) for name, inner in body.items()}
    if isinstance(body, list):
        return [with_text(inner, text) for inner in body]
    return f"{body} {text}" if isinstance(body, str) and " " in body else body


def talkative(simulator: Simulator, status: int, text: str) -> Mapping[str, Any]:
    """Return a refusal in the vendor's own shape that repeats ``text`` in its sentences."""
    return {"status": status, "body": with_text(simulator.error_body(status), text)}


FAULTS = faults()


def refusing_everything(running: Running) -> None:
    """Let the account point to a port where nobody listens."""
    old = running.account.connection.base_url.split("/")[2]
    base_url = running.account.connection.base_url.replace(old, NOBODY)
    running.account = replace(
        running.account,
        connection=replace(running.account.connection, base_url=base_url),
        http=replace(running.account.http, base_url=base_url),
    )


def talk_of(running: Running) -> str:
    """Return what a vendor may repeat of a call in a sentence of its own."""
    return " ".join([f"for {EMAIL}", *(f"with the token: {one}" for one in running.secrets)])


def check_failure(running: Running, failure: Any, reason: Reason) -> SyncFailure:
    """See that a failure has its reason, a sentence for people, and nothing that is secret."""
    assert isinstance(failure, SyncFailure), repr(failure)
    assert failure.reason is reason, repr(failure)
    assert failure.detail[0].isupper()
    shown = f"{failure.detail} {failure.field} {failure.error_code} {failure.cause}"
    told = [one for one in (*running.secrets, EMAIL) if one in shown]
    assert not told, f"{failure.detail!r} tells {told}"
    if reason is Reason.CONNECTION_DOWN:
        assert failure.cause == connection_cause(running.account.connection.name)
    return failure


def check_wait(failure: SyncFailure, bad: Bad) -> None:
    if bad.wait_s is not None:
        least, most = bad.wait_s
        assert failure.retry_after_s is not None
        assert least <= failure.retry_after_s <= most, failure.retry_after_s


def check_all(running: Running, ask: Callable[[], Any], reason_of: Callable[[Bad], Reason]) -> None:
    """Let everything happen to a call that can, one after another."""
    met = {}
    for name, bad in FAULTS.items():
        happen(running.simulator, bad.fault)
        met[name] = ask()
        running.simulator.clear_faults()

    reasons = {name: getattr(one, "reason", one) for name, one in met.items()}
    wrong = {n: reasons[n] for n, bad in FAULTS.items() if reasons[n] is not reason_of(bad)}
    assert not wrong, wrong
    for name, bad in FAULTS.items():
        check_wait(check_failure(running, met[name], reason_of(bad)), bad)


def check_recorded(running: Running) -> None:
    """See that every call was recorded, and that no record of one tells too much."""
    exchanges = running.account.http.trace.exchanges
    assert exchanges
    for one in exchanges:
        kept = repr(vars(one))
        told = [secret for secret in (*running.secrets, "@example.com") if secret in kept]
        assert not told, f"the exchange tells {told}: {kept}"
