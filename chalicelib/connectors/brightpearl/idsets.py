"""Brightpearl's id sets: ``8``, ``5,1,9``, ``1-10``, ``1-10,12``.

Source: help article 211125046. They stand in paths of calls and in webhooks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Most ids one webhook may name; a range such as 1-999999999 must not fill the memory.
IDS_AT_MOST = 10_000
#: Most ids of one call, for products, prices and orders (API reference).
IDS_PER_CALL = 200
#: Longest id set put into a path: longer addresses are answered 414.
CHARACTERS_AT_MOST = 1_500

_PART = re.compile(r"([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?")
_ID = re.compile(r"[1-9][0-9]{0,17}")


class IdSetError(ValueError):
    """The text is not an id set, or names too many ids; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Ids that fit into one call, and the text that names exactly them."""

    ids: tuple[str, ...]
    text: str


def is_id(text: str) -> bool:
    """Say whether a text is an id as Brightpearl writes them: a whole number above 0."""
    return _ID.fullmatch(text) is not None


def parse_id_set(text: str, *, at_most: int = IDS_AT_MOST) -> list[str]:
    """Return the ids of a set, each once, in the order given: ``1-3,9`` are 1, 2, 3 and 9.

    Unordered lists are written with dots (``5.1.9``), which is accepted as well.

    Raises:
        IdSetError: a part is neither an id nor an ascending range, or there are too many ids.
    """
    ids: dict[str, None] = {}
    for part in re.split(r"[,.]", re.sub(r"\s+", "", text)):
        low, high = _bounds(part)
        if len(ids) + high - low >= at_most:
            raise IdSetError(f"the id set names more than {at_most} ids")
        ids.update((str(number), None) for number in range(low, high + 1))
    return list(ids)


def _bounds(part: str) -> tuple[int, int]:
    match = _PART.fullmatch(part)
    if match is None:
        raise IdSetError(f"{part[:40]!r} is neither an id nor a range of ids")
    low, high = int(match[1]), int(match[2] or match[1])
    if high < low:
        raise IdSetError(f"the range {part!r} does not ascend")
    return low, high


def format_id_set(ids: Iterable[str]) -> str:
    """Write ids as compactly as possible: 1, 2, 3 and 99 become ``1-3,99``."""
    return ",".join(_runs(sorted({int(id_) for id_ in ids})))


def _runs(numbers: list[int]) -> Iterator[str]:
    start = previous = None
    for number in [*numbers, None]:
        if previous is not None and number != previous + 1:
            yield str(previous) if start == previous else f"{start}-{previous}"
            start = None
        start = number if start is None else start
        previous = number


def split_into_chunks(
    ids: Iterable[str],
    *,
    at_most: int = IDS_PER_CALL,
    characters: int = CHARACTERS_AT_MOST,
) -> list[Chunk]:
    """Cut ids into calls of at most ``at_most`` ids and ``characters`` of text, ascending.

    Texts that are no ids are left out: Brightpearl cannot know them.
    """
    numbers = sorted({int(id_) for id_ in ids if is_id(id_)})
    slices = (numbers[n : n + at_most] for n in range(0, len(numbers), at_most))
    return [chunk for part in slices for chunk in _fit(part, characters)]


def _fit(numbers: list[int], characters: int) -> Iterator[Chunk]:
    chunk = Chunk(ids=tuple(map(str, numbers)), text=",".join(_runs(numbers)))
    if len(chunk.text) <= characters or len(numbers) == 1:
        yield chunk
        return
    middle = len(numbers) // 2
    yield from _fit(numbers[:middle], characters)
    yield from _fit(numbers[middle:], characters)
