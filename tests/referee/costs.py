"""How a case of ``test_capacity.py`` is written: a line of a README, a question, its units."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.referee.measured import Measured

#: Prepares the stores, and returns what is then asked and measured.
Prepare = Callable[[Measured], Callable[[], Any]]


@dataclass(frozen=True)
class Case:
    """One question or move, as measured; ``line`` is how its line in the README begins."""

    line: str
    units: str  #: as ``measured.told`` tells them
    prepare: Prepare

    @property
    def name(self) -> str:
        return self.prepare.__name__


class Cases(list[Case]):
    """The cases of one module."""

    def costs(self, line: str, units: str) -> Callable[[Prepare], Prepare]:
        """Add the function that follows."""

        def add(prepare: Prepare) -> Prepare:
            self.append(Case(line, units, prepare))
            return prepare

        return add
