"""The threads of one machine: workers of each queue, and the scheduler."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from chalicelib.domain.ports import QueueMessage
from chalicelib.flows import dispatch, sweeper
from chalicelib.flows.engine import WorkerCrashError, sync_batch
from chalicelib.flows.services import Services

CLAIM_S = 60  #: one process may send so long after a claim
VISIBILITY_S = 360
IDLE_S = 0.05  #: how long a worker sleeps when its queue is empty
TICK_S = 1.0
SWEEP_EVERY_S = 5.0  #: 16 short reads; rows that a crash left leased go on soon after the start

#: Messages of one batch, by queue; as on Lambda.
BATCHES = {"records": 10, "stock": 100}

#: How long a batch that is not full is waited for, by queue: a hundred levels are one vendor call.
WINDOWS_S = {"records": 0.0, "stock": 0.25}
GATHER_EVERY_S = 0.05

_log = logging.getLogger("synclog")


@dataclass
class Loops:
    """Workers and scheduler of one process; ``stop`` lets each finish what it holds."""

    services: Services
    workers: int = 4  #: threads per queue
    tick_s: float = TICK_S
    _stop: threading.Event = field(default_factory=threading.Event)
    _turns: dict[str, threading.Lock] = field(
        default_factory=lambda: {queue: threading.Lock() for queue in BATCHES}
    )
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start all threads."""
        for queue in BATCHES:
            for number in range(self.workers):
                self._start(f"{queue}-{number}", partial(self._work, queue))
        self._start("dispatcher", partial(self._every, self.tick_s, self._tend))
        self._start("poller", partial(self._every, self.tick_s, self._poll))
        self._start("sweeper", partial(self._every, SWEEP_EVERY_S, self._sweep))

    def stop(self, timeout_s: float = 30) -> None:
        """Stop taking messages and wait until what is under way has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _start(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _every(self, seconds: float, act: Callable[[], None]) -> None:
        while not self._stop.is_set():
            self._guarded(act)
            self._stop.wait(seconds)

    def _work(self, queue: str) -> None:
        while not self._stop.is_set():
            if not self._guarded(partial(self._work_batch, queue)):
                self._stop.wait(IDLE_S)

    def _work_batch(self, queue: str) -> bool:
        services, messages = self.services, self._gather(queue)
        if not messages:
            return False
        deadline = services.now() + timedelta(seconds=CLAIM_S)
        done = sync_batch(services, messages, deadline=deadline).done
        services.queue.delete_many(queue, list(done))
        return True

    def _gather(self, queue: str) -> list[QueueMessage]:
        """Take a batch; one worker at a time, so that they do not split what could be one."""
        size, until = BATCHES[queue], time.monotonic() + WINDOWS_S[queue]
        with self._turns[queue]:
            taken = list(self._receive(queue, size))
            while taken and len(taken) < size and time.monotonic() < until:
                if self._stop.wait(GATHER_EVERY_S):
                    break
                taken += self._receive(queue, size - len(taken))
        return taken

    def _receive(self, queue: str, limit: int) -> Sequence[QueueMessage]:
        services = self.services
        return services.queue.receive_many(
            queue, limit=limit, visibility_s=VISIBILITY_S, now=services.now()
        )

    def _guarded(self, act: Callable[[], object]) -> bool:
        """Run one piece of work; a defect is logged, and its rows come back by themselves."""
        try:
            return bool(act())
        except WorkerCrashError as crash:
            _log.error("worker.crashed", extra={"error": str(crash)}, exc_info=crash.__cause__)
        except Exception as defect:  # noqa: BLE001 - a thread of one machine must outlive a defect
            _log.error("loop.crashed", extra={"error": type(defect).__name__}, exc_info=defect)
        return False

    def _tend(self) -> None:
        dispatch.tend(self.services, deadline=self._deadline())

    def _poll(self) -> None:
        dispatch.run_due_polls(self.services, deadline=self._deadline())

    def _sweep(self) -> None:
        sweeper.sweep(self.services)

    def _deadline(self) -> datetime:
        return self.services.now() + timedelta(seconds=CLAIM_S)
