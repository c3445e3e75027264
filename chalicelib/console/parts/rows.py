"""Rows as pages show them: what they are about, where they lead, what can be done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.api.serializers import OUTCOME_SENTENCES
from chalicelib.console.parts.accounts import label_of_account
from chalicelib.console.parts.fixes import can_resync, fix_of
from chalicelib.console.visits import Visit
from chalicelib.console.words import KIND_SINGULAR
from chalicelib.domain.statuses import Outcome
from chalicelib.flows.declare import base_name, connections_of


def label_of_flow(visit: Visit, name: str) -> str:
    """Return what people call a flow; a second account is named with it."""
    flow = visit.services.flows.get(base_name(name))
    _, at, second = name.partition("@")
    return (flow.label if flow else name) + (f" ({second})" if at else "")


def sides_of_flow(visit: Visit, name: str) -> tuple[str, str]:
    """Return what people call the accounts a flow reads from and writes to, in short.

    A platform's name loses what it says in brackets: there is no room for it in a list.
    """
    flow = visit.services.flows.get(base_name(name))
    if flow is None:
        return name, name
    names = zip((flow.source, flow.target), connections_of(flow, name), strict=True)
    source, target = (_in_short(label_of_account(visit, *one), one[1]) for one in names)
    return source, target


def in_order(visit: Visit, names: Iterable[str]) -> list[str]:
    """Return flows in the order in which they are declared: those of one shop together."""
    places = {name: place for place, name in enumerate(visit.services.flows)}
    return sorted(names, key=lambda name: (places.get(base_name(name), len(places)), name))


def by_pair(visit: Visit, names: Sequence[str]) -> dict[str, list[str]]:
    """Return flows by the two accounts between which they go, whichever way, in the given order."""
    pairs: dict[frozenset[str], str] = {}
    found: dict[str, list[str]] = {}
    for name in names:
        source, target = sides_of_flow(visit, name)
        heading = pairs.setdefault(frozenset((source, target)), f"{source} and {target}")
        found.setdefault(heading, []).append(name)
    return found


def shown(visit: Visit, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as lists show it: with its page, what mends it, and its button."""
    source, target = sides_of_flow(visit, row["flow"])
    return {
        **row,
        **row["columns"],
        "from": source,
        "to": target,
        "way": f"{source} → {target}",
        "remark": remark_of(row),
        "address": visit.row(row["id"]),
        "fix": fix_of(visit, row["cause"], record=row["record"]),
        "can_resync": can_resync(visit, row),
        "resync": f"{visit.row(row['id'])}/resync",
        "title": title_of(row),
        "subtitle": subtitle_of(row),
    }


def title_of(row: Mapping[str, Any]) -> str:
    """Return what a row is about: a name for goods and people, an id for documents."""
    columns = row["columns"]
    return str(columns.get("name") or columns.get("order_number") or row["record"])


def subtitle_of(row: Mapping[str, Any]) -> str:
    """Return what stands under the title: the id where that is a name, else total or tracking."""
    columns = row["columns"]
    total = columns.get("total")
    if columns.get("name"):
        return str(row["record"])
    if total:
        return f"{total['amount']} {total['currency']}"
    return " · ".join(str(columns[one]) for one in ("carrier", "tracking") if columns.get(one))


def heading_of(row: Mapping[str, Any]) -> str:
    """Return the title of a row's own page: an id alone does not say what it is of."""
    title = title_of(row)
    named = bool(row["columns"].get("name"))
    return title if named else f"{KIND_SINGULAR.get(row['kind'], row['kind'])} {title}"


def remark_of(row: Mapping[str, Any]) -> str:
    """Return what a Synced row says besides how it came about: why it was left alone, a note."""
    sentence, outcome = str(row["sentence"] or ""), row["outcome"]
    if row["status"] != "Synced" or outcome == Outcome.NOT_APPLICABLE or outcome is None:
        return sentence if outcome == Outcome.NOT_APPLICABLE else ""
    return sentence.removeprefix(OUTCOME_SENTENCES[Outcome(outcome)]).strip()


def _in_short(label: str, name: str) -> str:
    return label if label.endswith(f"({name})") else label.partition(" (")[0]
