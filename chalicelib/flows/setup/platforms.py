"""Asking platforms while a person waits: does the connection work, what is there to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Check, Choice
from chalicelib.domain.ports import Change
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.setup import Connection, Health
from chalicelib.flows.services import Opened, Services
from chalicelib.flows.setup.connections import read_connection, webhook_address
from chalicelib.flows.setup.credentials import open_credentials, with_credentials
from chalicelib.flows.setup.saving import release, save
from chalicelib.flows.telling import first_correlations, tell_health

DETAIL_LIMIT = 500  #: characters of a sentence kept with a connection
ASKING_LASTS = timedelta(minutes=2)  #: longer than anybody waits; lists of some shops never end


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found; ``connection`` is as it was saved afterwards."""

    connection: Connection
    ok: bool
    account: str
    problems: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class _Finding:
    health: Health
    check: Check
    credentials: Mapping[str, str] = field(default_factory=dict)  #: to be kept: a key of webhooks
    webhooks_problem: str | None = None  #: None: nothing was learned of them; empty: they are there


NO_ADDRESS = (
    "Synclog has no public address (SYNCLOG_PUBLIC_URL) to which webhooks could be sent; "
    "polls find what changed."
)
#: What a platform says that is merely away: of what was registered before it tells nothing.
_AWAY = (Reason.RETRYING, Reason.THROTTLED, Reason.OUTCOME_UNKNOWN)


def check_connection(services: Services, consumer: str, name: str) -> Checked:
    """Ask the platform who we are, register our webhooks there, and note how the connection is.

    A healthy connection releases the rows held under it. Webhooks that cannot be registered are a
    problem to tell, not a reason to stop: polls find what they would have said.
    """
    connection = read_connection(services, consumer, name)
    finding = _find_out(services, connection)

    def build() -> Change:
        fresh = read_connection(services, consumer, name)
        kept = _with_finding(services, fresh, finding)
        healthy = kept.health is Health.HEALTHY
        causes = [connection_cause(name)] if healthy else []
        return Change(
            puts=[kept], releases=[release(services, consumer, cause) for cause in causes]
        )

    save(services, consumer, build)
    _tell_change(services, connection, finding)
    return Checked(
        connection=read_connection(services, consumer, name),
        ok=finding.check.ok,
        account=finding.check.account,
        problems=finding.check.problems,
    )


def _tell_change(services: Services, before: Connection, finding: _Finding) -> None:
    if finding.health not in (before.health, Health.UNCHECKED):
        tell_health(services, before, finding.health, " ".join(finding.check.problems))


def list_choices(
    services: Services, connection: Connection | None, what: str
) -> tuple[Sequence[Choice], str]:
    """Return what a platform has to choose from, and why nothing could be read, if so.

    ``what`` is a word of the platform's choices, such as ``categories``.
    """
    if connection is None:
        return (), "The account is not connected yet."
    opened = _open(services, connection)
    try:
        return opened.platform.list_choices(what), ""
    except SyncFailure as failure:
        return (), failure.detail
    finally:
        _keep_traces(services, opened)


def _find_out(services: Services, connection: Connection) -> _Finding:
    opened = _open(services, connection)
    try:
        check = opened.platform.check()
        if not check.ok:
            return _Finding(health=Health.DOWN, check=check)
        return _register(services, connection, opened, check)
    except SyncFailure as failure:
        # A platform that is merely away tells nothing: what was down stays down.
        refused = failure.reason is Reason.CONNECTION_DOWN
        stays_down = connection.health is Health.DOWN
        health = Health.DOWN if refused or stays_down else Health.UNCHECKED
        check = Check(ok=False, problems=(failure.detail,))
        return _Finding(health=health, check=check)
    finally:
        _keep_traces(services, opened)


def _register(services: Services, connection: Connection, opened: Opened, check: Check) -> _Finding:
    address = webhook_address(services, connection)
    if not address:
        return _Finding(health=Health.HEALTHY, check=check, webhooks_problem=NO_ADDRESS)
    try:
        credentials = opened.platform.ensure_webhooks(address)
    except SyncFailure as failure:
        # A platform may repeat the address it refuses, and its last part is a secret.
        detail = failure.detail.replace(connection.webhook_token, "…")
        problem = f"Webhooks could not be registered: {detail}"
        told = replace(check, problems=(*check.problems, problem))
        learned = None if failure.reason in _AWAY else problem[:DETAIL_LIMIT]
        return _Finding(health=Health.HEALTHY, check=told, webhooks_problem=learned)
    return _Finding(
        health=Health.HEALTHY, check=check, credentials=credentials, webhooks_problem=""
    )


def _with_finding(services: Services, connection: Connection, finding: _Finding) -> Connection:
    noted = replace(
        connection,
        health=finding.health,
        health_detail=" ".join(finding.check.problems)[:DETAIL_LIMIT],
        checked_at=services.now(),
    )
    if finding.webhooks_problem is not None:
        noted = replace(
            noted, webhooks_at=services.now(), webhooks_problem=finding.webhooks_problem
        )
    if not finding.credentials:
        return noted
    known = open_credentials(services, connection)
    return with_credentials(services, noted, {**known, **finding.credentials})


def _open(services: Services, connection: Connection) -> Opened:
    until = services.now() + ASKING_LASTS
    return services.open(connection, lambda: until, None)


def _keep_traces(services: Services, opened: Opened) -> None:
    asked = first_correlations([services.correlation()])
    exchanges = [replace(one, correlations=asked) for one in opened.take_exchanges()]
    if exchanges:
        services.log.put_traces([], exchanges)
