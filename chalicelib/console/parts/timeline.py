"""What happened to a row, newest first, within what a page may weigh.

Attempts, what people did, and its first coming become events of one list. Bodies of calls are the
heavy part: they are shown while there is room, failed calls first, and linked afterwards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.api.serializers import OUTCOME_SENTENCES
from chalicelib.console.parts.codes import answer_text
from chalicelib.console.rendering import bytes_of, clip, json_html, pretty
from chalicelib.console.visits import Visit, encode
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome

if TYPE_CHECKING:
    from markupsafe import Markup

WHOLE = 10  #: attempts shown with their calls; others are one line each
EVENTS = 80
BODY_AT_MOST = 2500  #: characters of one body; its own page has more
URL_AT_MOST = 150
_SENTENCE = 500  #: of the first attempt shown whole
_OTHER_SENTENCE = 160
_CHANGES_WEIGHT = 4_000  #: bytes of all fields that were sent differently
_LINE_WEIGHT = 330  #: of a call's line without its addresses
_LINES_WEIGHT = 15_000  #: of all these lines

#: Who or what asked for an attempt.
BY: Mapping[str, str] = {
    "webhook": "a webhook came",
    "poll": "a poll found a change",
    "sweep": "a check of everything found it",
    "import": "an import",
    "person": "a person asked",
    "redrive": "dead letters were sent again",
    "release": "what it waited for was there",
    "flow": "another record needed it",
}
_REASONS = frozenset(reason.value for reason in Reason)
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)


@dataclass(kw_only=True)
class Budget:
    """Bytes that are left on a page."""

    left: int

    def take(self, weight: int) -> bool:
        """Take bytes, if there are so many."""
        if weight > self.left:
            return False
        self.left -= weight
        return True


def events_of(
    visit: Visit, detail: Mapping[str, Any], *, newest: int | None
) -> list[dict[str, Any]]:
    """Return the events of a row, newest first, their calls not filled in yet.

    Args:
        detail: as the API answers it.
        newest: number of the attempt that is the first to be shown whole; None: the newest.
    """
    attempts = detail["attempts"]
    older = [one for one in attempts if newest is None or one["number"] <= newest]
    whole = {one["number"] for one in (older or attempts)[:WHOLE]}
    changes = Budget(left=_CHANGES_WEIGHT)
    first = max(whole, default=0)
    events = [
        _attempt(visit, one, changes, _SENTENCE if one["number"] == first else _OTHER_SENTENCE)
        if one["number"] in whole
        else _brief(one)
        for one in attempts
    ]
    events += [_action(visit, line) for line in detail.get("history", ())]
    events.sort(key=lambda event: str(event["at"]), reverse=True)
    return [*_asked_again(detail), *events[:EVENTS], *_received(detail["row"])]


def add_calls(visit: Visit, events: Iterable[dict[str, Any]], budget: Budget) -> None:
    """Let each attempt list its calls, while there is room for a line each."""
    lines = Budget(left=min(_LINES_WEIGHT, budget.left))
    budget.take(lines.left)
    for event in events:
        if event["type"] == "attempt":
            calls = event["exchanges"]
            event["calls"] = [
                made
                for place, call in enumerate(calls)
                if (made := _call(visit, event["number"], place, call))
                and lines.take(_LINE_WEIGHT + 2 * bytes_of(made["address"] + made["short_url"]))
            ]
            event["more_calls"] = len(calls) - len(event["calls"])
    budget.left += lines.left


def add_bodies(events: Iterable[dict[str, Any]], budget: Budget) -> None:
    """Show what calls sent and got, while there is room: newest attempts first, failures first."""
    for event in events:
        newest = event.get("calls", ())[::-1]
        for call in sorted(newest, key=lambda one: one["tone"] == "good"):
            sides = _sides_of(call)
            if budget.take(sum(_side_weight(side) for side in sides)):
                call["sides"] = sides


def _asked_again(detail: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield that it was asked for and that no attempt has answered yet."""
    row, attempts = detail["row"], detail["attempts"]
    at = row["requested_at"]
    is_coming = row["status"] == "Processing" or row["reason"] in ("queued", "throttled")
    if at and is_coming and not any(one["at"] > at for one in attempts):
        yield {"type": "moment", "at": at, "text": "Asked for: the next attempt is coming."}


