"""How long a quiet merchant's message waits in the queue under a noisy one: with and without fair
queues, for different numbers of workers.

A simulation of events: a standard queue (the oldest first, about), SQS's rule for noisy groups as
AWS tells it, workers as Lambda runs ours: groups of a batch in ten threads, a group's vendor calls
one after the other, groups given back when the rest of the time is short, one writer a catalogue.
"""

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.merchant import ORDERS, PRODUCTS, STOCK
from bench.scale.load import BUSY_HOUR, CONSUMERS, cpu_s, wait_s
from bench.scale.published import NOISY_AT_LEAST, NOISY_KEPT_S, NOISY_SHARE
from chalicelib.domain.platforms import Pace
from chalicelib.triggers.batches import THREADS

NOISY = 0  #: number of the noisy consumer
NOISY_ROWS = 20_000
#: A group is begun only with two time-outs left of the 57 s of a worker (``flows.engine``).
BEGUN_UNTIL_S = 57 - 2 * Pace(calls=1).timeout_s
GIVEN_BACK_S = 1.0  #: delay of what is given back (``engine.BUSY_WRITER_S``)
BUSY_S = 0.03  #: of a group whose catalogue another worker writes: a lease refused, a send


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One queue under one load."""

    queue: str  #: records or stock
    workers: int
    fair: bool
    noisy_a_s: float = 0
    consumers: int = CONSUMERS
    threads: int = THREADS  #: of a worker
    seconds: int = 120

    @property
    def batch(self) -> int:
        """Messages of a batch."""
        return 100 if self.queue == "stock" else 10

    @property
    def window_s(self) -> float:
        """How long a batch that is not full is waited for."""
        return 2.0 if self.queue == "stock" else 0.0

    @property
    def flows(self) -> dict[str, float]:
        """Flows of the queue, with the changes a second of all quiet merchants."""
        names = (STOCK,) if self.queue == "stock" else (ORDERS, PRODUCTS)
        return {name: BUSY_HOUR[name] * self.consumers / 3600 for name in names}

    @property
    def noisy_flow(self) -> str:
        """What the noisy merchant changes."""
        return STOCK if self.queue == "stock" else PRODUCTS


@dataclass(frozen=True, slots=True)
class Message:
    """A row's name in the queue, since when the row waits."""

    consumer: int
    flow: str
    since: float
    row: int = 0


@dataclass
class Outcome:
    """What became of the messages."""

    quiet_s: list[float] = field(default_factory=list)
    noisy_s: list[float] = field(default_factory=list)
    given_back: int = 0
    waiting: int = 0  #: quiet messages at the end

    def quantile_s(self, part: float) -> float:
        """Return how long quiet messages waited, at most, for that part of them."""
        found = sorted(self.quiet_s)
        return found[min(int(len(found) * part), len(found) - 1)] if found else 0.0


