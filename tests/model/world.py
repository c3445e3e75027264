"""The platforms of the randomised test: a source that answers late, a target that loses answers.

Everything they do follows from one seeded die and one movable clock, so that a run can be replayed.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.causes import connection_cause
from chalicelib.domain.platforms import (
    ChangePage,
    Check,
    Choice,
    Done,
    Found,
    Wanted,
)
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Kind, Outcome

SETTLE_S = 60
TIMEOUT_S = 15
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Clock:
    """The time of a run."""

    at: datetime = START

    def now(self) -> datetime:
        """What everybody reads."""
        return self.at

    __call__ = now

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Faults:
    """How often something goes wrong; all 0 once a run comes to rest."""

    crash: float = 0.004
    lost_answer: float = 0.15
    late: float = 0.3
    repeated: float = 0.5
    edited_meanwhile: float = 0.25
    refused: float = 0.05
    stale_read: float = 0.1
    throttled: float = 0.04
    rejected: float = 0.02

    def stop(self) -> None:
        """From now on everything works."""
        for name in vars(self):
            setattr(self, name, 0.0)


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A record at the source."""

    id: str
    version: int
    category: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the target should hold of a thing."""

    record: str
    version: int
    value: str


@dataclass
class Copy:
    """What the target holds of a thing, and every version it was ever given."""

    id: str
    key: str
    record: str
    version: int
    value: str
    visible_at: datetime
    versions: list[int] = field(default_factory=list)


class ViolationError(BaseException):
    """An invariant does not hold."""


@dataclass
class World:
    """Both platforms, their clock and their faults."""

    dice: random.Random
    clock: Clock
    faults: Faults
    pause: Callable[[str], None] = lambda what: None  # lets other actors run; may crash this one
    meanwhile: Callable[[str], None] = lambda record: None  # somebody edits what was just read
    things: dict[str, list[Thing]] = field(default_factory=dict)
    copies: dict[str, Copy] = field(default_factory=dict)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    applied_at: datetime | None = None  # while something late is applied: when that was
    refuses: bool = False  # the token is refused
    keyed: bool = True  # whether the target honours idempotency keys

    def edit(self, record: str) -> Thing:
        """Change a thing at the source."""
        old = self.things.get(record, [])
        version = int(self.clock.at.timestamp() * 1000)
        if old:
            version = max(version, old[-1].version + 1)
        category = self.dice.choice(("cups", "cups", "plates", "forks"))
        if old and self.dice.random() < 0.7:
            category = old[-1].category
        thing = Thing(id=record, version=version, category=category, value=f"v{version}")
        self.things.setdefault(record, []).append(thing)
        return thing

    def latest(self, record: str) -> Thing:
        """The thing as it really is."""
        return self.things[record][-1]

    def happens(self, chance: float) -> bool:
        """Throw the die."""
        return chance > 0 and self.dice.random() < chance

    def settle_late(self) -> None:
        """Apply what the target took and had not done yet."""
        due = [item for item in self.late if item[0] <= self.clock.at]
        self.late = [item for item in self.late if item[0] > self.clock.at]
        for self.applied_at, apply in sorted(due, key=lambda item: item[0]):
            apply()
        self.applied_at = None

    def copies_of(self, kind: str, record: str) -> list[Copy]:
        """What the target holds of one record."""
        return [c for c in self.copies.values() if c.record == f"{kind}/{record}"]

    def apply(self, kind: str, plan: Plan, key: str, target_id: str | None) -> Copy:
        """The target carries out a write."""
        existing = self._existing(kind, key, target_id)
        if existing is None:
            existing = Copy(
                id=f"T{len(self.copies) + 1}",
                key=key,
                record=f"{kind}/{plan.record}",
                version=plan.version,
                value=plan.value,
                visible_at=self._visible_at(),
            )
            self.copies[existing.id] = existing
            if len(self.copies_of(kind, plan.record)) > 1:
                raise ViolationError(f"two creates of {kind}/{plan.record}")
        elif target_id is None and existing.versions:
            return existing  # a replayed create answers with what it made and changes nothing
        if existing.versions and plan.version < max(existing.versions):
            raise ViolationError(f"an older version over a newer one: {existing.record}")
        existing.versions.append(plan.version)
        existing.version, existing.value = plan.version, plan.value
        return existing

    def _existing(self, kind: str, key: str, target_id: str | None) -> Copy | None:
        if target_id is not None:
            return self.copies.get(target_id)
        if not self.keyed:
            return None
        return next((c for c in self.copies.values() if c.key == f"{kind}/{key}"), None)

    def _visible_at(self) -> datetime:
        lag_s = self.dice.random() * (SETTLE_S / 3) if self.happens(self.faults.late) else 0
        return (self.applied_at or self.clock.at) + timedelta(seconds=lag_s)


@dataclass(frozen=True, kw_only=True)
class WorldSource:
    """Reads things; sometimes from a replica that lags."""

    world: World

    def fetch_many(self, ids: Sequence[str]) -> Mapping[str, Thing | SyncFailure]:
        """Read things."""
        self.world.pause("fetch")
        _refuse(self.world, "erp")
        found: dict[str, Thing | SyncFailure] = {}
        for id_ in ids:
            history = self.world.things.get(id_)
            if history:
                stale = len(history) > 1 and self.world.happens(self.world.faults.stale_read)
                found[id_] = history[-2] if stale else history[-1]
                if self.world.happens(self.world.faults.edited_meanwhile):
                    self.world.meanwhile(id_)
        return found

    def list_changes(
        self, *, since: datetime, until: datetime | None, page: str | None
    ) -> ChangePage:
        """Not asked for here."""
        return ChangePage(changes=())


def _refuse(world: World, connection: str) -> None:
    world.clock.pass_s(world.dice.random() * 2)
    if world.refuses:
        raise SyncFailure(
            Reason.CONNECTION_DOWN, "refused", cause=connection_cause(connection), code=401
        )
    if world.happens(world.faults.throttled):
        raise SyncFailure(Reason.THROTTLED, "too many calls", code=429)
    if world.happens(world.faults.refused):
        raise SyncFailure(Reason.RETRYING, "out of order", code=500)


@dataclass(frozen=True, kw_only=True)
class WorldTarget:
    """Finds and writes copies; loses answers, applies late, shows late."""

    world: World
    kind: str
    may_send_until: Callable[[], datetime]

    def find_many(self, wanted: Sequence[Wanted[Plan]]) -> Mapping[str, Found | SyncFailure]:
        """Look copies up by id, else by their key."""
        self.world.pause("find")
        self.world.settle_late()
        _refuse(self.world, "till")
        found: dict[str, Found | SyncFailure] = {}
        for want in wanted:
            copy = self._copy(want)
            if copy is not None:
                found[want.record] = Found(
                    target_id=copy.id,
                    equal=copy.value == want.desired.value,
                    ours=want.target_id is not None,
                )
        return found

    def _copy(self, want: Wanted[Plan]) -> Copy | None:
        if want.target_id is not None:
            return self.world.copies.get(want.target_id)
        visible = [
            copy
            for copy in self.world.copies_of(self.kind, want.record)
            if copy.visible_at <= self.world.clock.at
        ]
        return visible[0] if visible else None

    def write_many(
        self, writes: Sequence[tuple[Wanted[Plan], Found | None]]
    ) -> Mapping[str, Done | SyncFailure]:
        """Write copies one by one, each with a fate of its own."""
        return {want.record: self._write(want, found) for want, found in writes}

    def _write(self, want: Wanted[Plan], found: Found | None) -> Done | SyncFailure:
        world = self.world
        world.pause("write")
        left_s = (self.may_send_until() - world.clock.at).total_seconds()
        if left_s < TIMEOUT_S:
            return SyncFailure(Reason.RETRYING, "out of time", retry_after_s=0)
        world.settle_late()
        if world.happens(world.faults.rejected):
            return SyncFailure(Reason.REJECTED_BY_TARGET, "no such colour", code=400)
        target_id = found.target_id if found is not None else None

        def apply() -> Copy:
            return world.apply(self.kind, want.desired, f"{self.kind}/{want.key}", target_id)

        if world.happens(world.faults.lost_answer):
            return self._lose(apply)
        copy = apply()
        world.clock.pass_s(world.dice.random() * 2)
        world.pause("written")
        return Done(
            target_id=copy.id,
            outcome=Outcome.UPDATED if target_id else Outcome.CREATED,
            verified=copy.value == want.desired.value,
        )

    def _lose(self, apply: Callable[[], Copy]) -> SyncFailure:
        fate = self.world.dice.random()
        if fate < 0.4:
            apply()
        elif fate < 0.7:
            delay_s = self.world.dice.random() * (SETTLE_S * 2 / 3)
            at = self.world.clock.at + timedelta(seconds=delay_s)
            self.world.late.append((at, lambda: _ignore(apply())))
        self.world.clock.pass_s(TIMEOUT_S * self.world.dice.random())
        self.world.pause("lost")
        return SyncFailure(Reason.OUTCOME_UNKNOWN, "no answer")


def _ignore(copy: Copy) -> None:
    """A late application answers nobody."""


@dataclass(frozen=True, kw_only=True)
class WorldPlatform:
    """Either side, as the engine opens it."""

    world: World
    may_send_until: Callable[[], datetime] = lambda: START

    def source(self, kind: Kind) -> WorldSource:
        """The port that reads things."""
        return WorldSource(world=self.world)

    def target(self, kind: Kind, settings: Mapping[str, Any]) -> WorldTarget:
        """The port that writes copies."""
        return WorldTarget(world=self.world, kind=kind.value, may_send_until=self.may_send_until)

    def check(self) -> Check:
        """Always well."""
        return Check(ok=True)

    def list_choices(self, what: str) -> Sequence[Choice]:
        """Nothing to pick."""
        return ()

    def ensure_webhooks(self, address: str) -> Mapping[str, str]:
        """Nothing to register."""
        return {}

    def refresh_tokens(self) -> Mapping[str, str]:
        """Nothing to refresh."""
        return {}
