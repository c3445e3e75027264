"""Picking one of a platform's choices: from a list where it is short, else by its name.

Accounts have hundreds of categories. A page cannot repeat all of them in each row, so there people
type a name, helped by one list that all rows share, and we look its id up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from heapq import nlargest

from chalicelib.console.rendering import bytes_of, clip

NAME_AT_MOST = 60  #: characters of a name in a list
LIST_AT_MOST = 9_000  #: bytes of a list that text fields share
_OPTION_BYTES = 20  #: what an option takes beside its id and name
_NEAR_AT_MOST = 5
_COMPARED_AT_MOST = (
    200  #: names a mistyped one is compared with: each takes a tenth of a millisecond
)

BY_ID, BY_NAME = "id", "name"  #: what a field of a form holds
SELECT, LISTED, FREE = "select", "list", "free"


@dataclass(frozen=True, kw_only=True)
class Picks:
    """The choices there are; ``problem`` says why they could not be read."""

    choices: Sequence[Mapping[str, str]] = ()
    problem: str = ""

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Each choice's id with a name that no other choice has."""
        short = {one["id"]: _short(one) for one in self.choices}
        often = Counter(name.casefold() for name in short.values())
        return {
            id_: f"{name} ({id_})" if often[name.casefold()] > 1 else name
            for id_, name in short.items()
        }

    def name_of(self, id_: str | None) -> str:
        """Return what a value is called; one that is no choice any more is called by its id."""
        return self.names.get(id_ or "", id_ or "")

    def control(self, fields: int, *, room: int) -> str:
        """Return how a value is asked for on a page with so many fields, in so many bytes."""
        if not self.choices:
            return FREE
        return SELECT if fields * self._select_bytes <= room else LISTED

    def listed(self, room: int = LIST_AT_MOST) -> Sequence[str]:
        """Return the names of the list that text fields share, as many as there is room for."""
        kept = []
        for name in self.names.values():
            room -= _OPTION_BYTES + bytes_of(name)
            if room < 0:
                break
            kept.append(name)
        return kept

    def find(self, text: str) -> str | None:
        """Return the id of a choice by its name; its id is taken too."""
        return self._id_by_name.get(_plain(text)) or (text if text in self.names else None)

    def why_not(self, text: str) -> str:
        """Return a sentence for a text that is no choice, with those that are like it."""
        if not self.choices:
            return f"Names cannot be looked up now: {self.problem} Try again later."
        plain = _plain(text)
        near = [name for name in self.names.values() if plain in _plain(name)]
        if not near:
            close = get_close_matches(plain, self._alike(plain), _NEAR_AT_MOST)
            near = [self.names[self._id_by_name[name]] for name in close]
        told = ", ".join(f"“{name}”" for name in near[:_NEAR_AT_MOST])
        like = f" Is it one of these? {told}." if told else ""
        return f"There is no “{clip(text, NAME_AT_MOST)}” to choose.{like}"

    def _alike(self, plain: str) -> list[str]:
        """Return the names that hold most triples of letters of a text; those as long as it first.

        Counting is quick, comparing is not: a whole list of names would take a second each.
        """
        short = plain[:NAME_AT_MOST]
        triples = {short[place : place + 3] for place in range(len(short))}

        def likeness(name: str) -> tuple[int, int]:
            return sum(part in name for part in triples), -abs(len(name) - len(plain))

        return nlargest(_COMPARED_AT_MOST, self._id_by_name, key=likeness)

    @cached_property
    def _id_by_name(self) -> Mapping[str, str]:
        return {_plain(name): id_ for id_, name in self.names.items()}

    @cached_property
    def _select_bytes(self) -> int:
        texts = (f"{id_}{name}" for id_, name in self.names.items())
        return sum(_OPTION_BYTES + bytes_of(text) for text in texts)


def _short(choice: Mapping[str, str]) -> str:
    return clip(" ".join(choice["name"].split()), NAME_AT_MOST) or choice["id"]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
