"""Calls one Brightpearl account: address, auth headers, one renewal after a 401, the envelope.

Answers look like ``{"response": …}``, ``{"errors": […]}``, both (207), or ``{}``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from chalicelib.connectors.brightpearl.failures import (
    NOT_FOUND,
    Sent,
    VendorError,
    errors_of,
    failure_from,
    failure_inside,
    half_done,
    refused,
    unreadable,
)
from chalicelib.connectors.http import Answer
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure

#: Data centre Europe; others are set as the connection's address or come with OAuth tokens.
DEFAULT_BASE_URL = "https://euw1.brightpearlconnect.com"
INSTANCE_HEADER = "brightpearl-installed-integration-instance-id"

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a call brought: ``value`` is None where there is no such thing (404) or ``{}``."""

    value: Any = None
    errors: tuple[VendorError, ...] = ()  #: beside a value: a part of the ids did not work (207)
    missing: bool = False

    def as_list(self) -> list[Any]:
        """Return the value where a list is expected; nothing found is an empty one."""
        return self.value if isinstance(self.value, list) else []

    def as_map(self) -> Mapping[str, Any]:
        """Return the value where a map is expected; nothing found is an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def explains_absence(self) -> bool:
        """Whether what is not in the value does not exist, rather than could not be read."""
        return all(error.code == NOT_FOUND for error in self.errors)


@dataclass
class Api:
    """One account's calls; keeps renewed credentials for the calls that follow."""

    account: Account
    credentials: Mapping[str, str] = field(init=False)
    seen_instance_id: str = ""

    def __post_init__(self) -> None:
        self.credentials = self.account.credentials

    @property
    def connection(self) -> str:
        """Name of the connection."""
        return self.account.connection.name

    def setting(self, name: str) -> str:
        """A setting of the connection as text, empty when it is not set."""
        value = self.account.connection.settings.get(name)
        return "" if value is None else str(value).strip()

    @property
    def instance_id(self) -> int | None:
        """Number of this installation, which with ``externalRef`` makes an order unique."""
        for text in (
            self.credentials.get("installation_instance_id", ""),
            self.seen_instance_id,
            self.setting("installation_instance_id"),
        ):
            if text.isdigit():
                return int(text)
        return None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """Read; a 404 is an empty reply."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Create."""
        return self._call("POST", path, body=body, headers=headers)

    def put(self, path: str, body: Any) -> Reply:
        """Replace."""
        return self._call("PUT", path, body=body)

    def patch(self, path: str, body: Any) -> Reply:
        """Change by JSON patch: only ``replace`` and ``remove``."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Reply:
        """Remove; a 404 means that it is gone already."""
        return self._call("DELETE", path)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = Sent(method=method, path=path, writes=method != "GET", connection=self.connection)
        url = self._url(path)

        def once() -> Answer:
            answer: Answer = self.account.http.call(
                method,
                url,
                writes=sent.writes,
                params=params,
                headers={**self._headers(), **(headers or {})},
                json=body,
            )
            return answer

        answer = once()
        if answer.status == 401 and self._renew():
            answer = once()
        self.seen_instance_id = answer.headers.get(INSTANCE_HEADER, self.seen_instance_id)
        return _read(answer, sent)

    def _renew(self) -> bool:
        renewed = self.account.renew(self.credentials)
        if renewed is None:
            return False
        self.credentials = renewed
        return True

    def _url(self, path: str) -> str:
        code = self.setting("account")
        if not code or not self.setting("app_ref"):
            name = "app_ref" if code else "account"
            raise SyncFailure(
                Reason.CONNECTION_DOWN,
                f"The Brightpearl connection lacks its setting {name}: fill it in and save.",
                cause=connection_cause(self.connection),
                field=name,
            )
        return (
            f"{base_url(self.account, self.credentials)}/public-api/{quote(code, safe='')}/{path}"
        )

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", **self._auth()}

    def _auth(self) -> dict[str, str]:
        given = self.credentials
        app_ref = {"brightpearl-app-ref": self.setting("app_ref")}
        if given.get("access_token"):
            dev_ref = {"brightpearl-dev-ref": given["dev_ref"]} if given.get("dev_ref") else {}
            return {"Authorization": f"Bearer {given['access_token']}", **app_ref, **dev_ref}
        if given.get("staff_token"):
            return {"brightpearl-staff-token": given["staff_token"], **app_ref}
        raise refused(self.connection)


def base_url(account: Account, credentials: Mapping[str, str]) -> str:
    """Return where to call: the connection's own address, else the one that came with tokens."""
    if account.connection.base_url:
        return account.connection.base_url.rstrip("/")
    host = credentials.get("api_domain", "")
    return f"https://{host}" if _HOST.fullmatch(host) else DEFAULT_BASE_URL


def _read(answer: Answer, sent: Sent) -> Reply:
    if answer.status == 404 and sent.method in ("GET", "DELETE"):
        return Reply(missing=True, errors=errors_of(_body(answer, sent)))
    if not answer.ok:
        raise failure_from(answer, sent)
    body = _body(answer, sent)
    value, errors = body.get("response"), errors_of(body)
    if errors and value in (None, [], {}):
        if not sent.writes and all(error.code == NOT_FOUND for error in errors):
            return Reply(errors=errors, missing=True)
        raise failure_inside(answer.status, errors, sent)
    if errors and sent.writes:
        raise half_done(answer.status, errors, sent)
    return Reply(value=value, errors=errors)


def _body(answer: Answer, sent: Sent) -> dict[str, Any]:
    """Return the body as an object; a proxy's page is no answer of Brightpearl."""
    if not answer.body.strip():
        return {}
    try:
        body = answer.json()
    except SyncFailure as failure:
        raise unreadable(answer.status, sent) from failure
    if not isinstance(body, dict):
        raise unreadable(answer.status, sent)
    return body
