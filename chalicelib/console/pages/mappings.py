"""Mappings: what a value of one platform is at the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalice.app import Response

from chalicelib.console.asking import Query
from chalicelib.console.parts.fixes import mapping_at
from chalicelib.console.parts.mapping_form import (
    ANSWERED,
    OPEN,
    Row,
    Sheet,
    Typed,
    narrowed,
    plan_of,
    read_answers,
    sent_texts,
)
from chalicelib.console.parts.picks import BY_NAME, LISTED, Picks
from chalicelib.console.parts.problems import problems_of
from chalicelib.console.parts.rows import label_of_flow
from chalicelib.console.visits import Visit, encode
from chalicelib.console.words import KIND_SINGULAR, count_of
from chalicelib.flows.declare import base_name
from chalicelib.flows.setup.errors import InvalidError, MovedOnError

MAPPINGS = "/v1/consumers/{consumer}/mappings"
MAPPING = f"{MAPPINGS}/{{flow}}/{{name}}"
PAGE = "/consumers/{consumer}/mappings/{flow}/{name}"

DEFAULT, RECORD = "default", "record"
_NOT_SAVED = "Nothing was saved yet: see what is marked below."


def show_mappings(visit: Visit) -> Response:
    """List the mappings by flow, and first those that rows wait for."""
    found = [_listed(visit, one) for one in visit.api.get(MAPPINGS)["items"]]
    flows = {one["flow"]: label_of_flow(visit, one["flow"]) for one in found}
    waiting = sorted((one for one in found if one["rows"]), key=lambda one: -one["rows"])
    return visit.render("mappings.html", mappings=found, flows=flows, waiting=waiting)


def show_mapping(visit: Visit) -> Response:
    """Show a mapping with what both platforms have to choose from."""
    return _mapping_page(visit, _read(visit), Typed())


def save_entries(visit: Visit) -> Response:
    """Save the answers that were changed."""
    visit.need("admin")
    texts = sent_texts(visit)
    answers, problems = read_answers(visit, texts, _targets_of(visit, texts))
    return _save(visit, {"entries": answers}, Typed(texts=texts, problems=problems))


def save_default(visit: Visit) -> Response:
    """Save the answer for all values that have none of their own."""
    visit.need("admin")
    texts = {DEFAULT: visit.field("to")}
    answers, problems = read_answers(visit, texts, _targets_of(visit, texts))
    return _save(visit, answers, Typed(texts=texts, problems=problems))


def save_record(visit: Visit) -> Response:
    """Give a single record its own answer, or take it away."""
    visit.need("admin")
    removed = visit.field("remove")
    if removed:
        return _save(visit, {"records": {removed: None}}, Typed())
    texts, record = {RECORD: visit.field("to")}, visit.field("record")
    answers, problems = read_answers(visit, texts, _targets_of(visit, texts))
    if not record or not texts[RECORD]:
        problems[RECORD] = "Give both: the record and its answer."
    return _save(
        visit,
        {"records": {record: answers.get(RECORD)}},
        Typed(texts=texts, problems=problems),
    )


def _save(visit: Visit, body: Mapping[str, Any], typed: Typed) -> Response:
    """Save answers; what cannot be used is said beside its field, with what was typed."""
    if typed.problems:
        return _mapping_page(visit, _read(visit), typed)
    if body.get("entries") == {}:
        return visit.redirect(_after(visit), said="Nothing was changed.")
    before = _waiting_by_value(visit)
    try:
        after = visit.api.send("PUT", MAPPING, body, **_named(visit))
    except (InvalidError, MovedOnError) as error:
        told = {_value_of(one.field, typed.texts): one.message for one in problems_of(error)}
        return _mapping_page(visit, _read(visit), Typed(texts=typed.texts, problems=told))
    left = {one["value"] for one in after["unmapped"]}
    freed = sum(rows for value, rows in before.items() if value not in left)
    return visit.redirect(_after(visit), said=_said(body, freed))


def _said(body: Mapping[str, Any], freed: int) -> str:
    if any(body.get("records", {}).values()):
        return "Saved. If the row of this record waits, it goes on by itself."
    if freed:
        goes = "goes on by itself" if freed == 1 else "go on by themselves"
        return f"Saved. {count_of(freed, 'row')} {goes}."
    return "Saved."


def _mapping_page(visit: Visit, view: Mapping[str, Any], typed: Typed) -> Response:
    sheet = _sheet_of(view, typed)
    find, record = visit.one("find"), visit.one("record")
    here = visit.one("value") or ("" if record else None)
    plan = plan_of(
        sheet, find=find, show=visit.one("show"), page=visit.number("page") or 1, here=here
    )
    sheet = replace(sheet, control=plan.control)
    waiting = sheet.waiting(here)
    values = sheet.values()
    found = narrowed(values, find, visit.one("show"))
    rows = found[(plan.page - 1) * plan.rows : plan.page * plan.rows]
    records = narrowed(sheet.records(), find, "")
    placed = {row.value for row in (*waiting[: plan.waiting], *rows)} | {DEFAULT, RECORD}
    return visit.render(
        "mapping.html",
        status=422 if typed.problems else 200,
        view=view,
        sheet=sheet,
        address=_at(visit),
        here_address=_after(visit),
        flow_label=label_of_flow(visit, view["flow"]),
        flow_address=visit.at(f"/flows/{encode(view['flow'])}"),
        here=_told_of(sheet, here, waiting),
        waiting=waiting[: plan.waiting],
        waiting_more=len(waiting) - plan.waiting,
        rows=rows,
        tabs=_tabs(visit, values, find),
        find=find,
        show=visit.one("show"),
        pager=_pager(visit, plan.page, plan.pages),
        record=visit.field("record") or record,
        one_record=_singular(visit, view),
        records=records[: plan.records],
        records_more=len(records) - plan.records,
        default=_default_of(sheet),
        new=visit.field("new"),
        listed=plan.listed,
        elsewhere=[text for value, text in typed.problems.items() if value not in placed],
        not_saved=_NOT_SAVED if typed.problems else "",
    )


def _sheet_of(view: Mapping[str, Any], typed: Typed) -> Sheet:
    """Return a mapping with the names of both sides, as if all of them were typed."""
    targets = Picks(choices=view["choices"]["target"], problem=" ".join(view["problems"]))
    sources = Picks(choices=view["choices"]["source"])
    return Sheet(view=view, sources=sources, targets=targets, control=LISTED, typed=typed)


def _default_of(sheet: Sheet) -> dict[str, str]:
    kept, typed = sheet.view["default"], sheet.typed
    return {
        "name": sheet.targets.name_of(kept),
        "text": typed.texts.get(DEFAULT, sheet.held(kept)),
        "problem": typed.problems.get(DEFAULT, ""),
    }


def _told_of(sheet: Sheet, here: str | None, waiting: Sequence[Row]) -> str:
    """Return a sentence about the value of the link, where nothing waits for it any more."""
    if here is None or any(row.is_here for row in waiting):
        return ""
    name, _ = sheet.called(here)
    answer = sheet.view["entries"].get(here, sheet.view["default"])
    if answer is None:
        return f"No row waits for “{name}” now."
    return f"“{name}” has an answer: {sheet.targets.name_of(answer)}. Its rows go on by themselves."


def _tabs(visit: Visit, values: Sequence[Row], find: str) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": len(narrowed(values, find, which)),
            "address": _at(visit, {"find": find, "show": which}) + "#values",
            "is_here": visit.one("show") == which,
        }
        for label, which in (("All", ""), ("Without an answer", OPEN), ("With an answer", ANSWERED))
    ]


def _pager(visit: Visit, page: int, last: int) -> dict[str, Any]:
    """Return the addresses of the pages before and after this one; empty where there is none."""
    kept = {"find": visit.one("find"), "show": visit.one("show")}

    def address(number: int) -> str:
        is_there = 1 <= number <= last
        found = _at(visit, {**kept, "page": number}) + "#values"
        return found if is_there else ""

    return {"page": page, "last": last, "before": address(page - 1), "after": address(page + 1)}


def _listed(visit: Visit, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as the list shows it."""
    return {
        **mapping,
        "address": mapping_at(visit, mapping["flow"], mapping["name"]),
        "rows": sum(one["rows"] for one in mapping["unmapped"]),
        "values": len(mapping["unmapped"]),
        "flow_label": label_of_flow(visit, mapping["flow"]),
    }


