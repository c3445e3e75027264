"""The checks of a flow: what was read about it, judged one by one.

Pure: everything was read before (``flows/diagnosis.py``), and no platform is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.log import Execution, ExecutionState, Group
from chalicelib.domain.reasons import Reason
from chalicelib.domain.setup import Connection, Consumer, FlowSetup, Health, PollState
from chalicelib.flows.declare import Flow, connections_of
from chalicelib.flows.setup.readiness import Lack

LATE = timedelta(minutes=15)  #: what should have begun so long ago is late
GROUPS_TOLD = 10


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question, and what was found; ``evidence`` are JSON values and times."""

    check: str
    ok: bool
    sentence: str
    evidence: Mapping[str, Any]
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that was read about a consumer's flow."""

    consumer: Consumer
    flow: Flow
    setup: FlowSetup
    ready: bool
    lacks: Sequence[Lack]
    connections: Mapping[str, Connection]
    labels: Mapping[str, str]  #: names of platforms as people read them
    starts_at: datetime | None  #: the setting, where the flow has it
    poll: PollState | None
    last_poll_run: Execution | None
    causes: Sequence[Group]
    groups: Sequence[Group]
    now: datetime

    @property
    def runs(self) -> bool:
        """Whether the flow runs: switched on, ready, both accounts working."""
        down = [one.health is Health.DOWN for one in self.sides]
        return self.setup.enabled and self.ready and not any(down)

    @property
    def sides(self) -> Sequence[Connection]:
        """Those of its connections that there are."""
        names = connections_of(self.flow, self.setup.flow)
        return [self.connections[name] for name in names if name in self.connections]

    def moment(self, at: datetime) -> str:
        """Return a time as a sentence has it, in the consumer's zone."""
        return f"{at.astimezone(ZoneInfo(self.consumer.time_zone)):%Y-%m-%d %H:%M %Z}"


def check_consumer(known: Known) -> Check:
    """There is such a consumer; else nobody would ask."""
    since = known.consumer.created_at
    sentence = f"{known.consumer.name} is a consumer since {known.moment(since)}."
    evidence = {"consumer": known.consumer.id, "created_at": since}
    return Check(check="consumer", ok=True, sentence=sentence, evidence=evidence)


def check_connections(known: Known) -> list[Check]:
    """Both accounts are connected, and the last word of each platform was yes."""
    names = connections_of(known.flow, known.setup.flow)
    platforms = (known.flow.source, known.flow.target)
    return [
        _check_connection(known, check, name, known.labels.get(platform, platform))
        for check, name, platform in zip(
            ("source_connection", "target_connection"), names, platforms, strict=True
        )
    ]


def _check_connection(known: Known, check: str, name: str, label: str) -> Check:
    found = known.connections.get(name)
    if found is None:
        return Check(
            check=check,
            ok=False,
            sentence=f"{label} is not connected: there is no connection {name}.",
            evidence={"connection": name},
            remedy=f"Connect {label}; what it needs stands at the connection.",
        )
    evidence = {
        "connection": name,
        "health": found.health.value,
        "last_error": found.health_detail or None,
        "checked_at": found.checked_at,
    }
    if found.health is Health.DOWN:
        sentence = f"{label} refused the account. {found.health_detail}".strip()
        remedy = f"Reconnect {label}, or check the connection; its rows then go on by themselves."
        return Check(check=check, ok=False, sentence=sentence, evidence=evidence, remedy=remedy)
    said = "answers" if found.health is Health.HEALTHY else "is connected and was not tried yet"
    return Check(check=check, ok=True, sentence=f"{label} {said}.", evidence=evidence)


def check_switch(known: Known) -> Check:
    """The flow is switched on."""
    on = known.setup.enabled
    return Check(
        check="flow_on",
        ok=on,
        sentence=f"The flow is switched {'on' if on else 'off'}.",
        evidence={"flow": known.setup.flow, "enabled": on},
        remedy=None if on else "Switch the flow on.",
    )


def check_readiness(known: Known) -> Check:
    """The set-up was completed; what is missing since holds only the rows that need it."""
    missing = [lack.name for lack in known.lacks]
    told = " ".join(lack.sentence for lack in known.lacks)
    if not known.ready:
        return Check(
            check="ready",
            ok=False,
            sentence=f"The set-up is not complete. {told}".strip(),
            evidence={"missing": missing},
            remedy=told or "Switch the flow on: that completes the set-up.",
        )
    at = known.setup.completed_at
    since = f"The set-up is complete since {known.moment(at)}." if at else "The set-up is complete."
    sentence = f"{since} {told}".strip()
    evidence = {"missing": missing, "completed_at": at}
    return Check(check="ready", ok=True, sentence=sentence, evidence=evidence)


