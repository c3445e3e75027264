"""Where a walk through one of Square's lists stands, kept whole in the page token.

A cursor is good only with the identical question, so the token holds the question too, and another
worker can go on.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from chalicelib.connectors.square.client import REPEATS_AT_MOST, page_repeats
from chalicelib.connectors.square.failures import CURSOR_EXPIRED
from chalicelib.domain.reasons import Reason, SyncFailure


@dataclass(frozen=True, kw_only=True)
class Step:
    """A page of one list: its period, Square's cursor, and how often pages brought nothing new."""

    since: str
    until: str = ""
    cursor: str = ""
    seen: str = ""  #: hash of the ids of the page before
    repeats: int = 0

    def to_token(self) -> str:
        """Return the page token of this place."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @staticmethod
    def from_token(token: str) -> "Step":
        """Read a page token.

        Raises:
            SyncFailure: it is not one of ours; the slice starts again, as with an expired cursor.
        """
        try:
            return Step(**json.loads(base64.urlsafe_b64decode(token.encode())))
        except (ValueError, TypeError):
            raise SyncFailure(
                Reason.RETRYING,
                "The place in Square's list is lost: the list is read again.",
                error_code=CURSOR_EXPIRED,
            ) from None

    def after(self, ids: Sequence[str], cursor: str) -> "Step | None":
        """Return where the walk goes on after a page; None at its end.

        Raises:
            SyncFailure: ``page_repeats``; the cursors lead in a circle.
        """
        if not cursor:
            return None
        seen = hashlib.sha256("|".join(ids).encode()).hexdigest()[:16] if ids else ""
        is_repeated = cursor == self.cursor or (seen != "" and seen == self.seen)
        repeats = self.repeats + 1 if is_repeated else 0
        if repeats > REPEATS_AT_MOST:
            raise page_repeats()
        return replace(self, cursor=cursor, seen=seen, repeats=repeats)