class Simulation:
    """One scene, played from an empty queue."""

    def __init__(self, scene: Scene, seed: int = 3) -> None:
        self.scene = scene
        self.outcome = Outcome()
        self._rng = Random(seed)
        self._events: list[tuple[float, int, str, Any]] = []
        self._made = 0
        self._quiet: deque[Message] = deque()
        self._noisy: deque[Message] = deque()
        self._idle = scene.workers
        self._flying = [0, 0]  # of quiet consumers, of the noisy one
        self._owed: set[int] = set()  # rows of the noisy one that have a message or wait for one
        self._again: set[int] = set()  # changed while under way
        self._under_way: set[int] = set()
        self._noisy_since: float | None = None
        self._writer_until = 0.0

    def run(self) -> Outcome:
        """Play the scene."""
        scene = self.scene
        for flow, rate in scene.flows.items():
            self._plan(self._rng.expovariate(rate), "quiet", (flow, rate))
        if scene.noisy_a_s:
            self._plan(0.0, "noisy", None)
        while self._events:
            now, _, kind, what = heapq.heappop(self._events)
            if now > scene.seconds:
                break
            getattr(self, f"_on_{kind}")(now, what)
            self._take(now)
        self.outcome.waiting = len(self._quiet)
        return self.outcome

    def _plan(self, at: float, kind: str, what: Any) -> None:
        self._made += 1
        heapq.heappush(self._events, (at, self._made, kind, what))

    def _on_quiet(self, now: float, what: tuple[str, float]) -> None:
        flow, rate = what
        consumer = self._rng.randrange(1, self.scene.consumers)
        self._quiet.append(Message(consumer, flow, now))
        self._plan(now + self._rng.expovariate(rate), "quiet", what)

    def _on_noisy(self, now: float, _: None) -> None:
        row = self._rng.randrange(NOISY_ROWS)
        if row in self._under_way:
            self._again.add(row)
        elif row not in self._owed:
            self._owed.add(row)
            self._noisy.append(Message(NOISY, self.scene.noisy_flow, now, row))
        self._plan(now + 1 / self.scene.noisy_a_s, "noisy", None)

    def _on_back(self, now: float, message: Message) -> None:
        (self._noisy if message.consumer == NOISY else self._quiet).append(message)

    def _on_look(self, now: float, _: None) -> None:
        """A batch that was waited for is taken as it is."""

    def _on_done(self, now: float, batch: list[Message]) -> None:
        self._idle += 1
        for message in batch:
            self._flying[message.consumer == NOISY] -= 1
            if message.consumer == NOISY and message.row in self._under_way:
                self._under_way.discard(message.row)
                self._owed.discard(message.row)
                if message.row in self._again:
                    self._again.discard(message.row)
                    self._owed.add(message.row)
                    self._noisy.append(Message(NOISY, message.flow, now, message.row))

    def _take(self, now: float) -> None:
        """Give a batch to each idle worker, as far as there is one."""
        scene = self.scene
        while self._idle and (self._quiet or self._noisy):
            oldest = min(queue[0].since for queue in (self._quiet, self._noisy) if queue)
            full = len(self._quiet) + len(self._noisy) >= scene.batch
            if not full and now < oldest + scene.window_s:
                self._plan(oldest + scene.window_s, "look", None)
                return
            batch = [self._next(now) for _ in range(self._size())]
            self._idle -= 1
            self._work(now, batch)

    def _size(self) -> int:
        return min(self.scene.batch, len(self._quiet) + len(self._noisy))

    def _next(self, now: float) -> Message:
        if not self._noisy or not self._quiet:
            queue = self._quiet or self._noisy
        elif self.scene.fair and self._is_noisy(now):
            queue = self._quiet
        else:
            queue = min(self._quiet, self._noisy, key=lambda one: one[0].since)
        message = queue.popleft()
        self._flying[message.consumer == NOISY] += 1
        return message

    def _is_noisy(self, now: float) -> bool:
        """SQS's rule: many in flight, until the backlog is gone; ours always sends."""
        flying = self._flying[1]
        if flying >= NOISY_AT_LEAST and flying > NOISY_SHARE * sum(self._flying):
            self._noisy_since = now
        elif not self._noisy:
            self._noisy_since = None
        since = self._noisy_since
        return since is not None and now - since < NOISY_KEPT_S

    def _work(self, now: float, batch: list[Message]) -> None:
        """Work a batch: its groups in threads, then what its processor needs."""
        groups: dict[tuple[int, str], list[Message]] = defaultdict(list)
        for message in batch:
            groups[message.consumer, message.flow].append(message)
        threads = [0.0] * self.scene.threads
        cpu = 0.0
        for (_, flow), messages in groups.items():
            start = heapq.heappop(threads)
            end = self._begin(now, start, flow, messages)
            cpu += cpu_s(flow, len(messages)) if end is not None else 0.0
            heapq.heappush(threads, start if end is None else end)
        self._plan(now + max(threads) + cpu, "done", batch)

    def _begin(self, now: float, start: float, flow: str, messages: list[Message]) -> float | None:
        """Begin a group ``start`` seconds into its batch; returns its end, None if given back."""
        is_noisy = messages[0].consumer == NOISY
        at = now + start
        busy = is_noisy and flow == PRODUCTS and at < self._writer_until
        if busy or start > BEGUN_UNTIL_S:
            self.outcome.given_back += len(messages)
            for message in messages:
                self._plan(at + GIVEN_BACK_S, "back", message)
            return start + BUSY_S if busy else None
        end = start + wait_s(flow, len(messages))
        if is_noisy:
            self._writer_until = now + end
            self._under_way |= {message.row for message in messages}
        waited = self.outcome.noisy_s if is_noisy else self.outcome.quiet_s
        waited += [at - message.since for message in messages]
        return end
