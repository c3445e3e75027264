"""Work for many consumers, of whom none stops the others: one after another, or some at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from chalicelib.domain.reasons import SyncFailure
from chalicelib.flows.services import Services

Work = Callable[[], object]


def do_all(services: Services, works: Iterable[Work]) -> None:
    """Do one thing after another, whatever becomes of those before.

    A ``SyncFailure`` is counted and that is all; a defect is raised after all had their turn.
    """
    with ExitStack() as stack:
        for work in reversed(list(works)):
            stack.callback(_calmly, services, work)


def do_each(services: Services, take: Callable[[], Work | None], *, threads: int) -> None:
    """Do what ``take`` gives, ``threads`` things at a time, until it gives None and all are done.

    ``take`` is asked by the caller's thread whenever there is room, and again after each thing that
    is done. Failures and defects are treated as by ``do_all``.
    """
    running: set[Future[object]] = set()
    done: list[Future[object]] = []
    with ThreadPoolExecutor(threads, thread_name_prefix="turns") as pool:
        while True:
            while len(running) < threads and (work := take()) is not None:
                running.add(pool.submit(work))
            if not running:
                break
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            done += ended
    do_all(services, (one.result for one in done))


def _calmly(services: Services, work: Work) -> None:
    try:
        work()
    except SyncFailure as failure:
        reason = failure.reason.value
        services.count("housekeeping_failed", reason=reason)
        services.note("housekeeping.failed", reason=reason, detail=failure.detail)
