"""The settings of a flow as fields of a form, and what a person changed in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.console.parts.picks import BY_NAME, LISTED, SELECT, Picks
from chalicelib.console.visits import Visit
from chalicelib.flows.setup.errors import Problem

CHOICES = "/v1/consumers/{consumer}/connections/{name}/choices/{what}"

#: What stands before the names of fields that tell how a setting was, and what its field holds.
WAS, BY = "was-", "by-"
TIME, INPUT = "time", "input"
PREFIX = "settings."  #: of the fields the API finds fault with

_LISTS_AT_MOST = 6  #: settings of one flow that are picked from lists
_SELECTS_ROOM = 30_000  #: bytes of their lists together

Choices = Mapping[tuple[str, str], Picks]  #: by connection and word of its choices

_YES_NO = Picks(choices=[{"id": "yes", "name": "Yes"}, {"id": "no", "name": "No"}])


@dataclass(frozen=True, kw_only=True)
class Field:
    """A setting as its field shows it."""

    name: str
    label: str
    type: str
    required: bool
    help: str
    picks: Picks
    control: str  #: select, list, free; time, or input for what is no choice
    value: str  #: what the field holds now: what was typed, if it was refused
    was: str  #: what it held when the page was made
    shown: str  #: the value for those who only look
    usual: str  #: what happens where nothing is filled in
    listed_as: str  #: id of the list of names
    problem: str


def read_choices(
    visit: Visit, flow: Mapping[str, Any], connections: Mapping[str, Any]
) -> dict[tuple[str, str], Picks]:
    """Ask the platforms for all that the settings of a flow are picked from.

    A platform that did not answer once is not asked again for this page.
    """
    found: dict[tuple[str, str], Picks] = {}
    silent: dict[str, str] = {}
    picked = [setting["pick"] for setting in flow["fields"] if setting["pick"]]
    for name, what in dict.fromkeys((one["connection"], one["choices"]) for one in picked):
        if name not in connections:
            silent[name] = "The account is not connected yet."
        picks = Picks(problem=silent[name]) if name in silent else _ask(visit, name, what)
        if picks.problem:
            silent[name] = picks.problem
        found[name, what] = picks
    return found


def fields_of(
    visit: Visit,
    flow: Mapping[str, Any],
    choices: Choices,
    problems: Sequence[Problem] = (),
) -> list[Field]:
    """Return the fields of the form; after a refusal with what was typed and what is wrong."""
    wrong = {one.field.removeprefix(PREFIX): one.message for one in problems}
    return [_field(visit, setting, choices, wrong) for setting in flow["fields"]]


def changes_of(visit: Visit, fields: Sequence[Field]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the settings that a person changed, None for those emptied, and names not found.

    What was only shown is not sent: another person may have changed it in the meantime.
    """
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for one in fields:
        given = visit.field(one.name)
        if one.name not in visit.form or given == visit.field(WAS + one.name):
            continue
        if given and visit.field(BY + one.name) == BY_NAME:
            id_ = one.picks.find(given)
            if id_ is None:
                problems.append(Problem(field=PREFIX + one.name, message=one.picks.why_not(given)))
                continue
            given = id_
        changes[one.name] = given or None
    return changes, problems


def lists_of(fields: Sequence[Field]) -> dict[str, Picks]:
    """Return the lists of names that fields of the form share, by their id."""
    return {one.listed_as: one.picks for one in fields if one.control == LISTED}


def silent_of(fields: Sequence[Field]) -> list[str]:
    """Return why names to pick from cannot be shown, each reason once."""
    return list(dict.fromkeys(one.picks.problem for one in fields if one.picks.problem))


def to_local(text: str, zone: str) -> str:
    """Return a time as a date-time field holds it, in a zone; a text that is none as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    local = aware.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def _ask(visit: Visit, name: str, what: str) -> Picks:
    answer = visit.api.get(CHOICES, name=name, what=what)
    return Picks(choices=answer["items"], problem=answer["problem"])


def _field(
    visit: Visit,
    setting: Mapping[str, Any],
    choices: Choices,
    wrong: Mapping[str, str],
) -> Field:
    name = setting["name"]
    picks, control = _picks_of(setting, choices)
    was = _held(visit, setting, picks, control)
    is_typed = name in visit.form
    value = visit.field(name) if is_typed else was
    return Field(
        name=name,
        label=setting["label"],
        type=setting["type"],
        required=setting["required"],
        help=" ".join(_helps(visit, setting, picks)),
        picks=picks,
        control=TIME if setting["type"] == "time" and _is_time(value) else control,
        value=value,
        was=visit.field(WAS + name) if is_typed else was,
        shown=_shown(visit, setting, picks),
        usual=_usual(setting, picks),
        listed_as=f"list-{(setting['pick'] or {}).get('choices', name)}",
        problem=wrong.get(name, ""),
    )


def _picks_of(setting: Mapping[str, Any], choices: Choices) -> tuple[Picks, str]:
    """Return what a setting is picked from, and how."""
    if setting["pick"]:
        picks = choices[setting["pick"]["connection"], setting["pick"]["choices"]]
        return picks, picks.control(_LISTS_AT_MOST, room=_SELECTS_ROOM)
    if setting["type"] == "yes_no":
        return _YES_NO, SELECT
    options = [{"id": one, "name": one.capitalize()} for one in setting["options"]]
    picks = Picks(choices=options)
    return picks, SELECT if options else INPUT


def _held(visit: Visit, setting: Mapping[str, Any], picks: Picks, control: str) -> str:
    """Return what a field holds for the value that is kept."""
    kept = str(setting["value"] or "")
    if setting["type"] == "time" and kept:
        return to_local(kept, visit.times.zone)
    return picks.name_of(kept) if control == LISTED else kept


def _shown(visit: Visit, setting: Mapping[str, Any], picks: Picks) -> str:
    """Return the value that is kept for those who only look."""
    kept = str(setting["value"] or "")
    if setting["type"] == "time" and _is_time(kept):
        return visit.times.exact(kept) if kept else ""
    return picks.name_of(kept)


def _is_time(text: str) -> bool:
    """Whether a date-time field can hold a text; another one would vanish in it."""
    try:
        return not text or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _usual(setting: Mapping[str, Any], picks: Picks) -> str:
    usual = setting["default"]
    return f"As usual: {picks.name_of(usual)}" if usual else "Not chosen"


def _helps(visit: Visit, setting: Mapping[str, Any], picks: Picks) -> Iterator[str]:
    if setting["type"] == "time":
        # How times are written does not matter to those who pick them from a calendar.
        about = setting["help"].partition(";")[0].rstrip(".")
        yield f"{about}. In your time, {visit.times.zone}.".lstrip(". ")
    elif setting["help"]:
        yield setting["help"]
    if picks.problem:
        yield "An id of the platform."
