"""Sends a simulated vendor's webhooks: late, twice, out of order, lost, repeated on failure."""

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from urllib.parse import urlsplit

Clock = Callable[[], datetime]

DELIVERIES_KEPT = 20_000
TIMEOUT_S = 10.0
LATE_S = (0.5, 4.0)  #: of deliveries that come late by chance


def wall_clock() -> datetime:
    """Return the time of this machine, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """How many deliveries go wrong by chance: a share is lost, as many come twice, as many late."""

    share: float
    chance: Random

    def copies(self) -> int:
        """Return how often the next one is sent: never, twice, or as it should be."""
        struck = self.chance.random()
        return 0 if struck < self.share else 2 if struck < 2 * self.share else 1

    def late_s(self) -> float:
        """Return how late the next one is."""
        return self.chance.uniform(*LATE_S) if self.chance.random() < self.share else 0.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One webhook request; once sent it has a status (0: no answer) and a time."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    number: int  #: order in which the vendor raised it
    retry: int = 0  #: 0 for the first try
    why: str = ""  #: of a retry: http_error or http_timeout
    due: float = 0.0  #: monotonic seconds
    status: int = 0
    at: datetime | None = None


def no_retry_headers(delivery: Delivery) -> dict[str, str]:
    """Add nothing to a repeated delivery."""
    return {}


class WebhookSender:
    """Delivers from a thread of its own, or with ``auto=False`` only when told to `flush`.

    ``retry_delays_s`` are the waits before each repetition of a delivery that was not answered
    with 2xx; ``gives_up_on`` says which statuses the vendor never repeats.
    """

    def __init__(
        self,
        *,
        auto: bool = True,
        clock: Clock = wall_clock,
        retry_delays_s: tuple[float, ...] = (60, 120, 240, 480, 960, 1920),
        retry_headers: Callable[[Delivery], dict[str, str]] = no_retry_headers,
        gives_up_on: Callable[[int], bool] = lambda status: False,
    ) -> None:
        self.auto = auto
        self.clock = clock
        self.retry_delays_s = retry_delays_s
        self.retry_headers = retry_headers
        self.gives_up_on = gives_up_on
        self.delay_s = 0.0
        self.duplicates = 1
        self.reorder = False
        self.lose_next = 0
        self._mishap: Mishap | None = None
        self.sent: list[Delivery] = []
        self._waiting: list[Delivery] = []
        self._busy = 0
        self._number = 0
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def configure(
        self,
        *,
        delay_s: float | None = None,
        duplicates: int | None = None,
        reorder: bool | None = None,
        lose_next: int | None = None,
    ) -> None:
        """Change how deliveries behave from now on.

        Args:
            delay_s: how late each one is.
            duplicates: how often each one is sent.
            reorder: whether those that wait together go out newest first.
            lose_next: how many of the next ones are never sent.
        """
        with self._changed:
            self.delay_s = self.delay_s if delay_s is None else float(delay_s)
            self.duplicates = self.duplicates if duplicates is None else int(duplicates)
            self.reorder = self.reorder if reorder is None else bool(reorder)
            self.lose_next = self.lose_next if lose_next is None else int(lose_next)

    def let_fail(self, share: float, chance: Random) -> None:
        """Lose this share of deliveries, send as many twice and as many late, until told 0."""
        with self._changed:
            self._mishap = Mishap(share=share, chance=chance) if share else None

    def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Queue one webhook (as often as ``duplicates`` says), unless it is one to lose."""
        with self._changed:
            if self.lose_next > 0:
                self.lose_next -= 1
                return
            copies, late_s = self.duplicates, self.delay_s
            if self._mishap is not None:
                copies, late_s = copies * self._mishap.copies(), late_s + self._mishap.late_s()
            due = time.monotonic() + late_s
            for _ in range(copies):
                self._number += 1
                self._waiting.append(
                    Delivery(url=url, headers=headers, body=body, number=self._number, due=due)
                )
            if self.auto and self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def waiting(self) -> list[Delivery]:
        """Return what is queued, repetitions included."""
        with self._changed:
            return list(self._waiting)

    def flush(self) -> int:
        """Send everything that waits now, due or not, each once; return how many were sent."""
        with self._changed:
            batch = self._take(due_before=None)
        self._send_all(batch)
        return len(batch)

    def drain(self, timeout_s: float = 10.0) -> bool:
        """Wait until nothing waits but repetitions, and say whether that came in time."""
        if not self.auto:
            self.flush()
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._busy and all(d.retry for d in self._waiting), timeout_s
            )

    def stop(self) -> None:
        """Send nothing more, and end the thread."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=TIMEOUT_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                batch = self._take(due_before=time.monotonic())
                while not batch and not self._stopped:
                    self._changed.wait(self._pause_s())
                    batch = self._take(due_before=time.monotonic())
                if self._stopped:
                    return
            self._send_all(batch)

    def _pause_s(self) -> float | None:
        if not self._waiting:
            return None
        return max(0.0, min(d.due for d in self._waiting) - time.monotonic())

    def _take(self, due_before: float | None) -> list[Delivery]:
        """Take what is due out of the queue, in the order of sending; the lock is held."""
        batch = [d for d in self._waiting if due_before is None or d.due <= due_before]
        if batch:
            taken = {id(d) for d in batch}
            self._waiting = [d for d in self._waiting if id(d) not in taken]
            self._busy += len(batch)
        return sorted(batch, key=lambda d: d.number, reverse=self.reorder)

    def _send_all(self, batch: list[Delivery]) -> None:
        for delivery in batch:
            status, why = (0, "stopped") if self._stopped else _post(delivery, self.retry_headers)
            with self._changed:
                self._note(delivery, status, why)
                self._busy -= 1
                self._changed.notify_all()

    def _note(self, delivery: Delivery, status: int, why: str) -> None:
        """Remember what was sent, and queue its repetition if the vendor would."""
        fields = {**vars(delivery), "status": status, "at": self.clock()}
        self.sent.append(Delivery(**fields))
        del self.sent[:-DELIVERIES_KEPT]
        again = not 200 <= status < 300 and not self.gives_up_on(status) and not self._stopped
        if again and delivery.retry < len(self.retry_delays_s):
            due = time.monotonic() + self.retry_delays_s[delivery.retry]
            fields |= {"retry": delivery.retry + 1, "why": why, "due": due, "status": 0, "at": None}
            self._waiting.append(Delivery(**fields))


def _post(
    delivery: Delivery, retry_headers: Callable[[Delivery], dict[str, str]]
) -> tuple[int, str]:
    """Send one delivery; the status is 0 when there was no answer."""
    parts = urlsplit(delivery.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/json", **delivery.headers}
    if delivery.retry:
        headers |= retry_headers(delivery)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, delivery.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, "http_timeout" if isinstance(error, TimeoutError) else "http_error"
    else:
        return answer.status, "http_error"
    finally:
        connection.close()