def check_start_date(known: Known, happened_at: datetime | None) -> list[Check]:
    """It is not older than the start date; nothing before that is synced."""
    start = known.starts_at
    if start is None:
        return []
    older = happened_at is not None and happened_at < start
    rule = f"Nothing from before the start date, {known.moment(start)}, is synced"
    return [
        Check(
            check="start_date",
            ok=not older,
            sentence=f"{rule}, and this is from before." if older else f"{rule}.",
            evidence={"start_date": start, "happened_at": happened_at},
            remedy="Set an earlier start date, then import the period." if older else None,
        )
    ]


def check_poll(known: Known) -> Check:
    """The source is asked regularly what changed, and answers."""
    if known.flow.poll_every_s is None:
        sentence = "It is not polled: records come by webhook, or by an import."
        return Check(check="poll", ok=True, sentence=sentence, evidence={})
    poll, run = known.poll, known.last_poll_run
    evidence = {
        "last_polled_at": poll.finished_at if poll else None,
        "next_poll_at": poll.next_at if poll else None,
        "changes_known_until": poll.cursor if poll else None,
        "every_s": known.flow.poll_every_s,
        "execution": run.id if run else None,
    }
    problem, remedy = _problem_of_polls(known)
    sentence = " ".join(part for part in (problem, told_of_polls(known)) if part)
    return Check(
        check="poll", ok=problem is None, sentence=sentence, evidence=evidence, remedy=remedy
    )


def _problem_of_polls(known: Known) -> tuple[str | None, str | None]:
    """Return what is wrong with the polls of a flow, and what to do."""
    poll, run = known.poll, known.last_poll_run
    if not known.runs:
        return "No poll runs while the flow does not.", "Mend what stands above."
    failed = run is not None and run.state is ExecutionState.ERROR
    if poll is not None and poll.finished_at is None and failed and run is not None:
        said = [message.text for message in run.messages if message.row is None]
        why = said[-1] if said else "Its messages say why."
        return f"The last poll failed. {why}", "Mend what it says; it is tried again by itself."
    if poll is None or poll.next_at is None:
        return "No poll is planned.", "Switch the flow off and on again: that plans one."
    if poll.next_at < known.now - LATE:
        return f"It should have begun at {known.moment(poll.next_at)}.", _SCHEDULER
    return None, None


_SCHEDULER = "See whether Synclog's schedules run; one that follows many others takes its turn."


def told_of_polls(known: Known) -> str:
    """Say when a poll last ended well, and when the next one is due."""
    poll = known.poll
    if poll is None or poll.finished_at is None:
        last = "No poll has ended well lately." if poll else "There was no poll yet."
    else:
        last = f"The last poll ended at {known.moment(poll.finished_at)}."
    later = poll is not None and poll.next_at is not None and poll.next_at >= known.now
    following = f"The next is due at {known.moment(poll.next_at)}." if later else ""  # type: ignore[union-attr, arg-type]  # later says so
    return f"{last} {following}".strip()


def check_held(known: Known) -> Check:
    """Nothing of the flow waits for a person."""
    held = [one for one in known.causes if one.reason != Reason.THROTTLED]
    rows = sum(one.count for one in held)
    verb = "waits" if rows == 1 else "wait"
    several = f"wait for {len(held)} things, most of them"
    return _check_groups("held", held, verb if len(held) == 1 else several, "Nothing is held.")


def check_failed(known: Known) -> Check:
    """Nothing of the flow failed."""
    several = f"failed in {len(known.groups)} ways, most of them"
    verb = "failed" if len(known.groups) == 1 else several
    return _check_groups("failed", known.groups, verb, "Nothing failed.")


def _check_groups(check: str, groups: Sequence[Group], verb: str, none: str) -> Check:
    if not groups:
        return Check(check=check, ok=True, sentence=none, evidence={"groups": []})
    first = groups[0]
    rows, reason = sum(one.count for one in groups), Reason(first.reason)
    evidence = [
        {"key": one.key, "reason": one.reason, "rows": one.count, "since": one.first_at}
        for one in groups[:GROUPS_TOLD]
    ]
    return Check(
        check=check,
        ok=False,
        sentence=f"{counted(rows, 'row')} {verb}: {reason.sentence_with(first.detail)}",
        evidence={"groups": evidence},
        remedy=reason.rule.remedy,
    )


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
