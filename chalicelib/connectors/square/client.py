"""Calls one Square account: address, version, token and its renewal, errors of any shape."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.http import Answer
from chalicelib.connectors.square.application import API_VERSION
from chalicelib.connectors.square.failures import (
    Call,
    errors_in,
    failure_of_answer,
    failure_of_errors,
)
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure

BASE_URL = "https://connect.squareup.com"
#: How often a list may hand out a page that leads nowhere new before the walk is given up.
REPEATS_AT_MOST = 3

Json = dict[str, Any]

#: Ids of Square; anything else would lead a call elsewhere, or have a whole batch refused.
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass
class SquareClient:
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
        """Version sent with every call and put on webhook subscriptions."""
        return str(self.account.connection.settings.get("api_version") or API_VERSION)

    def read(
        self,
        path: str,
        needs: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Read with GET, or with POST where a body asks the question.

        Raises:
            SyncFailure: no answer or an error, errors inside a 200 included: half a list read as a
                whole one would make absent what is there.
        """
        call = Call(connection=self.connection, needs=needs)
        answer = self._send("POST" if body is not None else "GET", path, call, body, params)
        parsed = _object_in(answer)
        errors = errors_in(parsed)
        if errors:
            raise failure_of_errors(errors, call)
        return parsed

    def pages(
        self, path: str, needs: str, *, body: Json | None = None, **query: str
    ) -> Iterator[Json]:
        """Read a list page by page, each with the identical body or query.

        Raises:
            SyncFailure: as `read`, or ``page_repeats``: the cursors lead in a circle.
        """
        seen: list[str] = []
        cursor = ""
        while True:
            place = {"cursor": cursor} if cursor else {}
            if body is not None:
                page = self.read(path, needs, body=body | place)
            else:
                page = self.read(path, needs, params=query | place)
            yield page
            cursor = page.get("cursor") or ""
            if not cursor:
                return
            seen.append(cursor)
            if seen.count(cursor) > REPEATS_AT_MOST:
                raise page_repeats()

    def write(
        self,
        path: str,
        needs: str,
        *,
        body: Json | None = None,
        method: str = "POST",
        creates: bool = False,
    ) -> Json:
        """Change something; errors beside results in a 200 are the caller's to read (`errors_in`).

        Raises:
            SyncFailure: ``OUTCOME_UNKNOWN`` where the change may have arrived; an error and
                nothing else.
        """
        call = Call(connection=self.connection, needs=needs, writes=True, creates=creates)
        answer = self._send(method, path, call, body, None)
        try:
            parsed = _object_in(answer)
        except SyncFailure as failure:
            raise SyncFailure(
                Reason.OUTCOME_UNKNOWN,
                "Square's answer to the write cannot be read.",
                code=failure.code,
                error_code=failure.error_code,
            ) from failure
        errors = errors_in(parsed)
        if errors and parsed.keys() == {"errors"}:
            raise failure_of_errors(errors, call)
        return parsed

    def ask_without_token(self, path: str, body: Json) -> Json:
        """Make the one call that carries its secrets in the body: the exchange of tokens."""
        call = Call(connection=self.connection, needs="", writes=True)
        answer = self._call("POST", path, call, body, None, {})
        if not answer.ok:
            raise failure_of_answer(answer, call, now=self.account.http.now())
        return _object_in(answer)

    def _send(
        self,
        method: str,
        path: str,
        call: Call,
        body: Json | None,
        params: Mapping[str, str] | None,
    ) -> Answer:
        answer = self._call(method, path, call, body, params, self._token_header())
        if answer.status == 401 and self._renew():
            answer = self._call(method, path, call, body, params, self._token_header())
        if not answer.ok:
            raise failure_of_answer(answer, call, now=self.account.http.now())
        return answer

    def _call(
        self,
        method: str,
        path: str,
        call: Call,
        body: Json | None,
        params: Mapping[str, str] | None,
        token: Mapping[str, str],
    ) -> Answer:
        answer: Answer = self.account.http.call(
            method,
            self._address() + path,
            writes=call.writes,
            params=params,
            headers={"Square-Version": self.api_version, **token},
            json=body,
        )
        return answer

    def _address(self) -> str:
        account = self.account
        return (account.connection.base_url or account.http.base_url or BASE_URL).rstrip("/")

    def _token_header(self) -> Mapping[str, str]:
        token = self.credentials.get("access_token", "").strip()
        if not token:
            raise SyncFailure(
                Reason.CONNECTION_DOWN,
                "The account has no access token: connect it to Square.",
                cause=connection_cause(self.connection),
            )
        return {"Authorization": f"Bearer {token}"}

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


def is_id(text: str) -> bool:
    """Say whether a text may be an id of Square at all."""
    return _ID.fullmatch(text) is not None


def page_repeats() -> SyncFailure:
    """Return the failure of a list whose pages lead in a circle."""
    return SyncFailure(
        Reason.RETRYING,
        "Square's list hands out the same page again and again: it has to be read from its start.",
        error_code="page_repeats",
    )


def _object_in(answer: Answer) -> Json:
    """Return the JSON object of an answer; an empty body is an empty object."""
    parsed = answer.json() if answer.body.strip() else {}
    if not isinstance(parsed, dict):
        raise SyncFailure(
            Reason.RETRYING,
            "Square answered with JSON of an unexpected shape.",
            code=answer.status,
            error_code="not_an_object",
        )
    return parsed
