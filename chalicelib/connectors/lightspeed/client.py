"""Calls one Lightspeed account: address, version, token and its renewal, numbers as decimals."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from chalicelib.connectors.http import Answer
from chalicelib.connectors.lightspeed.application import API_VERSION
from chalicelib.connectors.lightspeed.failures import (
    Call,
    failure_of_answer,
    is_missing,
    unexpected_shape,
)
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure

HOST = "https://{prefix}.retail.lightspeed.app"
TOKEN_PATH = "/api/1.0/token"  # noqa: S105  # an address; it has no version
USER_AGENT = "Synclog"  #: calls without a name are not welcome

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]  #: in order; a name may stand in it several times

#: The prefix becomes part of the host that gets our token.
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


@dataclass
class LightspeedClient:
    """Makes calls and returns parsed answers; every error comes out as a ``SyncFailure``."""

    account: Account
    credentials: Mapping[str, str] = field(init=False)
    _renewed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.credentials = self.account.credentials

    @property
    def connection(self) -> str:
        """Name of the connection these calls belong to."""
        return self.account.connection.name

    @property
    def api_version(self) -> str:
        """Version in the path of every call."""
        return self.setting("api_version") or API_VERSION

    def setting(self, name: str) -> str:
        """Return a setting of the connection as text, empty where it is not set."""
        return str(self.account.connection.settings.get(name) or "").strip()

    def read(self, path: str, needs: str, query: Query = (), *, body: Json | None = None) -> Any:
        """Read with GET, or with POST where a body asks the question.

        Args:
            path: below the version, such as ``sales``.

        Raises:
            SyncFailure: no answer, an error, or something that is not JSON.
        """
        call = Call(connection=self.connection, needs=needs)
        method = "POST" if body is not None else "GET"
        return decoded(self._send(method, _with_query(path, query), call, body))

    def read_data(self, path: str, needs: str, query: Query = ()) -> list[Json]:
        """Read what stands under ``data``, rows without a form left out.

        Raises:
            SyncFailure: as `read`, or there is no list there.
        """
        return rows_in(self.read(path, needs, query))

    def read_one(self, path: str, needs: str) -> Json | None:
        """Read one object; None where there is none.

        Raises:
            SyncFailure: as `read`.
        """
        try:
            answer = self.read(path, needs)
        except SyncFailure as failure:
            if is_missing(failure):
                return None
            raise
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            raise unexpected_shape(200)
        return data

    def write(
        self,
        method: str,
        path: str,
        needs: str,
        body: Json | None = None,
        *,
        creates: bool = False,
    ) -> Json:
        """Change something.

        Raises:
            SyncFailure: ``OUTCOME_UNKNOWN`` where the change may have arrived.
        """
        call = Call(connection=self.connection, needs=needs, writes=True, creates=creates)
        answer = self._send(method, path, call, body)
        try:
            return _object_in(answer)
        except SyncFailure as failure:
            raise SyncFailure(
                Reason.OUTCOME_UNKNOWN,
                "Lightspeed's answer to the write cannot be read.",
                code=failure.code,
                error_code=failure.error_code,
            ) from failure

    def exchange(self, form: Mapping[str, str]) -> Json:
        """Make the one call that carries its secrets in a form: the exchange of tokens."""
        call = Call(connection=self.connection, needs="", writes=True)
        answer: Answer = self.account.http.call(
            "POST",
            self._address() + TOKEN_PATH,
            writes=True,
            headers={"User-Agent": USER_AGENT},
            form=form,
        )
        if not answer.ok:
            raise failure_of_answer(answer, call)
        return _object_in(answer)

    def _send(self, method: str, path: str, call: Call, body: Json | None) -> Answer:
        answer = self._call(method, path, call, body)
        if answer.status == 401 and self._renew():
            answer = self._call(method, path, call, body)
        if not answer.ok:
            raise failure_of_answer(answer, call)
        return answer

    def _call(self, method: str, path: str, call: Call, body: Json | None) -> Answer:
        token = self.credentials.get("access_token")
        answer: Answer = self.account.http.call(
            method,
            f"{self._address()}/api/{self.api_version}/{path}",
            writes=call.writes,
            headers={
                "User-Agent": USER_AGENT,
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            json=_plain(body) if body is not None else None,
        )
        return answer

    def _address(self) -> str:
        account = self.account
        own = account.connection.base_url or account.http.base_url
        if own:
            return str(own).rstrip("/")
        prefix = self.setting("domain_prefix")
        if not _PREFIX.fullmatch(prefix):
            raise SyncFailure(
                Reason.AUTH_REJECTED,
                "The connection does not say which store it is: fill in the domain prefix,"
                " the first part of the store's address.",
                error_code="no_domain_prefix",
            )
        return HOST.format(prefix=prefix)

    def _renew(self) -> bool:
        """Exchange the refused token, once in the life of this client; a 401 did nothing."""
        if self._renewed:
            return False
        renewed = self.account.renew(self.credentials)  # one that fails says nothing of the token
        self._renewed = True
        if renewed is None:
            return False
        self.credentials = renewed
        return True


def rows_in(answer: Any) -> list[Json]:
    """Return the rows of a list: those under ``data``, or the bare array some calls answer.

    Raises:
        SyncFailure: there is no list.
    """
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise unexpected_shape(200)
    return [row for row in rows if isinstance(row, dict)]


def _object_in(answer: Answer) -> Json:
    found = decoded(answer)
    if not isinstance(found, dict):
        raise unexpected_shape(answer.status)
    return found


def decoded(answer: Answer) -> Any:
    """Return the JSON of an answer with decimals for its numbers; an empty body is an empty object.

    Raises:
        SyncFailure: it is not JSON.
    """
    if not answer.body.strip():
        return {}
    try:
        found = json.loads(answer.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return answer.json()  # says what it is
    has_halves = b"\\ud" in answer.body or b"\\uD" in answer.body
    try:
        return _whole(found) if has_halves else found
    except RecursionError:
        raise unexpected_shape(answer.status) from None


def _whole(value: Any) -> Any:
    """Return JSON values without halves of characters, which no store takes."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(one) for name, one in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Return a body as JSON takes it: a decimal is written as the number with its digits."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _with_query(path: str, query: Query) -> str:
    return f"{path}?{urlencode(query)}" if query else path
