"""Work for many consumers, of whom none stops the others: one after another, or some at a time."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from chalicelib.domain.reasons import SyncFailure
from chalicelib.flows.services import Services

T = TypeVar("T")
Work = Callable[[], object]

LISTED_TOGETHER = 1000


@dataclass
class Line(Generic[T]):
    """Things that wait for their turn, listed anew each time; ``take`` is for ``do_each``.

    What was listed once is passed over while it waits still, so what fails or stands does not keep
    those behind it from their turn. ``turn_of`` tells one turn of a thing from its next.
    """

    read: Callable[[int], Sequence[T]]  #: up to so many, those that waited longest first
    turn_of: Callable[[T], Hashable]
    work: Callable[[T], object]
    has_time: Callable[[], bool]
    together: int = 100
    is_cut: bool = False  #: time was over before all had their turn
    _next: deque[T] = field(default_factory=deque)
    _seen: set[Hashable] = field(default_factory=set)
    _passed_over: int = 0

    def take(self) -> Work | None:
        """Return the work of the next thing; None if there is none, or no time."""
        if not self._next:
            self._list()
        self.is_cut = bool(self._next) and not self.has_time()
        if self.is_cut or not self._next:
            return None
        return partial(self.work, self._next.popleft())

    def _list(self) -> None:
        while True:
            limit = self.together + self._passed_over
            found = self.read(limit)
            new = {self.turn_of(one): one for one in found if self.turn_of(one) not in self._seen}
            self._seen |= new.keys()
            self._next.extend(new.values())
            self._passed_over = len(found) - len(new)
            if new or len(found) < limit:
                return


def line_of_all(
    services: Services,
    read: Callable[[int], Sequence[T]],
    work: Callable[[T], object],
    *,
    has_time: Callable[[], bool],
) -> Line[T]:
    """Return a line of all there are, each once; another begins each time.

    Where time runs out, nobody is always the last.
    """
    limit = LISTED_TOGETHER
    while len(found := read(limit)) >= limit:
        limit *= 2
    first = int(services.roll() * len(found))
    turned = [*found[first:], *found[:first]]
    return Line(
        read=lambda _: turned,
        turn_of=lambda one: one,
        work=work,
        has_time=has_time,
        together=len(turned) + 1,
    )


def do_all(services: Services, works: Iterable[Work]) -> None:
    """Do one thing after another, whatever becomes of those before.

    A ``SyncFailure`` is counted and that is all; a defect is raised after all had their turn.
    """
    with ExitStack() as stack:
        for work in reversed(list(works)):
            stack.callback(_calmly, services, work)


def do_each(services: Services, take: Callable[[], Work | None], *, threads: int) -> None:
    """Do what ``take`` gives until it gives None and all is done; ``threads`` things at a time.

    ``take`` is asked in the caller's thread, whenever there is room. A single thread is the
    caller's own. Failures and defects are treated as by ``do_all``.
    """
    kept = _Kept()
    if threads == 1:
        while (work := take()) is not None:
            with kept:
                work()
    else:
        for future in _done_in_threads(take, threads):
            with kept:
                future.result()
    do_all(services, (partial(_raise, failure) for failure in kept.failures))


def _done_in_threads(take: Callable[[], Work | None], threads: int) -> Iterator[Future[object]]:
    running: set[Future[object]] = set()
    with ThreadPoolExecutor(threads, thread_name_prefix="turns") as pool:
        while True:
            while len(running) < threads and (work := take()) is not None:
                running.add(pool.submit(work))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from done


@dataclass
class _Kept:
    """Keeps what ended pieces of work until all had their turn."""

    failures: list[Exception] = field(default_factory=list)

    def __enter__(self) -> None:
        """Begin a piece of work."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            self.failures.append(error)
            return True
        return False


def _raise(failure: Exception) -> None:
    raise failure


def _calmly(services: Services, work: Work) -> None:
    try:
        work()
    except SyncFailure as failure:
        reason = failure.reason.value
        services.count("housekeeping_failed", reason=reason)
        services.note("housekeeping.failed", reason=reason, detail=failure.detail)
