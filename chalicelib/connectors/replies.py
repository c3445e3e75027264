"""What comes back from a call, as a pool of connections hands it on."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


class Reply(Protocol):
    """An answer that was read to its end: what we use of ``httpx.Response``."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def headers(self) -> "httpx.Headers":
        """The headers of the answer."""

    @property
    def content(self) -> bytes:
        """The body, unpacked."""

    @property
    def request(self) -> "httpx.Request":
        """What was sent."""


class AnswerTooLargeError(Exception):
    """The answer is larger than any record's page; ``reply`` is the answer without its body."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("the answer is too large")
        self.reply = reply
