"""Calls that go wrong by chance: a share of all of them, each in one of a vendor's ways."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from local.platforms.messages import Fault

THROTTLED_S = 1  #: what a vendor that has too many calls asks to wait
SLOW_S = (0.2, 1.0)


def _fault(mode: str = "answer", status: int = 500, **more: object) -> Fault:
    given = {"times": 1, "path": "", "method": None, "body": None, "headers": {}, "delay_s": 0.0}
    return Fault(**{**given, "mode": mode, "status": status, **more})  # type: ignore[arg-type]


def _slow(chance: Random) -> Fault:
    return _fault("slow", delay_s=chance.uniform(*SLOW_S))


def _always(make: Callable[[], Fault]) -> Callable[[Random], Fault]:
    return lambda chance: make()


#: What can go wrong, by name; `Simulator.fail_next` says what happens in each mode.
KINDS: Mapping[str, Callable[[Random], Fault]] = {
    "throttled": _always(partial(_fault, status=429, headers={"Retry-After": str(THROTTLED_S)})),
    "error": _always(partial(_fault, status=500)),
    "unavailable": _always(partial(_fault, status=503)),
    "html": _always(partial(_fault, "html", 502)),
    "drop_before": _always(partial(_fault, "drop_before")),
    "drop_after": _always(partial(_fault, "drop_after")),
    "half_body": _always(partial(_fault, "half_body")),
    "slow": _slow,
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How often calls go wrong, and how; chance comes from a seed."""

    share: float  #: from 0 (none) to 1 (all)
    chance: Random
    kinds: Sequence[str] = tuple(KINDS)

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - set(KINDS)
        if unknown or not self.kinds:
            raise ValueError(f"{sorted(unknown)} is not among {', '.join(KINDS)}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"{self.share} is no share: it is from 0 to 1")

    def strike(self) -> Fault | None:
        """Return what happens to the next call; None: nothing."""
        if self.chance.random() >= self.share:
            return None
        return KINDS[self.chance.choice(self.kinds)](self.chance)
