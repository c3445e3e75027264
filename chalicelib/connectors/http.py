"""The only outgoing HTTP: timeouts, deadlines, one status table, redacted exchanges.

httpx is imported where a call is made, never by importing this module: most processes on AWS answer
without calling a platform, and httpx would be a tenth of their start.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chalicelib.connectors.hosts import HostGuard, redirected, refused
from chalicelib.connectors.pool import Pool
from chalicelib.connectors.redaction import (
    hide_secrets,
    redact_body,
    redact_headers,
    redact_request_headers,
    redact_url,
    sent_secrets,
    without_secrets,
)
from chalicelib.connectors.replies import AnswerTooLargeError, Reply
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.log import Exchange
from chalicelib.domain.reasons import Reason, SyncFailure

if TYPE_CHECKING:
    import httpx

#: Longest wait a vendor may ask for; a longer wish is cut to a day.
RETRY_AFTER_AT_MOST_S = 86_400

#: One call takes at most as long as so many waits for a sign of the other side.
WAITS_OF_A_CALL = 3

#: After a worker's last moment, for lists that are read to their end; some never end.
READS_GO_ON_S = 60

#: Statuses that send a call elsewhere (RFC 9110, 15.4).
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a platform answered: status, headers with names in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the parsed body; halves of characters, which JSON may hold, become question marks.

        Raises:
            SyncFailure: the body is not JSON (a proxy's page, half an answer) or nests deeper than
                any record does; worth another attempt.
        """
        try:
            found = json.loads(self.body)
            may_have_halves = b"\\ud" in self.body or b"\\uD" in self.body
            return _with_whole_characters(found) if may_have_halves else found
        except (ValueError, RecursionError) as error:
            raise SyncFailure(
                Reason.RETRYING,
                f"The platform answered {self.status} with something that is not JSON.",
                code=self.status,
                error_code="not_json",
            ) from error


def _with_whole_characters(data: Any) -> Any:
    """Return JSON values without halves of characters, which no store takes."""
    return json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))


@dataclass
class Trace:
    """The exchanges of one piece of work, collected for the log."""

    exchanges: list[Exchange] = field(default_factory=list)
    serves: str | None = None

    @contextmanager
    def serving(self, record: str) -> Iterator[None]:
        """Note that the calls inside are made for one record of the batch alone."""
        self.serves = record
        try:
            yield
        finally:
            self.serves = None

    def take(self) -> list[Exchange]:
        """Return what was collected and start again."""
        taken, self.exchanges = self.exchanges, []
        return taken


