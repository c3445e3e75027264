"""What the tests of simulators share: a clock that is advanced, an address that gets webhooks."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from local.platforms.server import Request, Response, Simulator


class Clock:
    """A time that moves only when told; give it to a simulator as its clock."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Move on and return the new time."""
        self.at += timedelta(seconds=seconds)
        return self.at


class Receiver(Simulator):
    """Keeps every webhook it gets, and answers with ``status``."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 200
        self.got: list[Request] = []
        self._arrived = threading.Condition(self.lock)

    def respond(self, request: Request) -> Response:
        """Keep one webhook."""
        with self._arrived:
            self.got.append(request)
            self._arrived.notify_all()
        return Response(self.status, b"")

    def wait_for(self, count: int, timeout_s: float = 5.0) -> list[Request]:
        """Return what came, once ``count`` webhooks are there."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= count, timeout_s), self.got
            return list(self.got)

    def events(self, match: Callable[[dict[str, Any]], bool] = bool) -> list[dict[str, Any]]:
        """Return the bodies that came and match, in order of arrival."""
        return [body for body in (json.loads(one.body) for one in self.got) if match(body)]
