"""The one place that speaks HTTP: requests, pages, and what an answer that is not a yes means."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import click
import httpx

from cli.errors import RefusedError, UnreachableError, refusal_of

Json = dict[str, Any]
PAGE_LIMIT = 200  # the most rows the API gives in one page of most lists
BUSY_TRIES = 4  # how often an answer 429 is waited out before it is shown
BUSY_CAP_S = 30.0


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """A part of an answer that is a text; without ``next`` it is the last."""

    text: str
    rows: int
    next: str | None


def path_of(*parts: str) -> str:
    """Build ``/v1/…`` from plain parts, each one encoded so that it stays one part."""
    return "/v1/" + "/".join(quote(part, safe="@:,~") for part in parts)


class Api:
    """Synclog's API at one address, with one key."""

    def __init__(self, url: str, key: str | None, *, wait: Callable[[float], None]) -> None:
        """Prepare; nothing is sent. ``wait`` takes seconds and passes the time of a busy answer."""
        self.url = url.rstrip("/")
        self._key = key
        self._wait = wait
        self._http = httpx.Client(
            timeout=httpx.Timeout(60.0, connect=5.0), trust_env=not _is_loopback(self.url)
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        """Read one thing."""
        return self._send("GET", path, params=_without_nothing(params or {}))

    def get_text(self, path: str, params: Mapping[str, Any]) -> TextPart:
        """Read one part of a text that comes in parts."""
        answer = self._answer("GET", path, params=_without_nothing(params))
        if not answer.headers.get("Content-Type", "").startswith("text/csv"):
            raise _odd_answer(answer, "a CSV file")
        rows = answer.headers.get("X-Synclog-Rows", "")
        return TextPart(
            text=answer.content.decode(),
            rows=int(rows) if rows.isdecimal() else 0,
            next=answer.headers.get("X-Synclog-Next"),
        )

    def post(self, path: str, body: Json | None = None) -> Json:
        """Start or make something."""
        return self._send("POST", path, json=body or {})

    def put(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._send("PUT", path, json=body)

    def delete(self, path: str) -> Json:
        """Remove something."""
        return self._send("DELETE", path)

    def pages(
        self,
        path: str,
        params: Mapping[str, Any],
        most: int | None,
        *,
        page_limit: int = PAGE_LIMIT,
    ) -> Iterator[Json]:
        """Yield pages of a list until ``most`` items (None: all) were given or none are left.

        A page may be short and still have a successor, so only the cursor tells the end.

        Raises:
            RefusedError: the list gives the same cursor twice and would never end.
        """
        left, cursor, seen = most, params.get("cursor"), set[str]()
        while left is None or left > 0:
            size = page_limit if left is None else min(page_limit, left)
            page = self.get(path, {**params, "limit": size, "cursor": cursor})
            yield page
            cursor = page.get("next")
            left = None if left is None else left - len(items_of(page))
            if not cursor:
                return
            if cursor in seen:
                raise RefusedError("The API's list repeats itself: its cursor came twice.")
            seen.add(cursor)

    def join(
        self,
        path: str,
        params: Mapping[str, Any],
        most: int | None = None,
        *,
        page_limit: int = PAGE_LIMIT,
    ) -> Json:
        """Return a list's pages as one: all items, the first ``previous``, the last ``next``."""
        joined: Json = {}
        items: list[Json] = []
        for page in self.pages(path, params, most, page_limit=page_limit):
            joined = {**page, "previous": joined.get("previous", page.get("previous"))}
            items += items_of(page)
        return {**joined, "items": items}

    def _send(self, method: str, path: str, **content: Any) -> Json:
        return _read(self._answer(method, path, **content))

    def _answer(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send a request until it is answered; what is no yes is raised."""
        request = self._http.build_request(
            method, self.url + path, headers=self._headers(path), **content
        )
        for _ in range(BUSY_TRIES - 1):
            answer = self._ask(request)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            self._wait(_busy_s(answer))
        else:
            answer = self._ask(request)
        if answer.status_code >= 300:
            raise refusal_of(answer.status_code, _body_of(answer))
        return answer

    def _ask(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            raise UnreachableError(
                f"Nothing answers at {self.url} ({_kind_of(error)}). "
                "Is Synclog running (`make run`), and is --url or SYNCLOG_URL right?"
            ) from error

    def _headers(self, path: str) -> dict[str, str]:
        if path == "/v1/health":
            return {}
        if not self._key:
            raise click.UsageError(
                "No key. Give --key, set SYNCLOG_KEY, or start `make demo`, which writes one."
            )
        return {"Authorization": f"Bearer {self._key}"}


def items_of(page: Json) -> list[Json]:
    """Return a page's items; none when the answer is not a list's."""
    items = page.get("items")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _read(answer: httpx.Response) -> Json:
    if not answer.content:
        return {}
    body = _body_of(answer)
    if not isinstance(body, dict):
        raise _odd_answer(answer, "the JSON")
    return body


def _odd_answer(answer: httpx.Response, wanted: str) -> RefusedError:
    return RefusedError(
        f"The address answers {answer.status_code}, but not with {wanted} of Synclog's API. "
        "Check --url: something else may be listening there.",
        status=answer.status_code,
    )


def _body_of(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _busy_s(answer: httpx.Response) -> float:
    """Read ``Retry-After`` of our own API, which is in seconds; 1 when it is missing or odd."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), BUSY_CAP_S) if text.isdigit() else 1.0


def _without_nothing(params: Mapping[str, Any]) -> Json:
    return {name: value for name, value in params.items() if value not in (None, (), [])}


def _is_loopback(url: str) -> bool:
    """Say whether the address is this machine: no proxy of the environment serves it."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kind_of(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout):
        return "timed out"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "the connection broke"
