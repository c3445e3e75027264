"""What a package is made for: a processor and a Python, as Lambda has them."""

import platform
import sys
from dataclasses import dataclass

from infra.errors import NotPossibleError

#: Lambda's name of a processor -> the one in the names of wheels.
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
PYTHONS = ("3.11", "3.12", "3.13")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a package will run."""

    architecture: str  #: ``arm64`` or ``x86_64``
    python: str  #: such as ``3.13``

    def __post_init__(self) -> None:
        if self.architecture not in MACHINES:
            raise NotPossibleError(f"ARCH is arm64 or x86_64, not {self.architecture!r}.")
        if self.python not in PYTHONS:
            raise NotPossibleError(
                f"Synclog runs on Python {', '.join(PYTHONS)}, not {self.python}: say which one,"
                " as in `make package PYTHON_VERSION=3.13`."
            )

    @property
    def runtime(self) -> str:
        """The name Lambda has for this Python."""
        return f"python{self.python}"

    @property
    def platforms(self) -> list[str]:
        """The tags of wheels that run there, newest first.

        Lambda's Python 3.11 stands on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023
        (glibc 2.34).
        """
        newest = 26 if self.python == "3.11" else 34
        machine = MACHINES[self.architecture]
        tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 4, -1)]
        return [*tags, f"manylinux2014_{machine}"]

    @property
    def is_here(self) -> bool:
        """Whether this very interpreter could run the package."""
        machine = platform.machine() == MACHINES[self.architecture]
        return machine and self.python == HERE and sys.platform == "linux"
