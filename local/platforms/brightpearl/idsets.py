"""Brightpearl's id sets: ``8``, ``5,1,9``, ``1-10``, ``1-10,12``, ``5.1.9``, and ``*`` for any."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PART = re.compile(r"([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?")


@dataclass(frozen=True, kw_only=True)
class IdSet:
    """Ranges of ids in the order given; ``everything`` is the star."""

    ranges: tuple[tuple[int, int], ...] = ()
    everything: bool = False

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and (
            self.everything or any(low <= number <= high for low, high in self.ranges)
        )

    def __iter__(self) -> Iterator[int]:
        """Yield each id once; callers check ``count`` first, for a range may be huge."""
        return iter(dict.fromkeys(n for low, high in self.ranges for n in range(low, high + 1)))

    @property
    def count(self) -> int:
        """How many ids the set names, repetitions included."""
        return sum(high - low + 1 for low, high in self.ranges)

    def pick(self, known: Iterable[int]) -> list[int]:
        """Return the named ids that are ``known``; for the star all of them."""
        if self.everything:
            return sorted(known)
        present = set(known)
        return [number for number in self if number in present]


def parse_id_set(text: str) -> IdSet:
    """Read an id set; a ValueError names the part that is not an id or an ascending range.

    The separator ``.`` of unordered lists is accepted like the comma.
    """
    if text == "*":
        return IdSet(everything=True)
    return IdSet(ranges=tuple(_parse_part(part) for part in re.split(r"[,.]", text)))


def format_id_set(ids: Iterable[int]) -> str:
    """Write ids the way webhooks carry them: 1, 2, 3, 99 become ``1-3,99``."""
    runs: list[list[int]] = []
    for number in sorted(set(ids)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def _parse_part(part: str) -> tuple[int, int]:
    match = PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not an id or a range of ids")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise ValueError(f"the range {part!r} does not ascend")
    return low, high
