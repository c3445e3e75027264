"""Calls one shop: its address, the key, pages, and answers that plugins write into."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.connectors.http import Answer
from chalicelib.connectors.woocommerce.address import API, shop_address
from chalicelib.connectors.woocommerce.answers import json_in
from chalicelib.connectors.woocommerce.failures import Call, failure_of_answer, not_json
from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import Account
from chalicelib.domain.reasons import Reason, SyncFailure

WC = "/wc/v3"
PAGE = 100  #: most a list gives at once
PAGES_AT_MOST = 1000

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One page of a list, and whether more follow."""

    rows: Sequence[Json]
    has_more: bool


@dataclass
class WooClient:
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
    def shop(self) -> str:
        """Where the shop is.

        Raises:
            SyncFailure: ``CONNECTION_DOWN``; nobody has entered it.
        """
        address = shop_address(self.account.connection.base_url or self.account.http.base_url)
        if not address:
            raise SyncFailure(
                Reason.CONNECTION_DOWN,
                "The shop's address is missing: enter it, such as https://shop.example.",
                cause=connection_cause(self.connection),
                error_code="no_address",
            )
        return address

    def read(self, path: str, **query: str) -> Any:
        """Read one thing below ``/wp-json/wc/v3``, or below ``/wp-json`` with a leading ``/``."""
        answer = self._send("GET", path, query=query)
        return _parsed(answer, writes=False)

    def read_object(self, path: str, **query: str) -> Json:
        """Read one object."""
        found = self.read(path, **query)
        if not isinstance(found, dict):
            raise _unexpected()
        return found

    def read_list(self, path: str) -> list[Json]:
        """Read a list that has no pages."""
        return _rows_in(self.read(path))

    def read_page(self, path: str, **query: str) -> Listed:
        """Read one page of a list; the header tells whether it is the last, else its length."""
        query = {"per_page": str(PAGE), **query}
        answer = self._send("GET", path, query=query)
        rows = _rows_in(_parsed(answer, writes=False))
        pages = answer.headers.get("x-wp-totalpages", "")
        if pages.isdecimal():
            has_more = int(pages) > int(query.get("page", "1"))
        else:
            has_more = len(rows) >= int(query["per_page"])
        return Listed(rows=rows, has_more=has_more and bool(rows))

    def read_all(self, path: str, **query: str) -> Iterator[Json]:
        """Yield every row of a list that does not move while it is read."""
        for number in range(1, PAGES_AT_MOST + 1):
            page = self.read_page(path, **query, page=str(number))
            yield from page.rows
            if not page.has_more:
                return

    def write(self, method: str, path: str, body: Json, *, creates: bool = False) -> Json:
        """Change something.

        Raises:
            SyncFailure: ``OUTCOME_UNKNOWN`` where the change may have arrived; an error.
        """
        answer = self._send(method, path, body=body, writes=True, creates=creates)
        found = _parsed(answer, writes=True)
        if isinstance(found, list) and not found:
            return {}  # PHP writes an empty object this way
        if not isinstance(found, dict):
            raise not_json(answer.status, writes=True)
        return found

    def delete(self, path: str) -> None:
        """Remove something for good."""
        self._send("DELETE", path, query={"force": "true"}, writes=True)

    def call_of(self, *, creates: bool = False) -> Call:
        """Return what the failure of one entry of a batch has to know."""
        return Call(connection=self.connection, writes=True, creates=creates)

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        writes: bool = False,
        creates: bool = False,
    ) -> Answer:
        answer = self._call(method, path, query or {}, body, writes=writes)
        if answer.status == 401 and self._renew():
            answer = self._call(method, path, query or {}, body, writes=writes)
        if not answer.ok:
            call = Call(connection=self.connection, writes=writes, creates=creates)
            raise failure_of_answer(answer, call)
        return answer

    def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None, *, writes: bool
    ) -> Answer:
        below = path if path.startswith("/") else f"{WC}/{path}"
        answer: Answer = self.account.http.call(
            method,
            f"{self.shop}{API}{below}",
            writes=writes,
            params={**query, **self._key_in_query()},
            headers=self._key_in_header(),
            json=body,
        )
        return answer

    def _renew(self) -> bool:
        """Ask once in the life of this client for credentials that somebody entered meanwhile."""
        if self._renewed:
            return False
        renewed = self.account.renew(self.credentials)  # one that fails says nothing of the token
        self._renewed = True
        if renewed is None:
            return False
        self.credentials = renewed
        return True

    @property
    def _key(self) -> tuple[str, str]:
        held = self.credentials
        return held.get("consumer_key", "").strip(), held.get("consumer_secret", "").strip()

    @property
    def _is_in_query(self) -> bool:
        wish = str(self.account.connection.settings.get("query_auth") or "no")
        return wish.strip().lower() in ("yes", "true", "1")

    def _key_in_query(self) -> Mapping[str, str]:
        if not self._is_in_query:
            return {}
        key, secret = self._key
        return {"consumer_key": key, "consumer_secret": secret}

    def _key_in_header(self) -> Mapping[str, str]:
        if self._is_in_query:
            return {}
        coded = base64.b64encode(":".join(self._key).encode()).decode()
        return {"Authorization": f"Basic {coded}"}


def _parsed(answer: Answer, *, writes: bool) -> Any:
    """Return the JSON of a success."""
    try:
        return json_in(answer)
    except SyncFailure as failure:
        raise not_json(answer.status, writes=writes) from failure


def _rows_in(found: Any) -> list[Json]:
    """Return the rows of a list; PHP makes an object of a list with gaps."""
    if isinstance(found, dict) and found and all(str(name).isdecimal() for name in found):
        found = list(found.values())
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _unexpected()
    return found


def _unexpected() -> SyncFailure:
    return SyncFailure(
        Reason.RETRYING,
        "The shop answered with JSON of an unexpected shape.",
        error_code="unexpected_shape",
    )
