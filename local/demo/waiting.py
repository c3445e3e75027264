"""Waiting that ends at once when the person ends the demo."""

import signal
import threading
import time
from collections.abc import Callable

LOOK_EVERY_S = 0.5


class EndedError(Exception):
    """Somebody pressed Ctrl-C, or the process is to end."""


class LateError(Exception):
    """What was waited for did not come in time."""


class Patience:
    """Waits, until the end of the demo."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def catch_signals(self) -> None:
        """Let Ctrl-C and a termination signal end every wait."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda number, frame: self.ended.set())

    def pass_time(self, seconds: float) -> None:
        """Wait.

        Raises:
            EndedError: the demo is to end.
        """
        if self.ended.wait(seconds):
            raise EndedError

    def wait_until(
        self, is_so: Callable[[], bool], what: str, *, until: float, every_s: float = LOOK_EVERY_S
    ) -> None:
        """Wait until something is so; ``until`` is a moment of the monotonic clock.

        Raises:
            LateError: it was not so in time; names ``what``.
            EndedError: the demo is to end.
        """
        while not is_so():
            if time.monotonic() > until:
                raise LateError(what)
            self.pass_time(every_s)
