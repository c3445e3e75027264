"""Statuses of both sides of a record when they were last in step, as a row keeps them."""

from dataclasses import dataclass

_BETWEEN = "\n"  #: no platform has it in a status


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What each side called the record's state; each in its own words."""

    source: str
    target: str

    def to_text(self) -> str:
        """Return it as a text to be kept."""
        return f"{self.source}{_BETWEEN}{self.target}"

    @staticmethod
    def from_text(text: str | None) -> "Agreed | None":
        """Read what ``to_text`` returned; None where nothing was agreed yet."""
        if not text:
            return None
        source, _, target = text.partition(_BETWEEN)
        return Agreed(source=source, target=target)