def _received(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if row["received_at"]:
        text = "First received: Synclog saw it for the first time."
        yield {"type": "moment", "at": row["received_at"], "text": text}


def _action(visit: Visit, line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person did: a re-sync, or an answer for this record alone."""
    is_answer = line["what"] == "mapping saved"
    what = "gave this record an answer of its own" if is_answer else line["what"]
    return {
        "type": "action",
        "at": line["at"],
        "who": clip(line["who"], 80),
        "what": "asked for a re-sync" if line["what"] == "re-sync" else clip(what, 120),
        "address": visit.at("/history"),
    }


def _brief(attempt: Mapping[str, Any]) -> dict[str, Any]:
    words = str(attempt["reason"] or attempt["outcome"] or "").replace("_", " ")
    return {**attempt, "type": "brief", "words": words, "tone": _tone_of(attempt["status"])}


def _attempt(visit: Visit, attempt: Mapping[str, Any], room: Budget, most: int) -> dict[str, Any]:
    """Return an attempt that is shown whole; ``most`` are characters of its sentence."""
    changes = attempt.get("changes", ())
    shown = [_change(one) for one in changes]
    shown = [one for one in shown if room.take(bytes_of(str(one)) + 60)]
    return {
        **attempt,
        "type": "attempt",
        "sentence": clip(sentence_of(attempt), most),
        "tone": _tone_of(attempt["status"]),
        "why": BY.get(attempt["by"] or "", clip(attempt["by"] or "", 60)),
        "run": _run_of(visit, attempt),
        "changes": shown,
        "more_changes": len(changes) - len(shown),
        "calls": (),
        "more_calls": 0,
    }


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: change[name] for name in ("old", "new")}
    cut = {name: None if value is None else clip(value, 90) for name, value in values.items()}
    return {"field": clip(change["field"], 90), **cut}


def _run_of(visit: Visit, attempt: Mapping[str, Any]) -> str | None:
    run = attempt["execution"]
    return visit.at(f"/executions/{encode(str(run))}") if run else None


def sentence_of(attempt: Mapping[str, Any]) -> str:
    """Return how an attempt ended, in general and in its own words."""
    detail = str(attempt["detail"] or "")
    if attempt["reason"] in _REASONS:
        return Reason(attempt["reason"]).sentence_with(detail)
    if attempt["outcome"] in _OUTCOMES:
        return f"{OUTCOME_SENTENCES[Outcome(attempt['outcome'])]} {detail}".strip()
    return detail


def _tone_of(status: str) -> str:
    return {"Synced": "good", "Failed": "bad"}.get(status, "")


# calls to platforms


def _call(visit: Visit, attempt: int, place: int, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call as one line; its sides are filled in while there is room."""
    return {
        **call,
        "key": f"{attempt}-{place}",
        "platform": visit.label(call["platform"]),
        "short_url": clip(call["url"], URL_AT_MOST),
        "address": visit.at(f"/transactions/{encode(call['id'])}"),
        "code": answer_text(call["status"]),
        "tone": "good" if (call["status"] or 500) < 400 else "bad",
        "sides": None,
    }


def _sides_of(call: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = []
    for name, label in (("request", "Sent"), ("response", "Answered")):
        side = call[name]
        headers = "\n".join(f"{key}: {value}" for key, value in side["headers"].items())
        body, is_cut = coloured(side["body"], BODY_AT_MOST)
        made.append(
            {
                "key": f"{name[:3]}-{call['key']}",
                "label": label,
                "headers": clip(headers, 600),
                "body": body,
                "is_cut": is_cut,
            }
        )
    return made


def _side_weight(side: Mapping[str, Any]) -> int:
    return len(str(side["body"]).encode()) + bytes_of(side["headers"]) + 500


def coloured(text: str, most: int) -> "tuple[Markup, bool]":
    """Return JSON with line breaks and colours, cut to so many characters, and whether it was."""
    from markupsafe import Markup

    plain = pretty(text)
    # Quotes stand as they are between tags; written out they would weigh most of a page.
    shown = str(json_html(clip(plain, most))).replace("&#34;", '"').replace("&#39;", "'")
    return Markup(shown), len(plain) > most  # noqa: S704 - escaped before, by json_html


def has_expired(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]], most: int) -> bool:
    """Whether attempts were made that are not kept any more.

    The one that is under way leaves its trace at its end.
    """
    made: int = row["attempts"] - (row["reason"] == "sending")
    return len(attempts) < min(made, most)
