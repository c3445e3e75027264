"""The ports as the actors of a random run see them: every call gives way, and may be the last."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain.ports import QueueMessage
from chalicelib.domain.writes import RowWrite

if TYPE_CHECKING:
    from tests.model.run import Run


class Stopped(BaseException):
    """The actor's process stopped between two instructions."""


class Gate:
    """A port whose every call gives way to other actors and may be the last of its process."""

    def __init__(self, port: Any, name: str, run: "Run") -> None:
        self._port, self._name, self._run = port, name, run

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._port, method)

        def gated(*args: Any, **kwargs: Any) -> Any:
            self._run.give_way(f"{self._name}.{method}")
            answer = call(*args, **kwargs)
            self._run.may_stop(f"after {self._name}.{method}")
            return answer

        return gated


class QueueGate(Gate):
    """The queues, which deliver some messages again, early or late."""

    def __init__(self, port: Any, name: str, run: "Run") -> None:
        super().__init__(port, name, run)
        self._sent: list[tuple[str, QueueMessage]] = []

    def send_many(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        self._run.give_way("queue.send_many")
        self._port.send_many(queue, messages)
        if not queue.endswith("-dlq"):
            self._sent += [(queue, replace(message, delay_s=0)) for message in messages]
        self._run.may_stop("after queue.send_many")

    def receive_many(self, queue: str, **asked: Any) -> Any:
        self._run.give_way("queue.receive_many")
        taken = self._port.receive_many(queue, **asked)
        again = [m for m in taken if self._run.world.happens(self._run.faults.repeated)]
        late = [
            one for one in self._sent[-6:] if self._run.world.happens(self._run.faults.late / 6)
        ]
        self._port.send_many(queue, [QueueMessage(name=message.name) for message in again])
        for other, message in late:
            self._port.send_many(other, [message])
        return taken


class LogGate(Gate):
    """The sync log, watched: what is claimed, and that rows keep their shape."""

    def write_rows(self, writes: Sequence[RowWrite]) -> Any:
        run = self._run
        run.give_way("log.write_rows")
        written = self._port.write_rows([run.mutation(write) for write in writes])
        for done in written:
            run.watch(done.tag, done.row)
        run.may_stop("after log.write_rows")
        return written