@dataclass(frozen=True, kw_only=True)
class Client:
    """Calls one account of one platform.

    Args:
        may_send_until: last moment a write may start; later ones are refused before they are sent.
            What was begun is read to its end a little longer, but not for ever.
        on_answer: sees each answer's headers, so that a rate window can follow the vendor's own
            count.
    """

    consumer: str
    connection: str
    platform: str
    base_url: str
    http: Pool
    guard: HostGuard
    trace: Trace
    timeout_s: float = 20
    may_send_until: Callable[[], datetime] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    on_answer: Callable[[Answer], None] | None = None
    execution: str | None = None
    secrets: Iterable[str] = ()  #: credentials of the account, which no sentence may repeat

    def call(
        self,
        method: str,
        path: str,
        *,
        writes: bool = False,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call and return its answer, whatever its status but a redirect.

        A redirect is not followed: it could lead anywhere, and a merchant can enter the address
        it leads to.

        Args:
            path: joined to the base URL, or a whole URL.
            writes: the call changes something; without an answer its fate is unknown.

        Raises:
            SyncFailure: nothing came back. ``OUTCOME_UNKNOWN`` if a write may have arrived, else
                ``RETRYING``. Or where the call would go is refused, or the platform redirects it.
        """
        url = _readable(path if "://" in path else self.base_url.rstrip("/") + path)
        self.guard.check(url)
        self._refuse_late(writes=writes)
        reply = self._send(
            method,
            url,
            writes=writes,
            params=dict(params) if params else None,
            headers=dict(headers or {}),
            json=json,
            data=dict(form) if form else None,
        )
        answer = Answer(
            status=reply.status_code,
            headers={key.lower(): value for key, value in reply.headers.items()},
            body=self._body_of(reply, headers or {}),
        )
        if self.on_answer is not None:
            self.on_answer(answer)
        if answer.status in REDIRECTS:
            raise redirected(url, answer.headers.get("location", ""), code=answer.status)
        return answer

    def _body_of(self, reply: Reply, headers: Mapping[str, str]) -> bytes:
        if reply.status_code < 400:
            return reply.content
        return without_secrets(reply.content, (*self.secrets, *sent_secrets(headers)))

    def _send(self, method: str, url: str, *, writes: bool, **sent: Any) -> Reply:
        import httpx

        started_at, clock = self.now(), time.perf_counter()
        try:
            reply = self.http.request(
                method,
                url,
                timeout=self.timeout_s,
                follow_redirects=False,
                extensions={"total_s": self._total_s()},
                **sent,
            )
        except AnswerTooLargeError as error:
            self._record(method, url, started_at, clock, reply=error.reply, error=error)
            raise _too_large(error.reply, writes=writes) from error
        except httpx.HTTPError as error:
            self._record(method, url, started_at, clock, request=_request_of(error), error=error)
            raise _no_answer(error, writes=writes) from error
        self._record(method, url, started_at, clock, reply=reply)
        return reply

    def _total_s(self) -> float:
        """The longest time of a whole call; an answer to a write comes before the deadline."""
        total_s = WAITS_OF_A_CALL * self.timeout_s
        if self.may_send_until is None:
            return total_s
        left_s = (self.may_send_until() - self.now()).total_seconds()
        return min(total_s, max(left_s, self.timeout_s))

    def _refuse_late(self, *, writes: bool) -> None:
        if self.may_send_until is None:
            return
        left_s = (self.may_send_until() - self.now()).total_seconds()
        if left_s < (self.timeout_s if writes else -READS_GO_ON_S):
            raise SyncFailure(
                Reason.RETRYING,
                "The worker's time was nearly up, so nothing was sent.",
                error_code="out_of_time",
                retry_after_s=0,
            )

    def _record(
        self,
        method: str,
        url: str,
        started_at: datetime,
        clock: float,
        *,
        request: "httpx.Request | None" = None,
        reply: Reply | None = None,
        error: Exception | None = None,
    ) -> None:
        request = reply.request if reply is not None else request
        said_headers, said = self._said(reply, request)
        self.trace.exchanges.append(
            Exchange(
                id=uuid4().hex,
                consumer=self.consumer,
                connection=self.connection,
                platform=self.platform,
                method=method,
                url=redact_url(str(request.url) if request else url),
                at=started_at,
                duration_ms=round((time.perf_counter() - clock) * 1000),
                status=reply.status_code if reply is not None else None,
                request_headers=redact_request_headers(request.headers) if request else {},
                request_body=redact_body(request.content) if request else "",
                response_headers=said_headers,
                response_body=said,
                error=type(error).__name__ if error else "",
                execution=self.execution,
                serves=self.trace.serves,
            )
        )

    def _said(
        self, reply: Reply | None, request: "httpx.Request | None"
    ) -> tuple[dict[str, str], str]:
        """Return headers and body of an answer as they are kept; some repeat what was sent."""
        if reply is None:
            return {}, ""
        secrets = (*self.secrets, *sent_secrets(request.headers if request else {}))
        headers = {
            name: hide_secrets(value.encode(), secrets).decode()
            for name, value in redact_headers(reply.headers).items()
        }
        return headers, redact_body(hide_secrets(reply.content, secrets))


def _readable(url: str) -> str:
    """Return an address as it will be sent, so that what is judged is what is called."""
    import httpx

    try:
        return str(httpx.URL(url))
    except httpx.InvalidURL as error:
        raise refused("The address of the platform cannot be read.") from error


def _request_of(error: "httpx.HTTPError") -> "httpx.Request | None":
    try:
        return error.request
    except RuntimeError:
        return None


def _no_answer(error: "httpx.HTTPError", *, writes: bool) -> SyncFailure:
    """Nothing came back: a write that may have left us is unknown, everything else is just tried
    again.
    """
    import httpx

    never_left = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    if writes and not isinstance(error, never_left):
        return SyncFailure(
            Reason.OUTCOME_UNKNOWN,
            f"The platform did not answer the write ({type(error).__name__}).",
            error_code="no_answer",
        )
    return SyncFailure(
        Reason.RETRYING,
        f"The platform could not be reached ({type(error).__name__}).",
        error_code="no_answer",
    )


def _too_large(reply: Reply, *, writes: bool) -> SyncFailure:
    """Nobody knows what the answer said, so a write may have been applied."""
    return SyncFailure(
        Reason.OUTCOME_UNKNOWN if writes else Reason.REJECTED_BY_TARGET,
        "The platform's answer is too large to be one of its interface: check the address.",
        code=reply.status_code,
        error_code="too_large",
    )


#: The one status table: what an error status means unless the platform says otherwise.
STATUS_REASONS: Mapping[int, Reason] = {
    400: Reason.REJECTED_BY_TARGET,
    401: Reason.CONNECTION_DOWN,
    403: Reason.AUTH_REJECTED,
    404: Reason.MISSING_AT_TARGET,
    408: Reason.RETRYING,
    409: Reason.CONFLICT,
    410: Reason.MISSING_AT_TARGET,
    413: Reason.REJECTED_BY_TARGET,
    422: Reason.REJECTED_BY_TARGET,
    425: Reason.RETRYING,
    429: Reason.THROTTLED,
}


def failure_of(
    answer: Answer,
    detail: str,
    *,
    connection: str,
    writes: bool = False,
    error_code: str | None = None,
    field: str | None = None,
    reason: Reason | None = None,
) -> SyncFailure:
    """Turn an error answer into a failure by the status table; ``reason`` overrides it.

    A 5xx after a write may have been applied: it is ``OUTCOME_UNKNOWN``. 500 to 504 on a read is
    tried again.
    """
    if reason is None:
        reason = STATUS_REASONS.get(answer.status)
    if reason is None:
        reason = _reason_of_other(answer.status, writes=writes)
    cause = connection_cause(connection) if reason is Reason.CONNECTION_DOWN else None
    return SyncFailure(
        reason,
        detail,
        cause=cause,
        retry_after_s=retry_after_s(answer.headers),
        code=answer.status,
        error_code=error_code,
        field=field,
    )


def _reason_of_other(status: int, *, writes: bool) -> Reason:
    if status < 500:
        return Reason.REJECTED_BY_TARGET
    return Reason.OUTCOME_UNKNOWN if writes and status != 503 else Reason.RETRYING


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Read ``Retry-After`` as seconds or as an HTTP date (RFC 9110, 10.2.3); None if absent."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if not 0 <= seconds < float("inf"):
        return 0 if seconds < 0 else None
    return min(seconds, RETRY_AFTER_AT_MOST_S)
