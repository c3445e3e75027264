"""Synclog's API as the demo calls it: over HTTP, with a key, like anybody else."""

from collections.abc import Iterator
from typing import Any

import httpx

Json = dict[str, Any]


class RefusedError(Exception):
    """The API said no; the message holds its sentence."""


class Api:
    """One address, one key."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=30,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Json:
        """Read; a list in the query repeats the name."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Json | None = None) -> Json:
        """Make or start something."""
        return self._ask("POST", path, json=body or {})

    def put(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._ask("PUT", path, json=body)

    def items(self, path: str, **query: Any) -> Iterator[Json]:
        """Yield the items of all pages of a list."""
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self.get(path, limit=200, **query, **more)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def _ask(self, method: str, path: str, **content: Any) -> Json:
        answer = self._http.request(method, path, **content)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise RefusedError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        found: Json = answer.json()
        return found