def _targets_of(visit: Visit, texts: Mapping[str, str]) -> Picks:
    """Ask for the names there are, if names were typed."""
    if visit.field("by") != BY_NAME or not any(texts.values()):
        return Picks()
    view = _read(visit)
    return Picks(choices=view["choices"]["target"], problem=" ".join(view["problems"]))


def _waiting_by_value(visit: Visit) -> dict[str, int]:
    """Return how many rows wait for each value now; no platform is asked."""
    named = (visit.params["flow"], visit.params["name"])
    found = visit.api.get(MAPPINGS)["items"]
    own = [one for one in found if (one["flow"], one["name"]) == named]
    return {one["value"]: one["rows"] for mapping in own for one in mapping["unmapped"]}


def _value_of(field: str, texts: Mapping[str, str]) -> str:
    """Return which of the texts a field of the API stands for; it names long values cut."""
    part, _, key = field.partition(".")
    if part == "records":
        return RECORD
    return next((value for value in texts if key and value[: len(key)] == key), part)


def _singular(visit: Visit, view: Mapping[str, Any]) -> str:
    flow = visit.services.flows[base_name(view["flow"])]
    return KIND_SINGULAR[flow.kind.value].lower()


def _read(visit: Visit) -> Mapping[str, Any]:
    found: Mapping[str, Any] = visit.api.get(MAPPING, None, **_named(visit))
    return found


def _named(visit: Visit) -> dict[str, str]:
    return {"flow": visit.params["flow"], "name": visit.params["name"]}


def _at(visit: Visit, query: Query | None = None) -> str:
    return mapping_at(visit, visit.params["flow"], visit.params["name"], query)


def _after(visit: Visit) -> str:
    """Return where the forms of a page lead: to itself, without the value of a link."""
    kept = {name: visit.one(name) for name in ("find", "show", "page")}
    return _at(visit, kept)
